"""Consent as the person lives it: given, resting, refused, asked anew, taken back with a receipt anybody can check."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin import shelf
from xinlin.core.consents import MATERIAL, current_terms, fingerprint, open_deletion
from xinlin.core.notes import Refused as NoteRefused
from xinlin.core.values import Text
from xinlin.faces.kit.consent_labels import TABLE
from xinlin.office.actions import deletions, people, scores
from xinlin.office.models.consents import ConsentEvent, Declined, DeletionReceipt
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Consent
from xinlin.office.models.scores import Score
from xinlin.office.queries import benefits as benefits_of
from xinlin.office.queries import consents as consents_of
from xinlin.office.queries import people as people_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, now, today
from xinlin.office.signing import log_key, verify

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``asks(purpose=Text(…))``: from now on the city asks under other terms; ``scene`` changes one scene instead."""
    real = shelf.read

    def change(scene: str = "", **changes: Any) -> None:
        book = real("dongtou")
        assert book.notice is not None
        if scene:
            scenes = book.scenes | {scene: book.scenes[scene].model_copy(update=changes)}
            other = book.model_copy(update={"scenes": scenes})
        else:
            other = book.model_copy(update={"notice": book.notice.model_copy(update=changes)})
        monkeypatch.setattr(shelf, "read", lambda _city: other)

    return change


def enrolled(resident: Make, system: Actor) -> tuple[Resident, str]:
    """A resident with a score, one scene, and one frozen figure."""
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    scene = next(iter(current().scenes))
    people.open_scene(actor=someone.actor, scene=scene, via="portal")
    scores.run(actor=system)
    return someone, scene


def test_resting_shows_and_answers_nothing_and_deletes_nothing(resident: Make, system: Actor) -> None:
    someone, _scene = enrolled(resident, system)
    assert people.pause(actor=someone.actor)
    assert not people.pause(actor=someone.actor), "twice is once"
    assert scores_of.mine(actor=someone.actor) is None
    assert not any(offer.open for offer in benefits_of.mine(actor=someone.actor))
    assert people_of.me(actor=someone.actor).standing == "paused"
    scores.run(actor=system)
    assert Score.objects.count() == 1, "no figure is added while it rests, none is lost"
    assert people.resume(actor=someone.actor)
    assert scores_of.mine(actor=someone.actor) is not None
    states = [event.state for event in consents_of.mine(actor=someone.actor)[-1].events]
    assert states == ["given", "paused", "resumed"]


def test_the_page_of_a_resting_score_says_that_figures_are_kept_and_leads_back(resident: Make, system: Actor) -> None:
    someone, _scene = enrolled(resident, system)
    people.pause(actor=someone.actor)
    client = let_in(someone)
    page = client.get("/score/").content.decode()
    assert "已有的历史分数保留" in page and "不保存您的分数" not in page
    assert 'href="/consent/score/"' in page
    assert client.post("/consent/score/", {"resume": "yes"}).status_code == 302
    assert "已有的历史分数保留" not in client.get("/score/").content.decode()


def test_a_scene_rests_by_itself(resident: Make, system: Actor) -> None:
    someone, scene = enrolled(resident, system)
    people.pause(actor=someone.actor, scene=scene)
    assert ("scene", scene) not in people_of.live_consents(someone.subject.pk)
    assert scores_of.mine(actor=someone.actor) is not None
    number = people.open_scene(actor=someone.actor, scene=scene, via="portal")
    assert ("scene", scene) in people_of.live_consents(someone.subject.pk), "agreeing again takes it up"
    assert number == consents_of.mine(actor=someone.actor)[0].number


def test_who_said_no_is_never_asked_again(resident: Make) -> None:
    someone = resident()
    client = let_in(someone)
    invitation = "开通我的评分"
    assert invitation in client.get("/").content.decode()
    client.post("/consent/score/", {"decline": "yes"})
    client.post("/consent/score/", {"decline": "yes"})
    assert Declined.objects.count() == 1
    for address in ("/", "/me/", "/benefits/", "/deeds/", "/records/", "/code/", "/looks/"):
        assert invitation not in client.get(address).content.decode(), address
        assert "去开通" not in client.get(address).content.decode(), address
    people.open_score(actor=someone.actor, via="portal")
    assert not Declined.objects.exists()
    people.leave(actor=someone.actor)
    assert invitation not in client.get("/").content.decode(), "nor is who left"


