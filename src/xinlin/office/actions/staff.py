"""Changes to accounts: appointing staff, signing in, and letting machines in (账户, 接入系统)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.idp.oidc.models import Client
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from xinlin.core.people import comparable_name, mask_name, normalise_identifier
from xinlin.core.staff import (
    CLOSED,
    IS_A_RESIDENT,
    LINKED_OTHERWISE,
    MACHINE_SCOPES,
    NAME_DIFFERS,
    assurance_problem,
)
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Subject
from xinlin.office.models.staff import Account, Machine, Role
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now


class SignInRefused(Refused):
    """The identity service vouched for somebody, and yet they may not come in."""


def _must_run_the_house(actor: Actor) -> None:
    if actor.role != Role.OPERATOR and not actor.handle.startswith("system:"):
        raise NotAllowed("只有运维管理员可以任命人员或接入系统。Only an operator may appoint staff or let machines in.")


def _must_exist(department: str) -> None:
    if department not in current().departments:
        raise Refused(
            Problem(
                code="unknown_department",
                where="department",
                raw=department,
                what=Text(zh=f"规则册里没有部门 {department}。", en=f"The rulebook has no department {department}."),
                cure=Text(
                    zh=f"请用其中之一：{'、'.join(current().departments)}。",
                    en=f"Use one of: {', '.join(current().departments)}.",
                ),
            )
        )


def _new_account(*, issuer: str, subject_claim: str, **fields: object) -> Account:
    account = Account(username=f"account-{secrets.token_hex(12)}", **fields)
    account.set_unusable_password()
    account.save()
    SocialAccount.objects.create(user=account, provider=issuer, uid=subject_claim, extra_data={})
    return account


def _linked(issuer: str, subject_claim: str) -> Account | None:
    link = SocialAccount.objects.filter(provider=issuer, uid=subject_claim).first()
    return None if link is None else Account.objects.get(pk=link.user_id)


@transaction.atomic
def appoint(
    *,
    actor: Actor,
    issuer: str,
    subject_claim: str,
    role: str,
    department: str,
    display_name: str,
    home_region: str = "",
) -> int:
    """Make the person (``issuer``, ``subject_claim``) staff in one role for one department; returns the account's key.

    The same appointment again changes nothing. A resident's account never becomes staff: whoever has two duties has two
    accounts. ``home_region`` is the division code where they live: looks at neighbours raise an alarm. Raises `NotAllowed`,
    `Refused` for an unknown department, or ValueError for a role that is not one of staff.
    """
    _must_run_the_house(actor)
    if role not in set(Role.values) - {Role.RESIDENT}:
        raise ValueError(
            f"{role!r} is not a role of staff; one of {', '.join(sorted(set(Role.values) - {'resident'}))}"
        )
    _must_exist(department)
    account = _linked(issuer, subject_claim)
    if account is None:
        account = _new_account(
            issuer=issuer,
            subject_claim=subject_claim,
            role=role,
            department=department,
            display_name=display_name,
            home_region=home_region,
        )
    elif account.role == Role.RESIDENT:
        raise Refused(IS_A_RESIDENT)
    elif (account.role, account.department, account.display_name, account.home_region) == (
        role,
        department,
        display_name,
        home_region,
    ):
        return account.pk
    else:
        account.role, account.department, account.display_name = role, department, display_name
        account.home_region = home_region
        account.save(update_fields=["role", "department", "display_name", "home_region"])
    write_leaf(
        actor=actor,
        action="staff.appoint",
        table="account",
        key=str(account.pk),
        facts={"role": role, "department": department, "display_name": display_name},
    )
    return account.pk


def _found_subject(resident_id: str, name: str) -> Subject | None:
    """The person in the register with this id number, or None. Raises `SignInRefused` where the name is another."""
    if not resident_id:
        return None
    subject = Subject.objects.filter(
        register=Subject.Register.PERSON, identifier_key=vault.identifier_key(normalise_identifier(resident_id))
    ).first()
    if subject is None:
        return None
    registered = vault.unseal(subject.name_sealed, "subject.name") if subject.name_sealed else ""
    if comparable_name(registered) != comparable_name(name):
        raise SignInRefused(NAME_DIFFERS)
    if Account.objects.filter(subject=subject).exists():
        raise SignInRefused(LINKED_OTHERWISE)
    return subject


@transaction.atomic
def signed_in(
    *, issuer: str, subject_claim: str, name: str, resident_id: str, acr: str, auth_time: datetime
) -> Account:
    """The account of a person for whom the city's identity service just vouched; the actor is that person.

    Staff are known by (``issuer``, ``subject_claim``) from their appointment. A resident is matched once, by the keyed
    hash of ``resident_id`` and the same name; the number itself is not kept. Who is not in the register gets an account
    without a subject, and is matched at a later sign-in. Raises `SignInRefused` with what to do.
    """
    problem = assurance_problem(
        acr=acr,
        accepted=settings.IDENTITY_ACCEPTED_ASSURANCE,
        verified_at=auth_time,
        moment=now(),
        maximum_age=timedelta(seconds=settings.IDENTITY_MAXIMUM_AGE),
    )
    if problem is not None:
        raise SignInRefused(problem)
    account = _linked(issuer, subject_claim)
    if account is None:
        subject = _found_subject(resident_id, name)
        account = _new_account(
            issuer=issuer,
            subject_claim=subject_claim,
            role=Role.RESIDENT,
            display_name=mask_name(name),
            subject=subject,
        )
    elif account.role == Role.RESIDENT and account.subject_id is None:
        account.subject = _found_subject(resident_id, name)
    if not account.is_active:
        raise SignInRefused(CLOSED)
    account.assurance, account.verified_at = acr, auth_time
    account.save(update_fields=["assurance", "verified_at", "subject"])
    write_leaf(
        actor=Actor(handle=f"account:{account.pk}", name=account.display_name, role=account.role),
        action="staff.sign_in",
        table="account",
        key=str(account.pk),
        facts={"assurance": acr, "verified_at": auth_time, "linked": account.subject_id is not None},
    )
    return account


@transaction.atomic
def add_machine(
    *,
    actor: Actor,
    name: str,
    department: str,
    scopes: Collection[str],
    items: Collection[str] = (),
    daily_limit: int | None = None,
) -> tuple[str, str]:
    """Let a department's system in by OAuth 2 client credentials; returns (client id, secret).

    ``items`` are the approval items at which it may ask; none for every item of its department. ``daily_limit`` bounds its
    deliveries and checks together in a day.

    The secret is shown this once: only its hash is kept. Raises `NotAllowed`, or `Refused` for an unknown scope or department.
    """
    _must_run_the_house(actor)
    unknown = sorted(set(scopes) - set(MACHINE_SCOPES))
    if unknown or not scopes:
        raise Refused(
            Problem(
                code="unknown_scope",
                where="scopes",
                raw=" ".join(unknown),
                what=Text(zh="没有这样的权限范围，或没有指明。", en="There is no such scope, or none was named."),
                cure=Text(
                    zh=f"请从中选择：{'、'.join(MACHINE_SCOPES)}。", en=f"Choose among: {', '.join(MACHINE_SCOPES)}."
                ),
            )
        )
    _must_exist(department)
    client = Client(name=name, type=Client.Type.CONFIDENTIAL, secret="")
    secret = secrets.token_urlsafe(32)
    client.set_secret(secret)
    client.set_scopes(sorted(scopes))
    client.set_default_scopes(sorted(scopes))
    client.set_grant_types([Client.GrantType.CLIENT_CREDENTIALS])
    client.set_response_types([])
    client.save()
    Machine.objects.create(
        client_id=client.pk, name=name, department=department, items=sorted(items), daily_limit=daily_limit
    )
    write_leaf(
        actor=actor,
        action="staff.add_machine",
        table="machine",
        key=client.pk,
        facts={
            "name": name,
            "department": department,
            "scopes": sorted(scopes),
            "items": sorted(items),
            "daily_limit": daily_limit,
        },
    )
    return client.pk, secret


@transaction.atomic
def change_machine(*, actor: Actor, client_id: str, active: bool, daily_limit: int | None) -> None:
    """Close a department's system or open it again, and say how much it may do in a day. What stands so already stays.

    A closed system is refused from its next call on, whatever token it holds. Raises `NotAllowed`, `NotFound`, or `Refused`
    for a limit below one.
    """
    _must_run_the_house(actor)
    if daily_limit is not None and daily_limit < 1:
        raise Refused(
            Problem(
                code="daily_limit",
                where="daily_limit",
                raw=str(daily_limit),
                what=Text(zh="每日额度至少为 1。", en="A daily limit is at least 1."),
                cure=Text(zh="要停用该系统，请选“停用”。", en="To close the system, choose to close it."),
            )
        )
    machine = Machine.objects.select_for_update().filter(client_id=client_id).first()
    if machine is None:
        raise NotFound("没有这个接入系统。There is no such system.")
    if (machine.active, machine.daily_limit) == (active, daily_limit):
        return
    machine.active, machine.daily_limit = active, daily_limit
    machine.save(update_fields=["active", "daily_limit"])
    write_leaf(
        actor=actor,
        action="staff.change_machine",
        table="machine",
        key=client_id,
        facts={"active": active, "daily_limit": daily_limit},
    )
