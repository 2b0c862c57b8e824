"""What a person did well, with issuer and evidence, and which of it they show to others (荣誉与善行)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from xinlin.office.models.consents import Hidden
from xinlin.office.models.evidence import Evidence
from xinlin.office.models.records import Record
from xinlin.office.queries.people import look_at_oneself, own_subject
from xinlin.office.queries.records import RecordView, views
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, today


@dataclass(frozen=True)
class Honour:
    """One thing done well, and whether its owner keeps it to themselves."""

    record: RecordView
    evidence: int
    """How many files stand beside it."""
    hidden: bool


def hidden_of(subject_id: int) -> set[str]:
    """References of what a person hides; a corrected version stays hidden as the one before it was."""
    pairs = dict(Record.objects.filter(supersedes__subject_id=subject_id).values_list("supersedes__pk", "pk"))
    keys = set(Hidden.objects.filter(subject_id=subject_id).values_list("record_id", flat=True))
    waiting = list(keys)
    while waiting:
        newer = pairs.get(waiting.pop())
        if newer is not None and newer not in keys:
            keys.add(newer)
            waiting.append(newer)
    return set(Record.objects.filter(pk__in=keys).values_list("reference", flat=True))


def good(records: Iterable[RecordView]) -> list[RecordView]:
    """Those of a person's own records that speak for them and stand."""
    return [
        r for r in records if r.sign == "positive" and r.status == Record.Status.ACTIVE and not r.about_organisation
    ]


def mine(*, actor: Actor) -> list[Honour]:
    """Everything of the resident that speaks for them, newest first; what is hidden too, marked. A look at oneself."""
    subject = own_subject(actor, "see")
    found = good(record for record, _fact in views(subject.pk, current(), today()))
    hidden = hidden_of(subject.pk)
    files: dict[str, int] = {}
    kept = Evidence.objects.filter(record__reference__in=[r.reference for r in found], state=Evidence.State.KEPT)
    for reference in kept.values_list("record__reference", flat=True):
        files[str(reference)] = files.get(str(reference), 0) + 1
    look_at_oneself(actor, (record.kind for record in found), gettext_noop("查看荣誉与善行"))
    return [Honour(record, files.get(record.reference, 0), record.reference in hidden) for record in found]
