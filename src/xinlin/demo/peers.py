"""Approval systems of other offices, simulated, each a process of its own: ``python -m xinlin.demo.peers subsidy_payment …``.

Each serves ``POST /applications`` (identifier, name) and asks this platform before it goes on: what is clear passes at once,
a hit stops for a person, a doubt asks one. ``POST /applications/NUMBER`` says what its officer decided, ``GET`` shows the
application. Recruitment into the civil service asks only about a candidate who was told beforehand.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks the platform itself, whatever proxy the environment names."""


@dataclass(frozen=True)
class Trade:
    """What a simulated office decides on, and whether its applicants must know of the check beforehand."""

    item: str
    purpose: str
    officer: str
    must_be_told: bool = False


TRADES = {
    "bidding": Trade("bidding_qualification", "工程建设项目投标资格审查", "陈思远"),
    "real_estate": Trade("property_registration", "办理不动产登记", "吴登记"),
    "subsidy_payment": Trade("subsidy_payment", "发放政府补贴性资金", "郑补贴"),
    "civil_service": Trade("civil_service_recruitment", "公务员录用考察", "王考察", must_be_told=True),
}
"""公共资源交易, 不动产登记, 政府补贴性资金发放, 公务员录用."""


@dataclass
class Application:
    """One application and how it stands: passed, held, asked (a person has to look), decided."""

    number: str
    state: str
    answer: dict[str, Any] = field(default_factory=dict)


class Platform:
    """This platform as another office's system sees it."""

    def __init__(self, site: str, client_id: str, client_secret: str) -> None:
        self.site = site.rstrip("/")
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token = ""

    def call(self, path: str, body: object, key: str = "") -> dict[str, Any]:
        """Post JSON; a token that has run out is renewed once. Raises urllib's HTTPError for a refusal."""
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            headers |= {"Idempotency-Key": key} if key else {}
            try:
                return self._post(f"/api/v1{path}", json.dumps(body).encode(), headers)
            except urllib.error.HTTPError as error:
                if error.code != 401 or attempt == 2:
                    raise
                form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
                self._token = self._post("/identity/o/api/token", form, {"Authorization": f"Basic {self._basic}"})[
                    "access_token"
                ]
        raise RuntimeError("a second attempt answers or raises")

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(self.site + path, body, headers, method="POST")
        with DIRECT.open(request, timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
            return told


class Office:
    """A simulated office: takes applications, asks, holds, lets its officer decide."""

    def __init__(self, trade: Trade, platform: Platform) -> None:
        self.trade = trade
        self.platform = platform
        self.applications: dict[str, Application] = {}

    def apply(self, told: dict[str, Any]) -> Application:
        """Take an application in and ask about its applicant. Raises ValueError for a candidate who was not told."""
        if self.trade.must_be_told and told.get("told_beforehand") is not True:
            raise ValueError("人选须事先知情。The candidate must know beforehand.")
        number = secrets.token_hex(6)
        question = {
            "item": self.trade.item,
            "purpose": self.trade.purpose,
            "officer": self.trade.officer,
            "applicants": [{"identifier": str(told.get("identifier", "")), "name": str(told.get("name", ""))}],
        }
        answer = self.platform.call("/checks", question, key=number)["answers"][0]
        state = {"no": "passed", "yes": "held", "unsure": "asked"}[answer["verdict"]]
        self.applications[number] = Application(number, state, answer)
        return self.applications[number]

    def decide(self, number: str, told: dict[str, Any]) -> Application:
        """The officer decides, and the platform is told. Raises KeyError for no such application."""
        found = self.applications[number]
        said = {"officer": self.trade.officer, **{key: str(value) for key, value in told.items()}}
        found.answer |= self.platform.call(f"/checks/{found.answer['number']}/feedback", said)
        found.state = "decided"
        return found


def _handler(office: Office) -> type[BaseHTTPRequestHandler]:
    class Desk(BaseHTTPRequestHandler):
        """The office's own little API."""

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        def _say(self, status: int, told: object) -> None:
            body = json.dumps(told, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            """An application, or that the office is open."""
            found = office.applications.get(self.path.rpartition("/")[2])
            self._say(200, asdict(found) if found else {"item": office.trade.item})

        def do_POST(self) -> None:
            """A new application, or the officer's decision on one."""
            told = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            number = self.path.removeprefix("/applications").strip("/")
            try:
                done = office.decide(number, told) if number else office.apply(told)
                self._say(200, asdict(done))
            except (KeyError, ValueError) as error:
                self._say(422, {"problem": str(error)})
            except urllib.error.HTTPError as error:
                self._say(502, json.loads(error.read() or b"{}"))
            except urllib.error.URLError as error:
                self._say(503, {"problem": str(error)})

    return Desk


def main(argv: list[str] | None = None) -> int:
    """Serve one office until it is ended; prints its address first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trade", choices=sorted(TRADES))
    parser.add_argument("--site", required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args(argv)
    office = Office(TRADES[chosen.trade], Platform(chosen.site, chosen.client_id, chosen.client_secret))
    server = ThreadingHTTPServer(("127.0.0.1", chosen.port), _handler(office))
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
