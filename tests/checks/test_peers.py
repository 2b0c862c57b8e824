"""Other offices' systems as processes of their own: the whole way from application to feedback, over the wire."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import make_entry, make_subject
from xinlin.demo.peers import DIRECT, TRADES
from xinlin.office.actions.measures import install
from xinlin.office.actions.staff import add_machine
from xinlin.office.models.checks import Check, CheckFeedback
from xinlin.office.models.people import Look
from xinlin.office.scopes import Actor

pytestmark = pytest.mark.django_db(transaction=True)
DEPARTMENTS = {
    "bidding": "public_resource_trading",
    "real_estate": "natural_resources",
    "subsidy_payment": "finance",
    "civil_service": "civil_service",
    "province": "court",
}


@contextmanager
def office(trade: str, site: str, checkout: Path) -> Iterator[str]:
    system = Actor("system:test", "test", "system")
    made = add_machine(
        actor=system,
        name=trade,
        department=DEPARTMENTS[trade],
        scopes=["checks:ask", "checks:feedback"] if trade in TRADES else ["batches:write", "batches:read"],
        items=[TRADES[trade].item] if trade in TRADES else [],
    )
    command = [sys.executable, "-m", "xinlin.demo.peers", trade, "--site", site]
    command += ["--client-id", made[0], f"--client-secret={made[1]}"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(checkout / "src")}, cwd=checkout
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait(20)


def _post(address: str, told: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(address, json.dumps(told).encode(), method="POST")
    try:
        with DIRECT.open(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize("trade", sorted(TRADES))
def test_an_office_lets_pass_holds_decides_and_says_so(
    trade: str, live_server: Any, checkout: Path, settings: Any
) -> None:
    settings.CITY = "guizhou"
    install(actor=Actor("system:test", "test", "system"))
    person = trade == "civil_service"
    listed = make_subject("林小满" if person else "示例甲建设有限公司", person=person)
    clear = make_subject("周小溪" if person else "示例乙建设有限公司", person=person)
    make_entry(listed.subject, "dishonest_judgment_debtor")
    with office(trade, live_server.url, checkout) as address:
        told = {"told_beforehand": True}
        status, passed = _post(f"{address}/applications", {"identifier": clear.identifier, "name": clear.name, **told})
        assert (status, passed.get("state")) == (200, "passed"), passed
        _, held = _post(f"{address}/applications", {"identifier": listed.identifier, "name": listed.name, **told})
        assert held.get("state") == "held", held
        measure = held["answer"]["hits"][0]["measures"][0]["code"]
        decision = {"decision": "measure_applied", "measure": measure, "reason": "名单在有效期内"}
        decision["entry"] = held["answer"]["hits"][0]["entry"]
        _, decided = _post(f"{address}/applications/{held['number']}", decision)
        assert decided["state"] == "decided"
        if person:
            before = Check.objects.count()
            status, refused = _post(f"{address}/applications", {"identifier": listed.identifier})
            assert (status, "beforehand" in refused["problem"]) == (422, True)
            assert Check.objects.count() == before, "nobody was asked about"
    assert CheckFeedback.objects.get().measure == measure
    assert Look.objects.filter(subject=listed.subject, result="审批人员决定：采取措施").count() == 1


def test_the_province_sends_an_entry_hears_what_became_of_it_and_ends_it(
    live_server: Any, checkout: Path, settings: Any
) -> None:
    settings.CITY = "guizhou"
    install(actor=Actor("system:test", "test", "system"))
    firm = make_subject("示例丙建设有限公司", person=False)
    about = {"identifier": firm.identifier, "name": firm.name}
    with (
        office("province", live_server.url, checkout) as province,
        office("bidding", live_server.url, checkout) as trading,
    ):
        status, sent = _post(f"{province}/applications", {**about, "document": "（2026）黔执1号"})
        assert (status, sent.get("state")) == (200, "active"), sent
        _, held = _post(f"{trading}/applications", about)
        assert (held["state"], held["answer"]["hits"][0]["entry"]) == ("held", sent["entry"])
        use = f"{sent['entry']}|{held['answer']['hits'][0]['measures'][0]['code']}"
        _post(f"{trading}/applications/{held['number']}", {"use": use, "reason": "名单在有效期内"})
        heard = _heard(province, sent["number"], lambda message: message["uses"])
        assert [(one["message"], one["department"]) for one in heard["uses"]] == [
            (sent["number"], "public_resource_trading")
        ]
        with DIRECT.open(province, timeout=60) as page:
            assert "公共资源交易中心" in page.read().decode(), "the office is told by its name"
        _post(f"{province}/applications/{sent['number']}", {"change": "exit"})
        heard = _heard(province, sent["number"], lambda message: message["uses"][0]["lifted_on"])
        assert heard["state"] == "ended"
        assert _post(f"{trading}/applications", about)[1]["state"] == "passed"


def _heard(province: str, number: str, enough: Any) -> dict[str, Any]:
    """The message, once the province has heard enough of it."""
    for _ in range(60):
        with DIRECT.open(f"{province}/applications/{number}", timeout=60) as answer:
            message: dict[str, Any] = json.load(answer)
        if enough(message):
            return message
        time.sleep(0.5)
    raise AssertionError(message)


def test_a_browser_gets_a_page_and_typed_names_are_only_text(live_server: Any, checkout: Path) -> None:
    with office("bidding", live_server.url, checkout) as address:
        typed = urllib.parse.urlencode({"identifier": "", "name": "<b>某</b>"}).encode()
        request = urllib.request.Request(f"{address}/applications", typed, {"Accept": "text/html"}, method="POST")
        with DIRECT.open(request, timeout=60) as answer:
            page = answer.read().decode()
    assert "&lt;b&gt;某" in page
    assert "<b>某" not in page
