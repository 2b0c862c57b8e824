"""The bulk engine and the plain evaluator mean the same, whatever the scheme and the history."""

from __future__ import annotations

import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinlin.core.plan import compile_scheme
from xinlin.core.records import Fact
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.schemes import (
    AllOf,
    AnyOf,
    Award,
    Band,
    ClassRule,
    Dimension,
    Each,
    Extension,
    FieldTest,
    Indicator,
    Limits,
    Measure,
    NotOf,
    Repeat,
    Scale,
    Scheme,
    Step,
    Tier,
)
from xinlin.core.scores import evaluate
from xinlin.core.trade_scores import whole_schemes
from xinlin.core.values import Text
from xinlin.engine.figures import joined
from xinlin.engine.freezing import in_order
from xinlin.engine.scores import parts, run
from xinlin.engine.snapshot import Row, SnapshotWriter

EXAMPLES = int(os.environ.get("XINLIN_EXAMPLES") or 100)
"""How many schemes with histories to try; a long run asks for thousands."""

T = Text(zh="文", en="text")
START = date(2023, 1, 1)
CLASSES = ["minor", "general", "serious"]
KINDS = ["deed", "fault", "honour"]
TERMS = ["P1M", "P3M", "P6M", "P1Y", "P2Y", "P30D", "P1Y1M"]
NOTES = ["it's", 'a "b"', "a\\b", "中文%", "null", "Ｆ"]
"""Texts that an engine of SQL might take for something else."""
LISTED = {"level": list("abcd"), "class": CLASSES, "paid": ["true", "false"]}
"""What a table may be asked for, by field; ``d`` stands in no record."""
PEOPLE = [0, 1, 3, 4]
MARKS = "rRé记😀"
"""Records' handles begin with these: their order is by code point."""

points = st.integers(-60, 60)
limits = st.tuples(st.none() | st.integers(-80, 20), st.none() | st.integers(21, 120)).map(
    lambda pair: Limits(floor=pair[0], cap=pair[1])
)


def kind(code: str) -> Kind:
    return Kind(
        code=code,
        name=T,
        providers=["court"],
        subject_kinds=["person"],
        sign="neutral",
        purpose=T,
        openness="subject_only",
        retention="P5Y",
        update_interval="P1M",
        fields=[
            FieldSpec(code="hours", label=T, type="integer"),
            FieldSpec(code="level", label=T, type="code", codes={"a": T, "b": T, "c": T}),
            FieldSpec(code="paid", label=T, type="boolean"),
            FieldSpec(code="signed_on", label=T, type="date"),
            FieldSpec(code="note", label=T, type="text"),
        ],
        basis="demonstration",
    )


tests = st.one_of(
    st.integers(0, 50).map(lambda n: FieldTest(field="hours", at_least=n)),
    st.integers(0, 50).map(lambda n: FieldTest(field="hours", at_least=n, below=n + 20)),
    st.integers(0, 10).map(lambda n: FieldTest(field="hours", equals=n)),
    st.sampled_from("abc").map(lambda v: FieldTest(field="level", equals=v)),
    st.lists(st.sampled_from("abc"), max_size=3).map(lambda v: FieldTest(field="level", among=list(v))),
    st.lists(st.sampled_from(CLASSES), min_size=1, max_size=3).map(lambda v: FieldTest(field="class", among=list(v))),
    st.booleans().map(lambda v: FieldTest(field="paid", equals=v)),
    st.lists(st.sampled_from(NOTES), max_size=2).map(lambda v: FieldTest(field="note", among=list(v))),
    st.tuples(st.sampled_from(["hours", "level", "paid", "note", "signed_on", "document", "class"]), st.booleans()).map(
        lambda pair: FieldTest(field=pair[0], exists=pair[1])
    ),
    st.integers(0, 700).map(lambda n: FieldTest(field="occurred_on", at_least=START + timedelta(days=n))),
    st.integers(0, 700).map(lambda n: FieldTest(field="signed_on", below=START + timedelta(days=n))),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(all=parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(any=parts)),
        inner.map(lambda part: NotOf.model_validate({"not": part})),
    ),
    max_leaves=4,
)


