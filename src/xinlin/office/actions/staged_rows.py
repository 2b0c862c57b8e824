"""Judged rows on their way into the tables: what each becomes is worked out here, column by column (待入库行).

Nothing lasts yet and nobody is locked out: the rows lie in tables of this connection alone, without a plain identifier,
until `xinlin.office.actions.records.Storing` moves all of them at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from xinlin.core.batches import Judge
from xinlin.core.cells import slot_of
from xinlin.core.hints import Hints
from xinlin.core.values import Problem, Text
from xinlin.engine.judging import JudgedRows
from xinlin.office import vault
from xinlin.office.actions.identities import Identity, list_print
from xinlin.office.actions.parties import NAMED, REPRESENTATIVE_ROLE, SUBJECT, Parties
from xinlin.office.bulk import Stage, as_json
from xinlin.office.models.batches import Batch

RAW_PLACE = "refused_row.raw"
_KEY = {"row": "bigint"}
_PARTIES = {"subject": "bigint", "representative": "bigint", "named_person": "bigint"}
OWN_COLUMNS = {
    "occurred_on": "date",
    "record_class": "text",
    "ends_on": "date",
    "document": "text",
    "authority": "text",
    "article": "text",
    "notice_on": "date",
    "remedy": "text",
}
"""What a record has by its roles, beside whose it is: name -> type. A kind without the role leaves it empty."""
_ALWAYS = {"fields": "jsonb", "fingerprint": "text", "key": "text", "reference": "text"}
_NOT_TOLD = Text(
    zh="告知日期还没有到；尚未告知当事人的负面信息不能入库",
    en="The day of notice has not come; a negative record is not kept before the person was told",
)
_NOT_TOLD_CURE = Text(zh="请核对告知日期，或在告知之后报送", en="Check the day of notice, or send it after the notice")


class MadeRows(NamedTuple):
    """Rows as the tables hold them, column by column."""

    read: int
    fitting: Sequence[Sequence[Any]]
    refused: Sequence[Sequence[Any]]


class StagedRows:
    """The rows of one delivery: those that fit in ``table``, the others in ``refused``, and whom they name."""

    def __init__(self, batch: Batch, judge: Judge, headers: list[str], day: date, findings: Hints) -> None:
        """``day``: today in the city."""
        kind = judge.kind
        self.kind, self.findings = kind, findings
        self.headers = headers
        self.parties = Parties()
        self.read = 0
        self.digest = hashlib.sha256()
        """Of the fingerprints of all rows that fit."""
        self.refused_cells: list[Sequence[str]] = []
        """Of full lists: an entry that is missing may be one of these."""
        self._batch, self._today = batch, day.isoformat()
        slots = {reader.slot for reader in judge.readers}
        self.own = [name for name in OWN_COLUMNS if name in slots or name == "occurred_on"]
        self.named = "named_person" in slots
        self.represented = "representative" in slots and kind.effect == "register"
        told = [("subject", True), ("representative", self.represented), ("named_person", self.named)]
        parties = {name: _PARTIES[name] for name, there in told if there}
        own = {name: OWN_COLUMNS[name] for name in self.own}
        self.table = Stage("staged_row", {**_KEY, **parties, **own, **_ALWAYS})
        self.refused = Stage("staged_refusal", {"row": "bigint", "raw_sealed": "text", "problems": "jsonb"})
        self.identity = Identity(kind)
        self.filled: Counter[str] = Counter()
        """Rows that fit in which an asserted field is given."""
        asserted = {one.field for one in kind.assertions if one.field is not None}
        self._asserted = [(spec.code, slot_of(spec)) for spec in kind.fields if spec.code in asserted]
        self._domain = ["record", kind.code, batch.department]
        self._listed = kind.delivery == "full_list"

    def close(self) -> None:
        """Give the space back."""
        self.table.drop()
        self.refused.drop()
        self.parties.close()

    def made(self, numbers: Sequence[int], rows: Sequence[Sequence[str]], judged: JudgedRows) -> MadeRows:
        """What rows become, from how they came, their numbers in the file and what was judged of them. Asks no database."""
        judged = self._notified(judged)
        refused = self._refusals((numbers[at], judged.refused[at], rows[at]) for at in sorted(judged.refused))
        if not judged.places:
            return MadeRows(len(rows), [], refused)
        kept = [numbers[at] for at in judged.places]
        for code, slot in self._asserted:
            values = judged.slots.get(slot, []) if slot else judged.fields.get(code, [])
            self.filled[code] += sum(value is not None for value in values)
        self._tell(numbers, judged)
        columns: dict[str, Sequence[Any]] = {"row": kept, **self._named_parties(judged, kept)}
        for name in self.own:
            columns[name] = self._own(name, judged, kept)
        columns |= self._prints(judged)
        columns["fields"] = _objects(self._fields(judged), len(kept))
        columns["reference"] = _references(columns["fingerprint"])
        return MadeRows(len(rows), [columns[name] for name in self.table.columns], refused)

    def put(self, made: MadeRows) -> None:
        """Add rows."""
        self.read += made.read
        self.refused.put(made.refused)
        self.table.put(made.fitting)

    def refuse(self, rows: Iterable[tuple[int, list[Problem], Sequence[str]]]) -> None:
        """Refuse rows by what was found after they were judged."""
        self.refused.put(self._refusals(rows))

    def _refusals(self, rows: Iterable[tuple[int, list[Problem], Sequence[str]]]) -> list[Sequence[Any]]:
        """Refused rows as columns: raw cells sealed, problems without the raw values."""
        numbers, raw, told = [], [], []
        for number, problems, cells in rows:
            numbers.append(number)
            raw.append(self._as_came(cells))
            told.append(as_json([_told(problem) for problem in problems]))
            if self._listed:
                self.refused_cells.append(cells)
        return [numbers, vault.seal_all(raw, RAW_PLACE), told]

    def _as_came(self, cells: Sequence[str]) -> str:
        named = {name: readable(cell) for name, cell in zip(self.headers, cells, strict=False)}
        for position in range(len(self.headers), len(cells)):
            named[f"+{position + 1}"] = readable(cells[position])
        return as_json(named)

    def _notified(self, judged: JudgedRows) -> JudgedRows:
        """The rows whose notice has been given; a negative record of which nobody was told yet is refused.

        An entry on a list waits for its day of notice by itself: `xinlin.core.lists.hindrance`.
        """
        notices = judged.slots.get("notice_on")
        if self.kind.sign != "negative" or self.kind.effect == "list_entry" or notices is None:
            return judged
        early = [at for at, on in zip(judged.places, notices, strict=True) if on is not None and on > self._today]
        if not early:
            return judged
        code = next((spec.code for spec in self.kind.fields if spec.role == "notice_on"), "")
        column = self._batch.layout.get("columns", {}).get(code, {}).get("column", "")
        problem = Problem("notice_in_future", code, _NOT_TOLD, _NOT_TOLD_CURE, detail={"column": column})
        return replace(judged, refused={**judged.refused, **{at: [problem] for at in early}}).fitting()

    def _tell(self, numbers: Sequence[int], judged: JudgedRows) -> None:
        for at in sorted(judged.notes):
            for code, where, sample in judged.notes[at]:
                self.findings.add(code, where, row=numbers[at], sample=sample)

    def _named_parties(self, judged: JudgedRows, numbers: Sequence[int]) -> dict[str, Sequence[Any]]:
        nobody: list[Any] = [None] * len(judged.places)
        of, slots = self.parties.numbers, judged.slots
        names, regions = slots.get("name", nobody), slots.get("region", nobody)
        subjects = of(SUBJECT, slots.get("identifier", nobody), names, regions)
        columns: dict[str, Sequence[Any]] = {"subject": subjects}
        if self.represented:
            names = slots.get("representative_name", nobody)
            columns["representative"] = of(REPRESENTATIVE_ROLE, slots["representative"], names, nobody)
        if self.named:
            columns["named_person"] = of(NAMED, slots["named_person"], nobody, nobody)
        if None in subjects:
            for number, subject in zip(numbers, subjects, strict=True):
                if subject is None:
                    self.findings.add("unlinked", row=number)
        return columns

    def _own(self, name: str, judged: JudgedRows, numbers: Sequence[int]) -> Sequence[Any]:
        """The column of a record for what has a role."""
        values = judged.slots.get(name)
        if name != "occurred_on":
            assert values is not None
            if OWN_COLUMNS[name] == "text" and None in values:
                return ["" if value is None else value for value in values]
            return values
        valid_on = self._batch.valid_on.isoformat()
        if values is None:
            values = [None] * len(numbers)
        if None in values:
            for number, value in zip(numbers, values, strict=True):
                if value is None:
                    self.findings.add("date_from_delivery", "occurred_on", row=number)
            values = [valid_on if value is None else value for value in values]
        elif max(values) > self._today:
            for number, value in zip(numbers, values, strict=True):
                if value > self._today:
                    self.findings.add("date_in_future", "occurred_on", row=number)
        return values

    def _prints(self, judged: JudgedRows) -> dict[str, Sequence[Any]]:
        """Fingerprint and key of each row."""
        keys = [""] * len(judged.places)
        if judged.key_parts:
            domain = ["key", *self._domain[1:]]
            keys = [vault.keyed_hash(*domain, *parts) if parts else "" for parts in judged.key_parts]
        elif self.identity:
            keys = self.identity.keys(judged)
        if self._listed:
            pairs = zip(keys, judged.contents, strict=True)
            said = vault.keyed_hashes(["list", *self._domain[1:]], (f"{key}\x1f{content}" for key, content in pairs))
            day = self._batch.valid_on
            prints = [list_print(one, day) for one in said]
        else:
            prints = vault.keyed_hashes(self._domain, judged.contents)
        self.digest.update("".join(prints).encode())
        return {"fingerprint": prints, "key": keys}

    def _fields(self, judged: JudgedRows) -> list[tuple[str, Sequence[Any]]]:
        """The kind's own values as JSON texts, personal ones sealed; names too where no subject holds them."""
        columns: list[tuple[str, Sequence[Any]]] = []
        names: list[tuple[str, Sequence[Any]]] = []
        slots = judged.slots
        nobody: list[Any] = [None] * len(judged.places)
        for spec in self.kind.fields:
            if spec.code in judged.fields:
                columns.append((spec.code, _texts(judged.fields[spec.code], spec.personal)))
            elif spec.role == "subject_name" and "name" in slots and None in slots.get("identifier", nobody):
                personal = spec.personal or "person" in self.kind.subject_kinds
                names.append((spec.code, _texts(_without(slots["name"], slots.get("identifier", nobody)), personal)))
            elif spec.role == "representative_name" and "representative_name" in slots:
                holders = slots.get("representative", nobody)
                names.append((spec.code, _texts(_without(slots["representative_name"], holders), True)))
        return columns + names


