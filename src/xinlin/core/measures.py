"""What surrounds measures and incentives: memoranda, topics, the register of measures asked for (联合奖惩备忘录, 专题, 措施清单)."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from xinlin.core.schemes import Basis
from xinlin.core.values import Strict, Text

RelatedField = Literal[
    "market", "trading", "public_funds", "office", "consumption", "public_service", "supervision", "honours", "finance"
]
"""市场准入与经营, 公共资源交易, 财政资金, 任职, 高消费, 公职录用, 监督管理, 评先评优, 融资. A measure stays inside the fields of
its list's own cause (深圳 66; 国办发〔2020〕49号: relevance)."""


class NationalMeasureRow(Strict):
    """One row of the national basic list of punitive measures (全国失信惩戒措施基础清单)."""

    code: str
    name: Text
    group: Literal["reduces_rights", "management", "outside_administration"]
    verified: bool = False
    basis: Basis


def wording_sha256(row: NationalMeasureRow) -> str:
    """SHA-256 over what a person compares with the official text: wording, class, and the number of the item.

    Whoever changes one of them asks for a new comparison.
    """
    articles = [] if row.basis == "demonstration" else [[one.source, one.article] for one in row.basis]
    told = json.dumps([row.code, row.name.zh, row.group, articles], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


class Incentive(Strict):
    """Something easier for whoever stands on a red list (守信激励措施). Never a basic public service, never a queue.

    ``automatic`` ones are given without anybody deciding; an adverse measure never is.
    """

    code: str
    statutory_list: str
    name: Text
    way: Literal["green_channel", "deferred_papers", "fewer_inspections", "simpler_review", "fee_relief"]
    automatic: bool
    departments: Annotated[list[str], Field(min_length=1)]
    items: list[str] = []
    """Approval items at which it is given; empty for none in particular."""
    basis: Basis


class Topic(Strict):
    """A topic of joint incentive or discipline (联合奖惩专题): which lists, measures and offices it opens."""

    code: str
    name: Text
    sort: Literal["incentive", "discipline"]
    lists: list[str] = []
    measures: list[str] = []
    incentives: list[str] = []
    departments: list[str] = []
    basis: Basis


class Party(Strict):
    """One signatory of a memorandum and what it promised to do."""

    department: str
    role: Literal["initiator", "party", "firm"] = "party"
    duties: Annotated[list[Text], Field(min_length=1)]


class MemorandumClause(Strict):
    """A clause and what in this system it drives; one that drives nothing says why."""

    article: str
    text: Text
    measures: list[str] = []
    incentives: list[str] = []
    lists: list[str] = []
    idle: Text | None = None


class Memorandum(Strict):
    """A memorandum of joint incentive or discipline (联合奖惩合作备忘录). Of itself it allows no measure: a law does."""

    code: str
    title: Text
    version: str
    signed_on: date | None = None
    replaces: str | None = None
    parties: Annotated[list[Party], Field(min_length=1)]
    clauses: Annotated[list[MemorandumClause], Field(min_length=1)]
    basis: Basis


class RegisteredMeasure(Strict):
    """A measure that a local document lists (措施清单条目), with whatever of its four conditions is known.

    It works only through ``activates``, the code of a measure of this rulebook; without all conditions it stays listed
    and idle, for everybody to see.
    """

    code: str
    name: Text
    departments: Annotated[list[str], Field(min_length=1)]
    national_row: str | None = None
    clause: Text | None = None
    scope: Text | None = None
    end: Text | None = None
    activates: str | None = None
    basis: Basis


Condition = Literal["national_row", "clause", "scope", "end"]
CONDITIONS: tuple[Condition, ...] = ("national_row", "clause", "scope", "end")


def unmet(registered: RegisteredMeasure) -> list[Condition]:
    """Which of the four conditions the entry lacks; one that lacks any cannot be activated."""
    return [condition for condition in CONDITIONS if getattr(registered, condition) is None]


def is_active(registered: RegisteredMeasure) -> bool:
    """Whether the entry works: every condition met, and a measure of the rulebook carries it."""
    return registered.activates is not None and not unmet(registered)
