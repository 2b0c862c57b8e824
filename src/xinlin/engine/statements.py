"""Turns an indicator's plan into SQL: the rows that it takes from the view named after their kind (评分语句).

`xinlin.engine.scores` sums such rows in arrays, `xinlin.engine.spark_statements` in SQL.
"""

from __future__ import annotations

from datetime import date

from xinlin.core.plan import IndicatorPlan, Window
from xinlin.core.schemes import AllOf, AnyOf, Award, ClassRule, Condition, FieldTest, Limits, NotOf
from xinlin.engine.snapshot import column

RECORD_COLUMNS = {"class": '"class"', "document": '"document"', "occurred_on": '"occurred_on"'}


def literal(value: str | int | bool | date) -> str:
    """A value as an SQL literal."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return "'" + value.replace("'", "''") + "'"


def _column(name: str) -> str:
    return RECORD_COLUMNS.get(name) or '"' + column(name).replace('"', '""') + '"'


def condition_sql(condition: Condition | None) -> str:
    """A condition as SQL that is never NULL, so that ``not`` means what it means in the evaluator."""
    match condition:
        case None:
            return "TRUE"
        case AllOf():
            return "(" + " AND ".join([condition_sql(part) for part in condition.all] or ["TRUE"]) + ")"
        case AnyOf():
            return "(" + " OR ".join([condition_sql(part) for part in condition.any] or ["FALSE"]) + ")"
        case NotOf():
            return f"(NOT {condition_sql(condition.not_)})"
        case FieldTest():
            return f"coalesce({_test_sql(condition)}, FALSE)"


def filter_sql(condition: Condition | None) -> str:
    """A condition as SQL that may be NULL where it does not hold: all that a filter asks, and what a scan can skip by."""
    match condition:
        case AllOf():
            return "(" + " AND ".join([filter_sql(part) for part in condition.all] or ["TRUE"]) + ")"
        case AnyOf():
            return "(" + " OR ".join([filter_sql(part) for part in condition.any] or ["FALSE"]) + ")"
        case FieldTest():
            return _test_sql(condition)
        case _:
            return condition_sql(condition)


def fields_of(condition: Condition | None) -> frozenset[str]:
    """The fields that the condition tests."""
    match condition:
        case FieldTest():
            return frozenset([condition.field])
        case AllOf(all=parts) | AnyOf(any=parts):
            return frozenset().union(*(fields_of(part) for part in parts))
        case NotOf():
            return fields_of(condition.not_)
        case None:
            return frozenset()


def _test_sql(test: FieldTest) -> str:
    name = _column(test.field)
    if test.exists is not None:
        return f"({name} IS {'NOT ' if test.exists else ''}NULL)"
    if test.equals is not None:
        return f"({name} = {literal(test.equals)})"
    if test.among is not None:
        # a list would be told apart choice by choice, over all rows for each
        arms = " ".join(f"WHEN {literal(choice)} THEN TRUE" for choice in test.among)
        return f"(CASE {name} {arms} ELSE FALSE END)" if test.among else "FALSE"
    bounds = [f"{name} >= {literal(test.at_least)}"] if test.at_least is not None else []
    bounds += [f"{name} < {literal(test.below)}"] if test.below is not None else []
    return "(" + " AND ".join(bounds) + ")"


def _windows_sql(windows: tuple[Window, ...]) -> str:
    """Whether a record is of a class that counts and not too old for it; NULL or FALSE where not."""
    since = {window.record_class: literal(window.first_day or date.min) for window in windows}
    if None in since:
        return f"(occurred_on >= {since[None]})"
    arms = " ".join(f"WHEN {literal(name)} THEN {first}" for name, first in since.items() if name is not None)
    return f'(occurred_on >= CASE "class" {arms} END)' if arms else "FALSE"


def award_sql(points: Award, value: str) -> str:
    """The points for a measured value as an SQL expression; NULL gives 0 (``least`` and ``greatest`` pass over NULL)."""
    if points.table is not None:
        cases = " ".join(f"WHEN {literal(key)} THEN {given}" for key, given in sorted(points.table.items()))
        return f"(CASE CAST({value} AS STRING) {cases} ELSE 0 END)"
    if points.each is not None:
        units = points.each.units
        return f"coalesce(({value} DIV {units}) * {points.each.points}, 0)"  # DIV rounds towards nought
    if points.bands is not None:
        cases = " ".join(f"WHEN {value} >= {band.at_least} THEN {band.points}" for band in reversed(points.bands))
        return f"(CASE {cases} ELSE 0 END)"
    terms, reached = [], 0
    for step in points.steps or []:
        upper = value if step.up_to is None else f"least({value}, {step.up_to})"
        # the greater first: the least of 64-bit integers less something is none of them
        terms.append(f"((greatest({upper}, {reached}) - {reached}) DIV {step.per}) * {step.points}")
        reached = step.up_to or reached
    return f"(CASE WHEN {value} IS NULL THEN 0 ELSE {' + '.join(terms)} END)"


def clamp_sql(value: str, limits: Limits) -> str:
    """The value within the limits as an SQL expression."""
    if limits.cap is not None:
        value = f"least({value}, {limits.cap})"
    if limits.floor is not None:
        value = f"greatest({value}, {limits.floor})"
    return value


def _in_force_sql(as_of: date) -> str:
    """A snapshot gives every record an end; one without an end of its own ends in the year 9999."""
    return f"status = 'active' AND occurred_on <= {literal(as_of)} AND ends_on > {literal(as_of)}"


def taken_sql(plan: IndicatorPlan, as_of: date, columns: str = "*") -> str:
    """The records that the indicator takes."""
    own = "TRUE" if plan.through else "NOT via"
    return (
        f'SELECT {columns} FROM "{plan.kind}" WHERE {_in_force_sql(as_of)} AND {own} '
        f"AND {_windows_sql(plan.windows)} AND {filter_sql(plan.where)}"
    )


def value_sql(plan: IndicatorPlan) -> str | None:
    """What the measure reads of one record; None where it reads no field. A table is looked up here, text to points."""
    of = _column(plan.measure.of or "")
    match plan.measure.take:
        case "count" | "exists":
            return None
        case "max" | "latest" if plan.points.table is not None:
            return f"CASE WHEN {of} IS NULL THEN NULL ELSE CAST({award_sql(plan.points, of)} AS BIGINT) END"
        case "sum" | "max" | "latest":
            return f"CAST({of} AS BIGINT)"


def rows_sql(plan: IndicatorPlan, as_of: date, more: str = "") -> str:
    """The rows that the indicator takes: ``subject``, then ``value``, ``year``, ``occurred_on`` where the rule asks for them.

    ``more`` is put at the end of the columns. In the order of the snapshot where the engine keeps order.
    """
    columns, value = ["subject"], value_sql(plan)
    if value is not None:
        columns.append(f"{value} AS value")
    if plan.by_year:
        columns.append("CAST(year(occurred_on) AS SMALLINT) AS year")
    if plan.repeat is not None:
        columns.append("occurred_on")
    return taken_sql(plan, as_of, ", ".join(columns) + more)


def holders_sql(rule: ClassRule, as_of: date) -> str:
    """``SELECT subject`` of those of whom a record holds that the class rule names; once for each such record."""
    return f'SELECT subject FROM "{rule.kind}" WHERE {_in_force_sql(as_of)} AND NOT via AND {filter_sql(rule.where)}'
