"""Kinds of a manner of their own: professions without private life, leads without effect, rows kept with consent alone."""

from __future__ import annotations

from typing import Any

from tests.rulebooks import example
from xinlin import shelf
from xinlin.core.columns import forbidden_problem, propose_columns
from xinlin.core.forbidden import forbidden_column
from xinlin.core.lint import findings
from xinlin.core.loading import load
from xinlin.core.values import Text

GOOD = "park_volunteering"


def said(label: str = "", **changes: Any) -> set[str]:
    """Codes of all that the linter says of the document's city after its volunteering was changed so."""
    rulebook = load("example", example.texts(), example.parent()).rulebook
    kind = rulebook.kinds[GOOD].model_copy(update=changes)
    if label:
        field = kind.fields[-1].model_copy(update={"label": Text(zh=label, en="Other")})
        kind = kind.model_copy(update={"fields": [*kind.fields[:-1], field]})
    changed = rulebook.model_copy(update={"kinds": {**rulebook.kinds, GOOD: kind}})
    return {problem.code for problem in findings(changed, {})}


def test_a_profession_holds_nothing_of_private_life_and_is_never_scored() -> None:
    assert "not_scored" in said(occupational=True)
    assert "forbidden_private_life" in said("配偶工作单位", occupational=True)
    assert "forbidden_private_life" not in said("配偶工作单位") | said(occupational=True)


def test_a_lead_is_neutral_of_organisations_and_never_scored() -> None:
    assert said(lead=True) >= {"lead_with_effect", "not_scored"}
    assert "lead_with_effect" in said(lead=True, sign="negative", subject_kinds=["enterprise"])
    assert "lead_with_effect" not in said(lead=True, sign="neutral", subject_kinds=["enterprise"])


def test_nothing_negative_and_nothing_of_firms_rests_on_consent_alone() -> None:
    assert "consent_to_what" in said(with_consent=True, sign="negative")
    assert "consent_to_what" in said(with_consent=True, subject_kinds=["person", "enterprise"])
    assert "consent_to_what" not in said(with_consent=True)


def test_a_file_on_professions_with_a_column_of_private_life_is_refused_whole() -> None:
    kind = shelf.read("xiamen").kinds["professional_act"]
    headers = [field.label.zh for field in kind.fields]
    assert forbidden_problem(kind, headers) is None
    problem = forbidden_problem(kind, [*headers, "配偶姓名"])
    assert problem is not None and "配偶姓名" in problem.what.zh + problem.where
    assert forbidden_column(["配偶姓名"]) is None, "of other kinds it is a leftover column"


def test_there_are_fourteen_groups_and_none_is_scored() -> None:
    rulebook = shelf.read("xiamen")
    kind = rulebook.kinds["professional_act"]
    groups = next(field for field in kind.fields if field.code == "group").codes
    assert len(groups) == 14
    assert findings(rulebook, {}) == [], "and no indicator counts them: not_scored would be among these"


def test_headers_of_other_offices_are_understood() -> None:
    kind = shelf.read("national").kinds["administrative_penalty"]
    headers = [
        "行政相对人名称（必填）",
        "*行政相对人类别",
        "统一社会信用代码*",
        "行政处罚决定文书号",
        "处罚种类",
        "作出处罚决定机关",
    ]
    assert propose_columns(kind, headers).leftovers == []
