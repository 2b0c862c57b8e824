"""The analyst's pages: change a number, see who would move, sign, announce; what is wrong is said in its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.scores.conftest import Resident, firm, make_record, record, resident, system  # noqa: F401  # fixtures
from xinlin.core.proposals import numbers_of
from xinlin.office.actions import people, scores
from xinlin.office.models.proposals import SchemeProposal
from xinlin.office.models.scores import ScoreRun
from xinlin.office.models.staff import Account
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, today

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, settings: Any) -> None:
    settings.DATA = tmp_path


def staff(role: str, name: str) -> Client:
    account = Account.objects.create(username=name, role=role, display_name=name, department="credit_centre")
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def town(resident: Callable[..., Resident]) -> None:  # noqa: F811  # the fixture above
    for n in range(24):
        someone = resident(f"居民{n}")
        people.open_score(actor=someone.actor, via="portal")
        if n % 2:
            make_record(
                someone.subject, "fulfilled_commitment", today() - timedelta(days=9), fields={"commitment": "x"}
            )


def form(**changes: str) -> dict[str, str]:
    scheme = current().scheme_at(today())
    assert scheme is not None
    numbers = {f"n.{number.key}": str(number.value) for number in numbers_of(scheme, current().kinds)}
    day = (today() + timedelta(days=10)).isoformat()
    return {**numbers, "version": "2026.2", "effective_from": day, "reason": "履约更应鼓励", **changes}


def weight() -> str:
    scheme = current().scheme_at(today())
    assert scheme is not None
    number = next(
        n
        for n in numbers_of(scheme, current().kinds)
        if n.owner == "indicator fulfilled_commitment" and "each" in n.path
    )
    return f"n.{number.key}"


def test_a_weight_goes_from_the_form_to_the_public_notice(town: None) -> None:
    analyst, reviewer = staff("analyst", "许分析"), staff("reviewer", "方审核")
    page = analyst.get("/bench/model/").content.decode()
    assert "/bench/model/new/?scheme=sincerity" in page
    assert 'name="' + weight() in analyst.get("/bench/model/new/?scheme=sincerity").content.decode()
    answer = analyst.post("/bench/model/new/?scheme=sincerity", form(**{weight(): "90"}))
    assert answer.status_code == 302
    address = answer["Location"]
    page = analyst.get(address).content.decode()
    assert "<svg" in page and "二十位示例居民" in page and ">90<" in page
    sha = page.split('name="preview_sha256" value="')[1].split('"')[0]
    assert "没有修订公告" in Client().get("/rules/changes/").content.decode()
    for client in (analyst, reviewer):
        client.post(f"{address}sign/", {"preview_sha256": sha})
    assert SchemeProposal.objects.get().state == "announced"
    public = Client().get("/rules/changes/").content.decode()
    assert "履约更应鼓励" in public and "许分析" in public and "方审核" in public and ">90<" in public
    assert "预演：约" in public
    assert analyst.get(address).content.decode().count("签署") >= 1


def test_a_file_with_mistakes_is_refused_line_by_line(town: None) -> None:
    analyst = staff("analyst", "许分析")
    whole = analyst.get("/bench/model/file/sincerity/").content.decode()
    wrong = whole.replace("base: 600", "base: 9999").replace('version: "2026.1"', 'version: "2026.2"')
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("x.yaml", wrong.encode())
    answer = analyst.post("/bench/model/new/?scheme=sincerity", {**form(), "file": file})  # type: ignore[dict-item]  # a file
    assert answer.status_code == 422
    assert "sincerity-2026.2.yaml:" in answer.content.decode()
    assert "9999" in answer.content.decode()
    odd = SimpleUploadedFile("x.yaml", "名称".encode("gb18030"))
    answer = analyst.post("/bench/model/new/?scheme=sincerity", {**form(), "file": odd})  # type: ignore[dict-item]  # a file
    assert answer.status_code == 422
    answer = analyst.post("/bench/model/new/?scheme=sincerity", form(**{weight(): "九十"}))
    assert answer.status_code == 422
    assert "九十" in answer.content.decode()
    assert not SchemeProposal.objects.exists()


def test_runs_are_listed_with_their_statements_and_replayed_on_the_spot(town: None) -> None:
    scores.run(actor=Actor("system:test", "test", "system"))
    number = ScoreRun.objects.get().number
    auditor = staff("auditor", "沈审计")
    page = auditor.get("/bench/runs/").content.decode()
    assert f"run {number}" in page
    assert 'data-replay="True"' in auditor.post("/bench/runs/", {"number": number}).content.decode()
    assert f"run {number}" in Client().get("/runs/").content.decode()
    assert "没有可以复算" in auditor.post("/bench/runs/", {"number": "PF0"}).content.decode()
