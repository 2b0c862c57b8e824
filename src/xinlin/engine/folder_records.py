"""Reads an open folder's records, kind by kind, into a snapshot's files (开放数据夹的记录)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xinlin.core.kind_references import CLASSES
from xinlin.core.plan import Plan
from xinlin.core.rulebooks import FieldSpec, Kind, Rulebook
from xinlin.engine.codes import Codes
from xinlin.engine.freezing import COMPLETE, FOREVER, Numbers, in_order, repeats, write_kind
from xinlin.engine.gathered import Gathered, Places
from xinlin.engine.hashes import Hashes, hashed
from xinlin.engine.numbering import UNKNOWN, Numbering, numbers_of
from xinlin.engine.snapshot import column, scored_fields
from xinlin.engine.statements import fields_of, literal
from xinlin.engine.tables import (
    ARROW_TYPES,
    DAY,
    FIELD_TYPES,
    FORMS,
    PLACE,
    WORDS,
    Column,
    any_empty,
    open_table,
    quoted,
    refuse_gaps,
    refuse_misnamed,
    refuse_where,
    refused,
    rows_of,
    source_of,
)

Edges = list[tuple[int, int]]

CODED = {"status": "状态", "class": "等级"}
"""Columns of every record that hold nothing but known codes, by their Chinese names."""
STATUSES = ("active", "disputed", "repaired", "withdrawn", "ended", "unlinked", "superseded")
RECORDS = [
    Column("record", WORDS, True),
    Column("subject", WORDS, True),
    Column("occurred_on", DAY, True),
    Column("status", WORDS, True),
    Column("class", WORDS),
    Column("ends_on", DAY),
    Column("document", WORDS),
    Column("named_person", WORDS),
]
RECORD_COLUMNS = ("record", "occurred_on", "status", "class", "ends_on", "document")
"""The columns of every kind in a snapshot, beside ``subject`` and ``via``."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a plan asks of a snapshot: which fields of which kinds, and of which kinds also organisations' records."""

    fields: Mapping[str, frozenset[str]]
    """By kind that a rule reads: its own fields, and ``document``, that some rule tests or measures."""
    through: frozenset[str]

    @classmethod
    def of(cls, plan: Plan) -> Demands:
        """Most fields of a record are for people, not for rules: a kind is kept with no more than its rules read."""
        indicators = [indicator for dimension in plan.dimensions for indicator in dimension.indicators]
        fields: dict[str, frozenset[str]] = dict.fromkeys(plan.kinds, frozenset())
        for indicator in indicators:
            fields[indicator.kind] |= fields_of(indicator.where) | {indicator.measure.of or ""} - {""}
        for rule in plan.scheme.class_rules:
            fields[rule.kind] |= fields_of(rule.where)
        return cls(fields, frozenset(indicator.kind for indicator in indicators if indicator.through))

    def columns(self, kind: Kind) -> list[Column]:
        """What is read of the kind's file for whoever its records belong to."""
        needed = {"record", "subject", "occurred_on", "status", "class", "ends_on", *self.fields.get(kind.code, ())}
        return [one for one in _columns(kind) if one.name in needed]

    def own_fields(self, kind: Kind) -> list[FieldSpec]:
        """The kind's own fields that rules read."""
        return [spec for spec in scored_fields(kind) if spec.code in self.fields.get(kind.code, ())]


def view_of(kind: Kind) -> str:
    """The name of the view on a kind's file."""
    return f"records {kind.code}"


def _columns(kind: Kind) -> list[Column]:
    return [*RECORDS, *(Column(spec.code, FIELD_TYPES.get(spec.type, WORDS)) for spec in scored_fields(kind))]


def open_kind(connection: duckdb.DuckDBPyConnection, kind: Kind, path: Path) -> None:
    """Make a view of the file with the kind's columns."""
    open_table(connection, path, view_of(kind), _columns(kind))


def kinds_of(folder: Path, rulebook: Rulebook) -> Iterator[tuple[Kind, Path]]:
    """The kinds of which the folder has records, by name. Raises `FolderRefused` for one that the rulebook lacks."""
    refuse_misnamed(folder / "records", rulebook.kinds)
    for path in sorted((folder / "records").glob("*")):
        if path.suffix.casefold() not in FORMS:
            continue
        if path.stem not in rulebook.kinds:
            raise refused(
                "unknown_kind",
                f"records/{path.name}",
                "规则册里没有这类记录。",
                "the rulebook has no such kind of record.",
                "请核对文件名，或在规则册中登记这类记录。",
                "Check the file's name, or write the kind into the rulebook.",
            )
        source_of(folder / "records", path.stem)
        yield rulebook.kinds[path.stem], path


