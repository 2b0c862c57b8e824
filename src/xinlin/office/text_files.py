"""Text tables: which encoding, which delimiter, where the header is, and how quotes are meant (CSV、TSV 文本文件)."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice
from pathlib import Path

from xinlin.core.columns import HEADER_WITHIN, header_cells, header_sha256, label_key, unique_headers
from xinlin.core.headers import Again, header_block, rejoined
from xinlin.office.files.below import Below, end_of_head, told
from xinlin.office.files.text_encodings import encoding_of, shown, survey
from xinlin.office.layouts import (
    LONGEST_CELL,
    MOST_COLUMNS,
    FileRefused,
    Finding,
    Layout,
    Reading,
    Row,
    Sheet,
    header_at,
    looked_at,
    must_be_header,
    nothing_inside,
    refuse,
    too_many_columns,
)

LONGEST_RECORD = 50
"""Lines that one quoted record may span."""
_HEAD_LINES = 200
_READ_TOGETHER = 1_000
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_AS_FOUND = Reading()
_DELIMITERS = (",", "\t", ";", "|", "，", " ")
csv.field_size_limit(LONGEST_CELL)


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """Decoded lines; bytes that do not fit become lone surrogates, which the judge refuses row by row."""
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
        first = True
        for line in stream:
            yield line.removeprefix("\ufeff") if first else line
            first = False


def _delimiter(head: Sequence[str], known: AbstractSet[str]) -> str:
    """The delimiter under which the head shows most known labels, else the most rows of one width."""

    def mark(delimiter: str) -> tuple[int, int, int]:
        try:
            rows = [row for row in csv.reader(head[:50], delimiter=delimiter) if row]
        except csv.Error:
            return (0, 0, 0)
        widths = Counter(len(row) for row in rows)
        width, number = max(widths.items(), key=lambda item: (item[1], item[0]))
        if width < 2:
            return (0, 0, 0)
        hits = max(sum(1 for cell in row if label_key(cell) in known) for row in rows[:HEADER_WITHIN])
        return (hits if hits > 1 else 0, 0 if delimiter == " " else number, width)

    best = max(_DELIMITERS, key=mark)
    return best if mark(best) > (0, 0, 0) else ","


def _interleaved(lines: Iterator[str], delimiter: str, width: int) -> bool:
    """Whether some quote is a stray character: read as a quote, it would swallow whole records."""
    span: list[str] = []
    for line in lines:
        if not span and not line.count('"') & 1:
            continue
        span.append(line)
        if len(span) > 1 and line.count('"') & 1:
            inner = any(part.count(delimiter) == width - 1 for part in span[1:-1])
            records = list(csv.reader(span, delimiter=delimiter))
            if inner or len(records) != 1 or len(records[0]) != width:
                return True
            span = []
        elif len(span) > LONGEST_RECORD:
            return True
    return bool(span)


class _TextSheet(Sheet):
    """A text table."""

    path: Path
    stray_quotes: bool
    last_header: int
    """Number of the head's last row."""
    again: Again

    def _records(self) -> Iterator[Row]:
        delimiter = self.layout.delimiter
        lines = _lines(self.path, self.layout.encoding)
        if self.stray_quotes:
            for number, line in enumerate(lines, start=1):
                whole = line.count('"') % 2 == 0
                plain = csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
                for cells in csv.reader([line], delimiter=delimiter) if whole else plain:
                    yield number, cells
            return
        reader = csv.reader(lines, delimiter=delimiter)
        number = 1
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1

    def records(self) -> Iterator[Row]:
        """Every record from the top of the file, empty ones as an empty list. Raises `FileRefused`."""
        number = 0
        try:
            for number, cells in self._records():
                yield number, cells
        except csv.Error as error:
            raise _unreadable(number + 1, error) from error

    def rows(self) -> Iterator[Row]:
        """Records below the header that hold anything; blanks behind the last header are dropped, asides are told."""
        return chain.from_iterable(self.chunks(_READ_TOGETHER))

    def chunks(self, size: int) -> Iterator[list[Row]]:
        """The same, many at once: nearly every record can be seen to be one of data by its first character."""
        header, width, below = self.last_header, len(self.layout.headers), Below(self.layout, self.again)
        perhaps = below.perhaps
        records = self._records_together(size) if not self.stray_quotes else self._few_together(size)
        for numbers, rows in records:
            chunk: list[Row] = []
            for number, cells in zip(numbers, rows, strict=True):
                if number <= header:
                    continue
                if (
                    len(cells) != width
                    or not cells[0]
                    or cells[0][0] in perhaps
                    or below.order is not None
                    or cells.count("") * 2 >= width
                ):
                    if not any(map(str.strip, cells)):
                        below.empty(number)
                        continue
                    while len(cells) > width and not cells[-1].strip():
                        cells = cells[:-1]
                    row = below.row(number, cells)
                    if row is None:
                        continue
                    cells = row
                chunk.append((number, cells))
            if chunk:
                yield chunk

    def _few_together(self, size: int) -> Iterator[tuple[list[int], list[list[str]]]]:
        records = self.records()
        while chunk := list(islice(records, size)):
            yield [number for number, _ in chunk], [list(cells) for _, cells in chunk]

    def _records_together(self, size: int) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        reader = csv.reader(_lines(self.path, self.layout.encoding), delimiter=self.layout.delimiter)
        before, chunk = 0, list[list[str]]()
        while True:
            chunk = []
            try:
                chunk.extend(islice(reader, size))
            except csv.Error as error:
                raise _unreadable(reader.line_num, error) from error
            if not chunk:
                return
            numbers: Sequence[int] = range(before + 1, before + len(chunk) + 1)
            if reader.line_num - before != len(chunk):
                numbers = _first_lines(before, chunk)
            yield numbers, chunk
            before = reader.line_num


