"""Storing what a delivery says: records, list entries, refused rows, all in one transaction (信用记录入库).

Everything is set-based: whatever a delivery's size, it costs a fixed number of statements, and one look-up for each chunk of
parties. Scores are computed from records when they are read, so nothing here knows of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from xinlin.core import assertions
from xinlin.core.hints import Hints
from xinlin.core.values import Problem, Text
from xinlin.office.actions import full_lists, register
from xinlin.office.actions.returned_rows import SETTLED
from xinlin.office.actions.staged_rows import OWN_COLUMNS, StagedRows
from xinlin.office.actions.versions import Versions
from xinlin.office.bulk import Stage, listed, members, moment
from xinlin.office.consent_gate import in_force
from xinlin.office.failpoints import reached
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.people import Consent
from xinlin.office.models.records import Record
from xinlin.office.queries.recordings import NOT_CONSENTED, NOT_RECORDED
from xinlin.office.scopes import Actor, Refused, now

_TWICE = Text(
    zh="同一名单条目在文件里出现两次且内容不同",
    en="The same list entry stands twice in the file, with different details",
)
_TWICE_CURE = Text(zh="请只保留正确的一行", en="Keep the right one only")
_MOVE = """
INSERT INTO record (reference, subject_id, kind, department, batch_id, row, entered_at, status, named_person_id,
    fingerprint, key, fields, {own_columns})
SELECT s.reference, {subject}, %s, %s, %s, s.row, %s, CASE WHEN {subject} IS NULL THEN %s ELSE %s END, {named},
    s.fingerprint, s.key, s.fields, {own_values}
FROM staged_row s {joins} WHERE TRUE ORDER BY s.fingerprint {collation}, s.row
ON CONFLICT (kind, fingerprint) DO NOTHING
"""
_MOVE_REFUSED = """
INSERT INTO refused_row (batch_id, row, raw_sealed, problems, state)
SELECT %s, row, raw_sealed, problems, %s FROM staged_refusal
"""
_MOVE_ENTRIES = """
INSERT INTO list_entry (record_id, subject_id, list, entered_on, document, authority, article, notice_on, remedy, ends_on,
    removal_reason)
