"""Rights 3 and 4 below every form: the database itself refuses what lacks a part, and ends what loses one."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests.checks.conftest import OFFICER, TRADING, Listed, make_entry, make_subject
from xinlin.core.checks import Applicant
from xinlin.core.rulebooks import Rulebook
from xinlin.office.actions.feedback import correct_feedback, give_feedback
from xinlin.office.actions.measures import install, lift_lapsed
from xinlin.office.models.cases import Telling
from xinlin.office.models.checks import Hold
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.measures import ListRule, MeasureRule, MeasureUse, NationalRow, RuleChange
from xinlin.office.models.notices import Message
from xinlin.office.models.people import Relation
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries import measures as queries
from xinlin.office.queries.checks import CheckView
from xinlin.office.scopes import Actor, today

Ask = Callable[..., CheckView]
pytestmark = pytest.mark.django_db
SYSTEM = Actor("system:test", "test", "system")
GENERATED = int(os.environ.get("XINLIN_GENERATED", "5000"))
"""Of each kind; a hundred thousand where a long run says so."""
PARTS = ("list", "document", "authority", "article", "notice_on", "remedy", "ends_on")


@pytest.fixture
def used(ask: Ask, firm: Callable[..., Listed]) -> MeasureUse:
    """A measure that an officer used on a listed firm, whose time to answer is over."""
    listed = firm()
    held = make_entry(listed.subject)
    answer = ask(Applicant(listed.identifier, listed.name)).answers[0]
    give_feedback(
        actor=TRADING,
        answer_number=answer.number,
        decision="measure_applied",
        measure="wage_no_bidding",
        entry=held.record.reference,
        reason="在名单期限内",
        officer=OFFICER,
    )
    MeasureUse.objects.update(starts_on=today())
    return MeasureUse.objects.get()


def _row(use: MeasureUse, chance: random.Random) -> dict[str, Any]:
    """A measure like ``use`` but for one of its seven parts, which it lacks in one way or another."""
    row: dict[str, Any] = {
        "feedback_id": use.feedback_id,
        "entry_id": use.entry_id,
        "rule_id": use.rule_id,
        "document": use.document,
        "authority": use.authority,
        "article": use.article,
        "notice_on": use.notice_on,
        "remedy": use.remedy,
        "starts_on": use.starts_on,
        "ends_on": use.ends_on,
        "lifted_because": "",
    }
    lacking: dict[str, list[Any]] = {
        "list": [{"entry_id": None}, {"rule_id": None}],
        "document": [{"document": ""}, {"document": None}, {"document": f"另一文书〔{chance.randrange(9999)}〕号"}],
        "authority": [{"authority": ""}, {"authority": None}, {"authority": f"另一机关{chance.randrange(9999)}"}],
        "article": [{"article": ""}, {"article": None}],
        "notice_on": [{"notice_on": None}, {"notice_on": use.starts_on + timedelta(days=chance.randrange(1, 900))}],
        "remedy": [{"remedy": ""}, {"remedy": None}],
        "ends_on": [
            {"ends_on": None},
            {"ends_on": use.starts_on - timedelta(days=chance.randrange(0, 900))},
            {"ends_on": use.ends_on + timedelta(days=chance.randrange(1, 900))},
        ],
    }
    return row | chance.choice(lacking[chance.choice(PARTS)])


def _rows(use: MeasureUse) -> Iterator[dict[str, Any]]:
    chance = random.Random(20261125)
    for _ in range(GENERATED):
        yield _row(use, chance)


_EVERY = (
    *("feedback_id", "entry_id", "rule_id", "document", "authority", "article", "notice_on", "remedy"),
    *("starts_on", "ends_on", "lifted_because"),
)
_OF_AN_ENTRY = (
    *("record_id", "subject_id", "list", "entered_on", "document", "authority", "article", "notice_on", "remedy"),
    *("ends_on", "removal_reason"),
)


def _type(column: str) -> str:
    return "bigint" if column.endswith("_id") else "date" if column.endswith("_on") else "text"


def _count_accepted(rows: Iterator[dict[str, Any]], table: str = "measure_use", names: Sequence[str] = _EVERY) -> int:
    """How many rows a raw insert gets in, past every form and every line of ours."""
    columns, marks = ", ".join(names), ", ".join(["%s"] * len(names))
    accepted = 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            types, given = ", ".join(map(_type, names)), ", ".join(f"${at}" for at in range(1, len(names) + 1))
            cursor.execute(_TRY.format(types=types, table=table, columns=columns, given=given))
            for row in rows:
                cursor.execute(f"SELECT pg_temp.gets_in({marks})", [row[name] for name in names])
                accepted += cursor.fetchone()[0]
            return accepted
        for row in rows:
            values = [
                value.isoformat() if isinstance(value, date) else value for value in (row[name] for name in names)
            ]
            try:
                cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)
                accepted += 1
            except IntegrityError:
                connection.needs_rollback = False  # SQLite undoes the one statement and stays in the transaction
    return accepted


_TRY = """CREATE OR REPLACE FUNCTION pg_temp.gets_in({types}) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO {table} ({columns}) VALUES ({given});
    RETURN 1;
