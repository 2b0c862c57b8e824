"""Systems of other offices, simulated, each a process of its own: ``python -m xinlin.demo.peers subsidy_payment …``.

An approval system serves ``POST /applications`` (identifier, name) and asks this platform before it goes on: what is clear
passes at once, a hit stops for a person, a doubt asks one. ``POST /applications/NUMBER`` says what its officer decided, ``GET``
shows the application. Recruitment into the civil service asks only about a candidate who was told beforehand. The provincial
platform (``province``, `xinlin.demo.province`) sends entries and hears what became of them. A browser gets a page with a form.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from xinlin.demo import peer_pages as pages

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks the platform itself, whatever proxy the environment names."""


@dataclass(frozen=True)
class Trade:
    """What a simulated office decides on, and whether its applicants must know of the check beforehand."""

    name: str
    item: str
    purpose: str
    officer: str
    must_be_told: bool = False


TRADES = {
    "bidding": Trade("公共资源交易系统", "bidding_qualification", "工程建设项目投标资格审查", "陈思远"),
    "real_estate": Trade("不动产登记系统", "property_registration", "办理不动产登记", "吴登记"),
    "subsidy_payment": Trade("补贴资金发放系统", "subsidy_payment", "发放政府补贴性资金", "郑补贴"),
    "civil_service": Trade(
        "公务员录用系统", "civil_service_recruitment", "公务员录用考察", "王考察", must_be_told=True
    ),
}
"""公共资源交易, 不动产登记, 政府补贴性资金发放, 公务员录用."""


@dataclass
class Application:
    """One application and how it stands: passed, held, asked (a person has to look), decided."""

    number: str
    state: str
    answer: dict[str, Any] = field(default_factory=dict)
    name: str = ""


