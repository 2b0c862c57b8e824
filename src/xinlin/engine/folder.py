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
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
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
from xinlin.engine.codes import CodeNumbers, Codes
from xinlin.engine.figures import Progress
from xinlin.engine.folder_consents import Consents, refuse_schemes
from xinlin.engine.folder_records import Demands, Edges, count_of, freeze_kind, kinds_of, open_kind
from xinlin.engine.freezing import Numbers, write_numbers
from xinlin.engine.hashes import Hashes, hashed
from xinlin.engine.numbering import NOT_SCORED, Numbering, hashed_column
from xinlin.engine.snapshot import Snapshot, edges_of
from xinlin.engine.statements import literal
from xinlin.engine.tables import (
    DAY,
    PLACE,
    WORDS,
    Column,
    any_empty,
    batches,
    open_needed,
    open_table,
    quoted,
    refuse_gaps,
    refuse_misnamed,
    refuse_where,
    refused,
    rows_of,
    source_of,
    unreadable,
)

SUBJECT_KINDS: tuple[str, ...] = get_args(SubjectKind)
SUBJECTS = [Column("subject", WORDS, True), Column("kind", WORDS, True), Column("born_on", DAY)]
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
    "compression": "none",
    "use_dictionary": False,
    "column_encoding": {"number": "DELTA_BINARY_PACKED"},
    "store_schema": False,
}
MEMORY = "1GB"
"""What DuckDB may hold of subjects and their numbers while a snapshot is made; it puts the rest beside the snapshot."""
ROWS_AT_ONCE = 24_000_000
"""Kinds are sorted side by side while they have no more rows together, whatever memory is free; a larger one is sorted alone.

A row takes up to 100 bytes meanwhile where its handle has ten letters: beside the numbers of a province, 3 GiB hold so many.
"""


class _Room:
    """Lets kinds in one after the other while their rows are few enough together."""

    def __init__(self) -> None:
        self.free, self.changed = ROWS_AT_ONCE, threading.Condition()

    @contextmanager
    def of(self, rows: int) -> Iterator[None]:
        """Wait for room for so many rows, and hold it."""
        taken = min(rows, ROWS_AT_ONCE)
        with self.changed:
            self.changed.wait_for(lambda: self.free >= taken)
            self.free -= taken
        try:
            yield
        finally:
            with self.changed:
                self.free += taken
                self.changed.notify_all()


def _live(scheme: Scheme, as_of: date, kinds: CodeNumbers, born: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
    """Who may be scored: persons of age, who must have consented too; organisations and districts, whole."""
    among = {"person": {"person"}, "organisation": ORGANISATIONS, "district": {"district"}}[scheme.subject]
    live: npt.NDArray[np.bool_] = np.array([*(kind in among for kind in SUBJECT_KINDS), False])[kinds]
    if scheme.subject == "person":
        live &= born <= np.datetime64(last_adult_birthday(as_of))  # nothing is before a day that is lacking, nor after
    return live


@dataclass(frozen=True, slots=True)
class _Subjects:
    """What one look at ``subjects`` tells: by place the handle's hash and who may be scored, and of all whether one is wrong."""

    hashes: Hashes
    live: npt.NDArray[np.bool_]
    wrong: bool
    """Whether a cell is empty that may not be, or a kind unknown."""
    rising: bool
    """Whether they stand in the order of their handles, as registers mostly do: then nothing needs to be sorted."""

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection, path: Path, plan: Plan) -> _Subjects:
        """Look at the opened subjects, whose file is ``path``."""
        count = connection.execute("SELECT count(*) FROM subjects").fetchall()[0][0]
        hashes, live, done = np.empty(count, np.uint64), np.empty(count, np.bool_), 0
        wrong, rising, before, kinds = False, True, pa.array([], pa.string()), Codes("subjects:kind", SUBJECT_KINDS)
        for batch in rows_of(connection, path, "subjects", SUBJECTS, ["kind"]):
            at, handles = slice(done, done + len(batch)), pa.concat_arrays([before, batch["subject"]])
            said = np.minimum(kinds.of(batch["kind"]), len(SUBJECT_KINDS))
            wrong = wrong or kinds.strange or bool((said < 0).any()) or any_empty(batch["subject"])
            hashes[at] = hashed(batch["subject"])
            live[at] = _live(plan.scheme, plan.as_of, said, batch["born_on"].to_numpy(zero_copy_only=False))
            rising = rising and pc.less(handles[:-1], handles[1:]).true_count == len(handles) - 1
            before, done = handles[-1:], at.stop
        return cls(hashes, live, wrong, rising)


@dataclass(frozen=True, slots=True)
class _People:
    """The number of each subject, and how many are scored: these have dense ones, in the order of their handles."""

    known: Numbering
    scored: int
    writing: Future[Numbers]
    """Is done when ``subjects.parquet`` holds the numbers of the scored, and ``names.parquet`` their handles."""


