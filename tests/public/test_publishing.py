"""What becomes public and what never does; how it ends; what third sites are told."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from xinlin.core.terms import add_term
from xinlin.office import vault
from xinlin.office.actions import subjects
from xinlin.office.amendments import amend
from xinlin.office.jobs import publicity as publicity_job
from xinlin.office.jobs.publicity import ACTOR, publish
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Relation, Subject
from xinlin.office.models.publicity import Publication, PublicBody, PublicChange
from xinlin.office.models.records import Record
from xinlin.office.queries import publicity
from xinlin.office.scopes import Actor, NotFound, today

from ..checks.conftest import Listed, make_entry, make_subject
from .conftest import days_ago, make_record, make_trader

pytestmark = pytest.mark.django_db
Firm = Callable[..., Listed]


def amended(record: Record, **change: Any) -> None:
    with transaction.atomic():
        amend(actor=ACTOR, records=[record.pk], change=change, reason="test", happened_on=today())


def shown(reference: str) -> publicity.PublicRecord | None:
    try:
        return publicity.one(reference)
    except (publicity.Gone, NotFound):
        return None


def test_a_penalty_is_published_with_document_clause_term_and_whether_it_was_in_time(firm: Firm) -> None:
    one = firm()
    record = make_record(one.subject)
    assert publish() == 1
    view = publicity.one(record.reference)
    assert (view.body.name, view.body.uscc) == (one.name, one.identifier)
    assert view.document == record.document and view.authority and view.article
    assert view.ends_on == add_term(record.occurred_on, "P1Y"), "general: a year at most from the document"
    assert view.in_time is False, "three weeks are more than seven working days"
    late = make_record(one.subject, occurred_on=days_ago(1), record_class="serious")
    assert publish() == 1
    assert publicity.one(late.reference).in_time is True
    assert publicity.one(late.reference).ends_on == add_term(late.occurred_on, "P3Y")
    assert publish() == 0, "nothing is published twice"
    assert Leaf.objects.filter(action="publicity.publish").count() == 2


@pytest.mark.parametrize(
    "what",
    [
        {"record_class": "minor"},
        {"fields": {"penalty": "warning"}},
        {"fields": {"penalty": "caution"}},
        {"fields": {"party_type": "person"}},
        {"status": "repaired"},
        {"status": "withdrawn"},
        {"status": "superseded"},
        {"ends_on": days_ago(0)},
        {"disclosed_until": days_ago(0)},
        {"occurred_on": days_ago(367)},
    ],
)
def test_what_is_not_published(firm: Firm, what: dict[str, Any]) -> None:
    record = make_record(firm().subject, **what)
    publish()
    assert shown(record.reference) is None
    assert not Publication.objects.exists()


def test_a_decision_of_a_day_to_come_waits_for_it(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make_record(firm().subject, occurred_on=today() + timedelta(days=2))
    assert publish() == 0
    assert shown(record.reference) is None
    later = today() + timedelta(days=2)
    monkeypatch.setattr(publicity_job, "today", lambda: later)
    assert publish(everything=True) == 1
    assert publicity.one(record.reference).in_time is True


def test_a_natural_person_is_in_no_public_table(db: None) -> None:
    person = make_subject("欧阳植入", person=True)
    record = make_record(person.subject)
    entry = make_entry(person.subject, "dishonest_judgment_debtor")
    publish()
    assert not Publication.objects.exists() and not PublicBody.objects.exists()
    assert shown(record.reference) is None and shown(entry.record.reference) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        PublicBody.objects.create(subject=person.subject, uscc="1" * 18, kind="person", name="欧阳植入", folded="")


def test_it_ends_on_its_day_without_any_job(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make_record(firm().subject, ends_on=today() + timedelta(days=3))
    publish()
    assert shown(record.reference) is not None
    monkeypatch.setattr(publicity, "today", lambda: today() + timedelta(days=2))
    assert shown(record.reference) is not None, "the day before"
    monkeypatch.setattr(publicity, "today", lambda: today() + timedelta(days=3))
    assert shown(record.reference) is None, "on the day"
    assert publicity.section("penalties").records == []
    assert publicity.in_order("penalties", 0, 10).records == []
    (change,) = publicity.changes(0)
    assert (change.record, change.reason) == (None, "ended"), "also where the job has not said so yet"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "repaired"}, "repaired"),
        ({"status": "withdrawn"}, "withdrawn"),
        ({"disclosed_until": days_ago(0)}, "stopped"),
        ({"ends_on": days_ago(0)}, "expired"),
    ],
)
def test_what_is_taken_back_is_gone_at_once_and_the_feed_says_why(
    firm: Firm, change: dict[str, Any], reason: str
) -> None:
    record = make_record(firm().subject)
    publish()
    cursor = publicity.newest_cursor()
    amended(record, **change)
    if "status" in change:
        assert shown(record.reference) is None, "before the job has run"
    assert publish() == 1
    assert shown(record.reference) is None
    (word,) = publicity.changes(cursor)
    assert (word.reference, word.reason, word.record) == (record.reference, reason, None)
    with pytest.raises(publicity.Gone) as gone:
        publicity.one(record.reference)
    assert gone.value.reason == reason and gone.value.at is not None


def test_a_dispute_is_marked_and_its_end_too(firm: Firm) -> None:
    record = make_record(firm().subject)
    publish()
    amended(record, status="disputed")
    view = shown(record.reference)
    assert view is not None and view.disputed, "marked before the job has run"
    publish()
    amended(record, status="active")
    publish()
    assert [word.reason for word in PublicChange.objects.order_by("pk")] == ["published", "disputed", "confirmed"]
    amended(record, status="withdrawn")
    publish()
    amended(record, status="active")
    publish()
    assert shown(record.reference) is not None
    assert PublicChange.objects.order_by("-pk")[0].reason == "shown"


def test_a_corrected_version_takes_the_place_of_the_old(firm: Firm) -> None:
    one = firm()
    old = make_record(one.subject)
    publish()
    new = make_record(one.subject, document="洞市监处罚〔2026〕118号之一")
    amended(old, status="superseded", superseded_by_id=new.pk)
    publish()
    assert shown(old.reference) is None
    view = shown(new.reference)
    assert view is not None and view.corrected


def test_a_record_that_was_another_firms_is_shown_under_that_one_and_no_longer_under_the_first(firm: Firm) -> None:
    first, second = firm(), firm()
    record = make_record(first.subject)
    publish()
    reviewer = Actor(handle="account:1", name="方审核", role="reviewer")
    number = subjects.split(
        actor=reviewer,
        pseudonym=first.subject.pseudonym,
        references=[record.reference],
        identifier=second.identifier,
        name=second.name,
        reason="另一家",
    )
    assert publish() == 1
    assert publicity.one(record.reference).body.uscc == second.identifier
    change = PublicChange.objects.order_by("pk").reverse()[0]
    assert (change.reason, change.gone) == ("amended", False), "third sites replace it"
    assert publish() == 0
    subjects.take_back(actor=reviewer, number=number, reason="核错了")
    assert publish() == 1
    assert publicity.one(record.reference).body.uscc == first.identifier
    amended(record, subject_id=None, status="unlinked")
    assert publish() == 1
    assert shown(record.reference) is None, "nobody's record is shown under nobody"


def test_an_entry_on_a_list_is_shown_until_it_leaves(firm: Firm) -> None:
    from xinlin.office.models.lists import ListEntry
    from xinlin.office.scopes import now

    one = firm()
    entry = make_entry(one.subject, "wage_arrears", entered_on=days_ago(30))
    Record.objects.filter(pk=entry.record_id).update(
        document=entry.document, authority=entry.authority, article=entry.article, ends_on=entry.ends_on
    )
    publish()
    view = publicity.one(entry.record.reference)
    assert view.title.zh == "拖欠农民工工资失信联合惩戒对象名单"
    ListEntry.objects.filter(pk=entry.pk).update(removed_at=now(), removal_reason="义务履行完毕")
    assert shown(entry.record.reference) is None


def test_persons_in_texts_are_hidden(firm: Firm) -> None:
    one, person = firm("示例渔具有限公司"), make_subject("陈植入", person=True)
    record = make_record(
        one.subject,
        fields={
            "facts": "负责人陈植入指使员工李小芳销售，联系电话13800001111，身份证号330305199005170015",
            "representative": vault.seal("郑隐", vault.RECORD_FIELDS),
            "content": "对郑隐另案处理",
        },
    )
    Relation.objects.create(organisation=one.subject, person=person.subject, from_on=days_ago(900), record=record)
    publish()
    row = Publication.objects.get()
    said = json.dumps([row.title, row.fields, row.document], ensure_ascii=False)
    for planted in ("陈植入", "李小芳", "13800001111", "330305199005170015", "郑隐"):
        assert planted not in said
    assert "陈*入" in said and "representative" not in row.fields


def test_sole_traders_stand_under_their_business_name_and_never_under_their_own(db: None) -> None:
    named, bare = make_trader("洞头区海霞小吃店"), make_trader("张小海")
    for one in (named, bare):
        make_record(one.subject)
    publish()
    assert [body.name for body in publicity.search("海霞小吃").bodies] == ["洞头区海霞小吃店"]
    assert publicity.search("张小海").bodies == []
    (found,) = publicity.search(bare.identifier).bodies
    assert found.name == "张*海（个体工商户）" and found.masked
    assert "张小海" not in json.dumps(list(PublicBody.objects.values()), ensure_ascii=False)


@pytest.mark.parametrize(
    "words",
    ["海霞", "海霞建设", "洞头海霞", "洞頭海霞建設有限公司", " 洞头海霞 建设有限公司 ", "洞头海霞建设（有限公司）"],
)
def test_a_firm_is_found_by_any_part_of_its_name(firm: Firm, words: str) -> None:
    firm("洞头海霞建设有限公司")
    firm("洞头海浪建设有限公司")
    publish()
    found = publicity.search(words)
    names = [body.name for body in found.bodies]
    assert names == (["洞头海霞建设有限公司"] if "（" not in words else names)


def test_a_firm_that_was_renamed_is_found_by_its_new_name(firm: Firm) -> None:
    one = firm("洞头海霞建设有限公司")
    publish()
    Subject.objects.filter(pk=one.subject.pk).update(public_name="洞头海浪贸易有限公司")
    publish(everything=True)
    assert publicity.search("海霞建设").bodies == []
    assert [body.uscc for body in publicity.search("海浪贸易").bodies] == [one.identifier]


def test_words_that_name_nobody_are_said_to(firm: Firm) -> None:
    firm()
    publish()
    assert publicity.search("有限公司").too_short and publicity.search("海").too_short
    assert publicity.search("不存在的名称").bodies == []
    for hostile in ('" OR 1=1 --', "海霞 AND *", "%%%", "'; DROP TABLE record; --", "\x00\ud800", "建设" * 300):
        publicity.search(hostile)


def test_pages_of_a_section_follow_one_another_without_gap_or_repetition(firm: Firm) -> None:
    one = firm()
    references = [make_record(one.subject, occurred_on=days_ago(n // 4)).reference for n in range(50)]
    publish()
    seen: list[str] = []
    after = ""
    while True:
        page = publicity.section("penalties", after=after)
        seen += [record.reference for record in page.records]
        if page.following is None:
            break
        after = page.following
    assert sorted(seen) == sorted(references)
    days = [publicity.one(reference).decided_on for reference in seen]
    assert days == sorted(days, reverse=True)
    assert publicity.section("penalties", after="nonsense").records
    with pytest.raises(NotFound):
        publicity.section("nobody")


def test_a_third_site_that_follows_the_feed_stays_right(firm: Firm) -> None:
    """A mirror that applies words after its cursor holds what is shown, after any changes, in whatever portions."""
    one, mirror, cursor = firm(), dict[str, str](), 0
    records = [make_record(one.subject) for _ in range(12)]
    publish()
    for turn in range(6):
        amended(records[turn], status=("repaired", "disputed", "withdrawn")[turn % 3])
        if turn == 4:
            amended(records[4], status="active")
        make_record(one.subject, fields={"act": f"第{turn}次"})
        publish()
        while words := publicity.changes(cursor, limit=3):
            for word in words:
                cursor = word.cursor
                if word.record is None:
                    mirror.pop(word.reference, None)
                else:
                    mirror[word.reference] = word.record.title.zh
        held = publicity.in_order("penalties", 0, 100).records
        assert mirror == {record.reference: record.title.zh for record in held}


def test_an_unregistered_kind_or_a_nameless_subject_publishes_nothing(db: None) -> None:
    nameless = Subject.objects.create(
        register="organisation", kind="enterprise", number=0, pseudonym=secrets.token_hex(16), identifier_key="x",
        identifier_sealed=vault.seal("91330305MA0000001A", "subject.identifier"),
    )  # fmt: skip
    make_record(nameless)
    make_record(make_subject("示例有限公司", person=False).subject, kind="enterprise_registration")
    publish()
    assert not Publication.objects.exists()