@st.composite
def awards(draw: st.DrawFn) -> Award:
    form = draw(st.sampled_from(["each", "bands", "steps"]))
    if form == "each":
        return Award(each=Each(units=draw(st.integers(1, 12)), points=draw(points)))
    marks = sorted(draw(st.lists(st.integers(-20, 200), min_size=1, max_size=4, unique=True)))
    if form == "bands":
        return Award(bands=[Band(at_least=mark, points=draw(points)) for mark in marks])
    ups: list[int | None] = [mark + 30 for mark in marks]
    if draw(st.booleans()):
        ups[-1] = None
    return Award(steps=[Step(up_to=up, per=draw(st.integers(1, 7)), points=draw(points)) for up in ups])


@st.composite
def indicators(draw: st.DrawFn, code: str) -> Indicator:
    over: Any = draw(st.sampled_from(["all", "calendar_year", "record"]))
    take: Any = draw(st.sampled_from(["count", "sum", "max", "latest", "exists"]))
    table = take == "latest" and draw(st.booleans())
    if table:
        of = draw(st.sampled_from(sorted(LISTED)))
        keys = draw(st.lists(st.sampled_from(LISTED[of]), min_size=1, unique=True))
        form = Award(table={key: draw(points) for key in keys})
    else:
        form, of = draw(awards()), "hours" if take in ("sum", "max", "latest") else None
    term = draw(st.none() | st.sampled_from(TERMS))
    classes = draw(st.lists(st.sampled_from(CLASSES), min_size=1, unique=True))
    by_class = None if term else draw(st.none() | st.just({c: draw(st.sampled_from(TERMS)) for c in classes}))
    repeat = over == "record" and draw(st.booleans())
    return Indicator(
        code=code,
        name=T,
        text=T,
        kind=draw(st.sampled_from(KINDS)),
        sign="positive",
        where=draw(st.none() | conditions),
        measure=Measure(take=take, of=of, over=over),
        points=form,
        highest_only=over == "record" and draw(st.booleans()),
        repeat=Repeat(within=draw(st.sampled_from(TERMS)), factor=draw(st.integers(2, 3))) if repeat else None,
        per_year=draw(limits) if over != "all" else Limits(),
        overall=draw(limits),
        term=term,
        terms=by_class,
        through=draw(st.none() | st.just("legal_representative")),
        absent=T,
        basis="demonstration",
    )


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    dimensions = [
        Dimension(
            code=f"d{at}",
            name=T,
            text=T,
            limits=draw(limits),
            indicators=[draw(indicators(f"i{at}_{n}")) for n in range(draw(st.integers(1, 3)))],
            basis="demonstration",
        )
        for at in range(draw(st.integers(1, 3)))
    ]
    marks = sorted(draw(st.lists(st.integers(0, 200), min_size=1, max_size=5, unique=True)))
    tiers = [Tier(code=f"t{at}", name=T, at_least=mark, basis="demonstration") for at, mark in enumerate(marks)]
    rules = [
        ClassRule(
            kind=draw(st.sampled_from(KINDS)),
            where=draw(st.none() | conditions),
            text=T,
            basis="demonstration",
            **{draw(st.sampled_from(["tier_at_most", "tier_exactly"])): draw(st.sampled_from([t.code for t in tiers]))},
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    return Scheme(
        code="any",
        version="1",
        effective_from=START,
        unit=T,
        base=draw(st.integers(0, 150)),
        scale=Scale(minimum=draw(st.none() | st.just(0)), maximum=draw(st.none() | st.just(200))),
        dimensions=dimensions,
        tiers=tiers,
        class_rules=rules,
        basis="demonstration",
    )


@st.composite
def trades(draw: st.DrawFn) -> Scheme:
    """A trade's score: dimensions of its own, and all or some of those of another scheme, as a rulebook gives it."""
    base, own = draw(schemes()), draw(schemes())
    dimensions = [
        one.model_copy(
            update={
                "code": f"own_{one.code}",
                "indicators": [i.model_copy(update={"code": f"own_{i.code}"}) for i in one.indicators],
            }
        )
        for one in own.dimensions
    ]
    codes = [one.code for one in base.dimensions]
    chosen = draw(st.none() | st.lists(st.sampled_from(codes), min_size=1, unique=True))
    extension = Extension(scheme=base.code, version=base.version, dimensions=chosen)
    told = {"code": "trade", "name": T, "purpose": T, "extends": extension, "dimensions": dimensions}
    _, trade = whole_schemes([base, own.model_copy(update=told)])
    taken = [code for code in codes if chosen is None or code in chosen]
    assert [one.code for one in trade.dimensions] == [*(one.code for one in dimensions), *taken]
    return Scheme.model_validate(trade.model_dump(by_alias=True))


any_scheme = st.one_of(schemes(), schemes(), trades())
"""A city's scheme, or one time in three a trade's, which extends one."""
days = st.integers(-60, 1100).map(lambda n: START + timedelta(days=n))


@st.composite
def histories(draw: st.DrawFn) -> dict[int, list[Fact]]:
    people: dict[int, list[Fact]] = {number: [] for number in PEOPLE}
    for number in range(draw(st.integers(0, 25))):
        via = draw(st.sampled_from([False, False, False, True]))
        fields: Mapping[str, Any] = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "hours": st.integers(-30, 300),
                    "level": st.sampled_from("abc"),
                    "paid": st.booleans(),
                    "signed_on": days,
                    "note": st.sampled_from(NOTES),
                },
            )
        )
        people[draw(st.sampled_from(PEOPLE))].append(
            Fact(
                record=f"{MARKS[number % len(MARKS)]}{number:03}",
                kind=draw(st.sampled_from(KINDS)),
                occurred_on=draw(days),
                status=draw(st.sampled_from(["active"] * 5 + ["disputed", "repaired"])),
                record_class=draw(st.none() | st.sampled_from(CLASSES)),
                ends_on=draw(st.none() | days),
                document=draw(st.sampled_from(["", "文号1"])),
                fields=fields,
                of="organisation" if via else "self",
                represented=via,
                named=via,
            )
        )
    return people


