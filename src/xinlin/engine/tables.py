"""Reads the tables of an open folder, CSV or Parquet, with the types that they need, and refuses what does not fit (开放数据表)."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xinlin.core.values import Problem, Text
from xinlin.engine.hashes import ends_of, letters_of
from xinlin.engine.statements import literal

INTEGER, DAY, WORDS, TRUTH = "BIGINT", "DATE", "VARCHAR", "BOOLEAN"
FIELD_TYPES = {"integer": INTEGER, "money": INTEGER, "date": DAY, "boolean": TRUTH}
ARROW_TYPES = {INTEGER: pa.int64(), DAY: pa.date32(), WORDS: pa.string(), TRUTH: pa.bool_()}
WELL_FORMED = {
    INTEGER: r"[+-]?[0-9]{1,18}",
    DAY: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    TRUTH: r"(?i)true|false",
}
NARROW = ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER")
WHOLE_DECIMAL = re.compile(r"DECIMAL\(\d+,0\)")
"""How databases without 64-bit integers export whole numbers; each value is checked, since it may not fit."""
SEPARATORS = (";", "\t", "|")
"""What files that are not separated by commas are separated by."""
FORMS = (".csv", ".parquet")
FORM_OF = {
    INTEGER: ("整数，至多18位，如 12", "a whole number of at most 18 digits, like 12"),
    DAY: ("日期，如 2026-03-01", "a day, like 2026-03-01"),
    TRUTH: ("true 或 false", "true or false"),
}


class FolderRefused(ValueError):
    """The folder cannot be read as it is; ``problem`` says which file, which column, which value, and what to do."""

    def __init__(self, problem: Problem) -> None:
        """Carry the problem."""
        super().__init__(f"{problem.where}: {problem.what.en} {problem.cure.en}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Column:
    """An expected column: its type, and whether every row must have a value."""

    name: str
    type: str
    required: bool = False
    may_lack: bool = False
    """The file may be without this column: then every cell of it is empty."""


def refused(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str, raw: str = "") -> FolderRefused:
    """The refusal to raise."""
    return FolderRefused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en), raw))


def source_of(folder: Path, name: str) -> Path | None:
    """The file of a table in the folder. Raises `FolderRefused` where both forms are there."""
    found = [path for suffix in FORMS if (path := folder / f"{name}{suffix}").exists()]
    if len(found) > 1:
        raise refused(
            "two_files",
            name,
            "同时有 CSV 和 Parquet 两个文件。",
            "there is both a CSV and a Parquet file.",
            "请只保留一个。",
            "Keep one of them.",
        )
    return found[0] if found else None


def refuse_misnamed(folder: Path, names: Collection[str]) -> None:
    """Refuse a file that is called like one of the tables and would not be read, such as ``relations.CSV``.

    Nobody would notice that what it holds is missing. A copy beside the table itself, such as ``subjects.csv.bak``, may stand.
    """
    for path in sorted(folder.glob("*")):
        table = path.name.split(".")[0].casefold()
        if table not in names or path.name in [f"{table}{form}" for form in FORMS]:
            continue
        if path.suffix.casefold() in FORMS or source_of(folder, table) is None:
            raise refused(
                "misnamed_file",
                path.name,
                f"这个文件不会被读取：表 {table} 的文件名不对。",
                f"this would not be read: it is not the name of a file of the table {table}.",
                f"请命名为 {table}.csv 或 {table}.parquet，一个文件，不压缩。",
                f"Call it {table}.csv or {table}.parquet: one file, not compressed.",
            )


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


NOTHING = "nothing"
"""Stands for the type of a column that the file lacks and may lack: every cell of it is empty."""
ROWS_A_BATCH = 1 << 16
"""How many rows are read at once where they come one batch after another: such stay in the processor's own memory."""
PLACE = "row at"
"""The column of every opened table that counts its rows from 0, in the order of the file."""


