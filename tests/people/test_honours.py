"""The card and the honours of a person: only with consent, only what they show, nothing taken from their score."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin.office.actions import honours as actions
from xinlin.office.actions import people
from xinlin.office.models.consents import Hidden
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look
from xinlin.office.models.records import Record
from xinlin.office.queries import honours, reports, scores
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, today

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]
MakeRecord = Callable[..., Record]


@pytest.fixture
def someone(resident: Make, record: MakeRecord) -> Resident:
    """A resident with an honour, a good deed and an offence."""
    made = resident()
    record(made.subject, "honour", today() - timedelta(days=9), fields={"title": "道德模范", "level": "district"})
    record(made.subject, "volunteer_service", today() - timedelta(days=5), fields={"hours": 12})
    record(made.subject, "uncivil_conduct", today() - timedelta(days=3), fields={"conduct": "occupation"})
    return made


def _honour() -> Record:
    return Record.objects.get(kind="honour")


def _handed_over(someone: Resident) -> list[str]:
    return [one.kind for one in reports.content(actor=someone.actor, full=False).records]


def test_what_is_hidden_is_shown_to_nobody_else_and_counts_as_before(someone: Resident) -> None:
    people.open_score(actor=someone.actor, via="portal")
    before = scores.mine(actor=someone.actor)
    actions.hide(actor=someone.actor, reference=_honour().reference)
    after = scores.mine(actor=someone.actor)
    assert before is not None
    assert after is not None
    assert before.score == after.score
    assert "honour" not in _handed_over(someone)
    assert "honour" in [one.kind for one in reports.content(actor=someone.actor).records], "their own edition has all"
    client = let_in(someone)
    assert "道德模范" in client.get("/honours/").content.decode()
    assert "道德模范" not in client.get("/honours/?shown").content.decode()
    actions.show(actor=someone.actor, reference=_honour().reference)
    assert "honour" in _handed_over(someone)


def test_hiding_twice_is_hiding_once_and_each_change_has_its_leaf(someone: Resident) -> None:
    for _ in range(2):
        actions.hide(actor=someone.actor, reference=_honour().reference)
    for _ in range(2):
        actions.show(actor=someone.actor, reference=_honour().reference)
    assert not Hidden.objects.exists()
    assert sorted(Leaf.objects.filter(action__startswith="honours.").values_list("action", flat=True)) == [
        "honours.hide",
        "honours.show",
    ]


def test_a_corrected_version_stays_hidden_and_can_be_shown_again(someone: Resident, record: MakeRecord) -> None:
    old = _honour()
    actions.hide(actor=someone.actor, reference=old.reference)
    new = record(someone.subject, "honour", old.occurred_on, fields={"title": "道德模范（更正）", "level": "district"})
    Record.objects.filter(pk=old.pk).update(superseded_by=new, status="superseded")
    assert "honour" not in _handed_over(someone)
    actions.show(actor=someone.actor, reference=new.reference)
    assert "honour" in _handed_over(someone)


def test_an_offence_is_not_hidden_by_calling_it_an_honour(someone: Resident) -> None:
    offence = Record.objects.get(kind="uncivil_conduct")
    with pytest.raises(Refused, match="Only honours"):
        actions.hide(actor=someone.actor, reference=offence.reference)
    assert "uncivil_conduct" in _handed_over(someone)


def test_anothers_is_not_there(someone: Resident, resident: Make) -> None:
    with pytest.raises(NotFound):
        actions.hide(actor=resident("旁人").actor, reference=_honour().reference)
    with pytest.raises(NotAllowed):
        actions.hide(actor=Actor("account:3", "审核员", "reviewer", "credit_centre"), reference=_honour().reference)


def test_reading_ones_honours_is_a_look(someone: Resident) -> None:
    honours.mine(actor=someone.actor)
    assert Look.objects.filter(result="查看荣誉与善行").count() == 1


def test_the_card_is_there_with_consent_and_gone_without(someone: Resident) -> None:
    client = let_in(someone)
    assert "现在没有卡片" in client.get("/card/").content.decode()
    people.open_score(actor=someone.actor, via="portal")
    page = client.get("/card/").content.decode()
    assert "不是身份证件" in page
    assert "data-card=" in page
    people.leave(actor=someone.actor)
    page = client.get("/card/").content.decode()
    assert "data-card=" not in page
    assert "data-card-forget" in page, "the phone takes its copy away"
    assert "开通" not in page.split("</header>")[1].split("<nav")[0].replace("没有开通评分", ""), (
        "who left is not asked again"
    )


def test_a_machine_in_a_hall_keeps_no_card(someone: Resident) -> None:
    people.open_score(actor=someone.actor, via="portal")
    client = let_in(someone)
    kept = client.session
    kept["kiosk"] = True
    kept.save()
    page = client.get("/card/").content.decode()
    assert "data-card-keep" not in page
    assert "card.js" not in page
    assert "data-worker" not in page


def test_what_the_phone_may_keep_is_surname_level_and_day(someone: Resident) -> None:
    people.open_score(actor=someone.actor, via="portal")
    held: dict[str, Any] = let_in(someone).get("/card/").context["kept"]
    kept = json.loads(str(held))
    assert set(kept) == {"city", "title", "name", "tier", "day", "says", "until"}
    assert kept["name"] == "林*满"
    assert "score" not in kept


def test_nothing_of_anybody_is_in_manifest_worker_and_offline_page(someone: Resident) -> None:
    people.open_score(actor=someone.actor, via="portal")
    client, nobody = let_in(someone), Client()
    for address in ("/manifest.webmanifest", "/worker.js", "/offline/"):
        mine, theirs = client.get(address), nobody.get(address)
        assert mine.status_code == theirs.status_code == 200
        assert "林小满" not in mine.content.decode()
        assert mine.content == theirs.content, "the same for everybody"