def _first_lines(before: int, records: Sequence[Sequence[str]]) -> list[int]:
    """The line in which each record begins, where some have line breaks inside a cell."""
    numbers, line = [], before + 1
    for cells in records:
        numbers.append(line)
        line += 1 + sum(len(_LINE_BREAK.findall(cell)) for cell in cells if "\n" in cell or "\r" in cell)
    return numbers


def _unreadable(line: int, error: csv.Error) -> FileRefused:
    return refuse(
        "text_unreadable",
        f"第 {line} 行起读不出来（{error}）",
        f"It cannot be read from line {line} on ({error})",
        "请检查这一行的引号和长度",
        "Check the quotes and the length of that line",
        where=f"line {line}",
    )


def open_text(path: Path, known: AbstractSet[str], reading: Reading = _AS_FOUND) -> _TextSheet:
    """Open a text table. Raises `FileRefused` with line and sample where its encoding is not clear.

    Whoever reads the file by other means needs what stands in the layout: encoding, delimiter, headers, and the last row of
    the header (``last_header``); and ``stray_quotes``, which no ordinary reader of CSV understands.
    """
    seen = survey(path)
    encoding = reading.encoding or encoding_of(path, seen)
    head = [line for line, _ in zip(_lines(path, encoding), range(_HEAD_LINES), strict=False)]
    if not any(line.strip() for line in head):
        raise nothing_inside()
    delimiter = reading.delimiter or _delimiter(head, known)
    sheet = _TextSheet(Layout(format="text", encoding=encoding, delimiter=delimiter, reading=reading.as_dict()))
    sheet.path, sheet.stray_quotes = path, False
    _find_header(sheet, known, reading)
    layout = sheet.layout
    layout.rows_expected = max(0, seen.lines - sheet.last_header)
    if seen.odd_quotes and _interleaved(_lines(path, encoding), layout.delimiter, len(layout.headers)):
        sheet.stray_quotes = True
        layout.findings.append(Finding("stray_quotes", "file", '"'))
    if encoding == "utf-8" and seen.broken_lines:
        layout.findings.append(Finding("bytes_not_utf8", f"line {seen.first_broken}", shown(seen.sample)))
    elif encoding == "gb18030" and seen.first_not_gb:
        layout.findings.append(Finding("bytes_not_gb18030", f"line {seen.first_not_gb}", shown(seen.sample_not_gb)))
    return sheet


def _find_header(sheet: _TextSheet, known: AbstractSet[str], reading: Reading) -> None:
    """Find the header, over as many rows as it spans. Raises `FileRefused`."""
    top = [record for record, _ in zip(sheet.records(), range(looked_at(reading)), strict=False)]
    numbers, rows = [number for number, _ in top], [cells for _, cells in top]
    found = header_at(numbers, rows, known, reading)
    if found is None:
        raise nothing_inside()
    first, last, names = header_block(rows, found, fixed=bool(reading.header_row))
    if sheet.layout.delimiter == " ":
        names = rejoined(names, rows[last + 1 :])
    cells = header_cells([*rows[:first], names, *rows[last + 1 :]], first)
    must_be_header(cells, numbers[first])
    if len(cells) > MOST_COLUMNS:
        raise too_many_columns(len(cells))
    layout = sheet.layout
    layout.header_row, layout.header_rows = numbers[first], last - first + 1
    layout.headers = unique_headers(cells)
    layout.header_sha256 = header_sha256(layout.headers)
    layout.titles = [told(row) for row in rows[:first] if any(map(str.strip, row))]
    sheet.last_header = numbers[end_of_head(layout, numbers, rows, last, known)]
    sheet.again = Again(rows[first : last + 1], names, rows[:first], known)
