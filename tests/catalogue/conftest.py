"""The small catalogue of the intake tests, with kinds that know corrections, and people of the credit centre."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.conftest import CATALOGUE, ID, KINDS, NAME, ON, catalogue, kind, send, spec
from xinlin.core.catalogue import Assertion
from xinlin.office.scopes import Actor

__all__ = ["catalogue", "send"]

REVIEWER = Actor(handle="account:7", name="审核员", role="reviewer", department="credit_centre")
PENALTY = kind(
    "fines",
    [
        ID,
        NAME,
        ON,
        spec("document", "文书号", required=True, role="document"),
        spec("authority", "机关", required=True, role="authority"),
        spec("article", "依据", required=True, role="article"),
        spec("notice_on", "告知日期", "date", required=True, role="notice_on"),
        spec("amount", "金额", "money", unit="元"),
    ],
    sign="negative",
    providers=["office", "other_office"],
)
ASSERTED = kind("asserted", [ID, NAME, ON], assertions=[Assertion(measure="rows", minimum=2, maximum=3)])
BOOK = CATALOGUE.model_copy(update={"kinds": {k.code: k for k in [*KINDS, PENALTY, ASSERTED]}})


@pytest.fixture(autouse=True)
def more_kinds(catalogue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue with these kinds too."""
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: BOOK)
