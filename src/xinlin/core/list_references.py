"""References of lists, approval items, measures, incentives, topics, memoranda and pledges (名单与措施的引用)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from xinlin.core.findings import Finding, absent, found
from xinlin.core.measures import unmet
from xinlin.core.rulebooks import Rulebook
from xinlin.core.strict_yaml import Path

Own = Mapping[str, Collection[str]]


def list_findings(rulebook: Rulebook, own: Own) -> Iterator[Finding]:
    """Every reference of the rulebook's own lists and of what hangs on them that points nowhere or at something unfit."""
    filled = {kind.statutory_list for kind in rulebook.kinds.values()}
    for code in sorted(own.get("lists", ())):
        entry = rulebook.lists[code]
        if entry.authority not in rulebook.departments:
            yield absent(("lists", code, "authority"), entry.authority, "departments", rulebook.departments)
        if code not in filled:
            yield found(
                "unlinked_list",
                ("lists", code),
                ("没有任何目录项写入这个名单", "no kind puts anyone on this list"),
                (
                    "添加 effect: list_entry 且 statutory_list 为它的目录项，或删去名单",
                    "add a kind with effect: list_entry and this statutory_list, or remove the list",
                ),
            )
        if (entry.colour == "black") != (entry.severity is not None):
            yield found(
                "list_severity",
                ("lists", code),
                ("黑名单须写明失信程度，红名单不写", "a black list states its severity, a red one has none"),
                ("补上或删去 severity", "add or remove severity"),
            )
    for code in sorted(own.get("approval_items", ())):
        item = rulebook.approval_items[code]
        if item.department not in rulebook.departments:
            path = ("approval_items", code, "department")
            yield absent(path, item.department, "departments", rulebook.departments)
    for code in sorted(own.get("measures", ())):
        yield from _measure(rulebook, code)
    for section, refers in _REFERS.items():
        for code in sorted(own.get(section, ())):
            yield from refers(rulebook, code)


