"""What is counted of what is public: nobody is late for days before publishing began; topics tell how many entries stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.checks.conftest import Listed, make_entry, make_subject
from xinlin.core.measures import Topic
from xinlin.core.values import Text
from xinlin.office.jobs.publicity import publish
from xinlin.office.jobs.publicity_figures import count
from xinlin.office.models.publicity import Publication
from xinlin.office.queries.publicity_figures import entries_by_list
from xinlin.office.scopes import today

from .conftest import days_ago, make_record

pytestmark = pytest.mark.django_db


def test_what_was_due_before_publishing_began_here_is_nobodys_lateness(firm: Callable[..., Listed]) -> None:
    one = firm()
    make_record(one.subject, occurred_on=days_ago(200))
    fresh = make_record(one.subject, occurred_on=days_ago(1))
    publish()
    assert count()["offices"] == [["market_regulation", "penalties", True, 1]]
    began = datetime.combine(today() - timedelta(days=300), time(9), tzinfo=timezone.get_current_timezone())
    Publication.objects.filter(reference=fresh.reference).update(published_at=began)
    told = sorted(count()["offices"])
    assert told == [["market_regulation", "penalties", False, 1], ["market_regulation", "penalties", True, 1]]


def test_a_topic_tells_how_many_entries_stand_on_its_lists(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinlin.faces.public import measures

    topic = {
        "code": "debtors",
        "name": Text(zh="失信被执行人专题", en="Debtors"),
        "sort": "discipline",
        "basis": "demonstration",
    }
    lists = {
        "lists": ["wage_arrears"],
        "measures": ["wage_no_bidding"],
        "incentives": [],
        "departments": ["public_resource_trading"],
    }
    book = measures.books.current()
    monkeypatch.setitem(book.topics, "debtors", Topic.model_validate(topic | lists))  # type: ignore[arg-type]  # a rulebook's own dict
    assert entries_by_list() is None
    assert "在册" not in client.get("/lists/registers/").content.decode()
    for n in range(14):
        entry = make_entry(make_subject(f"示例{n}号有限公司", person=False).subject)
        if n == 0:
            entry.removed_at = timezone.now()
            entry.save()
    assert count()["lists"] == {"wage_arrears": 13}
    assert "在册约 10 条" in client.get("/lists/registers/").content.decode()
