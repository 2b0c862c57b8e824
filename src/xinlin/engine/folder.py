"""Reads an open folder of CSV or Parquet into a snapshot, so that anyone can use the engine without the web (开放数据夹).

The folder holds ``subjects`` (subject, kind, born_on), ``consents`` (subject, given_on, withdrawn_on, scheme; read for
schemes of persons), ``relations``
(organisation, person, role, from_on, until_on; may be absent) and ``records/KIND`` (record, subject, occurred_on,
status, class, ends_on, document, named_person, then the kind's own fields), each as ``.csv`` or ``.parquet``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import ORGANISATIONS, Kind, Rulebook
from xinlin.core.schemes import Scheme
from xinlin.engine.figures import Progress
from xinlin.engine.freezing import FOREVER, Numbers, in_order, repeats, write_kind
from xinlin.engine.snapshot import Snapshot, column, edges_of, scored_fields
from xinlin.engine.statements import fields_of, literal
from xinlin.engine.tables import (
    DAY,
    FIELD_TYPES,
    PLACE,
    WORDS,
    Column,
    empty_cell,
    open_table,
    quoted,
    refuse_gaps,
    refuse_where,
    refused,
    source_of,
)

Edges = list[tuple[int, int]]

NOT_SCORED, UNKNOWN = -1, -2
"""Stand for the number of a subject who is not scored on the day, and of one whom nobody knows."""
STATUSES = ("active", "disputed", "repaired", "withdrawn", "ended", "unlinked", "superseded")
SUBJECTS = [Column("subject", WORDS, True), Column("kind", WORDS, True), Column("born_on", DAY)]
CONSENTS = [
    Column("subject", WORDS, True),
    Column("given_on", DAY, True),
    Column("withdrawn_on", DAY),
    Column("scheme", WORDS, may_lack=True),
]
RELATIONS = [
    Column("organisation", WORDS, True),
    Column("person", WORDS, True),
    Column("role", WORDS, True),
    Column("from_on", DAY, True),
    Column("until_on", DAY),
]
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


def _open(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, columns: Sequence[Column]) -> None:
    """Make a view of a table that the folder must have."""
    path = source_of(folder, name)
    if path is None:
        raise refused(
            "missing_file",
            name,
            f"缺少 {name} 文件。",
            f"there is no {name}.csv or {name}.parquet.",
            "请放入数据夹。",
            "Put it into the folder.",
        )
    open_table(connection, path, name, columns)
    refuse_gaps(connection, path, name, columns)


def _live_sql(scheme: Scheme, as_of: date) -> str:
    """Who is scored: persons of age with a live consent to this very score; organisations and districts, whole."""
    if scheme.subject == "district":
        return "kind = 'district'"
    if scheme.subject == "organisation":
        return f"kind IN ({', '.join(literal(kind) for kind in sorted(ORGANISATIONS))})"
    # whoever was born on 29 February comes of age on 28 February of a common year, as calendar terms resolve
    return f"kind = 'person' AND born_on IS NOT NULL AND born_on + INTERVAL 18 YEAR <= {literal(as_of)} AND given"


def _people(connection: duckdb.DuckDBPyConnection, folder: Path, plan: Plan) -> None:
    """Tables of subjects and consents, and ``everyone``: who is scored has a dense number, in the order of subjects."""
    scheme, day = plan.scheme, literal(plan.as_of)
    _open(connection, folder, "subjects", SUBJECTS)
    if scheme.subject == "person" or source_of(folder, "consents"):
        _open(connection, folder, "consents", CONSENTS)
    else:
        connection.execute("CREATE VIEW consents AS SELECT '' AS subject, NULL AS given WHERE FALSE")
    asked = literal(scheme.code if scheme.extends else "")
    given = f"given_on <= {day} AND (withdrawn_on IS NULL OR withdrawn_on > {day}) AND coalesce(scheme, '') = {asked}"
    given = given if scheme.subject == "person" else "FALSE"
    connection.execute(
        f"CREATE TABLE known AS SELECT subject, coalesce({_live_sql(scheme, plan.as_of)}, FALSE) AS live, "
        "kind IS NOT NULL AS known, hash(subject) AS hashed FROM subjects FULL JOIN "
        f"(SELECT subject, bool_or({given}) AS given FROM consents GROUP BY subject) USING (subject)"
    )
    _check_people(connection)
    connection.execute("CREATE TABLE scored AS SELECT subject FROM known WHERE live ORDER BY subject")
    connection.execute(
        "CREATE TABLE everyone AS SELECT subject, CAST(rowid AS INTEGER) AS number FROM scored "
        f"UNION ALL SELECT subject, {NOT_SCORED} FROM known WHERE NOT live"
    )
    connection.execute("DROP TABLE known")


def _check_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse a subject that stands twice, and a consent of somebody who is not among the subjects."""
    if repeats(connection.execute("SELECT hashed FROM known WHERE known").fetchnumpy()["hashed"]):
        refuse_where(
            connection,
            "SELECT subject FROM subjects GROUP BY subject HAVING count(*) > 1 ORDER BY subject",
            "duplicate_subject",
            "subjects:subject",
            "主体 {} 出现了两次。",
            "the subject {} stands twice.",
        )
    refuse_where(
        connection,
        "SELECT subject FROM known WHERE NOT known ORDER BY subject",
        "unknown_subject",
        "consents:subject",
        "主体 {} 不在 subjects 中。",
        "the subject {} is not in subjects.",
    )


