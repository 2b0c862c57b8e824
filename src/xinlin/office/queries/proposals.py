"""Reads of schemes and of versions on their way into force. No figure of anybody is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from xinlin.core.log import digest
from xinlin.core.proposals import Change, Number, changes, numbers_of
from xinlin.core.schemes import Scheme
from xinlin.core.trade_scores import taken_over
from xinlin.core.values import Text
from xinlin.office.models.proposals import ProposalSignature, SchemeProposal
from xinlin.office.queries.scheme_texts import MAY_RECALL, MAY_SIGN, NOTICE_DAYS, ProposalRefused, checked, name_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

MAY_SEE = frozenset({"analyst", "reviewer", "auditor", "operator"})


@dataclass(frozen=True)
class SignatureView:
    """Who signed, and when."""

    name: str
    role: str
    at: datetime


@dataclass(frozen=True)
class Recall:
    """Who took an announcement back, when and why."""

    name: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class ProposalView:
    """A version on its way, with what it changes and who would move."""

    number: str
    scheme: str
    name: Text
    version: str
    replaces: str
    effective_from: date
    state: str
    in_force: bool
    reason: str
    proposed_name: str
    created_at: datetime
    announced_at: datetime | None
    recalled: Recall | None
    """Set where it was announced and taken back before its first day."""
    changes: list[Change]
    signatures: list[SignatureView]
    preview: dict[str, Any] | None
    preview_sha256: str
    progress: tuple[int, int]
    failed: bool
    may_sign: bool
    """Whether this actor may sign it now."""
    tiers: dict[str, Text]
    """The names of the tiers of both versions, by code."""
    text: str
    may_recall: bool
    """Whether this actor may take the announcement back now."""


@dataclass(frozen=True)
class SchemeLine:
    """A scheme in force as the model page lists it."""

    scheme: Scheme
    name: Text
    numbers: list[Number]
    demonstrations: int
    """Indicators whose numbers rest on no source."""
    indicators: int


def _may(actor: Actor) -> None:
    if actor.role not in MAY_SEE:
        raise NotAllowed("只有信用中心可以查看修订。Only the credit centre may see proposals.")


def schemes(*, actor: Actor) -> list[SchemeLine]:
    """The schemes of persons in force today: the city's own, then those of trades."""
    _may(actor)
    rulebook, day = current(), today()
    own = rulebook.scheme_at(day)
    standing = [*([own] if own is not None else []), *rulebook.trade_schemes_at(day)]
    lines = []
    for scheme in standing:
        taken = len(taken_over(scheme, [s for s in rulebook.schemes if s.extends is None]))
        indicators = [i for d in scheme.dimensions for i in d.indicators]
        invented = sum(indicator.points_basis == "demonstration" for indicator in indicators)
        numbers = numbers_of(scheme, rulebook.kinds, len(scheme.dimensions) - taken)
        lines.append(SchemeLine(scheme, name_of(scheme, rulebook), numbers, invented, len(indicators)))
    return lines


def _drafted(proposal: SchemeProposal) -> Scheme | None:
    """The version that a draft would be; None where its text does not fit the rulebook any more."""
    try:
        return checked(proposal.text)[1]
    except ProposalRefused:
        return None


def _view(proposal: SchemeProposal, signatures: list[ProposalSignature], actor: Actor | None) -> ProposalView:
    versions = {(one.code, one.version): one for one in current().schemes}
    before = versions.get((proposal.scheme, proposal.replaces))
    after = versions.get((proposal.scheme, proposal.version)) or _drafted(proposal)
    tiers = {tier.code: tier.name for scheme in (before, after) if scheme is not None for tier in scheme.tiers}
    draft = proposal.state == SchemeProposal.State.DRAFT
    waiting = proposal.state == SchemeProposal.State.ANNOUNCED and proposal.effective_from > today()
    job = proposal.job
    signed = actor is not None and any(one.by == actor.handle for one in signatures)
    return ProposalView(
        number=proposal.number,
        scheme=proposal.scheme,
        name=name_of(after, current()) if after is not None else Text(zh=proposal.scheme, en=proposal.scheme),
        version=proposal.version,
        replaces=proposal.replaces,
        effective_from=proposal.effective_from,
        state=proposal.state,
        in_force=proposal.state == SchemeProposal.State.ANNOUNCED and proposal.effective_from <= today(),
        reason=proposal.reason,
        proposed_name=proposal.proposed_name,
        created_at=proposal.created_at,
        announced_at=proposal.announced_at,
        recalled=_recall(proposal),
        changes=changes(before, after, current().kinds) if before is not None and after is not None else [],
        signatures=[SignatureView(one.by_name, one.role, one.at) for one in signatures],
        preview=proposal.preview,
        preview_sha256=digest(proposal.preview) if proposal.preview is not None else "",
        progress=(job.done, job.total) if job is not None else (0, 0),
        failed=job is not None and job.state == "failed",
        may_sign=bool(draft and proposal.preview and actor is not None and actor.role in MAY_SIGN and not signed),
        tiers=tiers,
        text=proposal.text,
        may_recall=bool(waiting and actor is not None and actor.role in MAY_RECALL),
    )


def _recall(proposal: SchemeProposal) -> Recall | None:
    if proposal.recalled_at is None:
        return None
    return Recall(proposal.recalled_name, proposal.recalled_at, proposal.recalled_reason)


def proposals(*, actor: Actor, limit: int = 50) -> list[ProposalView]:
    """All versions that were proposed here, newest first."""
    _may(actor)
    found = SchemeProposal.objects.filter(rulebook=current().code).select_related("job")
    rows = list(found.prefetch_related("signatures").order_by("-pk")[:limit])
    return [_view(row, list(row.signatures.all()), actor) for row in rows]


def proposal(*, actor: Actor, number: str) -> ProposalView:
    """One of them. Raises `NotFound`."""
    _may(actor)
    row = SchemeProposal.objects.filter(rulebook=current().code, number=number).select_related("job").first()
    if row is None:
        raise NotFound(f"没有修订 {number}。There is no proposal {number}.")
    return _view(row, list(row.signatures.all()), actor)


def announced() -> list[ProposalView]:
    """Announced versions, newest first, for everybody: what changes, why, from when, and who would move; recalled ones too."""
    public = (SchemeProposal.State.ANNOUNCED, SchemeProposal.State.RECALLED)
    found = SchemeProposal.objects.filter(rulebook=current().code, state__in=public)
    rows = list(found.select_related("job").prefetch_related("signatures").order_by("-effective_from", "-pk"))
    return [_view(row, list(row.signatures.all()), None) for row in rows]


def notice_days() -> int:
    """How many days of notice come before a first day, at least."""
    return NOTICE_DAYS
