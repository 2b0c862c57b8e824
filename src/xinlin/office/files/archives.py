"""Packed files: what may be unpacked at all, and an archive of tables read as one delivery (压缩包).

One archive is one delivery of one table: its members must be of one shape, each row says from which member it came, and
rows are numbered on from member to member. Names in an archive are shown and never used as paths.
"""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from xinlin.core.columns import header_sha256, label_key
from xinlin.office.files.grids import pick
from xinlin.office.layouts import ORIGIN, FileRefused, Finding, Layout, Reading, Row, Sheet, nothing_inside, refuse

LARGEST_UNPACKED = 1 << 30
"""An archive or workbook that unpacks to more bytes than this is refused before it is read."""
LARGEST_RATIO = 200
SMALL = 50_000_000
"""Bytes that any archive may unpack to, whatever its ratio."""
MOST_ENTRIES = 10_000
MOST_MEMBERS = 500
"""Tables in one archive."""
_LOCAL_HEADER = 30
_PIECE = 1 << 20
Open = Callable[[Path, AbstractSet[str], Reading], Sheet]


def guard_archive(archive: zipfile.ZipFile, size: int) -> list[zipfile.ZipInfo]:
    """The entries of an archive, once nothing about them is a trick. Nothing is unpacked. Raises `FileRefused`.

    Sizes that lie are caught where an entry is read: never more than it declares, and its checksum at the end.
    """
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > LARGEST_UNPACKED or (unpacked > SMALL and unpacked > LARGEST_RATIO * size):
        raise _too_large(unpacked)
    if len(entries) > MOST_ENTRIES:
        raise _trick("archive_too_many", f"压缩包有 {len(entries)} 个条目", f"The archive has {len(entries)} entries")
    seen: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        shown = member_name(entry)
        if entry.filename in seen:
            raise _trick("archive_tricks", f"有两个条目同名：{shown}", f"Two entries have one name: {shown}")
        seen.add(entry.filename)
        if entry.header_offset < end:
            raise _trick("archive_tricks", f"条目互相重叠：{shown}", f"Entries overlap: {shown}")
        end = entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size
        if entry.flag_bits & 0x1:
            raise _trick("archive_locked", f"有密码：{shown}", f"It is locked by a password: {shown}")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _trick("archive_tricks", f"含有链接：{shown}", f"It holds a link: {shown}")
        parts = shown.replace("\\", "/").split("/")
        if shown.startswith(("/", "\\")) or ".." in parts or "\0" in entry.orig_filename or ":" in parts[0]:
            raise _trick("archive_tricks", f"条目的路径越界：{shown}", f"An entry's path leads outside: {shown}")
    return entries


def member_name(entry: zipfile.ZipInfo) -> str:
    """The name of an entry as its sender reads it: many archives of China carry GBK names without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def open_archive(path: Path, known: AbstractSet[str], reading: Reading, opener: Open) -> Sheet:
    """The tables of an archive as one. ``opener`` opens a member, which may be anything but another archive.

    Raises `FileRefused`: tricks, a member inside which is an archive, members of several shapes (with the choices).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in guard_archive(archive, path.stat().st_size) if _is_member(entry)]
            if len(entries) > MOST_MEMBERS:
                raise _trick(
                    "archive_too_many", f"压缩包有 {len(entries)} 份文件", f"The archive has {len(entries)} files"
                )
            names = [member_name(entry) for entry in entries]
            member, _, inner = reading.table.partition("›")
            if reading.table:
                choices: list[dict[str, object]] = [{"name": name, "visible": True} for name in names]
                entries = [pick(entries, names, member, choices)]
            kept = ExitStack()
            within = Reading(inner, reading.header_row, reading.encoding, reading.delimiter)
            opened = [(member_name(e), *_open_member(archive, e, known, within, opener, kept)) for e in entries]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise refuse(
            "archive_broken",
            "压缩包已损坏，或条目的大小与内容不符",
            f"The archive is broken, or an entry lies about its size ({str(error)[:200]})",
            "请重新压缩后再报，或逐个报送",
            "Pack it again, or send the files one by one",
        ) from error
    tables = [(name, sheet) for name, sheet, _ in opened if sheet is not None]
    if not tables:
        raise next((refusal for _, _, refusal in opened if refusal is not None), nothing_inside())
    sheet = _Members(tables, known, reading)
    sheet.held = kept
    for name, _, refusal in opened:
        if refusal is not None:
            sheet.layout.findings.append(Finding("member_not_read", name, refusal.problem.what.zh[:120]))
    return sheet


