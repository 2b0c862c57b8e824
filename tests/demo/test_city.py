"""The synthetic city: its numbers pass every check, one seed gives one city, and its faults are where they are said to be."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from stdnum.cn import ric

from xinlin import shelf
from xinlin.core.batches import Judge
from xinlin.core.columns import propose_columns
from xinlin.core.people import uscc_problem
from xinlin.core.rulebooks import Rulebook
from xinlin.core.terms import add_term
from xinlin.demo.city import City, make_city, write_files
from xinlin.demo.files import REFUSED_BREAKS, TAKEN_BREAKS, Delivery
from xinlin.demo.firms import organisation_check
from xinlin.demo.lives import day_ending_on

AS_OF = date(2026, 3, 17)


@cache
def rulebook() -> Rulebook:
    """The city's rulebook."""
    return shelf.read("dongtou")


@cache
def city() -> City:
    """A small city."""
    return make_city(rulebook(), as_of=AS_OF, seed=7, residents=3000, firms=300)


def table(delivery: Delivery) -> list[list[str]]:
    """Header and rows of a delivery's file as text, title rows left off."""
    if delivery.filename.endswith("xlsx"):
        from python_calamine import CalamineWorkbook

        rows = CalamineWorkbook.from_filelike(io.BytesIO(delivery.content)).get_sheet_by_index(0).to_python()
        texts = [[str(value) for value in row] for row in rows]
        return texts[len(texts) - delivery.rows - 1 :]
    encoding = (
        "utf-8-sig" if delivery.filename.endswith("tsv") or delivery.content[:3] == b"\xef\xbb\xbf" else "gb18030"
    )
    text = io.StringIO(delivery.content.decode(encoding), newline="")
    return list(csv.reader(text, delimiter="\t" if delivery.filename.endswith("tsv") else ","))


def values_of(kind: str) -> set[str]:
    """Every value in the files of one kind."""
    tables = [table(delivery) for delivery in city().deliveries if delivery.kind == kind]
    return {value.strip().upper() for rows in tables for row in rows for value in row}


def test_every_identity_number_is_accepted_and_given_once() -> None:
    numbers = [person.resident_id for person in city().residents]
    assert len(numbers) == len(set(numbers)) == 3000
    assert all(ric.is_valid(number) for number in numbers)
    assert all(int(number[14:17]) >= 900 for number in numbers)


def test_every_credit_code_is_accepted_letter_first_ones_among_them() -> None:
    codes = [firm.uscc for firm in city().firms]
    assert len(codes) == len(set(codes)) == 300
    assert [code for code in codes if uscc_problem(code)] == []
    assert any(code[0].isalpha() for code in codes)
    assert all(organisation_check(code[8:16]) == code[16] for code in codes)


def test_same_seed_same_bytes_other_seed_other_city() -> None:
    again = make_city(rulebook(), as_of=AS_OF, seed=7, residents=3000, firms=300)
    assert again.deliveries == city().deliveries
    assert again.by_hand == city().by_hand
    assert again.consenting == city().consenting
    other = make_city(rulebook(), as_of=AS_OF, seed=8, residents=200, firms=20)
    assert other.residents[50] != city().residents[50]


def test_ages_have_the_shape_of_a_district() -> None:
    ages = [person.age_on(AS_OF) for person in city().residents]
    assert set(ages) <= set(range(96))
    assert 0.75 < sum(age >= 18 for age in ages) / len(ages) < 0.9
    assert 0.10 < sum(age >= 65 for age in ages) / len(ages) < 0.25


def test_namesakes_four_character_names_and_rare_characters_occur() -> None:
    names = Counter(person.name for person in city().residents)
    assert names.most_common(1)[0][1] >= 4
    assert any(len(name) == 4 for name in names)
    assert any(character in name for name in names for character in "喆犇燚赟彧翀昇玥堃淼㛃䶮𬘭")


def test_legal_representatives_are_adults_of_the_city() -> None:
    residents = {person.resident_id for person in city().residents}
    assert all(firm.representative.resident_id in residents for firm in city().firms)
    assert all(firm.representative.age_on(firm.registered_on) >= 18 for firm in city().firms)


