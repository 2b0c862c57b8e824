"""Reads about passkeys: which ones an account has, and whether it may have one more (通行密钥)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from xinlin.core.staff import VERIFY_FIRST, assurance_problem
from xinlin.core.values import Problem
from xinlin.office.models.staff import Account
from xinlin.office.scopes import Actor, now


@dataclass(frozen=True)
class PasskeyView:
    """A passkey as its owner sees it."""

    key: int
    name: str
    added_at: datetime
    used_at: datetime | None


def passkeys(*, actor: Actor) -> list[PasskeyView]:
    """The passkeys of the account that acts, the newest first."""
    held = Authenticator.objects.filter(
        user_id=int(actor.handle.removeprefix("account:")), type=Authenticator.Type.WEBAUTHN
    )
    return [PasskeyView(one.pk, one.data["name"], one.created_at, one.last_used_at) for one in held.order_by("-pk")]


def verified_within(account: Account, age: timedelta) -> bool:
    """Whether the identity service vouched for this account within ``age``, well enough, and the two are still linked."""
    return (
        account.verified_at is not None
        and assurance_problem(
            acr=account.assurance,
            accepted=settings.IDENTITY_ACCEPTED_ASSURANCE,
            verified_at=account.verified_at,
            moment=now(),
            maximum_age=age,
        )
        is None
        and SocialAccount.objects.filter(user_id=account.pk, provider=settings.IDENTITY_ISSUER).exists()
    )


def why_no_passkey(user: AbstractBaseUser | AnonymousUser) -> Problem | None:
    """Why this account may not add a passkey now, or None: it must have just been verified by the identity service."""
    just_now = timedelta(seconds=settings.IDENTITY_MAXIMUM_AGE)
    return None if isinstance(user, Account) and verified_within(user, just_now) else VERIFY_FIRST
