"""What a person may declare of their own good deeds, how it is shown, and rings of people who confirm one another (我要加分)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from xinlin.core.schemes import Basis
from xinlin.core.terms import add_term
from xinlin.core.values import Problem, Strict, Text

Proof = Literal["photo", "code", "neighbours"]


class DeedSort(Strict):
    """A sort of deed that may be declared, and what it becomes once a person has found it true (可申报的善行)."""

    code: str
    name: Text
    kind: str
    """The kind of record that an accepted one becomes."""
    verifier: str
    """The department that looks into it; one of the kind's providers."""
    shown_by: Annotated[list[Proof], Field(min_length=1)]
    neighbours: int = 2
    """How many neighbours must confirm it."""
    of: int = 5
    """How many may; the first ones count."""
    per_year: int
    """How many are accepted of one person in a calendar year."""
    within: str
    """Calendar term after the deed within which it is declared."""
    largest: dict[str, int] = {}
    """Integer field -> the most that one declaration may say."""
    basis: Basis


def _problem(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Problem:
    return Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en))


def hindrance(
    sort: DeedSort, happened_on: date, values: Mapping[str, object], today: date, taken: int
) -> Problem | None:
    """Why this declaration cannot be taken, or None. ``taken``: accepted or open ones of the person in the deed's year."""
    if happened_on > today:
        return _problem(
            "deed_in_future", "happened_on", "这一天还没有到。", "That day has not come.", "做完以后再申报。", "Declare it once it is done."
        )  # fmt: skip
    if add_term(happened_on, sort.within) <= today:
        return _problem(
            "deed_too_old", "happened_on", "已超过申报期限。", "It is too long ago to be declared.",
            "请申报近期的善行；有部门记录的，由部门报送。", "Declare what is recent; departments send what they have on record.",
        )  # fmt: skip
    if taken >= sort.per_year:
        return _problem(
            "deed_enough", "sort", f"这一类每年最多申报 {sort.per_year} 件，今年已满。",
            f"At most {sort.per_year} of this sort are taken in a year, and there are as many.",
            "做好事不限次数，只是不再加分。", "There is no limit to doing good; only nothing more is counted.",
        )  # fmt: skip
    for field, most in sort.largest.items():
        said = values.get(field)
        if isinstance(said, int) and said > most:
            return _problem(
                "deed_too_large", field, f"一次最多申报 {most}。", f"One declaration says at most {most}.",
                "超过的部分由组织单位报送。", "What is beyond is for the organiser to send.",
            )  # fmt: skip
    return None


def ring(edges: Iterable[tuple[int, int]], doer: int, confirmers: Iterable[int], longest: int = 3) -> set[int]:
    """The confirmers to whom a chain of confirmations leads back from the doer (互相证明).

    ``edges``: (who confirmed, for whom). A chain of at most ``longest`` steps counts: A for B, B for C, C for A.
    """
    onward: dict[int, set[int]] = {}
    for by, whom in edges:
        onward.setdefault(by, set()).add(whom)
    reached, frontier = set[int](), {doer}
    for _ in range(longest):
        frontier = {there for here in frontier for there in onward.get(here, ())} - reached - {doer}
        reached |= frontier
    return reached & set(confirmers)


def missing_proof(sort: DeedSort, *, photos: int, code: bool, confirmed: int, in_ring: int) -> Problem | None:
    """Why the deed cannot be accepted on what is there; confirmations within a ring do not count."""
    shown = {"photo": photos > 0, "code": code, "neighbours": confirmed - in_ring >= sort.neighbours}
    if any(shown[way] for way in sort.shown_by):
        return None
    return _problem(
        "deed_not_shown", "outcome", "没有照片、签到码或足够的邻里证明。", "There is no picture, no code and not enough neighbours.",
        "请申请人补充；互相证明的不算。", "Let the applicant add some; people who confirm one another do not count.",
    )  # fmt: skip
