"""A trade's score: its own consent, its own records, nothing flows either way; and receipts of frozen figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.scores.conftest import Resident, make_record
from xinlin.cli import main
from xinlin.core.notes import verify_receipt
from xinlin.office.actions import cases, people, scores
from xinlin.office.actions.score_replays import replay
from xinlin.office.models.people import Consent
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score
from xinlin.office.models.staff import Account
from xinlin.office.queries import score_runs
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotFound, today
from xinlin.office.signing import scores_key, verify

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]


@pytest.fixture(autouse=True)
def xiamen(settings: Any) -> None:
    settings.CITY = "xiamen"


def worker(someone: Resident) -> None:
    """A life with both sorts of acts."""
    for kind, ago, fields in (
        ("housekeeping_training", 30, {"hours": 47}),
        ("housekeeping_contract", 20, {"months": 12}),
        ("volunteer_service", 10, {"hours": 10}),
    ):
        make_record(someone.subject, kind, today() - timedelta(days=ago), fields=fields)


def web(someone: Resident) -> Client:
    client = Client()
    client.force_login(
        Account.objects.get(subject=someone.subject), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def test_each_score_opens_by_its_own_consent_and_nothing_flows(resident: Make) -> None:
    someone = resident()
    worker(someone)
    assert scores_of.my_trade(actor=someone.actor, code="housekeeping") is None
    people.open_trade(actor=someone.actor, scheme="housekeeping", via="portal")
    trade = scores_of.my_trade(actor=someone.actor, code="housekeeping")
    assert trade is not None
    assert (trade.score, trade.tier.code) == (120, "housekeeping_reliable")
    assert sum(line.points for line in trade.lines) == trade.score
    assert {line.record.kind for line in trade.lines if line.record} == {
        "housekeeping_training",
        "housekeeping_contract",
    }
    assert scores_of.mine(actor=someone.actor) is None
    people.open_score(actor=someone.actor, via="portal")
    own = scores_of.mine(actor=someone.actor)
    assert own is not None
    assert own.score == own.base + 10
    with pytest.raises(NotFound):
        scores_of.my_trade(actor=someone.actor, code="fishing")


def test_runs_of_the_two_are_apart_and_closing_one_leaves_the_other(resident: Make, system: Actor) -> None:
    both, trade_only = resident(), resident("陈大海")
    for someone in (both, trade_only):
        worker(someone)
        people.open_trade(actor=someone.actor, scheme="housekeeping", via="portal")
    people.open_score(actor=both.actor, via="portal")
    own, trade = scores.run(actor=system), scores.run(actor=system, trade="housekeeping")
    figures = {(row.run.number, row.subject_id): row.score for row in Score.objects.select_related("run")}
    assert figures == {(own, both.subject.pk): 570, (trade, both.subject.pk): 120, (trade, trade_only.subject.pk): 120}
    assert replay(actor=system, number=trade).holds
    assert [figure.score for figure in scores_of.history_of(actor=both.actor)] == [570]
    assert people.close_trade(actor=both.actor, scheme="housekeeping")
    assert set(Score.objects.values_list("run__number", "subject_id")) == {
        (own, both.subject.pk),
        (trade, trade_only.subject.pk),
    }
    assert Consent.objects.filter(subject=both.subject, step="score", withdrawn_at__isnull=True).exists()
    assert people.close_trade(actor=both.actor, scheme="housekeeping") == ""


def test_the_pages_ask_first_show_every_line_and_close_again(resident: Make) -> None:
    someone = resident()
    worker(someone)
    client = web(someone)
    assert "家政行业分" in client.get("/score/trades/").content.decode()
    asked = client.get("/score/trades/housekeeping/").content.decode()
    assert "我已阅读并同意" in asked and "家政服务培训" in asked and "履行政务承诺" not in asked
    assert client.post("/score/trades/housekeeping/", {}).status_code == 422
    assert client.post("/score/trades/housekeeping/", {"agree": "yes"}).status_code == 302
    shown = client.get("/score/trades/housekeeping/").content.decode()
    assert 'data-score="120"' in shown and "演示" in shown
    assert client.post("/score/trades/housekeeping/", {"close": "yes"}).status_code == 302
    assert not Consent.objects.filter(withdrawn_at__isnull=True).exists()
    assert client.get("/score/trades/fishing/").status_code == 404


def test_a_frozen_figure_s_receipt_is_checked_with_the_key_alone_and_outlives_leaving(
    resident: Make, system: Actor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everybody = [resident(f"居民{n}") for n in range(11)]
    for someone in everybody:
        people.open_score(actor=someone.actor, via="portal")
        worker(someone)
    number = scores.run(actor=system)
    mine = everybody[3]
    client = web(mine)
    page = client.get("/score/history/").content.decode()
    assert f"/score/history/{number}.tlog-proof" in page
    text = client.get(f"/score/history/{number}.tlog-proof").content.decode()
    head, body = verify_receipt(text, scores_key(), verify)
    assert head.size == 11
    assert (body["score"], body["run"], body["scheme"]) == (570, number, "xiamen/egret-2026.1")
    assert mine.subject.pseudonym not in text
    people.leave(actor=mine.actor)
    file = tmp_path / "receipt"
    file.write_text(text, encoding="utf-8")
    assert main(["log", "check", str(file), "--key", score_runs.statement_key()]) == 0
    assert client.get(f"/score/history/{number}.tlog-proof").status_code == 404
    assert client.get("/score/history/").status_code == 200
    capsys.readouterr()


def test_a_run_over_nobody_is_a_run_too_and_replays(system: Actor) -> None:
    """The monthly timer freezes every trade's score, also one that nobody has opened yet."""
    number = scores.run(actor=system, trade="housekeeping")
    said = replay(actor=system, number=number)
    assert said.holds
    assert (said.people, said.replayed) == (0, 0)
    assert score_runs.published() == []
    with pytest.raises(NotFound):
        scores.run(actor=system, trade="fishing")


