"""JSON and JSON Lines as rows: an array of objects, or an object that holds one; nested objects become dotted columns (JSON)."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import ijson
from ijson.common import IncompleteJSONError, JSONError

from xinlin.core.columns import header_sha256, label_key, unique_headers
from xinlin.office.files.encodings import decoded_encoding
from xinlin.office.files.grids import pick
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
    nothing_inside,
    refuse,
    too_many_columns,
)

LONGEST_LINE = 16 << 20
"""Bytes of one object in JSON Lines."""
DEEPEST = 32
"""Levels of nesting up to which a file is read at all."""
_MOST_PLACES = 1_000
ROOT = "$"


@dataclass
class _Place:
    """An array of objects inside the file: how many, and which keys they have."""

    count: int = 0
    keys: Counter[str] = field(default_factory=Counter)


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
        return _JsonSheet(path, encoding, ROOT, {ROOT: _survey_lines(path, encoding)}, reading, "jsonl")
    try:
        places = _survey(path, encoding)
    except (JSONError, IncompleteJSONError, UnicodeError, RecursionError) as error:
        raise _broken(error) from error
    if not places:
        raise nothing_inside()

    def mark(name: str) -> tuple[int, int]:
        return sum(1 for key in places[name].keys if label_key(key) in known), places[name].count

    chosen = max(places, key=mark)
    if reading.table:
        choices: list[dict[str, object]] = [_choice(name, place) for name, place in places.items()]
        chosen = pick(list(places), list(places), reading.table, choices)
    return _JsonSheet(path, encoding, chosen, places, reading, "json")


def _choice(name: str, place: _Place) -> dict[str, object]:
    return {"name": name, "rows": place.count, "columns": len(place.keys), "visible": True}


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


def _survey(path: Path, encoding: str) -> dict[str, _Place]:
    """Every array of objects in the file, by its path; and the file itself where it is one object of values."""
    places: dict[str, _Place] = {}
    depth = 0
    single = _Place(count=1)
    arrays: list[str] = []
    for prefix, event, value in ijson.parse(_stream(path, encoding)):
        if event in ("start_map", "start_array"):
            depth += 1
            if depth > DEEPEST:
                raise refuse(
                    "nested_too_deep",
                    f"嵌套超过 {DEEPEST} 层，不像表格",
                    f"It is nested more than {DEEPEST} levels; this is no table",
                    "请导出为对象数组",
                    "Export it as an array of objects",
                )
        if event == "start_array":
            arrays.append(prefix)
        elif event == "end_array":
            arrays.pop()
            depth -= 1
        elif event == "end_map":
            depth -= 1
        elif event == "start_map" and arrays and prefix == f"{arrays[-1]}.item".lstrip(".") and len(arrays) == 1:
            if prefix not in places and len(places) >= _MOST_PLACES:
                continue
            places.setdefault(prefix, _Place()).count += 1
        elif event == "map_key":
            place = places.get(prefix) if arrays else single
            if place is not None:
                place.keys[value] += 1
                if len(place.keys) > MOST_COLUMNS:
                    raise too_many_columns(len(place.keys))
    if not places and single.keys:
        places[""] = single
    return {_shown(prefix): place for prefix, place in places.items()}


def _shown(prefix: str) -> str:
    """The path of an array as a person may name it: ``data.list``; the whole file is ``$``."""
    return prefix.removesuffix("item").removesuffix(".") or ROOT


def _survey_lines(path: Path, encoding: str) -> _Place:
    place = _Place()
    for _, entry in _lines(path, encoding):
        place.count += 1
        place.keys.update(entry.keys() if isinstance(entry, dict) else ())
        if len(place.keys) > MOST_COLUMNS:
            raise too_many_columns(len(place.keys))
    return place


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


class _JsonSheet(Sheet):
    """Objects as rows; the row number is the object's place in the array, or its line in JSON Lines."""

    def __init__(
        self, path: Path, encoding: str, chosen: str, places: dict[str, _Place], reading: Reading, form: str
    ) -> None:
        self._path, self._encoding, self._form = path, encoding, form
        self._chosen = chosen
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
                format=form,
                encoding=encoding,
                sheet=chosen,
                header_row=0,
                header_rows=0,
                headers=headers,
                header_sha256=header_sha256(headers),
                rows_expected=places[chosen].count,
                tables=[_choice(name, one) for name, one in places.items()] if form == "json" else [],
                reading=reading.as_dict(),
            )
        )
        for name in [name for name in places if form == "json" and name != chosen][:20]:
            self.layout.findings.append(Finding("second_table", name, str(places[name].count)))

    def _entries(self) -> Iterator[tuple[int, Any]]:
        if self._form == "jsonl":
            yield from _lines(self._path, self._encoding)
            return
        stream = _stream(self._path, self._encoding)
        prefix = "item" if self._chosen == ROOT else f"{self._chosen}.item"
        empty = True
        try:
            for number, entry in enumerate(ijson.items(stream, prefix), start=1):
                empty = False
                yield number, entry
            if empty and self._chosen == ROOT:
                yield from enumerate(ijson.items(_stream(self._path, self._encoding), ""), start=1)
        except (JSONError, IncompleteJSONError, UnicodeError) as error:
            raise _broken(error) from error

    def _objects(self) -> Iterator[tuple[int, dict[str, str]]]:
        for number, entry in self._entries():
            if not isinstance(entry, dict):
                raise refuse(
                    "row_no_object",
                    f"第 {number} 项不是对象",
                    f"Item {number} is no object",
                    "每条记录写成一个对象：{列名: 值}",
                    "Write each record as one object: {column: value}",
                    where=f"row {number}",
                )
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


def _broken(error: BaseException, where: str = "file") -> FileRefused:
    return refuse(
        "json_broken",
        "JSON 读不出来",
        f"The JSON cannot be read ({str(error)[:200]})",
        "请用校验工具检查后重新导出",
        "Check it with a validator and export it again",
        where=where,
    )
