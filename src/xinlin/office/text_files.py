"""Text tables: which encoding, which delimiter, where the header is, and how quotes are meant (CSV、TSV 文本文件)."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from xinlin.core.columns import HEADER_WITHIN, header_cells, header_sha256, label_key, unique_headers
from xinlin.core.headers import header_block, is_aside
from xinlin.office.layouts import (
    LONGEST_CELL,
    MOST_COLUMNS,
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
    without_numbers,
)

LONGEST_RECORD = 50
"""Lines that one quoted record may span."""
LONGEST_LINE = 16 << 20
"""Bytes in one line; more is no table, and would have to be held in memory whole."""
_HEAD_LINES = 200
_MOST_TOLD = 200
_AS_FOUND = Reading()
_DELIMITERS = (",", "\t", ";", "|", "，", " ")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
csv.field_size_limit(LONGEST_CELL)


@dataclass
class _Survey:
    """What one pass over the lines of a file showed."""

    lines: int = 0
    ascii_lines: int = 0
    utf8_lines: int = 0
    """Lines that are UTF-8 beyond doubt: with characters of three bytes, as Chinese has."""
    weak_lines: int = 0
    """Lines that are UTF-8, but with characters of two bytes only, which GB18030 may mean otherwise."""
    weak_sample: bytes = b""
    broken_lines: int = 0
    gb_lines: int = 0
    first_broken: int = 0
    sample: bytes = b""
    first_not_gb: int = 0
    sample_not_gb: bytes = b""
    odd_quotes: int = 0
    nul: bool = False


def _survey(path: Path) -> _Survey:
    """Count, line by line, which encodings fit. Raises `FileRefused` for a line that no table has."""
    seen = _Survey()
    with path.open("rb") as stream:
        while line := stream.readline(LONGEST_LINE + 1):
            seen.lines += 1
            if len(line) > LONGEST_LINE:
                raise refuse(
                    "line_too_long",
                    f"第 {seen.lines} 行超过 {LONGEST_LINE} 字节，不像表格",
                    f"Line {seen.lines} has more than {LONGEST_LINE} bytes; this is no table",
                    "请以每行一条记录的 CSV 重新导出",
                    "Export it again as CSV with one record to a line",
                    where=f"line {seen.lines}",
                )
            if line.count(b'"') & 1:
                seen.odd_quotes += 1
            if line.isascii():
                seen.ascii_lines += 1
                seen.nul = seen.nul or b"\0" in line
                continue
            try:
                if max(line.decode("utf-8")) >= "\u0800":
                    seen.utf8_lines += 1
                    continue
                seen.weak_lines += 1
                seen.weak_sample = seen.weak_sample or line
                continue
            except UnicodeDecodeError as error:
                seen.broken_lines += 1
                if not seen.first_broken:
                    seen.first_broken, seen.sample = seen.lines, line[error.start : error.start + 8]
            try:
                line.decode("gb18030")
                seen.gb_lines += 1
            except UnicodeDecodeError as error:
                if not seen.first_not_gb:
                    seen.first_not_gb, seen.sample_not_gb = seen.lines, line[error.start : error.start + 8]
    return seen


def _shown(sample: bytes) -> str:
    """Bytes in hexadecimal, as a person can name them."""
    return sample.hex(" ").upper()


def _encoding(path: Path, seen: _Survey) -> str:
    """BOM, then strict UTF-8, then GB18030. Raises `FileRefused` where none is clear."""
    with path.open("rb") as stream:
        head = stream.read(4)
    bom = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if bom and bom != "utf-8":
        return bom
    if seen.nul:
        raise refuse(
            "not_text",
            "这不是文本表格（含有空字节）",
            "This is no text table (it holds NUL bytes)",
            "请以 CSV（UTF-8）或 XLSX 重新导出",
            "Export it again as CSV (UTF-8) or XLSX",
        )
    if bom or not seen.broken_lines:
        if not bom and seen.weak_lines and not seen.utf8_lines:
            _refuse_two_readings(seen.weak_sample)
        return "utf-8"
    if seen.utf8_lines >= seen.broken_lines and seen.first_broken > 1:
        return "utf-8"
    not_gb = seen.broken_lines - seen.gb_lines
    if seen.utf8_lines * 10 <= seen.broken_lines and not_gb * 5 <= seen.broken_lines and seen.first_not_gb != 1:
        if _plausible_chinese(path):
            return "gb18030"
        raise refuse(
            "encoding_unknown",
            "按 UTF-8 和 GB18030 都读不成通顺的文字",
            "Neither UTF-8 nor GB18030 yields readable text",
            "请以 UTF-8 重新导出",
            "Export it again as UTF-8",
            where=f"line {seen.first_broken}",
            raw=_shown(seen.sample),
        )
    line, sample = (seen.first_not_gb, seen.sample_not_gb) if seen.first_not_gb else (seen.first_broken, seen.sample)
    raise refuse(
        "encoding_mixed",
        f"文件混用了几种编码：第 {line} 行的字节读不出来",
        f"The file mixes encodings: the bytes in line {line} cannot be read",
        "请以 UTF-8 重新导出整个文件",
        "Export the whole file again as UTF-8",
        where=f"line {line}",
        raw=_shown(sample),
    )


def _refuse_two_readings(sample: bytes) -> None:
    """Refuse a file whose only signs of an encoding read well in both: two bytes are é in UTF-8 and 茅 in GB18030."""
    try:
        other = sample.decode("gb18030")
    except UnicodeDecodeError:
        return
    ours = sample.decode("utf-8")
    one, two = ("".join(c for c in text if not c.isascii())[:8] for text in (ours, other))
    raise refuse(
        "encoding_two_readings",
        f"编码有两种读法：UTF-8 读作“{one}”，GB18030 读作“{two}”",
        f"The encoding has two readings: {one!r} as UTF-8, {two!r} as GB18030",
        "请另存为“CSV UTF-8（带 BOM）”或 XLSX",
        "Save it as CSV UTF-8 with BOM, or as XLSX",
        raw=_shown(sample[:16]),
    )


def _plausible_chinese(path: Path) -> bool:
    """Whether the first 64 kB, read as GB18030, are mostly everyday characters (GB 2312 level 1).

    Another encoding read as GB18030 gives rare characters; real Chinese text has over nine in ten from level 1.
    """
    with path.open("rb") as stream:
        text = stream.read(65536).decode("gb18030", "ignore")
    counts = Counter(character for character in text if not character.isascii())
    common = rare = 0
    for character, number in counts.items():
        try:
            first = character.encode("gb2312")[0]
        except UnicodeEncodeError:
            rare += number
            continue
        if 0xB0 <= first <= 0xD7 or first <= 0xA3:
            common += number
        else:
            rare += number
    return common >= 2 * rare


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
    """Number of the header's last row."""

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
            raise refuse(
                "text_unreadable",
                f"第 {number + 1} 行起读不出来（{error}）",
                f"It cannot be read from line {number + 1} on ({error})",
                "请检查这一行的引号和长度",
                "Check the quotes and the length of that line",
                where=f"line {number + 1}",
            ) from error

    def rows(self) -> Iterator[Row]:
        """Records below the header that hold anything; blanks behind the last header are dropped, asides are told."""
        header, width, told = self.last_header, len(self.layout.headers), 0
        for number, cells in self.records():
            if number > header and any(map(str.strip, cells)):
                while len(cells) > width and not cells[-1].strip():
                    cells = cells[:-1]
                if is_aside(cells):
                    told += 1
                    if told <= _MOST_TOLD:
                        self.layout.findings.append(Finding("note_row", str(number), _title(cells)[:120]))
                    continue
                yield number, cells


