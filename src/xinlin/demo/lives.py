"""The cast: a few hand-made residents whose lives show what the platform does; their records travel in the same files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.terms import add_term
from xinlin.core.values import Text
from xinlin.demo.firms import Firm, make_firm
from xinlin.demo.people import Numbers, Resident, settle
from xinlin.demo.rows import Party, Row, Value, Writer, fields_by_role
from xinlin.demo.told import told_case, told_rows, told_story


@dataclass(frozen=True)
class CastMember:
    """One hand-made resident. ``story`` is one line for the sign-in page; ``consents``: opens a score at a counter."""

    code: str
    resident: Resident
    story: Text
    consents: bool


@dataclass(frozen=True)
class Part:
    """A role to be cast: name, age in years and days past the birthday, story, consent.

    ``about`` is the kind of record that the story is about, or ``score``; a rulebook without it tells ``otherwise``.
    """

    code: str
    name: str
    age: int
    days_past: int
    story: Text
    consents: bool = True
    about: str = ""
    otherwise: Text | None = None


DEBTOR_NAME = "周渡舟"
PARTS: tuple[Part, ...] = (
    Part(
        "volunteer", "苏澄屿", 34, 80,
        Text(zh="多年志愿者，分数高，持绿码", en="A volunteer of many years: high score, green code"),
        about="score", otherwise=Text(zh="多年做好事的居民", en="A resident of many good deeds"),
    ),
    Part(
        "entrepreneur", "郑帆礁", 45, 200,
        Text(zh="企业法定代表人，企业有未整改隐患且文书点名本人", en="Leads a firm with an uncorrected hazard; the document names them"),
        about="uncorrected_hazard", otherwise=Text(zh="企业法定代表人", en="Leads a firm"),
    ),
    Part(
        "rider", "叶汐岚", 28, 150,
        Text(zh="电动车违法两次：一次明天到期，一次下月到期", en="Two e-bike violations: one ends tomorrow, one next month"),
        about="ebike_violation", otherwise=Text(zh="普通居民", en="A resident like any other"),
    ),
    Part(
        "newcomer", "陈予岸", 18, 0, Text(zh="今天满18周岁，尚未开通", en="Turns 18 today; score not opened yet"), consents=False,
        about="score", otherwise=Text(zh="今天满18周岁", en="Turns 18 today"),
    ),
    Part(
        "minor", "陈予汀", 17, 120, Text(zh="17周岁，不能开通信用分", en="Aged 17: cannot open a score"), consents=False,
        about="score", otherwise=Text(zh="17周岁", en="Aged 17"),
    ),
    Part(
        "reserved", "吴沐荑", 52, 30, Text(zh="有记录，但从未同意评分", en="Has records but never consented"), consents=False,
        about="score", otherwise=Text(zh="有几条记录的居民", en="A resident with a few records"),
    ),
    Part("namesake", DEBTOR_NAME, 39, 60, Text(zh="与一名失信被执行人同名，本人清白", en="Bears the name of a judgment debtor; owes nothing")),
    Part("debtor", DEBTOR_NAME, 47, 210, Text(zh="失信被执行人，在名单上", en="A dishonest judgment debtor, on the list")),
)  # fmt: skip

DEVOTED = {
    "volunteer_service": 26, "community_service": 9, "neighbourhood_points": 6, "charitable_donation": 5, "honour": 2,
    "waste_sorting": 2, "firefighting_training": 2, "civility_commendation": 2, "rescue": 1,
}  # fmt: skip
"""What the volunteer did: how many records of which kind; one of every other."""
NEIGHBOURLY = {"volunteer_service": 3, "waste_sorting": 2, "firefighting_training": 1}
"""What the rest of the cast did too: how many records of which kind."""
HIGH = {"hours": 8, "months": 12, "points": 920}
"""Measured values of a good deed of the cast, by field; others are 8."""


def story_of(part: Part, rulebook: Rulebook, as_of: date) -> Text:
    """The part's story where the rulebook has what it is about, else what is true without it."""
    told = rulebook.scheme_at(as_of) is not None if part.about == "score" else part.about in rulebook.kinds
    return part.otherwise if part.otherwise is not None and not told else part.story


def make_cast(rng: Random, numbers: Numbers, rulebook: Rulebook, as_of: date) -> dict[str, CastMember]:
    """The cast as residents of the rulebook's first division, aged as their parts say on ``as_of``."""
    cast, division = {}, rulebook.divisions[0]
    for part in PARTS:
        year = as_of.year - part.age
        last = 28 if (as_of.month, as_of.day) == (2, 29) and year % 4 else as_of.day
        born_on = date(year, as_of.month, last) - timedelta(days=part.days_past)
        resident = settle(rng, numbers.give(born_on, division=division), part.name, born_on, division, as_of)
        cast[part.code] = CastMember(part.code, resident, story_of(part, rulebook, as_of), part.consents)
    if case := told_case(rulebook, as_of):
        cast["volunteer"] = replace(cast["volunteer"], story=told_story(rulebook, case, as_of))
    return cast


