"""XML as rows: the element that repeats is the row, its leaves and attributes are the columns (XML). No DOCTYPE is read.

Workbooks that Excel or a report tool saved as XML (SpreadsheetML 2003), often under the name .xls, are tables of cells.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from xinlin.core.columns import header_sha256, label_key, unique_headers
from xinlin.office.files.encodings import decoded_encoding
from xinlin.office.files.grids import Grid, Merge, open_grid, pick
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

DEEPEST = 64
LONGEST_ROW = 5_000
"""Elements inside one row."""
_MOST_PLACES = 1_000
_SPREADSHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_BLANKS = 1_000_000
"""Rows that a workbook may skip by saying a number."""


def open_xml(path: Path, known: AbstractSet[str], reading: Reading) -> Sheet:
    """The rows of an XML file. Which element is the row is found by its leaves, shown, and can be named (``/rows/row``).

    Raises `FileRefused`.
    """
    document = _Document(path, reading)
    try:
        first = next(iter(document.events()), None)
        if first is not None and first[1].tag == f"{_SPREADSHEET}Workbook":
            return open_grid(_workbook_grids(document), known, reading)
        places = _survey(document)
    except DefusedXmlException as error:
        raise _declares() from error
    except (ParseError, ValueError, LookupError) as error:
        raise _broken(error) from error
    if not places:
        raise nothing_inside()
    chosen = _likeliest(places, known)
    if reading.table:
        choices: list[dict[str, object]] = [_choice(name, place) for name, place in places.items()]
        chosen = pick(list(places), list(places), reading.table, choices)
    return _XmlSheet(document, chosen, places, reading)


def local(tag: Any) -> str:
    """The name of an element without its namespace."""
    return str(tag).rpartition("}")[2]


class _Document:
    """An XML file, read from its beginning as often as needed."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path = path
        with path.open("rb") as stream:
            head = stream.read(400)
        declared = ""
        if head.startswith(b"<?xml") and b"encoding=" in head:
            declared = (
                head.split(b"encoding=", 1)[1][1:20]
                .split(head.split(b"encoding=", 1)[1][:1])[0]
                .decode("ascii", "replace")
            )
        self.encoding = decoded_encoding(path, reading, declared)

    def events(self) -> Iterator[tuple[str, Element]]:
        """Starts and ends of elements. Raises what the parser raises; entities and DOCTYPE are refused."""
        with self.path.open("rb") as raw:
            stream: Any = raw
            if self.encoding not in ("utf-8", "utf-16"):
                stream = _Recoded(raw, self.encoding)
            yield from iterparse(
                stream, events=("start", "end"), forbid_dtd=True, forbid_entities=True, forbid_external=True
            )


class _Recoded:
    """A stream in an encoding that the parser does not know, handed on as UTF-8 with a declaration that says so."""

    def __init__(self, raw: Any, encoding: str) -> None:
        self._text = io.TextIOWrapper(raw, encoding=encoding)
        self._first = True

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        text = self._text.read(max(size, 1024))
        if self._first:
            self._first = False
            text = text.removeprefix("\ufeff").lstrip()
            if text.startswith("<?xml"):
                text = '<?xml version="1.0"?>' + text.partition("?>")[2]
        return text.encode()


@dataclass
class _Place:
    """An element that may be the row: how often, and under which names its leaves come."""

    count: int = 0
    keys: Counter[str] = field(default_factory=Counter)


def _choice(name: str, place: _Place) -> dict[str, object]:
    return {"name": name, "rows": place.count, "columns": len(place.keys), "visible": True}


def _survey(document: _Document) -> dict[str, _Place]:
    """Every element that has leaves or attributes of its own, by its path."""
    places: dict[str, _Place] = {}
    path: list[str] = []
    leaf: list[bool] = []
    for event, element in document.events():
        if event == "start":
            if leaf:
                leaf[-1] = False
            path.append(local(element.tag))
            leaf.append(True)
            if len(path) > DEEPEST:
                raise refuse(
                    "nested_too_deep", f"嵌套超过 {DEEPEST} 层，不像表格", f"It is nested more than {DEEPEST} levels",
                    "请导出为一行一个元素", "Export it with one element for each row",
                )  # fmt: skip
            name = "/" + "/".join(path)
            if element.attrib:
                _count(places, name, [local(key) for key in element.attrib])
            continue
        if leaf.pop() and len(path) > 1:
            _count(places, "/" + "/".join(path[:-1]), [path[-1]])
        name = "/" + "/".join(path)
        if name in places:
            places[name].count += 1
        path.pop()
        element.clear()
    return places


