"""Whose thing opens to whom: every route, every role, with one's own, another's, another district's and no object at all.

The routes are read from the router and the operations from the API's own description: a new one without a row here fails.
Private values are planted around one person; wherever a role has no business with them, no answer may hold one.
"""

from __future__ import annotations

import io
import json
import logging
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

from tests.checks.test_api import Api
from tests.scores.conftest import Resident, make_subject, resident_id
from xinlin.core.checks import Applicant
from xinlin.office import vault
from xinlin.office.actions import cases, evidence, mandates, notices, people, scores
from xinlin.office.actions.batches import receive
from xinlin.office.actions.checks import answer
from xinlin.office.models.cases import Case
from xinlin.office.models.checks import CheckAnswer
from xinlin.office.models.consents import DeletionReceipt
from xinlin.office.models.people import Consent, Look
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
OFFICE, ELSEWHERE = "civility_office", "tax"
NAME, TITLE, DOCUMENT, WORDS, PHONE = "欧阳密名", "机密荣誉", "机密文号7788", "私下的话语", "13911117788"
STAFF = ("reviewer", "analyst", "auditor", "operator")
ROLES = (
    *("nobody", "owner", "other", "elsewhere", "helper", "past_helper", "clerk", "clerk_elsewhere"),
    *("officer", "officer_elsewhere", *STAFF, "machine_checks", "machine_batches", "machine_elsewhere"),
)
OWN = frozenset({"owner", "helper"})
"""The person, and who acts for them within what was entrusted."""
SELF = frozenset({"owner"})


@dataclass
class World:
    """One person with something of every sort, and how each role asks."""

    owner: Resident
    ids: dict[str, str]
    private: list[str]
    ask: dict[str, Callable[[str, str], Any]] = field(default_factory=dict)


