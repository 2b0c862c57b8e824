"""JSON Schemas of a rulebook's files, for editors (编辑器校验): the mistakes that one file shows by itself are refused there.

What needs another file, such as a kind that is not there, only the loader can see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from xinlin.core.findings import TERM_KEYS
from xinlin.core.loading import CODE, MAPPINGS, Head
from xinlin.core.rulebooks import Kind, Notice
from xinlin.core.sample_cases import WorkedCase
from xinlin.core.schemes import Scheme
from xinlin.core.terms import TERM

DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
ANY_TERM = rf"^(?=.*[1-9]){TERM.pattern.removeprefix('^').replace('?P<years>', '').replace('?P<months>', '').replace('?P<days>', '')}"
"""A calendar term lasts a day or more."""


def _exactly_one(*keys: str) -> dict[str, Any]:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _never(*keys: str) -> dict[str, Any]:
    return {"not": {"required": list(keys)}}


def _where(key: str, values: list[str], then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {key: {"enum": values}}, "required": [key]}, "then": then}


_COMPARISONS = [["equals"], ["among"], ["exists"], ["at_least"], ["below"], ["at_least", "below"]]


def _over(*values: str) -> dict[str, Any]:
    """The measure is taken over one of these; ``all`` is what it is taken over where nothing is said."""
    over: dict[str, Any] = {"properties": {"over": {"enum": list(values)}}}
    return {"properties": {"measure": over if "all" in values else over | {"required": ["over"]}}}


RULES: dict[str, list[dict[str, Any]]] = {
    "FieldTest": [
        {
            "oneOf": [
                {
                    "required": given,
                    "not": {
                        "anyOf": [
                            {"required": [k]}
                            for k in ("equals", "among", "at_least", "below", "exists")
                            if k not in given
                        ]
                    },
                }
                for given in _COMPARISONS
            ]
        }
    ],
    "Measure": [
        _where("take", ["sum", "max", "latest"], {"required": ["of"]}),
        _where("take", ["count", "exists"], _never("of")),
    ],
    "Award": [_exactly_one("each", "bands", "steps", "table")],
    "ClassRule": [_exactly_one("tier_at_most", "tier_exactly")],
    "Indicator": [
        _never("term", "terms"),
        {"if": {"required": ["repeat"]}, "then": _over("record")},
        {
            "if": {"properties": {"highest_only": {"const": True}}, "required": ["highest_only"]},
            "then": _over("record"),
        },
        {"if": {"required": ["per_year"]}, "then": _over("record", "calendar_year")},
        {
            "if": {"properties": {"points": {"required": ["table"]}}},
            "then": {"properties": {"measure": {"properties": {"take": {"const": "latest"}}}}},
        },
    ],
    "Scheme": [
        {"if": {"required": ["extends"]}, "then": {"required": ["name", "purpose"]}},
        {"if": {"required": ["purpose"]}, "then": {"required": ["extends"]}},
        _where("subject", ["organisation", "district"], {"required": ["name"]}),
    ],
    "Clock": [_exactly_one("working_days", "calendar_days")],
}
"""What a type's own validators demand, as a validator of JSON Schema reads it."""


def file_types() -> dict[str, type[BaseModel]]:
    """The sorts of files of a rulebook folder, each with the type of its whole (or, for mappings, of one entry)."""
    return {
        "rulebook.yaml": Head,
        "notice.yaml": Notice,
        **{file: model for file, (_, model) in MAPPINGS.items()},
        "kinds": Kind,
        "schemes": Scheme,
        "cases": WorkedCase,
    }


def file_schema(file: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one sort of file, as an editor needs it. Raises KeyError for no such sort."""
    model = file_types()[file]
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    for name, one in [(model.__name__, schema), *definitions.items()]:
        _strict(name, one)
    placed = {"kinds": "code", "sources.yaml": "id"}.get(file, "code" if file in MAPPINGS else "")
    if file == "cases":
        _drop(schema, "scheme", "version")
        texts = {"scheme": {"type": "string"}, "version": {"type": "string"}}
        schema = {
            "type": "object",
            "properties": {**texts, "cases": {"type": "array", "items": schema}},
            "required": ["scheme", "version", "cases"],
            "additionalProperties": False,
        }
    elif placed:
        _drop(schema, placed)
    if file in MAPPINGS:
        schema = {"type": "object", "propertyNames": {"pattern": CODE.pattern}, "additionalProperties": schema}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": f"Xinlin rulebook: {file}",
        "$defs": definitions,
    }


def _strict(name: str, schema: dict[str, Any]) -> None:
    """Add to one type's schema what its validators demand, the form of days and terms, and that nothing is left empty."""
    for key, value in schema.get("properties", {}).items():
        for part in _parts(value):
            if part.get("format") == "date":
                part["pattern"] = DAY
            if part.get("type") == "string" and key in TERM_KEYS:
                part["pattern"] = ANY_TERM
            if key == "terms" and part.get("type") == "object":
                part["additionalProperties"] = {"type": "string", "pattern": ANY_TERM}
    if name in RULES:
        schema["allOf"] = RULES[name]


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A property's schema and its alternatives; the empty one goes, since a rulebook leaves out what it does not say."""
    if "anyOf" in schema:
        schema["anyOf"] = [part for part in schema["anyOf"] if part.get("type") != "null"]
        if schema.get("default", "") is None:
            del schema["default"]
        yield from schema["anyOf"]
    yield schema


def _drop(schema: dict[str, Any], *names: str) -> None:
    """Take keys out of a schema that the place of an entry gives."""
    for name in names:
        schema["properties"].pop(name, None)
    schema["required"] = [name for name in schema.get("required", []) if name not in names]
