"""XML as rows: the element that repeats is the row, its leaves and attributes are the columns (XML). No DOCTYPE is read."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from xinlin.core.columns import header_sha256, label_key, unique_headers
from xinlin.office.files.encodings import decoded_encoding
from xinlin.office.files.grids import Grid, open_grid, pick
from xinlin.office.files.xml_places import EACH, MOST_PLACES, NUMBERED, Numbers, Place, joined
from xinlin.office.files.xml_workbooks import SPREADSHEET, workbook_grids
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
)

DEEPEST = 64
LONGEST_ROW = 5_000
"""Elements inside one row."""
_PACKED = re.compile(r"\s*(<\w|<\?xml|\{\s*\"|\[\s*\{)")
"""How a text begins that is a table itself."""


def open_xml(path: Path, known: AbstractSet[str], reading: Reading) -> Sheet:
    """The rows of an XML file. Which element is the row is found by its leaves, shown, and can be named (``/rows/row``).

    Raises `FileRefused`.
    """
    document = _Document(path, reading)
    try:
        first = next(iter(document.events()), None)
        if first is not None and first[1].tag == f"{SPREADSHEET}Workbook":
            return open_grid(workbook_grids(document.events), known, reading)
        places, counts = _survey(document)
    except DefusedXmlException as error:
        raise _declares() from error
    except (ParseError, ValueError, LookupError) as error:
        raise _broken(error) from error
    if not places:
        raise nothing_inside()
    chosen = _whole_row(places, counts, _likeliest(places, known))
    if in_pairs(places[chosen].keys, known):
        raise pairs_apart("XML")
    if reading.table:
        choices: list[dict[str, object]] = [_choice(name, place) for name, place in places.items()]
        chosen = pick(list(places), list(places), reading.table, choices)
    if _of_cells(places[chosen]):
        sheet = open_grid([_cells_grid(document, chosen, places[chosen])], known, reading, alike=False)
        sheet.layout.encoding = document.encoding
        return sheet
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
        self.numbered: AbstractSet[str] = frozenset()
        """Paths of rows that bear their number in their names: ``/data/row*`` for row1, row2 …"""

    def step(self, path: list[str], element: Element) -> str:
        """What an element is called at the end of its path; numbered rows all alike."""
        name = local(element.tag)
        if self.numbered and (found := NUMBERED.fullmatch(name)) and joined(path, found[1] + EACH) in self.numbered:
            return found[1] + EACH
        return name

    def events(self) -> Iterator[tuple[str, Element]]:
        """Starts and ends of elements. Raises what the parser raises; entities and DOCTYPE are refused."""
        with self.path.open("rb") as raw:
            stream: Any = raw
            if self.encoding not in ("utf-8", "utf-16"):
                stream = _Recoded(raw, self.encoding)
            yield from iterparse(
                stream, events=("start", "end"), forbid_dtd=True, forbid_entities=True, forbid_external=True
            )

    def elements(self, name: str) -> Iterator[Element]:
        """The elements of one path, whole. Raises `FileRefused`."""
        wanted = name.strip("/").split("/")
        path: list[str] = []
        number = inside = 0
        try:
            for event, element in self.events():
                if event == "start":
                    path.append(self.step(path, element))
                    inside = inside + 1 if len(path) > len(wanted) else 0
                    if inside > LONGEST_ROW:
                        raise _row_too_long(number + 1)
                    continue
                if path == wanted:
                    number += 1
                    yield element
                if len(path) <= len(wanted):
                    element.clear()
                path.pop()
        except DefusedXmlException as error:
            raise _declares() from error
        except (ParseError, ValueError, LookupError) as error:
            raise _broken(error) from error


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


def _choice(name: str, place: Place) -> dict[str, object]:
    return {"name": name, "rows": place.count, "columns": len(place.keys), "visible": True}


def _survey(document: _Document) -> tuple[dict[str, Place], Counter[str]]:
    """Every element that has leaves or attributes of its own, by its path; and how often each path occurs."""
    places: dict[str, Place] = {}
    counts: Counter[str] = Counter()
    numbers = Numbers()
    path: list[str] = []
    leaf: list[bool] = []
    for event, element in document.events():
        if event == "start":
            if leaf:
                leaf[-1] = False
            path.append(document.step(path, element))
            leaf.append(True)
            if len(path) > DEEPEST:
                raise refuse(
                    "nested_too_deep", f"嵌套超过 {DEEPEST} 层，不像表格", f"It is nested more than {DEEPEST} levels",
                    "请导出为一行一个元素", "Export it with one element for each row",
                )  # fmt: skip
            continue
        name, named, is_leaf = "/" + "/".join(path), _field_name(element), leaf.pop()
        of_attributes = bool(element.attrib) and named is None
        if of_attributes:
            _count(places, name, [local(key) for key in element.attrib])
        row = not is_leaf or (of_attributes and not (element.text or "").strip())
        if row:
            numbers.note(path)
        if is_leaf and len(path) > 1:
            _count(places, "/" + "/".join(path[:-1]), [named or (NUMBERED.sub(r"\1", path[-1]) if row else path[-1])])
        if name in places:
            places[name].count += 1
        if name in counts or len(counts) < MOST_PLACES:
            counts[name] += 1
        path.pop()
        element.clear()
    rows = numbers.rows(places)
    if rows and not document.numbered:
        document.numbered = rows
        return _survey(document)
    return places, counts


def _count(places: dict[str, Place], name: str, keys: list[str]) -> None:
    if name not in places and len(places) >= MOST_PLACES:
        return
    place = places.setdefault(name, Place())
    place.keys.update(keys)
    if len(place.keys) > MOST_COLUMNS:
        raise too_many_columns(len(place.keys))


def _likeliest(places: dict[str, Place], known: AbstractSet[str]) -> str:
    """The element with most known labels among its leaves, then the one with most leaves that each come about once a row."""

    def mark(name: str) -> tuple[int, int, int]:
        place = places[name]
        hits = sum(1 for key in place.keys if label_key(key) in known)
        single = sum(1 for number in place.keys.values() if number <= place.count)
        return hits, min(place.count, 2) if single else 0, single

    return max(places, key=mark)


def _whole_row(places: dict[str, Place], counts: Counter[str], chosen: str) -> str:
    """The element around the chosen one, where that is only a part of the row: each has one of it, and something beside it."""
    around, number = chosen.rpartition("/")[0], places[chosen].count
    if around.count("/") < 2 or number < 2 or counts[around] != number:
        return chosen
    parts = [name for name, place in places.items() if name.rpartition("/")[0] == around and place.count <= number]
    if around not in places and len(parts) < 2:
        return chosen
    whole = places.setdefault(around, Place())
    whole.count = number
    for part in parts:
        whole.keys.update(places[part].keys)
    return around


class _XmlSheet(Sheet):
    """Elements as rows; the row number is the element's place among its like."""

    def __init__(self, document: _Document, chosen: str, places: dict[str, Place], reading: Reading) -> None:
        self._document, self._chosen = document, chosen
        keys: dict[str, None] = {}
        for element in document.elements(chosen):
            cells = _cells(element)
            keys.update(dict.fromkeys(cells))
            if len(keys) > MOST_COLUMNS:
                raise too_many_columns(len(keys))
        if places[chosen].count == 1 and any(map(_PACKED.match, cells.values())):
            raise table_in_text("XML")
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
            alike = place.keys.keys() & places[chosen].keys.keys()
            if name != chosen and not name.startswith(f"{chosen}/") and (place.count > 1 or alike):
                self.layout.findings.append(Finding("second_table", name, str(place.count)))

    def rows(self) -> Iterator[Row]:
        """One row for each element; a leaf that it lacks is an empty cell."""
        for number, element in enumerate(self._document.elements(self._chosen), start=1):
            cells = _cells(element)
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
            put(_field_name(child) or name, (child.text or child.get("value") or "").strip())
            continue
        for inner in child:
            put(f"{name}.{local(inner.tag)}", "".join(inner.itertext()).strip())
    if not len(element) and (element.text or "").strip():
        put(local(element.tag), (element.text or "").strip())
    return cells


