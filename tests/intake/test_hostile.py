"""Files that mean harm: refused before they cost memory, without a call to the outside, and told what to do."""

from __future__ import annotations

import io
import socket
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from xinlin.office import confinement
from xinlin.office.layouts import FileRefused, Sheet
from xinlin.office.sheets import open_sheet

from .conftest import KINDS, Send, resident, table
from .test_files import _far_apart

DEEDS = next(kind for kind in KINDS if kind.code == "deeds")
HEADER = "公民身份号码,姓名,发生日期"
GOOD = f"{resident(1)},王小明,2024-05-01"
MOST_KB = 256 << 10


@pytest.fixture
def peaks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Memory (kB) that each confined process had at most."""
    seen: list[int] = []
    read = confinement._read

    def noted(said: bytes) -> dict[str, Any]:
        answer = read(said)
        seen.append(answer.get("peak", 1 << 30))
        return answer

    monkeypatch.setattr(confinement, "_read", noted)
    return seen


def opened(tmp_path: Path, content: bytes) -> Sheet:
    path = tmp_path / "file"
    path.write_bytes(content)
    return open_sheet(path, DEEDS)


def refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        list(opened(tmp_path, content).rows())
    problem = refused.value.problem
    assert problem.what.zh and problem.what.en and problem.cure.zh and problem.cure.en
    return problem.code


def packed(*members: tuple[str, bytes], name_flag: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            if name_flag:
                name_flag(info)
            archive.writestr(info, content)
    return stream.getvalue()


def _zeros(size: int) -> bytes:
    """``size`` bytes of nothing, deflated without ever being whole."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b"\0" * (1 << 20)
    return b"".join([*(squeeze.compress(block) for _ in range(size >> 20)), squeeze.flush()])


def _raw_zip(name: str, deflated: bytes, crc: int, size: int) -> bytes:
    """An archive of one member whose headers say whatever one likes."""
    raw = name.encode()
    common = (20).to_bytes(2, "little") + b"\0\0" + (8).to_bytes(2, "little") + b"\0\0\x21\x58"
    common += (
        crc.to_bytes(4, "little") + len(deflated).to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
    )
    common += len(raw).to_bytes(2, "little") + b"\0\0"
    local = b"PK\x03\x04" + common + raw + deflated
    central = b"PK\x01\x02" + b"\x14\0" + common + b"\0" * 12 + b"\0\0\0\0" + raw
    end = (
        b"PK\x05\x06"
        + b"\0" * 4
        + b"\x01\0\x01\0"
        + len(central).to_bytes(4, "little")
        + len(local).to_bytes(4, "little")
    )
    return local + central + end + b"\0\0"


# --- bombs ---------------------------------------------------------------------------------------------------------


def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path, peaks: list[int]) -> None:
    content = packed(("a.csv", b"0" * (300 << 20)))
    assert len(content) < 400_000
    assert refusal(tmp_path, content) == "unpacks_too_large"
    assert max(peaks) < MOST_KB


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path: Path, peaks: list[int]) -> None:
    deflated = _zeros(200 << 20)
    for name in ("a.csv", "xl/worksheets/sheet1.xml"):
        assert refusal(tmp_path, _raw_zip(name, deflated, 0, 100)) in (
            "archive_broken", "workbook_broken", "archive_tricks", "not_a_workbook",
        )  # fmt: skip
    assert max(peaks) < MOST_KB


def test_a_workbook_of_half_a_megabyte_that_becomes_a_hundred(tmp_path: Path, peaks: list[int]) -> None:
    cell = f'<c r="A1" t="inlineStr"><is><t>{"x" * 60}</t></is></c>'
    content = _far_apart(f"<sheetData><row r='1'>{cell * 1_000_000}</row></sheetData>")
    assert len(content) < 600_000
    assert refusal(tmp_path, content) == "unpacks_too_large"
    assert max(peaks) < MOST_KB


