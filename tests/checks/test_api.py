"""The machine API over HTTP: tokens, answers, and every error as a problem in two languages."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from allauth.core import context
from django.test import Client, RequestFactory

from tests.checks.conftest import BIDDING, OFFICER, TRADING, make_entry, make_subject, uscc
from xinlin.faces.api.auth import machine_actor
from xinlin.faces.api.problems import ApiRefused
from xinlin.office.actions.staff import add_machine
from xinlin.office.models.checks import Check, CheckFeedback
from xinlin.office.models.people import Look
from xinlin.office.models.staff import Machine
from xinlin.office.scopes import Actor

pytestmark = pytest.mark.django_db
SYSTEM = Actor(handle="system:test", name="test", role="system")
SCOPES = ("checks:ask", "checks:feedback", "batches:read")


def token(client_id: str, secret: str, scope: str = "") -> str:
    basic = b64encode(f"{client_id}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    answered = Client().post("/identity/o/api/token", form, headers={"Authorization": f"Basic {basic}"})
    assert answered.status_code == 200, answered.content
    return str(answered.json()["access_token"])


class Api:
    """A department's system."""

    def __init__(self, department: str = TRADING.department, scopes: tuple[str, ...] = SCOPES) -> None:
        self.client_id, self.secret = add_machine(actor=SYSTEM, name="测试系统", department=department, scopes=scopes)
        self.token = token(self.client_id, self.secret)
        self.http = Client(raise_request_exception=False)

    def get(self, path: str) -> Any:
        return self.http.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str, body: object, key: str = "key-1", **headers: str) -> Any:
        sent = body if isinstance(body, bytes | str) else json.dumps(body)
        content_type = headers.pop("content_type", "application/json")
        every = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {}), **headers}
        return self.http.post(f"/api/v1{path}", sent, content_type=content_type, headers=every)


@pytest.fixture
def api(db: None) -> Api:
    return Api()


def question(*applicants: tuple[str, str], **changes: Any) -> dict[str, Any]:
    people = [{"identifier": identifier, "name": name} for identifier, name in applicants] or [{"identifier": uscc(1)}]
    return {"item": BIDDING, "purpose": "投标资格审查", "officer": OFFICER, "applicants": people, **changes}


def is_problem(answered: Any, status: int, code: str = "") -> dict[str, Any]:
    assert answered.status_code == status, answered.content
    assert answered["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answered.json()
    assert body["status"] == status
    assert body["type"] == f"urn:xinlin:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert body["what"]["zh"]
    assert body["what"]["en"]
    assert body["cure"]["zh"]
    assert body["cure"]["en"]
    assert not code or body["code"] == code, body
    return body


def test_a_check_over_http_from_token_to_feedback(api: Api) -> None:
    listed, clear = make_subject("示例甲建设有限公司", person=False), make_subject("示例乙建设有限公司", person=False)
    held = make_entry(listed.subject)
    asked = question((listed.identifier, listed.name), (clear.identifier, clear.name), ("", listed.name))
    answered = api.post("/checks", asked)
    assert answered.status_code == 200, answered.content
    assert answered["Cache-Control"] == "no-store"
    assert "审批人员".encode() in answered.content
    body = answered.json()
    assert [one["verdict"] for one in body["answers"]] == ["yes", "no", "unsure"]
    (hit,) = body["answers"][0]["hits"]
    assert hit["document"] == held.document
    assert hit["entry"] == held.record.reference
    (measure,) = hit["measures"]
    assert measure["force"] == "must"
    assert measure["until"] == held.ends_on.isoformat()
    assert all(measure[text]["zh"] and measure[text]["en"] for text in ("article", "notice", "remedy", "name"))
    assert "审批人员" in body["decides"]["zh"]
    decided = api.post(
        f"/checks/{body['answers'][0]['number']}/feedback",
        {
            "decision": "measure_applied",
            "measure": measure["code"],
            "entry": hit["entry"],
            "reason": "在名单期限内，依条例限制投标",
            "officer": OFFICER,
        },
    )
    assert decided.status_code == 200, decided.content
    assert decided.json()["feedback"]["measure"] == "wage_no_bidding"
    assert not decided.json()["overdue"]
    now = api.get(f"/checks/{body['number']}").json()
    assert now["answers"][0]["feedback"]["officer"] == OFFICER
    assert now["item_name"]["zh"] == "工程建设项目投标资格审查"


def test_a_repetition_is_the_same_answer_byte_for_byte_also_after_feedback(api: Api) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    make_entry(listed.subject)
    asked = question((listed.identifier, listed.name))
    first = api.post("/checks", asked)
    number = first.json()["answers"][0]["number"]
    api.post(f"/checks/{number}/feedback", {"decision": "released", "officer": OFFICER, "reason": "已结清"})
    assert api.post("/checks", asked).content == first.content
    assert Check.objects.count() == 1
    is_problem(api.post("/checks", question((listed.identifier, "别名"))), 409, "key_used_for_other_input")


def test_without_a_good_token_nobody_comes_in(api: Api) -> None:
    anonymous = Client()
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer "},
    ):
        answered = anonymous.post("/api/v1/checks", "{}", content_type="application/json", headers=headers)
        is_problem(answered, 401)
        assert answered["WWW-Authenticate"].startswith("Bearer")
    is_problem(anonymous.get(f"/api/v1/items?access_token={api.token}"), 401, "no_token")


