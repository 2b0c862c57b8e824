"""Laws of the strict reader: whatever comes in, values or problems come out, and plain data means what it says."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rulebooks import example
from xinlin.core import strict_yaml
from xinlin.core.strict_yaml import Tree

KEYS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(
    lambda key: key not in ("y", "n", "yes", "no", "on", "off")
)
LEAVES = st.text(max_size=12) | st.integers(-(10**15), 10**15) | st.booleans()
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def _written(tree: Tree) -> str:
    """Flow YAML with every text quoted and escaped by the usual writer."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {_written(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(_written(value) for value in tree) + "]"
    if isinstance(tree, str):
        return yaml.safe_dump(tree, default_style='"', allow_unicode=False, width=10**6).strip()
    return json.dumps(tree)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
def test_quoted_texts_plain_integers_and_truths_are_read_as_written(tree: dict[str, Tree]) -> None:
    reading = strict_yaml.read(_written(tree), "x.yaml")
    assert reading.problems == []
    assert reading.tree == tree


@given(st.text(max_size=200))
def test_any_text_gives_values_or_problems_and_never_an_exception(text: str) -> None:
    reading = strict_yaml.read(text, "x.yaml")
    assert reading.tree is not None or reading.problems
    assert all(re.match(r"x\.yaml:\d+$", problem.where) for problem in reading.problems)


@given(st.from_regex(r"[0-9.eExXoO_:+\-TZ]{1,12}", fullmatch=True))
def test_a_bare_scalar_is_an_integer_a_text_that_yaml_agrees_on_or_refused(raw: str) -> None:
    """Where the usual reader sees a float, a date, a time or an octal, we see a problem, never a silent text."""
    reading = strict_yaml.read(f"key: {raw}\n", "x.yaml")
    if reading.problems or not isinstance(reading.tree, dict):
        return
    value = reading.tree["key"]
    assert value == yaml.safe_load(f"key: {raw}\n")["key"]


@pytest.mark.parametrize("word", ["yes", "Yes", "NO", "on", "Off", "y", "N", "True", "FALSE", "~", "Null", ""])
def test_words_of_doubtful_truth_are_refused_and_quoted_ones_are_texts(word: str) -> None:
    assert strict_yaml.read(f"key: {word}\n", "x.yaml").problems
    assert strict_yaml.read(f'key: "{word}"\n', "x.yaml").tree == {"key": word}


def test_deep_nesting_and_alias_bombs_are_refused_quickly() -> None:
    deep = "[" * 1500 + "]" * 1500
    assert strict_yaml.read(f"key: {deep}\n", "x.yaml").problems
    nested = "".join(f"{' ' * depth}k{depth}:\n" for depth in range(60)) + " " * 60 + "end: 1\n"
    assert "too_deep" in {problem.code for problem in strict_yaml.read(nested, "x.yaml").problems}
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert "alias" in {problem.code for problem in strict_yaml.read(bomb, "x.yaml").problems}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(st.data())
def test_a_folder_changed_anywhere_is_accepted_or_refused_with_places(data: st.DataObject) -> None:
    """Whatever one edit does to a good folder, nothing but problems with places comes of it."""
    files = example.texts()
    name = data.draw(st.sampled_from(sorted(files)))
    lines = files[name].splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    edit = data.draw(st.sampled_from(["drop", "twice", "empty", "garble", "indent", "number"]))
    line = lines[at]
    lines[at] = {
        "drop": "",
        "twice": line + line,
        "empty": re.sub(r":.*", ":", line),
        "garble": line.replace(":", " :: ", 1),
        "indent": "   " + line,
        "number": re.sub(r": \S+", ": 7", line, count=1),
    }[edit]
    files[name] = "".join(lines)
    for problem in example.problems(files):
        assert all((problem.what.zh, problem.what.en, problem.cure.zh, problem.cure.en))
        assert problem.where.startswith("rulebooks/example/")
