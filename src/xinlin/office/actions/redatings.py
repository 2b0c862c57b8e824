"""When the law shortens how long records stand: proposed with a preview by one person, put into force by another (规则变动)."""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import asdict
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F

from xinlin.core.notices import Fact
from xinlin.core.terms import add_term
from xinlin.core.values import Text
from xinlin.office.actions.case_steps import refuse
from xinlin.office.actions.notices import notify
from xinlin.office.amendments import amend
from xinlin.office.leaves import write_leaf
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.models.redatings import Redating
from xinlin.office.queries import redatings as queries
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, now, today


@transaction.atomic
def propose(*, actor: Actor, kind: str, record_class: str, term: str, document: str) -> str:
    """Propose a shorter term for the records of a kind, or of one class of it; returns its number. Nothing changes yet.

    Raises `NotAllowed`, `Refused` for what is no kind, no term, or without the law that says so.
    """
    queries.may_change(actor)
    found = current().kinds.get(kind)
    if found is None or found.sign != "negative" or record_class not in ("", *current().repair_classes):
        raise refuse(
            "unknown_kind",
            "kind",
            Text(zh="没有选择负面记录的种类或等级。", en="No kind of negative records, or no class, was chosen."),
            Text(zh="请选择。", en="Choose one."),
        )
    try:
        add_term(today(), term)
    except ValueError as error:
        raise refuse(
            "term",
            "term",
            Text(zh="期限写得不对。", en="This is no term."),
            Text(zh="写作如 P3M、P1Y、P30D。", en="Write for example P3M, P1Y or P30D."),
        ) from error
    if not document.strip():
        raise refuse(
            "document_missing",
            "document",
            Text(zh="没有写明依据的文件。", en="The document that says so is missing."),
            Text(zh="请写明法律法规或文件的名称、文号和条款。", en="Give the law or document with number and article."),
        )
    shown = queries.preview(actor=actor, kind=kind, record_class=record_class, term=term)
    made = Redating.objects.create(
        number=f"QX{today():%Y%m%d}-{secrets.token_hex(3).upper()}",
        kind=kind,
        record_class=record_class,
        term=term,
        document=document.strip()[:200],
        preview=asdict(shown),
        proposed_by=actor.handle,
        proposed_at=now(),
    )
    facts = {"kind": kind, "class": record_class, "term": term, "document": made.document, **asdict(shown)}
    write_leaf(actor=actor, action="redatings.propose", table="redating", key=made.number, facts=facts)
    return made.number


def _open(number: str) -> Redating:
    found = Redating.objects.select_for_update().filter(number=number).first()
    if found is None:
        raise NotFound("没有这项变更。There is no such change.")
    if found.state != Redating.State.PROPOSED:
        raise refuse(
            "another_state",
            "state",
            Text(zh="这项变更已经办过。", en="This change has been dealt with."),
            Text(zh="请刷新页面。", en="Reload the page."),
        )
    return found


@transaction.atomic
def sign(*, actor: Actor, number: str) -> int:
    """Put a proposed change into force; returns how many records end earlier. Each person concerned is told.

    Ends only ever come nearer, so that no later law makes an old act weigh longer. Raises `Refused` for who proposed it.
    """
    queries.may_change(actor)
    change = _open(number)
    if change.proposed_by == actor.handle:
        raise refuse(
            "same_person",
            "signed_by",
            Text(zh="须由另一名审核员签署。", en="Another reviewer has to sign."),
            Text(zh="请同事打开并签署。", en="Ask a colleague to sign."),
        )
    ends: dict[date, list[int]] = defaultdict(list)
    for record, end in queries.nearer_ends(change.kind, change.record_class, change.term):
        ends[end].append(record.pk)
    for end, keys in sorted(ends.items()):
        amend(actor=actor, records=keys, change={"ends_on": end}, reason="law_changed", happened_on=today())
        # an entry has at least one day; one that would end before it began ends the day after
        entries = ListEntry.objects.filter(record__in=keys, removed_at__isnull=True)
        entries.filter(entered_on__lt=end).update(ends_on=end)
        entries.filter(entered_on__gte=end).update(ends_on=F("entered_on") + timedelta(days=1))
        _tell(actor, change, end, keys)
    change.state, change.signed_by, change.signed_at = Redating.State.IN_FORCE, actor.handle, now()
    change.changed = sum(map(len, ends.values()))
    change.save()
    write_leaf(actor=actor, action="redatings.sign", table="redating", key=number, facts={"changed": change.changed})
    return change.changed


def _tell(actor: Actor, change: Redating, end: date, keys: list[int]) -> None:
    kind = current().kinds[change.kind]
    for record in Record.objects.filter(pk__in=keys).select_related("subject").iterator(chunk_size=1_000):
        facts: dict[str, Fact] = {
            "law": change.document,
            "kind": kind.name,
            "document": record.document or record.reference,
            "ends_on": end,
        }
        if record.subject is not None:
            occasion = f"redated:{change.number}:{record.reference}"
            notify(actor=actor, subject=record.subject, template="record_redated", facts=facts, occasion=occasion)


@transaction.atomic
def drop(*, actor: Actor, number: str) -> None:
    """Let a proposed change fall; nothing has changed."""
    queries.may_change(actor)
    change = _open(number)
    change.state = Redating.State.DROPPED
    change.save(update_fields=["state"])
    write_leaf(actor=actor, action="redatings.drop", table="redating", key=number, facts={})