# route -> (the variables that the owner's object fills, who may open it)
PERSONAL: dict[str, tuple[str, frozenset[str]]] = {
    "portal:receipt": ("receipt", OWN),
    "portal:receipt_json": ("receipt", OWN),
    "portal:receipt_pdf": ("receipt", OWN),
    "portal:deletion": ("deletion", OWN),
    "portal:deletion_note": ("deletion", OWN),
    "portal:deletion_pdf": ("deletion", OWN),
    "portal:figure_receipt": ("run", OWN),
    "portal:figure_bundle": ("run", SELF),
    "portal:record": ("record", OWN),
    "portal:delete_record": ("record", SELF),
    "portal:honour": ("record", SELF),
    "portal:wrong": ("record", OWN),
    "portal:appeal": ("case", OWN),
    "portal:check_wrong": ("answer", OWN),
    "portal:put_right": ("answer", OWN),
    "portal:paper": ("paper", OWN),
    "portal:look": ("look", OWN),
    "portal:message": ("message", SELF),
    "bench:case": ("case", frozenset({"reviewer", "auditor", "clerk"})),
    "bench:paper": ("paper", frozenset({"reviewer", "auditor", "clerk"})),
    "bench:check": ("check", frozenset({"officer"})),
    "bench:feedback": ("check+answer", frozenset({"officer"})),
    "bench:batch": ("batch", frozenset({"clerk"})),
    "bench:mapping": ("batch", frozenset({"clerk"})),
    "bench:confirm": ("batch", frozenset({"clerk"})),
    "bench:refused": ("batch", frozenset({"clerk"})),
    "bench:table": ("batch", frozenset({"clerk"})),
    "bench:set_aside": ("batch", frozenset({"clerk"})),
    "bench:send_tried": ("batch", frozenset({"clerk"})),
    "bench:set_file_aside": ("batch", frozenset({"clerk"})),
    "bench:take_file_back": ("batch", frozenset({"clerk"})),
    "bench:take_row_back": ("batch", frozenset({"clerk"})),
    "bench:workbook": ("batch", frozenset({"clerk"})),
    "bench:repair_notices": ("batch", frozenset({"clerk"})),
    "bench:check_printed": ("check", frozenset({"officer"})),
    "bench:correct": ("check+answer", frozenset({"officer"})),
    "bench:hold_sign": ("check+answer", frozenset({"officer"})),
    "bench:put_right": ("check+answer", frozenset({"officer"})),
    "bench:reading": ("batch", frozenset({"clerk"})),
    "bench:record": ("record", frozenset({"reviewer", "auditor", "clerk"})),
    "bench:entry_change": ("record", frozenset({"clerk"})),
    "bench:record_evidence": ("record", frozenset({"reviewer", "clerk"})),
    "bench:subject": ("subject", frozenset({"reviewer", "auditor"})),
    "bench:subject_change": ("subject", frozenset({"reviewer"})),
    "portal:record_evidence": ("record", OWN),
    "api:sign": ("answer", frozenset({"machine_checks"})),
    "api:put_right": ("answer", frozenset({"machine_checks"})),
    "api:read": ("check", frozenset({"machine_checks"})),
    "api:of_check": ("check", frozenset({"machine_checks"})),
    "api:feedback": ("answer", frozenset({"machine_checks"})),
    "api:correct": ("answer", frozenset({"machine_checks"})),
    "api:one": ("batch", frozenset({"machine_batches"})),
    "api:refused": ("batch", frozenset({"machine_batches"})),
    "api:refused_workbook": ("batch", frozenset({"machine_batches"})),
    "api:corrections": ("batch", frozenset({"machine_batches"})),
    "api:mapping": ("batch", frozenset({"machine_batches"})),
    "api:set_aside": ("batch", frozenset({"machine_batches"})),
    "api:take_back": ("batch", frozenset({"machine_batches"})),
}
NOT_ALWAYS_THERE = {
    "portal:check_wrong", "portal:figure_bundle", "portal:figure_receipt", "bench:mapping", "bench:confirm", "bench:reading",
    "bench:repair_notices", "api:of_check",
}  # fmt: skip
"""Pages that answer otherwise than with 200 where there is nothing to do about the object."""
IMPERSONAL = {
    "portal:scene", "portal:trade", "portal:declare", "portal:confirm", "portal:repair", "portal:repair_form",
    "bench:take_down_case", "bench:decide_takedown", "bench:log_proof", "bench:scheme_file", "bench:proposal",
    "bench:proposal_sign", "bench:proposal_withdraw", "bench:proposal_recall", "bench:look_alarm", "public:organisation", "public:public_record",
    "public:section", "public:case", "public:case_reply", "public:takedown_state", "public:open_csv",
    "public:open_json_lines", "public:log_tile", "public:log_proof", "api:progress", "api:part", "api:give_up",
    "api:finish", "api:change", "bench:item", "bench:link_answer", "bench:link_decide", "bench:link_record", "panel",
    "bench:connected_office", "bench:machine_change", "bench:award", "portal:award_change", "portal:award_certificate", "portal:award_badge",
    "public:door", "portal:pledge", "portal:pledge_withdraw", "portal:hearing", "bench:web_item", "bench:web_decide", "bench:web_page",
    "bench:behind", "bench:inspection_plan", "bench:inspection_result", "api:paper", "passkey_remove",
}  # fmt: skip
"""Routes with a variable that names nothing of a person's: a scene, a scheme, a leaf, an organisation, a captured page, a part of a file;

or a deed's invitation, a repair, a pledge, an award, a number of the loop, the proof of a remedy, whose own tests hold who may open them.
"""
LISTS: dict[str, frozenset[str]] = {
    "bench:cases": frozenset({"reviewer", "auditor", "clerk"}),
    "bench:batches": frozenset({"clerk"}),
    "bench:checks": frozenset({"officer"}),
    "bench:checks_overdue": frozenset({"officer"}),
    "bench:letters": frozenset({"reviewer", "operator"}),
    "bench:tellings": frozenset({"clerk", "officer", "reviewer"}),
    "bench:repair_notice": frozenset({"clerk", "officer", "reviewer"}),
    "bench:refused_queue": frozenset({"clerk"}),
    "bench:linking": frozenset({"reviewer", "auditor"}),
    "bench:subjects": frozenset({"reviewer", "auditor"}),
    "bench:remedies": frozenset({"clerk", "reviewer"}),
    "bench:measures": frozenset({"officer", "reviewer", "auditor"}),
    "bench:pledges": frozenset({"officer", "reviewer", "auditor"}),
    "bench:names": frozenset({"clerk", "reviewer"}),
    "api:listed": frozenset({"machine_batches"}),
    "api:ask": frozenset({"machine_checks"}),
}
"""Routes without a variable on which others than the person may meet them; everywhere else only the person does."""
PLAIN = {
    "healthz", "set_language", "kit:stop_acting", "kit:display", "kit:favicon", "sign_in", "sign_out", "account_login",
    "openid_connect_login", "openid_connect_callback", "account_security", "passkey_options", "passkey_sign_in",
    "passkey_sign_in_options", "machine_token", "machine_token_revoke", "api:openapi-json",
    "api:items", "api:kinds", "api:deliver", "api:announce", "api:api-root", "bench:home", "bench:upload", "bench:terms",
    "bench:codes", "bench:publicity", "bench:new_case", "bench:log", "bench:model", "bench:propose", "bench:runs",
    "bench:figures", "bench:serve", "bench:look_alarms", "bench:alerts", "bench:trends", "bench:scenes",
    "bench:operations", "public:about", "public:rules", "public:changes", "public:worked_cases", "public:offers",
    "public:figures", "public:cities", "public:districts", "public:statements", "public:catalogue", "public:lists",
    "public:offices", "public:publicity", "public:search", "public:publicity_offices", "public:cases", "public:takedown",
    "public:open_data", "public:open_changes", "public:verify", "public:seal_certificate", "public:log",
    "public:log_checkpoint", "public:log_key", "public:log_verifier", "portal:home", "portal:consents", "portal:consent",
    "portal:leave", "portal:reports", "portal:report", "portal:report_pdf", "portal:letter", "portal:helpers",
    "portal:help_out", "portal:kiosk", "portal:kiosk_start", "portal:kiosk_menu", "portal:kiosk_end", "portal:recording",
    "portal:score", "portal:why", "portal:what_if", "portal:history", "portal:trades", "portal:records",
    "api:owed", "api:panel", "api:stream", "bench:counter", "bench:items", "bench:opinions", "bench:quality",
    "bench:reconciliation", "bench:figure_enter", "bench:figures_load", "bench:figure_remove",
    "bench:web_items", "bench:web_capture", "bench:record_form", "bench:supervision",
    "bench:national_rows", "bench:panels", "bench:connections", "portal:opinion", "portal:pledges", "public:national", "bench:entries",
    "public:catalogue_json", "public:catalogue_workbook", "public:law", "public:registers", "public:simplified",
    "public:themes", "public:levels", "public:system", "public:system_counts",
    "public:pledges", "portal:benefits", "portal:deeds", "portal:appeals", "portal:checks", "portal:looks", "portal:messages",
    "portal:contacts", "portal:repairs", "portal:me", "portal:code", "portal:card", "portal:honours", "portal:track",
    "bench:inspections", "portal:grades", "public:inspections",
    "bench:awards", "portal:awards", "portal:award_nominate", "public:awarded",
    "bench:links_propose", "bench:links_decide", "api:of_message", "api:uses",
    "partner:scan", "public:doors", "public:doors_menu", "public:security", "installed:manifest", "installed:worker", "installed:offline",
}  # fmt: skip