_GENERIC = frozenset(
    ["field", "column", "col", "c", "cell", "td", "item", "property", "attribute", "param", "字段", "数据项", "data"]
)
"""Elements that are a field or a cell, whatever it is named."""


def _field_name(element: Element) -> str | None:
    """The name that an attribute gives a field: the national exchange writes <字段 name="CF_WSH">…</字段> as well as <CF_WSH>…</CF_WSH>.

    An element that says all it has in several attributes is a row.
    """
    if local(element.tag).lower() not in _GENERIC or len(element):
        return None
    if not (element.text or "").strip() and len(element.attrib) > 1 and element.attrib.keys() != {"name", "value"}:
        return None
    return next((element.attrib[key] for key in ("name", "code", "key", "n") if element.get(key)), None)


def _of_cells(place: Place) -> bool:
    """Whether its rows are cells without names, their names in a row of their own."""
    (name, number), *others = place.keys.most_common(2)
    return not others and name.lower() in _GENERIC and number > place.count


def _cells_grid(document: _Document, name: str, place: Place) -> Grid:
    def source() -> Iterator[list[str]]:
        for element in document.elements(name):
            yield ["".join(cell.itertext()).strip() for cell in element]

    return Grid("xml", name, place.count, max(map(len, source()), default=0), source)


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
