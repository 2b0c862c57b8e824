"""Keeping a good deed to oneself, and showing it again (隐藏与恢复展示)."""

from __future__ import annotations

from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office.farewells import note
from xinlin.office.leaves import write_leaf
from xinlin.office.models.consents import Hidden
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.honours import hidden_of
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, Refused, now

NOT_AN_HONOUR = Problem(
    code="not_an_honour",
    where="record",
    what=Text(
        zh="只有荣誉和善行可以隐藏；其他记录由部门依法记录。",
        en="Only honours and good deeds can be hidden; other records are kept by law.",
    ),
    cure=Text(zh="内容有误的，请对该记录提出异议。", en="If something in it is wrong, object to the record."),
)


def _own(actor: Actor, reference: str) -> tuple[Subject, Record]:
    subject = own_subject(actor)
    record = Record.objects.filter(reference=reference, subject=subject).first()
    if record is None:
        raise NotFound("没有这条记录，或它不属于您。There is no such record of yours.")
    kind = current().kinds.get(record.kind)
    if kind is None or kind.sign != "positive":
        raise Refused(NOT_AN_HONOUR)
    return subject, record


@transaction.atomic
def hide(*, actor: Actor, reference: str) -> None:
    """Leave a good deed out of whatever the resident shows to others. The score and the law are not touched.

    Again changes nothing. Raises `NotFound` for another's record, `Refused` for one that does not speak for its owner.
    """
    subject, record = _own(actor, reference)
    _row, made = Hidden.objects.get_or_create(subject=subject, record=record, defaults={"at": now()})
    if made:
        facts = {"record": record.reference, "subject": subject.pseudonym}
        note([{"what": "hidden", "record": record.reference, "at": now().isoformat()}])
        write_leaf(actor=actor, action="honours.hide", table="hidden", key=record.reference, facts=facts)


@transaction.atomic
def show(*, actor: Actor, reference: str) -> None:
    """Show it again, the versions before a correction included. Raises as `hide`."""
    subject, record = _own(actor, reference)
    if record.reference not in hidden_of(subject.pk):
        return
    older, keys = {record.pk}, {record.pk}
    while older:
        older = set(Record.objects.filter(superseded_by__in=older).values_list("pk", flat=True)) - keys
        keys |= older
    Hidden.objects.filter(subject=subject, record__in=keys).delete()
    note([{"what": "shown", "record": record.reference, "at": now().isoformat()}])
    facts = {"record": record.reference, "subject": subject.pseudonym}
    write_leaf(actor=actor, action="honours.show", table="hidden", key=record.reference, facts=facts)
