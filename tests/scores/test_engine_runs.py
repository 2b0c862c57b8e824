"""What a run of the engine promises beside its figures: any number of blocks and threads, exact sums, stopping, changes."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scores.test_engine import EXAMPLES, START, days, freeze, histories, kind, scheme_of, schemes
from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.records import Fact
from xinlin.core.schemes import Award, Band, Each, FieldTest, Limits, Measure, Scheme
from xinlin.core.scores import evaluate
from xinlin.engine import changes, handles, plain, snapshot
from xinlin.engine.changes import MappedSnapshot
from xinlin.engine.figures import Figures, Part, joined
from xinlin.engine.handles import array
from xinlin.engine.mapped import BEGINS, Layout, map_columns, mapped_folder
from xinlin.engine.runs import TooManyPoints
from xinlin.engine.scores import parts, run
from xinlin.engine.snapshot import Row, rows_table

RANDOM = settings(
    max_examples=max(EXAMPLES // 4, 10),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Let a block have ``size`` numbers, so that three people fill two."""
    before, snapshot.BLOCK = snapshot.BLOCK, size
    try:
        yield
    finally:
        snapshot.BLOCK = before


def plainly(figures: Figures) -> object:
    columns = {code: vector.tolist() for code, vector in figures.dimensions.items()}
    return [figures.subjects.tolist(), figures.scores.tolist(), figures.tiers.tolist(), columns]


def figures_of(found: list[Part]) -> list[Figures]:
    return [part.figures for part in found]


@RANDOM
@given(scheme=schemes(), people=histories(), as_of=days, size=st.integers(1, 3), threads=st.integers(1, 3))
def test_blocks_and_threads_change_nothing(
    scheme: Scheme, people: dict[int, list[Fact]], as_of: date, size: int, threads: int
) -> None:
    plan = compile_scheme(scheme, as_of)
    with tempfile.TemporaryDirectory() as temporary:
        whole, cut = Path(temporary) / "whole", Path(temporary) / "cut"
        freeze(people, whole)
        with blocks_of(size):
            freeze(people, cut)
            pieces = list(parts(plan, cut, lines=True, threads=threads))
        expected = list(parts(plan, whole, lines=True))
    assert plainly(joined(plan, figures_of(pieces))) == plainly(joined(plan, figures_of(expected)))

    def given_by(found: list[Part]) -> object:
        lines = [line for part in found for line in part.lines]
        told = [(x.indicator, list(zip(x.subject, x.record.to_pylist(), x.points, strict=True))) for x in lines]
        return sorted((code, *one) for code, ones in told for one in ones)

    assert given_by(pieces) == given_by(expected)


def table_of(code: str, facts: list[tuple[int, Fact]]) -> pa.Table:
    rows = [
        Row(
            n,
            f.of == "organisation",
            f.record,
            f.occurred_on,
            f.status,
            f.record_class,
            f.ends_on,
            f.document,
            f.fields,
        )
        for n, f in facts
    ]
    return rows_table(kind(code), rows)


@RANDOM
@given(scheme=schemes(), people=histories(), later=histories(), as_of=days, few=st.sampled_from([1, changes.FEW]))
def test_a_change_rescored_equals_the_whole_run(
    scheme: Scheme, people: dict[int, list[Fact]], later: dict[int, list[Fact]], as_of: date, few: int
) -> None:
    """New records and new versions of old ones, some of which have changed hands or kind of status, by one thread or several."""
    plan = compile_scheme(scheme, as_of)
    owners = {fact.record: (number, fact.kind) for number, facts in people.items() for fact in facts}
    changed = [
        (number, fact)
        for number, facts in later.items()
        for fact in facts
        if owners.get(fact.record, (0, fact.kind))[1] == fact.kind
    ][:6]
    handles = {fact.record for _, fact in changed}
    after = {n: [f for f in facts if f.record not in handles] for n, facts in people.items()}
    by_kind: dict[str, list[tuple[int, Fact]]] = defaultdict(list)
    for number, fact in changed:
        after[number].append(fact)
        by_kind[fact.kind].append((number, fact))
    read = {fact.record for _, fact in changed if fact.kind in plan.kinds}
    gainers = {number for number, fact in changed if fact.record in read}
    losers = {owners[record][0] for record in read if record in owners}
    with tempfile.TemporaryDirectory() as temporary:
        before, whole = Path(temporary) / "before", Path(temporary) / "whole"
        freeze(people, before)
        freeze(after, whole)
        map_columns(plan, before)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(changes, "FEW", few)
            some = MappedSnapshot(plan, before).rescore({code: table_of(code, f) for code, f in by_kind.items()})
        old, new = run(plan, before), run(plan, whole)
    touched = some.subjects.tolist()
    assert touched == sorted(gainers | losers)
    for at, number in enumerate(new.subjects.tolist()):
        source, place = (some, touched.index(number)) if number in touched else (old, at)
        assert (source.scores[place], source.tiers[place]) == (new.scores[at], new.tiers[at])
        assert all(source.dimensions[code][place] == vector[at] for code, vector in new.dimensions.items())


