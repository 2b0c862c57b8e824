"""Reads an open folder's records, kind by kind, into a snapshot's files (开放数据夹的记录)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.core.kind_references import CLASSES
from xinlin.core.plan import Plan
from xinlin.core.rulebooks import FieldSpec, Kind, Rulebook
from xinlin.engine.freezing import COMPLETE, FOREVER, Numbers, in_order, repeats, write_kind
from xinlin.engine.gathered import Gathered, Places
from xinlin.engine.numbering import UNKNOWN, Hashes, Numbering, hash_sql
from xinlin.engine.snapshot import column, scored_fields
from xinlin.engine.statements import fields_of, literal
from xinlin.engine.tables import (
    DAY,
    FIELD_TYPES,
    FORMS,
    PLACE,
    WORDS,
    Column,
    batches,
    open_table,
    quoted,
    refuse_gaps,
    refuse_misnamed,
    refuse_where,
    refused,
    source_of,
)

Edges = list[tuple[int, int]]

FIXED_CODES = {"status": "状态", "class": "等级"}
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
    found = connection.execute(
        f"SELECT {quoted(PLACE)} AS place, {hash_sql('named_person', known.salt)} AS named FROM {quoted(view_of(kind))} r "
        "WHERE named_person IS NOT NULL AND r.subject <> r.named_person AND EXISTS (SELECT 1 FROM relations l "
        "WHERE l.organisation = r.subject AND l.person = r.named_person AND l.role = 'legal_representative' "
        "AND l.from_on <= r.occurred_on AND (l.until_on IS NULL OR r.occurred_on < l.until_on))"
    ).fetchnumpy()
    numbers = known.of(found["named"])
    return found["place"][numbers >= 0], numbers[numbers >= 0]


def _codes(own: Iterable[FieldSpec]) -> dict[str, Sequence[str]]:
    """The columns that hold codes, each with those that the rulebook knows."""
    coded = {spec.code: list(spec.codes) for spec in own if spec.type == "code" and spec.codes}
    return {"status": STATUSES, "class": sorted(CLASSES), **coded}


def _rows(
    connection: duckdb.DuckDBPyConnection, kind: Kind, demands: Demands, known: Numbering
) -> tuple[Gathered, Numbers, Hashes]:
    """All rows of a kind in the order of the file with the snapshot's columns, their subjects' numbers, and records' hashes.

    Codes come as dictionaries. Raises `FolderRefused` for a state or a class that there is not, and for an empty cell.
    """
    own = demands.own_fields(kind)
    codes, count = _codes(own), count_of(connection, kind)
    columns = {
        "record": "record",
        "occurred_on": "occurred_on",
        "status": _code_sql("status", codes),
        "class": _code_sql("class", codes),
        "ends_on": f"coalesce(ends_on, {literal(FOREVER)})",
        "document": "document" if "document" in demands.fields.get(kind.code, ()) else "CAST(NULL AS VARCHAR)",
        **{column(spec.code): _code_sql(spec.code, codes) for spec in own},
    }
    asked = columns | {
        "strange": " OR ".join(["record = ''", *(_no_code_sql(name, codes) for name in codes)]),
        "hashed": hash_sql("record"),
        "whose": hash_sql("subject", known.salt),
    }
    named = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in asked.items())
    found = connection.sql(f"SELECT {named} FROM {quoted(view_of(kind))}")
    schema = [one.with_nullable(one.name not in COMPLETE) for one in found.limit(0).to_arrow_table().schema]
    rows = Gathered(pa.schema([one for one in schema if one.name in columns]), count)
    numbers, hashed, lacking, strange = np.empty(count, np.int32), np.empty(count, np.uint64), Counter[str](), False
    for batch in batches(found):
        at = slice(len(rows), len(rows) + len(batch))
        rows.add(batch)
        numbers[at] = known.of(batch["whose"].to_numpy())
        hashed[at] = batch["hashed"].to_numpy()
        strange = strange or batch["strange"].true_count > 0
        lacking.update({name: batch[name].null_count for name in columns})
    for name in codes if strange else ():
        column_name = name if name in FIXED_CODES else column(name)
        if lacking[column_name] > _gaps(connection, kind, name):
            if name in FIXED_CODES:
                _refuse_codes(connection, kind, name, codes[name])
            said = connection.sql(f"SELECT {quoted(name)} AS said FROM {quoted(view_of(kind))}").to_arrow_table()[
                "said"
            ]
            rows.replace(column_name, said.combine_chunks().dictionary_encode())
    if strange or any(lacking[name] for name in COMPLETE):
        refuse_gaps(connection, f"records/{kind.code}", view_of(kind), RECORDS)
    return rows, numbers, hashed


def _gaps(connection: duckdb.DuckDBPyConnection, kind: Kind, name: str) -> int:
    """In how many rows a column says nothing."""
    asked = f"SELECT count(*) - count(nullif({quoted(name)}, '')) FROM {quoted(view_of(kind))}"
    return int(connection.execute(asked).fetchall()[0][0])


def _code_sql(name: str, codes: Mapping[str, Sequence[str]]) -> str:
    """What the column says; where it holds codes as one of them, NULL for what is none of them."""
    if name not in codes:
        return quoted(name)
    return f"TRY_CAST({quoted(name)} AS ENUM({', '.join(literal(code) for code in codes[name])}))"


def _no_code_sql(name: str, codes: Mapping[str, Sequence[str]]) -> str:
    """Whether the column says something that is none of its codes."""
    return f"({quoted(name)} IS NOT NULL AND {_code_sql(name, codes)} IS NULL)"


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
        "没有名为 {} 的" + FIXED_CODES[name] + "。",
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


def _check_rows(connection: duckdb.DuckDBPyConnection, kind: Kind, hashed: Hashes) -> None:
    """Refuse days that no calendar has, and a record that stands twice."""
    _check_days(connection, kind)
    if repeats(hashed):
        refuse_where(
            connection,
            f"SELECT record, max({quoted(PLACE)}) FROM {quoted(view_of(kind))} GROUP BY record HAVING count(*) > 1",
            "duplicate_record",
            f"records/{kind.code}:record",
            "记录 {} 出现了两次。",
            "the record {} stands twice.",
        )


def checked_rows(
    connection: duckdb.DuckDBPyConnection, kind: Kind, demands: Demands, known: Numbering
) -> tuple[Gathered, Numbers]:
    """All rows of an opened kind in the order of its file, with the snapshot's columns, and the numbers of their subjects.

    Raises `FolderRefused`.
    """
    rows, numbers, hashed = _rows(connection, kind, demands, known)
    _check_rows(connection, kind, hashed)
    return rows, numbers


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
        places = np.flatnonzero(numbers >= 0)
        subject, via = numbers[places], np.zeros(len(places), np.bool_)
        if kind.code in demands.through:
            theirs, named = _through_organisations(connection, kind, known)
            places = np.concatenate([places, theirs])
            subject = np.concatenate([subject, named])
            via = np.concatenate([via, np.ones(len(theirs), np.bool_)])
        return cls(places, subject, via)

    def __getitem__(self, at: slice | Places) -> Scored:
        return Scored(self.places[at], self.subject[at], self.via[at])

    def taken(self, rows: Gathered) -> pa.Table:
        """These of all rows of the file, in the form of a snapshot."""
        theirs = rows.taken(self.places)
        return theirs.add_column(0, "via", pa.array(self.via)).add_column(0, "subject", pa.array(self.subject))


def freeze_kind(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    known: Numbering,
    target: Path,
    edges: Edges,
    demands: Demands,
) -> int:
    """Write one kind sorted by number; returns how many rows. Refuses a subject that nobody knows."""
    rows, numbers = checked_rows(connection, kind, demands, known)
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
    days = rows.days("occurred_on", scored.places)
    ordered = scored[in_order(scored.subject, days, lambda at: scored[at].taken(rows)["record"].combine_chunks())]
    write_kind(target / "records" / f"{kind.code}.parquet", ordered.subject, edges, lambda at: ordered[at].taken(rows))
    return len(ordered.places)