def test_every_kind_is_delivered_by_a_department_that_provides_it() -> None:
    kinds = rulebook().kinds
    assert {delivery.kind for delivery in city().deliveries} == set(kinds)
    assert all(delivery.department in kinds[delivery.kind].providers for delivery in city().deliveries)
    assert kinds[city().deliveries[0].kind].subject_kinds == ["person"]
    assert len({delivery.filename for delivery in city().deliveries}) == len(city().deliveries)


def test_headers_map_without_a_person_and_only_broken_rows_are_refused() -> None:
    for delivery in city().deliveries:
        header, *rows = table(delivery)
        kind = rulebook().kinds[delivery.kind]
        proposal = propose_columns(kind, header)
        assert (proposal.missing, proposal.leftovers) == ([], []), delivery.filename
        judge = Judge(kind, proposal.columns, header)
        refused = {index for index, row in enumerate(rows) if isinstance(judge(row), list)}
        known = {i for i, what in delivery.broken.items() if what not in TAKEN_BREAKS}
        assert refused <= known, (delivery.filename, [rows[i] for i in refused - known][:2])
        assert known <= refused, (delivery.filename, [rows[i] for i in known - refused][:2])


def test_every_sort_of_fault_stands_in_some_file() -> None:
    faults = Counter(what for delivery in city().deliveries for what in delivery.broken.values())
    assert set(faults) == {*REFUSED_BREAKS, *TAKEN_BREAKS}


def test_formats_are_mixed() -> None:
    endings = Counter(delivery.filename.rsplit(".", 1)[1] for delivery in city().deliveries)
    assert endings["tsv"] == 1
    assert min(endings["csv"], endings["xlsx"]) > 3
    assert any(delivery.content.startswith(b"\xef\xbb\xbf") for delivery in city().deliveries)


def test_full_lists_come_for_two_months_and_change() -> None:
    for kind in rulebook().kinds.values():
        if kind.delivery != "full_list":
            continue
        first, second = [delivery for delivery in city().deliveries if delivery.kind == kind.code]
        assert (first.valid_on, second.valid_on) == (date(2026, 2, 1), date(2026, 3, 1))
        assert second.rows * 2 > first.rows


def test_the_cast_lives_as_told() -> None:
    cast = city().cast
    assert cast["newcomer"].resident.age_on(AS_OF) == 18
    assert cast["newcomer"].resident.born_on == date(2008, 3, 17)
    assert cast["minor"].resident.age_on(AS_OF) == 17
    assert cast["namesake"].resident.name == cast["debtor"].resident.name
    assert cast["reserved"].resident.resident_id not in city().consenting
    debtors, hazards = values_of("dishonest_judgment_debtor"), values_of("uncorrected_hazard")
    assert cast["debtor"].resident.resident_id in debtors
    assert cast["namesake"].resident.resident_id not in debtors
    assert {cast["entrepreneur"].resident.resident_id, city().firms[0].uscc} <= hazards
    assert city().firms[0].representative == cast["entrepreneur"].resident


@pytest.mark.parametrize("term", ["P3M", "P1Y", "P30D"])
@pytest.mark.parametrize("ends_on", [date(2026, 3, 18), date(2026, 3, 31), date(2024, 2, 29)])
def test_a_record_can_be_made_to_end_on_a_day(term: str, ends_on: date) -> None:
    day = day_ending_on(term, ends_on)
    assert add_term(day, term) <= ends_on
    assert (ends_on - add_term(day, term)).days <= 3


def test_the_files_for_trying_by_hand_are_bad_as_they_say() -> None:
    files = city().by_hand
    assert files["空文件.csv"] == b""
    mixed = next(content for name, content in files.items() if name.startswith("编码混杂"))
    with pytest.raises(UnicodeDecodeError):
        mixed.decode("utf-8")
    assert mixed.splitlines()[0].decode("utf-8")


def test_files_land_in_the_folder(tmp_path: Path) -> None:
    write_files(city(), tmp_path)
    assert len([path for path in tmp_path.iterdir() if path.is_file()]) == len(city().deliveries)
    assert (tmp_path / "试传" / "空文件.csv").exists()


def test_a_tiny_city_is_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match="at least 50 residents"):
        make_city(rulebook(), as_of=AS_OF, residents=10, firms=5)
