"""Judges many rows of a delivery at once, column by column (整列校验).

`xinlin.core.batches.Judge` says what is right; this says the same of most rows sooner. All cells of a column are looked at
together; a cell about which there is any doubt is read by the field's own reader, and a row with any problem is judged
again by the core judge, whose words the sender gets. Kinds whose rows have rules of their own are left to it altogether.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from xinlin.core import people
from xinlin.core.batches import CONTENT_BREAK, Judge, JudgedRow
from xinlin.core.cells import FieldReader, Note, Outcome
from xinlin.core.readings import NOTHING_WITHIN, SAYS_NOTHING
from xinlin.core.values import Problem
from xinlin.engine.garbled import perhaps_garbled

Characters = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
REMEMBERED = 65_536
"""Different cells of a column whose outcome is kept."""
_ID_LENGTH = 18
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_NO_VALUE = 255
_USCC_VALUES = np.full(256, _NO_VALUE, np.uint8)
_USCC_VALUES[np.frombuffer(_ALPHABET.encode(), np.uint8)] = np.arange(31, dtype=np.uint8)
_USCC_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], np.int32)
_RESIDENT_WEIGHTS = np.array([pow(2, 17 - place, 11) for place in range(17)], np.int32)
_RESIDENT_CHECK = np.frombuffer(b"10X98765432", np.uint8)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] + [0] * 87, np.int32)
_KEPT_TOGETHER = 2
"""A column is looked at by its different cells where each comes at least so often on average."""


@dataclass
class JudgedRows:
    """Many rows of one header, judged: what fits as columns of equal length, for the others what is wrong."""

    places: list[int]
    """Which of the rows fit, by their place among those that were given; the columns hold these alone."""
    slots: dict[str, list[Any]]
    """By the name that a value has in `JudgedRow`: days as ISO text, None for what a row does not say."""
    fields: dict[str, list[Any]]
    """The kind's own fields by code, in its order."""
    contents: list[str]
    key_parts: list[Sequence[str]]
    """Empty where the rows of the kind have no key."""
    notes: dict[int, Sequence[Note]]
    """By place."""
    refused: dict[int, list[Problem]]
    """By place."""

    def fitting(self) -> JudgedRows:
        """The same without the refused rows in its columns."""
        if not self.refused:
            return self
        fits = [at not in self.refused for at in self.places]

        def kept(values: list[Any]) -> list[Any]:
            return list(compress(values, fits))

        return JudgedRows(
            kept(self.places),
            {slot: kept(values) for slot, values in self.slots.items()},
            {code: kept(values) for code, values in self.fields.items()},
            kept(self.contents),
            kept(self.key_parts),
            {at: notes for at, notes in self.notes.items() if at not in self.refused},
            self.refused,
        )


@dataclass
class _Said:
    """What one column says, cell by cell: values (None where there is none), notes, and cells with a problem."""

    values: list[Any]
    gaps: bool = False
    notes: dict[int, Note] = field(default_factory=dict)
    wrong: list[int] = field(default_factory=list)


