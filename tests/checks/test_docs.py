"""The page on checks says what the API does: its question is asked as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.checks.test_api import Api, is_problem

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(found) for found in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.django_db
def test_the_question_of_the_page_is_answered_as_the_page_says() -> None:
    api = Api()
    answered = api.post("/checks", EXAMPLES[0]).json()
    assert [one["verdict"] for one in answered["answers"]] == ["no", "unsure"]
    number = answered["answers"][0]["number"]
    is_problem(api.post(f"/checks/{number}/feedback", EXAMPLES[1]), 422, "nothing_to_decide")


@pytest.mark.django_db
def test_the_addresses_and_scopes_of_the_page_exist() -> None:
    described = Api().http.get("/api/v1/openapi.json").json()
    assert "/api/v1/items" in described["paths"]
    scopes = next(iter(described["components"]["securitySchemes"].values()))["flows"]["clientCredentials"]["scopes"]
    assert set(re.findall(r"checks:\w+", PAGE)) <= set(scopes)
