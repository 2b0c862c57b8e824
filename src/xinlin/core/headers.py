"""Headers over several rows, and the lines in and around a table that are no data: totals, notes, sections (表头与表注)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from xinlin.core.columns import NUMBERLIKE, label_key
from xinlin.core.people import looks_like_resident_id, normalise_identifier
from xinlin.core.readings import folded, tidy

MOST_HEADER_ROWS = 4
"""Rows that one header may span."""
_TOTAL = "[合总總総小累共本页頁]{1,3}[计計]"
_TOTALS = re.compile(f"{_TOTAL}|totals?|subtotal|sum")
_COUNTED = re.compile(rf"(?:{_TOTAL}|共):?[0-9][0-9,.]*[条项家户人件行笔个]?")
"""A total that says how much in its own cell: 合计：5条."""
_COUNT = re.compile(r"共?[0-9][0-9,.]*(?:[条项家户人件行笔个元]|万元)")
"""How many, in a cell beside a total: 2家, 3.5万元."""
_SIGNED = re.compile(
    r"(?:填表|制表|填报|报送|审核|复核|审批|负责|主管|经办|联系|备注|说明|附注|附件|注|数据来源|资料来源|来源|打印|导出)"
    r"[^:]{0,8}:.*"
)
_PART_TOTAL = re.compile(r".{1,12}[小合总總総][计計](?:\([^()]*\))?|[小合总總総][计計]\([^()]*\)")
"""The total of a part: 北京市小计, 合计（元）."""
_HAN = "一二三四五六七八九十"
_LONE = re.compile(
    rf"[{_HAN}]{{1,3}}[、.:,].*|\([{_HAN}0-9]{{1,3}}\).*|第[{_HAN}0-9]{{1,4}}(?:包|批|标|类|部分|页|章).*|续表.*|续上表.*"
    r"|附[件表录].*|以[上下].*|共[0-9]{1,4}页.*|[0-9]{4}年[0-9]{1,2}月(?:[0-9]{1,2}日)?|.*[。;].*|.{30,}"
)
"""What the only filled cell of a row says where it heads a section, numbers a page, dates the table, or is a sentence."""
_EXAMPLES = frozenset(["示例", "样例", "例", "例如", "填写示例", "填报示例", "example"])
_ASKED = frozenset(["必填", "选填", "非必填", "可选", "必填项", "选填项", "必须", "可空", "不可空"])
_SURE_ROW = 4
"""Columns that a table has at least where a row of one cell can be no row of data."""
ASIDE_BEGINS = "合总總総小累共本TtSs填制报审复负主经联备说附注数资来打导示样例"
"""First characters of every line that fills several cells and may be one; asked before anything dearer."""


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

    ``fixed``: a person said that the header begins at ``index``. A column in which nothing stands at all parts no group.
    """
    filled = {at for row in rows[max(0, index - MOST_HEADER_ROWS) :] for at, cell in enumerate(row) if cell.strip()}
    blank = [at for at in range(len(rows[index])) if at not in filled and at < max(filled, default=0)]
    if not blank:
        return _block(rows, index, fixed)
    first, last, names = _block([[c for at, c in enumerate(row) if at not in blank] for row in rows], index, fixed)
    for at in blank:
        names.insert(at, "")
    return first, last, names


def _block(rows: Sequence[Sequence[str]], index: int, fixed: bool) -> tuple[int, int, list[str]]:
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


def is_aside(cells: Sequence[str], columns: int = 0, *, after: bool = False) -> bool:
    """Whether a row is a total, a note, a section's heading, an example, or says who filled the table in: no row of data.

    A total names itself in its first filled cell and has nothing but numbers beside it; a note ends its first word with a
    colon and fills few cells; a row of one cell is a heading or a sentence, or a number that waits for its row.
    ``columns``: how many the header has, of which a line of text may leave the rest out. ``after``: the line above was one
    too, below which whoever signed the table stands in a cell alone.
    """
    width = max(len(cells), columns)
    filled_at_most = len(cells) - cells.count("")
    head = cells[0].lstrip() if cells else ""
    if filled_at_most * 2 > width and (not head or head[0] not in ASIDE_BEGINS):
        return False
    head = head or next((cell for cell in cells if cell and not cell.isspace()), "").lstrip()
    if not head:
        return False
    filled = [cell for cell in cells if cell.strip()]
    words = folded(head)
    if words in _EXAMPLES:
        return len(filled) > 1
    if _TOTALS.fullmatch(words) or _COUNTED.fullmatch(words) or (len(words) <= 20 and _PART_TOTAL.fullmatch(words)):
        return (
            all(NUMBERLIKE.fullmatch(cell.strip()) or _COUNT.fullmatch(folded(cell)) for cell in filled[1:])
            and width > 1
        )
    if (
        len(filled) == 1
        and width >= _SURE_ROW
        and (after or _LONE.fullmatch(words) or (words == cells[0].strip() and _WAITING(words)))
    ):
        return True
    return width >= 3 and len(filled) * 2 <= max(width, 4) and _SIGNED.fullmatch(words) is not None


