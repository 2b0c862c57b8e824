"""A department delivers its list by machine; another asks at an approval; next month's list lets somebody go."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest

from tests.checks.conftest import resident_id, uscc
from tests.checks.test_api import Api, question
from xinlin.office.models.people import Look
from xinlin.office.scopes import today

HEADER = [
    "证件号码",
    "名称",
    "列入决定书文号",
    "决定机关",
    "列入依据",
    "列入日期",
    "告知日期",
    "救济途径",
    "期限届满日",
]
FIRMS = [(uscc(9_000_001 + n), f"示例{name}建设有限公司") for n, name in enumerate("甲乙丙")]
PERSON = (resident_id(901), "林小满")


def full_list(rows: list[tuple[str, str]], **changes: str) -> bytes:
    """The list as the department exports it."""
    day = today()
    stream = io.StringIO()
    out = csv.writer(stream)
    out.writerow(HEADER)
    for identifier, name in rows:
        given = {
            "证件号码": identifier,
            "名称": name,
            "列入决定书文号": f"洞人社列决〔2026〕{identifier[-3:]}号",
            "决定机关": "洞头区人力资源和社会保障局",
            "列入依据": "拖欠农民工工资失信联合惩戒对象名单管理暂行办法 第五条",
            "列入日期": (day - timedelta(days=20)).isoformat(),
            "告知日期": (day - timedelta(days=30)).isoformat(),
            "救济途径": "六十日内可申请行政复议，六个月内可提起行政诉讼",
            "期限届满日": (day + timedelta(days=700)).isoformat(),
            **changes,
        }
        out.writerow([given[column] for column in HEADER])
    return stream.getvalue().encode("gb18030")


def deliver(sender: Api, content: bytes, valid_on: date) -> dict[str, Any]:
    answered = sender.http.post(
        f"/api/v1/batches?kind=wage_arrears&filename=list-{valid_on}.csv&valid_on={valid_on}",
        content,
        content_type="application/octet-stream",
        headers={"Authorization": f"Bearer {sender.token}"},
    )
    assert answered.status_code == 201, answered.content
    fared: dict[str, Any] = sender.get(f"/batches/{answered.json()['number']}").json()
    assert fared["state"] == "done", json.dumps(fared, ensure_ascii=False)
    assert fared["rows_read"] == fared["rows_accepted"] + fared["rows_refused"]
    return fared


def verdicts(asker: Api, key: str) -> list[str]:
    answered = asker.post("/checks", question(*FIRMS, PERSON), key=key)
    assert answered.status_code == 200, answered.content
    return [one["verdict"] for one in answered.json()["answers"]]


@pytest.mark.django_db(transaction=True)
def test_from_the_list_of_one_department_to_the_decision_of_another() -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    assert verdicts(asker, "before") == ["no"] * 4
    fared = deliver(sender, full_list([*FIRMS, PERSON]), today() - timedelta(days=2))
    assert (fared["rows_accepted"], fared["rows_refused"]) == (4, 0)
    assert verdicts(asker, "listed") == ["yes"] * 4
    deliver(sender, full_list([*FIRMS[1:], PERSON]), today())
    assert verdicts(asker, "after") == ["no", "yes", "yes", "yes"]
    assert verdicts(asker, "listed") == ["yes"] * 4, "the answer given then stays the answer given then"
    assert Look.objects.filter(refused=False, department=asker_department()).exists()


def asker_department() -> str:
    return "public_resource_trading"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("column", ["列入决定书文号", "决定机关", "列入依据", "告知日期", "救济途径", "期限届满日"])
def test_a_row_without_one_of_the_parts_never_becomes_an_entry(column: str) -> None:
    sender, asker = Api("human_resources", ("batches:write", "batches:read")), Api()
    fared = deliver(sender, full_list([*FIRMS, PERSON], **{column: ""}), today())
    assert fared["rows_refused"] == 4
    assert verdicts(asker, "asked") == ["no"] * 4