class BulkJudge:
    """A core judge for many rows at once; says of each what that one would."""

    def __init__(self, judge: Judge) -> None:
        """Made once for one header."""
        self._judge = judge
        self._columns = [_Column(reader) for reader in judge.readers if reader.index >= 0]
        constants = [reader for reader in judge.readers if reader.index < 0]
        self._constants = [(reader, reader(reader.constant)) for reader in constants if reader.constant]
        fixed = len(self._constants) == len(constants) and all(said.problem is None for _, said in self._constants)
        keyed = judge.listed or any(reader.keyed for reader in judge.readers)
        self._able = fixed and not keyed and judge.kind.effect != "list_entry"
        self._rule_fields = judge.rules.fields()
        self._kept: dict[tuple[Any, ...], bool] = {}
        self._slots = [reader.slot for reader in judge.readers if reader.slot]
        self._codes = [reader.spec.code for reader in judge.readers if not reader.slot]
        if judge.region in self._codes:
            self._slots.append("region")

    def __call__(self, rows: Sequence[Sequence[str]], held: Mapping[int, list[Problem]] | None = None) -> JudgedRows:
        """What `Judge` says of each row. ``held``: rows by their place that are refused for another reason."""
        refused = dict(held or {})
        if not self._able or not rows:
            return self._one_by_one(rows, refused)
        said, odd = self._look(rows)
        doubtful = {at for column in said.values() for at in column.wrong} | odd
        slots = {reader.slot: said[reader.spec.code].values for reader in self._judge.readers if reader.slot}
        doubtful.update(self._doubtful_rows(slots, len(rows)))
        fields = {code: said[code].values for code in self._codes}
        if self._judge.rules:
            doubtful.update(self._breaking({code: column.values for code, column in said.items()}, doubtful, len(rows)))
        if self._judge.region in fields:
            slots["region"] = fields[self._judge.region]
        contents = _contents(said)
        notes = _notes(said.values())
        for at in doubtful - refused.keys():
            judged = self._judge(rows[at])
            notes.pop(at, None)
            if isinstance(judged, list):
                refused[at] = judged
                continue
            contents[at] = judged.content
            if judged.notes:
                notes[at] = judged.notes
            for slot, values in slots.items():
                values[at] = _plain(getattr(judged, slot))
            for code, values in fields.items():
                values[at] = judged.fields.get(code)
        return JudgedRows(list(range(len(rows))), slots, fields, contents, [], notes, refused).fitting()

    def _breaking(self, columns: Mapping[str, list[Any]], doubtful: Container[int], count: int) -> Iterable[int]:
        """Rows, right cell by cell, that break a rule of their kind, or of which its rules note something.

        Rows that agree in all that the rules ask of are asked once.
        """
        nothing: list[Any] = [None] * count
        rows = list(zip(*(columns.get(name, nothing) for name in self._rule_fields), strict=True))
        broken = {key for key in set(rows) if not self._keeps(key)}
        if broken:
            yield from (at for at, key in enumerate(rows) if key in broken and at not in doubtful)

    def _keeps(self, key: tuple[Any, ...]) -> bool:
        """Whether a row with these values, in the order of the rules' fields, breaks none of them."""
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        rules, names, asked = self._judge.rules, self._rule_fields, key
        if rules.by_year() and rules.day in names:
            at = names.index(rules.day)
            asked = (*key[:at], key[at] and f"{key[at][:4]}-07-01", *key[at + 1 :])
        kept = self._kept.get(asked)
        if kept is None:
            kept = rules.kept(dict(zip(names, asked, strict=True)).get)
        if len(self._kept) >= REMEMBERED:
            self._kept.clear()
        self._kept[asked] = self._kept[key] = kept  # whether rows with these values break no rule
        return kept

    def _look(self, rows: Sequence[Sequence[str]]) -> tuple[dict[str, _Said], set[int]]:
        """What each field's column says, in the kind's order; and rows of another width that need a look of their own."""
        width, odd = self._judge.width, set[int]()
        if set(map(len, rows)) != {width}:
            odd.update(at for at, cells in enumerate(rows) if len(cells) > width)
            rows = [[*cells[:width], *[""] * (width - len(cells))] if len(cells) != width else cells for cells in rows]
        columns = list(zip(*rows, strict=True))
        by_code = {column.reader.spec.code: column(columns[column.reader.index]) for column in self._columns}
        for reader, outcome in self._constants:
            by_code[reader.spec.code] = _repeated(outcome, len(rows))
        return {reader.spec.code: by_code[reader.spec.code] for reader in self._judge.readers}, odd

    def _one_by_one(self, rows: Sequence[Sequence[str]], refused: dict[int, list[Problem]]) -> JudgedRows:
        fitting: list[tuple[int, JudgedRow]] = []
        for at, cells in enumerate(rows):
            if at in refused:
                continue
            judged = self._judge(cells)
            if isinstance(judged, list):
                refused[at] = judged
            else:
                fitting.append((at, judged))
        return JudgedRows(
            [at for at, _ in fitting],
            {slot: [_plain(getattr(row, slot)) for _, row in fitting] for slot in self._slots},
            {code: [row.fields.get(code) for _, row in fitting] for code in self._codes},
            [row.content for _, row in fitting],
            [row.key_parts for _, row in fitting] if self._judge.listed else [],
            {at: row.notes for at, row in fitting if row.notes},
            refused,
        )

    def _doubtful_rows(self, slots: dict[str, list[Any]], count: int) -> Iterable[int]:
        """Rows in which two cells together may be a problem."""
        if self._judge.kind.linking == "exact":
            identifiers = slots.get("identifier")
            if identifiers is None:
                yield from range(count)
            elif None in identifiers:
                yield from (at for at, value in enumerate(identifiers) if value is None)
        starts, ends = slots.get("occurred_on"), slots.get("ends_on")
        if starts is not None and ends is not None:
            for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
                if start is not None and end is not None and end <= start:
                    yield at


