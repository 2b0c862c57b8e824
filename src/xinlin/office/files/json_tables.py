"""JSON and JSON Lines as rows: objects or arrays of cells, wherever they are; nested objects become dotted columns (JSON)."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import ijson
from ijson.common import IncompleteJSONError, JSONError

from xinlin.core.columns import header_sha256, unique_headers
from xinlin.office.files.encodings import decoded_encoding
from xinlin.office.files.grids import Grid, open_grid, pick
from xinlin.office.files.json_shapes import EACH, EVERY, Place, Steps, by_columns, places, shapes_to, survey
from xinlin.office.layouts import (
    LONGEST_CELL,
    MOST_COLUMNS,
    FileRefused,
    Finding,
    Layout,
    Reading,
    Row,
    Sheet,
    cell_too_long,
    in_pairs,
    nothing_inside,
    pairs_apart,
    refuse,
    table_in_text,
    too_many_columns,
    without_numbers,
)

LONGEST_LINE = 16 << 20
"""Bytes of one object in JSON Lines."""


class _AsUtf8:
    """A binary stream of another encoding, read as UTF-8 without being held whole."""

    def __init__(self, raw: IO[bytes], encoding: str) -> None:
        self._reader = codecs.getreader(encoding)(raw)
        self._first = True

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        if size == 0:
            return b""
        text = self._reader.read(65536)
        if self._first:
            text, self._first = text.removeprefix("\ufeff"), not text
        return text.encode()


def open_json(path: Path, known: AbstractSet[str], reading: Reading) -> Sheet:
    """The rows of a JSON file, or of one object to a line. Raises `FileRefused` with what stands where.

    Which array holds the rows is found by its keys, shown, and can be named (``data.list``).
    """
    encoding = decoded_encoding(path, reading)
    if _is_lines(path, encoding):
        return _JsonSheet(_Lines(path, encoding), Place((EACH,), _count_lines(path, encoding), ()), reading)
    try:
        root = survey(_stream(path, encoding))
    except (JSONError, IncompleteJSONError, UnicodeError, RecursionError) as error:
        raise _broken(error) from error
    found = places(root, known)
    if not found:
        raise nothing_inside() if not root.item or not root.item.scalars else row_no_object(1)
    choices = [place.as_choice() for place in found]
    chosen = pick(found, [place.name for place in found], reading.table, choices) if reading.table else found[0]
    if EACH not in chosen.steps and any(map(by_columns, (root, *root.members.values()))):
        raise _columns_apart()
    if not chosen.steps and any(one.sample[:1] in ("[", "{") for one in root.members.values()):
        raise table_in_text("JSON")
    if EVERY not in chosen.steps and in_pairs(chosen.keys, known):
        raise pairs_apart("JSON")
    document = _Document(path, encoding)
    sheet: Sheet
    if chosen.lists:
        sheet = open_grid([_grid(document, chosen)], known, reading, alike=False)
        sheet.layout.encoding = encoding
    else:
        sheet = _JsonSheet(document, chosen, reading)
    sheet.layout.tables = choices
    sheet.layout.titles = [
        without_numbers(f"{name}：{one.sample}")
        for shape in shapes_to(root, chosen.steps)
        for name, one in shape.members.items()
        if one.sample
    ][:20] + sheet.layout.titles
    for other in [one for one in found if one.steps != chosen.steps[: len(one.steps)]][:20]:
        sheet.layout.findings.append(Finding("second_table", other.name, str(other.count)))
    return sheet


def _stream(path: Path, encoding: str) -> Any:
    raw = path.open("rb")
    return raw if encoding == "utf-8" and not _has_bom(path) else _AsUtf8(raw, encoding)


def _has_bom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(3) == codecs.BOM_UTF8


def _is_lines(path: Path, encoding: str) -> bool:
    """Whether the first line is an object by itself and another follows it."""
    with path.open(encoding=encoding, newline="\n") as stream:
        first = stream.readline(LONGEST_LINE).removeprefix("\ufeff").strip()
        second = stream.readline(LONGEST_LINE).strip()
    try:
        return second[:1] == "{" and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _count_lines(path: Path, encoding: str) -> int:
    return sum(1 for _ in _lines(path, encoding))


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, Any]]:
    with path.open(encoding=encoding, newline="\n") as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if not line.strip("\ufeff \t\r\n"):
                continue
            try:
                yield number, json.loads(line.removeprefix("\ufeff"), parse_float=Decimal, parse_int=_whole)
            except (ValueError, RecursionError) as error:
                raise _broken(error, f"line {number}") from error


def _whole(digits: str) -> Any:
    """A whole number as its digits: a number of 18 digits stays what it was, and one of a million digits costs nothing."""
    return digits


class _Document:
    """The entries of a JSON file, read from its beginning as often as needed; what is outermost is never held whole."""

    form = "json"

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self.encoding = path, encoding

    def entries(self, steps: Steps) -> Iterator[tuple[int, Any]]:
        """What stands at a place, numbered from 1; objects with what lies around them on the way. Raises `FileRefused`."""
        return enumerate(self._at(steps), start=1)

    def _at(self, steps: Steps) -> Iterator[Any]:
        at = next((n for n, step in enumerate(steps) if step in (EACH, EVERY)), len(steps))
        prefix, stream = ".".join(steps[:at]), _stream(self._path, self.encoding)
        try:
            if at == len(steps):
                yield from ijson.items(stream, prefix)
            elif steps[at] == EACH:
                for item in ijson.items(stream, f"{prefix}.item".lstrip(".")):
                    yield from _expanded(item, steps[at + 1 :], {})
            else:
                for name, member in ijson.kvitems(stream, prefix):
                    yield from _expanded(member, steps[at + 1 :], {"key": name})
        except (JSONError, IncompleteJSONError, UnicodeError) as error:
            raise _broken(error) from error


class _Lines:
    """The objects of JSON Lines."""

    form = "jsonl"

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self.encoding = path, encoding

    def entries(self, _steps: Steps) -> Iterator[tuple[int, Any]]:
        """One object to a line that holds anything, with the line's number. Raises `FileRefused`."""
        return _lines(self._path, self.encoding)


