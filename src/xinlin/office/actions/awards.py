"""Rounds of awards: threshold, nomination, panel, award, each step dated, signed and with a leaf (诚信评选)."""

from __future__ import annotations

import secrets
from datetime import date

from django.db import IntegrityError, transaction

from xinlin.core.awards import outcome
from xinlin.core.values import Problem, Text
from xinlin.office.actions.checks import text_required
from xinlin.office.leaves import write_leaf
from xinlin.office.models.awards import AwardRound, Nomination, PanelVote
from xinlin.office.models.people import Subject
from xinlin.office.queries.awards import eligible
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today


def _refused(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Refused:
    return Refused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en)))


def open_round(*, actor: Actor, title_zh: str, title_en: str, tier: str, department: str, closes_on: date) -> str:
    """Open a year's round; returns its number. Raises `NotAllowed`, `Refused`."""
    if actor.role != "reviewer":
        raise NotAllowed("只有信用中心审核员可以开启评选。Only reviewers may open a round of awards.")
    scheme = current().scheme_at(today())
    if scheme is None or tier not in {one.code for one in scheme.tiers} or department not in current().departments:
        cure = ("从列出的等级和部门里选", "Choose one of the levels and offices listed")
        raise _refused("unknown", "tier", "没有这个等级或部门", "There is no such level or office", *cure)
    if closes_on < today():
        cure = ("改为今天或以后", "Choose today or later")
        raise _refused("past", "closes_on", "报名截止日已过", "The last day is over", *cure)
    titles = text_required("title_zh", title_zh, 100), text_required("title_en", title_en, 100)
    with transaction.atomic():
        made = AwardRound.objects.create(
            number=f"PX{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
            rulebook=current().code,
            title_zh=titles[0],
            title_en=titles[1],
            tier=tier,
            department=department,
            opened_by=actor.handle,
            opened_name=actor.name,
            opened_at=now(),
            closes_on=closes_on,
        )
        facts = {"title": titles[0], "tier": tier, "department": department, "closes_on": closes_on}
        write_leaf(actor=actor, action="awards.open", table="award_round", key=made.number, facts=facts)
    return made.number


def nominate(*, actor: Actor, round_number: str) -> str:
    """The resident puts themselves forward; nobody else can. Returns the nomination's number, the same one the second time.

    Raises `NotAllowed`, `NotFound`, `Refused` after the last day, without a live score, or below the level.
    """
    subject = own_subject(actor)
    found = AwardRound.objects.filter(number=round_number, rulebook=current().code).first()
    if found is None:
        raise NotFound(f"没有评选 {round_number}。There is no round {round_number}.")
    if found.closes_on < today():
        cure = ("等下一次评选", "Wait for the next round")
        raise _refused("closed", "round", "报名已截止", "Nominations are over", *cure)
    with transaction.atomic():
        Subject.objects.select_for_update().get(pk=subject.pk)
        standing = Nomination.objects.filter(round=found, subject=subject).first()
        if standing is not None:
            return standing.number
        consent = eligible(subject.pk, found.tier)
        if consent is None:
            cure = ("达到等级后再报名；不报名没有任何影响", "Come back once it is reached; not coming costs nothing")
            raise _refused(
                "below", "tier", "评分未开通或还没达到等级", "No score is open, or the level is not reached", *cure
            )
        made = Nomination.objects.create(
            number=f"BM{today():%Y%m%d}-{secrets.token_hex(6)}",
            round=found,
            subject=subject,
            consent_id=consent,
            nominated_at=now(),
        )
        facts = {"round": found.number}
        write_leaf(actor=actor, action="awards.nominate", table="award_nomination", key=made.number, facts=facts)
    return made.number


def _own(actor: Actor, number: str) -> Nomination:
    subject = own_subject(actor)
    found = Nomination.objects.select_for_update(of=("self",)).filter(number=number, subject=subject).first()
    if found is None:
        raise NotFound(f"没有您的报名 {number}。There is no nomination {number} of yours.")
    return found


def withdraw(*, actor: Actor, number: str) -> None:
    """Take one's nomination, or award, back: it is deleted with all votes. Raises `NotAllowed`, `NotFound`."""
    with transaction.atomic():
        found = _own(actor, number)
        found.delete()
        write_leaf(actor=actor, action="awards.withdraw", table="award_nomination", key=number, facts={})


def show_name(*, actor: Actor, number: str, shown: bool) -> None:
    """Tick, or untick, that one's name stand on the public roll. Raises `NotAllowed`, `NotFound`, `Refused` before the award."""
    with transaction.atomic():
        found = _own(actor, number)
        if found.state != Nomination.State.AWARDED:
            cure = ("评上之后再决定", "Decide once it is awarded")
            raise _refused("not_awarded", "state", "还没有评上", "It is not awarded", *cure)
        if (found.shown_at is not None) == shown:
            return
        found.shown_at = now() if shown else None
        found.save(update_fields=["shown_at"])
        write_leaf(actor=actor, action="awards.show_name", table="award_nomination", key=number, facts={"shown": shown})


def vote(*, actor: Actor, number: str, yes: bool, reason: str) -> str:
    """A member of the panel signs, with a reason; the second signature decides. Returns the nomination's state.

    One member is a reviewer of the centre, the other a clerk of the office that awards. Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    words = text_required("reason", reason, 500)
    with transaction.atomic():
        rounds = Nomination.objects.select_for_update(of=("self",)).select_related("round")
        found = rounds.filter(number=number, round__rulebook=current().code).first()
        if found is None:
            raise NotFound(f"没有报名 {number}。There is no nomination {number}.")
        if not (actor.role == "reviewer" or (actor.role == "clerk" and actor.department == found.round.department)):
            raise NotAllowed("只有评审成员可以签署。Only members of the panel may sign.")
        if found.state != Nomination.State.NOMINATED:
            cure = ("评审已有结果", "The panel has decided")
            raise _refused("decided", "state", "已经评定", "It is decided already", *cure)
        try:
            with transaction.atomic():
                PanelVote.objects.create(
                    nomination=found, by=actor.handle, by_name=actor.name, role=actor.role, at=now(), yes=yes,
                    reason=words,
                )  # fmt: skip
        except IntegrityError as error:
            cure = ("等另一方签署", "Wait for the other side")
            raise _refused("signed_already", "vote", "这一方已签署", "This side has signed already", *cure) from error
        state = outcome(list(found.votes.order_by("pk").values_list("yes", flat=True)))
        if state != found.state:
            found.state, found.decided_at = state, now()
            found.save(update_fields=["state", "decided_at"])
        facts = {"yes": yes, "reason": words, "state": state}
        write_leaf(actor=actor, action="awards.vote", table="award_nomination", key=number, facts=facts)
    return state
