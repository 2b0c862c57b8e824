"""Who looked: every field, refused ones too, lawfully kept back or not; and alarms on unusual looking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.people.conftest import let_in
from tests.scores.conftest import Resident, make_record
from xinlin.core.looks import LookAlarm, LookDelay, Seen, nearby, unusual
from xinlin.core.values import Text
from xinlin.office.actions import cases, looks
from xinlin.office.models.cases import Case
from xinlin.office.models.looks import LookAlarmRaised
from xinlin.office.models.notices import Message
from xinlin.office.models.people import Look
from xinlin.office.models.staff import Account
from xinlin.office.queries import desks, held_records
from xinlin.office.queries import people as people_of
from xinlin.office.queries.checks import delay_of
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

Make = Callable[..., Resident]
ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=ZONE)


def alarm(sort: str, **more: object) -> dict[str, LookAlarm]:
    given_ = {"code": "a", "name": Text(zh="x", en="x"), "sort": sort, "at_least": 3, "within_minutes": 60}
    return {"a": LookAlarm.model_validate({**given_, "basis": "demonstration", **more})}


def seen(minutes: int, subject: int = 1, actor: str = "account:1", role: str = "officer", **more: bool) -> Seen:
    at = NOON + timedelta(minutes=minutes)
    return Seen(minutes, actor, role, subject, at, more.get("nearby", False), more.get("refused", False))


def test_many_people_within_the_hour_raise_it_and_one_more_minute_does_not() -> None:
    within = [seen(0, 1), seen(30, 2), seen(60, 3)]
    assert [found.count for found in unusual(alarm("many_people"), within)] == [3]
    assert unusual(alarm("many_people"), [seen(0, 1), seen(30, 2), seen(61, 3)]) == []
    assert unusual(alarm("many_people"), [seen(n, 1) for n in range(9)]) == [], "one person is not many"
    assert unusual(alarm("many_people"), [seen(n, n, f"account:{n}") for n in range(9)]) == [], "nor are many lookers"
    assert unusual(alarm("many_people"), [seen(n, n, role="machine") for n in range(9)]) == []


def test_the_same_person_a_neighbour_and_refusals_are_counted_each_in_their_way() -> None:
    assert unusual(alarm("same_person"), [seen(n, 1) for n in range(3)])[0].count == 3
    assert unusual(alarm("same_person"), [seen(n, n) for n in range(3)]) == []
    near = [seen(n, n, nearby=True) for n in range(3)]
    assert unusual(alarm("neighbour"), near)[0].looks == (0, 1, 2)
    assert unusual(alarm("refused"), [seen(n, n, refused=True) for n in range(3)])[0].count == 3
    assert nearby("330305001002", "330305001009")
    assert not nearby("330305", "330305001009"), "a whole district is no neighbourhood"


@pytest.mark.parametrize(("hour", "night"), [(21, False), (22, True), (2, True), (5, True), (6, False), (12, False)])
def test_the_night_has_its_hours(hour: int, night: bool) -> None:
    at = NOON.replace(hour=hour)
    look = Seen(1, "account:1", "officer", 1, at, False, False)
    found = unusual(alarm("at_night", at_least=1, from_hour=22, until_hour=6), [look])
    assert bool(found) is night


def test_every_look_at_one_person_in_the_window_stands_behind_the_alarm() -> None:
    night = alarm("at_night", at_least=1, from_hour=11, until_hour=13)
    assert unusual(night, [seen(0), seen(5), seen(9)])[0].looks == (0, 5, 9)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5)), max_size=40), st.randoms())
def test_order_does_not_matter_and_more_looks_never_clear_anybody(pairs: list[tuple[int, int]], chance: object) -> None:
    made = [
        Seen(key, "account:1", "officer", person, NOON + timedelta(minutes=minute), False, False)
        for key, (minute, person) in enumerate(pairs)
    ]
    found = unusual(alarm("many_people"), made)
    mixed = list(made)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert unusual(alarm("many_people"), mixed) == found
    fewer = unusual(alarm("many_people"), made[:-1])
    assert len(fewer) <= len(found)


@pytest.mark.parametrize(
    "wrong",
    [{"at_least": 0}, {"within_minutes": 0}, {"from_hour": 1, "until_hour": 2}],
)
def test_an_alarm_that_makes_no_sense_does_not_load(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="alarm"):
        alarm("many_people", **wrong)
    with pytest.raises(ValueError, match="alarm"):
        alarm("at_night")
    with pytest.raises(ValueError, match="article"):
        LookDelay(lasts="P30D", basis="demonstration")


def officer(region: str = "") -> tuple[Account, Actor]:
    account = Account.objects.create(
        username=f"officer-{region}", role="officer", display_name="何审批", department="tax", home_region=region
    )
    return account, actor_of(account)


def look_at(actor: Actor, *who: Resident, refused: bool = False) -> None:
    people_of.write_look(
        actor=actor,
        subjects=[someone.subject.pk for someone in who],
        purpose="食品经营许可审批核查",
        clause="行政许可法 第十二条",
        kinds=["honour"],
        result="否：不在名单",
        refused=refused,
    )


@pytest.mark.django_db
def test_a_neighbours_file_is_on_the_watchers_desk_and_the_person_is_told_if_it_was_improper(resident: Make) -> None:
    neighbour = resident()
    type(neighbour.subject).objects.update(region="330305001002")
    _account, actor = officer("330305001005")
    look_at(actor, neighbour)
    assert looks.watch(actor=looks.WATCH) >= 1
    assert looks.watch(actor=looks.WATCH) == 0, "the same looks raise nothing twice"
    raised = LookAlarmRaised.objects.get(alarm="neighbour")
    auditor = Account.objects.create(username="auditor", role="auditor", display_name="审计甲", department="audit")
    client = Client()
    client.force_login(auditor, backend="allauth.account.auth_backends.AuthenticationBackend")
    home = client.get("/bench/").content.decode()
    assert "没有逾期或出错的事项" not in home, "what waits is said on the first page"
    assert "待核实的预警" in client.get("/bench/alerts/").content.decode()
    page = client.get("/bench/looks/").content.decode()
    assert "查询住处附近的人" in page and "何审批" in page
    one = client.get(f"/bench/looks/{raised.pk}/").content.decode()
    assert neighbour.subject.pseudonym[:8] in one
    assert "林小满" not in one, "who was looked at stays a pseudonym"
    assert client.post(f"/bench/looks/{raised.pk}/", {"result": "improper", "words": " "}).status_code == 422
    client.post(f"/bench/looks/{raised.pk}/", {"result": "improper", "words": "与工作无关"})
    raised.refresh_from_db()
    assert raised.improper and raised.settled_by == "审计甲"
    assert Message.objects.get(template="look_improper").subject == neighbour.subject
    assert looks.watch(actor=looks.WATCH) == 0, "what was settled is not raised again"


@pytest.mark.django_db
def test_nobody_settles_an_alarm_about_themselves_and_only_watchers_see_them(resident: Make) -> None:
    reviewer = Actor("account:9", "审核员", "reviewer", "credit_centre")
    raised = LookAlarmRaised.objects.create(
        alarm="refused", actor="account:9", actor_name="审核员", role="reviewer", day=today(), count=3,
        first_at=now(), last_at=now(), looks=[], raised_at=now(),
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="他人"):
        looks.settle(actor=reviewer, number=raised.pk, improper=False, words="没有问题")
    other = Actor("account:10", "审核员乙", "reviewer", "credit_centre")
    with pytest.raises(Refused):
        looks.settle(actor=other, number=raised.pk, improper=False, words="")
    looks.settle(actor=other, number=raised.pk, improper=False, words="值班，已核对")
    with pytest.raises(NotAllowed):
        looks.settle(actor=Actor("account:11", "办事员", "clerk", "tax"), number=raised.pk, improper=False, words="x")
    with pytest.raises(NotAllowed):
        looks.watch(actor=reviewer)


@pytest.mark.django_db
def test_a_look_is_kept_back_only_with_clause_and_end_and_shown_after_it(resident: Make) -> None:
    someone = resident()
    _account, actor = officer()
    delay = people_of.Delay(today() + timedelta(days=30), "某法 第二十条")
    people_of.write_look(
        actor=actor,
        subjects=[someone.subject.pk],
        purpose="核查",
        clause="某法 第十条",
        kinds=[],
        result="否",
        delay=delay,
    )
    assert people_of.looks(actor=someone.actor) == []
    client = let_in(someone)
    assert client.get(f"/looks/{Look.objects.get().pk}/why/").status_code == 404
    Look.objects.update(shown_from=today())
    assert people_of.looks(actor=someone.actor)[0].kept_back == "某法 第二十条"
    assert "某法 第二十条" in client.get("/looks/").content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        Look.objects.update(delay_clause="")


def test_an_items_delay_needs_its_article_and_ends_by_itself() -> None:
    item = next(iter(current().approval_items.values()))
    assert delay_of(item, current(), today()) is None, "no item of a shipped rulebook keeps a look back"
    source = next(iter(current().sources))
    delay = LookDelay.model_validate({"lasts": "P30D", "basis": [{"source": source, "article": "第二十条"}]})
    kept = delay_of(item.model_copy(update={"look_delay": delay}), current(), today())
    assert kept is not None and kept.until == today() + timedelta(days=30)
    assert "第二十条" in kept.clause


@pytest.mark.django_db
def test_a_look_shows_office_role_purpose_clause_kinds_time_result_and_can_be_questioned(resident: Make) -> None:
    someone = resident()
    _account, actor = officer()
    look_at(actor, someone)
    look_at(actor, someone, refused=True)
    client = let_in(someone)
    page = client.get("/looks/").content.decode()
    for word in (
        "何审批",
        "审批人员",
        "食品经营许可审批核查",
        "行政许可法 第十二条",
        "荣誉表彰",
        "否：不在名单",
        "已拒绝",
    ):
        assert word in page, word
    assert str(timezone.localtime(now()).year) in page
    number = Look.objects.order_by("pk").first()
    assert number is not None
    answer = client.post(f"/looks/{number.pk}/why/", {"words": "我没有申请过"})
    assert "/appeals/" in answer.headers["Location"]
    assert Case.objects.get().kind == "look"


@pytest.mark.django_db
def test_a_purpose_that_the_rulebook_states_is_said_in_the_readers_language(resident: Make) -> None:
    someone = resident()
    _account, actor = officer()
    item = current().approval_items["company_registration"]
    for words in (item.purpose.zh, "登门核实"):
        people_of.write_look(actor=actor, subjects=[someone.subject.pk], purpose=words, clause="", kinds=[], result="")
    client = let_in(someone)
    english = client.get("/looks/", headers={"Accept-Language": "en"}).content.decode()
    assert f"{item.name.en}: {item.purpose.en}" in english and item.purpose.zh not in english
    assert "登门核实" in english, "an asker's own words stay as they were"
    assert item.purpose.zh in client.get("/looks/").content.decode()


@pytest.mark.django_db
def test_a_department_that_opens_a_case_not_its_own_is_refused_and_seen(resident: Make) -> None:
    someone = resident()
    record = make_record(someone.subject, "ebike_violation", today(), department="traffic_police", record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=record.reference, reason="wrong_fact", words="")
    with pytest.raises(NotFound):
        desks.desk(actor=Actor("account:7", "税务报送员", "clerk", "tax"), number=number)
    look = people_of.looks(actor=someone.actor, own=False)[0]
    assert look.refused and look.actor_name == "税务报送员"


@pytest.mark.django_db
def test_a_record_of_another_department_opened_by_its_address_is_refused_and_seen(resident: Make) -> None:
    someone = resident()
    row = make_record(someone.subject, "ebike_violation", today(), department="traffic_police", record_class="minor")
    with pytest.raises(NotFound):
        held_records.record(actor=Actor("account:7", "税务报送员", "clerk", "tax"), reference=row.reference)
    look = people_of.looks(actor=someone.actor, own=False)[0]
    assert look.refused and look.kinds == []


@pytest.mark.django_db
def test_the_day_list_tells_each_applicant_of_their_own_kinds_alone(resident: Make) -> None:
    first, second = resident("林小满"), resident("陈海生")
    for someone, kind in ((first, "ebike_violation"), (second, "uncivil_conduct")):
        row = make_record(someone.subject, kind, today(), record_class="minor")
        cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="")
    desks.day_list(actor=Actor("account:8", "方审核", "reviewer", "credit_centre"))
    assert [Look.objects.get(subject=one.subject, role="reviewer").kinds for one in (first, second)] == [
        ["ebike_violation"],
        ["uncivil_conduct"],
    ]
