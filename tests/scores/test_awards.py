"""A round of awards: threshold, nomination by oneself, panel of two sides, award; the name is shown by its owner's tick alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from tests.scores.conftest import Resident
from xinlin.office.actions import awards, people
from xinlin.office.models.awards import Nomination, PanelVote
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries import awards as read
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, today

pytestmark = pytest.mark.django_db
REVIEWER = Actor("account:3", "方审核", "reviewer", "credit_centre")
CLERK = Actor("account:4", "钱报送", "clerk", "civility_office")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def opened(tier: str | None = None, days: int = 20) -> str:
    scheme = current().scheme_at(today())
    assert scheme is not None
    return awards.open_round(
        actor=REVIEWER,
        title_zh="2026年诚信居民评选",
        title_en="Residents of good faith 2026",
        tier=tier or scheme.tiers[-2].code,
        department="civility_office",
        closes_on=today() + timedelta(days=days),
    )


@pytest.fixture
def good(resident: Callable[..., Resident], record: Callable[..., Record]) -> Resident:
    """A resident whose deeds reach the highest levels."""
    someone = resident("林小满")
    people.open_score(actor=someone.actor, via="portal")
    for n in range(30):
        record(someone.subject, "volunteer_service", today() - timedelta(days=9 + 12 * n), fields={"hours": 40})
    return someone


def awarded(someone: Resident) -> str:
    number = awards.nominate(actor=someone.actor, round_number=opened())
    for member in (REVIEWER, CLERK):
        awards.vote(actor=member, number=number, yes=True, reason="事迹属实")
    return number


def test_each_step_is_dated_signed_and_seen_by_the_person(good: Resident) -> None:
    number = awards.nominate(actor=good.actor, round_number=opened())
    assert awards.nominate(actor=good.actor, round_number=read.rounds(actor=REVIEWER)[0].number) == number
    view, before = read.panel(actor=CLERK, number=read.rounds(actor=CLERK)[0].number)
    assert [(one.name, one.state, one.may_vote) for one in before] == [("林小满", "nominated", True)]
    assert Look.objects.filter(subject=good.subject, actor=CLERK.handle).count() == 1
    assert awards.vote(actor=CLERK, number=number, yes=True, reason="事迹属实") == "nominated"
    assert awards.vote(actor=REVIEWER, number=number, yes=True, reason="记录相符") == "awarded"
    mine = read.mine(actor=good.actor)[0]
    assert [(vote.name, vote.role, vote.yes) for vote in mine.votes] == [
        ("钱报送", "clerk", True), ("方审核", "reviewer", True),
    ]  # fmt: skip
    assert mine.state == "awarded" and mine.decided_at is not None
    told = set(Leaf.objects.filter(action__startswith="awards.").values_list("action", flat=True))
    assert told == {"awards.open", "awards.nominate", "awards.vote"}
    assert view.department == current().departments["civility_office"].name


def test_who_has_not_reached_the_level_or_has_no_score_cannot_be_nominated(
    resident: Callable[..., Resident], good: Resident
) -> None:
    number, none = opened(), resident("陈大海")
    with pytest.raises(Refused, match="not reached"):
        awards.nominate(actor=none.actor, round_number=number)
    people.open_score(actor=none.actor, via="portal")
    with pytest.raises(Refused, match="not reached"):
        awards.nominate(actor=none.actor, round_number=number)
    assert [reached for _round, reached in read.open_rounds(actor=none.actor)] == [False]
    assert [reached for _round, reached in read.open_rounds(actor=good.actor)] == [True]
    with pytest.raises(NotAllowed):
        awards.nominate(actor=REVIEWER, round_number=number)


def test_one_side_never_signs_for_both_and_a_no_is_a_no(good: Resident) -> None:
    number = awards.nominate(actor=good.actor, round_number=opened())
    awards.vote(actor=REVIEWER, number=number, yes=True, reason="记录相符")
    other = Actor("account:8", "吕审核", "reviewer", "credit_centre")
    for again in (REVIEWER, other):
        with pytest.raises(Refused, match="signed already"):
            awards.vote(actor=again, number=number, yes=True, reason="记录相符")
    with pytest.raises(NotAllowed):
        awards.vote(actor=Actor("account:9", "赵", "clerk", "court"), number=number, yes=True, reason="x")
    with pytest.raises(Refused):
        awards.vote(actor=CLERK, number=number, yes=False, reason=" ")
    assert awards.vote(actor=CLERK, number=number, yes=False, reason="材料不足") == "refused"
    with pytest.raises(Refused, match="decided already"):
        awards.vote(actor=CLERK, number=number, yes=True, reason="x")
    with pytest.raises(Refused, match="not awarded"):
        awards.show_name(actor=good.actor, number=number, shown=True)


def test_a_name_is_public_only_while_its_owner_wants_it(good: Resident, resident: Callable[..., Resident]) -> None:
    number = awarded(good)
    assert "林小满" not in Client().get("/awarded/").content.decode()
    awards.show_name(actor=good.actor, number=number, shown=True)
    assert "林小满" in Client().get("/awarded/").content.decode()
    assert read.roll()[0].awarded is None
    with pytest.raises(NotFound):
        awards.show_name(actor=resident("陈大海").actor, number=number, shown=False)
    awards.show_name(actor=good.actor, number=number, shown=False)
    assert "林小满" not in Client().get("/awarded/").content.decode()


@pytest.mark.parametrize("way", ["leave", "withdraw"])
def test_leaving_or_taking_it_back_deletes_everything(good: Resident, way: str) -> None:
    number = awarded(good)
    awards.show_name(actor=good.actor, number=number, shown=True)
    if way == "leave":
        people.leave(actor=good.actor)
    else:
        awards.withdraw(actor=good.actor, number=number)
    assert not Nomination.objects.exists() and not PanelVote.objects.exists()
    assert "林小满" not in Client().get("/awarded/").content.decode()


def test_a_round_that_is_over_or_unknown(good: Resident) -> None:
    number = opened(days=0)
    from xinlin.office.models.awards import AwardRound

    AwardRound.objects.update(closes_on=today() - timedelta(days=1))
    with pytest.raises(Refused, match="over"):
        awards.nominate(actor=good.actor, round_number=number)
    with pytest.raises(NotFound):
        awards.nominate(actor=good.actor, round_number="PX0")
    with pytest.raises(Refused, match="no such level"):
        opened(tier="none")
    with pytest.raises(NotAllowed):
        awards.open_round(actor=CLERK, title_zh="x", title_en="x", tier="x", department="x", closes_on=today())


def test_the_pages_lead_from_the_round_to_certificate_and_badge(good: Resident) -> None:
    def desk(role: str, department: str) -> Client:
        client = Client()
        account = Account.objects.create(username=role, role=role, display_name=role, department=department)
        client.force_login(account, backend=BACKEND)
        return client

    reviewer, clerk, phone = desk("reviewer", "credit_centre"), desk("clerk", "civility_office"), Client()
    phone.force_login(Account.objects.get(subject=good.subject), backend=BACKEND)
    scheme = current().scheme_at(today())
    assert scheme is not None
    form = {"title_zh": "2026年评选", "title_en": "Awards 2026", "tier": scheme.tiers[-2].code}
    form |= {"department": "civility_office", "closes_on": (today() + timedelta(days=9)).isoformat()}
    assert reviewer.post("/bench/awards/", {**form, "closes_on": "soon"}).status_code == 422
    address = reviewer.post("/bench/awards/", form)["Location"]
    assert "我要报名" in phone.get("/awards/").content.decode()
    phone.post("/awards/nominate/", {"round": address.split("/")[-2]})
    number = Nomination.objects.get().number
    for member in (reviewer, clerk):
        assert "林小满" in member.get(address).content.decode()
        member.post(address, {"number": number, "yes": "yes", "reason": "事迹属实"})
    assert "已评上" in phone.get("/awards/").content.decode()
    assert phone.get(f"/awards/{number}/certificate.pdf").content[:4] == b"%PDF"
    header, body, signature = phone.get(f"/awards/{number}/badge.jwt").content.decode().split(".")

    def opened_part(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = opened_part(json.loads(opened_part(header))["jwk"]["x"])
    Ed25519PublicKey.from_public_bytes(key).verify(opened_part(signature), f"{header}.{body}".encode())
    said = json.loads(opened_part(body))
    assert said["type"] == ["VerifiableCredential", "OpenBadgeCredential"] and said["name"] == "2026年评选"
    phone.post(f"/awards/{number}/", {"shown": "yes"})
    assert "林小满" in Client().get("/awarded/").content.decode()
    phone.post(f"/awards/{number}/", {"withdraw": "yes"})
    assert phone.get(f"/awards/{number}/certificate.pdf").status_code == 404