def test_every_page_that_shows_a_number_without_a_source_says_so(resident: Make, system: Actor) -> None:
    """Walked as a resident and as anybody: no published source gives this city's base, points or most levels."""
    someone = resident()
    worker(someone)
    people.open_score(actor=someone.actor, via="portal")
    people.open_trade(actor=someone.actor, scheme="housekeeping", via="portal")
    scores.run(actor=system)
    client = web(someone)
    own = ["/score/", "/score/why/", "/score/what-if/", "/score/history/", "/score/trades/housekeeping/"]
    own += ["/score/what-if/?indicator=volunteer_service&amount=10", "/benefits/", "/deeds/", "/code/"]
    for path in [*own, "/rules/", "/rules/offers/", "/rules/cases/", "/cities/"]:
        page = client.get(path)
        assert page.status_code == 200, path
        assert "演示数值" in page.content.decode(), path


def test_a_proof_bundle_gives_the_figure_again_on_a_stranger_s_machine(
    resident: Make, system: Actor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    someone = resident()
    worker(someone)
    people.open_score(actor=someone.actor, via="portal")
    number = scores.run(actor=system)
    record = Record.objects.get(subject=someone.subject, kind="volunteer_service")
    cases.object_to(actor=someone.actor, reference=record.reference, reason="not_me", words="")
    text = web(someone).get(f"/score/history/{number}.proof.json").content.decode()
    assert someone.subject.pseudonym not in text and "林小满" not in text
    file, key = tmp_path / "proof.json", score_runs.statement_key()
    file.write_text(text, encoding="utf-8")
    assert main(["replay", "--bundle", str(file), "--key", key]) == 0
    assert "570" in capsys.readouterr().out
    whole = json.loads(text)
    tampered = {
        "facts": {**whole, "facts": whole["facts"][1:]},
        "rules": {**whole, "scheme": {**whole["scheme"], "base": 561}},
        "receipt": {**whole, "receipt": whole["receipt"].replace("index 0", "index 1")},
        "form": {**whole, "form": "other"},
    }
    for changed in tampered.values():
        file.write_text(json.dumps(changed), encoding="utf-8")
        assert main(["replay", "--bundle", str(file), "--key", key]) == 1
    file.write_text("nothing", encoding="utf-8")
    assert main(["replay", "--bundle", str(file), "--key", key]) == 1
    assert main(["replay", "--bundle", str(file)]) == 2
