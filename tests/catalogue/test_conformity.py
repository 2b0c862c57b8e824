"""What must add up: remainders are shown with their causes; providers are in time or silent."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tests.intake.conftest import Send, resident, table
from xinlin.core.conformity import Item, by_cause, per_mille, standing
from xinlin.core.values import Text
from xinlin.office.jobs.record_figures import count
from xinlin.office.queries.quality import quality, reconciliations

from .conftest import REVIEWER


def named(words: str) -> Text:
    return Text(zh=words, en=words)


@pytest.mark.parametrize(
    ("last", "day", "expected"),
    [
        (None, "2026-03-01", "never"),
        ("2026-01-31", "2026-02-01", "kept"),
        ("2026-01-31", "2026-02-27", "due"),
        ("2026-01-31", "2026-02-28", "due"),
        ("2026-01-31", "2026-03-01", "silent"),
    ],
)
def test_a_provider_turns_amber_the_day_after_its_interval(last: str | None, day: str, expected: str) -> None:
    told = standing(date.fromisoformat(last) if last else None, "P1M", date.fromisoformat(day))
    assert told[0] == expected


def test_the_published_figures_reproduce_with_their_gaps(shared: Any) -> None:
    figures = json.loads((shared / "data/published_figures/figures.json").read_text(encoding="utf-8"))
    value = {figure["id"]: figure["value"] for figure in figures}
    classes = [Item(named(c), value[f"baiyun.{c}"]) for c in ("star", "honest", "warning", "untrustworthy")]
    table_ = by_cause(named("等级"), named("档案"), value["baiyun.files"], classes, {})
    assert (table_.summed, table_.total, table_.remainder, table_.unexplained) == (187_154, 187_155, 1, 1)
    files = [Item(named("档案"), value["baiyun.files"])]
    causes = {named("未满 18 周岁"): 300, named("重复登记"): 200, named("非本区户籍"): 81, named("无"): 0}
    rows = by_cause(named("记录与档案"), named("记录"), value["baiyun.basic_records"], files, causes)
    assert (rows.remainder, rows.unexplained, len(rows.causes)) == (581, 0, 3)


def test_own_rows_and_people_add_up_by_cause(send: Send) -> None:
    head = "公民身份号码,姓名,行政区划代码,登记日期"
    line = f"{resident(1)},王小明,330305,2024-01-01"
    other = f"{resident(2)},李四,330305,2024-01-01"
    send("residents", table(head, line, other, line, f"{resident(3)[:17]}x,坏行,330305,2024-01-01"))
    send("residents", table(head, f"{resident(1)},王小明,330302,2025-01-01"))
    _, (rows, people) = reconciliations(actor=REVIEWER)
    assert (rows.total, rows.remainder, rows.unexplained) == (5, 2, 0)
    assert [cause.value for cause in people.causes] == [1, 1, 1]
    assert (people.total, people.parts[0].value, people.unexplained) == (5, 2, 0)


def test_a_reconciliation_reads_what_the_worker_counted(send: Send, django_assert_num_queries: Any) -> None:
    send("residents", table("公民身份号码,姓名,行政区划代码,登记日期", f"{resident(1)},王小明,330305,2024-01-01"))
    count()
    with django_assert_num_queries(1):
        counted_at, (rows, _) = reconciliations(actor=REVIEWER)
    assert counted_at is not None
    assert rows.total == 1


def test_quality_says_who_sent_what_and_what_was_refused(send: Send) -> None:
    send("residents", table("公民身份号码,姓名", f"{resident(1)},王小明", f"{resident(2)},", f"{resident(4)},李四"))
    shown = quality(actor=REVIEWER)
    line = next(line for line in shown.lines if line.kind == "residents")
    assert (line.standing, line.rows, line.refused, line.conformity) == ("kept", 3, 1, 666)
    assert [cause.code for cause in line.causes] == ["missing"]
    assert next(line for line in shown.lines if line.kind == "firms").standing == "never"
    assert per_mille(0, 0) is None