class Platform:
    """This platform as another office's system sees it."""

    def __init__(self, site: str, client_id: str, client_secret: str) -> None:
        self.site = site.rstrip("/")
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token = ""

    def call(self, path: str, body: object = None, key: str = "") -> Any:
        """Post JSON, or get where there is none; a token that has run out is renewed once. Raises urllib's HTTPError for a refusal."""
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            headers |= {"Idempotency-Key": key} if key else {}
            content = None if body is None else json.dumps(body).encode()
            try:
                return self._send(f"/api/v1{path}", content, headers)
            except urllib.error.HTTPError as error:
                if error.code != 401 or attempt == 2:
                    raise
                form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
                basic = {"Authorization": f"Basic {self._basic}"}
                self._token = self._send("/identity/o/api/token", form, basic)["access_token"]
        raise RuntimeError("a second attempt answers or raises")

    def _send(self, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(self.site + path, body, headers, method="GET" if body is None else "POST")
        with DIRECT.open(request, timeout=30) as answer:
            return json.load(answer)


class Peer(Protocol):
    """An office's system as its own little server sees it."""

    def new(self, told: dict[str, Any]) -> Any:
        """Take something in. Raises ValueError with what is wrong."""

    def change(self, number: str, told: dict[str, Any]) -> Any:
        """Go on with what has this number. Raises KeyError where nothing has."""

    def show(self, number: str) -> Any:
        """What has this number, or what the office is there for."""

    def page(self, problem: str) -> bytes:
        """All of it for a browser."""


class Office:
    """A simulated office: takes applications, asks, holds, lets its officer decide."""

    def __init__(self, trade: Trade, platform: Platform) -> None:
        self.trade = trade
        self.platform = platform
        self.applications: dict[str, Application] = {}

    def new(self, told: dict[str, Any]) -> Application:
        """Take an application in and ask about its applicant. Raises ValueError for a candidate who was not told."""
        if self.trade.must_be_told and told.get("told_beforehand") not in (True, "true"):
            raise ValueError("人选须事先知情。The candidate must know beforehand.")
        number = secrets.token_hex(6)
        question: dict[str, Any] = {
            "item": self.trade.item,
            "purpose": self.trade.purpose,
            "officer": self.trade.officer,
            "applicants": [{"identifier": str(told.get("identifier", "")), "name": str(told.get("name", ""))}],
        }
        answer = self.platform.call("/checks", question, key=number)["answers"][0]
        state = {"no": "passed", "yes": "held", "unsure": "asked"}[answer["verdict"]]
        self.applications[number] = Application(number, state, answer, question["applicants"][0]["name"])
        return self.applications[number]

    def change(self, number: str, told: dict[str, Any]) -> Application:
        """The officer decides, and the platform is told. Raises KeyError for no such application."""
        found = self.applications[number]
        use = str(told.pop("use", ""))  # of the page: entry|measure, or a decision without one
        if use:
            entry, _, measure = use.partition("|")
            told |= (
                {"decision": "measure_applied", "entry": entry, "measure": measure} if measure else {"decision": use}
            )
        said = {"officer": self.trade.officer, **{key: str(value) for key, value in told.items()}}
        found.answer |= self.platform.call(f"/checks/{found.answer['number']}/feedback", said)
        found.state = "decided"
        return found

    def show(self, number: str) -> Any:
        """An application, or what this office decides on."""
        found = self.applications.get(number)
        return asdict(found) if found else {"item": self.trade.item}

    def page(self, problem: str) -> bytes:
        """A form for an application, and all applications with what to decide."""
        fields = [
            pages.entry("identifier", "证件号码或统一社会信用代码 Identifier"),
            pages.entry("name", "姓名或名称 Name"),
        ]
        if self.trade.must_be_told:
            fields.append(pages.tick("told_beforehand", "人选已事先知情 The candidate knows beforehand"))
        states = {"passed": "放行 passed", "held": "暂缓 held", "asked": "请人核对 asked", "decided": "已决定 decided"}
        rows = [
            [one.number, one.name, states[one.state], self._said(one), self._desk(one)]
            for one in reversed(self.applications.values())
        ]
        lead = f"{self.trade.purpose} · {self.trade.officer}。另一个部门的系统，自己的进程，经接口核查。"
        header = ("编号 No.", "申请人 Applicant", "状态 State", "答复 Answer", "决定 Decision")
        body = [pages.problem(problem), pages.form("/applications", "申请 Apply", fields), pages.table(header, rows)]
        return pages.page(f"{self.trade.name}（模拟 simulated）", lead, body)

    @staticmethod
    def _said(one: Application) -> str:
        found = [f"{hit['list_name']['zh']} {hit['document']} {hit['authority']}" for hit in one.answer.get("hits", [])]
        given = one.answer.get("feedback") or {}
        return "；".join([one.answer["verdict"], *found, str(given.get("decision", ""))]).strip("；")

    @staticmethod
    def _desk(one: Application) -> str:
        if one.state not in ("held", "asked"):
            return ""
        choices = [("released", "放行 release"), ("not_the_person", "不是本人 not the person")]
        for hit in one.answer.get("hits", []):
            choices += [(f"{hit['entry']}|{measure['code']}", measure["name"]["zh"]) for measure in hit["measures"]]
        fields = [pages.choice("use", "决定 Decision", choices), pages.entry("reason", "理由 Reason", "名单在有效期内")]
        return pages.form(f"/applications/{one.number}", "决定并反馈 Decide", fields)


def _handler(office: Peer) -> type[BaseHTTPRequestHandler]:
    class Desk(BaseHTTPRequestHandler):
        """The office's own little API, and its page."""

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        def _say(self, status: int, told: object) -> None:
            page = isinstance(told, bytes)
            body = told if isinstance(told, bytes) else json.dumps(told, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{'text/html' if page else 'application/json'}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _browser(self) -> bool:
            return "text/html" in (self.headers.get("Accept") or "")

        def do_GET(self) -> None:
            """What has the number; the whole page for a browser."""
            number = self.path.rpartition("/")[2]
            self._say(200, office.page("") if self._browser() else office.show(number))

        def do_POST(self) -> None:
            """Something new, or the next step of what has a number."""
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            typed = (self.headers.get("Content-Type") or "").startswith("application/x-www-form-urlencoded")
            number, status = self.path.strip("/").partition("/")[2], 200
            try:
                told = (
                    dict(urllib.parse.parse_qsl(raw.decode()))
                    if typed and self._browser()
                    else json.loads(raw or b"{}")
                )
                done = office.change(number, told) if number else office.new(told)
                answer = asdict(done)
            except (KeyError, ValueError) as error:
                status, answer = 422, {"problem": str(error)}
            except urllib.error.HTTPError as error:
                status, answer = 502, json.loads(error.read() or b"{}")
            except urllib.error.URLError as error:
                status, answer = 503, {"problem": str(error)}
            problem = "" if status == 200 else str(answer.get("detail") or answer.get("problem") or status)
            self._say(status, office.page(problem) if self._browser() else answer)

    return Desk


def main(argv: list[str] | None = None) -> int:
    """Serve one office until it is ended; prints its address first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trade", choices=sorted([*TRADES, "province"]))
    parser.add_argument("--site", required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", default=os.environ.get("PEER_SECRET", ""))
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args(argv)
    platform = Platform(chosen.site, chosen.client_id, chosen.client_secret)
    if chosen.trade == "province":
        from xinlin.demo.province import Province

        office: Peer = Province(platform)
    else:
        office = Office(TRADES[chosen.trade], platform)
    server = ThreadingHTTPServer(("127.0.0.1", chosen.port), _handler(office))
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
