"""Loading the service catalogue from a file, and linking measures to its items with four eyes (事项目录, 事项关联)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from xinlin.core.kind_lint import LAW
from xinlin.core.lists import standing_citations
from xinlin.core.rulebooks import ORGANISATIONS
from xinlin.core.schemes import Citation
from xinlin.core.values import Problem, Text
from xinlin.office.actions.checks import text_required
from xinlin.office.bulk import as_json, insert
from xinlin.office.leaves import write_leaf
from xinlin.office.models.items import ItemLink, ServiceItem
from xinlin.office.queries.catalogue_items import links_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Conflict, NotAllowed, NotFound, Refused, now, today

COLUMNS = ("code", "name", "department", "office", "division", "subject_kinds", "basis")
"""The header of the file: UTF-8, commas; ``subject_kinds`` separated by spaces."""
AT_ONCE = 20_000
_LONGEST = {"code": 64, "name": 200, "department": 64, "office": 100, "basis": 500}
_KINDS = ORGANISATIONS | {"person"}
_STORED = ("code", "name", "department", "office", "division", "subject_kinds", "basis", "sought", "loaded_at")


@dataclass
class Loaded:
    """What became of a file of items."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    refused: list[Problem] = field(default_factory=list)
    """At most a hundred; ``refused_rows`` counts all."""
    refused_rows: int = 0


@transaction.atomic
def load(*, actor: Actor, lines: Iterable[str]) -> Loaded:
    """Take in a catalogue file; rows that stand already as they are change nothing, others replace what the code had.

    All or nothing for the accepted rows; refused ones are named by line. Raises `NotAllowed`, and `Refused` where the
    header is another.
    """
    if actor.role not in ("operator", "system", "reviewer"):
        raise NotAllowed("只有运维或信用中心可以装载事项目录。Only operators or the credit centre load the catalogue.")
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        header = ",".join(reader.fieldnames or ())[:200]
        raise Refused(
            _problem(
                "items_header", "1", f"表头应为 {','.join(COLUMNS)}", f"The header must be {','.join(COLUMNS)}", header
            )
        )
    done = Loaded()
    part: dict[str, tuple[object, ...]] = {}
    for number, row in enumerate(reader, 2):
        done.rows += 1
        wrong = _wrong(row, str(number))
        if wrong is not None:
            done.refused_rows += 1
            if len(done.refused) < 100:
                done.refused.append(wrong)
            continue
        part[row["code"].strip()] = _stored(row)
        if len(part) >= AT_ONCE:
            _keep(part, done)
            part = {}
    _keep(part, done)
    facts = {"rows": done.rows, "added": done.added, "changed": done.changed, "refused": done.refused_rows}
    write_leaf(actor=actor, action="items.load", table="service_item", key=now().isoformat(), facts=facts)
    return done


_LOAD_AGAIN = Text(
    zh="请更正该行后重新装载；相同的行不会重复", en="Correct the row and load again; equal rows are not doubled"
)
_ASK_A_COLLEAGUE = Text(zh="请同事打开这个事项审定", en="Ask a colleague to open the item and decide")


def _problem(code: str, where: str, zh: str, en: str, raw: str = "", cure: Text = _LOAD_AGAIN) -> Problem:
    return Problem(code, where, Text(zh=zh, en=en), cure, raw)


def _wrong(row: dict[str, str], line: str) -> Problem | None:
    if None in row or None in row.values():
        return _problem("items_columns", line, "列数与表头不符", "The row has not as many columns as the header")
    for name in ("code", "name", "department", "office", "basis"):
        longest = _LONGEST[name]
        if not row[name].strip() or len(row[name].strip()) > longest:
            return _problem(
                "items_value",
                f"{line}:{name}",
                f"{name} 为空或超过 {longest} 字",
                f"{name} is empty or over {longest} characters",
            )
    kinds = row["subject_kinds"].split()
    if not kinds or not set(kinds) <= _KINDS:
        return _problem(
            "items_kinds",
            f"{line}:subject_kinds",
            f"主体类型应取自 {' '.join(sorted(_KINDS))}",
            f"Kinds of subject are {' '.join(sorted(_KINDS))}",
            row["subject_kinds"][:60],
        )
    return None


def _stored(row: dict[str, str]) -> tuple[object, ...]:
    value = {name: row[name].strip() for name in COLUMNS}
    sought = f"{value['name']} {value['office']} {value['code']}".lower()[:400]
    kinds = as_json(value["subject_kinds"].split())
    plain = (value["code"], value["name"], value["department"], value["office"], value["division"][:12])
    return (*plain, kinds, value["basis"], sought)


def _keep(part: dict[str, tuple[object, ...]], done: Loaded) -> None:
    held = _held(list(part))
    changed = [code for code, row in part.items() if code in held and held[code] != row[1:-1]]
    ServiceItem.objects.filter(code__in=changed).delete()
    moment = now()
    fresh = [part[code] for code in part if code not in held or code in set(changed)]
    insert(ServiceItem, _STORED, [(*row, moment) for row in fresh])
    done.changed += len(changed)
    done.added += len(fresh) - len(changed)


