"""Reading a yearly arrangement of holidays (放假安排) from a file: CSV of days, or JSON.

JSON is an object of ``holidays`` and ``workdays``, each with days as keys or in a list; or a list ``days``, each with ``date``,
``isOffDay`` and perhaps ``name``, as open collections of arrangements publish them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date

from xinlin.core.values import Problem, Text

FREE = frozenset({"off", "free", "holiday", "rest", "休", "放假", "0", "false"})
WORKED = frozenset({"on", "work", "workday", "worked", "班", "上班", "调休上班", "1", "true"})


class ArrangementRefused(ValueError):
    """The file cannot be read as an arrangement; ``problem`` says where and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.where}: {problem.what.en}")
        self.problem = problem


def _refused(where: str, raw: str) -> ArrangementRefused:
    return ArrangementRefused(
        Problem(
            code="arrangement",
            where=where,
            raw=raw,
            what=Text(
                zh=f"读不出日期或班休：{raw[:60]}", en=f"neither a day nor worked or free can be read: {raw[:60]}"
            ),
            cure=Text(
                zh="CSV 每行写：日期,off 或 on,名称；JSON 写 holidays 与 workdays 两个对象，日期为键。",
                en="CSV: day,off or on,name on each line; JSON: objects holidays and workdays with days as keys.",
            ),
        )
    )


def _from_json(text: str) -> Iterator[tuple[str, bool, str, str]]:
    try:
        tables = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refused(f"line {error.lineno}", text.strip()) from error
    listed = tables if isinstance(tables, list) else tables.get("days") if isinstance(tables, dict) else None
    if isinstance(listed, list) and listed:
        yield from _from_list(listed)
        return
    if not isinstance(tables, dict) or not {"holidays", "workdays"} <= set(tables):
        raise _refused("file", text.strip())
    for table, worked in (("holidays", False), ("workdays", True)):
        entries = tables[table]
        named = entries.items() if isinstance(entries, dict) else ((day, "") for day in entries)
        for day, name in named:
            yield f"{table}.{day}", worked, str(day), str(name)


def _from_list(days: list[object]) -> Iterator[tuple[str, bool, str, str]]:
    for number, entry in enumerate(days):
        if not isinstance(entry, dict) or not isinstance(entry.get("isOffDay"), bool):
            raise _refused(f"days[{number}]", str(entry))
        yield f"days[{number}]", not entry["isOffDay"], str(entry.get("date", "")), str(entry.get("name", ""))


def _from_csv(text: str) -> Iterator[tuple[str, bool, str, str]]:
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and not cells[0][:1].isdigit()):
            continue
        how = cells[1].lower() if len(cells) > 1 else ""
        if how not in FREE | WORKED:
            raise _refused(f"line {number}", ",".join(row))
        yield f"line {number}", how in WORKED, cells[0], cells[2] if len(cells) > 2 else ""


def read(text: str) -> dict[date, tuple[bool, str]]:
    """Day -> (worked, name). Raises `ArrangementRefused` at the first line that cannot be read."""
    rows = _from_json(text) if text.lstrip()[:1] in ("{", "[") else _from_csv(text)
    days: dict[date, tuple[bool, str]] = {}
    for where, worked, day, name in rows:
        try:
            days[date.fromisoformat(day)] = (worked, name)
        except ValueError as error:
            raise _refused(where, day) from error
    return days