def count_of(connection: duckdb.DuckDBPyConnection, kind: Kind) -> int:
    """How many rows the kind's file has."""
    return int(connection.execute(f"SELECT count(*) FROM {quoted(view_of(kind))}").fetchall()[0][0])


def _through_organisations(
    connection: duckdb.DuckDBPyConnection, kind: Kind, known: Numbering
) -> tuple[Places, Numbers]:
    """Places of organisations' records that name the scored person who represented them on the day, and that person's number."""
    found = connection.sql(
        f"SELECT {quoted(PLACE)} AS place, named_person FROM {quoted(view_of(kind))} r "
        "WHERE named_person IS NOT NULL AND r.subject <> r.named_person AND EXISTS (SELECT 1 FROM relations l "
        "WHERE l.organisation = r.subject AND l.person = r.named_person AND l.role = 'legal_representative' "
        "AND l.from_on <= r.occurred_on AND (l.until_on IS NULL OR r.occurred_on < l.until_on))"
    ).to_arrow_table()
    numbers = known.of(hashed(found["named_person"].combine_chunks(), known.salt))
    return found["place"].to_numpy()[numbers >= 0], numbers[numbers >= 0]


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a kind in the order of its file, with the snapshot's columns."""

    gathered: Gathered
    codes: Mapping[str, Codes]
    """By the column that holds them."""

    def taken(self, places: Places) -> pa.Table:
        """The rows at these places, in their order."""
        found = self.gathered.taken(places)
        columns = {name: found[name].chunk(0) for name in found.column_names}
        columns |= {name: codes.words(columns[name]) for name, codes in self.codes.items()}
        columns.setdefault("document", pa.nulls(len(places), pa.string()))
        own = [name for name in columns if name not in RECORD_COLUMNS]
        return pa.table({name: columns[name] for name in (*RECORD_COLUMNS, *own)})


def checked_rows(
    connection: duckdb.DuckDBPyConnection, kind: Kind, path: Path, demands: Demands
) -> tuple[Rows, Hashes]:
    """All rows of an opened kind, and the hashes of their subjects' handles. Raises `FolderRefused`."""
    rows, whose, hashes = _rows(connection, kind, path, demands)
    _check_days(connection, kind)
    if repeats(hashes):
        refuse_where(
            connection,
            f"SELECT record, max({quoted(PLACE)}) FROM {quoted(view_of(kind))} GROUP BY record HAVING count(*) > 1",
            "duplicate_record",
            f"records/{kind.code}:record",
            "记录 {} 出现了两次。",
            "the record {} stands twice.",
        )
    return rows, whose


def _rows(
    connection: duckdb.DuckDBPyConnection, kind: Kind, path: Path, demands: Demands
) -> tuple[Rows, Hashes, Hashes]:
    """All rows of a kind, and the hashes of their subjects' handles and of their own. Refuses an unknown state or class, and an empty cell."""
    where, asked = f"records/{kind.code}", demands.columns(kind)
    known_codes: dict[str, tuple[str, ...]] = {"status": STATUSES, "class": tuple(sorted(CLASSES))}
    known_codes |= {
        spec.code: tuple(spec.codes) for spec in demands.own_fields(kind) if spec.type == "code" and spec.codes
    }
    codes = {name: Codes(f"{where}:{name}", theirs) for name, theirs in known_codes.items()}
    named = {one.name: one.name if one in RECORDS else column(one.name) for one in asked if one.name != "subject"}
    types = {one.name: pa.int16() if one.name in codes else ARROW_TYPES[one.type] for one in asked}
    schema = pa.schema(
        [pa.field(to, types[name], to not in COMPLETE and name not in codes) for name, to in named.items()]
    )
    rows = Rows(
        Gathered(schema, count := count_of(connection, kind)),
        {named[name]: theirs for name, theirs in codes.items()},
    )
    whose, hashes, gaps = np.empty(count, np.uint64), np.empty(count, np.uint64), False
    for batch in rows_of(connection, path, view_of(kind), asked, codes):
        at = slice(len(rows.gathered), len(rows.gathered) + len(batch))
        hashes[at] = hashed(batch["record"])
        whose[at] = hashed(batch["subject"])
        said = {name: theirs.of(batch[name]) for name, theirs in codes.items()}
        gaps = gaps or bool((said["status"] < 0).any()) or batch["occurred_on"].null_count > 0
        gaps = gaps or any_empty(batch["record"])
        values = {name: pa.array(said[name]) if name in said else batch[name] for name in named}
        values["ends_on"] = pc.fill_null(values["ends_on"], FOREVER)
        rows.gathered.add(pa.record_batch([values[name] for name in named], schema=schema))
    for name in CODED:
        if codes[name].strange:
            _refuse_codes(connection, kind, name, codes[name].known)
    if gaps:
        refuse_gaps(connection, where, view_of(kind), RECORDS)
    return rows, whose, hashes