def _expanded(entry: Any, steps: Steps, around: dict[str, Any]) -> Iterator[Any]:
    """What stands further down in an entry, each with the names and values that it stands under."""
    if not steps:
        if around and not isinstance(entry, dict):
            entry = {"value": entry}
        yield _beside(around, entry) if around else entry
    elif steps[0] == EACH:
        for item in entry if isinstance(entry, list) else ():
            yield from _expanded(item, steps[1:], around)
    elif isinstance(entry, dict):
        if steps[0] == EVERY:
            for name, member in entry.items():
                yield from _expanded(member, steps[1:], _beside(around, {"key": name}))
        elif steps[0] in entry:
            own = {name: value for name, value in entry.items() if not isinstance(value, dict | list)}
            yield from _expanded(entry[steps[0]], steps[1:], _beside(around, own))


def _beside(around: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    """Both; a name that both have is numbered for the inner one, so that neither is lost."""
    both = dict(around)
    for name, value in inner.items():
        number = 1
        while (free := name if number == 1 else f"{name} ({number})") in both:
            number += 1
        both[free] = value
    return both


def _grid(document: _Document, place: Place) -> Grid:
    """Arrays of cells as a table, under the names that stand beside them."""
    names = [cell_of(_label(one)) for _, found in document.entries(place.head) for one in found] if place.head else []
    head = [names] if names else []

    def source() -> Iterator[list[str]]:
        yield from head
        for _, entry in document.entries(place.steps):
            yield [cell_of(cell) for cell in entry] if isinstance(entry, list) else [cell_of(entry)]

    width = max(map(len, source()), default=0)
    return Grid("json", place.name, place.count + len(head), width, source, top=-len(head))


def _label(one: Any) -> Any:
    """The name of a column where each is described by an object."""
    if not isinstance(one, dict):
        return one
    return next((one[key] for key in ("name", "label", "title", "id", "field", "code") if one.get(key)), "")


class _JsonSheet(Sheet):
    """Objects as rows; the row number is the object's place among its like."""

    def __init__(self, document: _Document | _Lines, place: Place, reading: Reading) -> None:
        self._document, self._steps = document, place.steps
        names: dict[str, None] = {}
        for _, cells in self._objects():
            names.update(dict.fromkeys(cells))
            if len(names) > MOST_COLUMNS:
                raise too_many_columns(len(names))
        if not names:
            raise nothing_inside()
        self._keys = list(names)
        headers = unique_headers(self._keys)
        super().__init__(
            Layout(
                format=document.form,
                encoding=document.encoding,
                sheet=place.name,
                header_row=0,
                header_rows=0,
                headers=headers,
                header_sha256=header_sha256(headers),
                rows_expected=place.count,
                reading=reading.as_dict(),
            )
        )

    def _objects(self) -> Iterator[tuple[int, dict[str, str]]]:
        for number, entry in self._document.entries(self._steps):
            if not isinstance(entry, dict):
                raise row_no_object(number)
            yield number, flattened(entry)

    def rows(self) -> Iterator[Row]:
        """One row for each object; a key that it lacks is an empty cell."""
        keys = self._keys
        for number, cells in self._objects():
            row = [cells.get(key, "") for key in keys]
            if max(map(len, row)) > LONGEST_CELL:
                raise cell_too_long(number)
            if any(row):
                yield number, row


def flattened(entry: dict[str, Any]) -> dict[str, str]:
    """An object as cells: nested objects as ``outer.inner``, lists of values joined by 、, deeper things as JSON."""
    cells: dict[str, str] = {}
    for key, value in entry.items():
        if isinstance(value, dict):
            for inner, deeper in value.items():
                cells[f"{key}.{inner}"] = cell_of(deeper)
        else:
            cells[key] = cell_of(value)
    return cells


def cell_of(value: Any) -> str:
    """A JSON value as text; null is nothing, numbers keep their digits."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return "、".join(map(cell_of, value))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return (
        format(value, "f")
        if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 40
        else str(value)
    )


def row_no_object(number: int) -> FileRefused:
    """The refusal of an array that holds something beside objects."""
    return refuse(
        "row_no_object",
        f"第 {number} 项不是对象",
        f"Item {number} is no object",
        "每条记录写成一个对象：{列名: 值}",
        "Write each record as one object: {column: value}",
        where=f"row {number}",
    )


def _columns_apart() -> FileRefused:
    return refuse(
        "columns_apart",
        "JSON 按列存放：每一列是一个数组，不是一条一条的记录",
        "The JSON holds a column in each member and no records",
        '请按记录导出：[{列名: 值, …}, …]（pandas 为 to_json(orient="records")）',
        'Export it by records: [{column: value, …}, …] (in pandas: to_json(orient="records"))',
    )


def _broken(error: BaseException, where: str = "file") -> FileRefused:
    first = error.args[0] if error.args else error
    said = " ".join((first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error)).split())
    return refuse(
        "json_broken",
        "JSON 读不出来",
        f"The JSON cannot be read ({without_numbers(said)[:200]})",
        "请用校验工具检查后重新导出",
        "Check it with a validator and export it again",
        where=where,
    )