def _measure(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    measure, path = rulebook.measures[code], ("measures", code)
    listed = rulebook.lists.get(measure.statutory_list)
    if listed is None:
        yield absent((*path, "statutory_list"), measure.statutory_list, "lists", rulebook.lists)
    elif listed.colour != "black":
        yield found(
            "measure_list",
            (*path, "statutory_list"),
            (
                f"{listed.code} 不是黑名单，不能据以采取措施",
                f"{listed.code} is no black list; no measure may rest on it",
            ),
            ("改为黑名单，或写成激励措施", "name a black list, or make it an incentive"),
        )
    elif measure.field not in listed.fields:
        yield found(
            "measure_field",
            (*path, "field"),
            (
                f"{measure.field} 与 {listed.code} 的失信行为不相关（国办发〔2020〕49号：关联原则）",
                f"{measure.field} has nothing to do with the cause of {listed.code} (relevance, State Council 49/2020)",
            ),
            (f"限于：{'、'.join(listed.fields)}", f"one of: {', '.join(listed.fields)}"),
        )
    for position, department in enumerate(measure.departments):
        if department not in rulebook.departments:
            yield absent((*path, "departments", position), department, "departments", rulebook.departments)
    for position, name in enumerate(measure.items):
        item = rulebook.approval_items.get(name)
        if item is None:
            yield absent((*path, "items", position), name, "approval_items", rulebook.approval_items)
            continue
        if item.department not in measure.departments:
            yield found(
                "measure_department",
                (*path, "items", position),
                (
                    f"{name} 由 {item.department} 办理，不在本措施的实施部门中",
                    f"{name} is decided by {item.department}, which is not among the measure's departments",
                ),
                ("补上该部门，或删去该事项", "add that department, or remove the item"),
            )
        if listed is not None and not set(item.subject_kinds) & set(listed.subject_kinds):
            yield found(
                "measure_subjects",
                (*path, "items", position),
                (f"{name} 的申请人不可能在该名单上", f"no applicant for {name} can be on that list"),
                ("删去该事项", "remove the item"),
            )


def _each(rulebook: Rulebook, path: Path, codes: Iterable[str], section: str) -> Iterator[Finding]:
    known = getattr(rulebook, section)
    for position, code in enumerate(codes):
        if code not in known:
            yield absent((*path, position), code, section, known)


def _incentives(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    incentive, path = rulebook.incentives[code], ("incentives", code)
    listed = rulebook.lists.get(incentive.statutory_list)
    if listed is None:
        yield absent((*path, "statutory_list"), incentive.statutory_list, "lists", rulebook.lists)
    elif listed.colour != "red":
        yield found(
            "incentive_list",
            (*path, "statutory_list"),
            (f"{listed.code} 不是红名单", f"{listed.code} is no red list"),
            ("激励措施只能依据红名单", "an incentive rests on a red list"),
        )
    yield from _each(rulebook, (*path, "departments"), incentive.departments, "departments")
    yield from _each(rulebook, (*path, "items"), incentive.items, "approval_items")


def _topics(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    topic, path = rulebook.topics[code], ("topics", code)
    for section in ("lists", "measures", "incentives", "departments"):
        yield from _each(rulebook, (*path, section), getattr(topic, section), section)


def _memoranda(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    memorandum, path = rulebook.memoranda[code], ("memoranda", code)
    if memorandum.replaces is not None and memorandum.replaces not in rulebook.memoranda:
        yield absent((*path, "replaces"), memorandum.replaces, "memoranda", rulebook.memoranda)
    for position, party in enumerate(memorandum.parties):
        if party.department not in rulebook.departments:
            where = (*path, "parties", position, "department")
            yield absent(where, party.department, "departments", rulebook.departments)
    for position, clause in enumerate(memorandum.clauses):
        here = (*path, "clauses", position)
        drives = [*clause.measures, *clause.incentives, *clause.lists]
        for section in ("measures", "incentives", "lists"):
            yield from _each(rulebook, (*here, section), getattr(clause, section), section)
        if bool(drives) == (clause.idle is not None):
            yield found(
                "clause_drives",
                here,
                ("条款要么写明驱动什么，要么写明为何不驱动", "a clause says what it drives, or why it drives nothing"),
                ("写 measures、incentives、lists 或 idle", "give measures, incentives, lists, or idle"),
            )


def _register(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    registered, path = rulebook.measure_register[code], ("measure_register", code)
    yield from _each(rulebook, (*path, "departments"), registered.departments, "departments")
    row, measure = registered.national_row, registered.activates
    if row is not None and row not in rulebook.national_measures:
        yield absent((*path, "national_row"), row, "national_measures", rulebook.national_measures)
    if measure is None:
        return
    if measure not in rulebook.measures:
        yield absent((*path, "activates"), measure, "measures", rulebook.measures)
    lacking = unmet(registered)
    if lacking:
        yield found(
            "not_activatable",
            (*path, "activates"),
            (f"缺少 {'、'.join(lacking)}，不能启用", f"it lacks {', '.join(lacking)} and cannot be activated"),
            ("补齐四项条件，或删去 activates", "add all four conditions, or remove activates"),
        )


def _pledges(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    yield from _each(rulebook, ("pledges", code, "items"), rulebook.pledges[code].items, "approval_items")


def _simplified(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    item, path = rulebook.simplified_items[code], ("simplified_items", code)
    if item.department not in rulebook.departments:
        yield absent((*path, "department"), item.department, "departments", rulebook.departments)
    if item.pledge is not None and item.pledge not in rulebook.pledges:
        yield absent((*path, "pledge"), item.pledge, "pledges", rulebook.pledges)


_REFERS = {
    "incentives": _incentives,
    "topics": _topics,
    "memoranda": _memoranda,
    "measure_register": _register,
    "pledges": _pledges,
    "simplified_items": _simplified,
}
