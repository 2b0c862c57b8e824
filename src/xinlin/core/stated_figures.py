"""Figures published elsewhere (外部公布的数字): how a table of them is read, and what of ours each may be held against."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from xinlin.core.batches import JudgedRow
from xinlin.core.rulebooks import FieldSpec, FieldType, Kind
from xinlin.core.values import Text


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def _field(code: str, label: tuple[str, str], *aliases: str, type: FieldType = "text", **more: Any) -> FieldSpec:
    return FieldSpec(code=code, label=_text(*label), type=type, aliases=list(aliases), **more)


ROLES: Mapping[str, Text] = {
    "part": _text("其中的一项", "a part of it"),
    "cause": _text("与各项之差的原因", "a cause of the gap to its parts"),
    "platform_cause": _text("与平台统计之差的原因", "a cause of the gap to the platform's count"),
}
"""What a figure is to another; without one it stands for itself."""
MEASURES: Mapping[str, Text] = {
    "read": _text("各次报送读到的行", "rows read of all deliveries"),
    "records": _text("入库的记录", "records"),
    "refused": _text("退回的行", "rows refused"),
    "repeated": _text("重复报送的行", "rows that repeat a record"),
    "registrations": _text("自然人登记行", "rows of the register of persons"),
    "people": _text("建档人数", "people in the register"),
}
"""What the platform counts of everything; ``kind:CODE`` counts the records of one kind, ``office:CODE`` those of one office."""
TABLE = Kind(
    code="stated_figures",
    name=_text("外部公布的数字", "Figures published elsewhere"),
    providers=["credit_centre"],
    subject_kinds=["enterprise"],
    linking="optional",
    sign="neutral",
    purpose=_text("对账", "Reconciliation"),
    openness="government",
    retention="P10Y",
    update_interval="P1Y",
    basis="demonstration",
    fields=[
        _field("source", ("来源", "Source"), "出处", "公报", "文件名称", required=True, max_length=300),
        _field("stated_on", ("公布日期", "Published on"), "日期", "发布日期", "date", type="date"),
        _field("code", ("编号", "Code"), "代码", "id", max_length=80),
        _field(
            "name",
            ("计什么", "What it counts"),
            "指标",
            "指标名称",
            "项目",
            "名称",
            "what",
            required=True,
            max_length=300,
        ),
        _field("value", ("数字", "Figure"), "数值", "数量", "value", required=True, type="integer", minimum=0),
        _field("unit", ("单位", "Unit"), "计量单位", max_length=40),
        _field("of", ("属于", "Belongs to"), "上级编号", max_length=80),
        _field("role", ("关系", "Relation"), type="code", codes=dict(ROLES)),
        _field("measure", ("平台口径", "Platform's count"), max_length=80),
    ],
)
"""The columns of a table of figures; its rows are read and judged like those of any delivery."""


@dataclass(frozen=True)
class Stated:
    """A figure as its source states it."""

    code: str
    source: str
    stated_on: date
    name: str
    value: int
    unit: str = ""
    of: str = ""
    """Code of the figure to which it belongs."""
    role: str = ""
    measure: str = ""


def from_row(row: JudgedRow, day: date) -> Stated:
    """A judged row of `TABLE`; ``day`` where it names none. Without a code of its own it has one from what it says it is."""
    told = row.fields
    stated_on = told.get("stated_on") or day
    on = date.fromisoformat(stated_on) if isinstance(stated_on, str) else stated_on
    said = "\x1f".join((told["source"], told["name"], on.isoformat()))
    return Stated(
        code=told.get("code") or "F" + hashlib.sha256(said.encode()).hexdigest()[:10].upper(),
        source=told["source"],
        stated_on=on,
        name=told["name"],
        value=told["value"],
        unit=told.get("unit") or "",
        of=told.get("of") or "",
        role=told.get("role") or ("part" if told.get("of") else ""),
        measure=told.get("measure") or "",
    )
