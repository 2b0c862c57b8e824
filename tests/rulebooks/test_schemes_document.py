"""docs/schemes.md is worked out: each example gives the points that it says, record by record, in both engines."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xinlin.core import strict_yaml
from xinlin.core.plan import compile_scheme
from xinlin.core.records import Fact
from xinlin.core.rulebooks import Kind
from xinlin.core.schemes import Scheme
from xinlin.core.scores import evaluate
from xinlin.engine import scores as engine
from xinlin.engine.snapshot import Row, SnapshotWriter

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "schemes.md"
TEXT = {"zh": "例", "en": "example"}
BASIS = "demonstration"
OWN = ("occurred_on", "class", "ends_on", "status")
KIND: dict[str, Any] = {
    "code": "example",
    "name": TEXT,
    "providers": ["office"],
    "subject_kinds": ["person"],
    "sign": "positive",
    "purpose": TEXT,
    "openness": "subject_only",
    "retention": "P5Y",
    "update_interval": "P1M",
    "basis": BASIS,
    "fields": [
        {"code": "hours", "label": TEXT, "type": "integer", "minimum": 0},
        {"code": "level", "label": TEXT, "type": "code", "codes": dict.fromkeys(("street", "city", "province"), TEXT)},
        {"code": "led", "label": TEXT, "type": "boolean"},
    ],
}


def _blocks(sort: str) -> list[dict[str, Any]]:
    found = re.findall(rf"^```yaml\n# {sort}\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    trees = [strict_yaml.read(text, "schemes.md").tree for text in found]
    return [tree for tree in trees if isinstance(tree, dict)]


def _scheme(indicator: dict[str, Any], **changes: Any) -> Scheme:
    given = {"term": "P5Y"} if "terms" not in indicator else {}
    whole = {
        **{"code": "example", "name": TEXT, "text": TEXT, "kind": "example", "sign": "positive", "absent": TEXT},
        **{"basis": BASIS, **given, **indicator},
    }
    dimension = {"code": "all", "name": TEXT, "text": TEXT, "basis": BASIS, "indicators": [whole]}
    tiers = [{"code": "low", "name": TEXT, "at_least": -10_000, "basis": BASIS}]
    scheme = {
        **{"code": "example", "version": "1", "effective_from": date(2020, 1, 1), "unit": TEXT, "base": 0, "scale": {}},
        **{"dimensions": [dimension], "tiers": tiers, "basis": BASIS, **changes},
    }
    return Scheme.model_validate(scheme)


def _facts(records: list[dict[str, Any]]) -> list[Fact]:
    def day(value: str | None) -> date | None:
        return date.fromisoformat(value) if value else None

    return [
        Fact(
            record=f"{at:03}",
            kind="example",
            occurred_on=date.fromisoformat(record["occurred_on"]),
            status=record.get("status", "active"),
            record_class=record.get("class"),
            ends_on=day(record.get("ends_on")),
            fields={name: value for name, value in record.items() if name not in OWN},
        )
        for at, record in enumerate(records)
    ]


@pytest.mark.parametrize("example", _blocks("try"))
def test_an_example_gives_the_points_that_it_says(example: dict[str, Any], tmp_path: Path) -> None:
    scheme, facts = _scheme(example["indicator"]), _facts(example["records"])
    day = date.fromisoformat(example.get("as_of", "2026-06-30"))
    result = evaluate(scheme, facts, day)
    assert [given.points for given in sorted(result.contributions, key=lambda given: given.record)] == example["points"]
    writer = SnapshotWriter(tmp_path / "snapshot")
    writer.subjects([0])
    kind = Kind.model_validate(KIND)
    writer.records(
        kind,
        [
            Row(0, False, f.record, f.occurred_on, f.status, f.record_class, f.ends_on, None or "", f.fields)
            for f in facts
        ],
    )
    writer.seal()
    figures = engine.run(compile_scheme(scheme, day), tmp_path / "snapshot")
    assert figures.scores.tolist() == [sum(example["points"])]


@pytest.mark.parametrize("example", _blocks("rules"))
def test_a_class_rule_gives_the_tier_that_it_says(example: dict[str, Any]) -> None:
    tiers = [{**tier, "name": TEXT, "basis": BASIS} for tier in example["tiers"]]
    rules = [{**rule, "text": TEXT, "basis": BASIS} for rule in example["class_rules"]]
    nothing = {"measure": {"take": "count"}, "points": {"each": {"points": 0}}}
    scheme = _scheme(nothing, base=example["score"], tiers=tiers, class_rules=rules)
    result = evaluate(scheme, _facts(example["records"]), date.fromisoformat(example["as_of"]))
    assert (result.score, result.tier) == (example["score"], example["tier"])


def test_the_document_has_an_example_for_every_construct() -> None:
    written = str([*_blocks("try"), *_blocks("rules")])
    takes = ("count", "sum", "max", "latest", "exists")
    forms = ("each", "bands", "steps", "table", "highest_only", "repeat", "per_year", "overall", "terms", "where")
    for word in (*takes, *forms, "calendar_year", "record", "tier_exactly", "tier_at_most", "any", "not", "disputed"):
        assert f"'{word}'" in written, word
