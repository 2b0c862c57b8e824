"""The clients that are handed out: written from today's description, and at work against a running site."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from typing import Any

import pytest

from tools.clients import JAVASCRIPT, PYTHON, description, written
from xinlin.office.actions.staff import add_machine
from xinlin.office.jobs import log as jobs

from ..checks.conftest import make_entry, make_subject
from ..checks.test_api import SYSTEM

SCOPES = ("checks:ask", "checks:feedback", "batches:read")


def test_the_committed_clients_are_those_of_the_description() -> None:
    for path, text in written(description()).items():
        assert path.read_text(encoding="utf-8") == text, "run: python -m tools.clients"


@pytest.fixture
def site(live_server: Any, settings: Any) -> tuple[str, str, str, str]:
    """(address, client id, secret, code of a listed firm)"""
    settings.CITY = "national"
    listed = make_subject("示例建设有限公司", person=False)
    make_entry(listed.subject)
    client_id, secret = add_machine(actor=SYSTEM, name="试验系统", department="public_resource_trading", scopes=SCOPES)
    return live_server.url, client_id, secret, listed.identifier


def question(code: str) -> dict[str, Any]:
    return {
        "item": "bidding_qualification",
        "purpose": "投标资格审查",
        "officer": "陈思远",
        "applicants": [{"identifier": code}],
    }


@pytest.mark.django_db(transaction=True)
def test_the_python_client_asks_and_gets_its_receipt(site: tuple[str, str, str, str]) -> None:
    address, client_id, secret, code = site
    spec = importlib.util.spec_from_file_location("xinlin_client", PYTHON)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    xinlin = module.Xinlin(address, client_id, secret)
    answer = xinlin.checks_ask(question(code), idempotency_key="case-1")
    assert [one["verdict"] for one in answer["answers"]] == ["yes"]
    assert xinlin.checks_ask(question(code), idempotency_key="case-1") == answer
    with pytest.raises(module.Refused) as refused:
        xinlin.checks_ask(question(code) | {"purpose": "另一事由"}, idempotency_key="case-1")
    assert refused.value.status == 409 and refused.value.problem["cure"]["zh"]
    jobs.sequence()
    assert xinlin.receipts_of_check(answer["number"])["receipt"].startswith("c2sp.org/tlog-proof@v1\n")
    assert xinlin.batches_listed(page=1) is not None


@pytest.mark.django_db(transaction=True)
def test_the_javascript_client_asks(site: tuple[str, str, str, str]) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node: not on this machine")
    address, client_id, secret, code = site
    script = f"""
import {{ Xinlin, Refused }} from {json.dumps(str(JAVASCRIPT))};
const xinlin = new Xinlin({json.dumps(address)}, {json.dumps(client_id)}, {json.dumps(secret)});
const asked = {json.dumps(question(code))};
const answer = await xinlin.checksAsk(asked, {{ idempotencyKey: "case-2" }});
let refused = 0;
await xinlin.checksAsk({{ ...asked, purpose: "x" }}, {{ idempotencyKey: "case-2" }}).catch((error) => {{
  if (error instanceof Refused && error.problem.cure.zh) refused = error.status;
}});
console.log(JSON.stringify([answer.answers.map((one) => one.verdict), refused]));
"""
    done = subprocess.run(
        [node, "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={"NO_PROXY": "*", "PATH": "/usr/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["yes"], 409]