def _relations(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    path = source_of(folder, "relations")
    if path is not None:
        open_table(connection, path, "relations", RELATIONS)
        refuse_gaps(connection, path, "relations", RELATIONS)
    else:
        typed = ", ".join(f"CAST(NULL AS {wanted.type}) AS {wanted.name}" for wanted in RELATIONS)
        connection.execute(f"CREATE VIEW relations AS SELECT {typed} WHERE FALSE")


def _view(kind: Kind) -> str:
    return f"records {kind.code}"


def _columns(kind: Kind) -> list[Column]:
    return [*RECORDS, *(Column(spec.code, FIELD_TYPES.get(spec.type, WORDS)) for spec in scored_fields(kind))]


def _kinds(folder: Path, rulebook: Rulebook) -> Iterator[tuple[Kind, Path]]:
    """The kinds of which the folder has records, by name. Raises `FolderRefused` for one that the rulebook lacks."""
    for path in sorted((folder / "records").glob("*")):
        if path.suffix not in (".csv", ".parquet"):
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


def _numbers(connection: duckdb.DuckDBPyConnection, kinds: Sequence[tuple[Kind, Path]]) -> dict[str, Numbers]:
    """For each kind the number of every row's subject, in the order of its file; `NOT_SCORED` for who is not.

    One join for all kinds, since the table of everybody is large and is built anew for each join. Raises
    `FolderRefused` for a subject that nobody knows.
    """
    ends = np.cumsum([0, *(_count(connection, kind) for kind, _ in kinds)])
    every = np.full(ends[-1], UNKNOWN, np.int32)
    stacked = " UNION ALL ".join(
        f"SELECT subject, {quoted(PLACE)} + {end} AS place FROM {quoted(_view(kind))}"
        for (kind, _), end in zip(kinds, ends[:-1], strict=True)
    )
    if kinds:
        found = connection.sql(f"SELECT place, number FROM ({stacked}) JOIN everyone USING (subject)")
        for batch in found.to_arrow_reader(1 << 20):
            every[batch["place"].to_numpy()] = batch["number"].to_numpy()
    numbers = {kind.code: every[ends[at] : ends[at + 1]] for at, (kind, _) in enumerate(kinds)}
    for kind, path in kinds:
        if (numbers[kind.code] == UNKNOWN).any():
            refuse_gaps(connection, path, _view(kind), RECORDS)
            refuse_where(
                connection,
                f"SELECT subject FROM {quoted(_view(kind))} ANTI JOIN subjects USING (subject) ORDER BY subject",
                "unknown_subject",
                f"records/{kind.code}:subject",
                "主体 {} 不在 subjects 中。",
                "the subject {} is not in subjects.",
            )
    return numbers


def _count(connection: duckdb.DuckDBPyConnection, kind: Kind) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {quoted(_view(kind))}").fetchall()[0][0])


def _through_organisations(connection: duckdb.DuckDBPyConnection, kind: Kind) -> pa.Table:
    """(place, number) of organisations' records that name the scored person who represented them on the day."""
    return connection.sql(
        f"SELECT r.{quoted(PLACE)} AS place, e.number FROM {quoted(_view(kind))} r JOIN everyone e ON e.subject = r.named_person "
        "WHERE e.number >= 0 AND r.subject <> r.named_person AND EXISTS (SELECT 1 FROM relations l "
        "WHERE l.organisation = r.subject AND l.person = r.named_person AND l.role = 'legal_representative' "
        "AND l.from_on <= r.occurred_on AND (l.until_on IS NULL OR r.occurred_on < l.until_on))"
    ).to_arrow_table()


def _rows(connection: duckdb.DuckDBPyConnection, kind: Kind, documents: bool) -> pa.Table:
    """All rows of a kind in the order of the file, with the snapshot's columns and a hash of each record's handle."""
    own = [f"{quoted(spec.code)} AS {quoted(column(spec.code))}" for spec in scored_fields(kind)]
    columns = [
        "record",
        "occurred_on",
        "status",
        '"class"',
        f"coalesce(ends_on, {literal(FOREVER)}) AS ends_on",
        "document" if documents else "CAST(NULL AS VARCHAR) AS document",
        *own,
        "hash(record) AS hashed",
    ]
    table = connection.sql(f"SELECT {', '.join(columns)} FROM {quoted(_view(kind))}").to_arrow_table()
    coded = ["status", "class", *(column(spec.code) for spec in scored_fields(kind) if spec.type == "code")]
    for name in coded:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].dictionary_encode().unify_dictionaries())
    return table.combine_chunks()