@pytest.mark.parametrize("term", ["purpose", "method", "kinds", "controller", "retention"])
def test_other_terms_end_the_old_consent_until_it_is_given_anew(
    resident: Make, system: Actor, asks: Callable[..., None], term: str
) -> None:
    someone, scene = enrolled(resident, system)
    asks(**{term: Text(zh="另外的内容", en="Something else"), "version": "2027.1"})
    assert scores_of.mine(actor=someone.actor) is None
    assert people_of.me(actor=someone.actor).standing == "outdated"
    scores.run(actor=system)
    assert Score.objects.count() == 1
    client = let_in(someone)
    page = client.get("/consent/score/").content.decode()
    assert "另外的内容" in page and "哪些内容变了" in page
    assert "看看变了什么" in client.get("/").content.decode()
    number = people.open_score(actor=someone.actor, via="portal")
    assert scores_of.mine(actor=someone.actor) is not None
    assert Score.objects.get().consent.number == number, "what rested on the old consent rests on the new one"
    assert ConsentEvent.objects.filter(state="replaced").count() == 1
    if term != "controller":
        assert ("scene", scene) in people_of.live_consents(someone.subject.pk)


def test_a_change_of_wording_elsewhere_asks_nobody(resident: Make, system: Actor, asks: Callable[..., None]) -> None:
    someone, _scene = enrolled(resident, system)
    asks(version="2027.1", contact="0577-1", rights=Text(zh="更多权利", en="More rights"))
    assert scores_of.mine(actor=someone.actor) is not None


@pytest.mark.parametrize("change", [{"recipient": Text(zh="别人", en="Others")}, {"leaves": "score"}, {"lasts": "P5Y"}])
def test_another_recipient_or_more_that_leaves_is_asked_for_that_scene_alone(
    resident: Make, system: Actor, asks: Callable[..., None], change: dict[str, Any]
) -> None:
    someone, scene = enrolled(resident, system)
    asks(scene=scene, **change)
    live = people_of.live_consents(someone.subject.pk)
    assert ("score", "") in live
    assert ("scene", scene) not in live
    assert "哪些内容变了" in let_in(someone).get(f"/consent/scene/{scene}/").content.decode()


def test_every_material_term_changes_the_fingerprint_and_nothing_else_does() -> None:
    for (_step, scene), terms in current_terms(current(), today()).items():
        before = fingerprint(terms, scene)
        for name in terms:
            differs = fingerprint({**terms, name: "other"}, scene) != before
            assert differs == (name in MATERIAL or name == "step"), name