def test_archives_inside_archives(tmp_path: Path) -> None:
    inner = packed(("a.csv", table(HEADER, GOOD)))
    for _ in range(3):
        inner = packed(("a.zip", inner))
    assert refusal(tmp_path, inner) == "archive_nested"


def test_one_member_that_is_named_many_times(tmp_path: Path) -> None:
    """Entries of the directory that point to the same bytes would unpack them as often."""
    content = packed(("a.csv", table(HEADER, GOOD)), ("b.csv", table(HEADER, GOOD)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        second = archive.getinfo("b.csv").header_offset
    place = content.rindex(second.to_bytes(4, "little") + b"b.csv")
    overlapping = content[:place] + b"\0\0\0\0" + content[place + 4 :]
    assert refusal(tmp_path, overlapping) == "archive_tricks"


def test_more_entries_than_any_delivery_has(tmp_path: Path) -> None:
    assert refusal(tmp_path, packed(*((f"{n}.csv", b"a") for n in range(10_001)))) == "archive_too_many"


# --- paths ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/a.csv", "/etc/passwd.csv", "..\\..\\a.csv", "C:\\a.csv", "a/../../b.csv"]
)
def test_names_in_archives_are_never_paths(tmp_path: Path, name: str) -> None:
    content = packed((name, table(HEADER, GOOD)))
    before = sorted(tmp_path.rglob("*"))
    try:
        assert len(list(opened(tmp_path, content).rows())) == 1
        code = "archive_read"
    except FileRefused as refused:
        code = refused.problem.code
    assert code.startswith("archive_")
    assert [path for path in sorted(tmp_path.rglob("*")) if path.name != "file"] == before


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = 0o120777 << 16

    assert refusal(tmp_path, packed(("a.csv", b"/etc/passwd"), name_flag=link)) == "archive_tricks"


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"GIF89a", b"MZ", b"\x7fELF"])
def test_a_picture_that_is_also_an_archive_is_a_picture(tmp_path: Path, head: bytes) -> None:
    assert refusal(tmp_path, head + packed(("a.csv", table(HEADER, GOOD)))) == "not_a_table"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "C:\\windows\\a.csv", "a\x00b.csv", "a\u202evsc.exe", "\n\r", "." * 300]
)
def test_names_of_files_are_only_shown(send: Send, name: str) -> None:
    batch = send("deeds", table(HEADER, GOOD), name)
    assert batch.state == "done"
    assert not set(batch.filename) & set("/\\\0\n\r\u202e") and batch.filename.strip(".")


# --- entities ------------------------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port of ours, and the calls that came to it."""
    calls: list[object] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            try:
                calls.append(server.accept())
            except TimeoutError:
                continue

    thread = threading.Thread(target=listen)
    thread.start()
    yield server.getsockname()[1], calls
    over.set()
    thread.join()
    server.close()


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(12))
    + "]>"
)


def _declarations(port: int) -> dict[str, str]:
    return {
        "laughs": LAUGHS,
        "file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "call": f'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:{port}/x">]>',
        "outside": f'<!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/a.dtd">',
        "parameter": f'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:{port}/p"> %p;]>',
    }


@pytest.mark.parametrize("form", ["xml", "xlsx sheet", "xlsx workbook", "xlsx strings"])
@pytest.mark.parametrize("sort", ["laughs", "file", "call", "outside", "parameter"])
def test_entities_are_refused_and_nobody_is_called(
    tmp_path: Path, listener: tuple[int, list[object]], peaks: list[int], form: str, sort: str
) -> None:
    port, calls = listener
    declared = _declarations(port)[sort]
    head = '<?xml version="1.0" encoding="UTF-8"?>' + declared
    if form == "xml":
        row = f"<row><resident_id>{resident(1)}</resident_id><name>&x;</name></row>"
        content = f"{head}<a>{row}{row}</a>".encode()
    else:
        content = _with_declaration(form, head)
    assert refusal(tmp_path, content) == "declares_entities"
    assert calls == []
    assert max(peaks) < MOST_KB


