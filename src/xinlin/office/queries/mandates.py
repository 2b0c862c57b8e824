"""Who acts for whom: as the person sees it, as the helper sees it, and as a gate asks it (代办)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from xinlin.core.people import mask_name
from xinlin.office import vault
from xinlin.office.models.mandates import Mandate
from xinlin.office.queries.people import own_subject
from xinlin.office.scopes import Actor, now


@dataclass(frozen=True)
class MandateView:
    """A mandate as either side sees it."""

    number: str
    kind: str
    holder_name: str
    principal_name: str
    """Masked."""
    powers: list[str]
    purpose: str
    from_at: datetime
    until_at: datetime
    ended_at: datetime | None
    standing: bool


def _standing() -> Q:
    moment = now()
    return Q(ended_at__isnull=True, from_at__lte=moment, until_at__gt=moment)


def _view(mandate: Mandate, moment: datetime) -> MandateView:
    sealed = mandate.principal.name_sealed
    return MandateView(
        number=mandate.number,
        kind=mandate.kind,
        holder_name=mandate.holder_name,
        principal_name=mask_name(vault.unseal(sealed, "subject.name")) if sealed else "",
        powers=list(mandate.powers),
        purpose=mandate.purpose,
        from_at=mandate.from_at,
        until_at=mandate.until_at,
        ended_at=mandate.ended_at,
        standing=mandate.ended_at is None and mandate.from_at <= moment < mandate.until_at,
    )


def given(*, actor: Actor) -> list[MandateView]:
    """Everybody who may or might act for the resident, newest first; a helper cannot see or end these."""
    found = Mandate.objects.filter(principal=own_subject(actor)).select_related("principal").order_by("-from_at", "-pk")
    return [_view(mandate, now()) for mandate in found[:100]]


def held(*, actor: Actor) -> list[MandateView]:
    """For whom the resident may act today."""
    found = Mandate.objects.filter(_standing(), holder_subject=own_subject(actor)).select_related("principal")
    return [_view(mandate, now()) for mandate in found.order_by("from_at", "pk")]


def _held_by(actor: Actor) -> QuerySet[Mandate]:
    """Mandates that stand and that this account holds, as a resident or at a counter."""
    account = actor.handle.removeprefix("account:")
    mine = Q(holder_account_id=int(account)) if account.isdecimal() else Q(pk__in=[])
    if actor.role == "resident" and actor.subject_id is not None:
        mine |= Q(holder_subject=own_subject(actor))
    return Mandate.objects.filter(_standing(), mine)


def acting(*, actor: Actor, number: str) -> tuple[Actor, MandateView] | None:
    """The actor as helper under a mandate, and the mandate; None where it does not stand, or is another's.

    Asked at every request, so that an ended one opens nothing from then on.
    """
    mandate = _held_by(actor).filter(number=number).select_related("principal").first()
    if mandate is None:
        return None
    helper = replace(
        actor,
        role="helper",
        subject_id=mandate.principal_id,
        powers=frozenset(mandate.powers),
        mandate=f"{mandate.number} {mandate.purpose}"[:200],
    )
    return helper, _view(mandate, now())