def _count(places: dict[str, _Place], name: str, keys: list[str]) -> None:
    if name not in places and len(places) >= _MOST_PLACES:
        return
    place = places.setdefault(name, _Place())
    place.keys.update(keys)
    if len(place.keys) > MOST_COLUMNS:
        raise too_many_columns(len(place.keys))


def _likeliest(places: dict[str, _Place], known: AbstractSet[str]) -> str:
    """The element with most known labels among its leaves, then the one with most leaves that each come about once a row."""

    def mark(name: str) -> tuple[int, int, int]:
        place = places[name]
        hits = sum(1 for key in place.keys if label_key(key) in known)
        single = sum(1 for number in place.keys.values() if number <= place.count)
        return hits, min(place.count, 2) if single else 0, single

    return max(places, key=mark)


class _XmlSheet(Sheet):
    """Elements as rows; the row number is the element's place among its like."""

    def __init__(self, document: _Document, chosen: str, places: dict[str, _Place], reading: Reading) -> None:
        self._document, self._chosen = document, chosen
        keys: dict[str, None] = {}
        for _, cells in self._elements():
            keys.update(dict.fromkeys(cells))
            if len(keys) > MOST_COLUMNS:
                raise too_many_columns(len(keys))
        self._keys = list(keys)
        headers = unique_headers(self._keys)
        super().__init__(
            Layout(
                format="xml",
                encoding=document.encoding,
                sheet=chosen,
                header_row=0,
                header_rows=0,
                headers=headers,
                header_sha256=header_sha256(headers),
                rows_expected=places[chosen].count,
                tables=[_choice(name, place) for name, place in places.items()][:100],
                reading=reading.as_dict(),
            )
        )
        for name, place in places.items():
            inside = name.startswith(f"{chosen}/") or chosen.startswith(f"{name}/")
            if name != chosen and not inside and place.count > 1:
                self.layout.findings.append(Finding("second_table", name, str(place.count)))

    def _elements(self) -> Iterator[tuple[int, dict[str, str]]]:
        wanted = self._chosen.strip("/").split("/")
        path: list[str] = []
        number = inside = 0
        try:
            for event, element in self._document.events():
                if event == "start":
                    path.append(local(element.tag))
                    inside = inside + 1 if len(path) > len(wanted) else 0
                    if inside > LONGEST_ROW:
                        raise _row_too_long(number + 1)
                    continue
                if path == wanted:
                    number += 1
                    yield number, _cells(element)
                if len(path) <= len(wanted):
                    element.clear()
                path.pop()
        except DefusedXmlException as error:
            raise _declares() from error
        except (ParseError, ValueError, LookupError) as error:
            raise _broken(error) from error

    def rows(self) -> Iterator[Row]:
        """One row for each element; a leaf that it lacks is an empty cell."""
        for number, cells in self._elements():
            row = [cells.get(key, "") for key in self._keys]
            if max(map(len, row), default=0) > LONGEST_CELL:
                raise cell_too_long(number)
            if any(row):
                yield number, row


def _cells(element: Element) -> dict[str, str]:
    """Leaves and attributes as cells: one level of nesting as ``outer.inner``, what repeats joined by 、."""
    cells: dict[str, str] = {local(key): value for key, value in element.attrib.items()}

    def put(name: str, value: str) -> None:
        cells[name] = f"{cells[name]}、{value}" if cells.get(name) and value else value or cells.get(name, "")

    for child in element:
        name = local(child.tag)
        if not len(child):
            # the national exchange writes <字段 name="CF_WSH">…</字段> as well as <CF_WSH>…</CF_WSH>
            named = child.get("name") or child.get("code") if name.lower() in _GENERIC else None
            put(named or name, (child.text or "").strip())
            continue
        for inner in child:
            put(f"{name}.{local(inner.tag)}", "".join(inner.itertext()).strip())
    if not len(element) and (element.text or "").strip():
        put(local(element.tag), (element.text or "").strip())
    return cells


