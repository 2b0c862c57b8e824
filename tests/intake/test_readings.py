"""Cells as departments write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core.dates import read_date
from xinlin.core.people import (
    identifier_kind,
    is_adult,
    last_birthday,
    mask_identifier,
    mask_name,
    normalise_identifier,
    resident_id_problem,
    subject_kind_of_uscc,
    uscc_problem,
)
from xinlin.core.readings import (
    Fault,
    Money,
    read_boolean,
    read_integer,
    read_money,
    stands_for_nothing,
    tidy,
)
from xinlin.core.regions import read_region

from .conftest import firm, resident

DAYS = st.dates(date(1850, 1, 1), date(2200, 12, 31))
FULL = str.maketrans("0123456789./-", "０１２３４５６７８９．／－")
HAN = "〇一二三四五六七八九"


def han(number: int) -> str:
    """A month or day in Chinese."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else HAN[tens] + "十") + (HAN[ones] if ones else "")


@given(DAYS)
def test_every_way_of_writing_a_day_reads_as_that_day(day: date) -> None:
    year = "".join(HAN[int(d)] for d in str(day.year))
    ways = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f" {day.year} 年 {day.month} 月 {day.day} 日",
        f"{year}年{han(day.month)}月{han(day.day)}日",
        day.isoformat().translate(FULL),
        f"{day.isoformat()} 08:30:00",
        f"{day.isoformat()}T00:00:00",
    ]
    assert {read_date(way) for way in ways} == {day}


@given(st.dates(date(1989, 1, 8), date(2019, 4, 30)))
def test_heisei_days_read(day: date) -> None:
    year = day.year - 1988
    assert read_date(f"H{year}.{day.month}.{day.day}") == day
    written = f"平成{'元' if year == 1 else year}年{day.month}月{day.day}日"
    assert read_date(written) == read_date(written.translate(FULL)) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2021.2.30", "date_does_not_exist"),
        ("2021-02-29", "date_does_not_exist"),
        ("20211301", "date_does_not_exist"),
        ("0021-02-03", "date_does_not_exist"),
        ("H31.5.1", "date_outside_era"),
        ("R1.4.30", "date_outside_era"),
        ("H0.1.1", "date_outside_era"),
        ("21/2/3", "date_ambiguous"),
        ("3/4/2021", "date_ambiguous"),
        ("43831", "date_is_serial"),
        ("2021年2月", "date_without_day"),
        ("2021-02", "date_without_day"),
        ("去年", "date_unreadable"),
        ("2021-02/03", "date_unreadable"),
    ],
)
def test_what_is_no_day_is_refused_with_its_reason(text: str, code: str) -> None:
    found = read_date(text)
    assert isinstance(found, Fault)
    assert found.code == code


def test_a_day_that_does_not_exist_is_told_why() -> None:
    found = read_date("2021.2.30")
    assert isinstance(found, Fault)
    assert "28 天" in found.what.zh


@given(st.text(max_size=40))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (read_date, read_integer, read_money, read_boolean, read_region):
        read(text)
    tidy(text)
    stands_for_nothing(text)
    value = normalise_identifier(text)
    resident_id_problem(value)
    uscc_problem(value)
    mask_name(text)
    mask_identifier(text)


@pytest.mark.parametrize(
    ("text", "unit", "fen"),
    [
        ("100万元人民币", None, 100_000_000),
        ("50(万元)", None, 50_000_000),
        ("50（万元）", None, 50_000_000),
        ("1,000(万元)", None, 1_000_000_000),
        ("8,000(万元人民币)", None, 8_000_000_000),
        ("38(万)", None, 38_000_000),
        ("5.01万人民币", None, 5_010_000),
        ("人民币100万元", None, 100_000_000),
        ("¥100", None, 10_000),
        ("282.00元/支", None, 28_200),
        ("220元/人份", None, 22_000),
        ("12.5", "元", 1_250),
        ("12.5", "万元", 12_500_000),
        ("１２元", None, 1_200),
        ("0.01", "元", 1),
        ("0.000001", "万元", 1),
        ("-5", "元", -500),
    ],
)
def test_amounts_become_fen(text: str, unit: str | None, fen: int) -> None:
    found = read_money(text, unit)
    assert isinstance(found, Money)
    assert found.fen == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("100万美元", "foreign_currency"),
        ("$100", "foreign_currency"),
        ("50 HKD", "foreign_currency"),
        ("0.001元", "money_below_fen"),
        ("3.50", "money_without_unit"),
        ("壹佰万元整", "money_unreadable"),
        ("约100万元", "money_unreadable"),
        ("1e5", "money_unreadable"),
    ],
)
def test_amounts_are_never_guessed(text: str, code: str) -> None:
    found = read_money(text)
    assert isinstance(found, Fault)
    assert found.code == code


