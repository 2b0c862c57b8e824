"""Files as departments send them: mixed formats, encodings, headers and notations, and rows that are broken on purpose."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Literal

import xlsxwriter

from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.demo.rows import Row, Value, fields_by_role

Format = Literal["csv_utf8", "csv_gb18030", "xlsx", "xlsx_one_title", "xlsx_two_titles", "tsv"]
FORMATS: tuple[Format, ...] = ("csv_utf8", "xlsx_one_title", "csv_gb18030", "xlsx", "xlsx_two_titles")
ENDINGS: dict[Format, str] = {
    "csv_utf8": "csv", "csv_gb18030": "csv", "xlsx": "xlsx", "xlsx_one_title": "xlsx", "xlsx_two_titles": "xlsx",
    "tsv": "tsv",
}  # fmt: skip

Break = Literal[
    "wrong_check_digit", "name_in_identifier", "impossible_date", "unknown_code", "missing_value",
    "repeated_row", "spreadsheet_number", "future_date",
]  # fmt: skip
"""What is wrong with a row. A repeated row is taken and counted as a repeat, a future day is noted; all others are refused."""
TAKEN_BREAKS: tuple[Break, ...] = ("repeated_row", "future_date")
REFUSED_BREAKS: tuple[Break, ...] = (
    "wrong_check_digit", "name_in_identifier", "impossible_date", "unknown_code", "missing_value", "spreadsheet_number",
)  # fmt: skip

DATE_NOTATIONS: tuple[Callable[[date], str], ...] = (
    lambda d: d.isoformat(),
    lambda d: f"{d.year}/{d.month}/{d.day}",
    lambda d: f"{d.year}年{d.month}月{d.day}日",
    lambda d: f"{d:%Y%m%d}",
    lambda d: f"{d.year}.{d.month:02d}.{d.day:02d}",
)

Cell = str | date


@dataclass(frozen=True)
class Sheet:
    """A table of cells as it will be written; dates stay dates only in spreadsheets."""

    titles: tuple[str, ...]
    headers: tuple[str, ...]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Delivery:
    """One file that a department sends: its bytes, and what was broken in it on purpose (row index -> break)."""

    kind: str
    department: str
    filename: str
    content: bytes
    rows: int
    valid_on: date | None = None
    broken: dict[int, Break] = field(default_factory=dict)

    @property
    def expected_refusals(self) -> int:
        """How many rows intake ought to refuse."""
        return sum(1 for what in self.broken.values() if what not in TAKEN_BREAKS)


def headers_of(rng: Random, kind: Kind) -> tuple[str, ...]:
    """A header for each field: the label, or one of the aliases that departments use; never the same one twice."""
    taken: set[str] = set()
    headers = []
    for spec in kind.fields:
        choices = [name for name in (spec.label.zh, spec.label.zh, *spec.aliases) if name not in taken]
        header = rng.choice(choices) if choices else spec.code
        taken.add(header)
        headers.append(header)
    return tuple(headers)


def money_text(rng: Random, spec: FieldSpec, yuan: int) -> str:
    """A sum of yuan in the unit in which the column comes."""
    if spec.unit == "万元":
        return f"{yuan / 10_000:.4f}".rstrip("0").rstrip(".")
    if spec.unit == "元":
        return rng.choice((str(yuan), f"{yuan}.00", f"{yuan:,}"))
    return f"{yuan}元"


def cell(rng: Random, spec: FieldSpec, value: Value, notation: int, spreadsheet: bool) -> Cell:
    """One value as this file writes it."""
    if value is None:
        return ""
    if isinstance(value, date):
        if spreadsheet and notation == 0:
            return value
        return DATE_NOTATIONS[notation if rng.random() < 0.9 else rng.randrange(len(DATE_NOTATIONS))](value)
    if spec.type == "money" and isinstance(value, int):
        return money_text(rng, spec, value)
    if spec.type == "code" and spec.codes and isinstance(value, str) and value in spec.codes:
        return spec.codes[value].zh
    text = str(value)
    if spec.role == "subject" and rng.random() < 0.01:
        return rng.choice((f" {text}", f"{text} ", text.lower(), f"{text}\t"))
    return text


def spoil(rng: Random, kind: Kind, cells: list[Cell], what: Break, as_of: date) -> list[Cell] | None:
    """A copy of a row with one thing broken; None where the kind has no field to break so."""
    roles = fields_by_role(kind)
    place = {spec.code: index for index, spec in enumerate(kind.fields)}
    subject = roles.get("subject")
    when = roles.get("occurred_on")
    broken = list(cells)
    if what in ("wrong_check_digit", "name_in_identifier", "spreadsheet_number"):
        if subject is None or kind.linking != "exact":
            return None
        at = place[subject.code]
        text = str(broken[at]).strip()
        if what == "wrong_check_digit":
            broken[at] = text[:-1] + ("2" if text[-1] != "2" else "3")
        elif what == "name_in_identifier":
            name = roles.get("subject_name")
            broken[at] = str(broken[place[name.code]]) if name else "张某某"
        else:
            broken[at] = f"{text[0]}.{text[1:6]}E+17"
    elif what in ("impossible_date", "future_date"):
        if when is None:
            return None
        ahead = as_of + timedelta(days=rng.randint(200, 500))
        broken[place[when.code]] = "2021.2.30" if what == "impossible_date" else ahead.isoformat()
    elif what == "unknown_code":
        coded = [spec for spec in kind.fields if spec.type == "code"]
        if not coded:
            return None
        broken[place[coded[0].code]] = "丙类（旧版）"
    elif what == "missing_value":
        needed = [spec for spec in kind.fields if spec.required and spec.role != "subject"]
        if not needed:
            return None
        broken[place[rng.choice(needed).code]] = ""
    return broken


def lay_out(
    rng: Random,
    kind: Kind,
    rows: Sequence[Row],
    form: Format,
    titles: tuple[str, ...],
    breaks: Sequence[Break],
    as_of: date,
) -> tuple[Sheet, dict[int, Break]]:
    """Write rows as cells in this file's notation and put the broken ones in between (index into the sheet's rows)."""
    spreadsheet = form.startswith("xlsx")
    notations = [rng.randrange(len(DATE_NOTATIONS)) for _ in kind.fields]
    laid: list[tuple[list[Cell], Break | None]] = []
    for row in rows:
        cells = [
            cell(rng, spec, row.get(spec.code), notation, spreadsheet)
            for spec, notation in zip(kind.fields, notations, strict=True)
        ]
        laid.append((cells, None))
    for what in breaks:
        if not laid:
            break
        model = next((cells for cells, bad in (rng.choice(laid) for _ in range(20)) if bad is None), laid[0][0])
        spoilt = list(model) if what == "repeated_row" else spoil(rng, kind, model, what, as_of)
        if spoilt is not None:
            laid.insert(rng.randint(1, len(laid)), (spoilt, what))
    sheet = Sheet(titles, headers_of(rng, kind), [cells for cells, _ in laid])
    return sheet, {index: bad for index, (_, bad) in enumerate(laid) if bad is not None}


def as_text(value: Cell) -> str:
    """A cell as text, for delimited files."""
    return value.isoformat() if isinstance(value, date) else value


def delimited(sheet: Sheet, encoding: str, delimiter: str = ",") -> bytes:
    """The sheet as a delimited file. Files in UTF-8 begin with a byte order mark, as spreadsheets write them."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(sheet.headers)
    writer.writerows([as_text(value) for value in row] for row in sheet.rows)
    return stream.getvalue().encode(encoding)


