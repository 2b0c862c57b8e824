"""Which offer opens at which level (权益与等级对照): a higher level never loses one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from xinlin.core.rulebooks import Offer, Rulebook
from xinlin.core.schemes import Scheme


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer along the levels from low to high: open from the start of the level, from so many points, or not."""

    offer: Offer
    cells: tuple[int | bool, ...]
    """True: open to the whole level. A number: open from that many points within the level. False: not open."""


def threshold(offer: Offer, scheme: Scheme) -> int | None:
    """The points from which the offer opens; None where neither a tier nor a mark of the scheme opens it."""
    begins = {tier.code: tier.at_least for tier in scheme.tiers} | {mark.code: mark.at_least for mark in scheme.marks}
    return begins.get(offer.opens_at)


def matrix(rulebook: Rulebook, scheme: Scheme, day: date) -> list[OfferRow]:
    """Every offer in force on the day against every tier of the scheme, from low to high."""
    ends = [*(tier.at_least for tier in scheme.tiers[1:]), None]
    rows = []
    for offer in rulebook.offers.values():
        start = threshold(offer, scheme)
        if start is None or not offer.valid_from <= day < offer.valid_until:
            continue
        cells: list[int | bool] = []
        for tier, end in zip(scheme.tiers, ends, strict=True):
            whole, never = tier.at_least >= start, end is not None and end <= start
            cells.append(True if whole else False if never else start)
        rows.append(OfferRow(offer, tuple(cells)))
    return rows