def _plain(value: Any) -> Any:
    """A slot's value as columns hold it."""
    return value.isoformat() if isinstance(value, date) else (None if value == "" else value)


def _contents(said: Mapping[str, _Said]) -> list[str]:
    if not any(column.gaps for column in said.values()):
        shape = CONTENT_BREAK.join(code.replace("%", "%%") + "=%s" for code in said)
        return [shape % row for row in zip(*(column.values for column in said.values()), strict=True)]
    codes = list(said)
    return [
        CONTENT_BREAK.join(f"{code}={value}" for code, value in zip(codes, row, strict=True) if value is not None)
        for row in zip(*(column.values for column in said.values()), strict=True)
    ]


def _notes(columns: Iterable[_Said]) -> dict[int, Sequence[Note]]:
    """The notes of each row that has any, in the order of its fields."""
    notes: dict[int, Sequence[Note]] = {}
    for column in columns:
        for at, note in column.notes.items():
            notes[at] = (*notes.get(at, ()), note)
    return notes


def _repeated(outcome: Outcome, count: int) -> _Said:
    notes = dict.fromkeys(range(count), outcome.note) if outcome.note is not None else {}
    return _Said([None if outcome.absent else _plain(outcome.value)] * count, outcome.absent, notes)


class _Column:
    """One field's column, whatever rows come."""

    def __init__(self, reader: FieldReader) -> None:
        self.reader = reader
        self._seen: dict[str, Outcome] = {}
        self._unknown_places: dict[int, bool] = {}
        self._look: Callable[[Sequence[str], _Said], Iterable[int]] | None = None
        if reader.in_bulk == "text":
            self._look = self._texts
        elif reader.in_bulk and (reader.longest is None or reader.longest >= _ID_LENGTH):
            self._look = self._identifiers

    def __call__(self, cells: Sequence[str]) -> _Said:
        """What each cell says."""
        different = set(cells)
        if self._look is None or len(different) * _KEPT_TOGETHER <= len(cells):
            return self._by_different_cells(cells, different)
        said = _Said(list(cells))
        for at in self._look(cells, said):
            outcome = self._outcome(cells[at])
            said.values[at] = _plain(outcome.value)
            if outcome.note is not None:
                said.notes[at] = outcome.note
            if outcome.problem is not None:
                said.wrong.append(at)
            elif outcome.absent:
                said.values[at], said.gaps = None, True
        return said

    def _outcome(self, cell: str) -> Outcome:
        if not cell:
            return Outcome(absent=True, problem=self.reader.missing)
        found = self._seen.get(cell)
        if found is None:
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            found = self._seen[cell] = self.reader(cell)
        return found

    def _by_different_cells(self, cells: Sequence[str], different: set[str]) -> _Said:
        outcomes = {cell: self._outcome(cell) for cell in different}
        values = {cell: None if outcome.absent else _plain(outcome.value) for cell, outcome in outcomes.items()}
        said = _Said([values[cell] for cell in cells], any(outcome.absent for outcome in outcomes.values()))
        wrong = {cell for cell, outcome in outcomes.items() if outcome.problem is not None}
        if wrong:
            said.wrong = [at for at, cell in enumerate(cells) if cell in wrong]
        notes = {cell: outcome.note for cell, outcome in outcomes.items() if outcome.note is not None}
        if notes:
            said.notes = {at: notes[cell] for at, cell in enumerate(cells) if cell in notes}
        return said

    def _texts(self, cells: Sequence[str], _said: _Said) -> set[int]:
        """Positions of texts that must be read by themselves; every other one is its own value."""
        joined = "".join(cells)
        odd: set[int] = set()
        if perhaps_garbled(joined):
            odd.update(at for at, cell in enumerate(cells) if not cell.isprintable() or not cell.isascii())
        if " " in joined or "'" in joined:
            odd.update(at for at, cell in enumerate(cells) if cell[:1] in " '" or cell[-1:] == " " or "  " in cell)
        lengths = list(map(len, cells))
        if self.reader.longest is not None and max(lengths) > self.reader.longest:
            odd.update(at for at, length in enumerate(lengths) if length > self.reader.longest)
        wide = not unicodedata.is_normalized("NFKC", joined)
        if min(lengths) <= NOTHING_WITHIN:
            for at, length in enumerate(lengths):
                if length <= NOTHING_WITHIN and (
                    not length or wide or " " in cells[at] or cells[at].casefold() in SAYS_NOTHING
                ):
                    odd.add(at)
        if self.reader.spec.role in ("subject_name", "representative_name"):
            odd.update(self._perhaps_identifiers(cells, lengths, wide))
        return odd

    @staticmethod
    def _perhaps_identifiers(cells: Sequence[str], lengths: list[int], wide: bool) -> Iterable[int]:
        """Names in which an identifier may stand: long ones of few Chinese characters, or in characters of full width."""
        for at, cell in enumerate(cells):
            if (wide and not unicodedata.is_normalized("NFKC", cell)) or (
                lengths[at] >= people.SHORTEST_IDENTIFIER and not any("\u4e00" <= one <= "\u9fff" for one in cell)
            ):
                yield at

    def _identifiers(self, cells: Sequence[str], said: _Said) -> set[int]:
        """Positions of identifiers that are not plainly right."""
        plain, text = list(range(len(cells))), "".join(cells)
        if set(map(len, cells)) != {_ID_LENGTH} or not (text.isascii() and text.isalnum()):
            plain = [at for at in plain if len(cells[at]) == _ID_LENGTH and cells[at].isascii() and cells[at].isalnum()]
            text = "".join([cells[at] for at in plain])
        odd = set(range(len(cells))).difference(plain)
        if not plain:
            return odd
        characters = np.frombuffer(text.encode("ascii"), np.uint8).reshape(-1, _ID_LENGTH)
        person = _resident_ids(characters)
        right = person if self.reader.in_bulk == "resident_id" else _credit_codes(characters)
        if self.reader.in_bulk not in ("resident_id", "uscc"):
            right = right | person
        if self.reader.spec.role == "subject":
            right = right & self._taken(characters, person)
            self._note_places(characters, right & person, plain, said)
        odd.update(plain[at] for at in np.flatnonzero(~right))
        return odd

    def _taken(self, characters: Characters, person: Mask) -> Mask:
        """Whether the kind takes such a subject."""
        kinds = self.reader.subject_kinds
        heads = characters[:, 0].astype(np.int32) << 8 | characters[:, 1]
        different, place = np.unique(heads, return_inverse=True)
        firms = [people.subject_kind_of_uscc(chr(head >> 8) + chr(head & 255)) in kinds for head in different.tolist()]
        taken: Mask = np.where(person, "person" in kinds, np.array(firms, np.bool_)[place])
        return taken

    def _note_places(self, characters: Characters, people_here: Mask, plain: list[int], said: _Said) -> None:
        """Note the people whose number names a place that did not exist in the year of their birth."""
        at = np.flatnonzero(people_here)
        if not len(at):
            return
        digits = characters[at, :10].astype(np.int64) - 48
        places = digits @ (10 ** np.arange(9, -1, -1, dtype=np.int64))
        different, which = np.unique(places, return_inverse=True)
        unknown = np.array([self._unknown(place) for place in different.tolist()], np.bool_)
        note: Note = ("region_unknown", self.reader.spec.code, "")
        said.notes.update((plain[one], note) for one in at[unknown[which]])

    def _unknown(self, place: int) -> bool:
        known = self._unknown_places.get(place)
        if known is None:
            known = self._unknown_places[place] = not people.resident_id_region_known(f"{place:010d}")
        return known


