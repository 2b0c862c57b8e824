"""Entering, loading and relating figures that others published (外部公布的数字); the credit centre's work."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from django.db import transaction

from xinlin.core.batches import Judge
from xinlin.core.columns import ColumnUse, propose_columns
from xinlin.core.stated_figures import MEASURES, ROLES, TABLE, Stated, from_row
from xinlin.core.values import Problem, Text
from xinlin.office.layouts import FileRefused
from xinlin.office.leaves import write_leaf
from xinlin.office.models.figures import StatedFigure
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today
from xinlin.office.sheets import open_sheet

MOST_ROWS = 2_000
LARGEST = 8 << 20
WRITES = frozenset({"reviewer", "operator"})


@dataclass(frozen=True)
class Loaded:
    """What became of a table of figures: read = entered + unchanged + refused."""

    entered: int
    unchanged: int
    refused: list[tuple[int, list[Problem]]]
    """Row numbers with what is wrong: a figure that is no whole number, as "20+" or a share, is none to reconcile."""

    @property
    def read(self) -> int:
        """Rows of the table."""
        return self.entered + self.unchanged + len(self.refused)


def _may(actor: Actor) -> None:
    if actor.role not in WRITES and not actor.handle.startswith("system:"):
        raise NotAllowed(
            "只有信用中心可以登记外部公布的数字。Only the credit centre enters figures published elsewhere."
        )


def load(*, actor: Actor, chunks: Iterable[bytes], stated_on: date | None = None) -> Loaded:
    """Enter a table of figures, in any form in which a department may send a table; all rows that fit.

    ``stated_on``: the day of those that name none (default today). The same table again changes nothing; a figure of the
    same code with another value replaces it. Raises `Refused` for what is no table of figures, `NotAllowed`.
    """
    _may(actor)
    rows, refused = _read(chunks, stated_on or today())
    entered, unchanged, wrong = _enter_all(actor, rows)
    return Loaded(entered, unchanged, sorted([*refused, *wrong], key=lambda one: one[0]))


def _read(chunks: Iterable[bytes], day: date) -> tuple[list[tuple[int, Stated]], list[tuple[int, list[Problem]]]]:
    rows: list[tuple[int, Stated]] = []
    refused: list[tuple[int, list[Problem]]] = []
    with tempfile.NamedTemporaryFile() as held:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > LARGEST:
                raise Refused(_TOO_MANY)
            held.write(chunk)
        held.flush()
        try:
            sheet = open_sheet(Path(held.name), TABLE)
        except FileRefused as refusal:
            raise Refused(refusal.problem) from refusal
        try:
            headers = sheet.layout.headers
            proposal = propose_columns(TABLE, headers)
            if proposal.missing:
                raise Refused(_without([spec.label for spec in proposal.missing]))
            judge = Judge(TABLE, proposal.columns, headers)
            for number, cells in sheet.rows():
                if len(rows) + len(refused) >= MOST_ROWS:
                    raise Refused(_TOO_MANY)
                judged = judge(cells)
                if isinstance(judged, list):
                    refused.append((number, judged))
                else:
                    rows.append((number, from_row(judged, day)))
        finally:
            sheet.close()
    return rows, refused


@transaction.atomic
def _enter_all(actor: Actor, rows: Sequence[tuple[int, Stated]]) -> tuple[int, int, list[tuple[int, list[Problem]]]]:
    """Those to which others belong come first. Returns how many were entered, how many stood so, and rows with what is wrong."""
    entered = unchanged = 0
    wrong: list[tuple[int, list[Problem]]] = []
    codes = {stated.code for _, stated in rows}
    left, known = list(rows), set(StatedFigure.objects.values_list("code", flat=True))
    while left:
        ready = [row for row in left if not row[1].of or row[1].of not in codes or row[1].of in known]
        for number, stated in ready or left:
            try:
                if _enter(actor, stated):
                    entered += 1
                else:
                    unchanged += 1
            except Refused as refused:
                wrong.append((number, [refused.problem]))
            known.add(stated.code)
        left = [row for row in left if row not in ready] if ready else []
    return entered, unchanged, wrong


@transaction.atomic
def enter_row(*, actor: Actor, said: Mapping[str, str]) -> bool:
    """Enter one figure as a person typed it (field of `TABLE` -> text), or say it anew under its code.

    Returns whether that changed anything. Raises `Refused` with the first thing that is wrong, `NotAllowed`.
    """
    _may(actor)
    fields = [spec.code for spec in TABLE.fields]
    judged = Judge(TABLE, {code: ColumnUse(column=code) for code in fields}, fields)(
        [said.get(code, "") for code in fields]
    )
    if isinstance(judged, list):
        raise Refused(judged[0])
    return _enter(actor, from_row(judged, today()))


def _enter(actor: Actor, stated: Stated) -> bool:
    of = _checked(stated)
    said = asdict(stated) | {"of": of}
    held = StatedFigure.objects.select_for_update(of=("self",)).filter(code=stated.code).first()
    before = {name: getattr(held, name) for name in said} if held else {}
    if before == said:
        return False
    told = {**said, "entered_by": actor.handle, "entered_at": now()}
    StatedFigure.objects.update_or_create(code=stated.code, defaults=told)
    facts = {**asdict(stated), "before": before.get("value")}
    write_leaf(actor=actor, action="stated_figures.enter", table="stated_figure", key=stated.code, facts=facts)
    return True


def _checked(stated: Stated) -> StatedFigure | None:
    """The figure to which it belongs. Raises `Refused`."""
    book = current()
    sort, _, code = stated.measure.partition(":")
    known: Collection[str] = book.kinds if sort == "kind" else book.departments if sort == "office" else ()
    if stated.measure and stated.measure not in MEASURES and code not in known:
        raise Refused(_unknown("measure", "平台口径", "the platform's count", stated.measure))
    if not stated.of:
        if stated.role:
            raise Refused(_unknown("of", "属于哪一个数字", "the figure to which it belongs", ""))
        return None
    of = StatedFigure.objects.filter(code=stated.of).first()
    if of is None or of.code == stated.code or of.of_id is not None or stated.role not in ROLES:
        raise Refused(_unknown("of", "属于哪一个数字", "the figure to which it belongs", stated.of))
    if StatedFigure.objects.filter(of__code=stated.code).exists():
        raise Refused(_unknown("of", "属于哪一个数字", "the figure to which it belongs", stated.of))
    return of


@transaction.atomic
def remove(*, actor: Actor, code: str) -> None:
    """Take a figure away to which nothing belongs; its leaf keeps what it said. Raises `NotFound`, `Refused`, `NotAllowed`."""
    _may(actor)
    held = StatedFigure.objects.select_for_update().filter(code=code).first()
    if held is None:
        raise NotFound(code)
    if held.beneath.exists():
        raise Refused(_HELD)
    facts = {"source": held.source, "name": held.name, "value": held.value}
    held.delete()
    write_leaf(actor=actor, action="stated_figures.remove", table="stated_figure", key=code, facts=facts)


def _problem(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str, raw: str = "") -> Problem:
    return Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en), raw)


def _without(labels: Sequence[Text]) -> Problem:
    return _problem(
        "no_table_of_figures", "columns",
        f"表中没有这些列：{'、'.join(label.zh for label in labels)}", f"The table has no column {', '.join(label.en for label in labels)}",
        "第一行写列名：来源、公布日期、计什么、数字，可另有编号、属于、关系、平台口径",
        "Name the columns in the first row: source, date, what, value; code, of, role and measure may be added",
    )  # fmt: skip


def _unknown(where: str, zh: str, en: str, raw: str) -> Problem:
    return _problem(
        "figure_relation_unknown", where, f"{zh}不认得", f"There is no such value for {en}",
        "请从页面列出的里面选；属于的数字自己不能再属于别的", "Choose one that the page lists; what others belong to belongs to nothing itself", raw,
    )  # fmt: skip


_TOO_MANY = _problem(
    "too_many_figures", "file", f"数字超过 {MOST_ROWS} 行，或文件过大", f"There are more than {MOST_ROWS} rows, or the file is too large",
    "请拆成几份", "Send it in parts",
)  # fmt: skip
_HELD = _problem(
    "figure_has_parts", "code", "还有数字属于它", "Other figures belong to it",
    "请先移去那些数字", "Take those away first",
)  # fmt: skip
