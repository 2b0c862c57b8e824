"""When an entry is in force and what it carries: edges by name, then a law over many days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin import shelf
from xinlin.core.lists import PARTS, Entry, end_of, hindrance, lists_at, measures_at, missing_parts
from xinlin.core.rulebooks import Rulebook

RULEBOOK = shelf.read("national")
BIDDING, TRADING = "bidding_qualification", "public_resource_trading"
ENTRY = Entry(
    reference="abcd",
    list_code="wage_arrears",
    entered_on=date(2026, 3, 10),
    ends_on=date(2027, 3, 10),
    document="洞人社列决〔2026〕3号",
    authority="洞头区人力资源和社会保障局",
    article="第五条",
    notice_on=date(2026, 3, 1),
    remedy="可申请行政复议",
)


def codes(entry: Entry, day: date, rulebook: Rulebook = RULEBOOK) -> list[tuple[str, str]]:
    return [(m.measure.code, m.measure.force) for m in measures_at(entry, rulebook, BIDDING, TRADING, day)]


def test_an_entry_carries_its_measure_from_the_day_of_entry_to_the_day_before_its_end() -> None:
    assert codes(ENTRY, date(2026, 3, 9)) == []
    assert codes(ENTRY, date(2026, 3, 10)) == [("wage_no_bidding", "must")]
    assert codes(ENTRY, date(2027, 3, 9)) == [("wage_no_bidding", "must")]
    assert codes(ENTRY, date(2027, 3, 10)) == []
    assert hindrance(ENTRY, RULEBOOK, date(2027, 3, 10)) == "expired"


def test_no_entry_outlives_the_longest_term_of_its_list() -> None:
    endless = replace(ENTRY, ends_on=date(2099, 1, 1))
    assert end_of(endless, RULEBOOK.lists["wage_arrears"]) == date(2029, 3, 10)
    assert codes(endless, date(2029, 3, 9))
    assert not codes(endless, date(2029, 3, 10))
    (standing,) = measures_at(endless, RULEBOOK, BIDDING, TRADING, date(2028, 1, 1))
    assert standing.until == date(2029, 3, 10)


@pytest.mark.parametrize("status", ["disputed", "repaired", "withdrawn", "ended", "unlinked"])
def test_an_entry_that_is_not_active_carries_nothing(status: str) -> None:
    assert codes(replace(ENTRY, status=status), date(2026, 6, 1)) == []
    assert hindrance(replace(ENTRY, status=status), RULEBOOK, date(2026, 6, 1)) == status


def test_a_removed_entry_carries_nothing() -> None:
    assert hindrance(replace(ENTRY, removed=True), RULEBOOK, date(2026, 6, 1)) == "removed"
    assert codes(replace(ENTRY, removed=True), date(2026, 6, 1)) == []


def test_nothing_is_carried_before_the_day_of_notice() -> None:
    late = replace(ENTRY, notice_on=date(2026, 4, 1))
    assert hindrance(late, RULEBOOK, date(2026, 3, 31)) == "not_notified"
    assert codes(late, date(2026, 3, 31)) == []
    assert codes(late, date(2026, 4, 1)) != []


@pytest.mark.parametrize(
    ("part", "without"),
    [
        ("list", {"list_code": "no_such_list"}),
        ("document", {"document": " "}),
        ("authority", {"authority": ""}),
        ("article", {"article": ""}),
        ("notice", {"notice_on": None}),
        ("remedy", {"remedy": ""}),
        ("end", {"ends_on": None}),
    ],
)
def test_without_any_one_of_the_seven_parts_no_measure_stands(part: str, without: dict[str, object]) -> None:
    lacking = replace(ENTRY, **without)  # type: ignore[arg-type]  # one field each, by name
    assert missing_parts(lacking, RULEBOOK) == [part]
    assert hindrance(lacking, RULEBOOK, date(2026, 6, 1)) == "incomplete"
    assert codes(lacking, date(2026, 6, 1)) == []


def test_the_seven_parts_are_seven() -> None:
    assert len(PARTS) == 7
    assert missing_parts(ENTRY, RULEBOOK) == []


def test_another_department_or_item_gets_no_measure() -> None:
    day = date(2026, 6, 1)
    assert measures_at(ENTRY, RULEBOOK, BIDDING, "housing", day) == []
    assert measures_at(ENTRY, RULEBOOK, "food_business_licence", "market_regulation", day) == []
    assert lists_at(RULEBOOK, BIDDING, TRADING, day) == {"dishonest_judgment_debtor", "wage_arrears"}
    assert lists_at(RULEBOOK, "food_business_licence", "market_regulation", day) == frozenset()


def test_a_measure_ends_on_the_day_its_article_is_repealed() -> None:
    repealed = date(2026, 6, 1)
    measure = RULEBOOK.measures["wage_no_bidding"]
    basis = [citation.model_copy(update={"effective_to": repealed}) for citation in measure.basis]  # type: ignore[union-attr]  # cited, not demonstration
    changed = measure.model_copy(update={"basis": basis})
    rulebook = RULEBOOK.model_copy(update={"measures": {**RULEBOOK.measures, changed.code: changed}})
    assert codes(ENTRY, date(2026, 5, 31), rulebook) == [("wage_no_bidding", "must")]
    assert measures_at(ENTRY, rulebook, BIDDING, TRADING, date(2026, 5, 31))[0].until == repealed
    assert codes(ENTRY, repealed, rulebook) == []


def test_a_measure_ends_with_its_source_and_begins_with_it() -> None:
    source = RULEBOOK.sources["wage_regulation"].model_copy(
        update={"effective_from": date(2026, 5, 1), "effective_to": date(2026, 6, 1)}
    )
    rulebook = RULEBOOK.model_copy(update={"sources": {**RULEBOOK.sources, source.id: source}})
    shown = {day: bool(codes(ENTRY, date(2026, *day), rulebook)) for day in ((4, 30), (5, 1), (5, 31), (6, 1))}
    assert list(shown.values()) == [False, True, True, False]


def test_a_measure_without_its_row_in_the_national_list_is_none() -> None:
    rulebook = RULEBOOK.model_copy(update={"national_measures": {}})
    assert codes(ENTRY, date(2026, 6, 1), rulebook) == []


def test_a_measure_names_its_article_in_both_languages() -> None:
    (standing,) = measures_at(ENTRY, RULEBOOK, BIDDING, TRADING, date(2026, 6, 1))
    assert "第四十八条" in standing.article.zh
    assert standing.article.zh.startswith("《")
    assert standing.article.en


DAYS = st.dates(date(2015, 1, 1), date(2040, 1, 1))


@given(DAYS, st.integers(1, 4000), DAYS, DAYS)
def test_law_a_measure_stands_exactly_while_the_entry_is_in_force(
    entered: date, length: int, notice: date, day: date
) -> None:
    entry = replace(ENTRY, entered_on=entered, ends_on=entered + timedelta(days=length), notice_on=notice)
    end = end_of(entry, RULEBOOK.lists["wage_arrears"])
    article_stands = day >= (RULEBOOK.sources["wage_regulation"].effective_from or date.min)
    expected = entered <= day < end and notice <= day and article_stands
    found = measures_at(entry, RULEBOOK, BIDDING, TRADING, day)
    assert bool(found) is expected
    assert all(day < standing.until <= end for standing in found)
