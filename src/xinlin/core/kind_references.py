"""Whether a kind of record is coherent: its providers, the roles, types and headers of its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from xinlin.core.columns import label_key
from xinlin.core.findings import Finding, absent, found, reaches_beyond
from xinlin.core.rulebooks import ORGANISATIONS, Department, FieldRole, FieldSpec, FieldType, Kind, Rulebook
from xinlin.core.sample_cases import RecordClass
from xinlin.core.small_cells import SMALLEST_CELL

ROLE_TYPES: dict[FieldRole, frozenset[FieldType]] = {
    "subject": frozenset({"resident_id", "uscc", "identifier", "region"}),
    "subject_name": frozenset({"text"}),
    "occurred_on": frozenset({"date"}),
    "ends_on": frozenset({"date"}),
    "notice_on": frozenset({"date"}),
    "document": frozenset({"text"}),
    "authority": frozenset({"text"}),
    "article": frozenset({"text"}),
    "remedy": frozenset({"text"}),
    "class": frozenset({"code"}),
    "named_person": frozenset({"resident_id"}),
    "representative": frozenset({"resident_id"}),
    "representative_name": frozenset({"text"}),
}
"""The types that a field with this role may have; ``key`` may have any."""
CLASSES = frozenset(get_args(RecordClass))
FOLDER_COLUMNS = ("record", "subject", "occurred_on", "status", "class", "ends_on", "document", "named_person")
"""What every record has in an open folder, whatever its kind."""
COUNTED = ("records", "organisations", "per_thousand")
"""What a count by district and month holds: records, organisations registered there, records per thousand of them."""


def kind_findings(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    """Everything in one kind that does not fit."""
    path = ("kinds", kind.code)
    for position, provider in enumerate(kind.providers):
        if provider not in rulebook.departments:
            yield absent((*path, "providers", position), provider, "departments", rulebook.departments)
    yield from _list_of(rulebook, kind)
    yield from _counts(rulebook, kind)
    yield from _unique(kind)
    yield from _roles(kind)
    for position, field in enumerate(kind.fields):
        for finding in _field(field):
            yield Finding(finding.code, (*path, "fields", position, *finding.path), finding.what, finding.cure)


def delivery_findings(rulebook: Rulebook, office: Department) -> Iterator[Finding]:
    """Kinds that an office says it delivers too, and that it cannot: none of the catalogue, or entries of a list."""
    for position, code in enumerate(office.delivers):
        path = ("departments", office.code, "delivers", position)
        if code not in rulebook.kinds:
            yield absent(path, code, "kinds", rulebook.kinds)
        elif rulebook.kinds[code].effect != "record":
            yield found(
                "delivers",
                path,
                (
                    f"{code} 的报送部门由其名单或统计方式决定",
                    f"who delivers {code} is decided by its list, or it is counted",
                ),
                ("删去这一项", "remove it"),
            )


def _list_of(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    path = ("kinds", kind.code)
    if (kind.effect == "list_entry") != (kind.statutory_list is not None):
        yield found(
            "list_entry",
            (*path, "effect"),
            ("effect: list_entry 与 statutory_list 应同时出现", "effect: list_entry and statutory_list go together"),
            ("补上另一个，或都删去", "give the other as well, or remove both"),
        )
        return
    if kind.statutory_list is None:
        return
    listed = rulebook.lists.get(kind.statutory_list)
    if listed is None:
        yield absent((*path, "statutory_list"), kind.statutory_list, "lists", rulebook.lists)
    elif not set(kind.subject_kinds) <= set(listed.subject_kinds):
        yield found(
            "list_subjects",
            (*path, "subject_kinds"),
            ("含有名单不适用的主体", "some of these subjects cannot be on the list"),
            (f"只写 {', '.join(listed.subject_kinds)}", f"use only {', '.join(listed.subject_kinds)}"),
        )
    elif reaches_beyond(listed.longest_term, kind.retention):
        yield found(
            "retention",
            (*path, "retention"),
            (
                f"保存期 {kind.retention} 短于名单最长期限 {listed.longest_term}",
                f"{kind.retention} is shorter than the list's longest term {listed.longest_term}",
            ),
            (f"写 {listed.longest_term} 或更长", f"write {listed.longest_term} or longer"),
        )


def _counts(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    """What a kind of counts by district needs, so that no cell tells of anybody (自然人信息不公开; 小于10不显示)."""
    path = ("kinds", kind.code)
    if not (kind.effect == "count") == (kind.counts is not None) == (kind.subject_kinds == ["district"]):
        yield found(
            "count",
            (*path, "effect"),
            (
                "effect: count、counts 与 subject_kinds: [district] 应同时出现",
                "effect: count, counts and subject_kinds: [district] go together",
            ),
            ("补齐三者，或都删去", "give all three, or none"),
        )
        return
    if kind.counts is None:
        return
    counted = rulebook.kinds.get(kind.counts)
    if counted is None:
        yield absent((*path, "counts"), kind.counts, "kinds", rulebook.kinds)
    elif not ORGANISATIONS & set(counted.subject_kinds):
        yield found(
            "count_subjects",
            (*path, "counts"),
            (f"{kind.counts} 没有组织的记录；区县只统计组织", f"{kind.counts} has no records of organisations"),
            ("改用组织类目录项", "count a kind with organisations"),
        )
    fields = {field.code: field for field in kind.fields}
    for code in COUNTED:
        field = fields.get(code)
        least = SMALLEST_CELL if code == "organisations" else 0
        if field is None or field.type != "integer" or not field.required or (field.minimum or 0) < least:
            yield found(
                "count_fields",
                (*path, "fields"),
                (
                    f"缺少必填的整数字段 {code}（minimum 不小于 {least}）",
                    f"no required integer field {code} with a minimum of {least} or more",
                ),
                (
                    f"添加 code: {code}、type: integer、required: true、minimum: {least}",
                    f"add it with code: {code}, type: integer, required: true, minimum: {least}",
                ),
            )


def _unique(kind: Kind) -> Iterator[Finding]:
    owner: dict[str, int] = {}
    for position, field in enumerate(kind.fields):
        path = ("kinds", kind.code, "fields", position)
        if any(field.code == other.code for other in kind.fields[:position]):
            yield found(
                "duplicate_field",
                (*path, "code"),
                (f"字段 {field.code} 重复", f"the field {field.code} is given twice"),
                ("改名或删去", "rename or remove one"),
            )
        for text in {field.code, field.label.zh, field.label.en, *field.aliases}:
            first = owner.setdefault(label_key(text), position)
            if first != position:
                yield found(
                    "duplicate_header",
                    path,
                    (
                        f"表头“{text}”已属于字段 {kind.fields[first].code}",
                        f"the header {text!r} already belongs to the field {kind.fields[first].code}",
                    ),
                    ("每个表头只归一个字段", "let each header belong to one field"),
                )


def _roles(kind: Kind) -> Iterator[Finding]:
    path = ("kinds", kind.code, "fields")
    counts = Counter(field.role for field in kind.fields if field.role not in (None, "key"))
    for role, times in counts.items():
        if times > 1:
            yield found(
                "duplicate_role",
                path,
                (f"角色 {role} 出现 {times} 次", f"the role {role} is given {times} times"),
                ("每个角色只给一个字段", "give each role to one field"),
            )
    roles = {field.role: field for field in kind.fields if field.role is not None}
    for role in ("subject", "occurred_on") if kind.effect == "count" else ("subject", "subject_name", "occurred_on"):
        if role not in roles:
            yield found(
                "missing_role",
                path,
                (f"没有角色为 {role} 的字段", f"no field has the role {role}"),
                (f"为一个字段写 role: {role}", f"give one field role: {role}"),
            )
    subject = roles.get("subject")
    if subject is not None:
        yield from _subject(kind, subject)
    if "named_person" in roles and not ORGANISATIONS & set(kind.subject_kinds):
        yield found(
            "named_person",
            path,
            ("只有组织的记录才有载明的责任人", "only records of organisations name a responsible person"),
            ("删去该字段", "remove the field"),
        )
    if ("representative" in roles or "representative_name" in roles) and kind.effect != "register":
        yield found(
            "representative",
            path,
            ("法定代表人字段只用于登记信息", "representative fields belong to registers"),
            ("删去该字段，或改用 named_person", "remove the field, or use named_person"),
        )


def _subject(kind: Kind, subject: FieldSpec) -> Iterator[Finding]:
    position = kind.fields.index(subject)
    path = ("kinds", kind.code, "fields", position)
    persons, organisations = "person" in kind.subject_kinds, bool(ORGANISATIONS & set(kind.subject_kinds))
    fitting = "identifier" if persons and organisations else "resident_id" if persons else "uscc"
    fitting = "region" if kind.effect == "count" else fitting
    if subject.type != fitting and (subject.type != "identifier" or fitting == "region"):
        yield found(
            "subject_type",
            (*path, "type"),
            (f"{subject.type} 不能指认这些主体", f"{subject.type} cannot identify these subjects"),
            (f"写 type: {fitting}", f"write type: {fitting}"),
        )
    if subject.required != (kind.linking == "exact"):
        yield found(
            "subject_required",
            path,
            ("linking 与主体字段的 required 不一致", "linking and the subject field's required disagree"),
            (
                "exact 时写 required: true；optional 时不写",
                "with linking exact write required: true; with optional leave it out",
            ),
        )
    if kind.delivery == "full_list" and kind.linking == "optional" and not any(f.role == "key" for f in kind.fields):
        yield found(
            "full_list_key",
            path,
            ("全量名单没有可辨认条目的字段", "a full list has no field by which an entry is known again"),
            ("为至少一个字段写 role: key", "give at least one field role: key"),
        )


def _field(field: FieldSpec) -> Iterator[Finding]:
    allowed = ROLE_TYPES.get(field.role) if field.role is not None else None
    if allowed is not None and field.type not in allowed:
        choices = ", ".join(sorted(allowed))
        yield found(
            "role_type",
            ("type",),
            (f"角色 {field.role} 不能是 {field.type}", f"the role {field.role} cannot have the type {field.type}"),
            (f"写其一：{choices}", f"write one of: {choices}"),
        )
    if field.code in FOLDER_COLUMNS and field.scored:
        yield found(
            "reserved_code",
            ("code",),
            (f"每条记录都已有名为 {field.code} 的列", f"every record has a column {field.code} already"),
            ("改用新的代码，或写明它的 role", "choose another code, or give the field its role"),
        )
    if (field.type == "code") != (field.codes is not None):
        yield found(
            "codes",
            ("type",),
            ("type: code 与 codes 应同时出现", "type: code and codes go together"),
            ("补上另一个，或都删去", "give the other as well, or remove both"),
        )
    if field.role == "class" and not set(field.codes or ()) <= CLASSES:
        yield found(
            "class_codes",
            ("codes",),
            ("失信程度只有 minor、general、serious", "classes are minor, general and serious"),
            ("改用这三个代码", "use these three codes"),
        )
    if field.type in ("resident_id", "identifier") and not field.personal:
        yield found(
            "personal",
            ("type",),
            ("身份号码是个人信息", "an identity number is personal"),
            ("写 personal: true", "write personal: true"),
        )
    if field.unit is not None and (field.type != "money" or field.unit not in ("元", "万元", "分")):
        yield found(
            "unit",
            ("unit",),
            (f"单位 {field.unit} 不能用于 {field.type}", f"the unit {field.unit} does not go with {field.type}"),
            ("money 用 元、万元 或 分", "with money use 元, 万元 or 分"),
        )
    bounded = field.minimum is not None or field.maximum is not None
    crossed = field.minimum is not None and field.maximum is not None and field.minimum > field.maximum
    if (bounded and field.type not in ("integer", "money")) or crossed:
        yield found(
            "bounds",
            ("minimum" if field.minimum is not None else "maximum",),
            ("上下限不适用或颠倒", "the bounds do not apply or are reversed"),
            (
                "只用于 integer 与 money，且下限不大于上限",
                "use them with integer and money, the minimum not above the maximum",
            ),
        )
    if field.max_length is not None and (field.type != "text" or field.max_length < 1):
        yield found(
            "bounds",
            ("max_length",),
            ("max_length 只用于文本，且大于 0", "max_length goes with text and is above 0"),
            ("改正或删去", "correct or remove it"),
        )
