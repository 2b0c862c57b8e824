"""What was found in a delivered file: its layout, findings, and the refusal of a whole file (文件版式)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from xinlin.core.columns import HEADER_WITHIN, find_header, label_key
from xinlin.core.headers import MOST_HEADER_ROWS
from xinlin.core.people import identifier_problem, looks_like_resident_id, normalise_identifier
from xinlin.core.readings import damage, printable
from xinlin.core.values import Problem, Text

Row = tuple[int, Sequence[str]]
"""(row number as a person counts it, cells)."""
MOST_COLUMNS = 1_000
"""A sheet with more columns is a mistake or an attack."""
LONGEST_CELL = 1_000_000
"""Characters in one cell; more is a quote that was never closed, or an attack."""
LAST_HEADER_ROW = 200
"""A person may point to a header as far down as this; by itself it is looked for in the first rows only."""


class FileRefused(Exception):
    """The whole file cannot be taken in; `problem` says why, where and what to do.

    ``tables``: what a person may choose from, where choosing is the cure.
    """

    tables: Sequence[Mapping[str, Any]] = ()

    def __init__(self, problem: Problem) -> None:
        """Carries one problem."""
        super().__init__(problem.what.zh)
        self.problem = problem


def too_many_columns(number: int) -> FileRefused:
    """The refusal of a table wider than any register is."""
    return refuse(
        "too_many_columns",
        f"表格有 {number} 列，超过 {MOST_COLUMNS} 列",
        f"The table has {number} columns, more than {MOST_COLUMNS}",
        "请删除无关的列",
        "Delete the columns that do not belong",
    )


def nothing_inside() -> FileRefused:
    """The refusal of a file without a row."""
    return refuse(
        "file_empty", "文件里没有数据", "The file holds no data", "请重新导出后再报", "Export it again and send it"
    )


def cell_too_long(row: int) -> FileRefused:
    """The refusal of a file with a cell that no form has."""
    return refuse(
        "cell_too_long",
        f"第 {row} 行有一格超过 {LONGEST_CELL} 个字符",
        f"A cell in row {row} has more than {LONGEST_CELL} characters",
        "请检查这一行，附件请另行上传",
        "Check that row; send attachments as evidence files",
        where=f"row {row}",
    )


def table_in_text(form: str) -> FileRefused:
    """The refusal of an answer of a web service that carries its rows as one text inside."""
    return refuse(
        "table_in_text",
        f"各行被当作一段文字包在 {form} 里面（接口的应答原样保存时常见）",
        f"The rows are packed as one text inside the {form}, as answers of web services are when saved as they came",
        "请把里面的那段文字另存为文件后报送",
        "Save that inner text as a file of its own and send it",
    )


_NAMES = frozenset(["name", "key", "code", "field", "label", "字段名", "字段", "名称"])
_VALUES = frozenset(["value", "val", "v", "text", "值", "字段值"])


def in_pairs(keys: Iterable[str], known: AbstractSet[str]) -> bool:
    """Whether such columns are the names and values of one cell each (``<name>CF_WSH</name><value>…</value>``)."""
    told = {label_key(key) for key in keys}
    names, values = told & _NAMES, (told & _VALUES) - known
    return len(told) == 2 and len(names) == len(values) == 1


def pairs_apart(form: str) -> FileRefused:
    """The refusal of a file in which each cell is a record of its own."""
    return refuse(
        "pairs_apart",
        f"{form} 里每一格是一组“名称—值”，不是一条一条的记录",
        f"The {form} holds a name and a value for each cell and no records",
        "请按记录导出：XML 为 <row><列名>值</列名>…</row>，JSON 为 {列名: 值, …}",
        "Export it by records: <row><column>value</column>…</row> in XML, {column: value, …} in JSON",
    )


def refuse(
    code: str, what_zh: str, what_en: str, cure_zh: str, cure_en: str, *, where: str = "file", raw: str = ""
) -> FileRefused:
    """The exception for a whole file."""
    return FileRefused(Problem(code, where, Text(zh=what_zh, en=what_en), Text(zh=cure_zh, en=cure_en), raw))


ORIGIN = "来源文件"
"""The column that an archive's rows have besides their own: the member from which each came."""
_LONG_NUMBER = re.compile(r"[0-9]{11,17}[0-9Xx]?")


def without_numbers(text: str) -> str:
    """A title or note with its long numbers masked: beside the table, too, stand telephones and identifiers."""
    return _LONG_NUMBER.sub(lambda found: found[0][:3] + "*" * (len(found[0]) - 3), printable(text))


