"""Changes to passkeys: adding, removing, signing in by one (通行密钥).

A passkey opens the door again to whom the identity service has vouched for; it vouches for nobody itself. Level and time of the
last verification stay as they are, and once that is too long ago the passkey waits for the next one.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from xinlin.core.staff import CLOSED, PASSKEY_NAME, PASSKEY_UNKNOWN, PASSKEY_WAITS, PASSKEYS_ENOUGH
from xinlin.office.actions.staff import SignInRefused
from xinlin.office.leaves import write_leaf
from xinlin.office.models.staff import Account
from xinlin.office.queries.passkeys import verified_within, why_no_passkey
from xinlin.office.scopes import Actor, NotFound, Refused

MOST = 10
"""Passkeys of one account."""
NAME_LENGTH = 40


def _own(actor: Actor) -> Account:
    """The account that acts, held until the end of the transaction."""
    return Account.objects.select_for_update().get(pk=int(actor.handle.removeprefix("account:")))


@transaction.atomic
def add_passkey(*, actor: Actor, name: str, credential: dict[str, object]) -> int:
    """Keep a passkey that the actor's device has made and `credential` proves; returns its key.

    Raises `Refused` where the identity service has not just vouched for the actor, or for a name or number out of bounds.
    """
    account, name = _own(actor), name.strip()
    problem = why_no_passkey(account)
    if problem is not None:
        raise Refused(problem)
    if not 0 < len(name) <= NAME_LENGTH:
        raise Refused(PASSKEY_NAME)
    held = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.WEBAUTHN)
    if held.count() >= MOST:
        raise Refused(PASSKEYS_ENOUGH)
    made = Authenticator.objects.create(
        user_id=account.pk, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": credential}
    )
    write_leaf(
        actor=actor,
        action="passkeys.add",
        table="account",
        key=str(account.pk),
        facts={"passkey": made.pk, "name": name},
    )
    return int(made.pk)


@transaction.atomic
def remove_passkey(*, actor: Actor, key: int) -> None:
    """Take a passkey of the actor's away; from now on it opens nothing. Raises `NotFound` for another's or none."""
    account = _own(actor)
    removed, _each = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.WEBAUTHN, pk=key).delete()
    if not removed:
        raise NotFound("没有这个通行密钥。There is no such passkey.")
    write_leaf(actor=actor, action="passkeys.remove", table="account", key=str(account.pk), facts={"passkey": key})


@transaction.atomic
def signed_in_by_passkey(*, key: int) -> Account:
    """The account whose passkey ``key`` has just been proved, with the user verified by the device; the actor is that person.

    Raises `SignInRefused` where the passkey was removed, the account closed, or the identity service's word is too old.
    """
    passkey = Authenticator.objects.select_for_update().filter(pk=key, type=Authenticator.Type.WEBAUTHN).first()
    if passkey is None:
        raise SignInRefused(PASSKEY_UNKNOWN)
    account = Account.objects.get(pk=passkey.user_id)
    if not account.is_active:
        raise SignInRefused(CLOSED)
    if not verified_within(account, timedelta(days=settings.PASSKEY_DAYS)):
        raise SignInRefused(PASSKEY_WAITS)
    passkey.record_usage()
    write_leaf(
        actor=Actor(handle=f"account:{account.pk}", name=account.display_name, role=account.role),
        action="passkeys.sign_in",
        table="account",
        key=str(account.pk),
        facts={"passkey": key, "assurance": account.assurance, "verified_at": account.verified_at},
    )
    return account
