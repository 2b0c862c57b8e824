"""Which records may be repaired, from when, and the application that a person hands in (信用修复)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.procedures import RepairClass, repairable_from, stops_on
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.batches import Batch
from xinlin.office.models.cases import Case
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.people import look_at_oneself, own_subject, write_look
from xinlin.office.queries.records import represented_now
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today


@dataclass(frozen=True)
class RepairView:
    """A record that may be repaired, as the person concerned sees it."""

    reference: str
    kind_name: Text
    organisation: str
    """The organisation whose record it is; empty for one's own."""
    department_name: Text
    document: str
    occurred_on: date
    class_name: Text
    from_on: date
    """The first day on which one may apply."""
    stops_on: date
    """The day on which it stops by itself, without anybody applying."""
    open_now: bool
    running: str
    """The number of the application that is under way, or empty."""
    draft: Text
    """An application to start from."""
    own_exit: Text | None
    """How one leaves the list that bars ordinary repair; None where nothing bars it."""
    listed: bool
    """Whether the record itself is the entry on that list."""


def own_records(subject: Subject) -> QuerySet[Record]:
    """The subject's records, and those of the organisations that the person represents now."""
    firms = represented_now(subject)
    return Record.objects.filter(Q(subject=subject) | Q(subject_id__in=firms)).select_related("subject")


def terms_of(record: Record) -> RepairClass | None:
    """The terms of publicity for the record; None where its kind is not negative or it states no class."""
    rulebook = current()
    kind = rulebook.kinds.get(record.kind)
    if kind is None or kind.sign != "negative":
        return None
    return rulebook.repair_classes.get(record.record_class)


def own_exit_of(record: Record) -> Text | None:
    """How the record's subject leaves the statutory list on which it stands, where that bars ordinary repair here.

    浙江省公共信用信息管理条例 32: who is on a serious list leaves by the list's own rule.
    """
    rulebook = current()
    procedure = rulebook.procedures.get(rulebook.objection_procedure or "")
    if procedure is None or procedure.list_exit == "repair":
        return None
    return _exits(ListEntry.objects.filter(subject=record.subject_id))


def _exits(entries: QuerySet[ListEntry]) -> Text | None:
    """How those of the entries that stand today are left, in the words of their lists; None where none stands."""
    rulebook, standing = current(), entries.filter(removed_at__isnull=True, ends_on__gt=today())
    names = [rulebook.lists[code] for code in standing.values_list("list", flat=True) if code in rulebook.lists]
    if not names:
        return None
    return Text(
        zh="；".join(f"{one.name.zh}：{one.exit_rule.zh}；{one.repair.zh}" for one in names),
        en="; ".join(f"{one.name.en}: {one.exit_rule.en}; {one.repair.en}" for one in names),
    )


def mine(*, actor: Actor) -> list[RepairView]:
    """What the resident may have repaired now or later, the nearest day first."""
    subject = own_subject(actor, "see")
    rulebook, day, found = current(), today(), []
    standing = own_records(subject).filter(status__in=[Record.Status.ACTIVE, Record.Status.DISPUTED])
    running = dict(
        Case.objects.filter(kind=Case.Kind.REPAIR, record__in=standing)
        .exclude(state=Case.State.CLOSED)
        .values_list("record_id", "number")
    )
    for record in standing:
        terms, own_exit = terms_of(record), own_exit_of(record)
        begins, ends = record.occurred_on, record.ends_on
        if terms is not None:
            begins, ends = repairable_from(terms, record.occurred_on), stops_on(terms, record.occurred_on)
        elif record.kind in rulebook.kinds and rulebook.kinds[record.kind].effect == "list_entry":
            own_exit = _exits(ListEntry.objects.filter(record=record))
        if ends is None or ends <= day or (terms is None and own_exit is None):
            continue
        office = rulebook.departments.get(record.department)
        kind = rulebook.kinds[record.kind].name
        found.append(
            RepairView(
                reference=record.reference,
                kind_name=kind,
                organisation=record.subject.public_name if record.subject and record.subject_id != subject.pk else "",
                department_name=office.name if office else Text(zh=record.department, en=record.department),
                document=record.document,
                occurred_on=record.occurred_on,
                class_name=terms.name if terms else Text(zh="名单条目", en="Entry on a list"),
                from_on=begins,
                stops_on=ends,
                open_now=begins <= day and own_exit is None,
                running=running.get(record.pk, ""),
                draft=_draft(kind, record),
                own_exit=own_exit,
                listed=rulebook.kinds[record.kind].effect == "list_entry",
            )
        )
    look_at_oneself(actor, {record.kind for record in standing}, gettext_noop("查看可修复的记录"))
    return sorted(found, key=lambda view: (view.from_on, view.reference))


