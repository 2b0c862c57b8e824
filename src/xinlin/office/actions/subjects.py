"""Changing the register by hand (主体变更): a name corrected, two subjects joined, records moved to another, and each taken back.

Only the credit centre's reviewers may, with a reason. What moved is noted row by row, so that exactly that moves back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from xinlin.core import people
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions import register
from xinlin.office.actions.parties import SUBJECT, Party
from xinlin.office.actions.reasons import reasoned
from xinlin.office.amendments import amend
from xinlin.office.bulk import lock_storing
from xinlin.office.leaves import write_leaf
from xinlin.office.models.awards import Nomination
from xinlin.office.models.consents import ConsentEvent
from xinlin.office.models.linking import LinkQuestion, SubjectChange, SubjectName
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

REASON = "subject_change.reason"
NAME = "subject.name"
_OTHERWISE = frozenset({Record, Score, Subject, SubjectChange, SubjectName, LinkQuestion})
"""Tables that do not simply follow: records by events of their own, scores go, and what is said of subjects themselves."""


def _following() -> list[tuple[str, type[models.Model], str]]:
    """Every column of every table that names a subject and follows it into another: (name, model, column)."""
    relations = [one for one in Subject._meta.related_objects if one.related_model not in _OTHERWISE]
    return [
        (f"{one.related_model._meta.db_table}.{one.field.name}", one.related_model, one.field.name) for one in relations
    ]


def must_review(actor: Actor, reason: str) -> str:
    """The reason, trimmed. Raises `NotAllowed` for whoever is no reviewer, `Refused` where none is given."""
    if actor.role != "reviewer":
        raise NotAllowed(
            "只有信用中心审核员可以核实主体。Only the credit centre's reviewers may decide whose a record is."
        )
    return reasoned(reason)


def subject_of(pseudonym: str) -> Subject:
    """The subject under its handle, locked. Raises `NotFound`."""
    found = Subject.objects.select_for_update().filter(pseudonym=pseudonym).first()
    if found is None:
        raise NotFound("没有这个主体。There is no such subject.")
    return found


def name_of(subject: Subject) -> str:
    """The registered name."""
    if subject.register == Subject.Register.PERSON:
        return vault.unseal(subject.name_sealed, NAME) if subject.name_sealed else ""
    return subject.public_name


def note(
    *,
    actor: Actor,
    sort: SubjectChange.Sort,
    subject: Subject,
    reason: str,
    moved: Mapping[str, Any],
    other: Subject | None = None,
) -> SubjectChange:
    """Write down one change with its leaf, in the caller's transaction."""
    change = SubjectChange.objects.create(
        number=f"ZT{today():%Y%m%d}-{secrets.token_hex(5).upper()}",
        sort=sort,
        subject=subject,
        other=other,
        moved=dict(moved),
        reason_sealed=vault.seal(reason, REASON),
        actor=actor.handle,
        actor_name=actor.name,
        at=now(),
    )
    facts = {
        "sort": change.sort,
        "subject": subject.pseudonym,
        "other": other.pseudonym if other else "",
        "moved": {table: rows for table, rows in moved.items() if isinstance(rows, list)},
        "reason": change.reason_sealed,
    }
    write_leaf(actor=actor, action=f"subjects.{change.sort}", table="subject_change", key=change.number, facts=facts)
    return change


def accept_name(subject: Subject, name: str, change: SubjectChange) -> None:
    """Let rows under this name link to the subject from now on."""
    SubjectName.objects.get_or_create(
        subject=subject,
        name_key=register.name_key(people.comparable_name(name)),
        defaults={"name_sealed": vault.seal(name, NAME), "change": change},
    )


