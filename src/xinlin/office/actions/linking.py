"""Saying whose a row is (关联核实): only an exact identifier links by itself; everything else asks a person.

A row under a known identifier with another name lies with the refused rows and asks; a record that came without an
identifier has no effect and asks. Each answer has a reason and a leaf, and can be taken back: `xinlin.office.actions.subjects`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions import batches
from xinlin.office.actions.refusals import lay_aside
from xinlin.office.actions.subjects import (
    REASON,
    accept_name,
    exact_subject,
    must_review,
    note,
)
from xinlin.office.amendments import amend
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.linking import LinkQuestion, SubjectChange
from xinlin.office.models.records import Record
from xinlin.office.queries.linking import sent_name, subject_column
from xinlin.office.scopes import Actor, NotFound, Refused, now, today

SENDER = Actor(handle="system:linking", name="关联核实 Linking", role="system")
"""Who sends a row again once a person has said whose it is."""


def ask(*, actor: Actor, batch: Batch, questions: Mapping[int, tuple[int, str]]) -> int:
    """Keep the questions of a delivery: row -> (subject's key, whose name differs). Runs in the storing transaction."""
    rows, numbers = questions, list(questions)
    for start in range(0, len(numbers), 500):
        held = RefusedRow.objects.filter(batch=batch, row__in=numbers[start : start + 500])
        LinkQuestion.objects.bulk_create(
            LinkQuestion(refused_row_id=pk, subject_id=rows[row][0], about=rows[row][1])
            for pk, row in held.values_list("pk", "row")
        )
    if rows:
        write_leaf(actor=actor, action="linking.ask", table="batch", key=batch.number, facts={"rows": sorted(rows)})
    return len(rows)


def _open_question(number: int) -> LinkQuestion:
    found = LinkQuestion.objects.select_for_update(of=("self",)).select_related("refused_row__batch", "subject")
    question = found.filter(pk=number, refused_row__isnull=False).first()
    if question is None:
        raise NotFound("没有这个关联疑问。There is no such question.")
    row = question.refused_row
    if question.state != LinkQuestion.State.OPEN or row is None or row.state != RefusedRow.State.OPEN:
        raise Refused(_ANSWERED)
    return question


def _close(actor: Actor, question: LinkQuestion, state: str, reason: str, change: SubjectChange | None = None) -> None:
    question.state, question.change, question.reason_sealed = state, change, vault.seal(reason, REASON)
    question.answered_by, question.answered_at = actor.handle, now()
    question.save()
    facts = {"answer": state, "reason": question.reason_sealed, "change": change.number if change else ""}
    write_leaf(actor=actor, action="linking.answer", table="link_question", key=str(question.pk), facts=facts)


@transaction.atomic
def same(*, actor: Actor, question: int, reason: str) -> str:
    """It is the registered subject: its other name is accepted, and the row comes in by a delivery of its own.

    Returns the number of the change. Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    said, asked = must_review(actor, reason), _open_question(question)
    row, subject = asked.refused_row, asked.subject
    if row is None or subject is None:
        raise Refused(_ANSWERED)
    change = note(
        actor=actor, sort=SubjectChange.Sort.NAME, subject=subject, reason=said, moved={"refused_row": [row.pk]}
    )
    accept_name(subject, sent_name(row, asked.about), change)
    _close(actor, asked, LinkQuestion.State.SAME, said, change)
    batches.correct(actor=SENDER, number=row.batch.number, rows={row.row: {}})
    return change.number


@transaction.atomic
def another(*, actor: Actor, question: int, identifier: str, reason: str) -> str:
    """The row belongs to another exact identifier: it is sent again under that one. Returns the new delivery's number."""
    said, asked = must_review(actor, reason), _open_question(question)
    row = asked.refused_row
    column = subject_column(row, asked.about) if row is not None else ""
    if row is None or not column:
        raise Refused(_NO_COLUMN)
    exact_subject(identifier)
    _close(actor, asked, LinkQuestion.State.OTHER, said)
    rows = {row.row: {column: identifier.strip()}}
    return batches.correct(actor=SENDER, number=row.batch.number, rows=rows).number


@transaction.atomic
def nobody(*, actor: Actor, question: int, reason: str) -> None:
    """The row is nobody's here: it is set aside, kept as it came."""
    said, asked = must_review(actor, reason), _open_question(question)
    if asked.refused_row is not None:
        lay_aside([asked.refused_row], actor, said)
    _close(actor, asked, LinkQuestion.State.NONE, said)


def _unlinked(reference: str) -> Record:
    record = Record.objects.select_for_update().filter(reference=reference).first()
    if record is None:
        raise NotFound("没有这条记录。There is no such record.")
    if record.status != Record.Status.UNLINKED:
        raise Refused(_ANSWERED)
    return record


@transaction.atomic
def attach(*, actor: Actor, reference: str, identifier: str, reason: str) -> str:
    """An unlinked record is the subject's with this exact identifier, which must be in the register.

    Returns the number of the change. Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    said, record = must_review(actor, reason), _unlinked(reference)
    subject = exact_subject(identifier)
    change = {"subject_id": subject.pk, "status": Record.Status.ACTIVE.value}
    amend(actor=actor, records=[record.pk], change=change, reason="linked", happened_on=today())
    LinkQuestion.objects.filter(record=record).delete()
    return note(
        actor=actor, sort=SubjectChange.Sort.LINK, subject=subject, reason=said, moved={"record": [record.pk]}
    ).number


@transaction.atomic
def leave(*, actor: Actor, reference: str, reason: str) -> None:
    """Nobody here is meant by an unlinked record: it stays as it is, and asks no more."""
    said, record = must_review(actor, reason), _unlinked(reference)
    asked, _new = LinkQuestion.objects.get_or_create(record=record)
    _close(actor, asked, LinkQuestion.State.NONE, said)


def _problem(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Problem:
    return Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en))


_ANSWERED = _problem(
    "answered_before", "question", "这个疑问已经有了答复，或这一行已另行更正",
    "It was answered before, or its row was corrected meanwhile",
    "请刷新列表", "Reload the list",
)  # fmt: skip
_NO_COLUMN = _problem(
    "no_identifier_column", "identifier", "这份文件没有号码列，不能改号码", "The file has no column of identifiers",
    "请让报送部门更正后重报", "Let the department correct the row and send it again",
)  # fmt: skip