def test_a_token_without_the_scope_is_told_which_is_missing(db: None) -> None:
    reader = Api(scopes=("batches:read",))
    answered = reader.post("/checks", question())
    assert is_problem(answered, 403, "scope_missing")["raw"] == "checks:ask"
    assert 'error="insufficient_scope"' in answered["WWW-Authenticate"]
    asker = Api(scopes=("checks:ask",))
    is_problem(asker.post("/checks/20260101-000000000000-0001/feedback", {}), 403, "scope_missing")


def test_a_scope_that_the_client_may_not_have_is_not_granted(db: None) -> None:
    client_id, secret = add_machine(actor=SYSTEM, name="只读", department="housing", scopes=["batches:read"])
    with pytest.raises(AssertionError, match="invalid_scope"):
        token(client_id, secret, "checks:ask")


def test_a_closed_machine_is_out_at_once(api: Api) -> None:
    Machine.objects.update(active=False)
    is_problem(api.get("/items"), 403, "machine_closed")


def test_another_departments_item_is_403_and_seen_by_the_subject(db: None) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    housing = Api("housing")
    is_problem(housing.post("/checks", question((listed.identifier, listed.name))), 403, "not_allowed")
    assert Look.objects.get(subject=listed.subject).refused


def test_the_items_and_kinds_of_ones_own_department(api: Api) -> None:
    assert {one["code"] for one in api.get("/items").json()} == {"bidding_qualification", "procurement_qualification"}
    assert "procurement_result" in {one["code"] for one in api.get("/kinds").json()}
    court = Api("court", ("batches:read",))
    assert [one["code"] for one in court.get("/kinds").json()] == ["dishonest_judgment_debtor"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        (b'{"item": "a", "item": "b"}', 400, "bad_json"),
        (b'{"item": NaN}', 400, "bad_json"),
        (b"\xff\xfe", 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b"[]", 422, "invalid_input"),
        (b"null", 422, "invalid_input"),
        (b"", 422, "invalid_input"),
        (b"{}", 422, "invalid_input"),
    ],
)
def test_a_body_that_is_no_question_is_said_so(api: Api, body: bytes, status: int, code: str) -> None:
    is_problem(api.post("/checks", body), status, code)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"score": 1}, "score"),
        ({"item": 5}, "item"),
        ({"item": ""}, "item"),
        ({"purpose": None}, "purpose"),
        ({"purpose": "长" * 201}, "purpose"),
        ({"officer": "a\u0000b"}, "officer"),
        ({"officer": "\ud800"}, "officer"),
        ({"applicants": []}, "applicants"),
        ({"applicants": "x"}, "applicants"),
        ({"applicants": [{"identifier": 33030519900517}]}, "applicants.0.identifier"),
        ({"applicants": [{"identifier": "1", "sex": "f"}]}, "applicants.0.sex"),
        ({"applicants": [{}] * 10_001}, "applicants"),
    ],
)
def test_a_wrong_part_is_named(api: Api, changes: dict[str, Any], where: str) -> None:
    body = is_problem(api.post("/checks", question(**changes)), 422, "invalid_input")
    assert where in {error["where"] for error in body["errors"]}
    assert not Check.objects.exists()