_WAITING = re.compile(r"[0-9]{1,4}").fullmatch
"""The serial number of a row that was left empty."""


def head_end(rows: Sequence[Sequence[str]], last: int, names: Sequence[str], known: AbstractSet[str]) -> int:
    """The last row that belongs to the head whose names end in row ``last``.

    Below the names may stand the numbers of the columns, the names in another language, which must be filled, and how: each
    in brackets.
    """
    for following in range(last + 1, min(len(rows), last + MOST_HEADER_ROWS)):
        said = [label_key(cell) for cell in rows[following] if cell.strip()]
        if len(said) > 1 and all(word[0] == "(" and word[-1] == ")" and len(word) > 2 for word in said):
            last = following
            continue
        if len(said) < 2 or len(said) * 2 < sum(1 for name in names if name.strip()):
            break
        labels = sum(1 for word in said if word in known)
        if not (
            _numbering(said) or all(word in _ASKED for word in said) or (labels > 1 and labels * 3 >= len(said) * 2)
        ):
            break
        last = following
    return last


def _numbering(said: Sequence[str]) -> bool:
    """Whether these are the numbers of columns: 1 2 3, (1) (2) (3), A B C, 甲 乙 1 2."""
    plain = [word.strip("()[]") for word in said]
    while len(plain) > 2 and plain[0] in ("甲", "乙", "丙"):
        plain = plain[1:]
    if len(plain) < 3:
        return False
    if all(word.isdecimal() and len(word) < 4 for word in plain):
        first = int(plain[0])
        return first in (0, 1) and [int(word) for word in plain] == list(range(first, first + len(plain)))
    return plain == [chr(ord("a") + at) for at in range(min(len(plain), 26))]


class Again:
    """The head of a table as it may come again below it, on the next page: its names, and the lines above them (跨页表头)."""

    def __init__(
        self,
        head: Sequence[Sequence[str]],
        names: Sequence[str],
        titles: Sequence[Sequence[str]],
        known: AbstractSet[str],
    ) -> None:
        """``head``: the rows of the header as they stand; ``names``: one for each column, joined; ``known``: labels of the kind."""
        self._rows = [{at: label_key(cell) for at, cell in enumerate(row) if cell.strip()} for row in head]
        self._names = [label_key(name) for name in names]
        self._labels = frozenset(filter(None, self._names)).union(known, *(row.values() for row in self._rows))
        self._titles = frozenset(filter(None, ("".join(map(label_key, row)) for row in titles)))
        begins = [cell.strip() for row in (*head, *titles) for cell in row]
        self.begins = frozenset(cell[0] for cell in begins if cell) | {
            label[0] for label in known if not label.isascii()
        }
        """First characters of whatever may come again; asked before anything dearer."""

    def __call__(self, cells: Sequence[str]) -> str:
        """``header_again``, ``title_again``, ``header_moved`` for other columns under the same names, ``header_other``; or nothing."""
        head = next((cell for cell in cells if cell and not cell.isspace()), "").lstrip()
        if not head or head[0] not in self.begins:
            return ""
        said = {at: label_key(cell) for at, cell in enumerate(cells) if cell.strip()}
        if "".join(said.values()) in self._titles:
            return "title_again"
        if any(NUMBERLIKE.fullmatch(word) and word not in self._labels for word in said.values()):
            return ""
        for row in self._rows:
            same = sum(1 for at, word in said.items() if row.get(at) == word)
            if same * 3 >= len(said) * 2 and same * 2 >= len(row) and (same > 1 or len(row) == 1):
                return "header_again"
        if len(said) < 3 or sum(1 for word in said.values() if word in self._labels) * 3 < len(said) * 2:
            return ""
        return "header_moved" if sorted(said.values()) == sorted(filter(None, self._names)) else "header_other"

    def order(self, cells: Sequence[str]) -> list[int]:
        """Where each column of the header stands under a row that is ``header_moved``; -1 for one without a name."""
        places = {label_key(cell): at for at, cell in enumerate(cells) if cell.strip()}
        return [places.get(name, -1) for name in self._names]


def moved(cells: Sequence[str], order: Sequence[int]) -> list[str]:
    """A row in the order of the header."""
    return [cells[at] if 0 <= at < len(cells) else "" for at in order]