@transaction.atomic
def rename(*, actor: Actor, pseudonym: str, name: str, reason: str, former: bool) -> str:
    """Correct the registered name; ``former``: the old one was right once, and rows under it still link.

    Returns the number of the change. Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    said, subject, given = must_review(actor, reason), subject_of(pseudonym), name.strip()[:300]
    before = name_of(subject)
    if not people.comparable_name(given) or given == before:
        raise Refused(_SAME_NAME)
    moved = {"before": vault.seal(before, NAME), "after": vault.seal(given, NAME)}
    _set_name(subject, given)
    change = note(actor=actor, sort=SubjectChange.Sort.RENAME, subject=subject, reason=said, moved=moved)
    if former and before:
        accept_name(subject, before, change)
    return change.number


def _set_name(subject: Subject, name: str) -> None:
    if subject.register == Subject.Register.PERSON:
        subject.name_sealed = vault.seal(name, NAME)
    else:
        subject.public_name = name
    subject.save(update_fields=["name_sealed", "public_name"])


@transaction.atomic
def merge(*, actor: Actor, keep: str, other: str, reason: str) -> str:
    """Put everything of the subject ``other`` under ``keep`` (handles): a person says that both are one.

    Records, list entries, relations, consents, looks, cases, answers and notices follow; of two live consents to the same
    purpose the kept subject's stands; computed scores of the other go. Its number leads to ``keep`` from now on.
    Returns the number of the change. Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    said = must_review(actor, reason)
    lock_storing()
    first, second = subject_of(keep), subject_of(other)
    if first.pk == second.pk or first.register != second.register or first.merged_into_id or second.merged_into_id:
        raise Refused(_NOT_MERGEABLE)
    moved: dict[str, Any] = {"consent_ended": _end_double_consents(actor, first, second)}
    Score.objects.filter(subject=second).delete()
    Nomination.objects.filter(subject=second).delete()
    moved["record"] = _move_records(actor, Record.objects.filter(subject=second), first, "merged")
    moved["named"] = _move_named(actor, second, first, "merged")
    for table, model, column in _following():
        moved[table] = _move(model, column, second, first)
    second.merged_into = first
    second.save(update_fields=["merged_into"])
    change = note(actor=actor, sort=SubjectChange.Sort.MERGE, subject=first, reason=said, moved=moved, other=second)
    if name_of(second):
        accept_name(first, name_of(second), change)
    return change.number


def _end_double_consents(actor: Actor, first: Subject, second: Subject) -> list[int]:
    held = set(Consent.objects.filter(subject=first, withdrawn_at__isnull=True).values_list("step", "scene"))
    theirs = Consent.objects.filter(subject=second, withdrawn_at__isnull=True)
    double = [consent.pk for consent in theirs if (consent.step, consent.scene) in held]
    Consent.objects.filter(pk__in=double).update(withdrawn_at=now())
    _note_consents(actor, double, ConsentEvent.State.REPLACED)
    return double


def _note_consents(actor: Actor, consents: list[int], state: ConsentEvent.State) -> None:
    moment = now()
    ConsentEvent.objects.bulk_create(
        ConsentEvent(consent_id=pk, at=moment, state=state, via="register", actor=actor.handle) for pk in consents
    )


def _move_records(actor: Actor, records: models.QuerySet[Record], to: Subject, reason: str) -> list[int]:
    keys = list(records.values_list("pk", flat=True))
    amend(actor=actor, records=keys, change={"subject_id": to.pk}, reason=reason, happened_on=today())
    return keys


def _move_named(actor: Actor, source: Subject, to: Subject, reason: str) -> list[int]:
    keys = list(Record.objects.filter(named_person=source).values_list("pk", flat=True))
    amend(actor=actor, records=keys, change={"named_person_id": to.pk}, reason=reason, happened_on=today())
    return keys


def _move(model: type[models.Model], column: str, source: Subject, to: Subject) -> list[int]:
    """Let the rows of one table follow; one that the other subject holds already stays where it is."""
    rows = model._default_manager.filter(**{column: source})
    keys = list(rows.values_list("pk", flat=True))
    try:
        with transaction.atomic():
            rows.update(**{column: to})
        return keys
    except IntegrityError:
        return [pk for pk in keys if _moves(model, column, pk, to)]


