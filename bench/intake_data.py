"""The made-up catalogue, residents and files with which `bench/intake.py` measures."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from stdnum.cn import ric

from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.values import Text

COLUMNS = ["证件号码", "姓名", "日期", "文书", "机关", "地点", "时长", "金额", "类别", "项目", "说明", "编号"]
WRONG_EACH = 100
"""One row in so many is wrong."""


def text(words: str) -> Text:
    """The same words in both languages."""
    return Text(zh=words, en=words)


def _kind(code: str, shapes: list[tuple[str, str, str, str | None]], **more: Any) -> Kind:
    fields = [
        FieldSpec(
            code=name,
            label=text(label),
            type=type_,  # type: ignore[arg-type]  # literals below
            role=role,  # type: ignore[arg-type]  # literals below
            required=role is not None,
            unit="元" if type_ == "money" else None,
            codes={"a": text("甲"), "b": text("乙")} if type_ == "code" else None,
        )
        for name, label, type_, role in shapes
    ]
    given: dict[str, Any] = {"subject_kinds": ["person"], "sign": "positive", "openness": "government", **more}
    given |= {"providers": ["office"], "retention": "P5Y", "update_interval": "P1M", "basis": "demonstration"}
    return Kind(code=code, name=text(code), purpose=text("bench"), fields=fields, **given)


DEEDS = _kind(
    "deeds",
    [
        ("resident_id", "证件号码", "resident_id", "subject"),
        ("name", "姓名", "text", "subject_name"),
        ("occurred_on", "日期", "date", "occurred_on"),
        ("document", "文书", "text", "document"),
        ("authority", "机关", "text", "authority"),
        ("place", "地点", "text", None),
        ("hours", "时长", "integer", None),
        ("amount", "金额", "money", None),
        ("sort", "类别", "code", None),
        ("project", "项目", "text", None),
        ("remarks", "说明", "text", None),
        ("serial", "编号", "text", None),
    ],
)
PEOPLE = _kind(
    "residents",
    [
        ("resident_id", "证件号码", "resident_id", "subject"),
        ("name", "姓名", "text", "subject_name"),
        ("region", "区划", "region", None),
        ("registered_on", "登记日期", "date", "occurred_on"),
    ],
    effect="register",
)
CORRECTED = DEEDS.model_copy(update={"code": "corrected_deeds", "identity": ["serial"]})
"""The same, where a row with the serial of one held corrects it."""


def resident(number: int) -> tuple[str, str]:
    """A made-up resident number, another for each of eight million numbers, and a name."""
    body = f"330302{1985 + number // 336_000}{number // 28_000 % 12 + 1:02d}{number // 1_000 % 28 + 1:02d}{number % 1000:03d}"
    name = "王李张刘陈"[number % 5] + "小大中文国"[number // 5 % 5] + "明华强芳军"[number // 25 % 5]
    return body + ric.calc_check_digit(body + "0"), name


def deeds(rows: int, people: int, *, each: int = 1, hours: int = 1) -> Iterator[list[str]]:
    """The rows of the file, or one in ``each`` of them: every `WRONG_EACH` th has an amount that is none."""
    for number in range(0, rows, each):
        identifier, name = resident(number * 7_919 % people)
        day = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        amount = "若干" if number % WRONG_EACH == 50 else "12.50"
        row = [identifier, name, day, f"文〔2024〕{number}号", "某机关", "某街道", str(number % 8 + hours), amount]
        yield [*row, "甲" if number % 2 else "乙", "河道保洁", "集体活动", f"{number:08d}"]


def write_csv(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    """A CSV file in UTF-8."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header])
        csv.writer(stream).writerows(rows)