def must_be_header(cells: Sequence[str], row: int) -> None:
    """Refuse a file whose first row is one of data: its values would be kept and shown as names of columns.

    Raises `FileRefused` where a cell is an identifier, which no name of a column is, and where names were garbled before
    they came: nobody could say which column is which, and neither would the rows be readable.
    """
    for cell in cells:
        if (broken := damage(printable(cell))) is not None:
            raise refuse(
                "header_garbled",
                f"第 {row} 行的列名已成乱码",
                f"The names of columns in row {row} are garbled",
                broken.cure.zh.replace("这一行", "整个文件"),
                broken.cure.en.replace("the row", "the file"),
                where=f"row {row}",
            )
        value = normalise_identifier(cell)
        if looks_like_resident_id(value) or (value and identifier_problem(value) is None):
            raise refuse(
                "header_missing",
                f"第 {row} 行是数据，不是表头",
                f"Row {row} holds data, not the names of columns",
                "请在第一行写各列名称后重报",
                "Write the names of the columns in the first row and send it again",
                where=f"row {row}",
            )


ENCODINGS = ("utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5", "shift_jis", "euc-jp", "euc-kr")
"""Encodings in which a person may say that a file is written."""
DELIMITERS = (",", "\t", ";", "|", "，", " ")


@dataclass(frozen=True)
class Reading:
    """What a person says of a file where finding it by itself went wrong; an empty value is left to the reader (读取方式)."""

    table: str = ""
    """Name of the sheet, of the member of an archive, of the HTML table, or path of the rows in JSON and XML."""
    header_row: int = 0
    """Row in which the header begins, counted from 1."""
    encoding: str = ""
    delimiter: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reading:
        """From stored or posted data. Raises ValueError for an unknown key, encoding or delimiter, or a row out of bounds."""
        if set(data) - {"table", "header_row", "encoding", "delimiter"}:
            raise ValueError("table, header_row, encoding and delimiter can be given")
        row, encoding, delimiter = data.get("header_row") or 0, data.get("encoding") or "", data.get("delimiter") or ""
        if not isinstance(row, int) or isinstance(row, bool) or not 0 <= row <= LAST_HEADER_ROW:
            raise ValueError(f"header_row is a number from 1 to {LAST_HEADER_ROW}")
        if encoding and encoding not in ENCODINGS:
            raise ValueError(f"encoding is one of {', '.join(ENCODINGS)}")
        if delimiter and delimiter not in DELIMITERS:
            raise ValueError("delimiter is one of , tab ; | ， and space")
        return cls(str(data.get("table") or "")[:300], row, encoding, delimiter)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; only what was said."""
        return {name: value for name, value in vars(self).items() if value}


class Finding(NamedTuple):
    """Something about the file that its sender should know: a stable code, where, and a sample."""

    code: str
    where: str
    sample: str = ""


@dataclass
class Layout:
    """How a file is built. Row numbers count from 1, as a person sees them."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int = 1
    headers: list[str] = field(default_factory=list)
    header_sha256: str = ""
    titles: list[str] = field(default_factory=list)
    """Lines above the header."""
    rows_expected: int = 0
    header_rows: int = 1
    """Rows that the header spans; their names are joined."""
    tables: list[dict[str, Any]] = field(default_factory=list)
    """The tables from which a person may choose: name, rows, columns, visible."""
    reading: dict[str, Any] = field(default_factory=dict)
    """What a person said of the file: `Reading.as_dict`."""
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; findings are stored with the batch's own."""
        return {name: value for name, value in vars(self).items() if name != "findings"}


class Sheet(ABC):
    """An opened file: its layout, and its rows below the header."""

    def __init__(self, layout: Layout) -> None:
        """Made by the readers."""
        self.layout = layout
        self.doubtful: set[int] = set()
        """Rows that may only continue a merged row above: one word of their own, all else from above."""

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """All rows that hold anything, in order. Each call starts anew. May raise `FileRefused`."""

    def chunks(self, size: int) -> Iterator[list[Row]]:
        """The same rows in lists of ``size``, the last one shorter, for whoever judges and stores many at once."""
        rows = self.rows()
        while chunk := list(islice(rows, size)):
            yield chunk

    def close(self) -> None:  # noqa: B027  # most sheets hold nothing
        """Let go of what was spooled. Reading it again is then not possible."""


def header_at(
    numbers: Sequence[int], rows: Sequence[Sequence[str]], known: AbstractSet[str], reading: Reading
) -> int | None:
    """Index of the header among the first rows: the one that a person named, else the likeliest; None without any row.

    Raises `FileRefused` where the row that a person named does not stand there.
    """
    if not reading.header_row:
        return find_header(rows, known)
    if reading.header_row in numbers and any(cell.strip() for cell in rows[numbers.index(reading.header_row)]):
        return numbers.index(reading.header_row)
    raise refuse(
        "header_row_empty",
        f"第 {reading.header_row} 行没有内容，不能作表头",
        f"Row {reading.header_row} is empty and cannot be the header",
        "请另指一行",
        "Name another row",
        where=f"row {reading.header_row}",
    )


def looked_at(reading: Reading) -> int:
    """How many first rows are looked at for the header."""
    return max(HEADER_WITHIN, reading.header_row) + MOST_HEADER_ROWS
