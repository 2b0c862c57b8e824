"""What a catalogue row may say beyond its columns: editions with dates, rules across a row, what a delivery must hold (目录).

The row itself is `xinlin.core.rulebooks.Kind`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from xinlin.core.schemes import Basis, Condition
from xinlin.core.values import Strict, Text, misfit


class Edition(Strict):
    """A published version of a catalogue (目录版本): in force from one day to the day before another."""

    code: str
    name: Text
    effective_from: date
    effective_to: date | None = None
    """First day on which it no longer holds."""
    consulted_from: date | None = None
    """When the public was first asked about it (深圳 33; 浙江 12); only a city's own catalogue needs it."""
    basis: Basis

    def in_force(self, day: date) -> bool:
        """Whether the edition holds on the day."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


class Theme(Strict):
    """A group of kinds that people look at together (主题库): a declared view, nothing stored twice."""

    code: str
    name: Text
    kinds: Annotated[list[str], Field(min_length=1)]
    owner: str
    """The department that answers for it."""
    basis: Basis


class Connection(Strict):
    """A system of an office that is to be connected (接入系统): what it delivers, and whether it asks checks."""

    code: str
    name: Text
    department: str
    delivers: list[str] = []
    """Kinds of record that come from it."""
    asks: bool = False
    """Whether it asks checks for its office."""
    basis: Basis


Module = Literal[
    "registers", "site", "card", "intake", "cases", "scores", "checks", "benefits", "connections", "terminals", "log"
]
"""What this platform is made of, as its users see it."""


class SystemPart(Strict):
    """How a city calls one part of its credit system (系统构成), and the module of this platform that it is."""

    code: str
    name: Text
    module: Module
    basis: Basis


class CodeValidity(Strict):
    """When a value of a code list may be used: from a day, until the day before another; what it became."""

    effective_from: date | None = None
    effective_to: date | None = None
    successor: str | None = None


class RowRule(Strict):
    """A rule that only a whole row can meet or break (跨字段校验). Exactly one of three forms.

    ``in_order``: of the fields that are given, none lies before (or is less than) the one named before it.
    ``required`` with ``when``: these fields must be given where the condition holds.
    ``refused`` with ``says`` and ``cure``: a row that meets the condition is not taken.
    A condition may test the kind's fields and ``subject_kind``.
    """

    in_order: Annotated[list[str], Field(min_length=2)] | None = None
    required: Annotated[list[str], Field(min_length=1)] | None = None
    when: Condition | None = None
    refused: Condition | None = None
    says: Text | None = None
    cure: Text | None = None

    @model_validator(mode="after")
    def _one_form(self) -> RowRule:
        forms = [self.in_order, self.required, self.refused]
        told = (self.says is None) == (self.refused is None) == (self.cure is None)
        if sum(form is not None for form in forms) != 1 or not told or (self.when is None) != (self.required is None):
            raise misfit(
                "规则须为三种写法之一",
                "a rule has exactly one of three forms",
                "写 in_order；或 required 加 when；或 refused 加 says 和 cure",
                "give in_order; or required with when; or refused with says and cure",
            )
        return self


class Assertion(Strict):
    """What a delivery as a whole should hold (批次断言). Less than ``minimum`` stops it; more than ``maximum`` is told.

    ``filled`` counts, in per cent of the rows taken, those in which ``field`` is given; ``accepted`` the rows taken in per
    cent of those read; ``rows`` the rows read.
    """

    measure: Literal["rows", "accepted", "filled"]
    field: str | None = None
    minimum: int | None = Field(default=None, ge=0)
    maximum: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _complete(self) -> Assertion:
        share = self.measure != "rows"
        beyond = share and any(bound is not None and bound > 100 for bound in (self.minimum, self.maximum))
        bounded = self.minimum is not None or self.maximum is not None
        if (self.measure == "filled") != (self.field is not None) or not bounded or beyond:
            raise misfit(
                "断言不完整",
                "the assertion is not complete",
                "filled 写 field；给出 minimum 或 maximum；百分比不超过 100",
                "filled names a field; give minimum or maximum; a share is at most 100",
            )
        return self