def _with_declaration(form: str, head: str) -> bytes:
    part = {
        "xlsx sheet": "xl/worksheets/sheet1.xml",
        "xlsx workbook": "xl/workbook.xml",
        "xlsx strings": "xl/sharedStrings.xml",
    }[form]
    whole = _far_apart(
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>', [("xl/sharedStrings.xml", "<sst/>")]
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            text = old.read(entry)
            new.writestr(entry.filename, head.encode() + text if entry.filename == part else text)
    return stream.getvalue()


# --- huge and odd sheets -------------------------------------------------------------------------------------------


def _workbook(fill: Callable[[Any], None]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    fill(book.add_worksheet("表"))
    book.close()
    return stream.getvalue()


def test_a_cell_of_ten_megabytes(tmp_path: Path, peaks: list[int]) -> None:
    long = "字" * 10_000_000
    assert refusal(tmp_path, f"{HEADER}\n{resident(1)},{long},2024-05-01\n".encode()) in (
        "text_unreadable",
        "line_too_long",
    )
    assert refusal(tmp_path, f'{HEADER}\n{resident(1)},"{long}'.encode()) in ("text_unreadable", "line_too_long")
    cell = f'<c r="A2" t="inlineStr"><is><t>{long}</t></is></c>'
    content = _far_apart(
        f'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>姓名</t></is></c></row><row r="2">{cell}</row></sheetData>'
    )
    assert refusal(tmp_path, content) in ("cell_too_long", "unpacks_too_large")
    assert max(peaks) < 2 * MOST_KB


def test_sixteen_thousand_columns(tmp_path: Path, peaks: list[int]) -> None:
    names = [f"c{n}" for n in range(16_384)]
    assert refusal(tmp_path, ",".join(names).encode()) == "too_many_columns"
    assert refusal(tmp_path, _workbook(lambda sheet: sheet.write_row(0, 0, names))) == "too_many_columns"
    assert max(peaks) < MOST_KB


def test_a_million_blank_rows_cost_nothing(tmp_path: Path, peaks: list[int]) -> None:
    content = table(HEADER, GOOD) + b",,\n" * 1_000_000 + GOOD.encode()
    assert [number for number, _ in opened(tmp_path, content).rows()] == [2, 1_000_003]

    def fill(sheet: Any) -> None:
        sheet.write_row(0, 0, HEADER.split(","))
        sheet.write_row(1, 0, GOOD.split(","))
        sheet.write_row(1_000_000, 0, GOOD.split(","))

    assert [number for number, _ in opened(tmp_path, _workbook(fill)).rows()] == [2, 1_000_001]
    assert max(peaks) < 4 * MOST_KB


# --- formulas ------------------------------------------------------------------------------------------------------

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    '=HYPERLINK("http://x","y")',
    "=cmd|' /C calc'!A0",
    "'=1",
]


@pytest.mark.django_db
def test_exports_are_inert_and_read_again_they_say_the_same(send: Send, tmp_path: Path) -> None:
    from xinlin.office.queries import refused_workbooks

    from .conftest import CLERK

    quoted = [formula.replace('"', '""') for formula in FORMULAS]
    batch = send(
        "deeds", table("公民身份号码,姓名,发生日期,联系电话", *[f'x,"{one}",2024-05-01,"{one}"' for one in quoted])
    )
    assert batch.rows_refused == len(FORMULAS)
    content = refused_workbooks.refused_workbook(actor=CLERK, number=batch.number)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not any(b"<f>" in part or b"<f " in part or b"<hyperlink" in part for part in parts.values())
    assert not any("externalLink" in name for name in parts)
    again = opened(tmp_path, content)
    read = [cells[again.layout.headers.index("姓名")] for _, cells in again.rows()]
    assert [one.strip() for one in read] == [formula.strip() for formula in FORMULAS]
