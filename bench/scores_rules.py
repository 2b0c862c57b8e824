"""The bench's own city: a rulebook of 30 kinds, 5 dimensions and 40 indicators that uses every feature of the language.

``write(folder)`` makes ``folder/bench`` in Xinlin's own language. `INDICATORS` says which shape each indicator has, so
that the hand-written baselines in `scores_baselines` can be fixed programs for this one scheme.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

AS_OF = "2026-06-30"
FAMILIES = {"hours": 8, "amount": 6, "fault": 6, "firm_fault": 2, "deed": 8}
"""How many kinds of record each family has; a family shares its fields."""
KINDS = [f"{family}_{n:02}" for family, count in FAMILIES.items() for n in range(count)]
CLASSES = ("minor", "general", "serious")
LEVELS = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Shape:
    """An indicator of the scheme: its code, its kind of record, its dimension, and the shape of its rule."""

    code: str
    kind: str
    dimension: int
    shape: str


def _family(kind: str) -> str:
    return kind.rsplit("_", 1)[0]


SHAPES: dict[str, list[str]] = {
    "hours": ["sum_steps", "max_bands", "year_sum", "highest_each", "year_latest"],
    "amount": ["record_bands", "count_each", "exists", "year_max_steps"],
    "fault": ["class_table", "repeat", "year_count_bands", "highest_class"],
    "firm_fault": ["through_table"],
    "deed": ["latest_table", "year_exists", "count_bands", "record_table"],
}


def _indicators() -> list[Shape]:
    """Thirty kinds once, ten of them twice, every shape at least once, spread over the five dimensions."""
    used: dict[str, int] = {}
    found = []
    for kind in [*KINDS, *KINDS[:10]]:
        family = _family(kind)
        shapes = SHAPES[family]
        at = used.get(family, 0)
        used[family] = at + 1
        found.append(Shape(f"i{len(found) + 1:02}", kind, len(found) % 5, shapes[at % len(shapes)]))
    return found


INDICATORS = _indicators()

BY_CLASS = {"minor": "P3M", "general": "P1Y", "serious": "P3Y"}
RULES: dict[str, dict[str, Any]] = {
    "sum_steps": {
        "measure": {"take": "sum", "of": "hours"},
        "points": {"steps": [{"up_to": 20, "per": 1, "points": 1}, {"up_to": 120, "per": 2, "points": 1}, {"per": 12, "points": 1}]},
        "overall": {"cap": 100},
        "term": "P2Y",
    },
    "max_bands": {
        "measure": {"take": "max", "of": "hours"},
        "points": {"bands": [{"at_least": 4, "points": 2}, {"at_least": 16, "points": 6}, {"at_least": 32, "points": 15}]},
        "where": {"field": "level", "among": ["a", "b", "c"]},
        "term": "P3Y",
    },
    "year_sum": {
        "measure": {"take": "sum", "of": "hours", "over": "calendar_year"},
        "points": {"each": {"units": 8, "points": 3}},
        "per_year": {"cap": 20},
        "overall": {"cap": 45},
        "term": "P3Y",
    },
    "highest_each": {
        "measure": {"take": "sum", "of": "hours", "over": "record"},
        "points": {"each": {"units": 4, "points": 2}},
        "highest_only": True,
        "where": {"field": "level", "equals": "a"},
        "term": "P2Y",
    },
    "year_latest": {
        "measure": {"take": "latest", "of": "hours", "over": "calendar_year"},
        "points": {"bands": [{"at_least": 8, "points": 3}, {"at_least": 24, "points": 7}]},
        "overall": {"cap": 15},
        "term": "P3Y",
    },
    "record_bands": {
        "measure": {"take": "sum", "of": "amount", "over": "record"},
        "points": {"bands": [{"at_least": 10000, "points": 1}, {"at_least": 100000, "points": 5}, {"at_least": 500000, "points": 12}]},
        "where": {"field": "paid", "equals": True},
        "per_year": {"cap": 20},
        "overall": {"cap": 40},
        "term": "P3Y",
    },
    "count_each": {
        "measure": {"take": "count"},
        "points": {"each": {"units": 1, "points": 2}},
        "where": {"all": [{"field": "amount", "at_least": 20000, "below": 800000}, {"not": {"field": "paid", "exists": False}}]},
        "overall": {"cap": 12},
        "term": "P2Y",
    },
    "exists": {
        "measure": {"take": "exists"},
        "points": {"each": {"units": 1, "points": 8}},
        "where": {"field": "amount", "at_least": 50000},
        "term": "P1Y",
    },
    "year_max_steps": {
        "measure": {"take": "max", "of": "amount", "over": "calendar_year"},
        "points": {"steps": [{"up_to": 100000, "per": 20000, "points": 1}, {"per": 100000, "points": 1}]},
        "per_year": {"cap": 10},
        "overall": {"cap": 25},
        "term": "P3Y",
    },
    "class_table": {
        "measure": {"take": "latest", "of": "class", "over": "record"},
        "points": {"table": {"minor": -5, "general": -10, "serious": -30}},
        "per_year": {"floor": -60},
        "terms": BY_CLASS,
    },
    "repeat": {
        "measure": {"take": "count", "over": "record"},
        "points": {"each": {"units": 1, "points": -6}},
        "repeat": {"within": "P1Y", "factor": 2},
        "overall": {"floor": -50},
        "terms": BY_CLASS,
    },
    "year_count_bands": {
        "measure": {"take": "count", "over": "calendar_year"},
        "points": {"bands": [{"at_least": 1, "points": -4}, {"at_least": 3, "points": -15}]},
        "where": {"not": {"field": "document", "exists": False}},
        "overall": {"floor": -40},
        "terms": BY_CLASS,
    },
    "highest_class": {
        "measure": {"take": "latest", "of": "class", "over": "record"},
        "points": {"table": {"minor": -3, "general": -12, "serious": -40}},
        "highest_only": True,
        "terms": BY_CLASS,
    },
    "through_table": {
        "measure": {"take": "latest", "of": "class", "over": "record"},
        "points": {"table": {"minor": -10, "general": -30, "serious": -80}},
        "overall": {"floor": -160},
        "terms": BY_CLASS,
        "through": "legal_representative",
    },
    "latest_table": {
        "measure": {"take": "latest", "of": "level"},
        "points": {"table": {"a": 20, "b": 12, "c": 5, "d": 1}},
        "where": {"field": "signed_on", "at_least": "2024-01-01"},
        "term": "P3Y",
    },
    "year_exists": {
        "measure": {"take": "exists", "over": "calendar_year"},
        "points": {"each": {"units": 1, "points": 4}},
        "overall": {"cap": 10},
        "term": "P3Y",
    },
    "count_bands": {
        "measure": {"take": "count"},
        "points": {"bands": [{"at_least": 1, "points": 3}, {"at_least": 4, "points": 9}, {"at_least": 10, "points": 20}]},
        "where": {"any": [{"field": "level", "equals": "a"}, {"field": "signed_on", "below": "2025-01-01"}]},
        "term": "P3Y",
    },
    "record_table": {
        "measure": {"take": "latest", "of": "level", "over": "record"},
        "points": {"table": {"a": 6, "b": 4, "c": 2, "d": 0}},
        "per_year": {"cap": 12},
        "overall": {"cap": 30, "floor": 0},
        "term": "P2Y",
    },
}  # fmt: skip
"""The rule of each shape in the language. Days are spelt in quotes in the files, as the loader wants them."""

BASE = 600
LIMITS = [{"cap": 150}, {"cap": 120, "floor": -200}, {"floor": -300}, {"cap": 200, "floor": -100}, {}]
TIERS = {"D": 0, "C": 550, "B": 600, "A": 640, "AA": 700, "AAA": 780}
CLASS_RULES: list[dict[str, Any]] = [
    {"kind": "fault_00", "where": {"field": "class", "equals": "serious"}, "tier_at_most": "C"},
    {"kind": "firm_fault_00", "where": {"field": "level", "equals": "d"}, "tier_exactly": "D"},
]


def _text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


CITED = [{"source": "bench_regulation", "article": "1"}]


def _field(code: str, kind: str, role: str | None = None, **more: Any) -> dict[str, Any]:
    return {"code": code, "label": _text(code), "type": kind, **({"role": role} if role else {}), **more}


OWN_FIELDS: dict[str, list[dict[str, Any]]] = {
    "hours": [
        _field("hours", "integer", minimum=0),
        _field("level", "code", codes={level: _text(level) for level in LEVELS}),
    ],
    "amount": [_field("amount", "money", minimum=0), _field("paid", "boolean")],
    "fault": [_field("level", "code", codes={level: _text(level) for level in LEVELS})],
    "deed": [
        _field("level", "code", codes={level: _text(level) for level in LEVELS}),
        _field("signed_on", "date"),
    ],
}
OWN_FIELDS["firm_fault"] = OWN_FIELDS["fault"]
LEGAL = ["authority", "article", "remedy"]


def _kind(kind: str) -> dict[str, Any]:
    family, bad = _family(kind), "fault" in kind
    firm = family == "firm_fault"
    fields = [
        _field("identifier", "identifier" if firm else "resident_id", "subject", required=True, personal=True),
        _field("name", "text", "subject_name", required=True, personal=True, max_length=60),
        _field("occurred_on", "date", "occurred_on", required=True),
        _field("document", "text", "document", required=True),
    ]
    if bad:
        fields += [_field(role, "text", role, required=True) for role in LEGAL]
        fields.append(_field("notice_on", "date", "notice_on", required=True))
        grades = {name: _text(name) for name in CLASSES}
        fields.append(_field("class", "code", "class", required=True, codes=grades))
    if firm:
        fields.append(_field("named_person", "resident_id", "named_person", personal=True))
    return {
        "name": _text(kind.replace("_", " ")),
        "providers": ["bench_office"],
        "subject_kinds": ["person", "enterprise"] if firm else ["person"],
        "sign": "negative" if bad else "positive",
        "purpose": _text("bench"),
        "openness": "subject_only",
        "retention": "P5Y",
        "update_interval": "P1M",
        "fields": [*fields, *OWN_FIELDS[family]],
        "basis": CITED,
    }


def _indicator(shape: Shape) -> dict[str, Any]:
    return {
        "code": shape.code,
        "name": _text(f"{shape.shape} {shape.kind}".replace("_", " ")),
        "text": _text("bench"),
        "kind": shape.kind,
        "sign": "negative" if "fault" in shape.kind else "positive",
        **RULES[shape.shape],
        "absent": _text("nothing"),
        "basis": "demonstration",
    }


def _scheme() -> dict[str, Any]:
    dimensions = [
        {
            "code": f"dimension_{at + 1}",
            "name": _text(f"dimension {at + 1}"),
            "text": _text("bench"),
            **({"limits": limits} if limits else {}),
            "basis": "demonstration",
            "indicators": [_indicator(shape) for shape in INDICATORS if shape.dimension == at],
        }
        for at, limits in enumerate(LIMITS)
    ]
    return {
        "code": "bench",
        "version": "1",
        "effective_from": "2026-01-01",
        "unit": _text("points"),
        "base": BASE,
        "scale": {"minimum": 0},
        "basis": "demonstration",
        "dimensions": dimensions,
        "tiers": [
            {"code": code, "name": _text(code), "at_least": least, "basis": "demonstration"}
            for code, least in TIERS.items()
        ],
        "class_rules": [{**rule, "text": _text("bench"), "basis": "demonstration"} for rule in CLASS_RULES],
    }


class _Quoting(yaml.SafeDumper):
    """Writes every text in quotes, as the loader asks for days, and repeats instead of anchors."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def write(folder: Path) -> Path:
    """Write the rulebook to ``folder/bench`` and return that folder."""
    book = folder / "bench"
    files: dict[str, Any] = {
        "rulebook.yaml": {"code": "bench", "name": _text("bench"), "level": "province"},
        "sources.yaml": {
            "bench_regulation": {
                "title": _text("bench regulation"),
                "issuer": _text("bench"),
                "rank": "local_regulation",
            }
        },
        "notice.yaml": {
            "version": "1",
            "contact": "bench",
            "basis": "demonstration",
            **{part: _text("bench") for part in ("controller", "purpose", "method", "kinds", "retention", "rights")},
        },
        "departments.yaml": {"bench_office": {"name": _text("bench office"), "basis": CITED}},
        "schemes/bench-1.yaml": _scheme(),
        **{f"kinds/{kind}.yaml": _kind(kind) for kind in KINDS},
    }
    for name, content in files.items():
        path = book / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.dump(content, Dumper=_Quoting, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return book