def workbook(sheet: Sheet) -> bytes:
    """The sheet as an XLSX workbook with its title rows above the header; same sheet, same bytes."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False})
    book.set_properties({"title": sheet.titles[0] if sheet.titles else "", "created": datetime(2020, 1, 1, tzinfo=UTC)})
    page = book.add_worksheet("Sheet1")
    bold = book.add_format({"bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for index, title in enumerate(sheet.titles):
        if len(sheet.headers) > 1:
            page.merge_range(index, 0, index, len(sheet.headers) - 1, title, bold)
        else:
            page.write_string(index, 0, title, bold)
    top = len(sheet.titles)
    for column, header in enumerate(sheet.headers):
        page.write_string(top, column, header, bold)
    for number, row in enumerate(sheet.rows, start=top + 1):
        for column, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(number, column, value, day)
            elif value:
                page.write_string(number, column, value)
    book.close()
    return stream.getvalue()


def encode(sheet: Sheet, form: Format) -> bytes:
    """The bytes of a sheet in one of the formats in which departments send."""
    match form:
        case "csv_utf8":
            return delimited(sheet, "utf-8-sig")
        case "csv_gb18030":
            return delimited(sheet, "gb18030")
        case "tsv":
            return delimited(sheet, "utf-8", "\t")
        case _:
            return workbook(sheet)


def titles_for(form: Format, department: str, kind: str, day: date) -> tuple[str, ...]:
    """The title rows that a format has above its header."""
    if form == "xlsx_one_title":
        return (f"{department}{kind}报送表",)
    if form == "xlsx_two_titles":
        return (f"{department}{kind}报送表（示例数据）", f"报送日期：{day.year}年{day.month}月{day.day}日")
    return ()


def broken_encoding(sheet: Sheet) -> bytes:
    """A CSV whose second half is in another encoding than the first, for trying by hand."""
    half = max(1, len(sheet.rows) // 2)
    first = delimited(Sheet((), sheet.headers, sheet.rows[:half]), "utf-8")
    second = delimited(Sheet((), (), sheet.rows[half:]), "gb18030").removeprefix(b"\r\n")
    return first + second
