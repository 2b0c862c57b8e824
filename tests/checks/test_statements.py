"""How many ways to the database a check costs, and that PostgreSQL plans its statements once, not once for every check."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.checks.conftest import make_entry, make_subject, uscc
from tests.checks.test_api import Api, question

pytestmark = [pytest.mark.postgresql_only, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def api(transactional_db: None) -> Api:
    return Api()


def test_a_check_is_three_statements_and_the_calendar_where_somebody_is_hit(api: Api) -> None:
    listed = make_subject("示例一号建设有限公司", person=False)
    make_entry(listed.subject)
    for identifier, verdict, statements in ((uscc(9_000_001), "no", 3), (listed.identifier, "yes", 4)):
        asked = question((identifier, listed.name))
        with CaptureQueriesContext(connection) as told:
            answered = api.post("/checks", asked, key=verdict)
        assert [one["verdict"] for one in answered.json()["answers"]] == [verdict]
        assert len(told) == statements, [one["sql"] for one in told]


def test_postgresql_plans_the_statements_of_checks_once_for_each_connection(api: Api) -> None:
    for serial in range(9_000_001, 9_000_015):
        assert api.post("/checks", question((uscc(serial), "")), key=f"key-{serial}").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
        planned = cursor.fetchall()
    for part in ("FROM allauth_idp_oidc_token", "FROM subject i", "INSERT INTO check_question"):
        kept = [(once, anew) for statement, once, anew in planned if part in statement]
        assert max(once for once, _ in kept) >= 5, f"{part}: {kept}"
        assert all(anew <= 5 for _, anew in kept), f"{part}: {kept}"
