"""After a restore: what people took back, put to rest, refused or had deleted or ended since the backup is so again (恢复后重办)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from xinlin.office.actions.deletions import delete_figures
from xinlin.office.actions.outcomes import leave_list
from xinlin.office.amendments import amend
from xinlin.office.farewells import note, noted
from xinlin.office.leaves import write_leaf
from xinlin.office.models.consents import ConsentEvent, Declined, Hidden, RecordingRefusal
from xinlin.office.models.mandates import Mandate
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, NotAllowed, now, today

Line = dict[str, str]
REASON = "restored"


@dataclass(frozen=True)
class Settled:
    """How much a restored backup would have revived."""

    consents: int
    figures: int
    records: int
    """Deleted again."""
    ended: int
    """Records that had been repaired, corrected, struck out or taken off their list, and are so again."""
    choices: int
    """Rests, refusals, hidden honours and ended mandates that hold again."""


def _last(lines: Iterable[Line], whats: set[str], *names: str) -> list[Line]:
    """Of the lines of these sorts, the last one about each thing."""
    found: dict[tuple[str, ...], Line] = {}
    for line in lines:
        if line.get("what") in whats and all(name in line for name in names):
            found[tuple(line[name] for name in names)] = line
    return list(found.values())


def _withdrawn(actor: Actor, lines: list[Line], moment: datetime) -> tuple[int, int]:
    """End consents again; returns how many stood, and how many figures rested on any of them."""
    numbers = {line["number"] for line in _last(lines, {"consent"}, "number")}
    revived = list(Consent.objects.select_for_update().filter(number__in=numbers, withdrawn_at__isnull=True))
    Consent.objects.filter(pk__in=[consent.pk for consent in revived]).update(withdrawn_at=moment)
    ConsentEvent.objects.bulk_create(
        ConsentEvent(consent=consent, at=moment, state=ConsentEvent.State.WITHDRAWN, via="restore", actor=actor.handle)
        for consent in revived
    )
    return len(revived), sum(delete_figures(Consent.objects.filter(number__in=numbers)).values())


def _deleted(lines: list[Line], moment: datetime) -> int:
    """Delete records again that their person had deleted."""
    records = 0
    for line in lines:
        if line.get("what") != "record":
            continue
        # one that was sent anew after the person allowed it again is another record
        held = Record.objects.filter(kind=line["kind"], fingerprint=line["fingerprint"], subject__isnull=False)
        for record in held.filter(entered_at__lte=datetime.fromisoformat(line["at"])):
            RecordingRefusal.objects.get_or_create(
                subject=record.subject, kind=record.kind, fingerprint=record.fingerprint, defaults={"at": moment}
            )
            record.evidence.all().delete()
            record.delete()
            records += 1
    return records


def _over(actor: Actor, lines: list[Line]) -> int:
    """End records again. One whose corrected version the backup does not hold is withdrawn: what it says was found wrong."""
    ended = 0
    for line in _last(lines, {"over"}, "record"):
        live = (Record.Status.ACTIVE, Record.Status.DISPUTED)
        record = Record.objects.select_for_update().filter(reference=line["record"], status__in=live).first()
        if record is None:
            continue
        status = (
            Record.Status.WITHDRAWN if line["status"] == Record.Status.SUPERSEDED else Record.Status(line["status"])
        )
        amend(actor=actor, records=[record.pk], change={"status": status.value}, reason=REASON, happened_on=today())
        leave_list(record, REASON)
        ended += 1
    return ended


def _rested(actor: Actor, lines: list[Line]) -> int:
    rests = 0
    for line in _last(lines, {"paused", "resumed"}, "number"):
        at = datetime.fromisoformat(line["at"])
        held = Consent.objects.filter(number=line["number"], withdrawn_at__isnull=True, paused_at__isnull=True)
        if line["what"] == "paused" and (consent := held.first()) is not None:
            held.update(paused_at=at)
            ConsentEvent.objects.create(
                consent=consent, at=at, state=ConsentEvent.State.PAUSED, via="restore", actor=actor.handle
            )
            rests += 1
    return rests


def _refused(lines: list[Line]) -> int:
    """Kinds that a person did not want recorded, unless they allowed them again."""
    made = 0
    for line in _last(lines, {"refused", "allowed"}, "subject", "kind"):
        subject = Subject.objects.filter(identifier_key=line["subject"]).first()
        if line["what"] == "refused" and subject is not None:
            at = datetime.fromisoformat(line["at"])
            held = {"subject": subject, "kind": line["kind"], "fingerprint": ""}
            _row, new = RecordingRefusal.objects.get_or_create(**held, defaults={"at": at})
            made += new
    return made


def _declined(lines: list[Line]) -> int:
    """That a person is not to be asked again, unless they agreed since by themselves."""
    made = 0
    for line in _last(lines, {"declined"}, "subject", "step", "scene"):
        subject, at = Subject.objects.filter(identifier_key=line["subject"]).first(), datetime.fromisoformat(line["at"])
        what = {"subject": subject, "step": line["step"], "scene": line["scene"]}
        if subject is not None and not Consent.objects.filter(**what, given_at__gt=at).exists():
            _row, new = Declined.objects.get_or_create(**what, defaults={"at": at})
            made += new
    return made


def _hidden_and_ended(actor: Actor, lines: list[Line]) -> int:
    changed = 0
    for line in _last(lines, {"hidden", "shown"}, "record"):
        record = Record.objects.filter(reference=line["record"], subject__isnull=False).first()
        if line["what"] == "hidden" and record is not None:
            at = datetime.fromisoformat(line["at"])
            _row, new = Hidden.objects.get_or_create(subject=record.subject, record=record, defaults={"at": at})
            changed += new
    for line in _last(lines, {"mandate"}, "number"):
        open_ = Mandate.objects.filter(number=line["number"], ended_at__isnull=True)
        changed += open_.update(ended_at=datetime.fromisoformat(line["at"]), ended_by=actor.handle)
    return changed


def _catch_up(lines: list[Line]) -> None:
    """Note what was committed by a process that died before it could: the notes hold every withdrawal and deletion."""
    numbers = {line["number"] for line in lines if line.get("what") == "consent" and "number" in line}
    ended = Consent.objects.filter(withdrawn_at__isnull=False).values_list("number", "withdrawn_at")
    missing = [(number, at) for number, at in ended if number not in numbers]
    note({"what": "consent", "number": number, "at": at.isoformat()} for number, at in missing if at is not None)
    barred = {(line["kind"], line["fingerprint"]) for line in lines if line.get("what") == "record"}
    gone = RecordingRefusal.objects.exclude(fingerprint="").values_list("kind", "fingerprint", "at")
    note(
        {"what": "record", "kind": kind, "fingerprint": fingerprint, "at": at.isoformat()}
        for kind, fingerprint, at in gone
        if (kind, fingerprint) not in barred
    )


@transaction.atomic
def settle(*, actor: Actor) -> Settled:
    """Carry out again whatever the notes outside the database say. Again changes nothing.

    Raises `NotAllowed` for anybody but the system.
    """
    if actor.role != "system":
        raise NotAllowed("只有系统执行。Only the system does this.")
    lines, moment = list(noted()), now()
    consents, figures = _withdrawn(actor, lines, moment)
    records, ended = _deleted(lines, moment), _over(actor, lines)
    choices = _rested(actor, lines) + _refused(lines) + _declined(lines) + _hidden_and_ended(actor, lines)
    _catch_up(lines)
    settled = Settled(consents, figures, records, ended, choices)
    if consents or figures or records or ended or choices:
        facts = {"consents": consents, "figures": figures, "records": records, "ended": ended, "choices": choices}
        write_leaf(actor=actor, action="people.settle", table="consent", key="restore", facts=facts)
    return settled