def town(seed: int, size: int = 60) -> dict[int, list[Fact]]:
    """Many people with histories like those of `histories`, told by one number: for engines whose start is dear."""
    chance, people = random.Random(seed), dict[int, list[Fact]]()
    for number in range(size):
        people[number] = []
        for at in range(chance.choice([0, 1, 3, 6, 12])):
            drawn = {
                "hours": chance.randrange(-30, 300),
                "level": chance.choice("abc"),
                "paid": chance.random() < 0.5,
                "signed_on": START + timedelta(days=chance.randrange(-60, 1100)),
                "note": chance.choice(NOTES),
            }
            via = chance.random() < 0.25
            people[number].append(
                Fact(
                    record=f"{chance.choice(MARKS)}{number:03}{at:02}",
                    kind=chance.choice(KINDS),
                    # few different days, so that many records fall on one
                    occurred_on=START + timedelta(days=chance.randrange(-10, 180) * 6),
                    status=chance.choice(["active"] * 8 + ["disputed", "repaired"]),
                    record_class=chance.choice([None, *CLASSES]),
                    ends_on=chance.choice([None, None, START + timedelta(days=chance.randrange(1100))]),
                    document=chance.choice(["", "文号1"]),
                    fields={name: value for name, value in drawn.items() if chance.random() < 0.8},
                    of="organisation" if via else "self",
                    represented=via,
                    named=via,
                )
            )
    return people


towns = st.integers(0, 2**32).map(town)


def freeze(people: Mapping[int, list[Fact]], folder: Path) -> None:
    writer = SnapshotWriter(folder)
    writer.subjects(people)
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for number, facts in people.items():
        for f in facts:
            row = Row(
                number,
                f.of == "organisation",
                f.record,
                f.occurred_on,
                f.status,
                f.record_class,
                f.ends_on,
                f.document,
                f.fields,
            )
            by_kind[f.kind].append(row)
    for code, rows in by_kind.items():
        writer.records(kind(code), rows)
    writer.seal()


