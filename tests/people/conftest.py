"""Residents, firms and records as tests of scores make them, and a browser without scripts for each."""

from __future__ import annotations

from django.test import Client

from tests.scores.conftest import Resident, firm, record, resident, system

__all__ = ["firm", "let_in", "record", "resident", "system"]


def let_in(someone: Resident) -> Client:
    """A client signed in as this resident."""
    client = Client()
    client.force_login(someone.subject.account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
