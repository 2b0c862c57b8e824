"""In which grade a firm stands, what its reasons are, and that the draw is anybody's to repeat."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core.inspections import Held, draw, graded, lot, quota
from xinlin.core.lists import Entry
from xinlin.core.loading import RulebookRefused, load
from xinlin.core.rulebooks import Rulebook
from xinlin.shelf import read

DAY = date(2026, 6, 1)
PENALTY = Held("r1", "administrative_penalty", "general", DAY - timedelta(days=60), DAY - timedelta(days=60), None)
ENTRY = Entry(
    reference="e1",
    list_code="wage_arrears",
    entered_on=DAY - timedelta(days=30),
    ends_on=DAY + timedelta(days=300),
    document="人社列决〔2026〕3号",
    authority="人力资源和社会保障局",
    article="第五条",
    notice_on=DAY - timedelta(days=40),
    remedy="可申请行政复议",
)
RED = replace(ENTRY, reference="e2", list_code="grade_a_taxpayer", document="A级公告")


BOOK = read("national")


@pytest.fixture
def book() -> Rulebook:
    return BOOK


@pytest.mark.parametrize(
    ("entries", "records", "grade", "reasons"),
    [
        ([], [], "usual", []),
        ([RED], [], "fewer", ["e2"]),
        ([], [PENALTY], "more", ["r1"]),
        ([RED], [PENALTY], "more", ["r1"]),
        ([RED, ENTRY], [PENALTY], "most", ["e1"]),
        ([], [replace(PENALTY, record_class="serious")], "most", ["r1"]),
        ([], [replace(PENALTY, record_class="minor")], "usual", []),
        ([], [replace(PENALTY, status="disputed")], "usual", []),
        ([], [replace(PENALTY, status="repaired")], "usual", []),
        ([], [replace(PENALTY, notice_on=None)], "usual", []),
        ([], [replace(PENALTY, notice_on=DAY + timedelta(days=1))], "usual", []),
        (
            [],
            [replace(PENALTY, occurred_on=date(2025, 6, 1))],
            "usual",
            [],
        ),  # a year, the longest of its class, is over
        ([], [replace(PENALTY, ends_on=DAY)], "usual", []),
        ([replace(ENTRY, status="disputed")], [], "usual", []),
        ([replace(ENTRY, ends_on=DAY)], [], "usual", []),
        ([replace(ENTRY, removed=True)], [], "usual", []),
        ([replace(ENTRY, remedy="")], [], "usual", []),
        ([ENTRY, replace(ENTRY, reference="e9")], [], "most", ["e1"]),  # one document counts once
    ],
)
def test_the_worst_that_is_in_force_decides(
    book: Rulebook, entries: list[Entry], records: list[Held], grade: str, reasons: list[str]
) -> None:
    found = graded(book, entries, records, DAY)
    assert found is not None
    assert (found.grade.code, [one.reference for one in found.reasons]) == (grade, reasons)


@given(st.integers(min_value=0, max_value=2000))
def test_a_firm_is_back_at_the_default_on_the_day_on_which_its_last_reason_ends(days: int) -> None:
    day = DAY + timedelta(days=days)
    found = graded(BOOK, [ENTRY], [PENALTY], day)
    assert found is not None
    assert all(day < reason.ends_on for reason in found.reasons)
    assert bool(found.reasons) == (not found.grade.default) == (day < date(2027, 4, 2))


def test_a_rulebook_without_grades_grades_nobody(book: Rulebook) -> None:
    assert graded(book.model_copy(update={"supervision_grades": {}}), [ENTRY], [], DAY) is None


@given(st.sets(st.text("0123456789ABC", min_size=18, max_size=18)), st.integers(1, 1000), st.text(max_size=8))
def test_anybody_who_knows_seed_and_last_lot_finds_the_same_firms(codes: set[str], per_mille: int, seed: str) -> None:
    drawn = draw(seed, sorted(codes), per_mille)
    assert drawn == draw(seed, sorted(codes, reverse=True), per_mille)
    assert len(drawn.codes) == quota(len(codes), per_mille) <= len(codes)
    assert set(drawn.codes) == {code for code in codes if lot(seed, code) <= drawn.last_lot}


def test_a_lot_is_what_the_public_page_says_it_is() -> None:
    assert lot("seed", "91330305MA") == hashlib.sha256(b"seed:91330305MA").hexdigest()


def _texts(change: tuple[str, str]) -> dict[str, str]:
    folder = Path(__file__).parents[2] / "rulebooks" / "national"
    texts = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml")}
    before = texts["supervision_grades.yaml"]
    assert change[0] in before
    return {**texts, "supervision_grades.yaml": before.replace(*change)}


@pytest.mark.parametrize(
    ("change", "code", "key"),
    [
        (("  default: true\n", ""), "default_grade", "default"),
        (("per_mille: 100\n", "per_mille: 30\n"), "grade_rate", "per_mille"),
        (("rank: 3", "rank: 4"), "grade_rank", "rank"),
        (("lists: [grade_a_taxpayer]", "lists: [wage_arrears]"), "grade_list", "lists"),
        (("lists: [grade_a_taxpayer]", "lists: [no_such_list]"), "reference", "lists"),
        (("kind: administrative_penalty, classes: [general]", "kind: administrative_licence, classes: [general]"), "grade_record", "records"),
        (("kind: administrative_penalty, classes: [general]", "kind: nothing, classes: [general]"), "reference", "records"),
        (("  lists: [grade_a_taxpayer]\n", ""), "grade_grounds", "fewer"),
        (("per_mille: 10\n", "per_mille: 0\n"), None, "per_mille"),
        (("article: 大力推进信用分级分类监管}]\nusual", "article: 大力推进信用分级分类监管}]\n  grade: x\nusual"), None, "grade"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_line_and_a_cure(
    change: tuple[str, str], code: str | None, key: str
) -> None:
    with pytest.raises(RulebookRefused) as refused:
        load("national", _texts(change))
    problem = refused.value.problems[0]
    assert problem.where.startswith("rulebooks/national/supervision_grades.yaml:")
    assert key in problem.what.en and problem.cure.zh and problem.cure.en
    assert code is None or problem.code == code
