"""The machine API keeps what its description promises, whatever it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from xinlin.faces.api.app import api
from xinlin.office.actions.staff import add_machine

from ..checks.conftest import make_entry, make_subject
from ..checks.test_api import SYSTEM, token

SCOPES = ("checks:ask", "checks:feedback", "batches:read", "batches:write")
REFUSALS = SchemathesisConfig.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [400, 404, 405, 409, 413, 415, 422]}}}
)
"""How what does not fit the description may be refused; a body that is too large is one of the ways."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture
def described(bearer: dict[str, str]) -> Iterator[Any]:
    """The description as the site serves it in this process; requests must not close the test's own connection.

    It stands after ``bearer``, whose client connects these signals anew.
    """
    from xinlin.wsgi import application  # it looks at the tables and the keys when it is loaded

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, config=REFUSALS)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def bearer(db: None, settings: Any) -> dict[str, str]:
    settings.CITY = "national"
    settings.ALLOWED_HOSTS = ["*"]
    make_entry(make_subject("示例建设有限公司", person=False).subject)
    client_id, secret = add_machine(actor=SYSTEM, name="试验系统", department="public_resource_trading", scopes=SCOPES)
    return {"Authorization": f"Bearer {token(client_id, secret)}"}


OPERATIONS = sorted(
    f"{method.upper()} {address}"
    for address, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
)


def strategy_of(described: Any, operation: str, mode: GenerationMode) -> Any:
    method, address = operation.split(" ")
    return described[address][method].as_strategy(generation_mode=mode)


EFFORT = settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfit"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_answer_breaks_the_description(
    operation: str, mode: GenerationMode, described: Any, bearer: dict[str, str]
) -> None:
    @EFFORT
    @given(case=strategy_of(described, operation, mode))
    def sent(case: Any) -> None:
        case.call_and_validate(headers=bearer, checks=CHECKS)

    try:
        sent()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "an operation without input cannot be sent an unfit one"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_a_token_nobody_gets_anything(operation: str, described: Any, bearer: dict[str, str]) -> None:
    @settings(EFFORT, max_examples=3)
    @given(case=strategy_of(described, operation, GenerationMode.POSITIVE))
    def sent(case: Any) -> None:
        answer = case.call(headers={"Authorization": "Bearer nothing"})
        assert answer.status_code == 401, answer.text

    sent()
