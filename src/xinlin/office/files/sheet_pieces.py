"""A sheet that memory should not hold whole, opened a piece of its rows at a time (大表分段读取).

The reader of workbooks keeps a sheet as one table. So a large sheet is cut between two rows into workbooks of its own, which
have all other parts of the first; each is read and let go before the next. A sheet that cannot be cut so is read whole.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from python_calamine import CalamineSheet, CalamineWorkbook

CUT_OVER = 160 << 20
"""Bytes of a sheet's XML from which on it is cut."""
PIECE = 80 << 20
"""Bytes of a piece's XML, or as many as the shared strings have, which each piece reads again."""
_CHUNK = 4 << 20
_BEGIN, _END, _ROW_END = b"<sheetData>", b"</sheetData>", b"</row>"
_ROW = re.compile(rb"<row\b[^>]{0,300}?\br=\"([0-9]{1,7})\"")
_ENDS_WITHIN = 1 << 20
"""Bytes at either end of a piece in which its first and last row are sought."""


class NotCut(Exception):
    """The sheet is written in a way that cannot be cut between rows."""


class Pieces:
    """The rows of one large sheet, from its first row and column on, whatever the first filled ones are."""

    def __init__(self, path: Path, part: str, name: str, columns: int) -> None:
        """Cuts the sheet that lies in ``part`` of the workbook; ``columns``: its widest row. Raises `NotCut`."""
        self._name, self._columns = name, columns
        self._files: list[IO[bytes]] = []
        self.height = 0
        """Number of the last row."""
        with zipfile.ZipFile(path) as archive:
            others = [entry for entry in archive.infolist() if not entry.filename.startswith("xl/worksheets/")]
            shared = max((entry.file_size for entry in others if "sharedStrings" in entry.filename), default=0)
            self._cut(archive, part, others, max(PIECE, shared))
        self._first = self._open(0)
        self.merges = (self._first if len(self._files) == 1 else self._open(-1)).merged_cell_ranges or []

    def _cut(self, archive: zipfile.ZipFile, part: str, others: list[zipfile.ZipInfo], most: int) -> None:
        with archive.open(part) as stream:
            rest = stream.read(_ENDS_WITHIN)
            begins = rest.find(_BEGIN) + len(_BEGIN)
            if begins < len(_BEGIN):
                raise NotCut
            head, rest = rest[:begins], rest[begins:]
            while rest:
                body = bytearray(rest)
                while len(body) < most and (chunk := stream.read(_CHUNK)):
                    body += chunk
                ends = len(body) < most
                cut = len(body) if ends else body.rfind(_ROW_END) + len(_ROW_END)
                rest = bytes(body[cut:])
                del body[cut:]
                self._follow(body)
                self._write(archive, part, others, [head, body, b"" if ends else _END + b"</worksheet>"])

    def _follow(self, body: bytearray) -> None:
        """Note the last row; every piece begins behind the one before it."""
        first = _ROW.search(body, 0, _ENDS_WITHIN)
        last = _ROW.findall(body[-_ENDS_WITHIN:])
        if first is None and not last:  # nothing but what stands behind the rows
            return
        if first is None or not last or int(first[1]) <= self.height:
            raise NotCut
        self.height = int(last[-1])

    def _write(
        self, archive: zipfile.ZipFile, part: str, others: list[zipfile.ZipInfo], xml: list[bytes | bytearray]
    ) -> None:
        held = tempfile.TemporaryFile()  # noqa: SIM115  # has no name, and goes with this process
        with zipfile.ZipFile(held, "w") as piece:
            for entry in others:
                with archive.open(entry) as source, piece.open(entry.filename, "w", force_zip64=True) as copy:
                    while chunk := source.read(_CHUNK):
                        copy.write(chunk)
            with piece.open(part, "w", force_zip64=True) as copy:
                for text in xml:
                    copy.write(text)
        held.flush()
        self._files.append(held)

    def _open(self, at: int) -> CalamineSheet:
        book = CalamineWorkbook.from_path(f"/proc/self/fd/{self._files[at].fileno()}")
        return book.get_sheet_by_name(self._name)

    def rows(self, text: Callable[[Any], str]) -> Iterator[list[str]]:
        """Every row from the first on, empty ones too, its cells as ``text`` says them."""
        number, nothing = 0, [""] * self._columns
        for at in range(len(self._files)):
            sheet = self._open(at) if at else self._first
            if sheet.start is None:
                continue
            top, left = sheet.start
            while number < top:
                yield list(nothing)
                number += 1
            for raw in islice(sheet.iter_rows(), top, None):
                cells = [cell if type(cell) is str else text(cell) for cell in raw]
                yield [*nothing[:left], *cells, *nothing[left + len(cells) :]]
                number += 1