def _moves(model: type[models.Model], column: str, pk: int, to: Subject) -> bool:
    try:
        with transaction.atomic():
            model._default_manager.filter(pk=pk).update(**{column: to})
    except IntegrityError:
        return False
    return True


@transaction.atomic
def split(*, actor: Actor, pseudonym: str, references: Iterable[str], identifier: str, name: str, reason: str) -> str:
    """Move records that are another's to the subject with this exact identifier; it is entered under ``name`` if unknown.

    Returns the number of the change. Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    said = must_review(actor, reason)
    lock_storing()
    subject = subject_of(pseudonym)
    wanted = set(references)
    records = Record.objects.filter(subject=subject, reference__in=wanted)
    if not wanted or records.count() != len(wanted):
        raise Refused(_NO_RECORDS)
    target = exact_subject(identifier, name)
    if target.pk == subject.pk or target.register != subject.register:
        raise Refused(_NOT_MERGEABLE)
    moved: dict[str, Any] = {"record": _move_records(actor, records, target, "split")}
    entries = ListEntry.objects.filter(record__in=moved["record"])
    moved["list_entry.subject"] = list(entries.values_list("pk", flat=True))
    entries.update(subject=target)
    return note(
        actor=actor, sort=SubjectChange.Sort.SPLIT, subject=target, reason=said, moved=moved, other=subject
    ).number


def exact_subject(identifier: str, name: str = "") -> Subject:
    """The subject with this exact identifier, entered under ``name`` where it is unknown. Raises `Refused`."""
    value = people.normalise_identifier(identifier)
    problem = people.identifier_problem(value)
    if problem is not None:
        raise Refused(Problem(problem.code, "identifier", problem.what, problem.cure, ""))
    known = register.look_up([value])
    if value not in known:
        if not people.comparable_name(name):
            raise Refused(_UNKNOWN)
        known[value] = register.entry_of(Party(0, SUBJECT, value, name.strip()[:300], ""))
        register.store_new(known, register.Numbering())
    elif name and not known[value].is_called(people.comparable_name(name)):
        raise Refused(_OTHER_NAME)
    return Subject.objects.get(pk=known[value].pk or 0)


@transaction.atomic
def take_back(*, actor: Actor, number: str, reason: str) -> None:
    """Undo one change: what it moved, and nothing else, moves back. Raises `NotAllowed`, `NotFound`, `Refused`."""
    said = must_review(actor, reason)
    lock_storing()
    change = (
        SubjectChange.objects.select_for_update(of=("self", "subject"))
        .select_related("subject", "other")
        .filter(number=number)
        .first()
    )
    if change is None:
        raise NotFound("没有这次变更。There is no such change.")
    if change.undone_at is not None:
        raise Refused(_UNDONE)
    later = SubjectChange.objects.filter(subject__in=[change.subject_id, change.other_id], undone_at__isnull=True)
    later = later.filter(pk__gt=change.pk, sort__in=[change.sort, SubjectChange.Sort.MERGE])
    if change.sort != SubjectChange.Sort.NAME and later.exists():
        raise Refused(_LATER)
    _restore(actor, change)
    SubjectName.objects.filter(change=change).delete()
    change.undone_at, change.undone_by = now(), actor.handle
    change.undone_reason_sealed = vault.seal(said, REASON)
    change.save(update_fields=["undone_at", "undone_by", "undone_reason_sealed"])
    facts = {"number": number, "reason": change.undone_reason_sealed}
    write_leaf(actor=actor, action="subjects.take_back", table="subject_change", key=number, facts=facts)


def _restore(actor: Actor, change: SubjectChange) -> None:
    day, records = today(), change.moved.get("record", [])
    match change.sort:
        case SubjectChange.Sort.RENAME:
            _set_name(change.subject, vault.unseal(change.moved["before"], NAME))
        case SubjectChange.Sort.NAME | SubjectChange.Sort.LINK:
            away = {"subject_id": None, "status": Record.Status.UNLINKED.value}
            rows = [question.refused_row for question in change.questions.select_related("refused_row")]
            came = Q(pk__in=records)
            for row in rows:
                came |= (
                    Q(batch=row.replayed_in_id, row=row.replayed_row) if row and row.replayed_in_id else Q(pk__in=[])
                )
            still = Record.objects.filter(came, subject=change.subject, status=Record.Status.ACTIVE)
            amend(
                actor=actor, records=still.values_list("pk", flat=True), change=away, reason="unlinked", happened_on=day
            )
        case _:
            back = {"subject_id": change.other_id}
            amend(actor=actor, records=records, change=back, reason="taken_back", happened_on=day)
            named = {"named_person_id": change.other_id}
            amend(
                actor=actor, records=change.moved.get("named", []), change=named, reason="taken_back", happened_on=day
            )
            for table, model, column in _following():
                model._default_manager.filter(pk__in=change.moved.get(table, [])).update(**{column: change.other})
            if change.sort == SubjectChange.Sort.MERGE and change.other is not None:
                _reopen_consents(actor, change.subject, change.moved.get("consent_ended", []))
                Score.objects.filter(subject=change.subject).delete()
                Nomination.objects.filter(subject=change.subject).delete()
                change.other.merged_into = None
                change.other.save(update_fields=["merged_into"])


def _reopen_consents(actor: Actor, kept: Subject, ended: list[int]) -> None:
    """Let the consents that the merge ended stand again, but none that the person has since taken back."""
    live = set(Consent.objects.filter(subject=kept, withdrawn_at__isnull=True).values_list("step", "scene"))
    for consent in Consent.objects.filter(pk__in=ended):
        if (consent.step, consent.scene) in live:
            consent.withdrawn_at = None
            consent.save(update_fields=["withdrawn_at"])
            _note_consents(actor, [consent.pk], ConsentEvent.State.GIVEN)


def _problem(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Problem:
    return Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en))


_SAME_NAME = _problem(
    "name_unchanged", "name", "名称为空，或与登记的相同", "The name is empty, or is the registered one",
    "请填写正确的名称", "Give the right name",
)  # fmt: skip
_NOT_MERGEABLE = _problem(
    "not_mergeable", "identifier", "两个主体相同、类别不同，或其中一个已并入他处",
    "Both are the same one, of different registers, or one is merged already",
    "请核对两个号码；已并入的先撤回", "Check both numbers; take back the earlier merge first",
)  # fmt: skip
_NO_RECORDS = _problem(
    "no_records_chosen", "records", "没有选择记录，或所选记录不属于这个主体",
    "No record is chosen, or one of them is not this subject's",
    "请刷新页面后重新选择", "Reload the page and choose again",
)  # fmt: skip
_UNKNOWN = _problem(
    "unknown_subject", "identifier", "这个号码不在册", "The identifier is not in the register",
    "请核对号码，或同时填写名称以新登记", "Check it, or give the name to enter it anew",
)  # fmt: skip
_OTHER_NAME = _problem(
    "name_differs", "name", "这个号码在册，登记的名称与所填不同", "The identifier is registered under another name",
    "请核对；确系同一主体的，名称留空", "Check both; leave the name empty if it is the same subject",
)  # fmt: skip
_UNDONE = _problem(
    "taken_back_before", "change", "这次变更已经撤回", "This change was taken back before",
    "请刷新页面", "Reload the page",
)  # fmt: skip
_LATER = _problem(
    "later_change", "change", "之后还有别的变更建立在它上面", "A later change stands on this one",
    "请先撤回较晚的变更", "Take back the later one first",
)  # fmt: skip
