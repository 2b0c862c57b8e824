"""Between two full lists a department enters somebody by himself: he counts at once, and nobody else ends for it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.checks.conftest import uscc
from tests.checks.test_api import Api, is_problem
from tests.checks.test_end_to_end import FIRMS, PERSON, deliver, full_list, verdicts
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.scopes import today

pytestmark = pytest.mark.django_db(transaction=True)


def add(sender: Api, who: tuple[str, str], key: str, on: date | None = None, **changes: str) -> Any:
    """One entry as JSON, by itself, for the day ``on`` (default today)."""
    (row,) = csv.DictReader(io.StringIO(full_list([who], **changes).decode("gb18030")))
    return sender.post(f"/records?kind=wage_arrears&delivery=additions&valid_on={on or today()}", row, key=key)


def test_a_single_entry_joins_its_list_once_and_neither_ends_nor_resumes_another() -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    deliver(sender, full_list(FIRMS), today())
    added = add(sender, PERSON, "one")
    assert (added.status_code, added.json()["rows_accepted"]) == (201, 1), added.content
    assert verdicts(asker, "added") == ["yes"] * 4
    assert add(sender, PERSON, "one").content == added.content.replace(b'"already": false', b'"already": true')
    again = add(sender, FIRMS[0], "two").json()
    assert (again["rows_accepted"], again["rows_repeated"]) == (1, 1), "it stands on the list already"
    assert ListEntry.objects.count() == 4
    reference = ListEntry.objects.get(subject__public_name=FIRMS[1][1]).record.reference
    suspend = {"change": "suspend", "happened_on": today().isoformat(), "reason": "复核"}
    assert sender.post(f"/entries/{reference}/changes", suspend).json()["state"] == "disputed"
    assert add(sender, FIRMS[1], "three").status_code == 201
    assert verdicts(asker, "suspended") == ["yes", "no", "yes", "yes"], "what is suspended is not resumed by a row"


def test_a_single_entry_without_a_part_is_refused_and_so_is_one_of_another_department() -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    deliver(sender, full_list(FIRMS), today())
    assert add(sender, PERSON, "lacking", 决定机关="").json()["rows_refused"] == 1
    is_problem(add(Api("housing", ("batches:write",)), PERSON, "other"), 422, "kind_not_provided")
    assert verdicts(asker, "asked") == ["yes", "yes", "yes", "no"]


def _leaves(sender: Api, valid_on: date) -> None:
    """A whole list without the person."""
    deliver(sender, full_list(FIRMS, 决定机关=f"洞头区人力资源和社会保障局{valid_on:%d}"), valid_on)


def test_an_entry_that_left_its_list_may_come_back_in_the_same_words_but_no_old_message_brings_it_back() -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    before = today() - timedelta(days=2)
    deliver(sender, full_list(FIRMS), before)
    assert add(sender, PERSON, "first", on=before).status_code == 201
    assert add(sender, PERSON, "while it stands").json()["already"], "it stands: nothing is taken in twice"
    _leaves(sender, today() - timedelta(days=1))
    assert verdicts(asker, "left")[3] == "no"
    assert add(sender, PERSON, "first", on=before).json()["already"], "the same message is the same delivery"
    assert verdicts(asker, "old-message")[3] == "no"
    back = add(sender, PERSON, "second")
    assert (back.status_code, back.json()["already"], back.json()["rows_repeated"]) == (201, False, 0)
    assert verdicts(asker, "back")[3] == "yes"
    assert add(sender, PERSON, "third").json()["already"]


def test_a_list_put_right_on_the_same_day_brings_back_whom_it_had_left_out() -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    deliver(sender, full_list([*FIRMS, PERSON]), today())
    deliver(sender, full_list(FIRMS), today())
    assert verdicts(asker, "left-out")[3] == "no"
    deliver(sender, full_list([PERSON, *FIRMS]), today())
    assert verdicts(asker, "put-right") == ["yes"] * 4
    deliver(sender, full_list(FIRMS[::-1]), today())
    deliver(sender, full_list([PERSON, *FIRMS[::-1]]), today())
    assert verdicts(asker, "once-more") == ["yes"] * 4


def test_details_that_change_to_and_fro_on_one_day_leave_one_version_standing() -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    for authority in ("甲局", "乙局", "甲局", "乙局"):
        shuffled = FIRMS if authority == "甲局" else FIRMS[::-1]
        rows = [*shuffled, PERSON] if ListEntry.objects.count() < 5 else [PERSON, *shuffled]
        deliver(sender, full_list(rows, 决定机关=authority), today())
        standing = ListEntry.objects.filter(removed_at=None)
        assert set(standing.values_list("authority", flat=True)) == {authority}
        assert standing.count() == 4
    assert verdicts(asker, "asked") == ["yes"] * 4


def test_what_a_decision_took_off_needs_a_decision_of_its_own_to_come_back() -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    deliver(sender, full_list(FIRMS), today())
    assert add(sender, PERSON, "first").status_code == 201
    reference = ListEntry.objects.get(subject__kind="person").record.reference
    leave = {"change": "exit", "happened_on": today().isoformat(), "reason": "列入决定已撤销"}
    assert sender.post(f"/entries/{reference}/changes", leave).json()["state"] == "ended"
    same = add(sender, PERSON, "again")
    assert (same.json()["already"], same.json()["rows_repeated"]) == (False, 1), same.content
    assert verdicts(asker, "same-decision")[3] == "no"
    assert add(sender, PERSON, "new decision", 列入决定书文号="洞人社列决〔2026〕999号").json()["rows_repeated"] == 0
    assert verdicts(asker, "new-decision")[3] == "yes"


@pytest.mark.parametrize(
    "written", [{"列入决定书文号": "洞人社列决 [2026] 52 号"}, {"列入日期": str(today() - timedelta(days=9))}]
)
@pytest.mark.parametrize("ended", [Record.Status.ENDED, Record.Status.REPAIRED, Record.Status.WITHDRAWN])
def test_a_decision_written_otherwise_is_no_other_decision(written: dict[str, str], ended: str) -> None:
    """Neither other brackets and spaces in its number nor another day of entry bring back whom a decision took off."""
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    deliver(sender, full_list(FIRMS), today())
    assert add(sender, PERSON, "first", 列入决定书文号="洞人社列决〔2026〕52号").status_code == 201
    record = ListEntry.objects.get(subject__kind="person").record
    if ended == Record.Status.ENDED:
        leave = {"change": "exit", "happened_on": today().isoformat(), "reason": "列入决定已撤销"}
        assert sender.post(f"/entries/{record.reference}/changes", leave).json()["state"] == "ended"
    else:
        Record.objects.filter(pk=record.pk).update(status=ended)
    again = add(sender, PERSON, "again", **{"列入决定书文号": "洞人社列决〔2026〕52号", **written}).json()
    assert again["rows_repeated"] == 1, again
    assert "details_held" in {one["code"] for one in again["findings"]}
    assert verdicts(asker, "same-decision")[3] == "no"
    add(sender, PERSON, "other", 列入决定书文号="洞人社列决〔2026〕53号")
    assert verdicts(asker, "another-decision")[3] == "yes"


def test_many_who_come_back_on_one_day_cost_no_more_statements_than_one() -> None:
    sender, cost = Api("human_resources", ("batches:write", "batches:read")), {}
    every = [(uscc(9_100_001 + n), f"示例{n}号劳务有限公司") for n in range(30)]
    deliver(sender, full_list(every), today())
    for many in (1, 10):
        deliver(sender, full_list(every[many:]), today())
        assert ListEntry.objects.filter(removed_at=None).count() == 30 - many
        with CaptureQueriesContext(connection) as told:
            deliver(sender, full_list(every[many + 1 :] + every[: many + 1]), today())
        cost[many] = sum(1 for query in told if "fingerprint" in query["sql"])
        assert ListEntry.objects.filter(removed_at=None).count() == 30, "all of them stand again"
    assert cost[10] <= cost[1] + 1, "a second return of the first one is looked for once more"


def test_the_entries_of_a_message_are_found_by_its_delivery_and_told_in_the_order_of_its_rows() -> None:
    sender = Api("human_resources", ("batches:write", "batches:read"))
    deliver(sender, full_list(FIRMS), today())
    rows = list(
        csv.DictReader(io.StringIO(full_list([PERSON], 列入决定书文号="洞人社列〔2026〕77号").decode("gb18030")))
    )
    assert (
        sender.post(f"/records?kind=wage_arrears&delivery=additions&valid_on={today()}", rows, key="k").status_code
        == 201
    )
    with CaptureQueriesContext(connection) as told:
        found = sender.get("/entries?message=k").json()
    assert [one["document"] for one in found] == ["洞人社列〔2026〕77号"]
    (entries,) = [query["sql"] for query in told if query["sql"].startswith('SELECT "list_entry"')]
    assert "delivery_key" not in entries, "PostgreSQL would walk the whole list until it has enough"
