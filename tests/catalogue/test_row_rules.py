"""Rules that only a whole row can break, codes of their time, and what a delivery must hold; one by one and in bulk alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.intake.conftest import ID, NAME, ON, kind, resident, spec
from xinlin.core import assertions, industries, regions
from xinlin.core.batches import Judge, JudgedRow, judge_row
from xinlin.core.catalogue import Assertion, CodeValidity, RowRule
from xinlin.core.columns import ColumnUse
from xinlin.core.rulebooks import Kind
from xinlin.core.schemes import FieldTest
from xinlin.core.values import Problem, Text
from xinlin.engine.judging import BulkJudge

SORTS = {"fine": Text(zh="罚款", en="Fine"), "warning": Text(zh="警告", en="Warning")}
FIELDS = [
    ID,
    NAME,
    ON,
    spec("until", "有效期至", "date"),
    spec("sort", "类别", "code", codes=SORTS, validity={"warning": CodeValidity(effective_to=date(2021, 7, 15), successor="fine")}),
    spec("amount", "金额", "money", unit="元"),
    spec("place", "区划", "region"),
    spec("trade", "行业", code_set="industry"),
]  # fmt: skip
RULED = kind(
    "ruled",
    FIELDS,
    rules=[
        RowRule(in_order=["occurred_on", "until"]),
        RowRule(required=["amount"], when=FieldTest(field="sort", equals="fine")),
        RowRule(
            refused=FieldTest(field="amount", at_least=100_000_000),
            says=Text(zh="金额过大", en="Too much"),
            cure=Text(zh="请核对", en="Check it"),
        ),
    ],
)
GOOD = {
    "公民身份号码": resident(1), "姓名": "王小明", "发生日期": "2024-05-01", "有效期至": "", "类别": "", "金额": "",
    "区划": "", "行业": "",
}  # fmt: skip


def judged(ruled: Kind = RULED, **cells: str) -> JudgedRow | list[Problem]:
    """The row with these cells, judged by itself; it must be judged the same among others."""
    row = {**GOOD, **cells}
    columns = {s.code: ColumnUse(column=s.label.zh) for s in ruled.fields}
    alone = judge_row(ruled, columns, row)
    judge = Judge(ruled, columns, list(row))
    among = BulkJudge(judge)([list(GOOD.values()), list(row.values()), list(GOOD.values())])
    assert among.refused.get(1, []) == (alone if isinstance(alone, list) else []), "columns and rows agree"
    assert list(among.notes.get(1, ())) == (list(alone.notes) if isinstance(alone, JudgedRow) else [])
    return alone


def codes(outcome: JudgedRow | list[Problem]) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in outcome] if isinstance(outcome, list) else []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, []),
        ({"有效期至": "2024-05-01"}, []),
        ({"有效期至": "2024-04-30"}, [("out_of_order", "until")]),
        ({"类别": "罚款"}, [("needed_here", "amount")]),
        ({"类别": "罚款", "金额": "10"}, []),
        ({"金额": "1000000"}, [("row_rule", "")]),
        ({"类别": "警告"}, [("code_not_in_force", "sort")]),
        ({"类别": "警告", "发生日期": "2021-07-14"}, []),
        ({"类别": "警告", "发生日期": "2021-07-15"}, [("code_not_in_force", "sort")]),
        ({"行业": "Z99"}, [("industry_unknown", "trade")]),
        ({"行业": "C1311"}, []),
    ],
)  # fmt: skip
def test_a_row_that_breaks_a_rule_is_refused_with_its_cure(
    cells: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    outcome = judged(**cells)
    assert codes(outcome) == expected
    for problem in outcome if isinstance(outcome, list) else []:
        assert problem.what.zh
        assert problem.cure.en


def test_a_code_out_of_force_is_proposed_its_successor_and_never_changed() -> None:
    outcome = judged(类别="警告")
    assert isinstance(outcome, list)
    assert "fine" in outcome[0].cure.zh


def test_a_rule_may_ask_whose_record_it_is() -> None:
    rule = RowRule(
        refused=FieldTest(field="subject_kind", equals="person"),
        says=Text(zh="不收个人", en="No persons"),
        cure=Text(zh="删去", en="Remove"),
    )
    assert codes(judged(kind("only_firms", FIELDS, rules=[rule]))) == [("row_rule", "")]


def test_a_division_that_lapsed_is_kept_as_written_with_its_successor_shown() -> None:
    outcome = judged(区划="330322")
    assert isinstance(outcome, JudgedRow)
    assert outcome.fields["place"] == "330322"
    assert list(outcome.notes) == [("region_lapsed", "place", "330322 → 330305 洞头区")]
    earlier = judged(区划="330322", 发生日期="2010-01-01")
    assert isinstance(earlier, JudgedRow)
    assert list(earlier.notes) == []


def test_a_register_says_where_somebody_lives_now_whenever_they_came() -> None:
    lives = kind("lives", FIELDS, effect="register")
    here = judged(lives, 区划="330305", 发生日期="1999-01-01")
    assert isinstance(here, JudgedRow)
    assert list(here.notes) == [], "the district is younger than the registration, and right"
    gone = judged(lives, 区划="330322", 发生日期="1999-01-01")
    assert isinstance(gone, JudgedRow)
    assert [note[0] for note in gone.notes] == ["region_lapsed"]


def test_where_a_division_must_be_given_it_must_be_one_of_its_year() -> None:
    needed = kind("needed", [*FIELDS[:6], spec("place", "区划", "region", required=True), FIELDS[7]])
    assert codes(judged(needed, 区划="330322")) == [("region_not_in_force", "place")]
    assert codes(judged(needed, 区划="330322", 发生日期="2010-01-01")) == []
    assert codes(judged(needed, 区划="330399")) == [("region_unknown_code", "place")]
    assert codes(judged(needed, 区划="330305001")) == [], "a town begins with its county"
    assert codes(judged(needed, 区划="330000")) == [], "a province has a code too"


def test_industries_are_read_in_either_edition_and_noted_where_it_is_not_the_days() -> None:
    assert industries.in_edition("T96", "2011")
    assert not industries.in_edition("T96", "2017")
    assert industries.read_code("ｃ 1311") == "C1311"
    outcome = judged(行业="T96")
    assert isinstance(outcome, JudgedRow)
    assert list(outcome.notes) == [("industry_other_edition", "trade", "T96")]


def test_every_industry_of_the_standard_is_read(shared: Any) -> None:
    for edition in ("2011", "2017"):
        lines = (shared / f"data/gbt4754/gbt4754_{edition}.csv").read_text(encoding="utf-8").splitlines()[1:]
        unread = [line for line in lines if not industries.in_edition(line.split(",")[0], edition)]
        assert unread == []


def test_every_division_of_today_is_known_and_successors_are_right(shared: Any) -> None:
    import json

    folder = shared / "data/admin_divisions"
    today = json.loads((folder / "mumuy_list.json").read_text(encoding="utf-8"))
    after = json.loads((folder / "mumuy_diff.json").read_text(encoding="utf-8"))
    mainland = [code for code in today if code[:2] not in ("71", "81", "82", "83") and not code.endswith("00")]
    assert [code for code in mainland if not regions.standings(code)] == []
    named = {code: found for code in after if (found := regions.successor(code))}
    agreed = [code for code, found in named.items() if found in [str(one) for one in after[code]]]
    assert len(named) > 2_000
    assert len(agreed) / len(named) > 0.95, "the few others are places on which the two sources disagree"
    assert not [code for code, found in named.items() if len(after[code]) > 3 and found not in after[code]], "split"


@pytest.mark.parametrize(
    ("read", "accepted", "failed", "exceeded"),
    [(9, 9, 1, 0), (10, 10, 0, 0), (10, 7, 1, 0), (21, 21, 0, 1)],
)  # fmt: skip
def test_too_little_stops_a_delivery_and_too_much_is_told(read: int, accepted: int, failed: int, exceeded: int) -> None:
    asserted = kind(
        "asserted",
        FIELDS,
        assertions=[Assertion(measure="rows", minimum=10, maximum=20), Assertion(measure="accepted", minimum=80)],
    )
    outcome = assertions.judge(asserted, read, accepted, lambda _field: accepted)
    assert (len(outcome.failed), len(outcome.exceeded)) == (failed, exceeded)
