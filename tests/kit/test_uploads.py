"""Files are spooled for known senders only, and only up to the largest delivery."""

from __future__ import annotations

import io

import pytest
from django.test import Client

from xinlin.faces.kit import uploads
from xinlin.office.models.staff import Account

pytestmark = pytest.mark.django_db


def _send(client: Client) -> int:
    return client.post("/i18n/setlang/", {"language": "zh-hans", "file": io.BytesIO(b"x" * 2_000_000)}).status_code


def test_nobody_unknown_fills_the_disk() -> None:
    assert _send(Client()) == 403
    assert Client().post("/i18n/setlang/", {"language": "zh-hans"}).status_code == 302, (
        "a form without a file may be sent"
    )


def test_more_than_the_largest_delivery_is_not_spooled(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.force_login(
        Account.objects.create(username="clerk", role="clerk", department="court"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    assert _send(client) == 302
    monkeypatch.setattr(uploads, "LARGEST_FILE", 100_000)
    assert _send(client) == 400
