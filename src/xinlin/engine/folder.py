"""Reads an open folder of CSV or Parquet into a snapshot, so that anyone can use the engine without the web (开放数据夹).

The folder holds ``subjects`` (subject, kind, born_on), ``consents`` (subject, given_on, withdrawn_on), ``relations``
(organisation, person, role, from_on, until_on; may be absent) and ``records/KIND`` (record, subject, occurred_on,
status, class, ends_on, document, named_person, then the kind's own fields), each as ``.csv`` or ``.parquet``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.values import Problem, Text
from xinlin.engine.snapshot import Snapshot, column, digest_folder, scored_fields
from xinlin.engine.statements import literal

INTEGER, DAY, WORDS, TRUTH = "BIGINT", "DATE", "VARCHAR", "BOOLEAN"
FIELD_TYPES = {"integer": INTEGER, "money": INTEGER, "date": DAY, "boolean": TRUTH}
WELL_FORMED = {
    INTEGER: r"[+-]?[0-9]{1,18}",
    DAY: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    TRUTH: r"(?i)true|false",
}
EXAMPLES = {INTEGER: "12", DAY: "2026-03-01", TRUTH: "true", WORDS: "text"}
STATUSES = ("active", "disputed", "repaired", "withdrawn", "ended", "unlinked", "superseded")


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


SUBJECTS = [Column("subject", WORDS, True), Column("kind", WORDS, True), Column("born_on", DAY)]
CONSENTS = [Column("subject", WORDS, True), Column("given_on", DAY, True), Column("withdrawn_on", DAY)]
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


def _refuse(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str, raw: str = "") -> FolderRefused:
    return FolderRefused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en), raw))


def source_of(folder: Path, name: str) -> Path | None:
    """The file of a table in the folder. Raises `FolderRefused` where both forms are there."""
    found = [path for suffix in (".parquet", ".csv") if (path := folder / f"{name}{suffix}").exists()]
    if len(found) > 1:
        raise _refuse(
            "two_files",
            name,
            "同时有 CSV 和 Parquet 两个文件。",
            "there is both a CSV and a Parquet file.",
            "请只保留一个。",
            "Keep one of them.",
        )
    return found[0] if found else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read(path: Path) -> str:
    if path.suffix == ".csv":
        return f"read_csv({literal(path.as_posix())}, all_varchar = true, header = true, nullstr = '')"
    return f"read_parquet({literal(path.as_posix())})"


def _typed(table: duckdb.DuckDBPyConnection, path: Path, expected: Column, given: str) -> str:
    """The expression that reads a column with its type; refuses the file at the first value that has another."""
    name = _quoted(expected.name)
    same = {INTEGER: ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")}
    if given in (expected.type, '"NULL"', *same.get(expected.type, ())):
        return f"CAST({name} AS {expected.type})"
    if given.startswith(("ENUM", "VARCHAR")) and expected.type == WORDS:
        return f"CAST({name} AS VARCHAR)"
    if given != "VARCHAR":
        raise _refuse(
            "wrong_type",
            f"{path.name}:{expected.name}",
            f"列的类型是 {given}，应为 {expected.type}。",
            f"the column has type {given}; {expected.type} is needed.",
            "请按要求的类型重新导出。",
            "Export it again with that type.",
        )
    cast = f"TRY_CAST({name} AS {expected.type})"
    if expected.type == TRUTH:
        cast = f"TRY_CAST(lower({name}) AS BOOLEAN)"
    form = literal(WELL_FORMED[expected.type])
    bad = table.execute(
        f"SELECT {name} FROM {_read(path)} WHERE {name} IS NOT NULL AND "
        f"(NOT regexp_full_match({name}, {form}) OR {cast} IS NULL) LIMIT 1"
    ).fetchone()
    if bad:
        raise _refuse(
            "wrong_type",
            f"{path.name}:{expected.name}",
            f"“{bad[0]}”不是要求的格式。",
            f"{bad[0]!r} is not of the needed form.",
            f"请改成类似 {EXAMPLES[expected.type]} 的值。",
            f"Write it like {EXAMPLES[expected.type]}.",
            raw=str(bad[0]),
        )
    return cast


def _table(connection: duckdb.DuckDBPyConnection, path: Path, name: str, expected: Sequence[Column]) -> None:
    """Make a view of the file with typed columns. Raises `FolderRefused`: columns missing, wrong types, empty cells."""
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {_read(path)}").fetchall()
    except duckdb.Error as error:
        raise _refuse(
            "unreadable",
            path.name,
            "文件无法读取。",
            f"the file cannot be read: {str(error).splitlines()[0]}",
            "请检查文件是否完整。",
            "Check that the file is whole.",
        ) from error
    given = {row[0]: str(row[1]) for row in described}
    missing = [wanted.name for wanted in expected if wanted.name not in given]
    if missing:
        raise _refuse(
            "missing_columns",
            path.name,
            f"缺少列：{'、'.join(missing)}。",
            f"columns are missing: {', '.join(missing)}.",
            "请补上这些列（可以为空）。",
            "Add them; cells may be empty where a value is optional.",
        )
    columns = [
        f"{_typed(connection, path, wanted, given[wanted.name])} AS {_quoted(wanted.name)}" for wanted in expected
    ]
    connection.execute(f"CREATE VIEW {_quoted(name)} AS SELECT {', '.join(columns)} FROM {_read(path)}")
    for wanted in expected:
        empty = f"SELECT 1 FROM {_quoted(name)} WHERE {_quoted(wanted.name)} IS NULL LIMIT 1"
        if wanted.required and connection.execute(empty).fetchone():
            raise _refuse(
                "empty_cell",
                f"{path.name}:{wanted.name}",
                "有空值。",
                "a cell is empty.",
                "每一行都必须填写。",
                "Every row needs a value here.",
            )


def _refuse_where(connection: duckdb.DuckDBPyConnection, sql: str, code: str, where: str, zh: str, en: str) -> None:
    """Refuse if the statement finds a row; its first column is the offending value."""
    bad = connection.execute(f"{sql} LIMIT 1").fetchone()
    if bad:
        cure = ("请改正后重新运行。", "Correct the file and run again.")
        raise _refuse(code, where, zh.format(bad[0]), en.format(repr(bad[0])), *cure, raw=str(bad[0]))


def _people(connection: duckdb.DuckDBPyConnection, folder: Path, as_of: date) -> None:
    """Tables of subjects and consents, and ``enrolled``: adults with a consent live on the day, numbered densely."""
    for name, columns in (("subjects", SUBJECTS), ("consents", CONSENTS)):
        path = source_of(folder, name)
        if path is None:
            raise _refuse(
                "missing_file",
                name,
                f"缺少 {name} 文件。",
                f"there is no {name}.csv or {name}.parquet.",
                "请放入数据夹。",
                "Put it into the folder.",
            )
        _table(connection, path, name, columns)
    _refuse_where(
        connection,
        "SELECT subject FROM subjects GROUP BY subject HAVING count(*) > 1 ORDER BY subject",
        "duplicate_subject",
        "subjects:subject",
        "主体 {} 出现了两次。",
        "the subject {} stands twice.",
    )
    _refuse_where(
        connection,
        "SELECT subject FROM consents ANTI JOIN subjects USING (subject) ORDER BY subject",
        "unknown_subject",
        "consents:subject",
        "主体 {} 不在 subjects 中。",
        "the subject {} is not in subjects.",
    )
    # whoever was born on 29 February comes of age on 28 February of a common year, as calendar terms resolve
    adult = f"born_on IS NOT NULL AND born_on + INTERVAL 18 YEAR <= {literal(as_of)}"
    live = f"given_on <= {literal(as_of)} AND (withdrawn_on IS NULL OR withdrawn_on > {literal(as_of)})"
    connection.execute(
        "CREATE TABLE enrolled AS SELECT CAST(row_number() OVER (ORDER BY subject) - 1 AS INTEGER) AS number, subject "
        f"FROM subjects WHERE kind = 'person' AND {adult} AND subject IN (SELECT subject FROM consents WHERE {live})"
    )


def _relations(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    path = source_of(folder, "relations")
    if path is not None:
        _table(connection, path, "relations", RELATIONS)
    else:
        typed = ", ".join(f"CAST(NULL AS {wanted.type}) AS {wanted.name}" for wanted in RELATIONS)
        connection.execute(f"CREATE VIEW relations AS SELECT {typed} WHERE FALSE")


def _check_records(connection: duckdb.DuckDBPyConnection, kind: Kind, view: str) -> None:
    where = f"records/{kind.code}"
    table = _quoted(view)
    statuses = ", ".join(literal(status) for status in STATUSES)
    checks = [
        (
            f"SELECT record FROM {table} GROUP BY record HAVING count(*) > 1 ORDER BY record",
            "duplicate_record",
            "record",
        )
        + ("记录 {} 出现了两次。", "the record {} stands twice."),
        (f"SELECT status FROM {table} WHERE status NOT IN ({statuses})", "unknown_status", "status")
        + ("没有名为 {} 的状态。", f"there is no status {{}}; use one of {', '.join(STATUSES)}."),
        (f"SELECT subject FROM {table} ANTI JOIN subjects USING (subject)", "unknown_subject", "subject")
        + ("主体 {} 不在 subjects 中。", "the subject {} is not in subjects."),
    ]
    for sql, code, name, zh, en in checks:
        _refuse_where(connection, sql, code, f"{where}:{name}", zh, en)


def _freeze_kind(connection: duckdb.DuckDBPyConnection, kind: Kind, view: str, target: Path, through: bool) -> int:
    """Write one kind sorted by number: the enrolled's own records, and organisations' that name their representative.

    Returns how many rows.
    """
    shared = ["record", "occurred_on", "status", '"class"', "ends_on", "document"]
    own = [f"{_quoted(spec.code)} AS {_quoted(column(spec.code))}" for spec in scored_fields(kind)]
    columns = ", ".join(f"r.{name}" for name in [*shared, *own])
    select = (
        f"SELECT e.number AS subject, FALSE AS via, {columns} FROM {_quoted(view)} r JOIN enrolled e USING (subject)"
    )
    if through:
        select += (
            f" UNION ALL SELECT e.number, TRUE, {columns} FROM {_quoted(view)} r JOIN enrolled e "
            "ON e.subject = r.named_person WHERE r.subject <> r.named_person AND EXISTS (SELECT 1 FROM relations l "
            "WHERE l.organisation = r.subject AND l.person = r.named_person AND l.role = 'legal_representative' "
            "AND l.from_on <= r.occurred_on AND (l.until_on IS NULL OR r.occurred_on < l.until_on))"
        )
    path = literal(target.as_posix())
    written = connection.execute(
        f"COPY ({select} ORDER BY subject, occurred_on, record) TO {path} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    return int(written[0]) if written else 0


def freeze(folder: Path, rulebook: Rulebook, plan: Plan, target: Path) -> Snapshot:
    """Check an open folder and write it as a snapshot; ``names.parquet`` there gives each number's subject.

    Raises `FolderRefused`; nothing of a refused folder is used.
    """
    connection = duckdb.connect(":memory:")
    connection.execute("SET preserve_insertion_order = false")
    (target / "records").mkdir(parents=True)
    _people(connection, folder, plan.as_of)
    _relations(connection, folder)
    through, rows = {i.kind for dimension in plan.dimensions for i in dimension.indicators if i.through}, 0
    for path in sorted((folder / "records").glob("*")):
        if path.suffix not in (".csv", ".parquet"):
            continue
        if path.stem not in rulebook.kinds:
            raise _refuse(
                "unknown_kind",
                f"records/{path.name}",
                "规则册里没有这类记录。",
                "the rulebook has no such kind of record.",
                "请核对文件名，或在规则册中登记这类记录。",
                "Check the file's name, or write the kind into the rulebook.",
            )
        kind = rulebook.kinds[path.stem]
        source_of(folder / "records", path.stem)
        own = [Column(spec.code, FIELD_TYPES.get(spec.type, WORDS)) for spec in scored_fields(kind)]
        view = f"records {kind.code}"
        _table(connection, path, view, [*RECORDS, *own])
        _check_records(connection, kind, view)
        if kind.code in plan.kinds:
            frozen = target / "records" / f"{kind.code}.parquet"
            rows += _freeze_kind(connection, kind, view, frozen, kind.code in through)
    for name, select in (("subjects", "number AS subject"), ("names", "number, subject")):
        path_text = literal((target / f"{name}.parquet").as_posix())
        connection.execute(f"COPY (SELECT {select} FROM enrolled ORDER BY number) TO {path_text} (FORMAT parquet)")
    count = connection.execute("SELECT count(*) FROM enrolled").fetchone()
    connection.close()
    return Snapshot(target, count[0] if count else 0, rows, digest_folder(folder))
