"""The security page says of no test that it passed which has changed since, and of every promise by what it is held."""

from __future__ import annotations

from tools.security import chosen
from xinlin.faces.public.security import PROMISES, results


def test_every_promise_is_held_by_tests_that_passed_as_they_stand() -> None:
    tests = chosen()
    assert set(tests) == {promise.code for promise in PROMISES}
    shown = {code: of for code, of in results().items() if code != "about"}
    assert shown == tests, "a test of the security page has changed: python3 dev.py security"