def _held(codes: list[str]) -> dict[str, tuple[object, ...]]:
    names = ("code", "name", "department", "office", "division", "subject_kinds", "basis")
    held: dict[str, tuple[object, ...]] = {}
    for start in range(0, len(codes), 5_000):
        rows = ServiceItem.objects.filter(code__in=codes[start : start + 5_000]).values_list(*names)
        held |= {
            code: (name, office, bureau, division, as_json(kinds), basis)
            for code, name, office, bureau, division, kinds, basis in rows
        }
    return held


def unfit(item: ServiceItem, measure: str, source: str, article: str, reason: str) -> Problem | None:
    """Why the measure cannot be linked to the item on this clause, or None: its list must meet such applicants, its clause stand."""
    rulebook = current()
    known = rulebook.sources.get(source)
    listed = rulebook.lists.get(rulebook.measures[measure].statutory_list) if measure in rulebook.measures else None
    if listed is None or not set(item.subject_kinds) & set(listed.subject_kinds):
        return _problem(
            "link_measure",
            "measure",
            "没有这项措施，或它不适用于这类申请人",
            "There is no such measure, or it never meets these applicants",
            measure[:64],
        )
    standing = standing_citations([Citation(source=source, article=article)], rulebook, today()) if known else []
    if known is None or known.rank not in LAW or not standing or not article:
        return _problem(
            "link_clause",
            "source",
            "关联须援引现行的法律、法规、规章或国家政策文件",
            "A link cites a law, regulation or State rule that is in force",
            source[:64],
        )
    if not reason or len(reason) > 500 or len(article) > 200:
        return _problem(
            "link_reason",
            "reason",
            "须写明为什么适用于本事项，不超过 500 字",
            "Say why it applies to the item, in at most 500 characters",
        )
    return None


@transaction.atomic
def propose(*, actor: Actor, item: str, measure: str, source: str, article: str, reason: str) -> int:
    """Propose that a measure be met at an item, on a clause; returns the link's number. It has no effect before another
    person approves it. Raises `NotAllowed`, `NotFound`, `Refused`, `Conflict`.
    """
    if actor.role not in ("officer", "reviewer"):
        raise NotAllowed("只有审批人员和信用中心可以提出关联。Only officers and the credit centre propose links.")
    row = ServiceItem.objects.filter(code=item).first()
    if row is None or (actor.role == "officer" and row.department != actor.department):
        raise NotFound(f"没有事项 {item}，或不由您的部门办理。There is no item {item} of your department.")
    words, cited = text_required("reason", reason, 500), text_required("article", article, 200)
    problem = unfit(row, measure, source, cited, words)
    if problem is not None:
        raise Refused(problem)
    try:
        with transaction.atomic():
            made = ItemLink.objects.create(
                item=item, measure=measure, source=source, article=cited, reason=words,
                proposed_by=actor.handle, proposed_name=actor.name, proposed_at=now(),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(
            _problem("link_there", "measure", "该措施已关联或已有人提出", "The measure is linked already, or proposed")
        ) from None
    facts = {"item": item, "measure": measure, "source": source, "article": cited, "reason": words}
    write_leaf(actor=actor, action="items.propose", table="item_link", key=str(made.pk), facts=facts)
    return made.pk


@transaction.atomic
def decide(*, actor: Actor, number: int, approve: bool, words: str = "") -> str:
    """Approve or refuse a proposed link, or end an approved one (``approve`` false); another person than who proposed it,
    of the office that decides on the item or of the credit centre.

    Returns its state. The database refuses one person's signature for both. Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    if actor.role not in ("officer", "reviewer"):
        raise NotAllowed("只有审批人员和信用中心可以审定关联。Only officers and the credit centre decide links.")
    link = links_of(actor).select_for_update().filter(pk=number).first()
    if link is None:
        raise NotFound("没有这条关联，或事项不由您的部门办理。There is no such link at an item of your department.")
    if link.proposed_by == actor.handle:
        raise Refused(
            _problem(
                "link_four_eyes",
                "actor",
                "提出人不能审定自己的关联，须由另一人审定",
                "Who proposed a link cannot decide it; another person must",
                cure=_ASK_A_COLLEAGUE,
            )
        )
    wanted = ItemLink.State.APPROVED if approve else ItemLink.State.REFUSED
    if link.state == ItemLink.State.APPROVED and not approve:
        wanted = ItemLink.State.ENDED
    if link.state == wanted or link.state in (ItemLink.State.REFUSED, ItemLink.State.ENDED):
        return str(link.state)
    link.state, link.decided_by, link.decided_name, link.decided_at = wanted, actor.handle, actor.name, now()
    link.words = words.strip()[:500]
    link.save(update_fields=["state", "decided_by", "decided_name", "decided_at", "words"])
    facts = {"state": str(wanted), "words": link.words}
    write_leaf(actor=actor, action="items.decide", table="item_link", key=str(link.pk), facts=facts)
    return str(wanted)