def make_cast_firm(rng: Random, cast: Mapping[str, CastMember], taken: set[str], as_of: date) -> Firm:
    """The entrepreneur's firm."""
    leader = cast["entrepreneur"].resident
    return make_firm(rng, taken, leader, leader.region, as_of)


def term_of(rulebook: Rulebook, kind: str, grade: str, as_of: date) -> str | None:
    """How long a record of the kind counts under the scheme in force, or None where no indicator takes it."""
    scheme = rulebook.scheme_at(as_of)
    for dimension in scheme.dimensions if scheme else ():
        for indicator in dimension.indicators:
            if indicator.kind == kind:
                return indicator.term or (indicator.terms or {}).get(grade)
    return None


def day_ending_on(term: str, ends_on: date) -> date:
    """The latest day from which ``term`` runs out on ``ends_on``, or the first one after which it has not."""
    day = ends_on
    while add_term(day, term) > ends_on:
        day -= timedelta(days=1)
    return day


def ending_row(writer: Writer, kind: Kind, party: Party, ends_on: date, grade: str = "minor") -> Row:
    """A row of ``kind`` that stops counting on ``ends_on``, by the scheme's term or by its own end."""
    roles = fields_by_role(kind)
    term = term_of(writer.rulebook, kind.code, grade, writer.as_of)
    given: dict[str, Value] = {}
    if "class" in roles:
        given[roles["class"].code] = grade
    if "ends_on" in roles:
        given[roles["ends_on"].code] = ends_on
    return writer.row(kind, party, day_ending_on(term or "P3M", ends_on), given)


def good_rows(writer: Writer, kind: Kind, party: Party, count: int) -> list[Row]:
    """``count`` good deeds of one kind over the last year and a half, the measured fields high."""
    rows = []
    for number in range(count):
        day = writer.as_of - timedelta(days=20 + number * 480 // max(1, count))
        given: dict[str, Value] = {}
        for field in kind.fields:
            if field.type == "integer" and field.role is None:
                given[field.code] = HIGH.get(field.code, 8)
        rows.append(writer.row(kind, party, day, given))
    return rows


def positive_kinds(rulebook: Rulebook) -> list[Kind]:
    """The kinds of good deeds that persons may have."""
    return [
        kind
        for kind in rulebook.kinds.values()
        if kind.sign == "positive" and kind.effect == "record" and "person" in kind.subject_kinds
    ]


def cast_rows(writer: Writer, cast: Mapping[str, CastMember], firm: Firm) -> dict[str, list[Row]]:
    """The rows that make the cast's lives, by kind; kinds that the rulebook lacks are passed over."""
    kinds, as_of = writer.rulebook.kinds, writer.as_of
    rows: dict[str, list[Row]] = {}

    def person(code: str) -> Party:
        return Party.of(cast[code].resident)

    told = told_case(writer.rulebook, as_of)
    if told is not None:
        rows |= told_rows(writer, person("volunteer"), told)
    for good in positive_kinds(writer.rulebook):
        deeds = DEVOTED.get(good.code, 1) if told is None else 0
        rows.setdefault(good.code, []).extend(good_rows(writer, good, person("volunteer"), deeds))
        for code in ("rider", "reserved", "namesake", "entrepreneur", "debtor"):
            rows[good.code].extend(good_rows(writer, good, person(code), NEIGHBOURLY.get(good.code, 0)))
    if kind := kinds.get("ebike_violation"):
        next_month = add_term(as_of, "P1M")
        for ends_on in (as_of + timedelta(days=1), next_month):
            rows.setdefault(kind.code, []).append(ending_row(writer, kind, person("rider"), ends_on))
    if kind := kinds.get("uncorrected_hazard"):
        roles = fields_by_role(kind)
        given: dict[str, Value] = {roles["class"].code: "general"} if "class" in roles else {}
        if "named_person" in roles:
            given[roles["named_person"].code] = firm.representative.resident_id
        day = as_of - timedelta(days=60)
        rows.setdefault(kind.code, []).append(writer.row(kind, Party.of(firm), day, given))
    if kind := kinds.get("dishonest_judgment_debtor"):
        rows.setdefault(kind.code, []).append(writer.row(kind, person("debtor"), as_of - timedelta(days=140)))
    return rows