def test_leaving_leaves_a_receipt_that_anybody_can_check(
    resident: Make, system: Actor, tmp_path: Path, xinlin: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    someone, _scene = enrolled(resident, system)
    client = let_in(someone)
    answer = client.post("/leave/")
    kept = DeletionReceipt.objects.get()
    assert answer.headers["Location"] == f"/deletions/{kept.number}/"
    said = open_deletion(kept.note, log_key(), verify)
    assert said["rows_deleted"] == {"award_nomination": 0, "scene_code": 0, "score": 1}
    assert len(said["consents_ended"]) == 2
    assert said["copies_ending"] == []
    assert not Score.objects.exists()
    file = tmp_path / "receipt.txt"
    file.write_bytes(client.get(f"/deletions/{kept.number}/receipt.txt").content)
    told = xinlin("consent", "check", str(file), "--key", str(log_key()))
    assert told.returncode == 0, told.stdout + told.stderr
    assert "score: 1" in told.stdout
    file.write_text(kept.note.replace('"score":1', '"score":9'), encoding="utf-8")
    assert xinlin("consent", "check", str(file), "--key", str(log_key())).returncode == 1
    assert someone.subject.pseudonym not in kept.note
    assert Leaf.objects.filter(action="people.leave").count() == 1
    again = people.leave(actor=someone.actor)
    assert (again.number, again.rows_deleted) == (kept.number, 1), "a second tap answers with the first receipt"


def test_a_tree_head_never_passes_for_a_receipt() -> None:
    from xinlin.core.notes import sign_note
    from xinlin.office.signing import sign

    head = sign_note(f"{log_key().name}\n1\n{'A' * 43}=\n", log_key(), sign)
    with pytest.raises(NoteRefused, match="no receipt of deletion"):
        open_deletion(head, log_key(), verify)


def test_snapshots_left_on_disk_are_named_with_their_end(
    resident: Make, system: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.models.scores import ScoreRun

    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    someone, _scene = enrolled(resident, system)
    killed = ScoreRun.objects.get()
    (tmp_path / "snapshots" / killed.number).mkdir(parents=True)
    people.leave(actor=someone.actor)
    (copy,) = consents_of.deletions(actor=someone.actor)[0].copies_ending
    assert copy["name"] == f"snapshots/{killed.number}"
    assert copy["gone_by"][:10] == (killed.started_at + timedelta(days=1)).date().isoformat()


def test_every_table_that_rests_on_a_consent_goes_with_it_and_every_table_of_figures_rests_on_one() -> None:
    resting = set(deletions.resting_on_consent())
    assert Score in resting
    figures = [m for m in apps.get_app_config("office").get_models() if m.__module__.endswith("models.scores")]
    for model in figures:
        about_people = any(f.is_relation and f.related_model.__name__ == "Subject" for f in model._meta.concrete_fields)
        assert not about_people or model in resting, f"{model.__name__} holds figures of people and no consent"


def test_a_receipt_of_deletion_names_tables_in_words() -> None:
    for model in deletions.resting_on_consent():
        assert model._meta.db_table in TABLE, "the receipt would show a person the bare name of a table"


def test_taking_back_one_scene_has_its_receipt_and_leaves_the_score(resident: Make, system: Actor) -> None:
    someone, scene = enrolled(resident, system)
    client = let_in(someone)
    answer = client.post(f"/consent/scene/{scene}/", {"close": "yes"})
    number = answer.headers["Location"].strip("/").split("/")[-1]
    assert consents_of.deletion(actor=someone.actor, number=number).what == "scene"
    assert Score.objects.count() == 1
    assert people.close_scene(actor=someone.actor, scene=scene) == ""


def test_receipts_are_there_later_as_page_pdf_and_data(resident: Make, system: Actor) -> None:
    someone, scene = enrolled(resident, system)
    people.leave(actor=someone.actor)
    client = let_in(someone)
    for consent in Consent.objects.all():
        shape = json.loads(client.get(f"/receipts/{consent.number}/receipt.json").content)
        assert shape["header"]["record_id"] == consent.number
        assert {"header", "pii_processing", "party_identification", "event"} <= set(shape)
        assert [event["event_state"] for event in shape["event"]] == ["consent-given", "consent-withdrawn"]
        purpose = shape["pii_processing"]["purposes"][0]
        assert purpose["lawful_basis"] and purpose["withdrawal_method"]
        assert bool(purpose["recipient_third_parties"]) == (consent.scene == scene)
        paper = client.get(f"/receipts/{consent.number}/receipt.pdf")
        assert paper.content.startswith(b"%PDF") and "no-store" in paper.headers["Cache-Control"]
        assert paper.content == client.get(f"/receipts/{consent.number}/receipt.pdf").content
        assert "撤回" in client.get(f"/receipts/{consent.number}/").content.decode()
    deleted = DeletionReceipt.objects.get()
    assert client.get(f"/deletions/{deleted.number}/receipt.pdf").content.startswith(b"%PDF")
    other = let_in(resident("陈大海"))
    for name in ("", "receipt.txt", "receipt.pdf"):
        assert other.get(f"/deletions/{deleted.number}/{name}").status_code == 404
    with pytest.raises(NotFound):
        consents_of.portable(actor=resident("周四海").actor, number=consent.number)


def test_a_consent_past_its_time_is_asked_again_and_its_history_says_so(resident: Make, system: Actor) -> None:
    someone, scene = enrolled(resident, system)
    Consent.objects.filter(scene=scene).update(expires_at=now() - timedelta(seconds=1))
    assert ("scene", scene) not in people_of.live_consents(someone.subject.pk)
    people.open_scene(actor=someone.actor, scene=scene, via="portal")
    assert ConsentEvent.objects.filter(state="lapsed").count() == 1