def _references(prints: Sequence[str]) -> list[str]:
    """Random handles that begin as the fingerprints do, which are random to everybody without the key.

    So both indexes grow in one order, and a million rows are not each written to another place.
    """
    chance = secrets.token_hex(12 * len(prints))
    return [print_[:8] + chance[at : at + 24] for print_, at in zip(prints, range(0, len(chance), 24), strict=True)]


def _without(names: Sequence[Any], holders: Sequence[Any]) -> list[Any]:
    """The names of those of whom no identifier is told."""
    return [name if holder is None else None for name, holder in zip(names, holders, strict=True)]


def _texts(values: Sequence[Any], personal: bool) -> Sequence[Any]:
    """Values as JSON texts; None where there is none."""
    if personal:
        sealed = iter(vault.seal_all([str(value) for value in values if value is not None], vault.RECORD_FIELDS))
        return [None if value is None else f'"{next(sealed)}"' for value in values]
    if set(map(type, values)) == {str}:
        return list(map(encode_basestring, values))
    told = {value: encode_basestring(value) if isinstance(value, str) else as_json(value) for value in set(values)}
    return [None if value is None else told[value] for value in values]


def _objects(fields: Sequence[tuple[str, Sequence[Any]]], count: int) -> list[str]:
    """A JSON object for each row, without the fields that it does not say."""
    if not fields:
        return ["{}"] * count
    heads, columns = [as_json(code) + ":" for code, _ in fields], [values for _, values in fields]
    if not any(None in column for column in columns):
        shape = "{" + ",".join(head.replace("%", "%%") + "%s" for head in heads) + "}"
        return [shape % row for row in zip(*columns, strict=True)]
    return [
        "{" + ",".join([head + value for head, value in zip(heads, row, strict=True) if value is not None]) + "}"
        for row in zip(*columns, strict=True)
    ]


def _told(problem: Problem) -> dict[str, object]:
    """A problem as stored: without the raw value, which may be personal and lies sealed beside it."""
    return {**problem.as_dict(), "raw": "", "column": problem.detail.get("column", "")}


def readable(cell: str) -> str:
    r"""A cell that can be stored: bytes that did not decode as \xNN, NUL as \x00."""
    if cell.isprintable():
        return cell
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
