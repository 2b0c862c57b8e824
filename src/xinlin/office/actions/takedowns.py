"""Requests to correct or take down something public: anybody may ask, a reviewer decides, the clock is public (撤下申请)."""

from __future__ import annotations

import secrets

from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.feed import lock_feed, tell
from xinlin.office.leaves import write_leaf
from xinlin.office.models.bulletins import Bulletin, Takedown
from xinlin.office.models.publicity import Publication, PublicChange
from xinlin.office.queries.bulletins import CONTACT, WORDS
from xinlin.office.queries.calendars import calendar
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

ANYBODY = Actor(handle="public:anybody", name="公众", role="public")
CLOCK = "takedown"
WORKING_DAYS = 5
MOST_OPEN = 3
"""Open requests about one thing; more say nothing new."""


def _refuse(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Refused:
    return Refused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en)))


@transaction.atomic
def ask(*, actor: Actor, about: str, reason: str, words: str, contact: str = "") -> str:
    """Ask that a published record or a case be corrected or taken down; gives the number to ask after it.

    What is said to be personal is hidden at once, while it is looked into; unless a person has already decided about this
    very thing that it may stay. Raises `Refused`.
    """
    text, reach = words.strip(), contact.strip()
    if reason not in Takedown.Reason.values or not 5 <= len(text) <= 2000 or len(reach) > 200:
        raise _refuse(
            "request_incomplete",
            "words",
            "请选择理由，并用 5 至 2000 字说明",
            "Choose a reason and explain it in 5 to 2000 characters",
            "写明哪一处、为什么",
            "Say which part, and why",
        )
    publication = Publication.objects.filter(reference=about.strip()).first()
    bulletin = None if publication else Bulletin.objects.filter(number=about.strip()).first()
    if publication is None and bulletin is None:
        raise _refuse(
            "nothing_public",
            "about",
            "没有这条公示或案例",
            "There is no such publication or case",
            "请从记录或案例的页面打开本表",
            "Open this form from the page of the record or case",
        )
    same = Takedown.objects.filter(publication=publication, bulletin=bulletin)
    if same.filter(state=Takedown.State.OPEN).count() >= MOST_OPEN:
        raise _refuse(
            "already_asked",
            "about",
            "这一条已有申请在办理",
            "Requests about this are already being looked into",
            "请等待答复后再提",
            "Wait for the answer",
        )
    clock = current().clocks.get(CLOCK)
    days = (clock.working_days if clock else None) or WORKING_DAYS
    row = Takedown.objects.create(
        number=f"CX{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
        publication=publication,
        bulletin=bulletin,
        reason=reason,
        words_sealed=vault.seal(text, WORDS),
        contact_sealed=vault.seal(reach, CONTACT) if reach else "",
        asked_at=now(),
        due_on=calendar().add_working_days(today(), days),
        hides=reason == Takedown.Reason.PERSONAL and not same.filter(state=Takedown.State.KEPT).exists(),
    )
    if row.hides and publication is not None:
        lock_feed()
        tell([(publication, PublicChange.Reason.HIDDEN, False)])
    write_leaf(
        actor=actor,
        action="takedowns.ask",
        table="takedown",
        key=row.number,
        facts={"about": about.strip(), "reason": reason, "words": row.words_sealed, "hides": row.hides},
    )
    return row.number


@transaction.atomic
def decide(*, actor: Actor, number: str, outcome: str, answer: str) -> None:
    """A reviewer decides with reasons: ``taken_down`` (its texts stay hidden), ``corrected``, or ``kept``.

    A record itself is corrected or withdrawn where it came from; this decides what of it is shown. The same decision again
    changes nothing. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    if actor.role != "reviewer":
        raise NotAllowed("只有信用中心审核员处理撤下申请。Only reviewers of the credit centre decide such requests.")
    row = Takedown.objects.select_for_update(of=("self",)).filter(number=number).first()
    if row is None:
        raise NotFound("没有这个编号的申请。There is no request with this number.")
    said = answer.strip()
    if outcome not in ("taken_down", "corrected", "kept") or not 5 <= len(said) <= 1000:
        raise _refuse(
            "decision_incomplete",
            "answer",
            "请选择结果，并用 5 至 1000 字说明理由",
            "Choose an outcome and give reasons in 5 to 1000 characters",
            "申请人凭编号看到答复",
            "Whoever holds the number reads the answer",
        )
    if row.state != Takedown.State.OPEN:
        if (row.state, row.answer) == (outcome, said):
            return
        raise _refuse(
            "already_decided", "number", "这个申请已经答复", "This request is decided", "请另行提出", "File another one"
        )
    hid, row.hides = row.hides, outcome == Takedown.State.TAKEN_DOWN
    row.state, row.answer, row.decided_at, row.decided_by = outcome, said, now(), actor.handle
    row.save()
    if row.publication is not None and hid != row.hides:
        lock_feed()
        reason = PublicChange.Reason.HIDDEN if row.hides else PublicChange.Reason.SHOWN
        tell([(row.publication, reason, False)])
    facts = {"outcome": outcome, "answer": said}
    write_leaf(actor=actor, action="takedowns.decide", table="takedown", key=number, facts=facts)
