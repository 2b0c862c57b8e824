"""A page speaks one language at a time: values of records, of cases and refusals too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils.translation import override

from tests.people.conftest import let_in
from tests.scores.conftest import Resident, record, resident
from xinlin.faces.kit.errors import forbidden
from xinlin.office.models.records import Record
from xinlin.office.scopes import NotAllowed, today

__all__ = ["record", "resident"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "said", "unsaid"), [("zh-hans", "占用公共通道", "Blocking"), ("en", "Blocking", "占用公共通道")]
)
def test_a_coded_value_is_said_in_the_readers_language(
    resident: Callable[..., Resident], record: Callable[..., Record], language: str, said: str, unsaid: str
) -> None:
    someone = resident()
    held = record(someone.subject, "uncivil_conduct", today() - timedelta(days=3), fields={"conduct": "occupation"})
    page = let_in(someone).get(f"/records/{held.reference}/", headers={"Accept-Language": language}).content.decode()
    assert said in page
    assert unsaid not in page


@pytest.mark.parametrize(
    ("language", "said", "unsaid"), [("zh-hans", "只有信用中心", "Only the"), ("en", "Only the", "只有信用中心")]
)
def test_a_refusal_is_said_in_the_readers_language(
    resident: Callable[..., Resident], language: str, said: str, unsaid: str
) -> None:
    request = RequestFactory().get("/")
    request.user = resident().subject.account  # type: ignore[assignment]  # the account of this resident
    with override(language):
        page = forbidden(
            request, NotAllowed("只有信用中心可以查看主体。Only the credit centre sees subjects.")
        ).content.decode()
    assert said in page
    assert unsaid not in page