def test_an_unknown_item_and_a_missing_key_are_named(api: Api) -> None:
    assert is_problem(api.post("/checks", question(item="nothing")), 422, "unknown_item")["where"] == "item"
    body = is_problem(api.post("/checks", question(), key=""), 422, "invalid_input")
    assert "Idempotency-Key" in {error["where"].split(".")[-1] for error in body["errors"]}


def test_wrong_types_methods_addresses_and_sizes_are_problems_too(api: Api, settings: Any) -> None:
    is_problem(api.post("/checks", b"a=1", content_type="application/x-www-form-urlencoded"), 415, "not_json")
    is_problem(api.post("/checks", b"<a/>", content_type="text/xml"), 415, "not_json")
    is_problem(api.post("/checks", b"--x--", content_type="multipart/form-data; boundary=x"), 415, "not_json")
    is_problem(api.get("/checks"), 405, "method")
    is_problem(api.get("/nothing/here"), 404, "no_such_address")
    is_problem(api.get("/checks/20260101-abcdef012345"), 404, "not_found")
    is_problem(api.get("/checks/%27%20OR%201=1"), 422, "invalid_input")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    is_problem(api.post("/checks", b'{"item": "' + b"a" * 2000 + b'"}'), 413, "too_large")


def test_an_error_of_ours_says_no_more_than_that(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("330305199005170736")

    monkeypatch.setattr("xinlin.faces.api.checks.actions.answer_as_json", broken)
    answered = api.post("/checks", question())
    is_problem(answered, 500, "failed")
    assert b"330305" not in answered.content


def test_errors_never_repeat_an_identifier(api: Api) -> None:
    identifier = "33030519900517073X"
    answered = api.post("/checks", question(applicants=[{"identifier": identifier * 10}]))
    assert identifier.encode() not in answered.content


def test_the_description_is_public_and_whole() -> None:
    described = Client().get("/api/v1/openapi.json")
    assert described.status_code == 200
    body = described.json()
    assert {"/api/v1/checks", "/api/v1/checks/{number}", "/api/v1/checks/{answer}/feedback", "/api/v1/items"} <= set(
        body["paths"]
    )
    flows = next(iter(body["components"]["securitySchemes"].values()))["flows"]
    assert flows["clientCredentials"]["tokenUrl"] == "/identity/o/api/token"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"decision": "measure_applied", "reason": ""}, "reason_missing"),
        ({"decision": "released", "reason": ""}, "reason_missing"),
        ({"decision": "measure_applied", "measure": "tax_no_procurement"}, "measure_not_in_answer"),
        ({"decision": "measure_applied", "entry": "another"}, "measure_not_in_answer"),
        ({"decision": "released"}, "measure_without_decision"),
    ],
)
def test_feedback_that_does_not_hold_is_refused(api: Api, changes: dict[str, str], code: str) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    held = make_entry(listed.subject)
    number = api.post("/checks", question((listed.identifier, listed.name))).json()["answers"][0]["number"]
    full = {"measure": "wage_no_bidding", "entry": held.record.reference, "reason": "理由", "officer": OFFICER}
    is_problem(api.post(f"/checks/{number}/feedback", {**full, **changes}), 422, code)
    assert not CheckFeedback.objects.exists()


def test_other_departments_do_not_find_the_answer(api: Api) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    number = api.post("/checks", question((listed.identifier, listed.name))).json()["number"]
    housing: Callable[[str], Any] = Api("housing").get
    is_problem(housing(f"/checks/{number}"), 404, "not_found")


def test_a_file_is_not_read_before_its_sender_is_known(db: None) -> None:
    """A stranger's upload ends at the door: nothing of the body was parsed."""

    request = RequestFactory().post(
        "/api/v1/batches",
        b"--x\r\n" + b"a" * 100_000,
        content_type="multipart/form-data; boundary=x",
        headers={"Authorization": "Bearer nobody"},
    )
    with context.request_context(request), pytest.raises(ApiRefused) as refused:
        machine_actor(request, "batches:write")
    assert refused.value.status == 401
    assert not hasattr(request, "_post")
