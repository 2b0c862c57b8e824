"""A check never sees a score: neither by an import, through whatever module, nor by following rows of tables."""

from __future__ import annotations

from functools import cache

import grimp
import pytest
from django.apps import apps
from django.db.models import Model

from xinlin.office.models.checks import Check, CheckAnswer, CheckFeedback
from xinlin.office.models.lists import ListEntry

FORBIDDEN = ("scores", "plan", "explain")


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("xinlin")


def modules() -> list[str]:
    return sorted(module for module in imports().modules if module.rsplit(".", 1)[-1] in ("checks", "lists"))


def test_the_modules_are_there() -> None:
    named = {"xinlin.core.checks", "xinlin.core.lists", "xinlin.office.actions.checks", "xinlin.office.queries.checks"}
    assert named | {"xinlin.office.queries.lists", "xinlin.faces.api.checks"} <= set(modules())


@pytest.mark.parametrize("module", modules())
def test_no_chain_of_imports_leads_from_a_check_to_a_score(module: str) -> None:
    graph = imports()
    reached = graph.find_upstream_modules(module)
    seen = {one for one in reached if one.rsplit(".", 1)[-1] in FORBIDDEN or one.startswith("xinlin.engine")}
    assert not seen, {one: graph.find_shortest_chain(module, one) for one in sorted(seen)}


def _leads_to(model: type[Model]) -> set[type[Model]]:
    """Every model that rows of ``model`` point at, directly or through others."""
    found: set[type[Model]] = set()
    waiting = [model]
    while waiting:
        for field in waiting.pop()._meta.get_fields():
            target = field.related_model if field.concrete and field.is_relation else None
            if isinstance(target, type) and target not in found:
                found.add(target)
                waiting.append(target)
    return found


@pytest.mark.parametrize("model", [Check, CheckAnswer, CheckFeedback, ListEntry])
def test_no_row_of_a_check_points_at_a_score(model: type[Model]) -> None:
    scores = {one for one in apps.get_models() if one.__module__.endswith(".scores")}
    assert scores, "the score tables were renamed; say here what they are called"
    assert not _leads_to(model) & scores