def test_handles_with_one_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All handles share one hash: a change takes away what it replaces and nothing else."""
    monkeypatch.setattr(handles, "_of_kind", lambda hashes, _kinds: np.zeros_like(hashes))
    plan = compile_scheme(scheme_of(measure=Measure(take="count"), points=Award(each=Each(points=1))), START)
    people = {n: [Fact(f"r{at}", "deed", START) for at in (n, n + 3)] for n in range(3)}
    freeze(people, tmp_path)
    map_columns(plan, tmp_path)
    replaced = Fact("r4", "deed", START)  # is that of 1, and becomes that of 2
    some = MappedSnapshot(plan, tmp_path).rescore({"deed": table_of("deed", [(2, replaced)])})
    before = run(plan, tmp_path).scores
    assert some.subjects.tolist() == [1, 2]
    assert (some.scores - before[1:]).tolist() == [-1, 1]


@given(st.lists(st.tuples(st.text(max_size=4), st.integers(0, 2)), unique=True, max_size=60), st.integers(1, 40))
def test_a_record_is_found_by_its_handle_and_kind(records: list[tuple[str, int]], piece: int) -> None:
    names, codes = [name for name, _ in records], np.array([code for _, code in records], np.int16)
    hashed = np.array([hash(name) % 2**64 for name in names], np.uint64)
    with tempfile.TemporaryDirectory() as temporary:
        writer = handles.HandlesWriter(Path(temporary), len(records))
        for at in range(0, len(records), piece):
            part = slice(at, at + piece)
            writer.add(pa.array(names[part], pa.string()), hashed[part], codes[part])
        writer.close()
        kept = handles.Handles(Path(temporary))
        rows, which = kept.alike(hashed, codes)
        same = kept.same(rows, pa.array(names, pa.string()).take(pa.array(which))) & (codes[rows] == codes[which])
    assert sorted(zip(rows[same].tolist(), which[same].tolist(), strict=True)) == [(n, n) for n in range(len(records))]


def test_changed_records_whose_fields_differ_in_type_are_read_each_by_its_own_rules() -> None:
    facts = [(n, Fact(f"r{n}", "deed", START, fields={"hours": n})) for n in range(3)]
    several = scheme_of(
        where=FieldTest(field="hours", at_least=1),
        measure=Measure(take="sum", of="hours"),
        points=Award(each=Each(points=1)),
    )
    indicator = several.dimensions[0].indicators[0]
    noted = indicator.model_copy(
        update={
            "code": "j",
            "kind": "fault",
            "where": FieldTest(field="hours", equals="2"),
            "measure": Measure(take="count"),
        }
    )
    whole = several.dimensions[0].model_copy(update={"indicators": [indicator, noted]})
    layout = Layout.of(compile_scheme(several.model_copy(update={"dimensions": [whole]}), START))
    deeds = table_of("deed", facts)
    at = deeds.schema.get_field_index("f_hours")
    tables = {"deed": deeds, "fault": deeds.set_column(at, "f_hours", deeds["f_hours"].cast(pa.string()))}
    with duckdb.connect(":memory:") as connection:
        rows = layout.rows_of(connection, tables)
    assert rows["kind"].tolist() == [0, 0, 0, 1, 1, 1]
    assert rows["test_0"].tolist() == [False, True, True, False, False, True]
    assert rows["value_0"].tolist() == [0, 1, 2, 0, 0, 0]
    assert rows["has_0"].tolist() == [True, True, True, False, False, False]


def big(folder: Path, cap: int | None) -> Plan:
    people = {0: [Fact(f"r{n}", "deed", START, fields={"hours": 9 * 10**17}) for n in range(20)]}
    freeze(people, folder)
    scheme = scheme_of(
        measure=Measure(take="sum", of="hours"), points=Award(each=Each(units=1, points=1000)), overall=Limits(cap=cap)
    )
    return compile_scheme(scheme, START)


def test_who_reads_the_mapped_files_is_not_disturbed_by_who_writes_them_again(tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    plan = big(folder, cap=1)
    map_columns(plan, folder)
    place = mapped_folder(folder, Layout.of(plan))
    before = (place / BEGINS).stat().st_ino
    read = array(place / BEGINS)
    shutil.rmtree(place)
    map_columns(plan, folder)
    assert read.tolist() == [0, 20]
    assert (place / BEGINS).stat().st_ino != before, "a new file in its place, never the one that is read"
    assert {path.name for path in folder.iterdir()} == {"records", "subjects.parquet", place.name}


def test_sums_beyond_64_bits_are_exact_before_their_cap(tmp_path: Path) -> None:
    plan = big(tmp_path / "snapshot", cap=77)
    assert run(plan, tmp_path / "snapshot").scores.tolist() == [77]


def test_points_that_no_column_holds_are_refused_by_name(tmp_path: Path) -> None:
    plan = big(tmp_path / "snapshot", cap=None)
    for engine in (run, plain.run):
        with pytest.raises(TooManyPoints, match="indicator i "):
            engine(plan, tmp_path / "snapshot")


def test_a_run_tells_its_progress_and_stops_when_told(tmp_path: Path) -> None:
    plan = big(tmp_path / "snapshot", cap=1)
    told: list[tuple[int, int]] = []
    run(plan, tmp_path / "snapshot", lambda done, total: told.append((done, total)))
    assert told[-1] == (1, 1)

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run(plan, tmp_path / "snapshot", stop)


def test_a_condition_with_many_choices_leaves_everybody_their_own_records() -> None:
    """What an engine makes of a long list must not mix up the order of records, in which limits are applied."""
    notes = [f"n{at}" for at in range(500)]
    scheme = scheme_of(
        where=FieldTest(field="note", among=notes[:15]),
        measure=Measure(take="count"),
        points=Award(bands=[Band(at_least=1, points=5), Band(at_least=2, points=7)]),
    )
    chosen = random.Random(1)
    people = {
        number: [Fact(f"{number}.{at}", "deed", START, fields={"note": chosen.choice(notes)}) for at in range(30)]
        for number in range(2_000)
    }
    with tempfile.TemporaryDirectory() as temporary:
        freeze(people, Path(temporary) / "snapshot")
        figures = run(compile_scheme(scheme, START), Path(temporary) / "snapshot")
    assert figures.scores.tolist() == [evaluate(scheme, facts, START).score for facts in people.values()]