def _walk(patterns: list[URLPattern | URLResolver], space: str = "", at: str = "/") -> Iterator[tuple[str, str]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry.url_patterns, inner, at + str(entry.pattern))
        elif entry.name:
            yield f"{space}{entry.name}", at + str(entry.pattern)


def routes() -> dict[str, str]:
    """Name -> pattern of everything that the site answers."""
    return dict(_walk(get_resolver().url_patterns))


def filled(pattern: str, values: list[str]) -> str:
    left = list(values)
    return re.sub(r"<[^>]+>", lambda found: left.pop(0) if left else ("7" if "int" in found[0] else "x9"), pattern)


def test_every_route_has_its_row() -> None:
    known = set(PERSONAL) | IMPERSONAL | set(LISTS) | PLAIN
    assert not sorted(set(routes()) - known), (
        "say in tests/identity/test_objects.py whose objects these open, and to whom"
    )
    assert not sorted(known - set(routes())), "there is no such route any more"
    with_variable = {name for name, pattern in routes().items() if "<" in pattern}
    assert with_variable == set(PERSONAL) | IMPERSONAL


def test_every_operation_of_the_api_has_its_row(client: Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    patterns = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", pattern): name for name, pattern in routes().items()}
    for path in described["paths"]:
        assert patterns.get(path) in set(PERSONAL) | IMPERSONAL | set(LISTS) | PLAIN, path


def _resident(name: str, serial: int, region: str) -> Resident:
    subject = make_subject(resident_id(date(1987, 6, 5), serial), name, born=date(1987, 6, 5))
    subject.region = region
    subject.save()
    account = Account.objects.create(username=f"r-{serial}", display_name=name, subject=subject)
    return Resident(subject, actor_of(account))


def _staff(role: str, department: str) -> Account:
    made = Account.objects.create(
        username=secrets.token_hex(4), role=role, display_name="某职员", department=department
    )
    return made


def _browser(account: Account | None, acting: str = "") -> Callable[[str, str], Any]:
    def ask(method: str, path: str) -> Any:
        client = Client(raise_request_exception=False)
        if account is not None:
            client.force_login(account, backend=BACKEND)
            if acting:
                session = client.session
                session["acting_for"] = acting
                session.save()
        return client.generic(method, path)

    return ask


def _machine(department: str, *scopes: str) -> Callable[[str, str], Any]:
    api = Api(department, scopes)

    def ask(method: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer {api.token}", "Idempotency-Key": "k"}
        return Client(raise_request_exception=False).generic(method, path, headers=headers)

    return ask


def _delivered(owner: str, clerk: Actor, callbacks: Any) -> str:
    lines = [
        "公民身份号码,姓名,授予日期,表彰文件文号,荣誉名称,荣誉级别",
        f"{owner},{NAME},2026-03-01,{DOCUMENT},{TITLE},区级",
        f"{owner},{NAME},不是日期,{DOCUMENT}乙,{TITLE}乙,区级",
    ]
    with callbacks(execute=True):
        got = receive(actor=clerk, kind="honour", filename="h.csv", chunks=["\n".join(lines).encode()])
    return got.number


def _picture(owner: Resident, case: str) -> str:
    """A small picture attached to a case; its number."""
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    return evidence.attach(actor=owner.actor, filename="a.png", chunks=[picture.getvalue()], case=case)


@pytest.fixture
def world(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> World:
    """Everything that can be somebody's, for one person; and a way to ask for every role."""
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    owner = _resident(NAME, 101, "330305001001")
    other, elsewhere = _resident("陈大海", 102, "330305001002"), _resident("周四海", 103, "110101001001")
    helper, past = _resident("林小满", 104, "330305001001"), _resident("王五", 105, "330305001001")
    number = vault.unseal(owner.subject.identifier_sealed, "subject.identifier")
    clerk, officer_of = (
        _staff("clerk", OFFICE),
        next(item for item in current().approval_items.values() if "person" in item.subject_kinds),
    )
    batch = _delivered(number, actor_of(clerk), django_capture_on_commit_callbacks)
    consent = people.open_score(actor=owner.actor, via="portal")
    scene = next(iter(current().scenes))
    people.open_scene(actor=owner.actor, scene=scene, via="portal")
    people.close_scene(actor=owner.actor, scene=scene)
    run = scores.run(actor=Actor("system:test", "test", "system"))
    notices.give_contact(actor=owner.actor, channel="sms", address=PHONE, language="zh-hans")
    record = Record.objects.get(kind="honour")
    case = cases.object_to(actor=owner.actor, reference=record.reference, reason="wrong_fact", words=WORDS)
    paper = _picture(owner, case)
    officer = _staff("officer", officer_of.department)
    check = answer(
        actor=actor_of(officer), item=officer_of.code, purpose="审查", officer="某职员",
        applicants=[Applicant(identifier=number, name=NAME)], idempotency_key="one",
    )  # fmt: skip

    def entrusted(to: Resident) -> str:
        given = vault.unseal(to.subject.identifier_sealed, "subject.identifier")
        name = vault.unseal(to.subject.name_sealed, "subject.name")
        return mandates.entrust(
            actor=owner.actor, identifier=given, name=name, powers=["see", "object", "report"], lasts="P1M"
        )

    standing, ended = entrusted(helper), entrusted(past)
    mandates.end(actor=owner.actor, number=ended)
    message = owner.subject.messages.first()
    ids = {
        "receipt": consent,
        "deletion": DeletionReceipt.objects.get().number,
        "run": run,
        "record": record.reference,
        "case": case,
        "answer": CheckAnswer.objects.get().number,
        "check": check.number,
        "paper": paper,
        "look": str(Look.objects.filter(subject=owner.subject).exclude(role="resident").latest("pk").pk),
        "message": message.number if message else "",
        "batch": batch,
        "subject": owner.subject.pseudonym,
    }
    made = World(owner, ids, [NAME, number, TITLE, DOCUMENT, WORDS, PHONE, owner.subject.pseudonym])
    residents = {"owner": owner, "other": other, "elsewhere": elsewhere}
    made.ask = {role: _browser(who.subject.account) for role, who in residents.items()}
    made.ask |= {
        "nobody": _browser(None),
        "helper": _browser(helper.subject.account, standing),
        "past_helper": _browser(past.subject.account, ended),
        "clerk": _browser(clerk),
        "clerk_elsewhere": _browser(_staff("clerk", ELSEWHERE)),
        "officer": _browser(officer),
        "officer_elsewhere": _browser(_staff("officer", ELSEWHERE)),
        **{role: _browser(_staff(role, "credit_centre")) for role in STAFF},
        "machine_checks": _machine(officer_of.department, "checks:ask", "checks:feedback"),
        "machine_batches": _machine(OFFICE, "batches:read", "batches:write"),
        "machine_elsewhere": _machine(ELSEWHERE, "checks:ask", "checks:feedback", "batches:read", "batches:write"),
    }
    return made


def _said(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode("utf-8", "replace") + json.dumps(dict(response.headers), ensure_ascii=False)


def _state(world: World) -> tuple[Any, ...]:
    """What nobody but the person and the offices concerned may change."""
    subject = world.owner.subject
    return (
        list(Consent.objects.filter(subject=subject).order_by("pk").values_list("withdrawn_at", "paused_at")),
        list(Record.objects.order_by("pk").values_list("subject_id", "status")),
        list(Case.objects.order_by("pk").values_list("state", "department", "outcome")),
        list(subject.contacts.values_list("address_sealed", flat=True)),
        list(subject.mandates_given.order_by("pk").values_list("ended_at", flat=True)),
    )


@pytest.mark.parametrize("role", ROLES)
def test_a_role_meets_the_persons_things_only_where_it_has_business(
    role: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ask, before, wrong = world.ask[role], _state(world), []
    for name, pattern in sorted(routes().items()):
        ids, allowed = [], OWN if name.startswith("portal:") else LISTS.get(name, frozenset())
        if name in PERSONAL:
            wanted, allowed = PERSONAL[name]
            ids = [world.ids[one] for one in wanted.split("+")]
        path = filled(pattern, ids)
        for method in ("GET",) if role in allowed else ("GET", "POST"):
            response = ask(method, path)
            said = _said(response)
            if response.status_code >= 500 and name not in (
                "openid_connect_login",
                "openid_connect_callback",
                "healthz",
            ):
                wrong.append(f"{method} {path}: {response.status_code}")
            if role not in allowed:
                wrong += [
                    f"{method} {path} told {value}" for value in world.private if value in said and value not in path
                ]
                if name in PERSONAL and response.status_code < 300:
                    wrong.append(f"{method} {path} opened: {response.status_code}")
            elif name in PERSONAL and response.status_code not in (200, 405) and name not in NOT_ALWAYS_THERE:
                wrong.append(f"{method} {path}: {response.status_code}, though it is {role}'s business")
    assert not wrong, "\n".join(wrong)
    assert _state(world) == before
    logged = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith(("xinlin", "django.request"))
    )
    told = [value for value in world.private[:-1] if value in logged]
    assert not told, f"the log holds {told}"


@pytest.mark.parametrize(
    "role", ["owner", "helper", "clerk", "officer", "reviewer", "auditor", "machine_checks", "machine_batches"]
)
def test_what_is_nobodys_here_is_not_found(role: str, world: World) -> None:
    """Numbers of no object at all, and numbers as another city's installation would make them."""
    for name, (wanted, allowed) in PERSONAL.items():
        if role not in allowed:
            continue
        for strange in ("x9", "XC20200101-DEADBEEF", "0"):
            ids = ["999999999" if one == "look" else strange for one in wanted.split("+")]
            response = world.ask[role]("GET", filled(routes()[name], ids))
            assert response.status_code in (404, 405, 422), (name, strange, response.status_code)


def test_the_api_takes_no_field_that_it_does_not_know_and_tells_none_of_the_inside(client: Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    schemas = described["components"]["schemas"]

    def names(schema: dict[str, Any], seen: set[str]) -> set[str]:
        found: set[str] = set()
        for key, value in schema.items():
            if key == "$ref":
                inner = value.rsplit("/", 1)[-1]
                found |= set() if inner in seen else names(schemas[inner], seen | {inner})
            elif key == "properties":
                found |= set(value)
                found |= {name for one in value.values() for name in names(one, seen)}
            elif isinstance(value, dict):
                found |= names(value, seen)
            elif isinstance(value, list):
                found |= {name for one in value if isinstance(one, dict) for name in names(one, seen)}
        return found

    inside = {
        "score",
        "tier",
        "pseudonym",
        "born_on",
        "identifier_key",
        "identifier_sealed",
        "name_sealed",
        "subject_id",
    }
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            told = names(operation.get("responses", {}), set())
            assert not told & inside, (path, method, told & inside)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            reference = body.get("$ref", "").rsplit("/", 1)[-1]
            if reference:
                assert schemas[reference].get("additionalProperties") is False, (path, reference)


def test_every_page_of_a_resident_works_without_a_score(world: World) -> None:
    """Refusing costs nothing: whoever said no sees every page of their own, and none of them demands a score."""
    other = world.ask["other"]
    actor = actor_of(Account.objects.get(username="r-102"))
    people.decline(actor=actor)
    for name, pattern in routes().items():
        if name.startswith("portal:") and "<" not in pattern and "pdf" not in name:
            response = other("GET", pattern)
            assert response.status_code in (200, 302, 405), (name, response.status_code)
            if name not in ("portal:consent", "portal:consents"):
                assert "开通我的评分" not in _said(response) or name in (
                    "portal:score",
                    "portal:why",
                    "portal:what_if",
                ), name
