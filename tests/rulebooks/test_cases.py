"""The worked cases of every rulebook, held against the plain evaluator."""

from __future__ import annotations

import pytest

from xinlin import shelf
from xinlin.core.rulebooks import Rulebook
from xinlin.core.sample_cases import WorkedCase
from xinlin.core.scores import evaluate
from xinlin.core.worked_cases import facts_of, otherwise, scheme_of

CASES = [(rulebook, case) for name in shelf.names() for rulebook in [shelf.read(name)] for case in rulebook.cases]


@pytest.mark.parametrize(("rulebook", "case"), CASES, ids=[case.name.en for _, case in CASES])
def test_a_worked_case_comes_out_as_written(rulebook: Rulebook, case: WorkedCase) -> None:
    result = evaluate(scheme_of(rulebook, case), facts_of(rulebook, case), case.as_of)
    assert otherwise(case, result) == []


def test_every_indicator_of_a_scheme_has_a_case_in_which_it_counts() -> None:
    for name in shelf.names():
        rulebook = shelf.read(name)
        counted: set[str] = set()
        for case in rulebook.cases:
            result = evaluate(scheme_of(rulebook, case), facts_of(rulebook, case), case.as_of)
            counted |= {given.indicator for given in result.contributions if given.points}
        indicators = {i.code for s in rulebook.schemes for d in s.dimensions for i in d.indicators}
        assert indicators <= counted
