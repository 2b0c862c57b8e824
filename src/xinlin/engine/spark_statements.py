"""Says in SQL what a block of people gets, whole: their figures, and the points of every record (分布式评分语句).

All of a person lies in one block, and a block's rows of one kind are taken in one piece (``COALESCE(1)``): whatever is grouped,
put in order or joined is then where it is needed, and nothing is shuffled. Rows are those of `xinlin.engine.statements.rows_sql`.
``place``, a row's number in its file, stands for the order of (subject, occurred_on, record), in which the files are sorted.
"""

from __future__ import annotations

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.schemes import Limits
from xinlin.engine.statements import award_sql, clamp_sql, holders_sql, rows_sql

Block = tuple[int, int]
"""Subject numbers, from the first to before the second."""


def indicators_held(plan: Plan, held: set[str]) -> list[tuple[int, IndicatorPlan]]:
    """The indicators with records, each with the position of its dimension."""
    return [
        (at, indicator)
        for at, dimension in enumerate(plan.dimensions)
        for indicator in dimension.indicators
        if indicator.kind in held
    ]


def repeat_view(kind: str, within: str) -> str:
    """The view with the day on which the repeat term of each day ends: (day, ends), for all days of the kind's records."""
    return f"repeats_{kind}_{within}"


def _within(block: Block) -> str:
    return f"subject >= {block[0]} AND subject < {block[1]}"


def _taken_sql(plan: Plan, indicator: IndicatorPlan, block: Block, more: str = "") -> str:
    """``subject``, ``place`` and what the rule asks for, ``value``, ``year``, ``occurred_on``, of the records that it takes."""
    rows = rows_sql(indicator, plan.as_of, ", place" + more)
    # to a sum a record without a value adds nought, and may be given points for it
    columns = "* EXCEPT (value), coalesce(value, 0L) AS value" if indicator.measure.take == "sum" else "*"
    return f"SELECT /*+ COALESCE(1) */ {columns} FROM ({rows} AND {_within(block)})"


def _award(indicator: IndicatorPlan, value: str) -> str:
    """The points for a measured value; a ``table`` was looked up as the row was taken."""
    given = f"coalesce({value}, 0)" if indicator.points.table is not None else award_sql(indicator.points, value)
    return f"CAST({given} AS BIGINT)"


def _measure(indicator: IndicatorPlan) -> str:
    """The measure of a group of rows."""
    match indicator.measure.take:
        case "count":
            return "count(*)"
        case "sum":
            return "sum(value)"
        case "max":
            return "max(value)"
        case "latest":
            return "max_by(value, place) FILTER (WHERE value IS NOT NULL)"
        case "exists":
            return "max(1)"


def _record_points_sql(indicator: IndicatorPlan, taken: str, more: str = "") -> str:
    """Points record by record, a repeat weighed by its factor; only the highest where the rule keeps one."""
    columns = "subject, place" + (", year" if indicator.by_year else "") + more
    points = _award(indicator, "1" if indicator.measure.take in ("count", "exists") else "value")
    if indicator.repeat is not None:
        terms = repeat_view(indicator.kind, indicator.repeat.within)
        points += f" * CASE WHEN occurred_on < ends THEN {indicator.repeat.factor} ELSE 1 END"
        taken = (
            "SELECT /*+ BROADCAST(terms) */ * FROM (SELECT *, lag(occurred_on) OVER (PARTITION BY subject ORDER BY place) "
            f'AS previous FROM ({taken})) LEFT JOIN "{terms}" AS terms ON terms.day = previous'
        )
    given = f"SELECT {columns}, {points} AS points FROM ({taken})"
    if not indicator.highest_only:
        return given
    weight = "row_number() OVER (PARTITION BY subject ORDER BY abs(points) DESC, place) AS weight"
    return f"SELECT {columns}, points FROM (SELECT *, {weight} FROM ({given})) WHERE weight = 1"


def _indicator_sql(plan: Plan, indicator: IndicatorPlan, block: Block) -> str:
    """``subject, points`` of everybody in the block with records that the indicator takes, within all limits."""
    taken, groups = _taken_sql(plan, indicator, block), "subject, year" if indicator.by_year else "subject"
    if indicator.measure.over == "record":
        rows = _record_points_sql(indicator, taken)
        rows = f"SELECT subject, sum(points) AS points FROM ({rows}) GROUP BY {groups}"
    else:
        rows = f"SELECT {groups}, {_measure(indicator)} AS measured FROM ({taken}) GROUP BY {groups}"
        rows = f"SELECT subject, {_award(indicator, 'measured')} AS points FROM ({rows})"
    if indicator.by_year:
        yearly = clamp_sql("points", indicator.per_year)
        rows = f"SELECT subject, sum({yearly}) AS points FROM ({rows}) GROUP BY subject"
    return f"SELECT subject, {clamp_sql('points', indicator.overall)} AS points FROM ({rows})"