def _refuse_codes(connection: duckdb.DuckDBPyConnection, kind: Kind, name: str, codes: Sequence[str]) -> None:
    """Refuse the first code in a column of every record that is none of these."""
    listed = ", ".join(codes)
    wanted = ", ".join(literal(code) for code in codes)
    refuse_where(
        connection,
        f"SELECT {quoted(name)}, {quoted(PLACE)} FROM {quoted(view_of(kind))} "
        f"WHERE nullif({quoted(name)}, '') NOT IN ({wanted})",
        f"unknown_{name}",
        f"records/{kind.code}:{name}",
        "没有名为 {} 的" + CODED[name] + "。",
        f"there is no {name} {{}}.",
        (f"请写其一：{listed}。", f"Use one of {listed}."),
    )


def _check_days(connection: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Refuse days that no calendar has; Parquet files mostly say their ends of themselves."""
    days = [one.name for one in _columns(kind) if one.type == DAY]
    first, last = literal(date.min), literal(date.max)
    strange = [f"coalesce(min({quoted(name)}) < {first} OR max({quoted(name)}) > {last}, FALSE)" for name in days]
    found = connection.execute(f"SELECT {', '.join(strange)} FROM {quoted(view_of(kind))}").fetchall()[0]
    for name in (name for name, wrong in zip(days, found, strict=True) if wrong):
        refuse_where(
            connection,
            f"SELECT CAST({quoted(name)} AS VARCHAR), {quoted(PLACE)} FROM {quoted(view_of(kind))} "
            f"WHERE {quoted(name)} < {first} OR {quoted(name)} > {last}",
            "no_day",
            f"records/{kind.code}:{name}",
            "日期 {} 不在公元 1 年至 9999 年之间。",
            "the day {} lies outside the years 1 to 9999.",
            ("请改正日期。", "Correct it."),
        )


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows that count for somebody: their places in the file, whose they are, and whether through an organisation."""

    places: Places
    subject: Numbers
    via: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, connection: duckdb.DuckDBPyConnection, kind: Kind, numbers: Numbers, demands: Demands, known: Numbering
    ) -> Scored:
        """The scored people's own records, whose ``numbers`` stand in the order of the file, and organisations' that name them."""
        places = np.flatnonzero(numbers >= 0).astype(
            np.int32
        )  # half as wide, which is a third of the time in another order
        subject, via = numbers[places], np.zeros(len(places), np.bool_)
        if kind.code in demands.through:
            theirs, named = _through_organisations(connection, kind, known)
            places = np.concatenate([places, theirs])
            subject = np.concatenate([subject, named])
            via = np.concatenate([via, np.ones(len(theirs), np.bool_)])
        return cls(places, subject, via)

    def __getitem__(self, at: slice | Places) -> Scored:
        return Scored(self.places[at], self.subject[at], self.via[at])

    def taken(self, rows: Rows) -> pa.Table:
        """These of all rows of the file, in the form of a snapshot."""
        theirs = rows.taken(self.places)
        return theirs.add_column(0, "via", pa.array(self.via)).add_column(0, "subject", pa.array(self.subject))


def freeze_kind(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    path: Path,
    target: Path,
    demands: Demands,
    people: Callable[[], tuple[Numbering, Edges]],
) -> int:
    """Write one kind sorted by number; returns how many rows. Refuses a subject that nobody knows.

    ``people`` says who is who, and which blocks of numbers there are; it is asked when the file has been read.
    """
    rows, whose = checked_rows(connection, kind, path, demands)
    known, edges = people()
    numbers = numbers_of(connection, view_of(kind), whose, known)
    del whose
    if (numbers == UNKNOWN).any():
        refuse_gaps(connection, f"records/{kind.code}", view_of(kind), RECORDS)
        refuse_where(
            connection,
            f"SELECT r.subject, r.{quoted(PLACE)} FROM {quoted(view_of(kind))} r ANTI JOIN subjects USING (subject)",
            "unknown_subject",
            f"records/{kind.code}:subject",
            "主体 {} 不在 subjects 中。",
            "the subject {} is not in subjects.",
        )
    if kind.code not in demands.fields:
        return 0
    scored = Scored.of(connection, kind, numbers, demands, known)
    days = rows.gathered.days("occurred_on", scored.places)
    ordered = scored[in_order(scored.subject, days, lambda at: scored[at].taken(rows)["record"].combine_chunks())]
    write_kind(target / "records" / f"{kind.code}.parquet", ordered.subject, edges, lambda at: ordered[at].taken(rows))
    return len(ordered.places)
