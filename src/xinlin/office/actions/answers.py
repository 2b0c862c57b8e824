"""Storing a check with its answers, holds, looks and leaf in as few statements as the database allows (核查入库).

An answer is durable with all of them before anybody hears it, or there is none of it. Every check of every approval
system passes here, so the rows are written out instead of going through the models one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from xinlin.office.bulk import as_json, fetched, insert
from xinlin.office.failpoints import reached
from xinlin.office.leaves import PreparedLeaf
from xinlin.office.models.checks import CheckAnswer
from xinlin.office.models.people import Look
from xinlin.office.queries.answers import AnswerRow
from xinlin.office.queries.people import Delay
from xinlin.office.scopes import Actor

AT_ONCE = 50
"""Up to so many answers go in one statement on PostgreSQL; more are copied."""


@dataclass(frozen=True, slots=True)
class AskedRow:
    """The question, as its row is stored."""

    number: str
    client: str
    department: str
    item: str
    purpose: str
    officer: str
    channel: str
    key: str
    input_sha256: str
    asked_at: datetime
    as_of: date


@dataclass(frozen=True, slots=True)
class LookRow:
    """Whom the asker learned something of, and what."""

    subject_id: int
    result: str


@dataclass(frozen=True, slots=True)
class Storing:
    """A whole check, judged and ready to be stored."""

    asked: AskedRow
    answers: Sequence[AnswerRow]
    looks: Sequence[LookRow]
    clause: str
    kinds: Sequence[str]
    lapses_at: datetime
    leaf: PreparedLeaf
    delay: Delay | None = None
    """Until when the law keeps the look from those concerned, and by which article."""

    @property
    def kept_back(self) -> tuple[date | None, str]:
        """First day on which the look is shown (none: at once), and the article."""
        return (self.delay.until, self.delay.clause) if self.delay else (None, "")


def store(check: Storing, *, actor: Actor) -> None:
    """Write all of it, durable when this returns; ``actor`` is shown to everybody looked at.

    Raises IntegrityError where the caller used the key before.
    """
    if connection.vendor == "postgresql" and len(check.answers) <= AT_ONCE and not connection.in_atomic_block:
        fetched(_ONE_STATEMENT, _values(check, actor))
        return
    with transaction.atomic():
        if connection.vendor == "postgresql" and len(check.answers) <= AT_ONCE:
            fetched(_ONE_STATEMENT, _values(check, actor))
        else:
            _store_many(check, actor)


_ASKED = "number, client, department, item, purpose, officer, channel, applicants, idempotency_key, input_sha256, asked_at, as_of"
_ANSWER = (
    *("number", "question", "position", "subject", "applicant_sealed", "verdict", "reasons", "hits", "favours"),
    "feedback_due_on",
)
_LOOK = (
    "subject",
    "actor",
    "actor_name",
    "role",
    "department",
    "purpose",
    "clause",
    "kinds",
    "at",
    "result",
    "refused",
    "shown_from",
    "delay_clause",
)
_HOLDS = """INSERT INTO hold (answer_id, opened_at, lapses_at, signed_by, signed_reason, ended)
SELECT {of}.id, %s, %s, '', '', '' FROM {of} WHERE {of}.verdict = 'yes'"""
_ONE_STATEMENT = f"""WITH q AS (
    INSERT INTO check_question ({_ASKED}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
), a AS (
    INSERT INTO check_answer (question_id, number, position, subject_id, applicant_sealed, verdict, reasons, hits, favours,
        feedback_due_on)
    SELECT q.id, t.* FROM q, unnest(%s::text[], %s::int[], %s::bigint[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[],
        %s::jsonb[], %s::date[]) AS t
    RETURNING id, verdict
), h AS (
    {_HOLDS.format(of="a")}
), k AS (
    INSERT INTO look (actor, actor_name, role, department, purpose, clause, kinds, at, refused, shown_from, delay_clause,
        subject_id, result)
    SELECT %s, %s, %s, %s, %s, %s, %s::jsonb, %s, FALSE, %s::date, %s, t.* FROM unnest(%s::bigint[], %s::text[]) AS t
), f AS (
    INSERT INTO leaf (commitment, action, at) VALUES (%s, %s, %s) RETURNING id
)
INSERT INTO leaf_opening (leaf_id, salt, body, "row") SELECT f.id, %s, %s::jsonb, %s FROM f RETURNING leaf_id"""
"""Everything, in one statement and so in one transaction: one way to the server and back."""


def _asked(check: Storing) -> list[Any]:
    asked = check.asked
    return [
        *(asked.number, asked.client, asked.department, asked.item, asked.purpose, asked.officer, asked.channel),
        *(len(check.answers), asked.key, asked.input_sha256, asked.asked_at, asked.as_of),
    ]


def _values(check: Storing, looker: Actor) -> list[Any]:
    answers, leaf = check.answers, check.leaf
    return [
        *_asked(check),
        [row.number for row in answers],
        [row.position for row in answers],
        [row.subject_id for row in answers],
        [row.applicant_sealed for row in answers],
        [row.verdict for row in answers],
        [row.reasons for row in answers],
        [row.hits for row in answers],
        [row.favours for row in answers],
        [row.feedback_due_on for row in answers],
        *(check.asked.asked_at, check.lapses_at),
        *(looker.handle, looker.name, looker.role, looker.department, check.asked.purpose, check.clause),
        *(as_json(check.kinds), check.asked.asked_at, *check.kept_back),
        [row.subject_id for row in check.looks],
        [row.result for row in check.looks],
        *(leaf.commitment, leaf.action, leaf.at, leaf.salt, leaf.body, leaf.row),
    ]


def _store_many(check: Storing, looker: Actor) -> None:
    """As one statement would, in a few; the caller holds the transaction."""
    asked, leaf = check.asked, check.leaf
    marks = ", ".join(["%s"] * 12)
    question = _stored(f"INSERT INTO check_question ({_ASKED}) VALUES ({marks}) RETURNING id", _asked(check))
    insert(
        CheckAnswer,
        _ANSWER,
        [
            (
                *(row.number, question, row.position, row.subject_id, row.applicant_sealed, row.verdict, row.reasons),
                *(row.hits, row.favours, row.feedback_due_on),
            )
            for row in check.answers
        ],
    )
    reached("checks.answers_written")
    if any(row.verdict == "yes" for row in check.answers):
        with connection.cursor() as cursor:
            cursor.execute(
                _HOLDS.format(of="check_answer") + " AND check_answer.question_id = %s",
                [_moment(asked.asked_at), _moment(check.lapses_at), question],
            )
    kinds, at = as_json(check.kinds), asked.asked_at
    who = (looker.handle, looker.name, looker.role, looker.department, asked.purpose, check.clause, kinds, at)
    insert(Look, _LOOK, [(row.subject_id, *who, row.result, False, *check.kept_back) for row in check.looks])
    reached("checks.looks_written")
    made = _stored(
        "INSERT INTO leaf (commitment, action, at) VALUES (%s, %s, %s) RETURNING id",
        [leaf.commitment, leaf.action, leaf.at],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO leaf_opening (leaf_id, salt, body, "row") VALUES (%s, %s, %s, %s)',
            [made, leaf.salt, leaf.body, leaf.row],
        )


def _stored(statement: str, values: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [_moment(value) for value in values])
        return int(cursor.fetchone()[0])


def _moment(value: Any) -> Any:
    """A moment or a day as the database's driver takes it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