def _check_rows(connection: duckdb.DuckDBPyConnection, kind: Kind, rows: pa.Table) -> None:
    """Refuse empty cells, unknown states, and a record that stands twice."""
    where = f"records/{kind.code}"
    for name in ("record", "occurred_on", "status"):
        if rows[name].null_count:
            raise empty_cell(f"{where}:{name}")
    unknown = [given for given in rows["status"].unique().to_pylist() if given not in STATUSES]
    if unknown:
        listed = ", ".join(STATUSES)
        raise refused(
            "unknown_status",
            f"{where}:status",
            f"没有名为 {unknown[0]} 的状态。",
            f"there is no status {unknown[0]!r}.",
            f"请写其一：{listed}。",
            f"Use one of {listed}.",
            raw=unknown[0],
        )
    if repeats(rows["hashed"].to_numpy()):
        refuse_where(
            connection,
            f"SELECT record FROM {quoted(_view(kind))} GROUP BY record HAVING count(*) > 1 ORDER BY record",
            "duplicate_record",
            f"{where}:record",
            "记录 {} 出现了两次。",
            "the record {} stands twice.",
        )


def _freeze_kind(
    connection: duckdb.DuckDBPyConnection, kind: Kind, numbers: Numbers, target: Path, edges: Edges, demands: Demands
) -> int:
    """Write one kind sorted by number: the scored people's own records, and organisations' that name them.

    Returns how many rows.
    """
    rows = _rows(connection, kind, kind.code in demands.documents)
    _check_rows(connection, kind, rows)
    if kind.code not in demands.kinds:
        return 0
    places = np.flatnonzero(numbers >= 0)
    subject, via = numbers[places], np.zeros(len(places), np.bool_)
    if kind.code in demands.through:
        named = _through_organisations(connection, kind)
        theirs = named["place"].to_numpy()
        places = np.concatenate([places, theirs])
        subject = np.concatenate([subject, named["number"].to_numpy()]).astype(np.int32)
        via = np.concatenate([via, np.ones(len(theirs), np.bool_)])
    days = rows["occurred_on"].combine_chunks().cast(pa.int32()).to_numpy()
    record = rows["record"].combine_chunks()
    order = in_order(subject, days[places], lambda at: record.take(pa.array(places[at])))
    taken = rows.drop_columns("hashed").take(pa.array(places[order]))
    taken = taken.add_column(0, "via", pa.array(via[order])).add_column(0, "subject", pa.array(subject[order]))
    write_kind(target / "records" / f"{kind.code}.parquet", taken, edges)
    return len(order)


@dataclass(frozen=True, slots=True)
class Demands:
    """What a plan asks of a snapshot: which kinds, of which also organisations' records, of which the documents."""

    kinds: frozenset[str]
    through: frozenset[str]
    documents: frozenset[str]

    @classmethod
    def of(cls, plan: Plan) -> Demands:
        """Documents are long and seldom asked for; a kind whose rules do not test them is kept without."""
        indicators = [indicator for dimension in plan.dimensions for indicator in dimension.indicators]
        tested = [(indicator.kind, indicator.where) for indicator in indicators]
        tested += [(rule.kind, rule.where) for rule in plan.scheme.class_rules]
        return cls(
            frozenset(plan.kinds),
            frozenset(indicator.kind for indicator in indicators if indicator.through),
            frozenset(kind for kind, where in tested if "document" in fields_of(where)),
        )


def freeze(
    folder: Path,
    inputs: str,
    rulebook: Rulebook,
    plan: Plan,
    target: Path,
    progress: Progress = lambda _done, _total: None,
) -> Snapshot:
    """Check an open folder with the digest ``inputs`` and write it as a snapshot; ``names.parquet`` names the numbers.

    ``progress`` is told of each kind of record; what it raises stops the work. Raises `FolderRefused`; nothing of a
    refused folder is used.
    """
    with duckdb.connect(":memory:") as connection:
        (target / "records").mkdir(parents=True)
        _people(connection, folder, plan)
        _relations(connection, folder)
        demands, kinds = Demands.of(plan), list(_kinds(folder, rulebook))
        for kind, path in kinds:
            open_table(connection, path, _view(kind), _columns(kind))
        numbers = _numbers(connection, kinds)
        edges = edges_of(people := _write_people(connection, target))

        def freeze_one(kind: Kind) -> int:
            with connection.cursor() as own:
                return _freeze_kind(own, kind, numbers[kind.code], target, edges, demands)

        rows = 0
        with ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)))) as pool, ExitStack() as stack:
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
            for done, count in enumerate(pool.map(freeze_one, [kind for kind, _ in kinds]), 1):
                rows += count
                progress(done, len(kinds))
    return Snapshot(target, people, rows, inputs)


def _write_people(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Write ``subjects.parquet`` and ``names.parquet``: the numbers of the scored, and their own handles. Returns how many."""
    people = 0
    for name, select in (("subjects", "number AS subject"), ("names", "number, subject")):
        path_text = literal((target / f"{name}.parquet").as_posix())
        written = connection.execute(
            f"COPY (SELECT {select} FROM everyone WHERE number >= 0 ORDER BY number) TO {path_text} (FORMAT parquet)"
        ).fetchall()
        people = int(written[0][0])
    return people
