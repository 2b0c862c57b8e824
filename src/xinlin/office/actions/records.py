"""Storing what a delivery says: records, list entries, refused rows, all in one transaction (信用记录入库).

Everything is set-based: a chunk of rows costs a fixed number of statements. Scores are computed from records when they are
read, so nothing here knows of them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from xinlin.core.batches import JudgedRow
from xinlin.core.hints import Hints
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions import full_lists, register
from xinlin.office.bulk import as_json, insert
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.scopes import now, today

RAW_PLACE = "refused_row.raw"
Accepted = tuple[int, JudgedRow, Sequence[str]]
"""(row number, judged row, cells as they came)."""
_COLUMNS = (
    *("reference", "subject", "kind", "department", "batch", "row", "occurred_on", "entered_at", "status"),
    *("record_class", "ends_on", "document", "authority", "article", "notice_on", "remedy", "named_person"),
    *("fields", "fingerprint", "key"),
)
_ENTRY_COLUMNS = (
    *("record", "subject", "list", "entered_on", "document", "authority", "article", "notice_on", "remedy"),
    *("ends_on", "removal_reason"),
)
_TWICE = Text(
    zh="同一名单条目在文件里出现两次且内容不同",
    en="The same list entry stands twice in the file, with different details",
)
_NOT_TOLD = Text(
    zh="告知日期还没有到；尚未告知当事人的负面信息不能入库",
    en="The day of notice has not come; a negative record is not kept before the person was told",
)
_NOT_TOLD_CURE = Text(zh="请核对告知日期，或在告知之后报送", en="Check the day of notice, or send it after the notice")
_TWICE_CURE = Text(zh="请只保留正确的一行", en="Keep the right one only")


@dataclass
class Storing:
    """One delivery on its way into the tables; lives inside the storing transaction."""

    batch: Batch
    kind: Kind
    headers: list[str]
    findings: Hints
    list_state: full_lists.ListState | None
    at: datetime = field(default_factory=now)
    day: date = field(default_factory=today)
    numbers: register.Numbering = field(default_factory=register.Numbering)
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def keep_refused(self, rows: Iterable[tuple[int, list[Problem], Sequence[str]]]) -> None:
        """Keep refused rows: raw cells sealed, problems without the raw values."""
        stored = []
        for number, problems, cells in rows:
            if self.list_state is not None:
                self.list_state.refused_cells.append(cells)
            stored.append((self.batch.pk, number, self._sealed(cells), as_json([_told(p) for p in problems]), "open"))
        self.refused += len(stored)
        insert(RefusedRow, ("batch", "row", "raw_sealed", "problems", "state"), stored)

    def _sealed(self, cells: Sequence[str]) -> str:
        named = {name: readable(cell) for name, cell in zip(self.headers, cells, strict=False)}
        for position in range(len(self.headers), len(cells)):
            named[f"+{position + 1}"] = readable(cells[position])
        return vault.seal(as_json(named), RAW_PLACE)

    def keep_accepted(self, rows: list[Accepted]) -> None:
        """Link, then store what is new; what cannot be linked is refused."""
        rows = self._notified(rows)
        known = self._look_up([row for _, row, _ in rows])
        refused = register.link([row for _, row, _ in rows], known, self.kind.effect == "register")
        self.keep_refused((rows[i][0], [problem], rows[i][2]) for i, problem in refused.items())
        linked = [row for i, row in enumerate(rows) if i not in refused]
        register.store_new(known, self.numbers)
        fresh, told_twice = self._new_ones(linked)
        self.keep_refused((n, [Problem("entry_twice", "", _TWICE, _TWICE_CURE)], cells) for n, _, cells in told_twice)
        insert(Record, _COLUMNS, [self._record(n, row, fp, key, known) for n, row, fp, key in fresh])
        if self.kind.effect == "list_entry" and self.kind.statutory_list:
            self._keep_entries(fresh, known)
        if self.kind.effect == "register":
            self._keep_relations(linked, known)
        self.accepted += len(linked) - len(told_twice)
        self.repeated += len(linked) - len(told_twice) - len(fresh)
        for number, row, _ in linked:
            for code, where, sample in row.notes:
                self.findings.add(code, where, row=number, sample=sample)

    def _notified(self, rows: list[Accepted]) -> list[Accepted]:
        """The rows whose notice has been given; a negative record of which nobody was told yet is refused.

        An entry on a list waits for its day of notice by itself: `xinlin.core.lists.hindrance`.
        """
        if self.kind.sign != "negative" or self.kind.effect == "list_entry":
            return rows
        early = {n for n, row, _ in rows if row.notice_on is not None and row.notice_on > self.day}
        if not early:
            return rows
        code = next((spec.code for spec in self.kind.fields if spec.role == "notice_on"), "")
        column = self.batch.layout.get("columns", {}).get(code, {}).get("column", "")
        problem = Problem("notice_in_future", code, _NOT_TOLD, _NOT_TOLD_CURE, detail={"column": column})
        self.keep_refused((n, [problem], cells) for n, _, cells in rows if n in early)
        return [row for row in rows if row[0] not in early]

    def _look_up(self, rows: list[JudgedRow]) -> dict[str, register.Known]:
        wanted = {row.identifier for row in rows} | {row.representative for row in rows}
        return register.look_up(wanted | {row.named_person for row in rows})

    def _new_ones(self, rows: list[Accepted]) -> tuple[list[tuple[int, JudgedRow, str, str]], list[Accepted]]:
        """(row number, row, fingerprint, key) of the rows that say something new; and entries told twice differently."""
        department, kind = self.batch.department, self.kind.code
        prints: dict[str, tuple[int, JudgedRow, str, str]] = {}
        told_twice: list[Accepted] = []
        for number, row, cells in rows:
            key = vault.keyed_hash("key", kind, department, *row.key_parts) if row.key_parts else ""
            if self.list_state is None:
                print_ = vault.keyed_hash("record", kind, department, row.content)
            else:
                print_ = vault.keyed_hash("list", kind, department, str(self.batch.valid_on), key, row.content)
                seen = self.list_state.meet(key, row.content)
                if seen == "stands":
                    self.digest.update(key.encode())
                    continue
                if seen == "other" and self.kind.effect == "list_entry":
                    told_twice.append((number, row, cells))
                    continue
            self.digest.update(print_.encode())
            prints.setdefault(print_, (number, row, print_, key))
        held = Record.objects.filter(kind=kind, fingerprint__in=list(prints)).values_list("fingerprint", flat=True)
        for print_ in held:
            del prints[print_]
        return list(prints.values()), told_twice

    def _record(
        self, number: int, row: JudgedRow, fingerprint: str, key: str, known: dict[str, register.Known]
    ) -> tuple[object, ...]:
        subject = known[row.identifier].pk if row.identifier else None
        named = known.get(row.named_person) if row.named_person else None
        if row.named_person and named is None:
            self.findings.add("named_person_unknown", "named_person", row=number)
        if subject is None:
            self.findings.add("unlinked", row=number)
        return (
            secrets.token_hex(16),
            subject,
            self.kind.code,
            self.batch.department,
            self.batch.pk,
            number,
            self._day(number, row),
            self.at,
            Record.Status.UNLINKED.value if subject is None else Record.Status.ACTIVE.value,
            row.record_class,
            row.ends_on,
            row.document,
            row.authority,
            row.article,
            row.notice_on,
            row.remedy,
            named.pk if named else None,
            self._fields(row, subject is None),
            fingerprint,
            key,
        )

    def _day(self, number: int, row: JudgedRow) -> date:
        if row.occurred_on is None:
            self.findings.add("date_from_delivery", "occurred_on", row=number)
            return self.batch.valid_on
        if row.occurred_on > self.day:
            self.findings.add("date_in_future", "occurred_on", row=number)
        return row.occurred_on

    def _fields(self, row: JudgedRow, unlinked: bool) -> str:
        """The kind's own values as JSON, personal ones sealed; the name too where no subject holds it."""
        values = row.fields
        for spec in self.kind.fields:
            if spec.personal and spec.code in values:
                values[spec.code] = vault.seal(str(values[spec.code]), vault.RECORD_FIELDS)
            elif unlinked and spec.role == "subject_name" and row.name:
                personal = spec.personal or "person" in self.kind.subject_kinds
                values[spec.code] = vault.seal(row.name, vault.RECORD_FIELDS) if personal else row.name
            elif spec.role == "representative_name" and row.representative_name and not row.representative:
                values[spec.code] = vault.seal(row.representative_name, vault.RECORD_FIELDS)
        return as_json(values)

    def _keep_entries(self, fresh: list[tuple[int, JudgedRow, str, str]], known: dict[str, register.Known]) -> None:
        records = self._records_by_print([fingerprint for _, _, fingerprint, _ in fresh])
        insert(
            ListEntry,
            _ENTRY_COLUMNS,
            [
                (
                    records[fingerprint],
                    known[row.identifier].pk,
                    self.kind.statutory_list,
                    self._day(number, row),
                    row.document,
                    row.authority,
                    row.article,
                    row.notice_on,
                    row.remedy,
                    row.ends_on,
                    "",
                )
                for number, row, fingerprint, _ in fresh
            ],
        )

    def _keep_relations(self, rows: list[Accepted], known: dict[str, register.Known]) -> None:
        prints = {
            number: vault.keyed_hash("record", self.kind.code, self.batch.department, row.content)
            for number, row, _ in rows
            if row.representative
        }
        records = self._records_by_print(list(prints.values()))
        triples = [(n, row, records[prints[n]]) for n, row, _ in rows if n in prints and prints[n] in records]
        register.keep_representatives(triples, known, self.batch.valid_on, self.findings)

    def _records_by_print(self, prints: list[str]) -> dict[str, int]:
        held = Record.objects.filter(kind=self.kind.code, fingerprint__in=prints)
        return dict(held.values_list("fingerprint", "pk"))


def _told(problem: Problem) -> dict[str, object]:
    """A problem as stored: without the raw value, which may be personal and lies sealed beside it."""
    return {**problem.as_dict(), "raw": "", "column": problem.detail.get("column", "")}


def readable(cell: str) -> str:
    r"""A cell that can be stored: bytes that did not decode as \xNN, NUL as \x00."""
    if cell.isprintable():
        return cell
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
