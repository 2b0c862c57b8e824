"""What the clerk's forms are made of: columns to choose from, and the grid of refused rows (认列, 退回行)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from xinlin.core.columns import propose_columns
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.office.queries.batches import BatchView, RefusedPage

CELL, BEFORE = "cell:", "was:"
"""Names of the grid's inputs: ``cell:<row>:<column>``, and what stood there, ``was:<row>:<column>``."""
SAMPLES = 3


@dataclass(frozen=True)
class Column:
    """A column of the file with some of its values, masked where personal."""

    header: str
    samples: str


@dataclass(frozen=True)
class Choice:
    """A field of the kind and what is chosen for it so far."""

    code: str
    label: Text
    type: str
    required: bool
    column: str
    unit: str
    constant: str


def sampled(view: BatchView) -> list[Column]:
    """The file's columns with their first values, from the preview."""
    columns = []
    for position, header in enumerate(view.headers, start=1):
        values = [row[position] for row in view.preview if position < len(row) and row[position]]
        columns.append(Column(header, gettext("、").join(dict.fromkeys(value[:16] for value in values[:SAMPLES]))))
    return columns


def column_choices(kind: Kind, view: BatchView, typed: Mapping[str, Any]) -> list[Choice]:
    """Each field with the column typed, else the one that fits by its name."""
    proposed = propose_columns(kind, view.headers).columns
    choices = []
    for spec in kind.fields:
        use = proposed.get(spec.code)
        column = typed.get(f"column:{spec.code}", (use.column or "") if use else "")
        unit = typed.get(f"unit:{spec.code}", (use.unit or "") if use else "")
        constant = typed.get(f"constant:{spec.code}", "")
        choices.append(Choice(spec.code, spec.label, spec.type, spec.required, column, unit, constant))
    return choices


@dataclass(frozen=True)
class Cell:
    """One cell of a refused row."""

    id: str
    column: str
    value: str
    typed: str
    """What stands in the input: the value, or what was typed into a form that came back."""
    problems: list[dict[str, Any]]
    editable: bool


@dataclass(frozen=True)
class GridRow:
    """A refused row with its cells in the order of the file; ``problems`` are those of no column."""

    row: int
    cells: list[Cell]
    problems: list[dict[str, Any]]
    open: bool
    aside: bool
    aside_reason: str
    whole: bool
    """Every cell can be edited."""
    replayed_in: str


def grid(page: RefusedPage, opened: int, typed: Mapping[str, Any]) -> list[GridRow]:
    """The rows of a page. Cells with a problem can be edited while the row is open; row ``opened`` altogether."""
    rows = []
    for line in page.rows:
        by_column: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for problem in line.problems:
            by_column[problem.get("column") or ""].append(problem)
        is_open = line.state == "open"
        elsewhere = [p for column, found in by_column.items() if column not in page.headers for p in found]
        whole = is_open and (line.row == opened or len(elsewhere) == len(line.problems))
        cells = [
            Cell(
                id=f"cell-{line.row}-{position}",
                column=header,
                value=line.cells.get(header, ""),
                typed=typed.get(f"{CELL}{line.row}:{header}", line.cells.get(header, "")),
                problems=by_column.get(header, []),
                editable=is_open and (whole or header in by_column),
            )
            for position, header in enumerate(page.headers)
        ]
        rows.append(
            GridRow(
                line.row, cells, elsewhere, is_open, line.state == "aside", line.aside_reason, whole, line.replayed_in
            )
        )
    return rows


def corrections(posted: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    """The cells of the grid that are not what they were: row -> {column: text}."""
    rows: dict[int, dict[str, str]] = defaultdict(dict)
    for name, value in posted.items():
        row, _, column = name.removeprefix(CELL).partition(":")
        if name.startswith(CELL) and row.isdecimal() and value != posted.get(f"{BEFORE}{row}:{column}"):
            rows[int(row)][column] = str(value).strip()
    return dict(rows)