def _resident_ids(characters: Characters) -> Mask:
    """Which of these 18 characters each are resident numbers: form, day of birth, check digit (GB 11643)."""
    digits = characters - np.uint8(48)
    last = characters[:, 17]
    form = (digits[:, :17] <= 9).all(axis=1) & (digits[:, 0] >= 1) & ((digits[:, 17] <= 9) | (last == ord("X")))
    numbers = digits.astype(np.int32)
    year = numbers[:, 6:10] @ np.array([1000, 100, 10, 1], np.int32)
    month = np.where(form, numbers[:, 10] * 10 + numbers[:, 11], 0)
    day = numbers[:, 12] * 10 + numbers[:, 13]
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    born = (year >= 1) & (day >= 1) & (day <= _MONTH_DAYS[month] + leap)
    right: Mask = form & born & (_RESIDENT_CHECK[numbers[:, :17] @ _RESIDENT_WEIGHTS % 11] == last)
    return right


def _credit_codes(characters: Characters) -> Mask:
    """Which of these 18 characters each are unified social credit codes: form and check character (GB 32100)."""
    values = _USCC_VALUES[characters]
    form = (values != _NO_VALUE).all(axis=1) & (values[:, 0] != 0) & (values[:, 2:8] <= 9).all(axis=1)
    total = values[:, :17].astype(np.int32) @ _USCC_WEIGHTS
    right: Mask = form & ((31 - total % 31) % 31 == values[:, 17])
    return right
