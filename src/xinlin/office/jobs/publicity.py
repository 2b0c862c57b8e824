"""Publishes what the law says is public, and takes it down again, with one word in the feed for each (公示发布).

Pages never wait for this job to take something down: they compare dates and states themselves. The job keeps the tables of
publications and the feed; the feed has one writer at a time, so that its numbers are seen in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.timezone import localdate

from xinlin.core.calendar import Calendar
from xinlin.core.masking import mask_people, trader_name
from xinlin.core.names import fold, index_text
from xinlin.core.publicity import SOLE_TRADER, Candidate, PublicSection, shown_until, withheld
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.office import vault
from xinlin.office.feed import lock_feed, tell
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Relation, Subject
from xinlin.office.models.publicity import Publication, PublicBody, PublicChange, PublicMark
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.records import typed_fields
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, now, today

ACTOR = Actor(handle="system:publicity", name="信用公示", role="system")
PART = 2_000
AGAIN = {"subjects": 2_000, "records": 2_000, "events": 200}
"""Rows before the mark that are looked at again: a transaction that was open then may have committed since. Longer ones
are caught by the daily pass over everything."""
Reason = PublicChange.Reason
_GONE = {
    "repaired": Reason.REPAIRED,
    "withdrawn": Reason.WITHDRAWN,
    "ended": Reason.ENDED,
    "unlinked": Reason.WITHDRAWN,
    "superseded": Reason.SUPERSEDED,
}


@dataclass(frozen=True)
class _Rules:
    """What holds today: the rulebook, its sections by kind, the calendar, the day."""

    book: Rulebook
    sections: dict[str, PublicSection]
    calendar: Calendar
    day: date

    @classmethod
    def today(cls) -> _Rules:
        book = current()
        sections = {
            kind: section for section in book.publicity.values() for kind in section.kinds if kind in book.kinds
        }
        return cls(book, sections, calendar(), today())

    def judge(self, record: Record, values: dict[str, Any]) -> tuple[date, bool]:
        """(first day no longer shown, whether it is shown today)."""
        kind, section = self.book.kinds[record.kind], self.sections[record.kind]
        listed = self.book.lists.get(kind.statutory_list or "")
        entry = getattr(record, "list_entry", None) if kind.effect == "list_entry" else None
        off_list = entry is not None and entry.removed_at is not None
        one = Candidate(
            subject_kind=record.subject.kind if record.subject else "person",
            sign=kind.sign,
            status="ended" if off_list else record.status,
            decided_on=record.occurred_on,
            record_class=record.record_class,
            document=record.document,
            ends_on=record.ends_on,
            disclosed_until=record.disclosed_until,
            fields=values,
        )
        classes = self.book.repair_classes
        until = shown_until(one, kind.retention, listed.longest_term if listed else None, classes)
        return until, withheld(one, section, until, classes, self.day) is None

    def due_on(self, section: PublicSection, decided_on: date) -> date | None:
        """The last day on which publication is in time."""
        clock = self.book.clocks.get(section.clock or "")
        if clock is None:
            return None
        if clock.working_days is not None:
            return self.calendar.add_working_days(decided_on, clock.working_days)
        return decided_on + timedelta(days=clock.calendar_days or 0)


def _ranges(name: str, highest: int, everything: bool) -> Iterator[tuple[int, int]]:
    """(first, last) keys to look at, part by part; the mark moves on with each. Some before it are looked at again."""
    mark, _ = PublicMark.objects.get_or_create(name=name)
    start = 0 if everything else max(mark.read - AGAIN[name], 0)
    while start < highest:
        end = min(start + PART, highest)
        yield start, end
        PublicMark.objects.filter(name=name, read__lt=end).update(read=end, at=now())
        start = end


def _bodies(everything: bool) -> int:
    """Enter organisations that are in the register and not yet among those that can be found."""
    highest, entered = Subject.objects.aggregate(top=Max("pk"))["top"] or 0, 0
    for first, last in _ranges("subjects", highest, everything):
        fresh = Subject.objects.filter(pk__gt=first, pk__lte=last, register="organisation", public_body=None)
        rows = []
        for subject in fresh.exclude(public_name=""):
            uscc = vault.unseal(subject.identifier_sealed, "subject.identifier")
            name = trader_name(subject.public_name) if uscc.startswith(SOLE_TRADER) else subject.public_name
            masked = name != subject.public_name
            found_by = "" if masked else name
            rows.append(
                PublicBody(
                    subject=subject,
                    uscc=uscc,
                    kind=subject.kind,
                    name=name,
                    masked=masked,
                    folded=fold(found_by),
                    grams=index_text(found_by),
                )
            )
        with transaction.atomic():
            PublicBody.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        entered += len(rows)
    return entered


def _renamed() -> int:
    """Bring names that changed in the register into the index; how many."""
    changed = PublicBody.objects.filter(masked=False).exclude(name=F("subject__public_name")).select_related("subject")
    rows = []
    for body in changed.exclude(subject__public_name=""):
        trader = body.uscc.startswith(SOLE_TRADER)
        body.name = trader_name(body.subject.public_name) if trader else body.subject.public_name
        body.masked = body.name != body.subject.public_name
        found_by = "" if body.masked else body.name
        body.folded, body.grams = fold(found_by), index_text(found_by)
        rows.append(body)
    with transaction.atomic():
        PublicBody.objects.bulk_update(rows, ["name", "masked", "folded", "grams"], batch_size=500)
    return len(rows)


def _persons_of(records: Sequence[Record], book: Rulebook) -> dict[int, set[str]]:
    """For each record the names of persons that its texts may hold: those in its own fields and of who represents the body."""
    names: dict[int, set[str]] = {record.pk: set() for record in records}
    of_body: dict[int, set[str]] = {}
    bodies = {record.subject_id for record in records}
    for relation in Relation.objects.filter(organisation_id__in=bodies).select_related("person"):
        if relation.person.name_sealed:
            name = vault.unseal(relation.person.name_sealed, "subject.name")
            of_body.setdefault(relation.organisation_id, set()).add(name)
    for record in records:
        names[record.pk] |= of_body.get(record.subject_id or 0, set())
        if record.named_person is not None and record.named_person.name_sealed:
            names[record.pk].add(vault.unseal(record.named_person.name_sealed, "subject.name"))
        for spec in book.kinds[record.kind].fields:
            value = record.fields.get(spec.code)
            if spec.personal and isinstance(value, str) and value.startswith(f"{vault.VERSION}:"):
                names[record.pk].add(vault.unseal(value, vault.RECORD_FIELDS))
    return names


def _shown(kind: Kind, section: PublicSection, record: Record, persons: Iterable[str]) -> tuple[str, dict[str, Any]]:
    """(title, fields) as they are published."""
    specs = {spec.code: spec for spec in kind.fields}
    shown: dict[str, Any] = {}
    for code in section.fields:
        value = record.fields.get(code)
        if code not in specs or specs[code].personal or value in (None, ""):
            continue
        shown[code] = mask_people(value, persons) if specs[code].type == "text" and isinstance(value, str) else value
    title = record.fields.get(section.title, "") if section.title in specs else ""
    return mask_people(str(title or ""), persons)[:500], shown


def _publish(records: Sequence[Record], rules: _Rules) -> list[Publication]:
    """Publications for those of the records that are shown today; not yet stored."""
    persons, moment = _persons_of(records, rules.book), now()
    correcting = _correcting(records)
    bodies = set(PublicBody.objects.filter(pk__in={r.subject_id for r in records}).values_list("pk", flat=True))
    rows = []
    for record in records:
        kind, section = rules.book.kinds[record.kind], rules.sections[record.kind]
        until, is_shown = rules.judge(record, typed_fields(kind, record))
        if not is_shown or record.subject_id not in bodies:
            continue
        due_on = rules.due_on(section, record.occurred_on)
        title, fields = _shown(kind, section, record, persons[record.pk])
        rows.append(
            Publication(
                record=record,
                body_id=record.subject_id,
                reference=record.reference,
                section=section.code,
                kind=record.kind,
                department=record.department,
                title=title,
                document=mask_people(record.document, persons[record.pk]),
                authority=record.authority,
                article=record.article,
                record_class=record.record_class,
                decided_on=record.occurred_on,
                published_at=moment,
                due_on=due_on,
                in_time=None if due_on is None else rules.day <= due_on,
                ends_on=until,
                fields=fields,
                corrected=record.pk in correcting,
                disputed=record.status == Record.Status.DISPUTED,
            )
        )
    return rows


def _correcting(records: Sequence[Record]) -> set[int]:
    keys = [record.pk for record in records]
    return set(Record.objects.filter(superseded_by__in=keys).values_list("superseded_by_id", flat=True))


def _records(rules: _Rules, everything: bool) -> int:
    """Publish records that are new since the last time."""
    highest, published = Record.objects.aggregate(top=Max("pk"))["top"] or 0, 0
    for first, last in _ranges("records", highest, everything):
        fresh = Record.objects.filter(pk__gt=first, pk__lte=last, kind__in=list(rules.sections), publication=None)
        found = fresh.filter(subject__register="organisation").select_related("subject", "named_person", "list_entry")
        with transaction.atomic():
            lock_feed()
            rows = Publication.objects.bulk_create(_publish(list(found.order_by("pk")), rules), batch_size=500)
            published += tell((row, Reason.PUBLISHED, False) for row in rows)
            if rows:
                _leaf("publicity.publish", rows)
    return published


def _leaf(action: str, rows: Sequence[Publication]) -> None:
    facts = {"publications": [[row.reference, row.section, row.ends_on] for row in rows]}
    write_leaf(actor=ACTOR, action=action, table="publication", key=rows[0].reference, facts=facts)


def _move(publications: Iterable[Publication], rules: _Rules) -> set[int]:
    """Let publications follow records that a person gave to another organisation (合并、移出、撤回); which ones moved."""
    moved = [one for one in publications if one.record.subject_id != one.body_id and one.kind in rules.sections]
    persons = _persons_of([one.record for one in moved], rules.book)
    bodies = set(
        PublicBody.objects.filter(pk__in={one.record.subject_id for one in moved}).values_list("pk", flat=True)
    )
    for one in moved:
        if one.record.subject_id is None or one.record.subject_id not in bodies:
            continue
        one.body_id, hidden = one.record.subject_id, persons[one.record_id]
        one.title, one.fields = _shown(rules.book.kinds[one.kind], rules.sections[one.kind], one.record, hidden)
        one.document = mask_people(one.record.document, hidden)
    return {one.pk for one in moved}


def _follow(found: Iterable[Publication], rules: _Rules) -> int:
    """Bring publications to how their records stand now; how many changed. Runs under `lock_feed`."""
    words: list[tuple[Publication, Reason, bool]] = []
    publications = list(found)
    moved = _move(publications, rules)
    for one in publications:
        record = one.record
        kind = rules.book.kinds.get(record.kind)
        if kind is None or record.kind not in rules.sections:
            continue
        until, is_shown = rules.judge(record, typed_fields(kind, record))
        before = (one.live, one.disputed, one.ends_on)
        one.ends_on, one.disputed = until, record.status == Record.Status.DISPUTED
        one.live = is_shown = is_shown and one.body_id == record.subject_id
        if (one.live, one.disputed, one.ends_on) == before and not (is_shown and one.pk in moved):
            continue
        if not is_shown:
            stopped = record.disclosed_until is not None and record.disclosed_until <= rules.day
            over = one.ends_on <= rules.day
            reason = _GONE.get(record.status) or (
                Reason.STOPPED if stopped else Reason.EXPIRED if over else Reason.ENDED
            )
        elif not before[0]:
            reason = Reason.SHOWN
        elif one.disputed != before[1]:
            reason = Reason.DISPUTED if one.disputed else Reason.CONFIRMED
        else:
            reason = Reason.AMENDED
        words.append((one, reason, not is_shown))
    columns = ["live", "disputed", "ends_on", *(["body", "title", "fields", "document"] if moved else [])]
    Publication.objects.bulk_update((one for one, _, _ in words), columns, batch_size=500)
    if words:
        _leaf("publicity.follow", [one for one, _, _ in words])
    return tell(words)


_WITH_RECORD = Publication.objects.select_related("record__subject", "record__list_entry")


def _changes(rules: _Rules, everything: bool) -> int:
    """Follow what happened to published records since the last time."""
    highest, changed = RecordEvent.objects.aggregate(top=Max("pk"))["top"] or 0, 0
    for first, last in _ranges("events", highest, everything):
        touched = RecordEvent.objects.filter(pk__gt=first, pk__lte=last).values("record")
        with transaction.atomic():
            lock_feed()
            changed += _follow(_WITH_RECORD.filter(record__in=touched), rules)
    return changed


def _ended(rules: _Rules) -> int:
    """Say in the feed that those are gone whose day has come."""
    ended = 0
    while True:
        with transaction.atomic():
            lock_feed()
            over = Q(live=True, ends_on__lte=rules.day)
            part = _follow(_WITH_RECORD.filter(over).order_by("ends_on", "pk")[:PART], rules)
        ended += part
        if not part:
            return ended


def publish(everything: bool | None = None) -> int:
    """Bring publications up to the day; how many words the feed got.

    ``everything`` looks at every row again; by itself it does so at the first turn of a day.
    """
    rules = _Rules.today()
    whole, _ = PublicMark.objects.get_or_create(name="whole")
    if everything is None:
        everything = whole.at is None or localdate(whole.at) < rules.day
    _bodies(everything)
    words = _records(rules, everything) + _changes(rules, everything) + _ended(rules)
    if everything:
        _renamed()
        PublicMark.objects.filter(name="whole").update(at=now())
    return words