SELECT id, subject_id, %s, occurred_on, document, authority, article, notice_on, remedy, ends_on, ''
FROM record WHERE batch_id = %s
"""
_RELATIONS = """
SELECT s.row, ps.subject_id, pr.subject_id, s.occurred_on, r.id
FROM staged_row s
JOIN staged_party ps ON ps.party = s.subject
LEFT JOIN staged_party pr ON pr.party = s.representative
JOIN record r ON r.kind = %s AND r.fingerprint = s.fingerprint
WHERE s.representative IS NOT NULL ORDER BY s.row
"""
_UNWANTED = """
SELECT DISTINCT s.row FROM staged_row s
JOIN staged_party p ON p.party = s.subject
JOIN recording_refusal f ON f.subject_id = p.subject_id AND f.kind = %s
WHERE f.fingerprint = '' OR f.fingerprint = s.fingerprint ORDER BY s.row
"""
_NOT_CONSENTED = """
SELECT s.row FROM staged_row s
LEFT JOIN staged_party p ON p.party = s.subject
WHERE p.subject_id IS NULL OR p.subject_id NOT IN ({consented}) ORDER BY s.row
"""
_CHUNK = 20_000


@dataclass
class Storing:
    """One delivery on its way into the tables; lives inside the storing transaction."""

    actor: Actor
    batch: Batch
    rows: StagedRows
    findings: Hints
    list_state: full_lists.ListState | None
    cells_of: Callable[[Iterable[int]], dict[int, Sequence[str]]]
    """Reads rows of the file once more, by their numbers."""
    settled: Sequence[int] = ()
    """Corrected rows whose refused row was answered before: they may repeat what was taken in then."""
    at: datetime = field(default_factory=now)
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    digest: str = ""
    """SHA-256 of the fingerprints of the accepted rows, in their order."""
    questions: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Row that waits for a person -> key of the subject whose name differs, and in which role the row names it."""

    def __post_init__(self) -> None:
        """From what the rows say."""
        self.kind = self.rows.kind
        self.versions = Versions(self.batch, self.findings)

    def keep(self) -> None:
        """Link, then store what is new; what cannot be linked is refused."""
        parties = Stage("staged_party", {"party": "bigint", "subject_id": "bigint"})
        self._keep(parties)
        parties.drop()  # where it fails, the table goes with the transaction

    def _keep(self, parties: Stage) -> None:
        linked = self._link(parties)
        unwanted = self._drop_unwanted()
        self.digest = self.rows.digest.hexdigest() if linked and not unwanted else ""
        not_beside = self.versions.refusals() if self.rows.identity else {}
        self._refuse(not_beside)
        otherwise = self._told_otherwise()
        self._refuse(dict.fromkeys(otherwise, SETTLED))
        back = self.list_state is not None and full_lists.come_back(self.batch)
        told_twice, standing = self._meet()
        self._refuse({row: Problem("entry_twice", "", _TWICE, _TWICE_CURE) for row in told_twice})
        self.accepted = self.rows.table.rows
        if not self.digest or told_twice or not_beside or otherwise or back:
            digest = hashlib.sha256()
            for (print_,) in self.rows.table.read("fingerprint"):
                digest.update(print_.encode())
            self.digest = digest.hexdigest()
        self.rows.table.drop_rows(standing)
        reached("intake.linked")
        self.repeated = self.accepted - self._move()
        self.versions.close(self.actor)
        reached("intake.records_stored")
        if self.kind.effect == "list_entry" and self.kind.statutory_list:
            _execute(_MOVE_ENTRIES, [self.kind.statutory_list, self.batch.pk])
        if self.rows.represented:
            self._keep_relations()
        self.refused = self._move_refused()
        for start in range(0, len(unwanted), 500):
            dropped = RefusedRow.objects.filter(batch=self.batch, row__in=unwanted[start : start + 500])
            dropped.update(state=RefusedRow.State.CLOSED)

    def _link(self, table: Stage) -> bool:
        """Find or enter whom the rows name. Returns whether every row could be linked."""
        rows, linking = self.rows.table, register.Linking(self.rows.parties, self.kind.effect == "register")
        used = None
        if self.rows.represented:
            linking.foresee()
            self._refuse_named(linking.refused, linking.differing)
            used = {party for pair in rows.read("subject, representative") for party in pair if party is not None}
        linking.enter(table, used)
        table.count_keys()
        self._refuse_named(linking.refused, linking.differing)
        if self.rows.named and linking.unknown:
            where = f"named_person IN {members('bigint')}"
            for (row,) in rows.read("row", where, [listed(linking.unknown)]):
                self.findings.add("named_person_unknown", "named_person", row=row)
        return not linking.refused

    def _drop_unwanted(self) -> list[int]:
        """Rows that the person concerned does not want recorded (深圳经济特区社会信用条例 39), or to which no consent stands.

        Of them nothing is kept.
        """
        unwanted: list[int] = []
        if self.kind.refusable:
            unwanted += self._drop(NOT_RECORDED, _UNWANTED, [self.kind.code])
        if self.kind.with_consent:
            standing = Consent.objects.filter(in_force(), step="score").values("subject")
            try:
                consented, given = standing.query.sql_with_params()
            except EmptyResultSet:  # the city asks under no terms today: nobody has consented to them
                consented, given = "SELECT subject_id FROM consent WHERE 1 = 0", ()
            unwanted += self._drop(NOT_CONSENTED, _NOT_CONSENTED.format(consented=consented), list(given))
        return unwanted

    def _drop(self, problem: Problem, statement: str, given: Sequence[Any]) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            dropped = [row for (row,) in cursor.fetchall()]
        if dropped:
            self.rows.refuse((row, [problem], ()) for row in dropped)
            self.rows.table.drop_rows(dropped)
        return dropped

    def _refuse_named(self, parties: Mapping[int, Problem], differing: Mapping[int, int]) -> None:
        """Refuse the rows that name a party that cannot be linked. ``differing``: party -> the subject of another name."""
        if not parties:
            return
        problems: dict[int, Problem] = {}
        for column in ("representative", "subject") if self.rows.represented else ("subject",):
            where = f"{column} IN {members('bigint')}"
            for row, party in self.rows.table.read(f"row, {column}", where, [listed(parties)]):
                problems[row] = parties[party]
                if party in differing:
                    self.questions[row] = (differing[party], column)
        self._refuse(problems)

    def _told_otherwise(self) -> list[int]:
        """Settled rows that repeat no record: a second account of one fact. Lists and identities find their own versions."""
        if not self.settled or self.rows.identity or self.list_state is not None:
            return []
        told = list(self.rows.table.read("fingerprint, row", f"row IN {members('bigint')}", [listed(self.settled)]))
        held: set[str] = set()
        for start in range(0, len(told), 500):
            part = [print_ for print_, _ in told[start : start + 500]]
            same = Record.objects.filter(kind=self.kind.code, fingerprint__in=part)
            held.update(same.values_list("fingerprint", flat=True))
        return sorted(row for print_, row in told if print_ not in held)

    def _refuse(self, problems: Mapping[int, Problem]) -> None:
        """Refuse rows that had been judged right."""
        if not problems:
            return
        cells = self.cells_of(problems)
        self.rows.refuse((row, [problems[row]], cells[row]) for row in sorted(problems))
        self.rows.table.drop_rows(list(problems))

    def _meet(self) -> tuple[list[int], list[int]]:
        """Of a full list: rows whose entry came before with other details, and rows whose entry stands already."""
        told_twice: list[int] = []
        standing: list[int] = []
        if self.list_state is None:
            return told_twice, standing
        if "document" in self.rows.own:
            full_lists.strike_again(self.list_state)
        for row, key, print_ in self.rows.table.read("row, key, fingerprint"):
            seen = self.list_state.meet(key, print_)
            if seen == "stands":
                standing.append(row)
            elif seen == "held":
                standing.append(row)
                self.findings.add("details_held", "rows", row=row)
            elif seen == "other" and self.kind.effect == "list_entry":
                told_twice.append(row)
        return told_twice, standing

    def _move(self) -> int:
        """Make records of the rows; one that is held already stays as it is. Returns how many are new."""
        active = Record.Status.ACTIVE.value
        joins = ["LEFT JOIN staged_party ps ON ps.party = s.subject"]
        if self.rows.named:
            joins.append("LEFT JOIN staged_party pn ON pn.party = s.named_person")
        own = {name: f"s.{name}" if name in self.rows.own else _nothing(type_) for name, type_ in OWN_COLUMNS.items()}
        statement = _MOVE.format(
            subject="ps.subject_id",
            named="pn.subject_id" if self.rows.named else "CAST(NULL AS bigint)",
            own_columns=", ".join(own),
            own_values=", ".join(own.values()),
            joins=" ".join(joins),
            collation='COLLATE "C"' if connection.vendor == "postgresql" else "",
        )
        head = [self.kind.code, self.batch.department, self.batch.pk, moment(self.at)]
        return _execute(statement, [*head, Record.Status.UNLINKED.value, active])

    def _move_refused(self) -> int:
        return _execute(_MOVE_REFUSED, [self.batch.pk, RefusedRow.State.OPEN.value])

    def _keep_relations(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_RELATIONS, [self.kind.code])
            told = [(row, firm, person, _day(on), record) for row, firm, person, on, record in cursor.fetchall()]
        for start in range(0, len(told), _CHUNK):
            register.keep_representatives(told[start : start + _CHUNK], self.batch.valid_on, self.findings)

    def hold(self) -> None:
        """Hold the delivery as a whole against its kind's assertions. Raises `Refused` with the first minimum missed."""
        outcome = assertions.judge(self.kind, self.rows.read, self.accepted, self.rows.filled.__getitem__)
        if outcome.failed:
            raise Refused(outcome.failed[0])
        for where, sample in outcome.exceeded:
            self.findings.add("assertion_maximum", where, sample=sample)


def _execute(statement: str, given: Sequence[Any]) -> int:
    """Do it; returns how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return int(cursor.rowcount)


def _nothing(type_: str) -> str:
    return "''" if type_ == "text" else f"CAST(NULL AS {type_})"


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
