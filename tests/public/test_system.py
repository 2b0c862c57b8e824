"""The map of the system and the levels of the rulebook: lights, counts with their hash, what is added and what narrowed."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from tests.rulebooks import example
from xinlin import shelf
from xinlin.core.levels import levels
from xinlin.core.loading import load
from xinlin.office.models.log import Leaf
from xinlin.office.queries import modules as queries
from xinlin.office.scopes import now

pytestmark = pytest.mark.django_db
NATIONAL = shelf.open_folder(shelf.ROOT, "national")


@pytest.fixture(autouse=True)
def _nothing_counted_before() -> None:
    cache.clear()


def test_anybody_sees_every_module_with_its_light() -> None:
    page = Client().get("/about/system/").content.decode()
    assert "系统总览" in page
    assert all(str(word) in page for word in ("登记册与记录", "信用核查与反馈", "存证日志"))


def test_a_city_calls_the_parts_by_its_own_names(settings: object) -> None:
    settings.CITY = "baiyun"  # type: ignore[attr-defined]  # pytest-django's settings
    page = Client().get("/about/system/").content.decode()
    assert page.index("一库：个人诚信信息库") < page.index("一网：诚信网站") < page.index("N终端")


def test_the_hash_of_the_counts_is_worked_out_again_from_the_statement() -> None:
    told = Client().get("/about/system/counts.json").json()
    plain = json.dumps(told["statement"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(plain.encode()).hexdigest() == told["sha256"]


def test_a_log_that_stands_still_is_seen() -> None:
    from xinlin.office.jobs.log import sequence

    Leaf.objects.create(commitment=b"\0" * 32, action="test", at=now())
    sequence()
    assert {view.module: view.light for view in queries.modules()}["log"] == "good"
    Leaf.objects.create(commitment=b"\1" * 32, action="test", at=now() - timedelta(minutes=5))
    assert {view.module: view.light for view in queries.modules()}["log"] == "late"


def test_the_page_of_levels_tells_what_is_added_and_what_is_taken_over(settings: object) -> None:
    settings.CITY = "baiyun"  # type: ignore[attr-defined]  # pytest-django's settings
    page = Client().get("/catalogue/levels/").content.decode()
    assert "照上级" in page
    assert "本地增加" in page


def test_a_narrowed_row_is_shown_value_by_value() -> None:
    row = (shelf.ROOT / "national/kinds/administrative_penalty.yaml").read_text(encoding="utf-8")
    texts = {**example.texts(), "kinds/administrative_penalty.yaml": row.replace("retention: P3Y", "retention: P1Y")}
    texts["departments.yaml"] += (
        "transport: {delivers: [administrative_licence], name: {zh: 交通运输局, en: Transport}, basis: demonstration}\n"
    )
    found = {one.section: one for one in levels(NATIONAL.rulebook, load("example", texts, NATIONAL).rulebook)}
    changes = {name.en: [(c.path, c.above, c.here) for c in told] for name, told in found["kinds"].changed}
    assert changes["Administrative penalty"] == [("retention", "P3Y", "P1Y")]
    assert changes["Administrative licence"] == [("providers", "–", "transport")]
    assert "Transport" in [name.en for name in found["departments"].added]
