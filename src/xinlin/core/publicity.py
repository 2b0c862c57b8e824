"""What is shown to everybody, of organisations only: which records, which of their parts, and until when (信用公示).

双公示: penalties and licences within seven working days of the decision (国办发〔2015〕51号); terms by class from the date of the
document (信用修复管理办法, 国办发〔2025〕22号); minor acts and bare warnings are not published (市场监督管理行政处罚信息公示规定 2);
natural persons never are (浙江省公共信用信息管理条例 15; 深圳 38).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from xinlin.core.procedures import RepairClass, stops_on
from xinlin.core.schemes import Basis
from xinlin.core.terms import add_term
from xinlin.core.values import Strict, Text

Sort = Literal["penalty", "licence", "red_list", "black_list", "pledge", "inspection"]
"""行政处罚, 行政许可, 红名单, 严重失信主体名单, 信用承诺, 抽查检查结果."""

SHOWN_STATUSES = ("active", "disputed")
"""A disputed record is marked and stays (深圳经济特区社会信用条例 49); every other status takes it from the public."""

SOLE_TRADER = "92"
"""How the unified social credit codes of sole traders begin (GB 32100-2015)."""

SMALLEST_CELL = 10


class PublicSection(Strict):
    """A part of the public pages: which kinds of record it shows, and what of them (公示栏目)."""

    code: str
    name: Text
    text: Text
    sort: Sort
    kinds: Annotated[list[str], Field(min_length=1)]
    title: str
    """The field that heads each record, or ``list`` for the name of its statutory list."""
    fields: list[str] = []
    """The kind's own fields that are shown, in this order; none that is personal."""
    clock: str | None = None
    """The clock within which a record is published, from the day of the decision."""
    not_published: dict[str, list[str]] = {}
    """Values of a code field that keep a record from being published."""
    basis: Basis


Withheld = Literal["person", "no_document", "minor", "value", "future", "over", "not_in_force"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record as it may be published."""

    subject_kind: str
    sign: str
    status: str
    decided_on: date
    record_class: str
    document: str
    ends_on: date | None
    disclosed_until: date | None
    fields: Mapping[str, object] = field(default_factory=dict)


def shown_until(one: Candidate, retention: str, listed_term: str | None, classes: Mapping[str, RepairClass]) -> date:
    """First day on which the record is no longer shown: whichever of its ends comes first.

    These are its own end, the end of its disclosure, the longest term of its list, the longest term of its class counted
    from the document, and the retention of its kind.
    """
    ends = [add_term(one.decided_on, retention)]
    ends += [day for day in (one.ends_on, one.disclosed_until) if day is not None]
    if listed_term is not None:
        ends.append(add_term(one.decided_on, listed_term))
    elif one.sign == "negative" and one.record_class in classes:
        ends.append(stops_on(classes[one.record_class], one.decided_on))
    return min(ends)


def withheld(
    one: Candidate, section: PublicSection, until: date, classes: Mapping[str, RepairClass], as_of: date
) -> Withheld | None:
    """Why the record is not shown in the section, or None where it is."""
    if one.subject_kind == "person" or one.fields.get("party_type") == "person":
        return "person"
    if one.status not in SHOWN_STATUSES:
        return "not_in_force"
    if one.sign == "negative" and not one.document.strip():
        return "no_document"
    known = classes.get(one.record_class)
    if one.sign == "negative" and known is not None and not known.published:
        return "minor"
    if any(one.fields.get(code) in values for code, values in section.not_published.items()):
        return "value"
    if one.decided_on > as_of:
        return "future"
    return "over" if as_of >= until else None


def hide_small(cells: Sequence[int]) -> list[int | None]:
    """Counts of one row as they may be shown: none under ten, and none that could be reckoned from the row's sum.

    A zero is shown. Where one cell alone is hidden, the next smallest is hidden too.
    """
    shown: list[int | None] = [None if 0 < count < SMALLEST_CELL else count for count in cells]
    if sum(1 for value in shown if value is None) == 1:
        others = [(value, place) for place, value in enumerate(shown) if value]
        if others:
            shown[min(others)[1]] = None
    return shown
