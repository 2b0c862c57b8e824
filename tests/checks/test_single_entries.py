"""Between two full lists a department enters somebody by himself: he counts at once, and nobody else ends for it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.checks.test_api import Api, is_problem
from tests.checks.test_end_to_end import FIRMS, PERSON, deliver, full_list, verdicts
from xinlin.office.models.lists import ListEntry
from xinlin.office.scopes import today

pytestmark = pytest.mark.django_db(transaction=True)


def add(sender: Api, who: tuple[str, str], key: str, **changes: str) -> Any:
    """One entry as JSON, by itself."""
    (row,) = csv.DictReader(io.StringIO(full_list([who], **changes).decode("gb18030")))
    return sender.post(f"/records?kind=wage_arrears&delivery=additions&valid_on={today()}", row, key=key)


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
