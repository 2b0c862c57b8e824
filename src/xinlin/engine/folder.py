"""Reads an open folder of CSV or Parquet into a snapshot, so that anyone can use the engine without the web (开放数据夹).

The folder holds ``subjects`` (subject, kind, born_on), ``consents`` (subject, given_on, withdrawn_on, scheme; read for
schemes of persons), ``relations`` (organisation, person, role, from_on, until_on; may be absent) and ``records/KIND``
(record, subject, occurred_on, status, class, ends_on, document, named_person, then the kind's own fields), each as
``.csv`` or ``.parquet``.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xinlin.core.people import last_adult_birthday
from xinlin.core.plan import Plan
from xinlin.core.rulebooks import ORGANISATIONS, Kind, Rulebook, SubjectKind
from xinlin.core.schemes import Role, Scheme
from xinlin.engine.figures import Progress
from xinlin.engine.folder_records import Demands, count_of, freeze_kind, kinds_of, open_kind
from xinlin.engine.freezing import Numbers, write_numbers
from xinlin.engine.numbering import NOT_SCORED, UNKNOWN, Hashes, Numbering, hash_sql
from xinlin.engine.snapshot import Snapshot, edges_of
from xinlin.engine.statements import literal
from xinlin.engine.tables import (
    DAY,
    PLACE,
    WORDS,
    Column,
    gaps_sql,
    open_table,
    quoted,
    refuse_gaps,
    refuse_misnamed,
    refuse_where,
    refused,
    source_of,
    unreadable,
)
from xinlin.engine.workplaces import free_memory

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
ROLES: tuple[str, ...] = get_args(Role)

NAMES = pa.schema([pa.field("number", pa.int32(), nullable=False), pa.field("subject", pa.string(), nullable=False)])
NAMES_PACKED: Mapping[str, Any] = {
    "compression": {"number": "none", "subject": "lz4"},
    "use_dictionary": False,
    "column_encoding": {"number": "DELTA_BINARY_PACKED"},
    "store_schema": False,
}
MEMORY = "1GB"
"""What DuckDB may hold of subjects and their numbers while a snapshot is made; it puts the rest beside the snapshot."""
ROWS_AT_ONCE = 1 << 24
"""Kinds are sorted side by side while they have no more rows together; a larger one is sorted alone."""
BYTES_A_ROW = 256
"""What a row takes while its kind is sorted, at most: where half of the machine's free memory holds more rows, more are sorted."""


class _Room:
    """Lets kinds in one after the other while their rows are few enough together."""

    def __init__(self) -> None:
        self.whole = max(ROWS_AT_ONCE, free_memory() // 2 // BYTES_A_ROW)
        self.free, self.changed = self.whole, threading.Condition()

    @contextmanager
    def of(self, rows: int) -> Iterator[None]:
        """Wait for room for so many rows, and hold it."""
        taken = min(rows, self.whole)
        with self.changed:
            self.changed.wait_for(lambda: self.free >= taken)
            self.free -= taken
        try:
            yield
        finally:
            with self.changed:
                self.free += taken
                self.changed.notify_all()


def _open(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, columns: Sequence[Column]) -> Path:
    """Make a view of a table that the folder must have; where its file stands."""
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
    return path


def _live_sql(scheme: Scheme, as_of: date) -> str:
    """Who may be scored: persons of age, who must have consented too; organisations and districts, whole."""
    if scheme.subject == "district":
        return "kind = 'district'"
    if scheme.subject == "organisation":
        return f"kind IN ({', '.join(literal(kind) for kind in sorted(ORGANISATIONS))})"
    return f"kind = 'person' AND born_on <= {literal(last_adult_birthday(as_of))}"


@dataclass(frozen=True, slots=True)
class _Subjects:
    """What one look at ``subjects`` tells: by place the handle's hash and who may be scored, and of all whether one is wrong."""

    hashes: Hashes
    live: npt.NDArray[np.bool_]
    wrong: bool
    rising: bool
    """Whether they stand in the order of their handles, as registers mostly do: then nothing needs to be sorted."""

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection, live: str, wrong: str) -> _Subjects:
        """``live`` and ``wrong`` are conditions in SQL; only the second may hold where cells are empty.

        Rows are told by their place: a statement that is more than a row of expressions may give them in any order.
        """
        count = connection.execute("SELECT count(*) FROM subjects").fetchall()[0][0]
        hashes, lives = np.empty(count, np.uint64), np.empty(count, np.bool_)
        any_wrong, rising, before = False, True, pa.array([], pa.string())
        asked = f"{quoted(PLACE)} AS place, {hash_sql('subject')} AS hashed, coalesce({live}, FALSE) AS live, {wrong} AS wrong"
        done = 0
        for batch in connection.sql(f"SELECT {asked}, subject FROM subjects").to_arrow_reader(1 << 20):
            places, handles = batch["place"].to_numpy(), pa.concat_arrays([before, batch["subject"]])
            hashes[places] = batch["hashed"].to_numpy()
            lives[places] = batch["live"].to_numpy(zero_copy_only=False)
            any_wrong = any_wrong or batch["wrong"].true_count > 0
            in_place = places[0] == done and places[-1] - places[0] == len(places) - 1
            rising = rising and in_place and pc.less(handles[:-1], handles[1:]).true_count == len(handles) - 1
            before, done = handles[-1:], done + len(places)
        return cls(hashes, lives, any_wrong, rising)


