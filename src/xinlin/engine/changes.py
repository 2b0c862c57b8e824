"""Scores only those whose records changed, from a snapshot whose columns are mapped into memory (增量评分).

Mapped columns stand beside the snapshot's Parquet files in the same order, unpacked: they take several times the room, and a
few people's rows are picked out of them without reading anybody else's. What is computed is computed by the same code
as a full run, on a snapshot of the people touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xinlin.core.plan import Plan
from xinlin.engine.figures import Figures, Numbers
from xinlin.engine.freezing import in_order
from xinlin.engine.scores import score_block
from xinlin.engine.snapshot import connect, enrolled
from xinlin.engine.statements import literal

CODED = 1 << 12
"""A text column with fewer different values than this is kept as codes."""


def _mapped_path(folder: Path, kind: str) -> Path:
    return folder / "records" / f"{kind}.arrow"


def map_columns(plan: Plan, folder: Path) -> None:
    """Write the mapped columns of every kind that the snapshot holds and the plan reads, where they are not there yet."""
    with connect(folder, ()) as connection:
        for kind in plan.kinds:
            source, target = folder / "records" / f"{kind}.parquet", _mapped_path(folder, kind)
            if not source.exists() or target.exists():
                continue
            whole = f"SELECT * FROM read_parquet({literal(source.as_posix())})"
            table = connection.sql(whole).to_arrow_table().combine_chunks()
            for at, name in enumerate(table.column_names):
                if pa.types.is_string(table[name].type) and name not in ("record", "document"):
                    coded = table[name].dictionary_encode().combine_chunks()
                    if len(coded.dictionary) < CODED:
                        table = table.set_column(at, name, coded)
            beside = target.with_suffix(".unfinished")
            with pa.OSFile(beside.as_posix(), "wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
                writer.write_table(table)
            beside.replace(target)


class MappedSnapshot:
    """A snapshot opened for changes: it answers what the touched people score once some records are new or different."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """Open the columns that `map_columns` wrote."""
        self.plan, self.people = plan, enrolled(folder)
        self.kinds: dict[str, pa.Table] = {}
        for kind in plan.kinds:
            path = _mapped_path(folder, kind)
            if path.exists():
                self.kinds[kind] = pa.ipc.open_file(pa.memory_map(path.as_posix())).read_all()
        self.subjects = {kind: table["subject"].combine_chunks().to_numpy() for kind, table in self.kinds.items()}

    def rescore(self, changed: Mapping[str, pa.Table], people: Iterable[int] = ()) -> Figures:
        """The figures of everybody to whom a changed record belongs, and of ``people``.

        ``changed`` holds by kind rows in the form of the snapshot's own files; a row replaces the one with its handle among
        the touched people's. Whoever loses a record, such as its former owner, is named in ``people``. The figures are
        those of a full run on the day of the plan; a new day, a consent, or a new person asks for a full run.
        """
        given = [table["subject"].to_numpy() for table in changed.values()]
        asked = np.unique(np.concatenate([np.fromiter(people, np.int32), *given]))
        touched = self._enrolled(asked)
        size = int(self.people[-1]) + 1 if len(self.people) else 0
        mask = np.zeros(size, np.bool_)
        mask[touched] = True
        cores = len(os.sched_getaffinity(0))
        with ThreadPoolExecutor(cores) as pool:
            wanted = [kind for kind in self.plan.kinds if kind in self.kinds or kind in changed]
            tables = list(pool.map(lambda kind: self._rows(kind, mask, touched, changed.get(kind)), wanted))
        numbers = np.arange(len(touched), dtype=np.int32)
        with duckdb.connect(":memory:", config={"threads": cores}) as connection:
            for kind, table in zip(wanted, tables, strict=True):
                connection.register(kind, table)
            part = score_block(connection, self.plan, numbers, (0, len(numbers)), held=set(wanted))
        figures = part.figures
        return Figures(touched, figures.scores, figures.tiers, figures.dimensions)

    def _enrolled(self, asked: Numbers) -> Numbers:
        if not len(self.people):
            return self.people
        at = np.minimum(np.searchsorted(self.people, asked), len(self.people) - 1)
        found: Numbers = asked[self.people[at] == asked].astype(np.int32)
        return found

    def _rows(self, kind: str, mask: npt.NDArray[np.bool_], touched: Numbers, changed: pa.Table | None) -> pa.Table:
        """The rows of the touched people, numbered among themselves, old ones replaced by changed ones, in order."""
        parts = []
        if kind in self.kinds:
            parts.append(self.kinds[kind].take(pa.array(np.flatnonzero(mask[self.subjects[kind]]))))
        if changed is not None:
            theirs = changed.filter(pa.array(np.isin(changed["subject"].to_numpy(), touched)))
            if parts:
                replaced = pc.is_in(parts[0]["record"], value_set=changed["record"].combine_chunks())
                parts = [
                    parts[0].filter(pc.invert(replaced)),
                    theirs.select(parts[0].column_names).cast(parts[0].schema),
                ]
            else:
                parts = [theirs]
        table = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
        subject = np.searchsorted(touched, table["subject"].to_numpy()).astype(np.int32)
        table = table.set_column(table.schema.get_field_index("subject"), "subject", pa.array(subject))
        if changed is None:
            return table
        record = table["record"].combine_chunks()
        days = table["occurred_on"].combine_chunks().cast(pa.int32()).to_numpy()
        return table.take(pa.array(in_order(subject, days, lambda at: record.take(pa.array(at)))))
