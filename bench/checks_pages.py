"""How long pages take over big lists, for bench/checks.py: every page of desk and public that an address alone opens.

The routes are walked, so a page that is added is measured too; each is asked for as whoever may open it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from xinlin.faces.kit.gates import STAFF
from xinlin.office.jobs import record_figures
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account

NOT_PAGES = ("/sign-out/", "/accounts/", "/i18n/", "/kiosk/")
OFFICES = {"clerk": "human_resources", "officer": "public_resource_trading"}
ASKED = ("", "?q=排污 换发", "?q=第九千号", "?q=5200", "?q=局", "?q=zzz", "?after=520000400000", "?linked=yes")
"""Questions put to the catalogue of items."""
OFTEN = 5


def _addresses(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for one in patterns:
        address = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _addresses(one.url_patterns, address)
        elif isinstance(one, URLPattern) and not {"<", "(", "^"} & set(address):
            yield address


def addresses(identifier: str) -> list[str]:
    """Every page without a variable, and those of one item, one record, one delivery and one question of each search."""
    walked = [one for one in _addresses(get_resolver().url_patterns) if not one.startswith(("/api/", *NOT_PAGES))]
    record = Record.objects.order_by("pk").values_list("reference", flat=True)[0]
    named = ["/bench/items/520000000000/", f"/bench/records/{record}/", "/bench/intake/BT-BENCH/"]
    named += [f"/bench/items/{quote(question, safe='?=&')}" for question in ASKED[1:]]
    named += [f"/bench/supervision/?days={days}" for days in (7, 90, 365)]
    named += [f"/bench/subjects/?identifier={identifier}", f"/publicity/search/?q={quote('示例8号')}"]
    return [*sorted(set(walked)), *named]


def _visitors() -> dict[str, Client]:
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    visitors = {"anybody": Client()}
    for role in STAFF:
        given = {"role": role, "display_name": "陈思远", "department": OFFICES.get(role, "")}
        account, _ = Account.objects.get_or_create(username=f"bench-{role}", defaults=given)
        visitors[role] = Client()
        visitors[role].force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return visitors


def paged(identifier: str) -> dict[str, list[float]]:
    """Seconds of five whole requests by visitor and page, in this process, which has read each page's code before.

    The records are counted first, as the worker does now and then.
    """
    record_figures.count()
    took: dict[str, list[float]] = {}
    for role, client in _visitors().items():
        for path in addresses(identifier):
            if path.startswith("/bench/") == (role == "anybody") or client.get(path).status_code != 200:
                continue
            times = took[f"{role} {path}"] = []
            for _ in range(OFTEN):
                began = time.perf_counter()
                answer = client.get(path)
                b"".join(answer) if answer.streaming else answer.content
                times.append(time.perf_counter() - began)
    return took


def tell(took: dict[str, list[float]], shown: int = 12) -> float:
    """Print the slowest pages; gives the median of the slowest, in seconds."""
    ranked = sorted(took.items(), key=lambda one: -statistics.median(one[1]))
    print(f"{len(ranked)} pages, the slowest of them by median of {OFTEN}:")
    for path, times in ranked[:shown]:
        print(f"  {path:45} {statistics.median(times) * 1000:6.0f} ms, worst {max(times) * 1000:.0f} ms")
    return statistics.median(ranked[0][1])