_GENERIC = frozenset(["field", "column", "col", "item", "property", "字段", "数据项", "data"])


def _workbook_grids(document: _Document) -> list[Grid]:
    """The sheets of a workbook saved as XML, measured in one pass."""
    grids: list[Grid] = []
    name, rows, width = "", 0, 0
    merges: list[Merge] = []
    for event, element in document.events():
        if event == "start":
            if element.tag == f"{_SPREADSHEET}Worksheet":
                name, rows, width, merges = element.get(f"{_SPREADSHEET}Name") or str(len(grids) + 1), 0, 0, []
            continue
        if element.tag == f"{_SPREADSHEET}Row":
            rows = _row_index(element, rows)
            cells, merged = _row_cells(element, rows - 1)
            width = max(width, len(cells))
            merges.extend(merged)
        elif element.tag == f"{_SPREADSHEET}Worksheet" and rows:
            grids.append(Grid("xml workbook", name, rows, width, _rows_of(document, len(grids)), merges=merges))
        if element.tag in (f"{_SPREADSHEET}Row", f"{_SPREADSHEET}Worksheet"):
            element.clear()
    return grids


def _row_index(element: Element, before: int) -> int:
    row = int(element.get(f"{_SPREADSHEET}Index") or before + 1)
    if not before < row <= before + _MOST_BLANKS:
        raise ValueError(f"row {row} after row {before}")
    return row


def _row_cells(element: Element, row: int) -> tuple[list[str], list[Merge]]:
    cells: list[str] = []
    merges: list[Merge] = []
    for cell in element.iter(f"{_SPREADSHEET}Cell"):
        column = int(cell.get(f"{_SPREADSHEET}Index") or len(cells) + 1) - 1
        across, down = int(cell.get(f"{_SPREADSHEET}MergeAcross") or 0), int(cell.get(f"{_SPREADSHEET}MergeDown") or 0)
        if not len(cells) <= column or column + across > MOST_COLUMNS:
            raise too_many_columns(column + across)
        data = cell.find(f"{_SPREADSHEET}Data")
        value = "".join(data.itertext()) if data is not None else ""
        if data is not None and data.get(f"{_SPREADSHEET}Type") == "DateTime":
            value = value.removesuffix("T00:00:00.000").replace("T", " ")
        cells.extend([""] * (column - len(cells)))
        cells.extend([value, *[""] * across])
        if across or down:
            merges.append(((row, column), (row + down, column + across)))
    return cells, merges


def _rows_of(document: _Document, wanted: int) -> Callable[[], Iterator[list[str]]]:
    """Rows of the sheet with this place among those that hold anything."""

    def source() -> Iterator[list[str]]:
        seen, row = 0, 0
        for event, element in document.events():
            if event == "end" and element.tag == f"{_SPREADSHEET}Row":
                following = _row_index(element, row)
                if seen == wanted:
                    yield from ([] for _ in range(following - row - 1))
                    yield _row_cells(element, following - 1)[0]
                row = following
                element.clear()
            elif event == "end" and element.tag == f"{_SPREADSHEET}Worksheet":
                seen, row = seen + bool(row), 0
                element.clear()

    return source


def _row_too_long(number: int) -> FileRefused:
    return refuse(
        "nested_too_deep",
        f"第 {number} 行有超过 {LONGEST_ROW} 个元素，不像一条记录",
        f"Row {number} has more than {LONGEST_ROW} elements; this is no record",
        "请指定哪一个元素是一行",
        "Name the element that is a row",
        where=f"row {number}",
    )


def _declares() -> FileRefused:
    return refuse(
        "declares_entities",
        "XML 声明了实体或外部定义（DOCTYPE），不予解析",
        "The XML declares entities or an outside definition (DOCTYPE) and is not read",
        "请由来源系统重新导出，不带 DOCTYPE",
        "Export it again from its source, without a DOCTYPE",
    )


def _broken(error: BaseException) -> FileRefused:
    return refuse(
        "xml_broken",
        "XML 读不出来",
        f"The XML cannot be read ({str(error)[:200]})",
        "请检查标签是否成对，重新导出",
        "Check that every tag is closed, and export it again",
    )
