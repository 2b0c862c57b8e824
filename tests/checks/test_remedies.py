"""Fix now: the person on hold or the officer shows a proof, the authority sees it and confirms, the hold lifts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from tests.checks.conftest import Listed, make_entry, make_subject
from tests.checks.test_api import Api
from xinlin.core.checks import Applicant
from xinlin.faces.kit.templatetags.kit import moment
from xinlin.office.models.checks import Hold, Remedy
from xinlin.office.models.evidence import Evidence
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look, Relation
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries.answer_views import AnswerView
from xinlin.office.scopes import start_of, today

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def _client(role: str, department: str = "", subject: Any = None) -> Client:
    account = Account.objects.create(
        username=f"{role}-{department}-{subject and subject.pk}",
        role=role,
        department=department,
        display_name="某人",
        subject=subject,
    )
    client = Client()
    client.force_login(account, backend=BACKEND)
    return client


def _receipt(name: str = "缴款凭证.png") -> SimpleUploadedFile:
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), (10, 120, 90)).save(picture, "PNG")
    return SimpleUploadedFile(name, picture.getvalue(), "image/png")


@pytest.fixture
def held(ask: Callable[..., Any], firm: Callable[..., Listed]) -> tuple[Listed, str, AnswerView]:
    listed = firm()
    make_entry(listed.subject)
    shown = ask(Applicant(listed.identifier, listed.name))
    return listed, shown.number, shown.answers[0]


def _offer(client: Client, address: str, answer: AnswerView, *files: SimpleUploadedFile) -> str:
    said = {"entry": answer.hits[0].entry, "way": "upload", "words": "已付清，见凭证", "papers": list(files)}
    return client.post(address, said, follow=True).content.decode()


def test_an_officer_sends_the_proof_along_and_the_authority_opens_it_and_confirms(
    held: tuple[Listed, str, AnswerView],
) -> None:
    _, check, answer = held
    officer, clerk = _client("officer", "public_resource_trading"), _client("clerk", "human_resources")
    assert 'name="papers"' in officer.get(f"/bench/checks/{check}/").content.decode()
    page = _offer(officer, f"/bench/checks/{check}/answers/{answer.number}/remedy/", answer, _receipt())
    assert "待确认" in page
    page = clerk.get("/bench/remedies/").content.decode()
    file = re.search(r'href="(/bench/cases/papers/[^"]+)"', page)
    assert file
    assert "缴款凭证.png" in page
    proof = clerk.get(file[1])
    assert b"".join(proof.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]  # a streaming answer
    assert _client("clerk", "tax").get(file[1]).status_code == 404
    assert officer.get("/bench/remedies/").status_code == 403
    number = Remedy.objects.get().number
    clerk.post("/bench/remedies/", {"number": number, "decision": "confirm", "words": "到账"})
    page = officer.get(f"/bench/checks/{check}/").content.decode()
    assert "已确认，暂缓解除" in page
    assert "用时" in page
    assert Hold.objects.get().ended == "lifted"
    assert Leaf.objects.filter(action="evidence.attach").exists()


def test_whoever_leads_the_held_organisation_shows_a_proof_from_a_phone(held: tuple[Listed, str, AnswerView]) -> None:
    listed, _, answer = held
    leader = make_subject("林小满", person=True).subject
    told = Record.objects.get(subject=listed.subject)
    since = today().replace(year=2020)
    Relation.objects.create(
        person=leader, organisation=listed.subject, role="legal_representative", from_on=since, record=told
    )
    phone = _client("resident", subject=leader)
    assert "我已经整改，请确认" in phone.get("/checks/").content.decode()
    page = _offer(phone, f"/checks/{answer.number}/remedy/", answer, _receipt())
    assert "待确认" in page
    assert Evidence.objects.get().remedy == Remedy.objects.get()
    assert "待确认" in _offer(phone, f"/checks/{answer.number}/remedy/", answer, _receipt())
    assert (Remedy.objects.count(), Evidence.objects.count()) == (1, 1), "twice is once"


def test_a_stranger_offers_nothing(held: tuple[Listed, str, AnswerView]) -> None:
    stranger = _client("resident", subject=make_subject("周小溪", person=True).subject)
    said = {"entry": held[2].hits[0].entry, "way": "paid", "words": "我来交"}
    assert stranger.post(f"/checks/{held[2].number}/remedy/", said).status_code == 404
    assert not Remedy.objects.exists()


def test_a_file_that_is_none_is_refused_in_words_and_the_remedy_stands(held: tuple[Listed, str, AnswerView]) -> None:
    _, check, answer = held
    officer = _client("officer", "public_resource_trading")
    bad = SimpleUploadedFile("凭证.png", b"MZ not a picture", "image/png")
    page = _offer(officer, f"/bench/checks/{check}/answers/{answer.number}/remedy/", answer, bad)
    assert "凭证.png" in page
    assert Remedy.objects.get().state == "offered"
    assert not Evidence.objects.filter(state="kept").exists()


def test_a_confirmed_proof_is_seen_by_the_person_concerned(ask: Callable[..., Any]) -> None:
    person = make_subject("林小满", person=True)
    make_entry(person.subject)
    answer = ask(Applicant(person.identifier, person.name)).answers[0]
    phone = _client("resident", subject=person.subject)
    _offer(phone, f"/checks/{answer.number}/remedy/", answer, _receipt())
    clerk = _client("clerk", "human_resources")
    page = clerk.get("/bench/remedies/").content.decode()
    clerk.get(re.search(r'href="(/bench/cases/papers/[^"]+)"', page)[1])  # type: ignore[index]  # it is there
    assert Look.objects.filter(subject=person.subject, result="下载证据文件").exists()
    clerk.post("/bench/remedies/", {"number": Remedy.objects.get().number, "decision": "refuse", "words": "未到账"})
    assert "未到账" in phone.get("/checks/").content.decode()


def test_a_departments_system_sends_the_proof_itself(held: tuple[Listed, str, AnswerView]) -> None:
    _, _, answer = held
    api = Api()
    said = {"entry": answer.hits[0].entry, "way": "upload", "words": "已付清，见凭证"}
    number = api.post(f"/checks/{answer.number}/remedies", said).json()["number"]
    at, picture = f"/remedies/{number}/papers?filename=%E5%87%AD%E8%AF%81.png", _receipt().read()
    sent = api.post(at, picture, content_type="application/octet-stream")
    assert sent.status_code == 201, sent.content
    assert api.post(at, picture, content_type="application/octet-stream").json() == sent.json()
    assert "凭证.png" in _client("clerk", "human_resources").get("/bench/remedies/").content.decode()
    assert Evidence.objects.get().number == sent.json()["number"]
    refused = api.post(at, b"MZ\x90 a program", content_type="application/octet-stream")
    assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/problem+json")
    elsewhere = Api("market_regulation").post(at, picture, content_type="application/octet-stream")
    assert elsewhere.status_code == 404
    form = api.http.post(
        f"/api/v1/remedies/{number}/papers",
        {"file": _receipt("第二张.png")},
        headers={"Authorization": f"Bearer {api.token}"},
    )
    assert form.status_code == 201


def test_the_authority_reads_until_when_the_application_waits_and_nothing_once_it_does_not(
    held: tuple[Listed, str, AnswerView],
) -> None:
    _, check, answer = held
    officer, clerk = _client("officer", "public_resource_trading"), _client("clerk", "human_resources")
    _offer(officer, f"/bench/checks/{check}/answers/{answer.number}/remedy/", answer)
    hold = Hold.objects.get()
    assert f"{moment(hold.lapses_at)} 起申请自动放行" in clerk.get("/bench/remedies/").content.decode()
    officer.post(f"/bench/checks/{check}/answers/{answer.number}/hold/", {"reason": "须核实"})
    until = Hold.objects.get().signed_until
    assert until is not None
    assert (
        f"{moment(start_of(until + timedelta(days=1)))} 起申请自动放行"
        in clerk.get("/bench/remedies/").content.decode()
    )
    Hold.objects.update(ended="decided", ended_at=timezone.now())
    assert "自动放行" not in clerk.get("/bench/remedies/").content.decode()


def test_what_ends_two_entries_of_one_list_is_said_once(ask: Callable[..., Any], firm: Callable[..., Listed]) -> None:
    listed = firm()
    for document in ("黔人社列〔2026〕1号", "黔人社列〔2026〕2号"):
        make_entry(listed.subject, document=document)
    shown = ask(Applicant(listed.identifier, listed.name))
    assert len(shown.answers[0].hits) == 2
    page = _client("officer", "public_resource_trading").get(f"/bench/checks/{shown.number}/").content.decode()
    assert page.count(shown.answers[0].hits[0].fix.zh) == 1
