"""Headers over several rows, and the lines around a table that are no data: totals, notes, who filled it in (表头与表注)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from xinlin.core.columns import NUMBERLIKE
from xinlin.core.people import looks_like_resident_id, normalise_identifier
from xinlin.core.readings import folded, tidy

MOST_HEADER_ROWS = 4
"""Rows that one header may span."""
_TOTALS = frozenset(
    ["合计", "总计", "小计", "累计", "共计", "本页合计", "本页小计", "total", "totals", "subtotal", "sum"]
)
_COUNTED = re.compile(r"(?:合计|总计|小计|累计|共计|共):?[0-9][0-9,.]*[条项家户人件行笔个]?")
"""A total that says how much in its own cell: 合计：5条."""
_SIGNED = re.compile(
    r"(?:填表|制表|填报|报送|审核|复核|审批|负责|主管|经办|联系|备注|说明|附注|附件|注|数据来源|资料来源|来源|打印|导出)"
    r"[^:]{0,8}:.*"
)
ASIDE_BEGINS = "合总小累共本TtSs填制报审复负主经联备说附注数资来打导"
"""First characters of every line that may be one; asked before anything dearer."""


def _words(cell: str) -> bool:
    plain = cell.strip()
    return bool(plain) and not NUMBERLIKE.fullmatch(plain) and not looks_like_resident_id(normalise_identifier(plain))


def _groups(cells: Sequence[str], width: int) -> list[tuple[int, int]]:
    """The runs [first, end) of a filled cell and the empty ones behind it; empty ones at the start stand alone."""
    runs: list[tuple[int, int]] = []
    for column in range(width):
        if runs and not (cells[column].strip() if column < len(cells) else ""):
            runs[-1] = (runs[-1][0], column + 1)
        else:
            runs.append((column, column + 1))
    return runs


def continues(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether ``lower`` names the parts of groups that ``upper`` names, as a header over two rows does.

    At least one cell of the upper row stands alone with nothing below it, and every group is named to its last column. A row
    of data fills the columns that stand alone; a title has none.
    """
    width = max(len(upper), len(lower))
    filled = [column for column in range(width) if column < len(lower) and lower[column].strip()]
    if not filled or not all(_words(lower[column]) for column in filled):
        return False
    parted = alone = 0
    for first, end in _groups(upper, width):
        below = [column for column in range(first, end) if column in filled]
        named = bool(upper[first].strip()) if first < len(upper) else False
        if not below:
            alone += named and end - first == 1
            continue
        if not named:
            return False
        if end - first < 2 or below != list(range(first, end)):
            return False
        parted += 1
    return parted > 0 and alone > 0


def joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """One name for each column of a header over two rows: 处罚 over 金额 is 处罚 金额, so that no part loses its whole."""
    width = max(len(upper), len(lower))
    names = [""] * width
    for first, end in _groups(upper, width):
        group = tidy(upper[first]) if first < len(upper) else ""
        for column in range(first, end):
            part = tidy(lower[column]) if column < len(lower) else ""
            names[column] = f"{group} {part}" if part and group else part or (group if column == first else "")
    return names


def header_block(rows: Sequence[Sequence[str]], index: int, *, fixed: bool = False) -> tuple[int, int, list[str]]:
    """The whole header of which row ``index`` is the likeliest row: its first row, its last, and the names joined.

    ``fixed``: a person said that the header begins at ``index``.
    """
    first = last = index
    if not fixed:
        while first > 0 and last - first + 1 < MOST_HEADER_ROWS and continues(rows[first - 1], rows[first]):
            first -= 1
    names = list(rows[first])
    for following in range(first + 1, min(len(rows), first + MOST_HEADER_ROWS)):
        if following > last and not continues(names, rows[following]):
            break
        names, last = joined(names, rows[following]), following
    return first, last, names


def rejoined(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of a header whose cells are parted by spaces, where some were set with a space inside (剂 型).

    Single characters side by side become one name if just that makes the header as wide as most rows are.
    """
    widths = Counter(len(row) for row in rows if len(row) > 1)
    wanted = widths.most_common(1)[0][0] if widths else len(names)
    if len(names) <= wanted:
        return list(names)
    joined_names: list[str] = []
    begun = False
    for name in names:
        single = len(name) == 1
        if single and begun:
            joined_names[-1] += name
        else:
            joined_names.append(name)
        begun = single and not begun
    return joined_names if len(joined_names) == wanted else list(names)


def is_aside(cells: Sequence[str], columns: int = 0) -> bool:
    """Whether a row is a total, a note, or says who filled the table in: a line of the sheet, and no row of data.

    A total names itself alone in its first filled cell and leaves most columns of words empty; a note ends its first word
    with a colon and fills few cells. ``columns``: how many the header has, of which a line of text may leave the rest out.
    """
    width = max(len(cells), columns)
    head = cells[0].lstrip() if cells else ""
    head = head or next((cell for cell in cells if cell and not cell.isspace()), "").lstrip()
    if not head or head[0] not in ASIDE_BEGINS:
        return False
    filled = [cell for cell in cells if cell.strip()]
    words = folded(head)
    if words in _TOTALS or _COUNTED.fullmatch(words):
        return all(NUMBERLIKE.fullmatch(cell.strip()) for cell in filled[1:]) and width > 1
    return width >= 3 and len(filled) * 2 <= max(width, 4) and _SIGNED.fullmatch(words) is not None