def _draft(kind: Text, record: Record) -> Text:
    day = record.occurred_on.isoformat()
    return Text(
        zh=(
            f"本人（本单位）因{kind.zh}（文书：{record.document or '无'}，日期：{day}）被记录。"
            "有关义务已经履行完毕，不良影响已经消除，现申请信用修复，并承诺今后依法诚信行事，所交材料真实。"
        ),
        en=(
            f"A record of {kind.en} (document: {record.document or 'none'}, date: {day}) stands against me (us). The duty has "
            "been fulfilled and the harm removed. I (we) apply for its repair, undertake to act lawfully and in good faith, "
            "and confirm that the papers are true."
        ),
    )


@dataclass(frozen=True)
class RepairNotice:
    """What is handed over with a decision: from when and how it can be repaired, and when it stops by itself (两书同达)."""

    addressee: str
    document: str
    decided_on: date
    kind_name: Text
    class_name: Text
    published: bool
    from_on: date
    stops_on: date
    own_exit: bool
    """A statutory list: it is left by its own rule, which the decision states."""


def notice_for(*, actor: Actor, document: str, decided_on: date, record_class: str) -> RepairNotice:
    """The notice for a decision that is about to be served; nothing is looked up. Raises `NotAllowed`, `NotFound`."""
    if actor.role not in ("clerk", "officer", "reviewer"):
        raise NotAllowed("由作出决定的部门打印。Printed by the department that decides.")
    terms = current().repair_classes.get(record_class)
    if terms is None:
        raise NotFound("没有选择失信程度。No class was chosen.")
    return RepairNotice(
        addressee="",
        document=document.strip()[:128],
        decided_on=decided_on,
        kind_name=Text(zh="", en=""),
        class_name=terms.name,
        published=terms.published,
        from_on=repairable_from(terms, decided_on),
        stops_on=stops_on(terms, decided_on),
        own_exit=False,
    )


def notices_of(*, actor: Actor, number: str, limit: int = 200) -> list[RepairNotice]:
    """The notices for every decision in one of the department's own deliveries. Writes the looks. Raises `NotFound`."""
    if actor.role != "clerk" or not actor.department:
        raise NotAllowed("由报送该批次的部门打印。Printed by the department that sent the delivery.")
    if not Batch.objects.filter(number=number, department=actor.department).exists():
        raise NotFound(f"本部门没有批次 {number}。Your department has no delivery {number}.")
    rows = Record.objects.filter(batch__number=number, department=actor.department).exclude(record_class="")
    found = []
    for row in rows.select_related("subject").order_by("row")[:limit]:
        terms, kind = terms_of(row), current().kinds.get(row.kind)
        if terms is None or kind is None or row.subject is None:
            continue
        name = row.subject.public_name or vault.unseal(row.subject.name_sealed, "subject.name")
        found.append(
            RepairNotice(
                addressee=name,
                document=row.document,
                decided_on=row.occurred_on,
                kind_name=kind.name,
                class_name=terms.name,
                published=terms.published,
                from_on=repairable_from(terms, row.occurred_on),
                stops_on=stops_on(terms, row.occurred_on),
                own_exit=kind.effect == "list_entry",
            )
        )
    write_look(
        actor=actor,
        subjects=[row.subject_id for row in rows[:limit] if row.subject_id is not None],
        purpose=gettext_noop("打印信用修复告知书"),
        clause=gettext_noop("国办发〔2025〕22号 两书同达"),
        kinds=sorted({row.kind for row in rows[:limit]}),
        result=gettext_noop("打印"),
    )
    return found
