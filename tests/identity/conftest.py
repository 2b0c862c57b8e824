"""The city's identity service in a process of its own, the site on a live server, and a small browser without scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import pytest
from django.urls import reverse

from xinlin.core.people import born_on
from xinlin.demo.identity import PASSWORD, IdentityPerson, prepare
from xinlin.office import vault
from xinlin.office.models.people import Subject

CLIENT, SECRET = "xinlin", "a-secret-for-tests"


def with_check_digit(first: str) -> str:
    """An id number that passes its check, from its first 17 digits."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, weights, strict=True)) % 11]


GROWN, CHILD, OTHER, STRANGER = (
    with_check_digit(first)
    for first in ("33030519900307073", "33030520150307073", "33030519850228001", "33030519700101001")
)


class _Forms(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base, self.forms = base, []
        self.forms: list[tuple[str, dict[str, str]]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append((urljoin(self.base, given.get("action", "") or self.base), {}))
        elif tag == "input" and self.forms and "name" in given:
            self.forms[-1][1][given["name"]] = given.get("value", "")


@dataclass
class Answer:
    status: int
    url: str
    text: str
    headers: Any

    def form(self, number: int = 0) -> tuple[str, dict[str, str]]:
        """The address and the fields of a form of the page."""
        parser = _Forms(self.url)
        parser.feed(self.text)
        return parser.forms[number]


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass
class Visitor:
    """A browser as far as sign-in needs one: cookies, forms, redirects."""

    site: str
    jar: CookieJar = field(default_factory=CookieJar)

    def open(self, url: str, data: dict[str, str] | None = None, *, follow: bool = True) -> Answer:
        handlers = [HTTPCookieProcessor(self.jar), *([] if follow else [_Stay()])]
        request = Request(urljoin(self.site, url), urlencode(data).encode() if data is not None else None)
        try:
            with build_opener(*handlers).open(request, timeout=30) as answer:
                return Answer(answer.status, answer.url, answer.read().decode(), answer.headers)
        except HTTPError as error:
            return Answer(error.code, error.url or "", error.read().decode(), error.headers)

    def to_identity_service(self, onward: str = "/healthz") -> Answer:
        """From the site's sign-in page, by its button, to the page that asks who one is."""
        page = self.open(f"/sign-in/?{urlencode({'next': onward})}" if onward else "/sign-in/")
        return self.open(*page.form(0))

    def choose(self, page: Answer, sub: str, level: str, *, address: str = "", follow: bool = True) -> Answer:
        """On the identity service's page, be this person, verified at this level."""
        forms = [page.form(number) for number in range(page.text.count("<form"))]
        action, fields = next((a, f) for a, f in forms if "csrfmiddlewaretoken" in f and "/language/" not in a)
        if address:
            action, fields["next"] = address, ""
        return self.open(action, {**fields, "choice": f"{sub}|{level}"}, follow=follow)

    def sign_in(self, sub: str, level: str, onward: str = "/healthz") -> Answer:
        """The whole way: there, choose, and back."""
        return self.choose(self.to_identity_service(onward), sub, level)

    def way_back(self, sub: str, level: str) -> str:
        """The address with which the service sends the person back, not yet followed."""
        page = self.to_identity_service()
        chosen = self.choose(page, sub, level, follow=False)
        authorize = urljoin(page.url, chosen.headers["Location"])
        return str(self.open(authorize, follow=False).headers["Location"])


@dataclass(frozen=True)
class Service:
    url: str
    data: Path


@pytest.fixture(scope="session")
def identity_service(live_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Started once; knows a resident, a child, an officer, a person under another name, and one who is not registered."""
    data = tmp_path_factory.mktemp("identity")
    people = [
        IdentityPerson("r-grown", "林晓雯", GROWN, "居民", "居民"),
        IdentityPerson("r-child", "林小满", CHILD, "未成年居民", "居民"),
        IdentityPerson("r-renamed", "陈新名", OTHER, "姓名与登记册不同", "居民", PASSWORD),
        IdentityPerson("r-stranger", "周过客", STRANGER),
        IdentityPerson("s-officer", "何审批", None, "审批人员", "工作人员"),
        IdentityPerson("r-second", "林晓雯", GROWN),
    ]
    prepare(people, [live_server.url + reverse("openid_connect_callback")], CLIENT, SECRET, data)
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "xinlin.demo.identity", "--port", "0"],
        env=environment | {"XINLIN_DATA": str(data)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("identity service: "), "the identity service did not start"
    yield Service(line.removeprefix("identity service: ").strip(), data)
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def connected(identity_service: Service, settings: Any) -> Service:
    """The site set up for that service, as its environment variables would."""
    app = dict(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0])
    app |= {"client_id": CLIENT, "secret": SECRET, "settings": {**app["settings"], "server_url": identity_service.url}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    settings.IDENTITY_ISSUER = identity_service.url
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "form-action": ["'self'", identity_service.url]}}
    settings.IDENTITY_CLIENT_ID, settings.IDENTITY_CLIENT_SECRET = CLIENT, SECRET
    return identity_service


@pytest.fixture
def visitor(live_server: Any) -> Visitor:
    return Visitor(live_server.url)


def _register(number: int, identifier: str, name: str) -> Subject:
    return Subject.objects.create(
        register=Subject.Register.PERSON,
        kind="natural_person",
        number=number,
        pseudonym=f"test-{number}",
        identifier_key=vault.identifier_key(identifier),
        identifier_sealed=vault.seal(identifier, "subject.identifier"),
        name_sealed=vault.seal(name, "subject.name"),
        born_on=born_on(identifier),
    )


@pytest.fixture
def register(transactional_db: None) -> dict[str, Subject]:
    """Three people in the register; the stranger is not."""
    assert born_on(CHILD) == date(2015, 3, 7)
    return {
        "grown": _register(1, GROWN, "林晓雯"),
        "child": _register(2, CHILD, "林小满"),
        "renamed": _register(3, OTHER, "陈旧名"),
    }