def _title(cells: Sequence[str]) -> str:
    return without_numbers(" ".join(filter(None, map(str.strip, cells))))


def open_text(path: Path, known: AbstractSet[str], reading: Reading = _AS_FOUND) -> _TextSheet:
    """Open a text table. Raises `FileRefused` with line and sample where its encoding is not clear.

    Whoever reads the file by other means needs what stands in the layout: encoding, delimiter, headers, and the last row of
    the header (``last_header``); and ``stray_quotes``, which no ordinary reader of CSV understands.
    """
    seen = _survey(path)
    encoding = reading.encoding or _encoding(path, seen)
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
        layout.findings.append(Finding("bytes_not_utf8", f"line {seen.first_broken}", _shown(seen.sample)))
    elif encoding == "gb18030" and seen.first_not_gb:
        layout.findings.append(Finding("bytes_not_gb18030", f"line {seen.first_not_gb}", _shown(seen.sample_not_gb)))
    return sheet


def _find_header(sheet: _TextSheet, known: AbstractSet[str], reading: Reading) -> None:
    """Find the header, over as many rows as it spans. Raises `FileRefused`."""
    top = [record for record, _ in zip(sheet.records(), range(looked_at(reading)), strict=False)]
    numbers, rows = [number for number, _ in top], [cells for _, cells in top]
    found = header_at(numbers, rows, known, reading)
    if found is None:
        raise nothing_inside()
    first, last, names = header_block(rows, found, fixed=bool(reading.header_row))
    cells = header_cells([*rows[:first], names, *rows[last + 1 :]], first)
    must_be_header(cells, numbers[first])
    if len(cells) > MOST_COLUMNS:
        raise too_many_columns(len(cells))
    layout = sheet.layout
    layout.header_row, layout.header_rows, sheet.last_header = numbers[first], last - first + 1, numbers[last]
    layout.headers = unique_headers(cells)
    layout.header_sha256 = header_sha256(layout.headers)
    layout.titles = [_title(row)[:200] for row in rows[:first] if any(map(str.strip, row))]
