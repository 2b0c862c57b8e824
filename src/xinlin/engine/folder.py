"""Reads an open folder of CSV or Parquet into a snapshot, so that anyone can use the engine without the web (开放数据夹).

The folder holds ``subjects`` (subject, kind, born_on), ``consents`` (subject, given_on, withdrawn_on, scheme; read for
schemes of persons), ``relations`` (organisation, person, role, from_on, until_on; may be absent) and ``records/KIND``
(record, subject, occurred_on, status, class, ends_on, document, named_person, then the kind's own fields), each as
``.csv`` or ``.parquet``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import get_args

import duckdb

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import ORGANISATIONS, Kind, Rulebook, SubjectKind
from xinlin.core.schemes import Scheme
from xinlin.engine.figures import Progress
from xinlin.engine.folder_records import NOT_SCORED, Demands, freeze_kind, kinds_of, numbers_of, open_kind
from xinlin.engine.freezing import repeats
from xinlin.engine.snapshot import Snapshot, edges_of
from xinlin.engine.statements import literal
from xinlin.engine.tables import (
    DAY,
    WORDS,
    Column,
    open_table,
    refuse_gaps,
    refuse_misnamed,
    refuse_where,
    refused,
    source_of,
    unreadable,
)

SUBJECT_KINDS: tuple[str, ...] = get_args(SubjectKind)
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

MEMORY = "1GB"
"""What DuckDB may hold of subjects and their numbers while a snapshot is made; it puts the rest beside the snapshot."""
ROWS_AT_ONCE = 1 << 23
"""Kinds are sorted side by side while this many rows hold them all; larger ones go one after the other."""


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
    refuse_where(
        connection,
        f"SELECT kind FROM subjects WHERE kind NOT IN ({', '.join(map(literal, SUBJECT_KINDS))})",
        "unknown_subject_kind",
        "subjects:kind",
        "没有名为 {} 的主体类型。",
        "there is no kind of subject {}.",
    )
    if scheme.subject == "person" or source_of(folder, "consents"):
        _open(connection, folder, "consents", CONSENTS)
    else:
        connection.execute("CREATE VIEW consents AS SELECT '' AS subject, NULL AS given WHERE FALSE")
    asked = literal(scheme.code if scheme.extends else "")
    given = f"given_on <= {day} AND (withdrawn_on IS NULL OR withdrawn_on > {day}) AND coalesce(scheme, '') = {asked}"
    given = given if scheme.subject == "person" else "FALSE"
    consented = f"SELECT subject, {given} AS given FROM consents"
    if repeats(connection.execute("SELECT hash(subject) AS hashed FROM consents").fetchnumpy()["hashed"]):
        consented = f"SELECT subject, bool_or({given}) AS given FROM consents GROUP BY subject"
    connection.execute(
        f"CREATE TABLE known AS SELECT subject, coalesce({_live_sql(scheme, plan.as_of)}, FALSE) AS live, "
        f"kind IS NOT NULL AS known, hash(subject) AS hashed FROM subjects FULL JOIN ({consented}) USING (subject)"
    )
    _check_people(connection)
    connection.execute("CREATE TABLE scored AS SELECT subject FROM known WHERE live ORDER BY subject")
    connection.execute(
        "CREATE TABLE everyone AS SELECT subject, CAST(rowid AS INTEGER) AS number FROM scored "
        f"UNION ALL SELECT subject, {NOT_SCORED} FROM known WHERE NOT live"
    )
    connection.execute("DROP TABLE known; DROP TABLE scored")


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


def open_relations(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the view of who held which office; the file may be absent. Raises `FolderRefused`."""
    path = source_of(folder, "relations")
    if path is not None:
        open_table(connection, path, "relations", RELATIONS)
        refuse_gaps(connection, path, "relations", RELATIONS)
    else:
        typed = ", ".join(f"CAST(NULL AS {wanted.type}) AS {wanted.name}" for wanted in RELATIONS)
        connection.execute(f"CREATE VIEW relations AS SELECT {typed} WHERE FALSE")


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
    if not folder.is_dir():
        raise refused(
            "no_folder",
            folder.name,
            "没有这个数据夹。",
            "there is no such folder.",
            "请核对 --data。",
            "Check what --data names.",
        )
    refuse_misnamed(folder, ("subjects", "consents", "relations"))
    if (folder / "records").exists() and not (folder / "records").is_dir():
        raise refused(
            "no_folder",
            "records",
            "records 应是文件夹。",
            "records is a file; it has to be a folder.",
            "请把各类记录的文件放入文件夹 records。",
            "Put the files of each kind of record into a folder of that name.",
        )
    try:
        return _freeze(folder, inputs, rulebook, plan, target, progress)
    except duckdb.Error as error:  # a torn page shows only when it is read
        raise unreadable(folder.name, error) from error


def _freeze(folder: Path, inputs: str, rulebook: Rulebook, plan: Plan, target: Path, progress: Progress) -> Snapshot:
    (target / "records").mkdir(parents=True)
    spilled = target / "spilled"
    with duckdb.connect(
        ":memory:", config={"memory_limit": MEMORY, "temp_directory": spilled.as_posix()}
    ) as connection:
        _people(connection, folder, plan)
        open_relations(connection, folder)
        demands, kinds = Demands.of(plan), list(kinds_of(folder, rulebook))
        for kind, path in kinds:
            open_kind(connection, kind, path)
        numbers = numbers_of(connection, kinds)
        edges = edges_of(people := _write_people(connection, target))

        def freeze_one(kind: Kind) -> int:
            with connection.cursor() as own:
                return freeze_kind(own, kind, numbers[kind.code], target, edges, demands)

        rows, largest = 0, max((len(found) for found in numbers.values()), default=0)
        at_once = min(len(os.sched_getaffinity(0)), ROWS_AT_ONCE // max(largest, 1))
        with ThreadPoolExecutor(max(1, at_once)) as pool, ExitStack() as stack:
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
            for done, count in enumerate(pool.map(freeze_one, [kind for kind, _ in kinds]), 1):
                rows += count
                progress(done, len(kinds))
    shutil.rmtree(spilled, ignore_errors=True)
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
