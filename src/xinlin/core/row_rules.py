"""Judging a whole row by the rules of its kind: order of days, fields that others call for, codes of their time (跨字段校验)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise

from xinlin.core import industries, people, regions
from xinlin.core.catalogue import RowRule
from xinlin.core.conditions import holds, tests_in
from xinlin.core.records import Value
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.values import Problem, Text

ValueOf = Callable[[str], Value | None]
"""The typed value of a field by its code; None where the row gives none."""
Note = tuple[str, str, str]
SUBJECT_KIND = "subject_kind"
"""What a rule may test besides the kind's own fields: whose record it is."""


class RowRules:
    """The rules of one kind, ready for its rows. False where it has none, so that nothing is asked."""

    def __init__(self, kind: Kind) -> None:
        """Made once for a kind."""
        self._kind = kind
        self._labels = {spec.code: spec.label for spec in kind.fields}
        self._dated = [spec for spec in kind.fields if spec.validity]
        self._regions = [spec for spec in kind.fields if spec.type == "region"]
        self._industries = [spec for spec in kind.fields if spec.code_set == "industry"]
        self._days = frozenset(spec.code for spec in kind.fields if spec.type == "date")
        self._subject = next((spec.code for spec in kind.fields if spec.role == "subject"), "")
        self._day = next((spec.code for spec in kind.fields if spec.role == "occurred_on"), "")

    def fields(self) -> list[str]:
        """Codes of all fields on which anything depends: rows that agree in these are judged alike."""
        tested = {
            test.field for rule in self._kind.rules for c in (rule.when, rule.refused) for _, test in tests_in(c, ())
        }
        named = {code for rule in self._kind.rules for code in (*(rule.in_order or ()), *(rule.required or ()))}
        coded = {spec.code for spec in (*self._dated, *self._regions, *self._industries)}
        whose = {self._subject} if SUBJECT_KIND in tested else set[str]()
        return sorted((tested | named | coded | whose | {self._day}) - {SUBJECT_KIND, ""})

    def by_year(self) -> bool:
        """Whether of the record's day only the year counts, as for divisions."""
        return not (self._kind.rules or self._dated or self._industries)

    @property
    def day(self) -> str:
        """Code of the field that says when it happened; empty where the kind has none."""
        return self._day

    def __bool__(self) -> bool:
        return bool(self._kind.rules or self._dated or self._regions or self._industries)

    def __call__(self, raw: Callable[[str], object]) -> tuple[list[Problem], list[Note]]:
        """What is wrong with a row as a whole, and what is worth knowing of it. ``raw``: a field's value, days as text too."""
        value_of = self._typed(raw)
        day = value_of(self._day)
        return self._problems(value_of, day if isinstance(day, date) else None), list(
            self._notes(value_of, day if isinstance(day, date) else None)
        )

    def kept(self, raw: Callable[[str], object]) -> bool:
        """Whether nothing is wrong with the row, and nothing need be noted of it."""
        return self(raw) == ([], [])

    def _typed(self, raw: Callable[[str], object]) -> ValueOf:
        def value_of(code: str) -> Value | None:
            if code == SUBJECT_KIND:
                identifier = raw(self._subject)
                return people.identifier_kind(str(identifier)) if identifier else None
            value = raw(code) if code else None
            if value is None or value == "":
                return None
            if code in self._days and isinstance(value, str):
                return date.fromisoformat(value)
            return value if isinstance(value, str | int | date) else None

        return value_of

    def _problems(self, value_of: ValueOf, day: date | None) -> list[Problem]:
        found = [problem for rule in self._kind.rules for problem in self._broken(rule, value_of)]
        if day is not None:
            found.extend(problem for spec in self._dated if (problem := self._outdated(spec, value_of, day)))
            found.extend(problem for spec in self._regions if (problem := self._gone(spec, value_of, day)))
        return found

    def _notes(self, value_of: ValueOf, day: date | None) -> Iterator[Note]:
        if day is None:
            return
        for spec in self._regions:
            code = value_of(spec.code)
            if not spec.required and isinstance(code, str) and self._stood_otherwise(code, day):
                after = regions.successor(code)
                yield "region_lapsed", spec.code, f"{code} → {regions.shown(after)}" if after else code
        for spec in self._industries:
            code = value_of(spec.code)
            if isinstance(code, str) and not industries.in_edition(code, industries.edition_on(day)):
                yield "industry_other_edition", spec.code, code

    def _broken(self, rule: RowRule, value_of: ValueOf) -> Iterator[Problem]:
        if rule.in_order is not None:
            yield from self._out_of_order(rule.in_order, value_of)
        elif rule.required is not None:
            if holds(rule.when, value_of):
                yield from (self._needed(code) for code in rule.required if value_of(code) is None)
        elif rule.says is not None and rule.cure is not None and holds(rule.refused, value_of):
            yield Problem("row_rule", "", rule.says, rule.cure)

    def _out_of_order(self, codes: list[str], value_of: ValueOf) -> Iterator[Problem]:
        given = [(code, value) for code in codes if (value := value_of(code)) is not None]
        for (first, low), (second, high) in pairwise(given):
            if type(low) is type(high) and high < low:  # type: ignore[operator]  # of one type
                early, late = self._labels[first], self._labels[second]
                yield Problem(
                    "out_of_order",
                    second,
                    Text(zh=f"“{late.zh}”早于或小于“{early.zh}”", en=f"{late.en} lies before {early.en}, or is less"),
                    Text(zh="请核对这两格", en="Check these two cells"),
                )

    def _needed(self, code: str) -> Problem:
        label = self._labels[code]
        return Problem(
            "needed_here",
            code,
            Text(zh=f"按本行其他内容，“{label.zh}”必填", en=f"What the row says elsewhere calls for {label.en}"),
            Text(zh="请补填后重报", en="Fill it in and send the row again"),
        )

    def _outdated(self, spec: FieldSpec, value_of: ValueOf, day: date) -> Problem | None:
        code = value_of(spec.code)
        validity = spec.validity.get(str(code)) if code is not None else None
        if validity is None:
            return None
        early = validity.effective_from is not None and day < validity.effective_from
        late = validity.effective_to is not None and day >= validity.effective_to
        if not early and not late:
            return None
        after = (spec.codes or {}).get(validity.successor or "")
        use = f"{validity.successor} {after.zh}" if after else ""
        return Problem(
            "code_not_in_force",
            spec.code,
            Text(zh=f"代码 {code} 在 {day} 不在有效期内", en=f"The code {code} does not hold on {day}"),
            Text(
                zh=f"是否应为 {use}？请对照来源更正" if use else "请改用当日有效的代码",
                en=f"Perhaps {validity.successor}? Correct it after the source" if use else "Use a code of that day",
            ),
        )

    def _stood_otherwise(self, code: str, day: date) -> bool:
        """Whether the county code is known, and not for the record's time: a register says where somebody lives now."""
        known = regions.standings(code) if len(code) >= regions.COUNTY else ()
        if self._kind.effect == "register":
            return bool(known) and all(one.last is not None for one in known)
        return bool(known) and not any(one.in_year(day.year) for one in known)

    def _gone(self, spec: FieldSpec, value_of: ValueOf, day: date) -> Problem | None:
        code = value_of(spec.code)
        if not spec.required or not isinstance(code, str) or not self._stood_otherwise(code, day):
            return None
        after = regions.successor(code)
        stood = "、".join(f"{one.first or ''}–{one.last or ''} {one.name}" for one in regions.standings(code))
        return Problem(
            "region_not_in_force",
            spec.code,
            Text(
                zh=f"{day.year} 年没有行政区划 {code[:6]}（{stood}）",
                en=f"There was no division {code[:6]} in {day.year} ({stood})",
            ),
            Text(
                zh=f"是否应为 {regions.shown(after)}？请对照来源更正" if after else "请填当年有效的区划代码",
                en=f"Perhaps {regions.shown(after)}? Correct it after the source"
                if after
                else "Give a code that stood in that year",
            ),
        )
