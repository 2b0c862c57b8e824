"""Pages for everybody say what the rulebook says: change the rulebook, and they change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import AllOf, Award, Band, Each, FieldTest, Limits, NotOf, Scheme, Step
from xinlin.core.values import Text
from xinlin.faces.public import catalogue as catalogue_page
from xinlin.faces.public import rules as rules_page
from xinlin.office import rulebook as books
from xinlin.office.scopes import today

pytestmark = pytest.mark.django_db
PAGES = ["/about/", "/rules/", "/catalogue/", "/lists/", "/log/"]


def scheme_of(book: Rulebook) -> Scheme:
    found = book.scheme_at(today())
    assert found is not None
    return found


def use(monkeypatch: pytest.MonkeyPatch, book: Rulebook) -> None:
    """Let the pages run on this rulebook."""
    monkeypatch.setattr(books, "current", lambda: book)


def changed_scheme(scheme: Scheme, **changes: Any) -> Scheme:
    """The scheme with its first indicator changed."""
    dimension = scheme.dimensions[0]
    first = dimension.indicators[0].model_copy(update=changes)
    changed = dimension.model_copy(update={"indicators": [first, *dimension.indicators[1:]]})
    return scheme.model_copy(update={"dimensions": [changed, *scheme.dimensions[1:]]})


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_open_without_signing_in(client: Client, address: str, language: str) -> None:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200
    assert ("<h1>" in response.content.decode()) and "style=" not in response.content.decode()


def test_every_indicator_stands_on_the_rules_page(client: Client) -> None:
    scheme, page = scheme_of(books.current()), client.get("/rules/").content.decode()
    indicators = [indicator for dimension in scheme.dimensions for indicator in dimension.indicators]
    assert len(indicators) == 18
    for indicator in indicators:
        assert f'id="indicator-{indicator.code}"' in page
        assert indicator.name.zh in page and indicator.text.zh in page
    for tier in scheme.tiers:
        assert tier.name.zh in page


def test_what_no_source_gives_is_marked(client: Client) -> None:
    scheme, page = scheme_of(books.current()), client.get("/rules/").content.decode()
    for dimension in scheme.dimensions:
        for indicator in dimension.indicators:
            card = page.split(f'id="indicator-{indicator.code}"')[1].split("</article>")[0]
            invented = "demonstration" in (indicator.basis, indicator.points_basis)
            assert ("演示数值" in card) == invented, indicator.code


def test_the_rules_page_changes_with_the_rulebook(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    book = books.current()
    old = scheme_of(book)
    renamed = changed_scheme(
        old, name=Text(zh="改过名字的指标", en="Renamed"), points=Award(each=Each(units=7, points=-77)), where=None
    )
    newer = renamed.model_copy(update={"version": "2099.9", "effective_from": today(), "base": old.base + 1})
    use(monkeypatch, book.model_copy(update={"schemes": [*book.schemes, newer]}))
    page = client.get("/rules/").content.decode()
    assert "改过名字的指标" in page and "−77" in page and "第 2099.9 版" in page
    assert "施行中" in page.split('id="versions"')[1]
    assert "调整指标：改过名字的指标" in page
    assert "起点分、范围、等级或上限有调整" in page


def test_a_version_of_tomorrow_changes_nothing_today(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    book = books.current()
    later = scheme_of(book).model_copy(
        update={"version": "2099.9", "effective_from": today() + timedelta(days=1), "base": 1}
    )
    use(monkeypatch, book.model_copy(update={"schemes": [*book.schemes, later]}))
    page = client.get("/rules/").content.decode()
    assert f"起点分 {scheme_of(book).base}" in page
    assert "第 2099.9 版" in page.split('id="versions"')[1]


def test_a_city_without_scores_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, books.current().model_copy(update={"schemes": []}))
    assert "本地不对个人评分" in client.get("/rules/").content.decode()
    assert client.get("/about/").status_code == 200


def test_forms_of_points_in_words() -> None:
    scheme = scheme_of(books.current())
    base = scheme.dimensions[0].indicators[0].model_copy(update={"measure": scheme.dimensions[0].indicators[0].measure})
    bands = base.model_copy(update={"points": Award(bands=[Band(at_least=1, points=2), Band(at_least=5, points=9)])})
    assert [rate.points for rate in rules_page.rates(None, bands)] == [2, 9]
    assert "少于 5" in rules_page.rates(None, bands)[0].what
    steps = base.model_copy(
        update={"points": Award(steps=[Step(up_to=20, per=1, points=1), Step(up_to=None, per=2, points=1)])}
    )
    first, second = rules_page.rates(None, steps)
    assert "第 1–20" in first.what and "超过 20" in second.what
    assert rules_page.limit_words(Limits(cap=20, floor=-5), "每年") == ["每年最多 +20 分", "每年最低 −5 分"]


def test_conditions_in_words() -> None:
    condition = AllOf(
        all=[
            FieldTest(field="class", equals="serious"),
            NotOf.model_validate({"not": FieldTest(field="x", exists=True)}),
        ]
    )
    assert rules_page.condition_words(None, condition) == "严重程度为严重，且不满足“载明x”"


@pytest.mark.parametrize(
    ("term", "words"), [("P3M", "3 个月"), ("P1Y6M", "1 年 6 个月"), ("P30D", "30 天"), ("always", "always")]
)
def test_terms_in_words(term: str, words: str) -> None:
    assert rules_page.term_words(term) == words


def test_the_catalogue_lists_every_kind_and_finds_by_word(client: Client) -> None:
    book, page = books.current(), client.get("/catalogue/").content.decode()
    for kind in book.kinds.values():
        assert f'id="{kind.code}"' in page
    found = client.get("/catalogue/", {"q": "志愿服务"}).content.decode()
    assert 'id="volunteer_service"' in found and 'id="enterprise_registration"' not in found
    assert 'id="volunteer_service"' not in client.get("/catalogue/", {"sign": "negative"}).content.decode()
    assert "目录里没有这样的信息项" in client.get("/catalogue/", {"q": "不存在的信息项"}).content.decode()


def test_every_list_and_measure_stands_with_its_article(client: Client) -> None:
    book, page = books.current(), client.get("/lists/").content.decode()
    for listed in book.lists.values():
        assert f'id="{listed.code}"' in page
    for measure in book.measures.values():
        assert measure.name.zh in page


def test_a_measure_whose_articles_lapsed_is_shown_as_lapsed() -> None:
    book = books.current()
    ended = {
        code: source.model_copy(update={"effective_to": date(2020, 1, 1)}) for code, source in book.sources.items()
    }
    lapsed = book.model_copy(update={"sources": ended})
    measure = next(m for m in book.measures.values() if m.basis != "demonstration")
    assert catalogue_page._measure_row(measure, lapsed, today(), frozenset()).article is None


@pytest.mark.parametrize("address", PAGES)
def test_few_queries(client: Client, address: str, django_assert_max_num_queries: Any) -> None:
    client.get(address)
    with django_assert_max_num_queries(2):
        client.get(address)
