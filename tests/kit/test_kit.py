"""The kit: charts whose numbers are exact, words for templates, looks kept in cookies, error pages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.test import Client, RequestFactory
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core.values import Text
from xinlin.faces.kit import charts, errors
from xinlin.faces.kit.templatetags import kit
from xinlin.office.scopes import NotAllowed, NotFound

POINTS = st.lists(st.integers(-200, 200), max_size=30)


@given(st.integers(0, 1000), POINTS)
def test_the_waterfall_sums_exactly_and_stays_on_its_rail(base: int, rest: list[int]) -> None:
    chart = charts.waterfall([base, *rest])
    assert chart.total == base + sum(rest) == chart.steps[-1].total
    assert [step.points for step in chart.steps] == [base, *rest]
    for step in chart.steps:
        assert 0 <= float(step.x) <= 1000
        assert float(step.width) > 0


@given(st.integers(-50, 1200), st.none() | st.just(0), st.none() | st.just(1000))
def test_the_gauge_takes_every_score_on_every_scale(score: int, low: int | None, high: int | None) -> None:
    chart = charts.gauge(score, low, high, [0, 550, 600, 640, 700])
    assert [tick.value for tick in chart.ticks if tick.reached] == [
        value for value in (0, 550, 600, 640, 700) if chart.low < value < chart.high and value <= score
    ]
    assert chart.track.startswith("M")


def test_every_tier_has_the_same_length_of_arc() -> None:
    middle = charts.gauge(620, 0, 1000, [0, 550, 600, 640, 700])
    assert (float(middle.tip_x), float(middle.tip_y)) == (170.0, 44.0)


def test_a_trend_needs_two_figures() -> None:
    assert charts.trend([(date(2026, 1, 1), 600)]) is None
    drawn = charts.trend([(date(2026, 1, 1), 600), (date(2026, 2, 1), 610)])
    assert drawn is not None
    assert (drawn.low, drawn.high) == (600, 610)


def test_the_radar_keeps_the_order_and_widens_for_long_names() -> None:
    plain = charts.radar([("遵纪守法", -5, -400, 0), ("重诺守信", 5, -200, 50), ("社会贡献", 500, None, 180)])
    assert [axis.name for axis in plain.axes] == ["遵纪守法", "重诺守信", "社会贡献"]
    assert plain.width == "340"
    assert float(charts.radar([("a", 1, 0, 2), ("keeping each and every promise", 1, 0, 2)]).width) >= 340


@pytest.mark.parametrize(("value", "shown"), [(12, "+12"), (-3, "−3"), (0, "0"), ("-3", "−3")])
def test_points_carry_their_sign(value: int | str, shown: str) -> None:
    assert kit.points(value) == shown


def test_days_and_moments_are_those_of_the_city() -> None:
    late = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
    assert kit.day(date(2026, 11, 2)) == "2026年11月2日"
    assert kit.moment(late) == "2026年11月23日\u00a001:05" == kit.moment(late.isoformat())
    with override("en"):
        assert kit.day(late) == "23 Nov 2026"
    assert kit.day(None) == kit.moment(None) == kit.iso(None) == ""


def test_texts_speak_the_language_of_the_page() -> None:
    text = Text(zh="信用", en="credit")
    assert kit.text_filter(text) == "信用"
    with override("en"):
        assert kit.text_filter(text) == "credit" == kit.text_filter({"zh": "信用", "en": "credit"})
        assert kit.term("P1Y6M") == "1 year(s) 6 month(s)"
    assert kit.term("P3M") == "3 个月"
    assert kit.text_filter(None) == ""
    assert kit.yuan(-123456) == "−¥1,234.56"


def test_looks_are_kept_in_cookies_and_lead_back_only_here() -> None:
    client = Client()
    answer = client.post("/display/", {"shade": "dark", "next": "/about/"})
    assert answer["Location"] == "/about/"
    assert client.cookies["xinlin-shade"].value == "dark"
    assert client.post("/display/", {"shade": "", "next": "https://example.org/"})["Location"] == "/"
    assert client.cookies["xinlin-shade"].value == ""
    client.post("/display/", {"shade": "purple"})
    assert client.cookies["xinlin-shade"].value == ""
    assert client.get("/display/").status_code == 405


def test_refusals_become_pages_that_say_what_and_what_to_do() -> None:
    request = RequestFactory().get("/records/x/")
    refusals = errors.Refusals(lambda _request: pytest.fail("not called"))
    missing = refusals.process_exception(request, NotFound("x"))
    forbidden = refusals.process_exception(request, NotAllowed("只有本人可以查看。"))
    assert missing is not None
    assert missing.status_code == 404
    assert forbidden is not None
    assert forbidden.status_code == 403
    assert "只有本人可以查看" in forbidden.content.decode()
    assert refusals.process_exception(request, ValueError("a bug")) is None


def test_the_error_page_needs_no_database() -> None:
    answer = errors.server_error(RequestFactory().get("/score/"))
    assert answer.status_code == 500
    for words in ("系统出错了", "/score/", "没有保存任何改动"):
        assert words in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/score/", "/score/why/", "/records/", "/benefits/", "/me/", "/looks/", "/leave/"])
def test_strangers_are_sent_to_sign_in(address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")
    assert "no-store" in answer["Cache-Control"]
