"""The three ways a file can mean: additions, corrections of earlier rows, a full list; nothing undisputed comes in beside a dispute."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.intake.conftest import Send, firm, resident, table
from xinlin.office.amendments import amend
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.scopes import Actor, Refused

FINES = "公民身份号码,姓名,发生日期,文书号,机关,依据,告知日期,金额"
FIRST = f"{resident(1)},王小明,2024-05-01,罚〔2024〕1号,城管局,条例第五条,2024-05-02,100"
LISTED = "证件号码,名称,文书号,决定机关,依据,列入日期,告知日期,救济途径,截止日期"
SYSTEM = Actor(handle="system:test", name="测试", role="system")


def entry(number: int, court: str = "某法院") -> str:
    return f"{firm(number)},公司{number},案{number}号,{court},规定第一条,2025-01-01,2024-12-20,可申请复核,2027-01-01"


def codes(batch: Any) -> list[str]:
    return [problem["code"] for row in batch.refused_rows.all() for problem in row.problems]


def found(batch: Any) -> dict[str, int]:
    return {finding["code"]: finding["count"] for finding in batch.findings}


def test_a_later_row_about_the_same_fact_closes_the_older_version_on_both_clocks(send: Send) -> None:
    send("fines", table(FINES, FIRST))
    # brackets, width and spaces of the document are no other document
    changed = FIRST.replace("罚〔2024〕1号", "罚[2024] 1号").replace(",100", ",150").replace("2024-05-01", "2024-04-30")
    batch = send("fines", table(FINES, changed))
    assert (batch.rows_accepted, found(batch)) == (1, {"corrected": 1})
    old, new = Record.objects.order_by("pk")
    assert (old.status, old.superseded_by, new.status) == ("superseded", new, "active")
    assert new.fields["amount"] == 15_000
    event = RecordEvent.objects.get(record=old)
    assert (event.reason, event.happened_on, event.before["status"]) == ("corrected", batch.valid_on, "active")
    again = send("fines", table(FINES, FIRST, f"{resident(2)},李四,2024-05-01,罚2号,城管局,条例,2024-05-02,"))
    assert found(again) == {"older_version": 1, "repeated": 1}
    assert Record.objects.filter(status="active").count() == 2, "the older version does not come back by itself"


def test_a_record_of_an_earlier_delivery_is_no_new_version(send: Send) -> None:
    """A fact held twice from former days: what is sent once more closes neither, for nothing new of it was stored."""
    first = send("fines", table(FINES, FIRST))
    held = Record.objects.get(batch=first)
    beside = Record.objects.get(pk=held.pk)
    beside.pk, beside.reference, beside.fingerprint = None, "X" * 8, "f" * 64
    beside.save(force_insert=True)
    again = send("fines", table(FINES, f"{resident(2)},李四,2024-05-01,罚2号,城管局,条例,2024-05-02,", FIRST))
    assert again.rows_repeated == 1
    assert set(Record.objects.filter(key=held.key).values_list("status", flat=True)) == {"active"}
    assert not RecordEvent.objects.filter(reason="corrected").exists()


@pytest.mark.parametrize("kind", ["fines", "listed"])
def test_many_corrections_cost_as_many_statements_as_a_few(send: Send, kind: str) -> None:
    """Each closed version keeps what held before, however many a file closes."""

    def lines(many: int, changed: str) -> list[str]:
        if kind == "listed":
            return [LISTED, *(entry(n, changed) for n in range(many))]
        rows = (
            f"{resident(n)},王小明,2024-05-01,罚{n}号,城管局,条例第五条,2024-05-02,{changed}"
            for n in range(1, many + 1)
        )
        return [FINES, *rows]

    asked = []
    for many, before, after in ((3, "100", "101"), (40, "200", "201")):
        Record.objects.update(superseded_by=None)
        RecordEvent.objects.all().delete()
        ListEntry.objects.all().delete()
        Record.objects.all().delete()
        send(kind, table(*lines(many, before)))
        with CaptureQueriesContext(connection) as captured:
            send(kind, table(*lines(many, after)))
        asked.append(len(captured))
        assert (
            Record.objects.filter(status="superseded").count() == Record.objects.filter(status="active").count() == many
        )
        events = RecordEvent.objects.filter(reason="corrected")
        told = {(event.record_id, event.after["superseded_by_id"]) for event in events}
        assert told == set(Record.objects.filter(status="superseded").values_list("pk", "superseded_by_id"))
        assert all(event.before == {"status": "active", "superseded_by_id": None} for event in events)
        if kind == "listed":
            assert ListEntry.objects.filter(removed_at__isnull=True).count() == many
    assert asked[0] == asked[1]


@pytest.mark.parametrize("written", ["罚-〔2024〕1号", "罚〔2024〕·1号", "罚（２０２４）1号。"])
def test_one_decision_is_one_record_however_its_number_is_punctuated(send: Send, written: str) -> None:
    send("fines", table(FINES, FIRST))
    assert found(send("fines", table(FINES, FIRST.replace("罚〔2024〕1号", written)))) == {"corrected": 1}
    assert Record.objects.filter(status="active").count() == 1, "a score counts it once"


@pytest.mark.parametrize("status", ["disputed", "withdrawn", "repaired"])
def test_a_fact_under_objection_struck_out_or_repaired_does_not_come_in_anew(send: Send, status: str) -> None:
    from django.db import transaction

    send("fines", table(FINES, FIRST))
    record = Record.objects.get()
    with transaction.atomic():
        amend(actor=SYSTEM, records=[record.pk], change={"status": status}, reason="test", happened_on=date(2025, 1, 1))
    for cell, other in ((",100", ",101"), ("条例第五条", "条例第六条"), ("2024-05-01", "2024-05-02")):
        batch = send("fines", table(FINES, FIRST.replace(cell, other, 1)))
        assert codes(batch) == ["fact_disputed" if status == "disputed" else "fact_closed"]
    assert Record.objects.get().status == status
    assert send("fines", table(FINES, FIRST, "")).rows_accepted == 1, "the same row only repeats"
    assert Record.objects.count() == 1


def test_one_fact_twice_in_a_file_with_other_details_is_refused_once(send: Send) -> None:
    batch = send("fines", table(FINES, FIRST, FIRST, FIRST.replace(",100", ",200")))
    assert (batch.rows_read, batch.rows_accepted, batch.rows_refused) == (3, 2, 1)
    assert codes(batch) == ["fact_twice"]


def test_another_department_does_not_rewrite_a_fact(send: Send) -> None:
    send("fines", table(FINES, FIRST))
    other = Actor(handle="account:2", name="别的", role="clerk", department="other_office")
    batch = send("fines", table(FINES, FIRST.replace(",100", ",200")), actor=other)
    assert codes(batch) == ["fact_of_another_department"]


def test_a_delivery_of_corrections_brings_in_nothing_new(send: Send) -> None:
    send("fines", table(FINES, FIRST))
    fresh = f"{resident(2)},李四,2024-05-01,罚2号,城管局,条例,2024-05-02,"
    batch = send("fines", table(FINES, FIRST.replace(",100", ",200"), fresh), delivery="corrections")
    assert (batch.rows_accepted, batch.rows_refused, codes(batch)) == (1, 1, ["nothing_to_correct"])
    with pytest.raises(Refused) as refused:
        send("deeds", table("公民身份号码,姓名,发生日期", f"{resident(1)},王小明,2024-05-01"), delivery="corrections")
    assert refused.value.problem.code == "delivery_not_of_kind"


def test_entries_that_stay_on_a_list_keep_up_with_changed_details(send: Send) -> None:
    send("listed", table(LISTED, entry(1), entry(2)), valid_on=date(2026, 1, 1))
    batch = send("listed", table(LISTED, entry(1, "另一法院"), entry(2)), valid_on=date(2026, 2, 1))
    assert (batch.rows_accepted, batch.rows_refused, batch.entries_added, batch.entries_ended) == (2, 0, 0, 0)
    assert found(batch)["details_changed"] == 1
    old, new = Record.objects.filter(subject__public_name="公司1").order_by("pk")
    assert (old.status, old.superseded_by_id, new.status, new.authority) == ("superseded", new.pk, "active", "另一法院")
    standing = ListEntry.objects.filter(removed_at__isnull=True)
    assert sorted(standing.values_list("authority", flat=True)) == ["另一法院", "某法院"]
    third = send("listed", table(LISTED, entry(1, "另一法院"), entry(2)), valid_on=date(2026, 3, 1))
    assert third.rows_repeated == 2
    assert Record.objects.count() == 3, "what says the same is no new version"


@pytest.mark.parametrize("status", ["disputed", "repaired", "withdrawn"])
def test_a_list_does_not_rewrite_what_is_disputed_or_bring_back_what_was_struck_out(send: Send, status: str) -> None:
    from django.db import transaction

    send("listed", table(LISTED, entry(1), entry(2)), valid_on=date(2026, 1, 1))
    record = Record.objects.get(subject__public_name="公司1")
    with transaction.atomic():
        amend(actor=SYSTEM, records=[record.pk], change={"status": status}, reason="test", happened_on=date(2026, 1, 2))
    for day, line in ((date(2026, 2, 1), entry(1)), (date(2026, 3, 1), entry(1, "另一法院"))):
        batch = send("listed", table(LISTED, line, entry(2)), valid_on=day)
        assert batch.rows_accepted == 2
    assert found(batch)["details_held"] == 1
    assert list(Record.objects.filter(subject__public_name="公司1").values_list("status", flat=True)) == [status]


def decide(record: Record, **change: Any) -> Record:
    """What deciding an objection does to a record: a corrected version by a case, or an end by a case."""
    from django.db import transaction

    from xinlin.office.models.cases import Case
    from xinlin.office.scopes import now, today

    case = Case.objects.create(
        number=f"YY{record.pk}", kind="objection", state="submitted", subject=record.subject, filed_by=record.subject,
        record=record, reason="wrong_fact", opened_at=now(), department="office", due_on=today(),
    )  # fmt: skip
    with transaction.atomic():
        if change:
            amend(
                actor=SYSTEM, records=[record.pk], change=change, reason="objection_x", happened_on=today(), case=case
            )
            return record
        anew = Record.objects.get(pk=record.pk)
        anew.pk, anew.reference, anew.fingerprint, anew.authority = (
            None,
            f"new{record.pk}",
            f"c{record.pk}",
            "更正后的机关",
        )
        anew.save()
        new = {"status": "superseded", "superseded_by_id": anew.pk}
        amend(actor=SYSTEM, records=[record.pk], change=new, reason="corrected", happened_on=today(), case=case)
    ListEntry.objects.filter(record=record).update(record=anew)
    return anew


def test_what_an_objection_put_right_no_file_puts_wrong_again(send: Send) -> None:
    send("fines", table(FINES, FIRST))
    anew = decide(Record.objects.get())
    assert found(send("fines", table(FINES, FIRST, ""))) == {"older_version": 1, "repeated": 1}
    assert codes(send("fines", table(FINES, FIRST.replace(",100", ",101")))) == ["fact_decided"]
    assert list(Record.objects.filter(status="active")) == [anew]


def test_a_list_leaves_alone_what_an_objection_put_right_or_took_off_it(send: Send) -> None:
    send("listed", table(LISTED, entry(1), entry(2), entry(3)), valid_on=date(2026, 1, 1))
    one, two, _ = Record.objects.order_by("pk")
    anew = decide(one)
    decide(two, status="ended", ends_on=date(2026, 1, 15))
    for day in (date(2026, 2, 1), date(2026, 3, 1)):
        batch = send("listed", table(LISTED, entry(1), entry(2), entry(3)), valid_on=day)
        assert (batch.rows_accepted, batch.entries_added, batch.entries_ended) == (3, 0, 0)
        assert found(batch)["details_held"] == 2
    anew.refresh_from_db()
    assert (anew.status, anew.authority) == ("active", "更正后的机关")
    assert Record.objects.filter(subject=two.subject, status="active").count() == 0


def test_a_delivery_below_its_minimum_stores_nothing_and_above_its_maximum_is_told(send: Send) -> None:
    head = "公民身份号码,姓名,发生日期"
    lines = [f"{resident(n)},王小明,2024-05-01" for n in range(1, 5)]
    few = send("asserted", table(head, lines[0]))
    assert (few.state, [f["code"] for f in few.findings]) == ("failed", ["assertion_minimum"])
    assert Record.objects.count() == 0
    many = send("asserted", table(head, *lines))
    assert (many.state, many.rows_accepted, found(many)) == ("done", 4, {"assertion_maximum": 1})


def test_what_no_active_edition_holds_is_refused_at_the_door(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    from .conftest import BOOK, PENALTY

    past = PENALTY.model_copy(update={"effective_to": date(2025, 1, 1)})
    monkeypatch.setattr(
        "xinlin.shelf.read", lambda _c: BOOK.model_copy(update={"kinds": {**BOOK.kinds, "fines": past}})
    )
    with pytest.raises(Refused) as refused:
        send("fines", table(FINES, FIRST))
    assert refused.value.problem.code == "kind_not_in_force"
    assert refused.value.problem.cure.zh
