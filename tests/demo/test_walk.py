"""Everybody who works in the made-up city follows every link on their own pages."""

from __future__ import annotations

import json
import re
import signal
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error

from tests.demo.conftest import Running, end, start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

NARROW = {"width": 360, "height": 800}
ROLES = ("resident", "clerk", "officer", "reviewer", "analyst", "auditor", "operator")
FILES = re.compile(r"\.(csv|ics|json|pdf|png|svg|xlsx|xml|zip)$")
REFERENCE = re.compile(r"[\w-]*\d[\w-]*")


@pytest.fixture(scope="module")
def city(prepared: Path) -> Iterator[Running]:
    """The prepared city, served."""
    running = start(prepared)
    yield running
    end(running, signal.SIGTERM)


@pytest.fixture
def walker(browser: Browser, city: Running) -> Iterator[Page]:
    """A page of the narrowest phone, in the language whose words are longest."""
    context = browser.new_context(base_url=city.url, viewport=NARROW, locale="en-GB")
    yield context.new_page()
    context.close()


def _sign_in(page: Page, city: Running, role: str) -> None:
    people = json.loads((city.data / "demo" / "state.json").read_text(encoding="utf-8"))["sign_ins"]
    name = next(one["name"] for one in people if one["role"] == role)
    page.goto("/sign-in/")
    page.locator("main button").first.click()
    page.get_by_role("button", name=re.compile("^" + name)).first.click()
    page.wait_for_url(f"{city.url}/**")


def _shape(address: str) -> str:
    """What pages of one sort have in common: the path without references, the names of what is asked."""
    parts = urlsplit(address)
    return REFERENCE.sub("*", parts.path) + "?" + "&".join(sorted(one.split("=")[0] for one in parts.query.split("&")))


def _links(page: Page, city: Running, *, staff: bool) -> list[str]:
    """Where the page leads within its reader's own part of the site."""
    found: list[str] = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href.split('#')[0])")
    paths = [address.removeprefix(city.url) for address in found if address.startswith(city.url + "/")]
    return [
        path
        for path in paths
        if path.startswith("/bench/") == staff and not FILES.search(urlsplit(path).path) and "sign-out" not in path
    ]


def _open(page: Page, path: str) -> Response | None:
    """Go to the path; None where it is a file to keep."""
    try:
        return page.goto(path)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return None


@pytest.mark.parametrize("role", ROLES)
def test_every_link_opens_and_every_page_fits(walker: Page, city: Running, role: str) -> None:
    """No page offers its reader what they may not open, and none is wider than the phone."""
    _sign_in(walker, city, role)
    staff = role != "resident"
    waiting = deque([("the address bar", "/bench/" if staff else "/")])
    seen, wrong = set[str](), list[str]()
    while waiting:
        before, path = waiting.popleft()
        if _shape(path) in seen:
            continue
        seen.add(_shape(path))
        answer = _open(walker, path)
        if answer is None:
            continue
        if answer.status != 200:
            wrong.append(f"{path} ({answer.status}), offered by {before}")
            continue
        width = walker.evaluate("document.documentElement.scrollWidth")
        if width > NARROW["width"]:
            wrong.append(f"{path} is {width} points wide")
        waiting.extend((path, link) for link in _links(walker, city, staff=staff))
    assert len(seen) > 10
    assert wrong == []
