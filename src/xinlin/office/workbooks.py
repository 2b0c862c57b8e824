"""Whether a workbook may be opened at all: what it really unpacks to, and how far its cells spread (电子表格防护).

The reader keeps a sheet as one dense table, so two cells far apart in a file of one kilobyte would ask for more memory
than any machine has, and end the worker rather than raise. Everything is therefore measured here first, on the bytes.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO

from xinlin.office.layouts import FileRefused, refuse

LARGEST_UNPACKED = 1 << 30
"""A spreadsheet that unpacks to more bytes than this is refused before it is read."""
LARGEST_RATIO = 200
MOST_CELLS = 30_000_000
"""Cells between the first and the last of all sheets together, empty ones too: about one gigabyte of memory."""
_CHUNK = 4 << 20
_LONGEST_REFERENCE = 64
"""Bytes carried over between two chunks, so that no reference is cut in two."""
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,7})([0-9]{1,10})["']""")
_OTHER_FORMS = ("content.xml", "mimetype", "xl/workbook.bin")
"""Parts that make another kind of workbook of it, whose cells are not measured here."""


def guard_workbook(path: Path) -> None:
    """Refuse a packed workbook that memory could not hold, or that is none. Raises `FileRefused`."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > LARGEST_UNPACKED or (
                unpacked > 50_000_000 and unpacked > LARGEST_RATIO * path.stat().st_size
            ):
                raise _too_large(f"解开后有 {unpacked} 字节", f"unpacks to {unpacked} bytes")
            names = {entry.filename for entry in entries}
            if not any(name.startswith("xl/") for name in names) or not names.isdisjoint(_OTHER_FORMS):
                raise refuse(
                    "not_a_workbook",
                    "这是压缩包或别的格式，不是 XLSX 电子表格",
                    "This is an archive or another form, not an XLSX workbook",
                    "请解压后逐个报送，或另存为 XLSX",
                    "Unpack it and send the files one by one, or save it as XLSX",
                )
            cells = 0
            for entry in entries:
                with archive.open(entry) as stream:
                    cells += _spread(stream)
                if cells > MOST_CELLS:
                    raise _too_large(f"首末单元格之间有 {cells} 格", f"spans {cells} cells")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise refuse(
            "workbook_broken",
            "电子表格文件已损坏",
            f"The workbook is broken ({error})",
            "请重新保存后再报",
            "Save it again and send it",
        ) from error


def _spread(stream: IO[bytes]) -> int:
    """Cells of the smallest table from the first cell on that holds every cell named in one part of the archive.

    Reads the part to its end, so that a size or checksum that lies raises BadZipFile.
    """
    columns: set[bytes] = set()
    rows, rest = 0, b""
    while chunk := stream.read(_CHUNK):
        found = _REFERENCE.findall(rest + chunk)
        if found:
            letters, numbers = zip(*found, strict=True)
            columns.update(letters)
            rows = max(rows, max(map(int, set(numbers))))
        rest = chunk[-_LONGEST_REFERENCE:]
    return rows * max(map(_column_number, columns), default=0)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _too_large(chinese: str, english: str) -> FileRefused:
    return refuse(
        "unpacks_too_large",
        f"表格{chinese}，超过上限",
        f"The workbook {english}, more than is allowed",
        "请删除远处的空白单元格、拆成几个文件，或改用 CSV",
        "Delete cells far outside the table, split it, or send CSV",
    )
