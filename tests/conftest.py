"""Fixtures for every test: the shared papers, a real browser, the command line in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# no test fails for a machine that was busy
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
CHECKOUT = Path(__file__).resolve().parent.parent
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]


def _touches_tables(item: pytest.Item) -> bool:
    from django.test import TransactionTestCase

    case = getattr(item, "cls", None)
    if case is not None and issubclass(case, TransactionTestCase):
        return True
    wanted = {"db", "transactional_db", "live_server", "django_db_setup"}
    return item.get_closest_marker("django_db") is not None or bool(wanted & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what opens a browser and what touches tables, so that rounds can choose; nobody has to remember.

    What says something about one database alone is left out of the other's round.
    """
    from django.conf import settings

    on_postgresql = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"browser", "phone", "desk", "phone_context", "desk_context"}:
            item.add_marker(pytest.mark.browser)
        if _touches_tables(item):
            item.add_marker(pytest.mark.database)
    other = "sqlite_only" if on_postgresql else "postgresql_only"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.fixture(autouse=True)
def _chinese_first() -> Iterator[None]:
    """Each test begins in the product's source language, whatever the test before it read."""
    from django.conf import settings
    from django.utils import translation

    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of the whole checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files that are not part of the product; tests on them are skipped where it is absent."""
    folder = Path(os.environ.get("XINLIN_SHARED") or CHECKOUT.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip("real files: no folder of them here; name it by XINLIN_SHARED")
    return folder


@pytest.fixture
def xinlin(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``xinlin("log", "verify")``: the command line in a process and a data folder of its own."""

    def run(*words: str, data: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        environment |= {"XINLIN_DATA": str(data or tmp_path / "data"), "PYTHONPATH": str(CHECKOUT / "src"), **more}
        return subprocess.run(
            [sys.executable, "-m", "xinlin.cli", *words],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=300,
        )

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, started once for the run."""
    binary = shutil.which("chromium")
    if binary is None:
        pytest.skip("Chromium: not on this machine (apt-get install chromium fonts-noto-cjk)")
    from playwright.sync_api import sync_playwright

    # Playwright's synchronous interface keeps an event loop in this thread, which Django would take for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


def _open(browser: Browser, base: str, size: dict[str, int], **more: Any) -> Iterator[Page]:
    """A page that fails the test at its end if the console showed an error or a policy was violated."""
    context: BrowserContext = browser.new_context(
        base_url=base,
        viewport={"width": size["width"], "height": size["height"]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        **more,
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    troubles: list[str] = []

    def watch(opened: Page) -> None:
        opened.on("pageerror", lambda error: troubles.append(f"{opened.url}: {error}"))
        opened.on(
            "console",
            lambda message: troubles.append(f"{opened.url}: {message.text}") if message.type == "error" else None,
        )

    watch(page)
    context.on("page", watch)
    page.troubles = troubles  # type: ignore[attr-defined]  # a test that provokes an error may clear the list
    yield page
    context.close()
    assert not troubles, "the browser's console showed errors:\n" + "\n".join(troubles)


@pytest.fixture
def phone(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A page as on a phone, 390 by 844 points, at the live server."""
    yield from _open(browser, live_server.url, PHONE, is_mobile=True, has_touch=True, device_scale_factor=2)


@pytest.fixture
def desk(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A page as on a desktop, 1280 by 800, at the live server."""
    yield from _open(browser, live_server.url, DESK)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """``axe(page)``: what axe finds serious or critical on the page, one line each."""
    found = find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")

    def findings(page: Page) -> list[str]:
        # evaluated over the debugging protocol, so the page's own policy need not be loosened for it
        page.evaluate(source)
        answer = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{page.url}: {violation['id']} ({violation['impact']}): {node['html'][:160]}"
            for violation in answer["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]

    return findings
