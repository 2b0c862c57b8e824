"""Which records have come to their end on a day, by the clock alone (到期): nothing depends on a job having run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from xinlin.core.procedures import stops_on
from xinlin.core.records import effective_end
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.schemes import Indicator
from xinlin.core.terms import first_day_within
from xinlin.office.models.records import Record
from xinlin.office.queries.records import as_fact, indicators_of


@dataclass(frozen=True)
class Ended:
    """A record that no longer counts, and since when."""

    record: Record
    kind: Kind
    on: date


def end_of(record: Record, kind: Kind, rulebook: Rulebook, indicators: list[Indicator]) -> date | None:
    """The first day on which nothing rests on the record any more.

    Its own end, its term in the score, or the longest term of its class, whichever comes first. An entry on a statutory
    list stands as long as the list's own rule says.
    """
    fact, ends = as_fact(kind, record), list[date]()
    for indicator in indicators:
        try:
            end = effective_end(fact, indicator.term, indicator.terms)
        except KeyError:
            continue
        if end is not None:
            ends.append(end)
    limits = [record.ends_on] if record.ends_on else []
    terms = rulebook.repair_classes.get(record.record_class)
    if terms is not None and kind.sign == "negative" and kind.effect != "list_entry":
        limits.append(stops_on(terms, record.occurred_on))
    return min([*limits, *([max(ends)] if ends else [])], default=None)


def _terms(rulebook: Rulebook, kind: Kind, indicators: list[Indicator]) -> set[str]:
    found = {term for one in indicators for term in [one.term, *(one.terms or {}).values()] if term is not None}
    return found | {terms.maximum for terms in rulebook.repair_classes.values()}


def negative(rulebook: Rulebook, day: date, within: timedelta) -> Iterator[Ended]:
    """Negative records of persons and organisations that ended after ``day - within`` and on ``day`` at the latest.

    Only records that still stand as such: what was repaired, withdrawn or disputed ended in another way.
    """
    since, by_kind = day - within, indicators_of(rulebook, day)
    for kind in rulebook.kinds.values():
        if kind.sign != "negative":
            continue
        indicators = by_kind.get(kind.code, [])
        standing = Record.objects.filter(kind=kind.code, status=Record.Status.ACTIVE, subject__isnull=False)
        windows = [standing.filter(ends_on__gt=since, ends_on__lte=day)]
        for term in sorted(_terms(rulebook, kind, indicators)):
            first, last = first_day_within(since, term), first_day_within(day, term)
            windows.append(standing.filter(occurred_on__gte=first, occurred_on__lt=last))
        seen = set[int]()
        for window in windows:
            for record in window.select_related("subject").iterator(chunk_size=1_000):
                end = end_of(record, kind, rulebook, indicators)
                if record.pk not in seen and end is not None and since < end <= day:
                    seen.add(record.pk)
                    yield Ended(record, kind, end)