@given(st.integers(0, 10**15), st.sampled_from([("元", 100), ("万元", 1_000_000), ("分", 1), ("亿元", 10**10)]))
def test_money_is_exact(number: int, unit: tuple[str, int]) -> None:
    assert read_money(f"{number:,}{unit[0]}") == read_money(str(number), unit[0]) == Money(number * unit[1])


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_read_back(number: int) -> None:
    assert read_integer(str(number)) == read_integer(f"{number:,}") == read_integer(f"{number}.0") == number


def test_fractions_and_units() -> None:
    assert read_integer("3小时", "小时") == 3
    assert isinstance(read_integer("2.5"), Fault)
    assert isinstance(read_integer("4.4E+17"), Fault)


@given(st.integers(1, 999), st.dates(date(1900, 1, 1), date(2025, 1, 1)))
def test_one_wrong_digit_of_a_resident_number_is_always_found(number: int, born: date) -> None:
    value = resident(number, f"{born:%Y%m%d}")
    assert resident_id_problem(value) is None
    assert identifier_kind(value) == "person"
    for place in range(17):
        for digit in "0123456789":
            if digit != value[place]:
                assert resident_id_problem(value[:place] + digit + value[place + 1 :]) is not None


@given(st.integers(0, 999_999))
def test_one_wrong_character_of_a_code_is_always_found(number: int) -> None:
    value = firm(number)
    assert uscc_problem(value) is None
    for place in (2, 9, 12, 17):
        for character in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if character != value[place] and (place > 7 or character.isdigit()):
                assert uscc_problem(value[:place] + character + value[place + 1 :]) is not None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("4.4E+17", "excel_number"),
        ("4.40301199001011E+17", "excel_number"),
        ("王小明", "name_in_identifier"),
        ("33030519900307", "identifier_length"),
        ("330305199013070010", "resident_id_birth_date"),
        ("33030519900307001A", "resident_id_form"),
    ],
)
def test_what_happened_to_a_number_is_named(value: str, code: str) -> None:
    problem = resident_id_problem(normalise_identifier(value))
    assert problem is not None
    assert problem.code == code


def test_a_letter_that_no_code_has_brings_a_proposal_and_no_correction() -> None:
    value = firm(1)
    problem = uscc_problem(value[:10] + "O" + value[11:])
    assert problem is not None
    assert problem.code == "uscc_form"
    assert "O→0" in problem.what.en


def test_codes_that_begin_with_a_letter_pass() -> None:
    from xinlin.core.people import _uscc_check

    for body in ("A1110000600037341", "N2330305MF0000001", "Y1330305MF0000001"):
        assert uscc_problem(body + _uscc_check(body)) is None
    assert subject_kind_of_uscc("N2330305") == "enterprise"
    assert [subject_kind_of_uscc(head) for head in ("11", "12", "51", "91")] == [
        "government_body",
        "institution",
        "social_organisation",
        "enterprise",
    ]


def test_the_eighteenth_birthday_counts() -> None:
    assert not is_adult(date(2008, 3, 7), date(2026, 3, 6))
    assert is_adult(date(2008, 3, 7), date(2026, 3, 7))
    assert is_adult(date(2008, 2, 29), date(2026, 2, 28))
    assert last_birthday(date(2026, 2, 28), 30) == date(1996, 2, 29)
    assert last_birthday(date(2026, 2, 27), 30) == date(1996, 2, 27)


def test_masks_hide() -> None:
    assert mask_name("王小明") == "王*明"
    assert mask_name("王明") == "王*"
    assert mask_name("Anna") == "A***"
    assert mask_identifier("330322199003070017") == "330***********0017"
    assert mask_identifier("12345") == "*****"
