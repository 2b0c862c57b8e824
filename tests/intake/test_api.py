"""Delivering by machine, over HTTP."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from python_calamine import CalamineWorkbook

from xinlin.office.actions.staff import add_machine
from xinlin.office.scopes import Actor

from .conftest import resident, table

pytestmark = pytest.mark.django_db
HEADER = "公民身份号码,姓名,发生日期"
CONTENT = table(HEADER, f"{resident(1)},王小明,2024-05-01", f"{resident(2)},李华,2024-02-30")
SYSTEM = Actor(handle="system:test", name="test", role="system")


class Api:
    """A department's system with both scopes."""

    def __init__(self, department: str = "office", scopes: tuple[str, ...] = ("batches:write", "batches:read")) -> None:
        client_id, secret = add_machine(actor=SYSTEM, name="测试系统", department=department, scopes=scopes)
        basic = b64encode(f"{client_id}:{secret}".encode()).decode()
        answered = Client().post(
            "/identity/o/api/token", {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
        )
        self.headers = {"Authorization": f"Bearer {answered.json()['access_token']}"}
        self.http = Client()

    def get(self, path: str) -> Any:
        return self.http.get(f"/api/v1{path}", headers=self.headers)

    def post(self, path: str, body: Any, content_type: str = "application/octet-stream", **headers: str) -> Any:
        return self.http.post(f"/api/v1{path}", body, content_type=content_type, headers={**self.headers, **headers})


@pytest.fixture
def api(db: None, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A system of the department, whose jobs are done in the call."""
    from django.db import transaction

    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())
    return Api()


def test_from_delivery_to_corrected_row(api: Api) -> None:
    sent = api.post("/batches?kind=deeds&filename=%E4%B8%83%E6%9C%88.csv", CONTENT)
    assert sent.status_code == 201, sent.content
    receipt = sent.json()
    assert (receipt["filename"], receipt["already"]) == ("七月.csv", False)
    again = api.post("/batches?kind=deeds", CONTENT)
    assert (again.status_code, again.json()["number"], again.json()["already"]) == (200, receipt["number"], True)
    number = receipt["number"]
    view = api.get(f"/batches/{number}").json()
    assert (view["state"], view["rows_read"], view["rows_accepted"], view["rows_refused"]) == ("done", 2, 1, 1)
    assert view["job"]["state"] == "done"
    assert view["columns"] == {"resident_id": "公民身份号码", "name": "姓名", "occurred_on": "发生日期"}
    refused = api.get(f"/batches/{number}/refused").json()["rows"][0]
    assert (refused["row"], refused["problems"][0]["raw"]) == (3, "2024-02-30")
    book = api.get(f"/batches/{number}/refused.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert rows[1][:3] == [resident(2), "李华", "2024-02-30"]
    corrected = api.post(
        f"/batches/{number}/corrections",
        json.dumps({"rows": [{"row": 3, "cells": {"发生日期": "2024-02-29"}}]}),
        "application/json",
    )
    assert corrected.status_code == 201, corrected.content
    replay = api.get(f"/batches/{corrected.json()['number']}").json()
    assert (replay["rows_accepted"], replay["replays"]) == (1, number)
    assert [line["rows_open"] for line in api.get("/batches").json()] == [0, 0]


def test_a_form_and_headers_do_as_well(api: Api) -> None:
    upload = SimpleUploadedFile("表.csv", CONTENT)
    sent = api.http.post("/api/v1/batches", {"file": upload, "kind": "deeds"}, headers=api.headers)
    assert (sent.status_code, sent.json()["filename"]) == (201, "表.csv")
    named = {"Xinlin-Kind": "deeds", "Content-Disposition": "attachment; filename*=UTF-8''%E8%A1%A8.csv"}
    sent = api.post("/batches", CONTENT + b"\n", **named)
    assert (sent.status_code, sent.json()["filename"]) == (201, "表.csv")


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ("kind=deeds", b"", 422, "file_empty"),
        ("kind=nothing", b"x", 422, "unknown_kind"),
        ("kind=penalties", b"x", 422, "kind_not_provided"),
        ("kind=deeds&valid_on=2024-02-30", b"x", 422, "invalid_input"),
        ("kind=deeds&delivery=some", b"x", 422, "invalid_input"),
        ("kind=deeds&mapping=none", b"x", 422, "unknown_mapping"),
    ],
)
def test_a_wrong_delivery_is_a_problem_in_two_languages(
    api: Api, query: str, body: bytes, status: int, code: str
) -> None:
    refused = api.post(f"/batches?{query}", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["cure"]["zh"]


def test_columns_can_be_named_by_machine(api: Api) -> None:
    sent = api.post("/batches?kind=deeds", table("甲,乙,丙", f"{resident(1)},王小明,2024-05-01")).json()
    columns = {"resident_id": {"column": "甲"}, "name": {"column": "乙"}, "occurred_on": {"column": "丙"}}
    named = api.post(
        f"/batches/{sent['number']}/mapping", json.dumps({"name": "甲乙丙", "columns": columns}), "application/json"
    )
    assert named.status_code == 200, named.content
    assert api.get(f"/batches/{sent['number']}").json()["rows_accepted"] == 1


def test_others_and_lesser_scopes_stay_out(api: Api) -> None:
    number = api.post("/batches?kind=deeds", CONTENT).json()["number"]
    other = Api("other_office")
    assert other.get(f"/batches/{number}").status_code == 404
    assert other.get(f"/batches/{number}/refused").status_code == 404
    assert other.get("/batches").json() == []
    reader = Api(scopes=("batches:read",))
    assert reader.post("/batches?kind=deeds", CONTENT).json()["code"] == "scope_missing"
    assert Client().get("/api/v1/batches").status_code == 401
