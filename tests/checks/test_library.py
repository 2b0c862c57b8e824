"""The legal library names each measure beside the article as it stands for that measure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from xinlin.core.lists import ListMeasure as Measure
from xinlin.office import rulebook as books
from xinlin.office.queries import measures
from xinlin.office.scopes import today


def test_a_measure_whose_article_was_repealed_stands_beside_it_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    book = books.current()
    whole = book.measures["debtor_no_bidding"]
    assert whole.basis != "demonstration"
    ended = [one.model_copy(update={"effective_to": today()}) for one in whole.basis]
    repealed: Measure = whole.model_copy(update={"basis": ended})
    monkeypatch.setitem(book.measures, "debtor_no_bidding", repealed)  # type: ignore[arg-type]  # a rulebook's own dict
    rows = [one for one in measures.library() if one.source == "judgment_debtor_rules"]
    over, standing = (next(one for one in rows if one.in_force is stands) for stands in (False, True))
    assert (list(over.measures), over.ends_on) == (["限制参加工程建设项目投标"], today())
    assert "限制参加工程建设项目投标" not in standing.measures
    assert all(one.in_force for one in measures.library(today() - timedelta(days=1)))
