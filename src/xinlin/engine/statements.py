"""Turns an indicator's plan into SQL: the rows that it takes, for an engine that sums them in arrays, or its points whole.

`rows_sql` is what `xinlin.engine.scores` runs on DuckDB. `indicator_sql` and `contributions_sql` are complete statements
for an engine that computes in SQL alone, as `xinlin.engine.spark` does; each reads the view named after the kind of record.
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


def _measure_sql(plan: IndicatorPlan) -> str:
    """The measure of a group of records as an SQL aggregate."""
    of = _column(plan.measure.of or "")
    match plan.measure.take:
        case "count":
            return "count(*)"
        case "sum":
            return f"CAST(sum(coalesce({of}, 0)) AS BIGINT)"
        case "max":
            return f"max({of})"
        case "latest":
            return f"max_by({of}, (occurred_on, record)) FILTER (WHERE {of} IS NOT NULL)"
        case "exists":
            return "1"


def _single_sql(plan: IndicatorPlan) -> str:
    """The measure of one record by itself. A sum over a record without the field is 0; a maximum of nothing is nothing."""
    if plan.measure.take in ("count", "exists"):
        return "1"
    of = _column(plan.measure.of or "")
    return f"coalesce({of}, 0)" if plan.measure.take == "sum" else of


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


def repeat_view(kind: str, within: str) -> str:
    """The view with the day on which the repeat term of each day ends: (day, ends), for all days of the kind's records."""
    return f"repeats_{kind}_{within}"


def _weighed_sql(plan: IndicatorPlan) -> str:
    """Points record by record, repeats weighed by the view `repeat_view` (day, ends)."""
    gained = award_sql(plan.points, _single_sql(plan))
    if not plan.repeat:
        return f"SELECT subject, occurred_on, record, {gained} AS points FROM taken"
    return (
        f"SELECT taken.subject, occurred_on, record, {gained} * CASE WHEN occurred_on < ends THEN {plan.repeat.factor} "
        "ELSE 1 END AS points FROM (SELECT *, lag(occurred_on) OVER (PARTITION BY subject ORDER BY occurred_on, record) "
        f'AS previous FROM taken) AS taken LEFT JOIN "{repeat_view(plan.kind, plan.repeat.within)}" AS terms ON terms.day = previous'
    )


def _record_points_sql(plan: IndicatorPlan) -> str:
    """Points record by record; only the highest where the rule keeps one."""
    if not plan.highest_only:
        return _weighed_sql(plan)
    return (
        "SELECT subject, occurred_on, record, points FROM (SELECT *, row_number() OVER (PARTITION BY subject "
        f"ORDER BY abs(points) DESC, occurred_on, record) AS place FROM ({_weighed_sql(plan)})) WHERE place = 1"
    )


def indicator_sql(plan: IndicatorPlan, as_of: date) -> str:
    """``SELECT subject, points`` for one indicator, one row per subject with records, limits applied."""
    taken = f"WITH taken AS ({taken_sql(plan, as_of)})"
    if plan.measure.over == "all":
        points = clamp_sql(award_sql(plan.points, "measured"), plan.overall)
        return f"{taken} SELECT subject, {points} AS points FROM (SELECT subject, {_measure_sql(plan)} AS measured FROM taken GROUP BY subject)"
    if plan.measure.over == "calendar_year":
        yearly = (
            f"SELECT subject, {clamp_sql(award_sql(plan.points, 'measured'), plan.per_year)} AS points FROM "
            f"(SELECT subject, year(occurred_on) AS y, {_measure_sql(plan)} AS measured FROM taken GROUP BY subject, y)"
        )
    else:
        summed = clamp_sql("CAST(sum(points) AS BIGINT)", plan.per_year)
        yearly = (
            f"SELECT subject, {summed} AS points FROM ({_record_points_sql(plan)}) GROUP BY subject, year(occurred_on)"
        )
    return f"{taken} SELECT subject, {clamp_sql('CAST(sum(points) AS BIGINT)', plan.overall)} AS points FROM ({yearly}) GROUP BY subject"


def _portions_sql(plan: IndicatorPlan) -> str:
    """What each taken record gives before limits: sums and counts as they grow, others to the record that decides."""
    part = "subject" if plan.measure.over == "all" else "subject, year(occurred_on)"
    ordered = f"PARTITION BY {part} ORDER BY occurred_on, record"
    if plan.measure.over == "record":
        return f"SELECT subject, occurred_on, record, points AS raw FROM ({_record_points_sql(plan)})"
    if plan.measure.take in ("count", "sum"):
        of = "1" if plan.measure.take == "count" else f"coalesce({_column(plan.measure.of or '')}, 0)"
        running = f"SELECT *, CAST(sum({of}) OVER ({ordered}) AS BIGINT) AS measured FROM taken"
        gained = award_sql(plan.points, "measured")
        return (
            f"SELECT subject, occurred_on, record, {gained} - coalesce(lag({gained}) OVER ({ordered}), 0) AS raw "
            f"FROM ({running})"
        )
    of = "1" if plan.measure.take == "exists" else _column(plan.measure.of or "")
    first = {
        "exists": "occurred_on, record",
        "max": f"{of} DESC NULLS LAST, occurred_on, record",
        "latest": f"({of} IS NULL), occurred_on DESC, record DESC",
    }[plan.measure.take]
    return (
        f"SELECT subject, occurred_on, record, CASE WHEN row_number() OVER (PARTITION BY {part} ORDER BY {first}) = 1 "
        f"AND {of} IS NOT NULL THEN {award_sql(plan.points, of)} ELSE 0 END AS raw FROM taken"
    )


def contributions_sql(plan: IndicatorPlan, as_of: date) -> str:
    """``SELECT subject, occurred_on, record, points`` for one indicator: every record that leaves points within the limits."""
    yearly = "PARTITION BY subject, year(occurred_on) ORDER BY occurred_on, record"
    overall = "PARTITION BY subject ORDER BY occurred_on, record"
    year_run, whole_run = clamp_sql("year_run", plan.per_year), clamp_sql("whole_run", plan.overall)
    return (
        f"WITH taken AS ({taken_sql(plan, as_of)}), portions AS ({_portions_sql(plan)}), "
        f"by_year AS (SELECT *, CAST(sum(raw) OVER ({yearly}) AS BIGINT) AS year_run FROM portions), "
        f"kept AS (SELECT *, {year_run} - coalesce(lag({year_run}) OVER ({yearly}), 0) AS left_by_year FROM by_year), "
        f"summed AS (SELECT *, CAST(sum(left_by_year) OVER ({overall}) AS BIGINT) AS whole_run FROM kept), "
        f"limited AS (SELECT subject, occurred_on, record, {whole_run} - coalesce(lag({whole_run}) OVER ({overall}), 0) AS points "
        "FROM summed) SELECT subject, occurred_on, record, points FROM limited WHERE points <> 0"
    )
