"""Refused rows that come back corrected, from the page or in their workbook: the delivery answers them (退回行更正)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from xinlin.core.columns import header_sha256, label_key
from xinlin.core.hints import Hints
from xinlin.core.returned_rows import ADDED, HANDLE, read_handle
from xinlin.core.values import Problem, Text
from xinlin.office.failpoints import reached
from xinlin.office.layouts import Row, Sheet
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.scopes import Refused

Place = tuple[str, int]
"""Number of a delivery and a row in it."""
_CHUNK = 500
_ADDED = frozenset(map(label_key, ADDED))


class ReturnedSheet(Sheet):
    """A workbook of refused rows as it came back: the columns of the file that was refused, and which row each one answers.

    The columns that the workbook had added are taken away, so that a mapping kept for the file fits its workbook too.
    """

    def __init__(self, sheet: Sheet) -> None:
        """Wraps the sheet as it was opened."""
        names = sheet.layout.headers
        self._sheet, self._width = sheet, len(names)
        self._own = [at for at, name in enumerate(names) if label_key(name) not in _ADDED]
        self._at = next(at for at, name in enumerate(names) if label_key(name) == label_key(HANDLE))
        headers = [names[at] for at in self._own]
        super().__init__(replace(sheet.layout, headers=headers, header_sha256=header_sha256(headers)))
        self.doubtful = sheet.doubtful
        self.handles: dict[int, str] = {}
        """Row in this file -> what stands in the column of handles; of the rows that were read."""

    def rows(self) -> Iterator[Row]:
        """The file's own cells of each row."""
        for number, cells in self._sheet.rows():
            if self._at < len(cells) and cells[self._at].strip():
                self.handles[number] = cells[self._at]
            yield number, [*(cells[at] for at in self._own if at < len(cells)), *cells[self._width :]]

    def close(self) -> None:
        """Let go of the sheet."""
        self._sheet.close()


def as_returned(sheet: Sheet) -> Sheet:
    """The sheet, without what a workbook of refused rows adds where it is one."""
    return ReturnedSheet(sheet) if label_key(HANDLE) in map(label_key, sheet.layout.headers) else sheet


@dataclass
class Answers:
    """Which refused rows the rows of a delivery answer."""

    open: dict[int, RefusedRow] = field(default_factory=dict)
    """Row in the delivery -> the refused row that it answers."""
    settled: list[int] = field(default_factory=list)
    """Rows whose refused row was answered before, or needs no answer."""

    def __bool__(self) -> bool:
        """Whether any row is a corrected one."""
        return bool(self.open or self.settled)


def answers(batch: Batch, sheet: Sheet, findings: Hints) -> Answers:
    """What the delivery answers; runs in the storing transaction. A handle that leads nowhere is a finding.

    Raises `Refused` where rows corrected on the page were answered by another correction first.
    """
    if batch.replays is not None:
        told = {row: (batch.replays.number, row) for row, _ in sheet.rows()}
        found = _follow(batch, told, findings)
        if found.settled:
            raise Refused(REPLAYED_BEFORE)
        return found
    if not isinstance(sheet, ReturnedSheet):
        return Answers()
    told = {}
    for row, cell in sheet.handles.items():
        place = read_handle(cell)
        if place is None:
            findings.add("handle_unknown", "rows", row=row)
        else:
            told[row] = place
    return _follow(batch, told, findings)


def _follow(batch: Batch, told: Mapping[int, Place], findings: Hints) -> Answers:
    """From each place to the refused row that lives on there. One row is answered once; a second answer is a row of its own."""
    found, taken = Answers(), set[Place]()
    while told:
        held, onward = _held(batch, set(told.values())), dict[int, Place]()
        for row, place in told.items():
            refused = held.get(place)
            if place in taken or refused is None:
                findings.add("handle_unknown", "rows", row=row)
            elif refused.state == RefusedRow.State.OPEN:
                found.open[row] = refused
                taken.add(place)
            elif (again := _place_of_answer(refused)) is not None:
                onward[row] = again
            else:
                found.settled.append(row)
        gone = set(onward.values()) - set(_held(batch, set(onward.values())))
        found.settled += [row for row, place in onward.items() if place in gone]
        told = {row: place for row, place in onward.items() if place not in gone}
    return found


def _place_of_answer(refused: RefusedRow) -> Place | None:
    if refused.replayed_in is None or refused.replayed_row is None:
        return None
    return refused.replayed_in.number, refused.replayed_row


def _held(batch: Batch, places: set[Place]) -> dict[Place, RefusedRow]:
    """The refused rows at these places, of the same department and kind as the delivery."""
    by_number: defaultdict[str, list[int]] = defaultdict(list)
    for number, row in places:
        by_number[number].append(row)
    same = RefusedRow.objects.select_related("batch", "replayed_in").select_for_update(of=("self",))
    same = same.filter(batch__department=batch.department, batch__kind=batch.kind)
    found = {}
    for number, rows in by_number.items():
        for start in range(0, len(rows), _CHUNK):
            part = same.filter(batch__number=number, row__in=rows[start : start + _CHUNK])
            found.update({(number, refused.row): refused for refused in part})
    return found


def close_answered(batch: Batch, answered: Answers, findings: Hints) -> dict[str, int]:
    """Close the refused rows that the delivery answers: each lives on in it, as a record or refused again.

    Returns delivery -> how many of its rows were answered.
    """
    count: defaultdict[str, int] = defaultdict(int)
    closed = []
    for row, refused in answered.open.items():
        refused.state, refused.replayed_in, refused.replayed_row = RefusedRow.State.REPLAYED, batch, row
        closed.append(refused)
        count[refused.batch.number] += 1
    RefusedRow.objects.bulk_update(closed, ["state", "replayed_in", "replayed_row"], batch_size=_CHUNK)
    if closed and batch.replays is None:
        findings.add("answers", "rows", count=len(closed), sample="、".join(sorted(count)))
    if len(count) == 1:
        batch.replays = closed[0].batch
    reached("intake.replayed")
    return dict(count)


REPLAYED_BEFORE = Problem(
    "row_replayed_before",
    "rows",
    Text(
        zh="其中有的行已由另一次更正收入，本次更正没有存入任何数据",
        en="Another correction took some of these rows in first; this one stored nothing",
    ),
    Text(zh="请刷新退回行，只更正仍未处理的", en="Reload the refused rows and correct only those still open"),
)
SETTLED = Problem(
    "row_replayed_before",
    "",
    Text(
        zh="这一行以前已更正收入或已了结，这次写的内容与那时不同",
        en="This row was corrected and taken in before, or settled otherwise, and now says something else",
    ),
    Text(
        zh="已收入的内容有误，请作为“更正”报送；确是另一件事，请清空退回行编号后再报",
        en="Send it as a correction if what was taken in is wrong; clear the refused row's handle if it is another matter",
    ),
)