def figures_sql(plan: Plan, held: set[str], block: Block) -> str:
    """``subject, score, tier, d0, d1 …`` of everybody enrolled in the block, in the order of subjects.

    Indicators, the enrolled themselves and the holders of class rules are rows of one kind, so that one grouping makes figures of them.
    """
    order = {tier.code: at for at, tier in enumerate(plan.scheme.tiers)}
    last = len(order)
    rows = [f"SELECT /*+ COALESCE(1) */ subject, -1, 0L, {last}, {last} FROM subjects WHERE {_within(block)}"]
    for at, indicator in indicators_held(plan, held):
        rows.append(f"SELECT subject, {at}, points, {last}, {last} FROM ({_indicator_sql(plan, indicator, block)})")
    for rule in plan.scheme.class_rules:
        if rule.kind in held:
            exact, bound = order.get(rule.tier_exactly or "", last), order.get(rule.tier_at_most or "", last)
            holders = f"{holders_sql(rule, plan.as_of)} AND {_within(block)}"
            rows.append(f"SELECT /*+ COALESCE(1) */ subject, -1, 0L, {exact}, {bound} FROM ({holders})")
    names = [f"d{at}" for at in range(len(plan.dimensions))]
    sums = ", ".join(
        clamp_sql(f"sum(CASE WHEN dimension = {at} THEN points ELSE 0L END)", dimension.limits) + f" AS {names[at]}"
        for at, dimension in enumerate(plan.dimensions)
    )
    ends = Limits.model_construct(cap=plan.scheme.scale.maximum, floor=plan.scheme.scale.minimum)
    score = clamp_sql(" + ".join([f"{plan.scheme.base}L", *names]), ends)
    thresholds = " ".join(
        f"WHEN score >= {tier.at_least} THEN {at}" for at, tier in reversed(list(enumerate(plan.scheme.tiers))) if at
    )
    reached = f"CASE {thresholds} ELSE 0 END" if thresholds else "0"
    return (
        f"WITH given (subject, dimension, points, exact, bound) AS ({' UNION ALL '.join(rows)}), "
        f"summed AS (SELECT subject, {sums}, min(exact) AS exact, min(bound) AS bound "
        "FROM (SELECT /*+ COALESCE(1) */ * FROM given) GROUP BY subject), "
        f"scored AS (SELECT *, CAST({score} AS BIGINT) AS score FROM summed) "
        f"SELECT subject, score, CAST(least(CASE WHEN exact < {last} THEN exact ELSE {reached} END, bound) AS BIGINT) AS tier, "
        + ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in names)
        + " FROM scored SORT BY subject"
    )


def _running_sql(rows: str, limits: Limits, part: str, order: str) -> str:
    """What each row adds to the running sum of points within its part, which the limits bound."""
    if limits == Limits():
        return rows
    window = f"OVER (PARTITION BY {part} ORDER BY {order})"
    reached = clamp_sql("run", limits)
    return (
        f"SELECT * EXCEPT (points, run), {reached} - coalesce(lag({reached}) {window}, 0) AS points "
        f"FROM (SELECT *, sum(points) {window} AS run FROM ({rows}))"
    )


def _portions_sql(plan: Plan, indicator: IndicatorPlan, block: Block) -> str:
    """What each taken record gives before limits: sums and counts as they grow, others to the record that decides."""
    taken, take = _taken_sql(plan, indicator, block, ", record"), indicator.measure.take
    if indicator.measure.over == "record":
        return _record_points_sql(indicator, taken, ", record")
    groups = "subject, year" if indicator.by_year else "subject"
    if take in ("count", "sum"):
        window = f"OVER (PARTITION BY {groups} ORDER BY place)"
        grown = f"SELECT *, {'count(*)' if take == 'count' else 'sum(value)'} {window} AS measured FROM ({taken})"
        gained = _award(indicator, "measured")
        points = f"{gained} - coalesce(lag({gained}) {window}, 0)"
        return f"SELECT {groups}, place, record, {points} AS points FROM ({grown})"
    value = "1" if take == "exists" else "value"
    first = {
        "exists": "place",
        "max": "value DESC NULLS LAST, place",
        "latest": "value IS NULL, place DESC",
    }[take]
    decides = f"row_number() OVER (PARTITION BY {groups} ORDER BY {first}) = 1 AND {value} IS NOT NULL"
    return (
        f"SELECT {groups}, place, record, CASE WHEN {decides} THEN {_award(indicator, value)} ELSE 0L END AS points "
        f"FROM ({taken})"
    )


def lines_sql(plan: Plan, held: set[str], block: Block) -> str:
    """``indicator`` (its position), ``subject, record, points``: what every record in the block leaves within the limits, in order."""
    rows = []
    for at, (_, indicator) in enumerate(indicators_held(plan, held)):
        order = "year, place" if indicator.by_year else "place"  # the same order, and what years are told apart by
        given = _running_sql(_portions_sql(plan, indicator, block), indicator.per_year, "subject, year", "place")
        given = _running_sql(given, indicator.overall, "subject", order)
        rows.append(
            f"(SELECT {at} AS indicator, subject, record, points FROM (SELECT * FROM ({given}) WHERE points <> 0 SORT BY place))"
        )
    return " UNION ALL ".join(rows)