EXCEPTION WHEN integrity_constraint_violation THEN RETURN 0; END $$"""


def test_of_all_generated_measures_that_lack_a_part_none_gets_in(used: MeasureUse) -> None:
    MeasureUse.objects.update(lifted_on=today(), lifted_because="test")
    assert _count_accepted(_rows(used)) == 0
    assert MeasureUse.objects.count() == 1


def _entries(held: ListEntry, records: list[int]) -> Iterator[dict[str, Any]]:
    """Entries like ``held`` but for one part, each on a record of its own that is in force."""
    chance = random.Random(20261126)
    lacking: dict[str, list[Any]] = {
        "list": ["", None, "no_such_list"],
        "ends_on": [None, held.entered_on, held.entered_on - timedelta(days=1)],
        "notice_on": [None],
        **{part: ["", None] for part in ("document", "authority", "article", "remedy")},
    }
    whole = {name: getattr(held, name) for name in _OF_AN_ENTRY}
    for number in range(GENERATED):
        part = chance.choice(PARTS)
        yield whole | {"record_id": records[number % len(records)], part: chance.choice(lacking[part])}


def test_of_as_many_entries_that_lack_a_part_none_gets_in(firm: Callable[..., Listed]) -> None:
    held = make_entry(firm().subject)
    records = [make_entry(firm(f"示例{n}号建设有限公司").subject).record_id for n in range(20)]
    ListEntry.objects.filter(record__in=records).delete()
    assert _count_accepted(_entries(held, records), "list_entry", _OF_AN_ENTRY) == 0
    assert ListEntry.objects.count() == 1
    whole = {name: getattr(held, name) for name in _OF_AN_ENTRY} | {"record_id": records[0]}
    assert _count_accepted(iter([whole]), "list_entry", _OF_AN_ENTRY) == 1


def test_the_same_measure_with_all_seven_gets_in(used: MeasureUse) -> None:
    MeasureUse.objects.update(lifted_on=today(), lifted_because="test")
    whole = {name: getattr(used, name) for name in _EVERY}
    assert _count_accepted(iter([whole])) == 1


@pytest.mark.parametrize(
    "breaks",
    [
        lambda use: Record.objects.filter(pk=use.entry.record_id).update(status="disputed"),
        lambda use: Record.objects.filter(pk=use.entry.record_id).update(status="withdrawn"),
        lambda use: ListEntry.objects.filter(pk=use.entry_id).update(removed_at=use.feedback.at),
        lambda use: MeasureRule.objects.filter(pk=use.rule_id).update(effective_to=today()),
        lambda use: MeasureRule.objects.filter(pk=use.rule_id).update(statutory_list="dishonest_judgment_debtor"),
        lambda use: ListRule.objects.filter(code="wage_arrears").update(colour="red"),
    ],
    ids=["disputed", "withdrawn", "removed", "repealed", "another list", "red list"],
)
def test_a_measure_on_what_does_not_stand_is_refused_by_the_database(used: MeasureUse, breaks: Any) -> None:
    MeasureUse.objects.update(lifted_on=today(), lifted_because="test")
    breaks(used)
    assert _count_accepted(iter([{name: getattr(used, name) for name in _EVERY}])) == 0


def test_an_entry_on_a_list_that_no_rulebook_has_is_refused(firm: Callable[..., Listed]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_entry(firm().subject, "grey_list")


def _copied(record: Record, **otherwise: Any) -> None:
    record.pk, record.reference, record.fingerprint = None, "f" * 32, "f" * 64
    for name, value in otherwise.items():
        setattr(record, name, value)
    record.save(force_insert=True)


def _to_the_end(breaks: Any, record: Record) -> None:
    """Break it, and let the database look at what it would look at when the transaction ends."""
    breaks(record)
    connection.check_constraints()


def _deleted(record: Record) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM batch WHERE id = %s", [record.batch_id])


@pytest.mark.parametrize(
    "breaks",
    [
        lambda record: _copied(record, batch_id=0),
        lambda record: Record.objects.filter(pk=record.pk).update(batch_id=0),
        _deleted,
    ],
    ids=["entered", "moved", "deleted"],
)
def test_a_record_never_loses_the_delivery_that_it_came_with(firm: Callable[..., Listed], breaks: Any) -> None:
    record = Record.objects.get(pk=make_entry(firm().subject).record_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        _to_the_end(breaks, record)


@pytest.mark.parametrize("part", ["document", "authority", "article", "notice_on"])
def test_a_negative_record_without_a_part_is_not_entered(firm: Callable[..., Listed], part: str) -> None:
    held = make_entry(firm().subject)
    with pytest.raises(IntegrityError), transaction.atomic():
        _copied(Record.objects.get(pk=held.record_id), **{part: None if part == "notice_on" else ""})


@pytest.mark.parametrize("part", ["document", "authority", "article", "notice_on"])
def test_a_negative_record_without_a_part_cannot_be_in_force(firm: Callable[..., Listed], part: str) -> None:
    held = make_entry(firm().subject)
    Record.objects.filter(pk=held.record_id).update(status="withdrawn", **{part: None if part == "notice_on" else ""})
    with pytest.raises(IntegrityError), transaction.atomic():
        Record.objects.filter(pk=held.record_id).update(status="active")


def test_a_measure_without_its_row_of_the_national_list_cannot_be_activated(db: None) -> None:
    row = NationalRow.objects.order_by("pk").first()
    assert row is not None
    facts = {"statutory_list": "wage_arrears", "force": "may", "article": "某法第一条", "said": {}}
    days = {"effective_from": date(2020, 1, 1), "effective_to": date(9999, 12, 31)}
    with pytest.raises(IntegrityError), transaction.atomic():
        MeasureRule.objects.create(code="local_invention", national_row_id=None, **facts, **days)
    with pytest.raises(IntegrityError), transaction.atomic():
        MeasureRule.objects.create(code="no_article", national_row=row, **{**facts, "article": ""}, **days)


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        (lambda use: ListEntry.objects.filter(pk=use.entry_id).update(removed_at=use.feedback.at), "left_list"),
        (lambda use: Record.objects.filter(pk=use.entry.record_id).update(status="repaired"), "repaired"),
        (lambda use: ListEntry.objects.filter(pk=use.entry_id).update(ends_on=today()), "term_over"),
        (lambda use: MeasureRule.objects.filter(pk=use.rule_id).update(effective_to=today()), "article_repealed"),
    ],
    ids=["left its list", "repaired", "over", "repealed"],
)
def test_a_part_that_lapses_ends_the_measure_at_once_and_the_office_is_told(
    used: MeasureUse, breaks: Any, why: str
) -> None:
    assert queries.standing().get() == used
    breaks(used)
    assert not queries.standing().exists(), "no job has run, and it stands no longer"
    (view,) = queries.in_use(actor=Actor("account:1", "陈思远", "officer", TRADING.department))
    assert not view.stands
    assert sum(not light.lit for light in view.lights) >= 1
    assert lift_lapsed(actor=SYSTEM) == 1
    assert lift_lapsed(actor=SYSTEM) == 0
    used.refresh_from_db()
    assert (used.lifted_on, used.lifted_because) == (today(), why)
    assert Telling.objects.get().department == TRADING.department


def test_a_disputed_entry_suspends_its_measure_and_gives_it_back_if_the_objection_fails(used: MeasureUse) -> None:
    record = Record.objects.filter(pk=used.entry.record_id)
    record.update(status="disputed")
    assert not queries.standing().exists()
    assert lift_lapsed(actor=SYSTEM) == 0
    record.update(status="active")
    assert queries.standing().get() == used


def _edition(rulebook: Rulebook, until: date | None) -> Rulebook:
    """The same rulebook with the wage regulation repealed on ``until``."""
    source = rulebook.sources["wage_regulation"].model_copy(update={"effective_to": until})
    return rulebook.model_copy(update={"sources": {**rulebook.sources, "wage_regulation": source}})


def test_a_repeal_lifts_its_measures_the_same_day_with_a_public_difference(
    used: MeasureUse, ask: Ask, firm: Callable[..., Listed], monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    from xinlin.office.rulebook import current

    repealed = _edition(current(), today())
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: repealed)
    listed = firm("示例丁建设有限公司")
    make_entry(listed.subject)
    assert ask(Applicant(listed.identifier, listed.name)).answers[0].verdict == "no"
    assert install(actor=SYSTEM) >= 1
    used.refresh_from_db()
    assert (used.lifted_on, used.lifted_because) == (today(), "article_repealed")
    change = RuleChange.objects.get(code="wage_no_bidding")
    assert (change.what, change.on, change.lifted) == ("repealed", today(), 1)
    assert install(actor=SYSTEM) == 0
    page = client.get("/lists/changes/").content.decode()
    assert "废止" in page
    assert "解除的措施不足 10 件" in page
    told = Message.objects.get(template="measure_lifted")
    assert told.subject == used.entry.subject
    lift_lapsed(actor=SYSTEM)
    assert Message.objects.filter(template="measure_lifted").count() == 1
    boss = make_subject("陈大海", person=True).subject
    account = Account.objects.create(username="boss", display_name="陈大海", subject=boss)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(f"/messages/{told.number}/").status_code == 404
    since = used.entry.record
    Relation.objects.create(organisation=told.subject, person=boss, from_on=date(2020, 1, 1), record=since)
    assert told.subject.public_name in client.get("/messages/").content.decode()
    page = client.get(f"/messages/{told.number}/").content.decode()
    assert "所依据的法律条款已失效" in page
    told.refresh_from_db()
    assert told.read_at is not None


def test_a_repeal_announced_before_is_a_public_difference_again_on_its_day(
    used: MeasureUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.rulebook import current

    ends = today() + timedelta(days=30)
    announced = _edition(current(), ends)
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: announced)
    install(actor=SYSTEM)
    assert set(RuleChange.objects.values_list("what", flat=True)) == {"changed"}
    monkeypatch.setattr("xinlin.office.actions.measures.today", lambda: ends)
    assert install(actor=SYSTEM) >= 1
    change = RuleChange.objects.get(code="wage_no_bidding", what="repealed")
    assert (change.on, change.lifted) == (ends, 1)
    assert install(actor=SYSTEM) == 0
    used.refresh_from_db()
    assert (used.lifted_on, used.lifted_because) == (ends, "article_repealed")


def test_law_that_had_ended_before_the_system_began_is_no_difference(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinlin.office.rulebook import current

    MeasureRule.objects.all().delete()
    ended = _edition(current(), today() - timedelta(days=400))
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: ended)
    install(actor=SYSTEM)
    assert install(actor=SYSTEM) == 0
    assert not MeasureRule.objects.filter(code="wage_no_bidding").exists()
    assert not RuleChange.objects.exists()


def test_a_repeal_frees_an_application_that_nothing_else_holds(
    ask: Ask, firm: Callable[..., Listed], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.rulebook import current

    held = firm("示例乙建设有限公司")
    make_entry(held.subject)
    answer = ask(Applicant(held.identifier, held.name)).answers[0]
    repealed = _edition(current(), today())
    assert answer.hold is not None
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: repealed)
    install(actor=SYSTEM)
    hold = Hold.objects.get(answer__number=answer.number)
    codes = {one.code for hit in answer.hits for one in hit.measures}
    left = set(MeasureRule.objects.filter(code__in=codes, effective_to__gt=today()).values_list("code", flat=True))
    assert not left
    assert hold.ended == "lifted"
    assert set(Telling.objects.values_list("outcome", flat=True)) == {"article_repealed"}


def test_a_repeal_to_come_shortens_the_measure_to_its_day(
    ask: Ask, firm: Callable[..., Listed], monkeypatch: Any
) -> None:
    from xinlin.office.rulebook import current

    ends = today() + timedelta(days=30)
    shortened = _edition(current(), ends)
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: shortened)
    listed = firm()
    make_entry(listed.subject)
    (measure,) = ask(Applicant(listed.identifier, listed.name)).answers[0].hits[0].measures
    assert measure.until == ends


def test_a_correction_takes_the_measure_back_and_keeps_what_stood(used: MeasureUse) -> None:
    number = used.feedback.answer.number
    correct_feedback(
        actor=TRADING,
        answer_number=number,
        decision="not_the_person",
        reason="核对证件后不是本人",
        officer=OFFICER,
        why="看错",
    )
    used.refresh_from_db()
    assert used.lifted_because == "feedback_corrected"
    kept = used.feedback.corrections.get()
    assert kept.before["decision"] == "measure_applied"
    assert kept.reason == "看错"
