"""What an import linter cannot see: the tables themselves. From a check or a list no relation leads to a score."""

from __future__ import annotations

import ast
from collections import deque
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

FORBIDDEN = {"Score", "ScoreRun"}


def starts() -> list[type[Model]]:
    """Models of the files about checks and lists."""
    rooms = ("xinlin.office.models.checks", "xinlin.office.models.lists")
    return [model for model in apps.get_app_config("office").get_models() if model.__module__ in rooms]


def roads(model: type[Model]) -> list[tuple[str, type[Model]]]:
    """Every relation that code can follow from a model, forwards, or backwards by a name."""
    found = []
    for field in model._meta.get_fields():
        if not field.is_relation or not isinstance(field.related_model, type):
            continue
        if field.auto_created and not field.concrete and getattr(field, "hidden", False):
            continue  # related_name="+": there is no name to follow
        found.append((f"{model.__name__}.{field.name}", field.related_model))
    return found


def reached(model: type[Model]) -> dict[type[Model], list[str]]:
    """Every model that can be reached, with the way there."""
    ways: dict[type[Model], list[str]] = {model: []}
    waiting = deque([model])
    while waiting:
        here = waiting.popleft()
        for name, there in roads(here):
            if there not in ways:
                ways[there] = [*ways[here], name]
                waiting.append(there)
    return ways


def test_there_are_checks_and_lists_to_walk_from() -> None:
    assert {model.__name__ for model in starts()} >= {"Check", "CheckAnswer", "CheckFeedback", "ListEntry"}


@pytest.mark.parametrize("model", starts(), ids=lambda model: model.__name__)
def test_no_relation_leads_from_a_check_to_a_score(model: type[Model]) -> None:
    for there, way in reached(model).items():
        assert there.__name__ not in FORBIDDEN, " -> ".join([*way, there.__name__])


def test_the_walk_sees_relations_both_ways() -> None:
    entry = next(model for model in starts() if model.__name__ == "ListEntry")
    names = {model.__name__ for model in reached(entry)}
    assert {"Subject", "Record", "CheckFeedback", "CheckAnswer", "Check"} <= names


def _words(path: Path) -> list[tuple[int, str]]:
    """Names, attributes and texts of a file, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.append((node.lineno, node.id))
        elif isinstance(node, ast.Attribute):
            found.append((node.lineno, node.attr))
        elif isinstance(node, ast.keyword) and node.arg:
            found.append((node.value.lineno, node.arg))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            found.append((node.lineno, node.value))
    return found


def test_no_check_or_list_speaks_of_scores(checkout: Path) -> None:
    package = checkout / "src" / "xinlin"
    files = [path for path in package.rglob("*.py") if path.stem in ("checks", "lists")]
    assert len(files) >= 6
    wrong = [
        f"{path.relative_to(checkout)}:{line}: {word!r}"
        for path in files
        for line, word in _words(path)
        if "score" in word.lower() and word != "xinlin.office.models.scores"
    ]
    assert not wrong, "a check never sees a score:\n" + "\n".join(wrong)
