"""Reads about accounts: which actor a signed-in account or a machine is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils.timezone import localtime

from xinlin.office.bulk import fetched
from xinlin.office.models.batches import Batch
from xinlin.office.models.checks import Check
from xinlin.office.models.staff import Account, Machine
from xinlin.office.scopes import Actor, NotAllowed, now


def actor_of(user: AbstractBaseUser | AnonymousUser) -> Actor:
    """The actor that a signed-in account is. Raises `NotAllowed` for nobody and for closed accounts."""
    if not isinstance(user, Account) or not user.is_active:
        raise NotAllowed("请先登录。Sign in first.")
    return Actor(
        handle=f"account:{user.pk}",
        name=user.display_name,
        role=user.role,
        department=user.department,
        subject_id=user.subject_id,
        assurance=user.assurance,
    )


@dataclass(frozen=True, slots=True)
class Let:
    """What an access token lets in: whom (None where the system was closed), for which duties, to which addresses."""

    actor: Actor | None
    scopes: frozenset[str]
    resources: list[str]
    daily_limit: int | None = None
    """How many deliveries and checks it may make in a day."""


_LET = """SELECT t.scopes, t.data, m.id, m.name, m.department, m.items, m.daily_limit
FROM allauth_idp_oidc_token t
JOIN allauth_idp_oidc_client c ON c.id = t.client_id AND c.type = 'confidential'
LEFT JOIN machine m ON m.client_id = c.id AND m.active
WHERE t.type = 'at' AND t.hash = %s AND t.user_id IS NULL AND (t.expires_at IS NULL OR t.expires_at > %s)"""


def let_in(token: str) -> Let | None:
    """What the access token of a system lets in; None where it is none, or no longer. One query: every call asks it.

    allauth issued the token and keeps its SHA-256; a token of a person is none here.
    """
    moment = connection.ops.adapt_datetimefield_value(now())
    rows = fetched(_LET, [hashlib.sha256(token.encode()).hexdigest(), moment])
    if not rows:
        return None
    scopes, data, pk, name, department, items, daily_limit = rows[0]
    granted = _read(data) or {}
    actor = (
        Actor(f"machine:{pk}", name, "machine", department, items=tuple(_read(items) or ())) if pk is not None else None
    )
    resources = granted.get("resources")
    return Let(actor, frozenset(scopes.split()), resources if isinstance(resources, list) else [], daily_limit)


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def used_today(actor: Actor) -> int:
    """How many deliveries and checks the system has made since midnight, in the city's time."""
    since = localtime(now()).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        Batch.objects.filter(department=actor.department, sent_by=actor.handle, received_at__gte=since).count()
        + Check.objects.filter(department=actor.department, client=actor.handle, asked_at__gte=since).count()
    )


def machine_named(handle: str) -> Actor:
    """The system that an address was made for (its actor's handle). Raises `NotAllowed` where it was closed since."""
    found = Machine.objects.filter(pk=handle.removeprefix("machine:"), active=True).first()
    if found is None:
        raise NotAllowed("该系统未接入或已停用。This system is not let in, or its access was closed.")
    return Actor(handle, found.name, "machine", found.department, items=tuple(found.items))


def database_answers() -> None:
    """Ask the database a question, for the health page. Raises django.db.DatabaseError where it does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