def _people(connection: duckdb.DuckDBPyConnection, folder: Path, plan: Plan, target: Path) -> tuple[Numbering, int]:
    """The number of each subject, and how many are scored: these have dense ones, in the order of their handles.

    ``subjects.parquet`` holds the numbers of the scored, ``names.parquet`` their handles.
    """
    path = _open(connection, folder, "subjects", SUBJECTS)
    # compared one by one: a list longer than a few becomes a join, which gives rows in any order, and then they are sorted
    stranger = "(" + " AND ".join(f"kind <> {literal(one)}" for one in SUBJECT_KINDS) + ")"
    found = _Subjects.read(connection, _live_sql(plan.scheme, plan.as_of), f"{gaps_sql(SUBJECTS)} OR {stranger}")
    if found.wrong:
        refuse_gaps(connection, path, "subjects", SUBJECTS)
        refuse_where(
            connection,
            f"SELECT kind, {quoted(PLACE)} FROM subjects WHERE {stranger}",
            "unknown_subject_kind",
            "subjects:kind",
            "没有名为 {} 的主体类型。",
            "there is no kind of subject {}.",
        )
    known, live = _known(connection, found.hashes), found.live
    if plan.scheme.subject == "person" or source_of(folder, "consents"):
        given = _given(connection, folder, plan, known)
        live = live & given if plan.scheme.subject == "person" else live
    known.number(_write_people(connection, target, live, "" if found.rising else "ORDER BY subject"))
    return known, int(np.count_nonzero(live))


def _known(connection: duckdb.DuckDBPyConnection, hashes: Hashes) -> Numbering:
    """The place of each subject in its file. Refuses a subject that stands twice."""
    known = Numbering(hashes)
    if not known.ambiguous:
        return known
    refuse_where(
        connection,
        f"SELECT subject, max({quoted(PLACE)}) FROM subjects GROUP BY subject HAVING count(*) > 1",
        "duplicate_subject",
        "subjects:subject",
        "主体 {} 出现了两次。",
        "the subject {} stands twice.",
    )
    return Numbering.of_handles(
        lambda salt: connection.execute(f"SELECT {hash_sql('subject', salt)} AS h FROM subjects").fetchnumpy()["h"]
    )


def _given(connection: duckdb.DuckDBPyConnection, folder: Path, plan: Plan, known: Numbering) -> npt.NDArray[np.bool_]:
    """Whether each subject has a live consent to this very score. Refuses one of somebody who is not among the subjects."""
    path, day = _open(connection, folder, "consents", CONSENTS), literal(plan.as_of)
    asked = literal(plan.scheme.code if plan.scheme.extends else "")
    found = connection.execute(
        f"SELECT {hash_sql('subject', known.salt)} AS hashed, {gaps_sql(CONSENTS)} AS wrong, coalesce(given_on <= {day} "
        f"AND (withdrawn_on IS NULL OR withdrawn_on > {day}) AND coalesce(scheme, '') = {asked}, FALSE) AS given FROM consents"
    ).fetchnumpy()
    if found["wrong"].any():
        refuse_gaps(connection, path, "consents", CONSENTS)
    whose = known.of(found["hashed"])
    if (whose == UNKNOWN).any():
        refuse_where(
            connection,
            f"SELECT c.subject, c.{quoted(PLACE)} FROM consents c ANTI JOIN subjects USING (subject)",
            "unknown_subject",
            "consents:subject",
            "主体 {} 不在 subjects 中。",
            "the subject {} is not in subjects.",
        )
    given = np.zeros(len(known), np.bool_)
    given[whose[found["given"]]] = True
    return given