def _source(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> tuple[str, str]:
    """(what to select from, what counts its rows). CSV is read once, as text. Raises `FolderRefused`."""
    try:
        if path.suffix == ".csv":
            raw, columns = quoted(f"{name} as text"), ", ".join(f"{literal(one)}: 'VARCHAR'" for one in _header(path))
            connection.execute(
                f"CREATE TABLE {raw} AS SELECT * FROM read_csv({literal(path.as_posix())}, auto_detect = false, "
                f"columns = {{{columns}}}, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
                "strict_mode = true)"
            )
            return raw, "rowid"
        source = f"read_parquet({literal(path.as_posix())}, file_row_number = true)"
        connection.execute(f"DESCRIBE SELECT * FROM {source}")
        names = pq.read_schema(path).names
    except (duckdb.Error, OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise unreadable(path.name, error) from error
    _refuse_twice(path, names)
    return source, "file_row_number"


def _header(path: Path) -> list[str]:
    """The names in the first line of a CSV. Raises `FolderRefused` for none, or one that stands twice."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        names = [name.strip() for name in next(csv.reader(stream), [])]
    if not names:
        cure = ("第一行写各列的名称，每列一次。", "Write the names of the columns into the first line, each once.")
        raise refused("header", path.name, "缺少表头。", "there is no header.", *cure)
    if len(names) == 1 and (other := next((one for one in SEPARATORS if one in names[0]), None)):
        said = (f"各列以 {other!r} 分隔，应为逗号。", f"its columns are separated by {other!r}; commas are needed.")
        raise refused("header", path.name, *said, "请以逗号分隔重新导出。", "Export it again, separated by commas.")
    _refuse_twice(path, names)
    return names


def _refuse_twice(path: Path, names: Sequence[str]) -> None:
    """Refuse a file in which two columns have one name: nobody knows which is meant. SQL does not tell A from a."""
    folded = [name.casefold() for name in names]
    twice = [name for at, name in enumerate(names) if folded[at] in folded[:at]]
    if twice:
        said = (f"列 {twice[0]} 出现了两次。", f"the column {twice[0]!r} stands twice.")
        cure = ("每列只写一次，大小写不作区分。", "Write each column once; small and capital letters are the same.")
        raise refused("header", path.name, *said, *cure)


def unreadable(where: str, error: Exception) -> FolderRefused:
    """The refusal of a file that is not what its name says, or not whole."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = " ".join([*lines[:1], *(line for line in lines[1:] if line.startswith("Expected Number"))])
    return refused(
        "unreadable",
        where,
        f"文件无法读取（{said}）。",
        f"the file cannot be read: {said}.",
        "请检查文件是否完整，CSV 是否为 UTF-8、逗号分隔、各行列数一致。",
        "Check that the file is whole; a CSV is UTF-8, separated by commas, each row as wide as the header.",
    )


def _typed(
    connection: duckdb.DuckDBPyConnection, source: str, place: str, path: Path, expected: Column, given: str
) -> str:
    """The expression that reads a column with its type; refuses the file at the first value that has another."""
    name = quoted(expected.name)
    if given == NOTHING:
        return f"CAST(NULL AS {expected.type})"
    narrow = NARROW if expected.type == INTEGER else ()
    text = f"nullif(CAST({name} AS VARCHAR), '')"  # an empty text is an empty cell, as in a CSV
    if given.startswith(("ENUM", "VARCHAR")) and expected.type == WORDS:
        return f"CAST({name} AS VARCHAR)" if expected.required else text  # where it is required it is refused
    if given in (expected.type, '"NULL"', *narrow):
        return f"CAST({name} AS {expected.type})"
    wide = expected.type == INTEGER and (given == "UBIGINT" or bool(WHOLE_DECIMAL.fullmatch(given)))
    if given != "VARCHAR" and not wide:
        raise refused(
            "wrong_type",
            f"{path.name}:{expected.name}",
            f"列的类型是 {given}，应为 {expected.type}。",
            f"the column has type {given}; {expected.type} is needed.",
            "请按要求的类型重新导出。",
            "Export it again with that type.",
        )
    cast = f"TRY_CAST({f'lower({text})' if expected.type == TRUTH else text} AS {expected.type})"
    form = literal(WELL_FORMED[expected.type])
    bad = connection.execute(
        f"SELECT {text}, {place} FROM {source} WHERE {text} IS NOT NULL AND "
        f"(NOT regexp_full_match({text}, {form}) OR {cast} IS NULL) ORDER BY {place} LIMIT 1"
    ).fetchall()
    if bad:
        raise refused(
            "wrong_type",
            f"{path.name}:{expected.name}",
            f"第 {bad[0][1] + 1} 条“{bad[0][0]}”不是要求的格式。",
            f"in row {bad[0][1] + 1} below the header, {bad[0][0]!r} is not of the needed form.",
            f"请写成{FORM_OF[expected.type][0]}。",
            f"Write {FORM_OF[expected.type][1]}.",
            raw=str(bad[0][0]),
        )
    return cast


def open_table(connection: duckdb.DuckDBPyConnection, path: Path, name: str, expected: Sequence[Column]) -> None:
    """Make a view of the file with typed columns and `PLACE`. Raises `FolderRefused`: unreadable, columns missing, wrong types."""
    source, place = _source(connection, path, name)
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    given = {row[0]: str(row[1]) for row in described}
    names = [name for name in given if name != "file_row_number"]
    missing = [wanted.name for wanted in expected if wanted.name not in given and not wanted.may_lack]
    if missing:
        raise refused(
            "missing_columns",
            path.name,
            f"缺少列：{'、'.join(missing)}；文件中有：{'、'.join(names)}。",
            f"columns are missing: {', '.join(missing)}; the file has {', '.join(names)}.",
            "请补上这些列（可以为空）。",
            "Add them; cells may be empty where a value is optional.",
        )
    columns = [
        f"{_typed(connection, source, place, path, wanted, given.get(wanted.name, NOTHING))} AS {quoted(wanted.name)}"
        for wanted in expected
    ]
    columns.append(f"{place} AS {quoted(PLACE)}")
    connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT {', '.join(columns)} FROM {source}")


def batches(rows: duckdb.DuckDBPyRelation, at_once: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
    """The rows, batch by batch. Raises `duckdb.Error` for a file that is torn, which shows only when it is read."""
    try:
        yield from rows.to_arrow_reader(at_once)
    except OSError as error:
        raise duckdb.IOException(str(error)) from error


def rows_of(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    columns: Sequence[Column],
    coded: Collection[str] = (),
    at_once: int = ROWS_A_BATCH,
) -> Iterator[pa.RecordBatch]:
    """These columns of an opened table, batch by batch in the order of its file; an empty text is none.

    Columns that are ``coded``, which say few different things, may come as dictionaries. A Parquet file with the very types that
    are needed is not read through the view: that takes half the time. Raises `FolderRefused` for a file that is torn.
    """
    try:
        if path.suffix == ".parquet" and _as_needed(path, columns):
            yield from _parquet_rows(path, columns, coded, at_once)
        else:
            named = ", ".join(quoted(one.name) for one in columns)
            yield from batches(connection.sql(f"SELECT {named} FROM {quoted(name)}"), at_once)
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        raise unreadable(path.name, error) from error


def _parquet_rows(
    path: Path, columns: Sequence[Column], coded: Collection[str], at_once: int
) -> Iterator[pa.RecordBatch]:
    """As `rows_of`, from a file with the types that are needed."""
    given = pq.read_schema(path).names
    names = [one.name for one in columns if one.name in given]
    lacking = [one for one in columns if one.name not in given]
    with pq.ParquetFile(path, read_dictionary=sorted({*coded} & {*names}), buffer_size=1 << 20) as file:
        for batch in file.iter_batches(at_once, columns=names, use_threads=False):
            found = {one: _well_formed(batch[one]) for one in names}
            found |= {one.name: pa.nulls(len(batch), ARROW_TYPES[one.type]) for one in lacking}
            yield pa.record_batch(found)


def _as_needed(path: Path, columns: Sequence[Column]) -> bool:
    """Whether a Parquet file's columns have the very types that are needed."""
    given = pq.read_schema(path)
    # one that is not there may lack: the table would not have been opened otherwise
    return all(given.field(one.name).type == ARROW_TYPES[one.type] for one in columns if one.name in given.names)


def _well_formed(part: pa.Array) -> pa.Array:
    """The same, with an empty text as none. Raises `pyarrow.ArrowInvalid` for bytes that are no text."""
    if pa.types.is_dictionary(part.type):
        words = _well_formed(part.dictionary)
        return pa.DictionaryArray.from_arrays(part.indices, words)
    if part.type != pa.string():
        return part
    ends, letters = ends_of(part), letters_of(part)
    if letters[ends[0] : ends[-1]].view(np.int8).min(initial=0) < 0:
        part.validate(full=True)
    if part.null_count or any_empty(part):
        return pc.if_else(pc.equal(part, ""), None, part)
    return part


def any_empty(texts: pa.Array) -> bool:
    """Whether a text of a column is empty or lacking."""
    return bool((np.diff(ends_of(texts)) == 0).any())


def open_needed(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, columns: Sequence[Column]) -> Path:
    """Make a view of a table that the folder must have; where its file stands. Raises `FolderRefused`."""
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


def _gap_sql(wanted: Column) -> str:
    """Whether a row lacks this value; an empty text is none, as in a CSV."""
    name = quoted(wanted.name)
    return f"({name} IS NULL OR {name} = '')" if wanted.type == WORDS else f"{name} IS NULL"


def gaps_sql(expected: Sequence[Column]) -> str:
    """Whether a row lacks a value that every row needs."""
    return "(" + " OR ".join(_gap_sql(wanted) for wanted in expected if wanted.required) + ")"


def refuse_gaps(connection: duckdb.DuckDBPyConnection, where: str, name: str, expected: Sequence[Column]) -> None:
    """Refuse a table in which a row lacks a value that every row needs; ``where`` names it to whoever sent it."""
    for wanted in expected:
        gap = f"SELECT min({quoted(PLACE)}) FROM {quoted(name)} WHERE {_gap_sql(wanted)}"
        if wanted.required and (place := connection.execute(gap).fetchall()[0][0]) is not None:
            raise empty_cell(f"{where}:{wanted.name}", place)


def empty_cell(where: str, place: int) -> FolderRefused:
    """The refusal of a gap in a column that every row must fill; ``place`` counts rows from 0."""
    what = (f"第 {place + 1} 条有空值。", f"in row {place + 1} below the header, a cell is empty.")
    return refused("empty_cell", where, *what, "每一行都必须填写。", "Every row needs a value here.")


CORRECT = ("请改正后重新运行。", "Correct the file and run again.")


def refuse_where(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    code: str,
    where: str,
    zh: str,
    en: str,
    cure: tuple[str, str] = CORRECT,
) -> None:
    """Refuse the first row of the statement, which selects the offending values and their `PLACE`."""
    value, place = quoted("value"), quoted(PLACE)
    bad = connection.execute(f"SELECT * FROM ({rows}) AS bad({value}, {place}) ORDER BY {place} LIMIT 1").fetchall()
    if bad:
        said, row = bad[0][0], bad[0][1] + 1
        what = (f"第 {row} 条：{zh.format(said)}", f"in row {row} below the header, {en.format(repr(said))}")
        raise refused(code, where, *what, *cure, raw=str(said))
