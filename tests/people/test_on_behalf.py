"""Acting for somebody: named, limited in what and how long, seen by the person, ended with one tap."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin.faces.kit import paper
from xinlin.office import vault
from xinlin.office.actions import cases, mandates, people
from xinlin.office.models.consents import DeletionReceipt
from xinlin.office.models.log import Leaf
from xinlin.office.models.mandates import Mandate
from xinlin.office.models.people import Look
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries import mandates as mandates_of
from xinlin.office.queries import people as people_of
from xinlin.office.queries import records as records_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def number_of(someone: Resident) -> str:
    return vault.unseal(someone.subject.identifier_sealed, "subject.identifier")


def name_of(someone: Resident) -> str:
    return vault.unseal(someone.subject.name_sealed, "subject.name")


def entrusted(principal: Resident, helper: Resident, *powers: str) -> str:
    return mandates.entrust(
        actor=principal.actor,
        identifier=number_of(helper),
        name=name_of(helper),
        powers=powers or ("see",),
        lasts="P1M",
    )


@pytest.fixture
def pair(resident: Make, record: Callable[..., Record]) -> tuple[Resident, Resident, Record]:
    """A grandmother with a record, her grandson, and the record."""
    elder, younger = resident("林阿婆", date(1948, 3, 1)), resident("林小满")
    fault = record(
        elder.subject, "ebike_violation", today() - timedelta(days=5), record_class="minor", document="阿婆文号"
    )
    return elder, younger, fault


def test_a_helper_sees_and_objects_within_what_was_entrusted_and_the_person_sees_each_look(
    pair: tuple[Resident, Resident, Record],
) -> None:
    elder, younger, fault = pair
    number = entrusted(elder, younger, "see", "object")
    client = let_in(younger)
    assert "林*婆" in client.get("/me/helpers/").content.decode()
    assert client.post("/me/helpers/begin/", {"number": number}).headers["Location"] == "/"
    page = client.get("/records/").content.decode()
    assert "您正在代 林*婆 办理" in page
    assert "电动自行车违法" in page
    assert client.get(f"/records/{fault.reference}/").status_code == 200
    answer = client.post(f"/records/{fault.reference}/wrong/", {"reason": "not_me", "words": ""})
    assert "/appeals/" in answer.headers["Location"]
    fault.refresh_from_db()
    assert fault.status == "disputed"
    assert client.post("/report/pdf/", {}).status_code == 403, "a report was not entrusted"
    look = people_of.looks(actor=elder.actor, own=False)[0]
    assert (look.role, look.purpose) == ("helper", "受托代为查询")
    assert number in look.clause
    assert "代办人" in let_in(elder).get("/looks/").content.decode()
    assert client.post("/acting/stop/").headers["Location"] == "/me/"
    assert "您正在代" not in client.get("/records/").content.decode()


def test_nobody_consents_leaves_or_entrusts_for_another(pair: tuple[Resident, Resident, Record]) -> None:
    elder, younger, _fault = pair
    number = entrusted(elder, younger, "see", "object", "report")
    found = mandates_of.acting(actor=younger.actor, number=number)
    assert found is not None
    helper, _view = found
    for act in (
        lambda: people.open_score(actor=helper, via="x"),
        lambda: people.leave(actor=helper),
        lambda: people.pause(actor=helper),
        lambda: people.decline(actor=helper),
        lambda: mandates.end(actor=helper, number=number),
        lambda: mandates_of.given(actor=helper),
    ):
        with pytest.raises(NotAllowed):
            act()
    client = let_in(younger)
    client.post("/me/helpers/begin/", {"number": number})
    for address in ("/consent/score/", "/me/helpers/", "/leave/", "/me/recording/"):
        assert client.post(address, {"agree": "yes", "kind": "honour"}).status_code == 403, address


def test_one_tap_ends_it_at_once_and_so_does_its_time(pair: tuple[Resident, Resident, Record]) -> None:
    elder, younger, _fault = pair
    number, client = entrusted(elder, younger), let_in(younger)
    client.post("/me/helpers/begin/", {"number": number})
    assert "阿婆" in client.get("/").content.decode() or "林*婆" in client.get("/").content.decode()
    assert let_in(elder).post("/me/helpers/", {"end": number}).status_code == 302
    page = client.get("/records/").content.decode()
    assert "您正在代" not in page and "阿婆文号" not in page
    assert client.post("/me/helpers/begin/", {"number": number}).status_code == 404
    second = entrusted(elder, younger)
    Mandate.objects.filter(number=second).update(
        from_at=now() - timedelta(days=9), until_at=now() - timedelta(seconds=1)
    )
    assert mandates_of.acting(actor=younger.actor, number=second) is None
    assert Leaf.objects.filter(action="mandates.end").count() == 1


def test_only_the_named_helper_holds_it(pair: tuple[Resident, Resident, Record], resident: Make) -> None:
    elder, younger, _fault = pair
    number, stranger = entrusted(elder, younger), resident("陈大海")
    assert mandates_of.acting(actor=stranger.actor, number=number) is None
    client = let_in(stranger)
    session = client.session
    session["acting_for"] = number
    session.save()
    assert "阿婆" not in client.get("/records/").content.decode()
    with pytest.raises(NotFound):
        mandates.end(actor=stranger.actor, number=number)
    with pytest.raises(NotFound):
        mandates.give_up(actor=stranger.actor, number=number)
    mandates.give_up(actor=younger.actor, number=number)
    assert mandates_of.given(actor=elder.actor)[0].ended_at is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "另一个人"}, "都相符"),
        ({"identifier": "110101199001011234"}, "都相符"),
        ({"powers": []}, "没有选择"),
        ({"powers": ["leave"]}, "没有选择"),
        ({"lasts": "P9Y"}, "没有选择"),
    ],
)
def test_what_cannot_be_entrusted_is_refused(
    pair: tuple[Resident, Resident, Record], change: dict[str, object], said: str
) -> None:
    elder, younger, _fault = pair
    asked = {"identifier": number_of(younger), "name": name_of(younger), "powers": ["see"], "lasts": "P1M"}
    with pytest.raises(Refused, match=said):
        mandates.entrust(actor=elder.actor, **{**asked, **change})  # type: ignore[arg-type]  # one value per name
    with pytest.raises(Refused, match="自己"):
        mandates.entrust(
            actor=elder.actor, identifier=number_of(elder), name=name_of(elder), powers=["see"], lasts="P1M"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Mandate.objects.create(
            number="x", kind="helper", principal=elder.subject, holder_subject=elder.subject, holder_name="x",
            powers=[], purpose="x", from_at=now(), until_at=now() + timedelta(days=1),
        )  # fmt: skip


@pytest.fixture
def clerk() -> tuple[Account, Client]:
    account = Account.objects.create(
        username="desk", role="reviewer", display_name="窗口小王", department="credit_centre"
    )
    client = Client()
    client.force_login(account, backend=BACKEND)
    return account, client


def serving(client: Client, person: Resident, **change: str) -> object:
    form = {
        "identifier": number_of(person),
        "name": name_of(person),
        "purpose": "本人来看记录并提异议",
        "document": "checked",
        **change,
    }
    return client.post("/bench/serve/", form)


def test_the_counter_gives_the_same_rights_without_a_phone(
    pair: tuple[Resident, Resident, Record], clerk: tuple[Account, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    elder, _younger, fault = pair
    people.open_score(actor=elder.actor, via="paper")
    printed: list[object] = []
    real = paper.typeset
    monkeypatch.setattr(paper, "typeset", lambda name, values, at: printed.append(values) or real(name, values, at))  # type: ignore[func-returns-value]  # notes and sets
    _account, client = clerk
    assert serving(client, elder).status_code == 302  # type: ignore[attr-defined]  # a response
    assert "您正在代 林*婆 办理" in client.get("/").content.decode()
    assert client.get("/records/").status_code == 200
    letter = client.get("/letter/")
    assert letter.content.startswith(b"%PDF") and "no-store" in letter.headers["Cache-Control"]
    (sent,) = printed
    text = json.dumps(sent, ensure_ascii=False)
    card = scores_of.mine(actor=elder.actor)
    assert card is not None and f"{card.score} " in text and "最近谁看过" in text, "paper says what the screen says"
    assert client.post("/report/pdf/", {"edition": "standing"}).content.startswith(b"%PDF")
    client.post(f"/records/{fault.reference}/wrong/", {"reason": "wrong_fact", "words": ""})
    fault.refresh_from_db()
    assert fault.status == "disputed"
    scene = next(iter(current().scenes))
    assert "只有本人能同意" in client.get(f"/consent/scene/{scene}/").content.decode(), "no button that can only fail"
    people.leave(actor=elder.actor)
    assert "开通我的评分" not in client.get("/").content.decode()
    assert 'name="agree"' not in client.get("/consent/score/").content.decode()
    assert client.post("/consent/score/", {"agree": "yes"}).status_code == 403
    assert "/deletions/" in client.post("/leave/").headers["Location"]
    assert DeletionReceipt.objects.get().subject == elder.subject
    looks = people_of.looks(actor=elder.actor, own=False)
    assert {look.actor_name for look in looks} == {"窗口小王"}
    assert any(look.purpose == "本人来看记录并提异议" for look in looks)
    assert client.post("/acting/stop/").headers["Location"] == "/bench/serve/"
    assert client.get("/records/").status_code == 403, "the visit is over, the file is closed"
    assert Mandate.objects.get().ended_at is not None


@pytest.mark.parametrize("change", [{"name": "王五"}, {"document": ""}, {"purpose": " "}])
def test_the_counter_opens_nothing_without_card_purpose_and_the_right_name(
    pair: tuple[Resident, Resident, Record], clerk: tuple[Account, Client], change: dict[str, str]
) -> None:
    elder, _younger, _fault = pair
    _account, client = clerk
    assert serving(client, elder, **change).status_code == 422  # type: ignore[attr-defined]  # a response
    assert client.get("/records/").status_code == 403
    assert not Mandate.objects.exists()


def test_others_of_the_staff_do_not_serve(pair: tuple[Resident, Resident, Record]) -> None:
    elder, _younger, _fault = pair
    for role in ("clerk", "officer", "auditor", "operator", "analyst"):
        actor = Actor("account:7", "某", role, "tax")
        with pytest.raises(NotAllowed):
            mandates.serve(actor=actor, identifier=number_of(elder), name="林阿婆", document_checked=True, purpose="看")
        with pytest.raises(NotAllowed):
            records_of.mine(actor=actor)


def test_a_guardian_acts_until_the_birthday_and_never_for_a_grown_up(
    resident: Make, clerk: tuple[Account, Client]
) -> None:
    child, parent = resident("林一诺", date(today().year - 10, 6, 1)), resident("林小满")
    account, client = clerk
    form = {
        "guardian": "yes", "ward_identifier": number_of(child), "ward_name": "林一诺", "purpose": "出生医学证明",
        "guardian_identifier": number_of(parent), "guardian_name": "林小满", "document": "checked",
    }  # fmt: skip
    assert client.post("/bench/serve/", form).status_code == 302
    mandate = Mandate.objects.get()
    assert mandate.until_at.astimezone().date() >= date(today().year + 8, 5, 31)
    found = mandates_of.acting(actor=parent.actor, number=mandate.number)
    assert found is not None
    assert records_of.mine(actor=found[0]) == []
    with pytest.raises(NotAllowed):
        people.open_score(actor=found[0], via="x")
    with pytest.raises(Refused, match="已满 18"):
        mandates.name_guardian(
            actor=actor_of(account), ward=(number_of(parent), "林小满"), guardian=(number_of(child), "林一诺"),
            document_checked=True, purpose="x",
        )  # fmt: skip
    assert Look.objects.filter(subject=child.subject, role="helper").exists()
    brother = resident("林二诺", date(today().year - 17, 6, 1))
    younger = {**form, "guardian_identifier": number_of(brother), "guardian_name": "林二诺"}
    refused = client.post("/bench/serve/", younger)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "监护人未满 18 周岁" in page
    assert f'value="{number_of(brother)}"' in page and 'value="出生医学证明"' in page, "nothing typed is lost"


def test_a_refused_mandate_keeps_what_was_typed(pair: tuple[Resident, Resident, Record]) -> None:
    elder, younger, _fault = pair
    form = {"identifier": number_of(younger), "name": "另一个人", "power": ["see", "object"], "lasts": "P6M"}
    page = let_in(elder).post("/me/helpers/", form).content.decode()
    assert 'value="另一个人"' in page
    assert page.count(" checked") == 3


def test_a_helpers_objection_is_the_persons_own(pair: tuple[Resident, Resident, Record]) -> None:
    elder, younger, fault = pair
    number = entrusted(elder, younger, "object")
    found = mandates_of.acting(actor=younger.actor, number=number)
    assert found is not None
    case = cases.object_to(actor=found[0], reference=fault.reference, reason="not_me", words="")
    assert let_in(elder).get(f"/appeals/{case}/").status_code == 200
    assert let_in(younger).get(f"/appeals/{case}/").status_code == 404


def test_what_was_begun_for_another_is_not_done_to_oneself_once_that_has_ended(
    pair: tuple[Resident, Resident, Record],
) -> None:
    elder, younger, _fault = pair
    people.open_score(actor=younger.actor, via="test")
    number, client = entrusted(elder, younger, "see", "report"), let_in(younger)
    client.post("/me/helpers/begin/", {"number": number})
    let_in(elder).post("/me/helpers/", {"end": number})
    told = client.post("/leave/")
    assert told.status_code == 403
    assert "代办已经结束" in told.content.decode()
    assert people_of.me(actor=younger.actor).standing == "open", "the helper's own score stands"
    assert "代办已经结束" not in client.get("/records/").content.decode(), "said once"


def test_a_helper_shows_nobody_anothers_card_or_code_and_is_offered_no_door_that_is_shut(
    pair: tuple[Resident, Resident, Record],
) -> None:
    elder, younger, _fault = pair
    people.open_score(actor=elder.actor, via="test")
    client = let_in(younger)
    client.post("/me/helpers/begin/", {"number": entrusted(elder, younger, "see")})
    for address in ("/code/", "/card/", "/leave/"):
        assert client.get(address).status_code == 403, address
    for page in ("/", "/me/"):
        text = client.get(page).content.decode()
        for shut in ("/code/", "/card/", "/leave/", "/me/helpers/", "/messages/", "/me/recording/"):
            assert f'href="{shut}"' not in text, (page, shut)


def test_one_tap_ends_all_that_a_helper_holds_however_often_it_was_entrusted(
    pair: tuple[Resident, Resident, Record],
) -> None:
    elder, younger, _fault = pair
    first = entrusted(elder, younger, "see")
    assert entrusted(elder, younger, "see") == first, "the same again is the same"
    wider = entrusted(elder, younger, "see", "object")
    assert [view.number for view in mandates_of.held(actor=younger.actor)] == [wider]
    mandates.end(actor=elder.actor, number=wider)
    assert mandates_of.held(actor=younger.actor) == []
