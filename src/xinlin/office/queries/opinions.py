"""Reads of what people said, and of what came of it: one's own, the centre's inbox, and the public list without anybody in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop

from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.proposals import Opinion, SchemeProposal
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

MAY_ANSWER = frozenset({"analyst", "reviewer"})
TEXT_PLACE = "opinion.text"


@dataclass(frozen=True)
class OpinionView:
    """One opinion. ``text`` is what was said in full; empty on the public list."""

    number: str
    at: datetime
    text: str
    about: str
    """Number of the announced change that it is about."""
    named: bool
    said: Text | None
    answer: Text | None
    answered_at: datetime | None
    changed_in: str
    changed_version: str


def _view(row: Opinion, text: str) -> OpinionView:
    done = row.answered_at is not None
    return OpinionView(
        number=row.number,
        at=row.at,
        text=text,
        about=row.about.number if row.about else "",
        named=row.subject_id is not None,
        said=Text(zh=row.said_zh, en=row.said_en) if done else None,
        answer=Text(zh=row.answer_zh, en=row.answer_en) if done else None,
        answered_at=row.answered_at,
        changed_in=row.changed_in.number if row.changed_in else "",
        changed_version=row.changed_in.version if row.changed_in else "",
    )


def mine(*, actor: Actor) -> list[OpinionView]:
    """What the resident said under their own name, newest first, with the answers."""
    rows = Opinion.objects.filter(subject=own_subject(actor)).select_related("about", "changed_in").order_by("-pk")
    return [_view(row, vault.unseal(row.text_sealed, TEXT_PLACE)) for row in rows]


def inbox(*, actor: Actor, limit: int = 100) -> list[OpinionView]:
    """The centre's inbox: unanswered first, newest first. Who said it is not shown; they see that it was read."""
    if actor.role not in MAY_ANSWER:
        raise NotAllowed("只有信用中心可以阅读意见。Only the credit centre may read opinions.")
    rows = list(Opinion.objects.select_related("about", "changed_in").order_by("answered_at", "-pk")[:limit])
    rows.sort(key=lambda row: (row.answered_at is not None, -row.pk))
    write_look(
        actor=actor,
        subjects=[row.subject_id for row in rows if row.subject_id is not None],
        purpose=gettext_noop("阅读对评分的意见"),
        clause=gettext_noop("个人信息保护法 第十三条"),
        kinds=[],
        result=gettext_noop("读了意见全文，不含姓名"),
    )
    return [_view(row, vault.unseal(row.text_sealed, TEXT_PLACE)) for row in rows]


def answered(limit: int = 50) -> list[OpinionView]:
    """The public list “you said, we changed”: in the centre's words, nobody's data in it, newest first."""
    rows = Opinion.objects.filter(answered_at__isnull=False).select_related("about", "changed_in")
    return [_view(row, "") for row in rows.order_by("-answered_at")[:limit]]


def changes_to_name() -> list[tuple[str, str]]:
    """(number, version) of changes that an answer may name."""
    rows = SchemeProposal.objects.filter(rulebook=current().code).exclude(state=SchemeProposal.State.WITHDRAWN)
    return list(rows.order_by("-pk").values_list("number", "version"))
