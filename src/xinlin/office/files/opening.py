"""What a file is, found from its content and never from its name, and the reader for it (文件类型)."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Set as AbstractSet
from pathlib import Path

from xinlin.office.files.archives import open_archive
from xinlin.office.files.grids import open_grid
from xinlin.office.files.html_tables import open_html
from xinlin.office.files.json_tables import open_json
from xinlin.office.files.workbooks import workbook_grids
from xinlin.office.files.xml_tables import open_xml
from xinlin.office.layouts import FileRefused, Reading, Sheet, nothing_inside, refuse
from xinlin.office.text_files import open_text

HEAD = 4096
"""First bytes that tell what a file is."""
ZIP, OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MARKUP = (b"<?xml", b"<!doctype", b"<html", b"<table", b"<head", b"<meta", b"<style", b"<body", b"<div", b"<!--")
_TABLE_ROW = re.compile(rb"<(?:tr|th|td|thead|tbody|caption|colgroup)\b")
"""What a table of HTML begins with; elements of XML are called Table too, in the data sets of .NET."""
_HTML = (b"<!doctype html", b"<html", b"<head", b"<meta", b"<style", b"<body", b"<div")
_NO_TABLE = {
    b"%PDF-": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"MZ": "EXE",
    b"\x7fELF": "ELF",
}


def _folded(head: bytes) -> bytes:
    """The first bytes as ASCII in lower case, without mark, zeros of UTF-16 and leading space."""
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip().lower()


def sort_of(head: bytes) -> str:
    """``zip``, ``xls``, ``json``, ``xml``, ``html`` or ``text`` from the first bytes. Raises `FileRefused` for what is no table."""
    if not head:
        raise nothing_inside()
    if head.startswith(ZIP):
        return "zip"
    if head.startswith(OLD_OFFICE):
        return "xls"
    for magic, name in _NO_TABLE.items():
        if head.startswith(magic):
            raise refuse(
                "not_a_table",
                f"这是 {name} 文件，不是数据表",
                f"This is a {name} file and no table",
                "数据请报 CSV、XLSX、JSON、XML 或 ZIP；文书、图片请作为证据文件上传",
                "Send data as CSV, XLSX, JSON, XML or ZIP; upload documents and pictures as evidence",
            )
    folded = _folded(head)
    if folded.startswith(_MARKUP) or (folded.startswith(b"<") and b">" in folded):
        early = folded[:2000]
        page = folded.startswith(_HTML) or b"<html" in early
        table = not folded.startswith(b"<?xml") and b"<table" in early and _TABLE_ROW.search(folded)
        return "html" if page or table else "xml"
    return "json" if folded[:1] in (b"{", b"[") else "text"


def open_any(path: Path, known: AbstractSet[str], reading: Reading, *, packed: bool = False) -> Sheet:
    """Any file that holds a table, opened. ``packed``: it is a member of an archive. Raises `FileRefused`."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    sort = sort_of(head)
    if sort == "zip":
        if packed or _holds_workbook(path):
            return open_grid(workbook_grids(path, "xlsx"), known, reading)
        return open_archive(path, known, reading, _open_member)
    if sort == "xls":
        return open_grid(workbook_grids(path, "xls"), known, reading)
    if sort == "json":
        return _json_or_text(path, known, reading)
    if sort in ("xml", "html"):
        return (open_xml if sort == "xml" else open_html)(path, known, reading)
    return open_text(path, known, reading)


def _json_or_text(path: Path, known: AbstractSet[str], reading: Reading) -> Sheet:
    """JSON; or a text table whose first cell happens to begin with a bracket."""
    try:
        return open_json(path, known, reading)
    except FileRefused as refusal:
        if refusal.problem.code != "json_broken":
            raise
        try:
            sheet = open_text(path, known, reading)
        except FileRefused:
            raise refusal from None
        if len(sheet.layout.headers) < 2 or sheet.layout.headers[0][:1] == "{" or '"' in sheet.layout.headers[0]:
            raise
        return sheet


def _open_member(path: Path, known: AbstractSet[str], reading: Reading) -> Sheet:
    return open_any(path, known, reading, packed=True)


def _holds_workbook(path: Path) -> bool:
    """Whether the archive is a workbook, or another kind of office document that its own reader refuses by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True
    return any(name.startswith("xl/") or name in ("content.xml", "[Content_Types].xml") for name in names)
