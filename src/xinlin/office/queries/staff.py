"""Reads about accounts: which actor a signed-in account or a machine is."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from xinlin.office.models.staff import Account, Machine
from xinlin.office.scopes import Actor, NotAllowed


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


def actor_of_machine(client_id: str) -> Actor:
    """The actor that a department's system is. Raises `NotAllowed` where it is unknown or closed."""
    machine = Machine.objects.filter(client_id=client_id, active=True).first()
    if machine is None:
        raise NotAllowed("该系统未接入或已停用。This system is not let in, or its access was closed.")
    return Actor(handle=f"machine:{machine.pk}", name=machine.name, role="machine", department=machine.department)


def database_answers() -> None:
    """Ask the database a question, for the health page. Raises django.db.DatabaseError where it does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
