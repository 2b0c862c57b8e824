"""Names of organisations compared: a labelled set of hits and innocents, and the committed scorecard of this version."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core import names
from xinlin.core.names import fold, likeness, parts, search_pairs, sounds
from xinlin.office.jobs.publicity import publish
from xinlin.office.models.records import Record
from xinlin.office.queries.names import candidates, unlinked
from xinlin.office.scopes import Actor, NotAllowed

from ..checks.conftest import make_subject
from ..public.conftest import make_record, make_trader

HERE = Path(__file__).parent
LABELLED = list(csv.DictReader((HERE / "labelled.csv").open(encoding="utf-8")))
"""label (hit, innocent), way of variation, name as asked, name as registered. All names are invented."""
CLERK = Actor(handle="account:7", name="沈经办", role="clerk", department="market_regulation")


def scorecard() -> dict[str, Any]:
    """How this version does on the labelled set: counts, and for each way of variation how many were judged right."""
    right: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for row in LABELLED:
        key = row["label"], row["way"]
        every[key] += 1
        right[key] += likeness(row["asked"], row["registered"]).worth_asking == (row["label"] == "hit")
    hits = sum(n for (label, _), n in every.items() if label == "hit")
    found = sum(n for (label, _), n in right.items() if label == "hit")
    false = sum(every[key] - right[key] for key in every if key[0] == "innocent")
    return {
        "version": names.VERSION,
        "hits": hits,
        "found": found,
        "innocents": sum(every.values()) - hits,
        "asked_in_vain": false,
        "recall_per_mille": 1000 * found // hits,
        "precision_per_mille": 1000 * found // max(found + false, 1),
        "ways": {f"{label}: {way}": f"{right[label, way]}/{every[label, way]}" for label, way in sorted(every)},
    }


def test_the_committed_scorecard_is_that_of_this_version() -> None:
    cards = json.loads((HERE / "scorecard.json").read_text(encoding="utf-8"))
    assert cards[names.VERSION] == scorecard(), "a new way of comparing is a new version with a scorecard of its own"


def test_this_version_is_good_enough_to_ask_a_clerk() -> None:
    card = scorecard()
    assert card["recall_per_mille"] >= 900 and card["precision_per_mille"] >= 950


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts_can_be_compared_and_it_does_not_matter_which_comes_first(one: str, other: str) -> None:
    first, second = likeness(one, other), likeness(other, one)
    assert 0 <= first.score <= 1000 and first.score == second.score


@given(st.sampled_from([row["registered"] for row in LABELLED]))
def test_a_name_is_most_like_itself(name: str) -> None:
    assert likeness(name, name).score == 1000 and fold(fold(name)) == fold(name)


def test_parts_of_a_name() -> None:
    found = parts("温州市洞头区恆屿建設工程有限責任公司")
    assert (found.place, found.brand, found.trade, found.form) == ("温州市洞头区", "恒屿", "建设工程", "limited")
    assert parts("澜汐（洞头）贸易有限公司").place == "洞头"
    assert parts("").whole == "" and parts("公司").whole


@pytest.mark.parametrize(("surname", "reading"), [("单", "shan"), ("仇", "qiu"), ("尉迟", "yu chi"), ("解", "xie")])
def test_a_surname_is_also_read_as_one(surname: str, reading: str) -> None:
    assert any(found.startswith(reading) for found in sounds(surname + "记"))


def test_pairs_that_stand_in_every_name_find_nothing() -> None:
    assert search_pairs("有限公司") == [] and search_pairs("有限责任公司") == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("恆屿建設", "温州市洞头区恒屿建设工程有限公司"),
        ("衡宇建设工程有限公司", "温州市洞头区恒屿建设工程有限公司"),
        ("洞头城投", "温州洞头城市建设投资有限公司"),
        ("恒屿建设工程有限责任公司（洞头）", "温州市洞头区恒屿建设工程有限公司"),
    ],
)
def test_the_index_brings_the_name_that_is_meant(asked: str, wanted: str) -> None:
    for name in (
        "温州市洞头区恒屿建设工程有限公司",
        "温州洞头城市建设投资有限公司",
        "温州市洞头区恒信建设工程有限公司",
        "贵阳市白云区恒屿贸易有限公司",
        *(f"温州市洞头区示例{n}建设有限公司" for n in "甲乙丙丁戊"),
    ):
        make_subject(name, person=False)
    make_trader("张小海")
    publish()
    found = candidates(asked)
    assert found and found[0].name == wanted
    assert not candidates("张小海"), "a trader's own name asks about nobody"
    assert candidates("") == [] and candidates("有限公司") == []


@pytest.mark.django_db
def test_a_row_without_a_code_asks_and_attaches_nothing(client: Client, settings: Any) -> None:
    settings.CITY = "national"
    make_subject("温州市洞头区澜汐食品有限公司", person=False)
    publish()
    row = make_record(None, kind="procurement_result", status="unlinked", fields={"maker": "洞头澜汐食品"})  # type: ignore[arg-type]  # nobody yet
    (asked,) = unlinked(actor=CLERK)
    assert [question.name for question in asked.questions] == ["温州市洞头区澜汐食品有限公司"]
    row.refresh_from_db()
    assert row.subject_id is None and row.status == Record.Status.UNLINKED
    assert unlinked(actor=Actor(handle="a", name="a", role="clerk", department="tax")) == []
    with pytest.raises(NotAllowed):
        unlinked(actor=Actor(handle="a", name="a", role="officer", department="tax"))


@pytest.mark.django_db
def test_the_page_says_that_a_name_only_asks(settings: Any) -> None:
    from ..identity.test_gates import _client

    settings.CITY = "national"
    make_subject("温州市洞头区澜汐食品有限公司", person=False)
    publish()
    text = _client("clerk").get("/bench/names/", {"q": "蓝溪食品"}).content.decode()
    assert "温州市洞头区澜汐食品有限公司" in text and "读音相同，字不同" in text and "不用来关联" in text
