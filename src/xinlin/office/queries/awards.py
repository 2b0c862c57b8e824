"""Reads of award rounds: what is open, who stands before the panel, one's own, and the public roll (诚信评选)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.utils.translation import gettext_noop

from xinlin.core.small_cells import hide_small
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.consent_gate import in_force
from xinlin.office.models.awards import AwardRound, Nomination
from xinlin.office.models.people import Consent
from xinlin.office.queries.people import look_at_oneself, own_subject, write_look
from xinlin.office.queries.scores import standing
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

AT_ONCE = 200


@dataclass(frozen=True)
class RoundView:
    """A round of awards."""

    number: str
    title: Text
    tier: Text
    department: Text
    closes_on: date
    open: bool
    opened_name: str
    opened_at: datetime
    nominated: int
    awarded: int


@dataclass(frozen=True)
class VoteView:
    """Who signed, how and why."""

    name: str
    role: str
    at: datetime
    yes: bool
    reason: str


@dataclass(frozen=True)
class NominationView:
    """A nomination before the panel, or one's own."""

    number: str
    round: RoundView
    name: str
    state: str
    nominated_at: datetime
    decided_at: datetime | None
    votes: list[VoteView]
    shown: bool
    may_vote: bool


@dataclass(frozen=True)
class RollView:
    """A round as everybody may read it: how many, and the names whose owners want them shown."""

    round: RoundView
    awarded: int | None
    """None where fewer than ten."""
    names: list[str]


def eligible(subject_id: int, tier: str) -> int | None:
    """The key of the live consent of whoever reaches the level today, else None. System use: the person asks for themselves."""
    reached = standing(subject_id, current(), today())
    if reached is None or tier not in reached.reached:
        return None
    live = Consent.objects.filter(in_force(), subject_id=subject_id, step=Consent.Step.SCORE, scene="")
    return live.values_list("pk", flat=True).first()


def tiers() -> list[tuple[str, Text]]:
    """The levels of the scheme in force, high to low; empty where nobody is scored."""
    scheme = current().scheme_at(today())
    return [(tier.code, tier.name) for tier in reversed(scheme.tiers)] if scheme is not None else []


def _name(code: str, names: Sequence[tuple[str, Text]]) -> Text:
    return next((name for known, name in names if known == code), Text(zh=code, en=code))


def _round(row: AwardRound, nominated: int = 0, awarded: int = 0) -> RoundView:
    known = {scheme_tier.code: scheme_tier.name for scheme in current().schemes for scheme_tier in scheme.tiers}
    department = current().departments.get(row.department)
    return RoundView(
        number=row.number,
        title=Text(zh=row.title_zh, en=row.title_en),
        tier=_name(row.tier, list(known.items())),
        department=department.name if department is not None else Text(zh=row.department, en=row.department),
        closes_on=row.closes_on,
        open=row.closes_on >= today(),
        opened_name=row.opened_name,
        opened_at=row.opened_at,
        nominated=nominated,
        awarded=awarded,
    )


def _rounds() -> list[tuple[AwardRound, int, int]]:
    found = AwardRound.objects.filter(rulebook=current().code).order_by("-pk")
    counted = found.annotate(
        all=Count("nominations"), won=Count("nominations", filter=Q(nominations__state=Nomination.State.AWARDED))
    )
    return [(row, row.all, row.won) for row in counted]


def rounds(*, actor: Actor) -> list[RoundView]:
    """All rounds, newest first, for those on a panel; a clerk sees those of their own office."""
    if actor.role not in ("reviewer", "clerk", "auditor"):
        raise NotAllowed("只有评审成员可以查看。Only members of a panel may see this.")
    found = _rounds()
    if actor.role == "clerk":
        found = [one for one in found if one[0].department == actor.department]
    return [_round(*one) for one in found]


def open_rounds(*, actor: Actor) -> list[tuple[RoundView, bool]]:
    """The rounds that are open for the resident who has not been nominated in them, and whether they reach the level."""
    subject, day = own_subject(actor, "see"), today()
    taken = Nomination.objects.filter(subject=subject).values("round_id")
    found = AwardRound.objects.filter(rulebook=current().code, closes_on__gte=day).exclude(pk__in=taken)
    rows = list(found.order_by("closes_on"))
    reached = standing(subject.pk, current(), day) if rows else None
    if rows:
        look_at_oneself(actor, (), gettext_noop("查看评选"))
    return [(_round(row), reached is not None and row.tier in reached.reached) for row in rows]


def _votes(row: Nomination) -> list[VoteView]:
    return [VoteView(one.by_name, one.role, one.at, one.yes, one.reason) for one in row.votes.order_by("pk")]


def _view(row: Nomination, actor: Actor) -> NominationView:
    votes = _votes(row)
    side = actor.role == "reviewer" or (actor.role == "clerk" and actor.department == row.round.department)
    return NominationView(
        number=row.number,
        round=_round(row.round),
        name=vault.unseal(row.subject.name_sealed, "subject.name"),
        state=row.state,
        nominated_at=row.nominated_at,
        decided_at=row.decided_at,
        votes=votes,
        shown=row.shown_at is not None,
        may_vote=side and row.state == "nominated" and actor.role not in {vote.role for vote in votes},
    )


def mine(*, actor: Actor) -> list[NominationView]:
    """The resident's own nominations and awards, newest first. A look at oneself."""
    subject = own_subject(actor, "see")
    rows = Nomination.objects.filter(subject=subject, round__rulebook=current().code)
    found = [_view(row, actor) for row in rows.select_related("round", "subject").order_by("-pk")]
    if found:
        look_at_oneself(actor, (), gettext_noop("查看评选"))
    return found


def own(*, actor: Actor, number: str) -> NominationView:
    """One of them, awarded. Raises `NotFound`."""
    found = next((one for one in mine(actor=actor) if one.number == number and one.state == "awarded"), None)
    if found is None:
        raise NotFound(f"没有您的证书 {number}。There is no certificate {number} of yours.")
    return found


def panel(*, actor: Actor, number: str) -> tuple[RoundView, list[NominationView]]:
    """A round's nominations for its panel, those that wait first; everybody on the page sees who looked. Raises `NotFound`."""
    view = next((one for one in rounds(actor=actor) if one.number == number), None)
    if view is None:
        raise NotFound(f"没有评选 {number}。There is no round {number}.")
    rows = list(
        Nomination.objects.filter(round__number=number)
        .select_related("round", "subject")
        .prefetch_related("votes")
        .order_by("decided_at", "pk")[:AT_ONCE]
    )
    rows.sort(key=lambda row: row.state != Nomination.State.NOMINATED)
    write_look(
        actor=actor,
        subjects=[row.subject_id for row in rows],
        purpose=gettext_noop("评选：评审报名"),
        clause="",
        kinds=(),
        result=gettext_noop("看到姓名和报名"),
    )
    return view, [_view(row, actor) for row in rows]


def roll() -> list[RollView]:
    """The rounds with how many were awarded and the names whose owners ticked them. Public: of nobody else anything."""
    found = []
    for row, nominated, awarded in _rounds():
        shown = Nomination.objects.filter(round=row, shown_at__isnull=False).select_related("subject").order_by("pk")
        names = [vault.unseal(one.subject.name_sealed, "subject.name") for one in shown]
        hidden = hide_small({"awarded": awarded, "others": nominated - awarded})["awarded"]
        found.append(RollView(_round(row), hidden, names))
    return found
