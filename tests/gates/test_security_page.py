"""The security page says nothing that its tests did not show."""

from __future__ import annotations

from tools.security import chosen
from xinlin.faces.public.security import PROMISES, results


def test_the_page_shows_the_tests_as_they_passed() -> None:
    shown = {code: tests for code, tests in results().items() if code != "about"}
    assert shown == chosen(), "a test behind a promise was changed: run python3 dev.py security"


def test_every_promise_is_held_by_tests() -> None:
    assert {promise.code for promise in PROMISES} == set(chosen())
    assert all(chosen().values())
