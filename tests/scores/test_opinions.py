"""You said, we changed: opinions are sealed, answered in the centre's own words, and never touch a score."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.scores.conftest import Resident
from xinlin.core.values import Text
from xinlin.office.actions import opinions as actions
from xinlin.office.actions import people
from xinlin.office.models.people import Look
from xinlin.office.models.proposals import Opinion
from xinlin.office.models.staff import Account
from xinlin.office.queries import opinions
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]
REVIEWER = Actor("account:3", "方审核", "reviewer", "credit_centre")
SAID = Text(zh="志愿服务的上限太低", en="The cap on volunteering is too low")
ANSWER = Text(zh="下一版提高到八十分", en="The next version raises it to eighty")


def web(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_what_was_said_is_read_answered_and_shown_without_anybody_in_it(resident: Make) -> None:
    someone, other = resident(), resident("陈大海")
    number = actions.say(actor=someone.actor, text="我每年做两百小时，只算六十分，林小满")
    actions.say(actor=other.actor, text="不留名的意见", named=False)
    assert "两百小时" not in Opinion.objects.get(number=number).text_sealed
    assert {one.named for one in opinions.inbox(actor=REVIEWER)} == {True, False}
    assert Look.objects.filter(subject=someone.subject, actor=REVIEWER.handle).count() == 1
    assert not Look.objects.filter(subject=other.subject, actor=REVIEWER.handle).exists()
    assert opinions.answered() == []
    actions.answer(actor=REVIEWER, number=number, said=SAID, answered=ANSWER)
    (public,) = opinions.answered()
    assert (public.said, public.answer, public.text) == (SAID, ANSWER, "")
    page = Client().get("/rules/changes/").content.decode()
    assert SAID.zh in page and "林小满" not in page
    (mine,) = opinions.mine(actor=someone.actor)
    assert mine.answer == ANSWER
    assert opinions.mine(actor=other.actor) == []


def test_an_opinion_never_moves_a_score(resident: Make) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    before = scores_of.mine(actor=someone.actor)
    actions.say(actor=someone.actor, text="这套规则不公平")
    after = scores_of.mine(actor=someone.actor)
    assert before is not None and after is not None
    assert (before.score, before.tier) == (after.score, after.tier)


def test_what_cannot_be_said_or_answered_is_refused(resident: Make) -> None:
    someone = resident()
    for text in ("", "  ", "长" * 2001):
        with pytest.raises(Refused):
            actions.say(actor=someone.actor, text=text)
    with pytest.raises(NotFound):
        actions.say(actor=someone.actor, text="x", about="SP0")
    with pytest.raises(NotAllowed):
        actions.say(actor=REVIEWER, text="x")
    number = actions.say(actor=someone.actor, text="x")
    with pytest.raises(NotAllowed):
        actions.answer(actor=someone.actor, number=number, said=SAID, answered=ANSWER)
    with pytest.raises(Refused):
        actions.answer(actor=REVIEWER, number=number, said=Text(zh="只有中文", en=""), answered=ANSWER)
    with pytest.raises(NotFound):
        actions.answer(actor=REVIEWER, number=number, said=SAID, answered=ANSWER, changed_in="SP0")
    with pytest.raises(NotAllowed):
        opinions.inbox(actor=someone.actor)


def test_the_pages_take_an_opinion_and_its_answer(resident: Make) -> None:
    someone = resident()
    client = web(Account.objects.get(subject=someone.subject))
    assert client.post("/score/opinion/", {"text": ""}).status_code == 422
    answer = client.post("/score/opinion/", {"text": "上限太低"})
    assert answer.status_code == 302
    number = Opinion.objects.get().number
    assert number in client.get(answer["Location"]).content.decode()
    desk = web(Account.objects.create(username="r", role="reviewer", display_name="方审核", department="credit_centre"))
    assert "上限太低" in desk.get("/bench/opinions/").content.decode()
    form = {"number": number, "said_zh": "上限低", "said_en": "The cap is low", "answer_zh": "会改", "answer_en": ""}
    refused = desk.post("/bench/opinions/", form)
    assert refused.status_code == 422 and "会改" in refused.content.decode()
    assert desk.post("/bench/opinions/", {**form, "answer_en": "It will"}).status_code == 302
    assert "会改" in client.get("/score/opinion/").content.decode()