def scheme_of(**rule: Any) -> Scheme:
    """A scheme with one indicator, of deeds, and one tier."""
    told: dict[str, Any] = {"code": "i", "name": T, "text": T, "kind": "deed", "sign": "positive", "absent": T}
    indicator = Indicator(**told | rule, basis="demonstration")
    return Scheme(
        code="any",
        version="1",
        effective_from=START,
        unit=T,
        base=0,
        scale=Scale(),
        dimensions=[Dimension(code="d", name=T, text=T, indicators=[indicator], basis="demonstration")],
        tiers=[Tier(code="t", name=T, at_least=0, basis="demonstration")],
        basis="demonstration",
    )


def test_a_sum_over_a_record_without_the_field_is_nought_in_both() -> None:
    scheme = scheme_of(
        measure=Measure(take="sum", of="hours", over="record"), points=Award(bands=[Band(at_least=0, points=1)])
    )
    people = {0: [Fact("r", "deed", START)]}
    with tempfile.TemporaryDirectory() as temporary:
        freeze(people, Path(temporary) / "snapshot")
        figures = run(compile_scheme(scheme, START), Path(temporary) / "snapshot")
    assert int(figures.scores[0]) == evaluate(scheme, people[0], START).score == 1


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.text("aAé记😀", max_size=3)), unique=True))
def test_rows_come_in_the_order_of_subject_day_and_handle(rows: list[tuple[int, int, str]]) -> None:
    subject, day = (np.array([row[at] for row in rows], np.int32) for at in (0, 1))
    handles = pa.array([row[2] for row in rows], pa.string())
    found = in_order(subject, day, lambda at: handles.take(pa.array(at)))
    assert [rows[at] for at in found] == sorted(rows)


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(scheme=any_scheme, people=histories() | towns, as_of=days)
def test_engine_equals_evaluator(scheme: Scheme, people: dict[int, list[Fact]], as_of: date) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "snapshot"
        freeze(people, folder)
        plan = compile_scheme(scheme, as_of)
        figures = run(plan, folder)
        explained = list(parts(plan, folder, lines=True))
    assert joined(plan, (part.figures for part in explained)).scores.tolist() == figures.scores.tolist()
    given = {
        (number, lines.indicator, record): points
        for part in explained
        for lines in part.lines
        for number, record, points in zip(lines.subject, lines.record.to_pylist(), lines.points, strict=True)
    }
    assert list(figures.subjects) == sorted(people)
    for at, number in enumerate(sorted(people)):
        expected = evaluate(scheme, people[number], as_of)
        assert int(figures.scores[at]) == expected.score
        assert scheme.tiers[int(figures.tiers[at])].code == expected.tier
        got = {code: int(vector[at]) for code, vector in figures.dimensions.items()}
        assert got == {result.code: result.points for result in expected.dimensions}
        lines = {(number, c.indicator, c.record): c.points for c in expected.contributions if c.points}
        assert lines == {key: points for key, points in given.items() if key[0] == number}


@settings(
    max_examples=2 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(scheme=any_scheme, people=histories(), as_of=days)
def test_contributions_sum_to_dimensions_whatever_the_order(
    scheme: Scheme, people: dict[int, list[Fact]], as_of: date
) -> None:
    facts = people[0]
    result = evaluate(scheme, facts, as_of)
    assert result == evaluate(scheme, list(reversed(facts)), as_of)
    by_indicator = {i.code: d.code for d in scheme.dimensions for i in d.indicators}
    sums: dict[str, int] = defaultdict(int)
    for contribution in result.contributions:
        sums[by_indicator[contribution.indicator]] += contribution.points
        assert (contribution.points == 0) == (contribution.no_effect is not None)
    assert {d.code: d.summed for d in result.dimensions} == {d.code: sums[d.code] for d in scheme.dimensions}