def _people(
    connection: duckdb.DuckDBPyConnection, beside: ThreadPoolExecutor, path: Path, plan: Plan, target: Path
) -> _People:
    """Number the opened subjects, whose file is ``path``. Consents are read beside them, and handles written beside what comes next."""
    asked = plan.scheme.subject == "person" or source_of(path.parent, "consents") is not None
    reading = beside.submit(Consents.read, connection, path.parent, plan) if asked else None
    found = _Subjects.read(connection, path, plan)
    if found.wrong:
        refuse_gaps(connection, path.name, "subjects", SUBJECTS)
        refuse_where(
            connection,
            f"SELECT kind, {quoted(PLACE)} FROM subjects WHERE kind NOT IN ({', '.join(map(literal, SUBJECT_KINDS))})",
            "unknown_subject_kind",
            "subjects:kind",
            "没有名为 {} 的主体类型。",
            "there is no kind of subject {}.",
            (f"请写其一：{', '.join(SUBJECT_KINDS)}。", f"Use one of {', '.join(SUBJECT_KINDS)}."),
        )
    known, live = _known(connection, found.hashes), found.live
    if reading is not None:
        given = reading.result().given(connection, known)
        live = live & given if plan.scheme.subject == "person" else live
    writing = beside.submit(_write_people, connection, path, target, live, found.rising)
    known.number(_rising_numbers(live) if found.rising else writing.result())
    return _People(known, int(np.count_nonzero(live)), writing)


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
    return Numbering.of_handles(partial(hashed_column, connection, "subjects", "subject"))


def _rising_numbers(live: npt.NDArray[np.bool_]) -> Numbers:
    """The numbers of subjects who stand in the order of their handles."""
    numbers = np.full(len(live), NOT_SCORED, np.int32)
    numbers[live] = np.arange(np.count_nonzero(live), dtype=np.int32)
    return numbers


def _write_people(
    connection: duckdb.DuckDBPyConnection, path: Path, target: Path, live: npt.NDArray[np.bool_], rising: bool
) -> Numbers:
    """Write ``names.parquet`` and ``subjects.parquet``; the numbers of all subjects in the order of their file.

    ``rising`` says that they stand there in the order of their handles.
    """
    numbers, first, done = np.full(len(live), NOT_SCORED, np.int32), 0, 0
    with connection.cursor() as own, pq.ParquetWriter(target / "names.parquet", NAMES, **NAMES_PACKED) as writer:
        if rising:
            ordered = rows_of(own, path, "subjects", SUBJECTS[:1], at_once=1 << 20)
        else:
            ordered = batches(
                own.sql(f"SELECT subject, {quoted(PLACE)} AS place FROM subjects ORDER BY subject"), 1 << 20
            )
        for batch in ordered:
            places = np.arange(done, done := done + len(batch)) if rising else batch["place"].to_numpy()
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
        refuse_gaps(connection, path.name, "relations", RELATIONS)
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
    with (
        duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": spilled.as_posix()}) as connection,
        ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool,
        ThreadPoolExecutor(1) as beside,
        ExitStack() as stack,
    ):
        for one in (pool, beside):
            stack.callback(one.shutdown, wait=False, cancel_futures=True)
        subjects = open_needed(connection, folder, "subjects", SUBJECTS)
        open_relations(connection, folder)
        kinds = list(kinds_of(folder, rulebook))
        for kind, path in kinds:
            open_kind(connection, kind, path)

        sizes, room = {kind.code: count_of(connection, kind) for kind, _ in kinds}, _Room()
        rising = sorted(kinds, key=lambda one: (sizes[one[0].code], one[0].code))
        # a large one beside a small one, so that two find room
        kinds = [rising[-1 - at // 2] if at % 2 == 0 else rising[at // 2] for at in range(len(kinds))]
        demands, numbered = Demands.of(plan), Future[_People]()

        def people() -> tuple[Numbering, Edges]:
            theirs = numbered.result()
            return theirs.known, edges_of(theirs.scored)

        def freeze_one(kind: Kind, path: Path) -> int:
            with room.of(sizes[kind.code]), connection.cursor() as own:
                return freeze_kind(own, kind, path, target, demands, people)

        counts = pool.map(freeze_one, *zip(*kinds, strict=True))
        try:
            found = _people(connection, beside, subjects, plan, target)
            refuse_schemes(connection, folder, rulebook)
        except BaseException as error:
            numbered.set_exception(error)  # for those who wait
            raise
        numbered.set_result(found)
        rows = 0
        for done, count in enumerate(counts, 1):
            rows += count
            progress(done, len(kinds))
        found.writing.result()
    shutil.rmtree(spilled, ignore_errors=True)
    return Snapshot(target, found.scored, rows, inputs)