def _refuse_schemes(connection: duckdb.DuckDBPyConnection, folder: Path, rulebook: Rulebook) -> None:
    """Refuse a consent to a score that the rulebook has not, or to the city's own by its code: it would open nothing."""
    path = source_of(folder, "consents")
    if path is None:
        return
    trades = sorted({scheme.code for scheme in rulebook.schemes if scheme.extends})
    listed = ", ".join(trades) or "—"
    refuse_where(
        connection,
        f"SELECT scheme, {quoted(PLACE)} FROM consents WHERE scheme NOT IN ({', '.join(map(literal, ['', *trades]))})",
        "unknown_scheme",
        f"{path.name}:scheme",
        "没有名为 {} 的行业信用分。",
        "there is no trade's score {}.",
        (
            f"本市信用分请留空；行业信用分请写其一：{listed}。",
            f"Leave it empty for the city's own score; a trade's is one of: {listed}.",
        ),
    )


def _write_people(
    connection: duckdb.DuckDBPyConnection, target: Path, live: npt.NDArray[np.bool_], order: str
) -> Numbers:
    """Write ``names.parquet`` and ``subjects.parquet``; the numbers of all subjects in the order of their file.

    ``order`` is what makes SQL give the subjects in the order of their handles.
    """
    numbers, first = np.full(len(live), NOT_SCORED, np.int32), 0
    ordered = connection.sql(f"SELECT {quoted(PLACE)} AS place, subject FROM subjects {order}")
    with pq.ParquetWriter(target / "names.parquet", NAMES, **NAMES_PACKED) as writer:
        for batch in ordered.to_arrow_reader(1 << 20):
            places = batch["place"].to_numpy()
            theirs = live[places]
            mine = np.arange(first, first := first + int(np.count_nonzero(theirs)), dtype=np.int32)
            numbers[places[theirs]] = mine
            writer.write_table(pa.table([mine, batch["subject"].filter(pa.array(theirs))], schema=NAMES))
    write_numbers(target / "subjects.parquet", np.arange(first, dtype=np.int32))
    return numbers


def open_relations(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the view of who held which office; the file may be absent. Raises `FolderRefused`."""
    path = source_of(folder, "relations")
    if path is not None:
        open_table(connection, path, "relations", RELATIONS)
        refuse_gaps(connection, path, "relations", RELATIONS)
        refuse_where(
            connection,
            f"SELECT role, {quoted(PLACE)} FROM relations WHERE role NOT IN ({', '.join(map(literal, ROLES))})",
            "unknown_role",
            f"{path.name}:role",
            "没有名为 {} 的角色。",
            "there is no role {}.",
            (
                f"请写其一：{'、'.join(ROLES)}；其他关系请不要写入。",
                f"Use one of {', '.join(ROLES)}, and leave other relations out.",
            ),
        )
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
        known, people = _people(connection, folder, plan, target)
        _refuse_schemes(connection, folder, rulebook)
        open_relations(connection, folder)
        demands, edges = Demands.of(plan), edges_of(people)
        kinds = list(kinds_of(folder, rulebook))
        for kind, path in kinds:
            open_kind(connection, kind, path)

        sizes, room = {kind.code: count_of(connection, kind) for kind, _ in kinds}, _Room()
        rising = sorted(kinds, key=lambda one: (sizes[one[0].code], one[0].code))
        # a large one beside a small one, so that two find room
        kinds = [rising[-1 - at // 2] if at % 2 == 0 else rising[at // 2] for at in range(len(kinds))]

        def freeze_one(kind: Kind, path: Path) -> int:
            with room.of(sizes[kind.code]), connection.cursor() as own:
                return freeze_kind(own, kind, path, known, target, edges, demands)

        rows = 0
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool, ExitStack() as stack:
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
            for done, count in enumerate(pool.map(freeze_one, *zip(*kinds, strict=True)), 1):
                rows += count
                progress(done, len(kinds))
    shutil.rmtree(spilled, ignore_errors=True)
    return Snapshot(target, people, rows, inputs)
