"""The refused rows of a delivery as a workbook that can be corrected and sent back (退回行表)."""

from __future__ import annotations

import io

import xlsxwriter

from xinlin.core.returned_rows import ADDED, handle_of
from xinlin.office.models.batches import RefusedRow
from xinlin.office.queries.batches import RefusedLine, note_looks, one_of, opened
from xinlin.office.scopes import Actor

WORKBOOK_ROWS = 20_000
"""Refused rows in one workbook; a wrong mapping may refuse a million, which no memory should hold at once."""


def refused_workbook(*, actor: Actor, number: str) -> bytes:
    """Open refused rows as XLSX: the file's own columns, and beside them what is wrong, the cure, and the row's handle.

    At most `WORKBOOK_ROWS`, the first ones; a second sheet says so where there are more, and they come in the next copy
    once these are corrected.
    Every cell is written as text and what looks like a formula carries Excel's quote prefix, so nothing is executed and a
    corrected copy can be sent as it is: by its handle each row answers the one that was refused.
    """
    found = one_of(actor, number)
    rows = found.refused_rows.select_related("replayed_in").filter(state=RefusedRow.State.OPEN).order_by("row")
    total = rows.count()
    lines = opened(found, rows[:WORKBOOK_ROWS])
    note_looks(actor, found, lines)
    headers: list[str] = list(found.layout.get("headers", []))
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(stream, options)
    sheet = book.add_worksheet("退回行 Refused")
    title = book.add_format({"bold": True, "bg_color": "#E8EEF2", "text_wrap": True})
    plain = book.add_format({"num_format": "@"})
    quoted = book.add_format({"num_format": "@", "quote_prefix": True})
    wrong = book.add_format({"num_format": "@", "bg_color": "#FDE7E0"})
    inert = book.add_format({"num_format": "@", "font_color": "#6B7280"})
    for column, name in enumerate([*headers, *ADDED]):
        sheet.write_string(0, column, name, title)
    for at, line in enumerate(lines, start=1):
        bad = {problem.get("column", "") for problem in line.problems}
        for column, name in enumerate(headers):
            cell = line.cells.get(name, "")
            risky = cell[:1] in ("=", "+", "-", "@", "\t", "\r", "|")
            sheet.write_string(at, column, cell[:32_000], quoted if risky else wrong if name in bad else plain)
        sheet.write_string(at, len(headers), _joined(line, "what"), inert)
        sheet.write_string(at, len(headers) + 1, _joined(line, "cure"), inert)
        sheet.write_string(at, len(headers) + 2, handle_of(found.number, line.row), inert)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(headers) - 1), 20)
    sheet.set_column(len(headers), len(headers) + 1, 48)
    sheet.set_column(len(headers) + 2, len(headers) + 2, 28)
    if total > len(lines):
        note = book.add_worksheet("说明 Note")
        note.write_string(0, 0, f"本表为前 {len(lines)} 行，共 {total} 行；更正重报后再下载其余各行。")
        note.write_string(
            1, 0, f"The first {len(lines)} of {total} rows; correct and send them, then download the rest."
        )
    book.close()
    return stream.getvalue()


def _joined(line: RefusedLine, part: str) -> str:
    return "；".join(
        (f"{problem['label']['zh']}：" if problem["label"]["zh"] else "")
        + f"{problem[part]['zh']} {problem[part]['en']}"
        for problem in line.problems
    )
