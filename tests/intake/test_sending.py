"""A delivery from receipt to records: who may send what, what is refused, what repeats, whose a row is."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused

from .conftest import CATALOGUE, CLERK, Send, firm, resident, table

HEADER = "公民身份号码,姓名,发生日期,时长,金额,类别,联系电话"
GOOD = f"{resident(1)},王小明,2024-05-01,3,12.50,公园,13800000001"


def codes(batch: Any) -> dict[int, list[str]]:
    """Row number -> codes of what is wrong."""
    return {row.row: [problem["code"] for problem in row.problems] for row in batch.refused_rows.all()}


@pytest.mark.parametrize(
    ("row", "code", "where"),
    [
        (f"{resident(1)[:17]}{'0' if resident(1)[17] != '0' else '1'},王小明,2024-05-01,3,,,", "check_digit", "resident_id"),
        (",王小明,2024-05-01,3,,,", "missing", "resident_id"),
        (f"{resident(1)},,2024-05-01,3,,,", "missing", "name"),
        (f"{resident(1)},N/A,2024-05-01,3,,,", "missing", "name"),
        (f"王小明,{resident(1)},2024-05-01,3,,,", "columns_swapped", "resident_id"),
        (f"{resident(1)},{resident(2)},2024-05-01,3,,,", "identifier_in_name", "name"),
        ("王小明,王小明,2024-05-01,3,,,", "name_in_identifier", "resident_id"),
        (f"{resident(1)},王小明,2021.2.30,3,,,", "date_does_not_exist", "occurred_on"),
        (f"{resident(1)},王小明,2024-05-01,很久,,,", "not_a_number", "hours"),
        (f"{resident(1)},王小明,2024-05-01,2.5,,,", "not_whole", "hours"),
        (f"{resident(1)},王小明,2024-05-01,25,,,", "out_of_range", "hours"),
        (f"{resident(1)},王小明,2024-05-01,3,-5,,", "out_of_range", "amount"),
        (f"{resident(1)},王小明,2024-05-01,3,,别的,", "unknown_code", "sort"),
        (f"{resident(1)},{'王' * 61},2024-05-01,3,,,", "too_long", "name"),
        (f"{resident(1)},王小明,2024-05-01,3,,,,多出来", "too_many_cells", ""),
        (f"{firm(1)},某公司,2024-05-01,3,,,", "resident_id_form", "resident_id"),
        (f"{resident(1)},王\ufffd明,2024-05-01,3,,,", "encoding_broken", "name"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_field_reason_and_cure(send: Send, row: str, code: str, where: str) -> None:
    batch = send("deeds", table(HEADER, GOOD, row))
    assert (batch.state, batch.rows_read, batch.rows_accepted, batch.rows_refused) == ("done", 2, 1, 1)
    refused = batch.refused_rows.get()
    problem = refused.problems[0]
    assert (refused.row, problem["code"], problem["where"]) == (3, code, where)
    assert all(problem[part][language] for part in ("what", "cure") for language in ("zh", "en"))
    assert resident(1) not in str(refused.problems), "problems hold no personal value"
    assert resident(1) not in refused.raw_sealed


def test_values_are_typed_and_personal_ones_sealed(send: Send) -> None:
    from xinlin.office import vault

    batch = send("deeds", table(HEADER, GOOD))
    record = batch.records.get()
    assert record.fields["hours"] == 3
    assert record.fields["amount"] == 1250
    assert record.fields["sort"] == "park"
    assert vault.unseal(record.fields["phone"], "record.fields") == "13800000001"
    assert record.occurred_on == date(2024, 5, 1)
    subject = record.subject
    assert (subject.register, subject.kind, subject.number) == ("person", "person", 1)
    assert subject.born_on == date(1990, 3, 7)
    assert vault.unseal(subject.name_sealed, "subject.name") == "王小明"
    assert vault.unseal(subject.identifier_sealed, "subject.identifier") == resident(1)
    assert subject.public_name == ""


def test_optional_values_that_say_nothing_are_absent_with_a_finding(send: Send) -> None:
    batch = send("deeds", table(HEADER, f"{resident(1)},王小明,2024-05-01,-,N/A,,无"))
    assert batch.rows_accepted == 1
    assert batch.records.get().fields == {}
    found = {(f["code"], f["where"]): f["count"] for f in batch.findings}
    assert found == {("absent", "hours"): 1, ("absent", "amount"): 1, ("absent", "phone"): 1}


def test_foreign_money_is_a_finding_and_never_converted(send: Send) -> None:
    batch = send("firms", table("统一社会信用代码,企业名称,注册日期,注册资金", f"{firm(1)},甲公司,2019-01-01,50万美元"))
    assert batch.rows_accepted == 1
    assert "capital" not in batch.records.get().fields
    assert [(f["code"], f["raw"]) for f in batch.findings] == [("foreign_currency", "50万美元")]


def test_an_unknown_region_in_a_sound_number_is_only_a_finding(send: Send) -> None:
    batch = send("deeds", table(HEADER, "990426199112010074,王小明,2024-05-01,3,,,"))
    assert batch.rows_accepted == 1
    assert [f["code"] for f in batch.findings] == ["region_unknown"]


def test_a_file_without_a_row_says_so(send: Send) -> None:
    batch = send("deeds", table(HEADER))
    assert (batch.state, batch.rows_read) == ("done", 0)
    assert [f["code"] for f in batch.findings] == ["no_rows"]


def test_leftover_columns_are_told(send: Send) -> None:
    batch = send("deeds", table(HEADER + ",备注", GOOD + ",好"))
    assert [(f["code"], f["where"]) for f in batch.findings] == [("leftover_column", "备注")]


def test_the_same_file_twice_is_one_delivery(send: Send) -> None:
    from xinlin.office.actions.batches import receive
    from xinlin.office.models.batches import Batch

    first = send("deeds", table(HEADER, GOOD))
    again = receive(actor=CLERK, kind="deeds", filename="other.csv", chunks=[table(HEADER, GOOD)])
    assert (again.already, again.number) == (True, first.number)
    assert Batch.objects.count() == 1


def test_the_same_row_counts_once_in_a_file_and_between_files(send: Send) -> None:
    from xinlin.office.models.records import Record

    batch = send("deeds", table(HEADER, GOOD, GOOD, GOOD.replace("12.50", "12.5元")))
    assert (batch.rows_read, batch.rows_accepted, batch.rows_repeated) == (3, 3, 2)
    other = send("deeds", table(HEADER, GOOD, GOOD.replace("05-01", "05-02")))
    assert (other.rows_accepted, other.rows_repeated) == (2, 1)
    assert Record.objects.count() == 2


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [GOOD, "", "x", ",,,", f"{resident(2)},李华,2024-02-30,3,,,", f"{resident(3)},赵云,2024-02-03,9,,,"]
        ),
        max_size=12,
    )
)
def test_accepted_and_refused_are_always_what_was_read(send: Send, rows: list[str]) -> None:
    with transaction.atomic():
        batch = send("deeds", table(HEADER, *rows))
        meant = [row for row in rows if row.strip(",")]
        assert batch.state == "done"
        assert batch.rows_read == len(meant) == batch.rows_accepted + batch.rows_refused
        assert batch.refused_rows.count() == batch.rows_refused
        assert batch.records.count() == batch.rows_accepted - batch.rows_repeated
        transaction.set_rollback(True)


def test_the_database_itself_holds_the_counts_law(send: Send) -> None:
    from xinlin.office.models.batches import Batch

    batch = send("deeds", table(HEADER, GOOD))
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(rows_accepted=7)


def test_only_a_provider_may_send_a_kind(send: Send) -> None:
    with pytest.raises(Refused) as caught:
        send("penalties", table(HEADER, GOOD))
    assert caught.value.problem.code == "kind_not_provided"
    with pytest.raises(Refused) as caught:
        send("nothing", table(HEADER, GOOD))
    assert caught.value.problem.code == "unknown_kind"
    with pytest.raises(NotAllowed):
        send("penalties", table(HEADER, GOOD), department="other_office")
    with pytest.raises(NotAllowed):
        send("deeds", table(HEADER, GOOD), actor=Actor("account:2", "某人", "resident"))


def test_an_empty_file_is_refused_at_the_door(send: Send) -> None:
    from xinlin.office.models.batches import Batch

    with pytest.raises(Refused) as caught:
        send("deeds", b"")
    assert caught.value.problem.code == "file_empty"
    assert not Batch.objects.exists()


def test_a_name_never_links_and_can_only_speak_against(send: Send) -> None:
    send("residents", table("公民身份号码,姓名,登记日期", f"{resident(1)},王小明,2020-01-01"))
    batch = send(
        "deeds",
        table(
            HEADER,
            f"{resident(1)},王小明,2024-05-01,3,,,",
            f"{resident(1)},李 华,2024-05-01,3,,,",
            f"{resident(2)},王小明,2024-05-01,3,,,",
        ),
    )
    assert codes(batch) == {3: ["name_differs"]}
    subjects = list(batch.records.order_by("row").values_list("subject__number", flat=True))
    assert subjects == [1, 2]


def test_spacing_and_width_of_a_name_do_not_matter(send: Send) -> None:
    send("residents", table("公民身份号码,姓名,登记日期", f"{resident(1)},阿依 古丽·买买提,2020-01-01"))
    batch = send("deeds", table(HEADER, f"{resident(1)},阿依古丽•买买提,2024-05-01,3,,,"))
    assert batch.rows_accepted == 1


def test_representatives_have_dates_and_follow_one_another(send: Send) -> None:
    from xinlin.office.models.people import Relation

    header = "统一社会信用代码,企业名称,注册日期,法定代表人身份证号,法定代表人"
    send("firms", table(header, f"{firm(1)},甲公司,2019-01-01,{resident(1)},王小明"), valid_on=date(2020, 1, 1))
    send("firms", table(header, f"{firm(1)},甲公司,2019-01-01,{resident(2)},李华"), valid_on=date(2023, 5, 6))
    send("firms", table(header, f"{firm(1)},甲公司,2019-01-01,{resident(1)},王小明", ""), valid_on=date(2024, 7, 8))
    held = Relation.objects.order_by("from_on").values_list("person__number", "from_on", "until_on")
    assert list(held) == [
        (1, date(2019, 1, 1), date(2023, 5, 6)),
        (2, date(2023, 5, 6), date(2024, 7, 8)),
        (1, date(2024, 7, 8), None),
    ]


def test_the_person_named_in_a_document_is_found_by_number(send: Send) -> None:
    actor = Actor("account:3", "报送员", "clerk", "other_office")
    header = "公民身份号码,姓名,发生日期,责任人"
    send("residents", table("公民身份号码,姓名", f"{resident(2)},李华"))
    rows = [f"{resident(1)},王小明,2024-05-01,{resident(2)}", f"{resident(1)},王小明,2024-05-02,{resident(9)}"]
    batch = send("penalties", table(header, *rows), actor=actor)
    assert list(batch.records.order_by("row").values_list("named_person__number", flat=True)) == [1, None]
    assert "named_person_unknown" in {f["code"] for f in batch.findings}


def test_rows_without_identifier_are_kept_unlinked(send: Send) -> None:
    batch = send("published", table("名称,所在地,公布日期", "甲公司,某地,2024-05-01"))
    record = batch.records.get()
    assert (record.status, record.subject_id, record.fields["name"]) == ("unlinked", None, "甲公司")


LISTED = "证件号码,名称,文书号,决定机关,依据,列入日期,告知日期,救济途径,截止日期"


def entry(number: int, document: str = "甲〔2024〕1号", **change: str) -> str:
    """A complete row of the list."""
    values = {
        "identifier": firm(number),
        "name": f"第{number}公司",
        "document": document,
        "authority": "某机关",
        "article": "第三条",
        "entered_on": "2024-05-01",
        "notice_on": "2024-04-20",
        "remedy": "可在 60 日内提出异议",
        "ends_on": "2027-05-01",
    }
    return ",".join({**values, **change}.values())


@pytest.mark.parametrize("part", ["document", "authority", "article", "notice_on", "remedy", "ends_on"])
def test_a_list_entry_without_one_of_its_parts_is_refused_by_name(send: Send, part: str) -> None:
    batch = send("listed", table(LISTED, entry(1), entry(2, **{part: ""})))
    assert batch.rows_accepted == 1
    problem = batch.refused_rows.get().problems[0]
    assert problem["code"] in ("list_part_missing", "missing")
    assert problem["where"] == part


def test_an_entry_that_ends_before_it_begins_is_refused(send: Send) -> None:
    batch = send("listed", table(LISTED, entry(1, ends_on="2024-05-01")))
    assert codes(batch) == {2: ["end_not_after_start"]}


def test_a_full_list_ends_what_it_no_longer_has(send: Send) -> None:
    from xinlin.office.models.lists import ListEntry

    first = send("listed", table(LISTED, entry(1), entry(2), entry(3)), valid_on=date(2024, 6, 1))
    assert (first.entries_added, first.entries_ended, ListEntry.objects.count()) == (3, 0, 3)
    second = send("listed", table(LISTED, entry(1), entry(3), entry(4)), valid_on=date(2024, 7, 1))
    assert (second.entries_added, second.entries_ended, second.rows_repeated) == (1, 1, 2)
    gone = ListEntry.objects.get(removed_at__isnull=False)
    assert (gone.record.status, gone.record.ends_on) == ("ended", date(2024, 7, 1))
    third = send("listed", table(LISTED, entry(1), entry(2), entry(3), entry(4)), valid_on=date(2024, 8, 1))
    assert (third.entries_added, third.entries_ended) == (1, 0), "what comes back is a new entry"
    assert ListEntry.objects.count() == 5


def test_the_same_list_again_for_a_later_day_speaks_for_that_day(send: Send) -> None:
    one, two = table(LISTED, entry(1), entry(2)), table(LISTED, entry(2))
    send("listed", one, valid_on=date(2024, 6, 1))
    send("listed", two, valid_on=date(2024, 7, 1))
    third = send("listed", one, valid_on=date(2024, 8, 1))
    assert (third.entries_added, third.entries_ended) == (1, 0)


def test_half_a_list_waits_for_a_person(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    from xinlin.office.actions.waiting_files import confirm
    from xinlin.office.models.lists import ListEntry

    send("listed", table(LISTED, *(entry(n) for n in range(1, 7))), valid_on=date(2024, 6, 1))
    short = send("listed", table(LISTED, entry(1), entry(2)), valid_on=date(2024, 7, 1))
    assert (short.state, short.findings[0]["code"]) == ("failed", "list_shrank")
    assert not ListEntry.objects.filter(removed_at__isnull=False).exists()
    with django_capture_on_commit_callbacks(execute=True):
        confirm(actor=CLERK, number=short.number)
    short.refresh_from_db()
    assert (short.state, short.entries_ended) == ("done", 4)


def test_an_older_list_is_refused(send: Send) -> None:
    send("listed", table(LISTED, entry(1)), valid_on=date(2024, 6, 1))
    older = send("listed", table(LISTED, entry(1), entry(2)), valid_on=date(2024, 5, 1))
    assert (older.state, older.findings[0]["code"]) == ("failed", "list_older_than_last")


def test_an_entry_that_a_refused_row_may_be_does_not_end(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    from xinlin.office.actions.batches import correct
    from xinlin.office.models.batches import Batch

    send("listed", table(LISTED, entry(1), entry(2), entry(3)), valid_on=date(2024, 6, 1))
    second = send("listed", table(LISTED, entry(1), entry(2, ends_on="2027-02-30")), valid_on=date(2024, 7, 1))
    assert (second.entries_ended, second.rows_refused) == (1, 1)
    assert "not_ended" in {f["code"] for f in second.findings}
    with django_capture_on_commit_callbacks(execute=True):
        receipt = correct(actor=CLERK, number=second.number, rows={3: {"截止日期": "2027-05-01"}})
    replay = Batch.objects.get(number=receipt.number)
    assert (replay.state, replay.rows_accepted, replay.rows_repeated, replay.entries_ended) == ("done", 1, 1, 0)


def test_corrected_rows_are_replayed_and_none_is_lost(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    from xinlin.office.actions.batches import correct
    from xinlin.office.models.batches import Batch

    rows = [f"{resident(2)},李华,2024-02-30,3,,,", f"{resident(3)},赵云,2024-13-01,3,,,"]
    batch = send("deeds", table(HEADER, GOOD, *rows))
    with django_capture_on_commit_callbacks(execute=True):
        receipt = correct(
            actor=CLERK, number=batch.number, rows={3: {"发生日期": "2024-02-29"}, 4: {"发生日期": "2024-14-01"}}
        )
    replay = Batch.objects.get(number=receipt.number)
    assert (replay.state, replay.rows_read, replay.rows_accepted, replay.rows_refused) == ("done", 2, 1, 1)
    assert replay.records.get().row == 3
    assert set(batch.refused_rows.values_list("state", "replayed_in")) == {("replayed", replay.pk)}
    assert list(replay.refused_rows.values_list("row", "state")) == [(4, "open")]
    with pytest.raises(Refused):
        correct(actor=CLERK, number=batch.number, rows={3: {"发生日期": "2024-02-29"}})
    with pytest.raises(Refused):
        correct(actor=CLERK, number=replay.number, rows={4: {"没有的列": "x"}})


def test_refused_rows_are_shown_and_looked_at(send: Send) -> None:
    from xinlin.office.models.people import Look
    from xinlin.office.queries import batches as queries

    send("residents", table("公民身份号码,姓名", f"{resident(1)},王小明"))
    batch = send("deeds", table(HEADER, f"{resident(1)},王小明,2024-02-30,3,,,"))
    page = queries.refused_rows(actor=CLERK, number=batch.number)
    assert page.rows[0].cells["公民身份号码"] == resident(1)
    assert page.rows[0].problems[0]["raw"] == "2024-02-30"
    assert page.rows[0].problems[0]["label"]["zh"] == "发生日期"
    look = Look.objects.get()
    assert (look.actor, look.kinds) == (CLERK.handle, ["deeds"])
    with pytest.raises(NotFound):
        queries.batch(actor=Actor("account:9", "别人", "clerk", "other_office"), number=batch.number)


def test_the_preview_masks_people(send: Send) -> None:
    from xinlin.office.queries import batches as queries

    batch = send("deeds", table(HEADER, GOOD))
    view = queries.batch(actor=CLERK, number=batch.number)
    assert view.preview[0][:3] == ["2", "330***********" + resident(1)[-4:], "王*明"]
    assert resident(1) not in str(batch.layout)


def test_the_workbook_of_refused_rows_is_inert(send: Send) -> None:
    from xinlin.office.queries import refused_workbooks

    evil = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3"]
    batch = send("deeds", table(HEADER, *(f"{resident(n + 1)},{word},2024-02-30,3,,," for n, word in enumerate(evil))))
    content = refused_workbooks.refused_workbook(actor=CLERK, number=batch.number)
    assert b"<f>" not in content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert [row[1] for row in rows[1:]] == evil, "what was sent comes back as it was"
    assert "这一天不存在" in str(rows[1][7])
    again = send("deeds", content, "refused.xlsx")
    assert (again.rows_read, again.rows_refused) == (4, 4), "a copy can be sent as it is"


def test_a_mapping_is_kept_for_the_next_file_of_the_shape(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    from xinlin.office.actions.waiting_files import set_mapping

    header = "号,人,何时"
    batch = send("deeds", table(header, f"{resident(1)},王小明,2024-05-01"))
    assert batch.state == "needs_mapping"
    assert {f["where"] for f in batch.findings if f["code"] == "field_without_column"} == {
        "resident_id",
        "name",
        "occurred_on",
    }
    with pytest.raises(Refused) as caught:
        set_mapping(actor=CLERK, number=batch.number, columns={"name": {"column": "人"}}, name="甲")
    assert caught.value.problem.code == "field_without_column"
    columns = {"resident_id": {"column": "号"}, "name": {"column": "人"}, "occurred_on": {"column": "何时"}}
    with django_capture_on_commit_callbacks(execute=True):
        set_mapping(actor=CLERK, number=batch.number, columns=columns, name="甲")
    batch.refresh_from_db()
    assert (batch.state, batch.rows_accepted) == ("done", 1)
    following = send("deeds", table(header, f"{resident(1)},王小明,2024-05-02"))
    assert (following.state, following.rows_accepted, following.mapping.name) == ("done", 1, "甲")


def test_every_action_leaves_its_leaf(send: Send) -> None:
    from xinlin.office.models.log import Leaf

    send("deeds", table(HEADER, GOOD))
    assert list(Leaf.objects.order_by("pk").values_list("action", flat=True)) == ["batches.receive", "batches.store"]


def test_file_names_cannot_lead_anywhere() -> None:
    from xinlin.office.actions.deliveries import clean_filename

    assert clean_filename("../../etc/passwd") == "passwd"
    assert clean_filename("C:\\a\\b.csv") == "b.csv"
    assert clean_filename("\u202egpj.exe\x00") == "gpj.exe"
    assert clean_filename("...") == "file"
    assert CATALOGUE.code == "test"