def _is_member(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file that somebody packed, and not what a system leaves beside it."""
    parts = member_name(entry).replace("\\", "/").split("/")
    return not entry.is_dir() and "__MACOSX" not in parts and parts[-1] not in ("Thumbs.db", ".DS_Store", "desktop.ini")


def _open_member(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    known: AbstractSet[str],
    reading: Reading,
    opener: Open,
    kept: ExitStack,
) -> tuple[Sheet | None, FileRefused | None]:
    """A member unpacked into a file without a name, and opened; or why it is no table."""
    plain: IO[bytes] = kept.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # closed with the others
    with archive.open(entry) as stream:
        while piece := stream.read(_PIECE):
            plain.write(piece)
    plain.flush()
    path = Path(f"/proc/self/fd/{plain.fileno()}")
    plain.seek(0)
    if plain.read(4) == b"PK\x03\x04" and not _is_workbook(path):
        raise _trick(
            "archive_nested", "压缩包里还有压缩包", "There is an archive inside the archive", member_name(entry)
        )
    try:
        return opener(path, known, reading), None
    except FileRefused as refusal:
        if reading.table or reading.header_row or reading.encoding:
            raise
        return None, refusal


def _is_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name.startswith("xl/") for name in archive.namelist()[:MOST_ENTRIES])


class _Members(Sheet):
    """The members' rows one after another under one header, each with the name of its member."""

    def __init__(self, tables: Sequence[tuple[str, Sheet]], known: AbstractSet[str], reading: Reading) -> None:
        """Raises `FileRefused` where the members are not of one shape."""

        def hits(table: tuple[str, Sheet]) -> int:
            return sum(1 for header in table[1].layout.headers if label_key(header) in known)

        lead = max(tables, key=hits)[1].layout
        labels = {label_key(header) for header in lead.headers}
        alike: list[tuple[str, Sheet]] = []
        others: list[tuple[str, Sheet]] = []
        for table in tables:
            own = {label_key(header) for header in table[1].layout.headers}
            same = len(own & labels) * 2 > max(len(own), len(labels))
            (alike if same else others).append(table)
        if any(len(sheet.layout.headers) > 1 for _, sheet in others):
            raise _several_shapes(tables)
        headers = list(dict.fromkeys(header for _, sheet in alike for header in sheet.layout.headers))
        by_label: dict[str, str] = {}
        self._headers = [h for h in headers if by_label.setdefault(label_key(h), h) == h]
        self._place = {label: self._headers.index(header) for label, header in by_label.items()}
        origin = [ORIGIN] if len(tables) > 1 else []
        names = [*self._headers, *origin]
        first = alike[0][1].layout
        super().__init__(
            Layout(
                format="zip",
                encoding=first.encoding,
                delimiter=first.delimiter,
                sheet=alike[0][0] if len(alike) == 1 else "",
                header_row=first.header_row,
                header_rows=first.header_rows,
                headers=names,
                header_sha256=header_sha256(names),
                titles=first.titles,
                rows_expected=sum(sheet.layout.rows_expected for _, sheet in alike),
                tables=[_choice(*table) for table in tables],
                reading=reading.as_dict(),
            )
        )
        self._members, self._origin = alike, bool(origin)
        for name, sheet in alike:
            self.layout.findings.extend(
                Finding(code, f"{name}: {where}", s) for code, where, s in sheet.layout.findings
            )
        self.layout.findings.extend(Finding("member_not_read", name, "") for name, _ in others)

    held: ExitStack
    """The unpacked members."""

    def rows(self) -> Iterator[Row]:
        """Row numbers go on from one member to the next; a finding says which numbers a member has."""
        before = 0
        for name, sheet in self._members:
            places = [self._place[label_key(header)] for header in sheet.layout.headers]
            noted, last = len(sheet.layout.findings), 0
            for number, cells in sheet.rows():
                row = [""] * len(self._headers)
                for place, cell in zip(places, cells, strict=False):
                    row[place] = cell
                last = number
                if number in sheet.doubtful:
                    self.doubtful.add(before + number)
                extra = list(cells[len(places) :])
                yield before + number, [*row, *([name] if self._origin else []), *extra]
            told = sheet.layout.findings[noted:]
            self.layout.findings.extend(Finding(code, f"{name}: {where}", sample) for code, where, sample in told)
            if self._origin and last:
                self.layout.findings.append(Finding("member_rows", name, f"{before + 1}–{before + last}"))
            before += last

    def close(self) -> None:
        """Give the space of the unpacked members back."""
        self.held.close()


def _choice(name: str, sheet: Sheet) -> dict[str, object]:
    return {"name": name, "rows": sheet.layout.rows_expected, "columns": len(sheet.layout.headers), "visible": True}


def _several_shapes(tables: Sequence[tuple[str, Sheet]]) -> FileRefused:
    names = "、".join(name for name, _ in tables[:10])
    refusal = refuse(
        "archive_several_shapes",
        f"压缩包里的表格式样不同：{names}",
        f"The tables in the archive are of several shapes: {names}",
        "请选择要读取的一份，其余另行报送",
        "Choose the one to be read, and send the others by themselves",
        where="table",
    )
    refusal.tables = [_choice(*table) for table in tables]
    return refusal


def _trick(code: str, zh: str, en: str, raw: str = "") -> FileRefused:
    cure = (
        "请重新压缩（不加密、不嵌套）或逐个报送文件",
        "Pack it anew without password or nesting, or send the files one by one",
    )
    return refuse(code, zh, en, *cure, raw=raw[:200])


def _too_large(unpacked: int) -> FileRefused:
    return refuse(
        "unpacks_too_large",
        f"解开后有 {unpacked} 字节，超过上限",
        f"It unpacks to {unpacked} bytes, more than is allowed",
        "请删除远处的空白单元格、拆成几个文件，或改用 CSV",
        "Delete cells far outside the table, split it, or send CSV",
    )
