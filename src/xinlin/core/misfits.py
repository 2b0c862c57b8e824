"""What pydantic says of a value that does not fit its type, retold for the person who wrote the YAML."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from xinlin.core.strict_yaml import Path, Tree, dotted
from xinlin.core.values import Problem, Text

_BRANCHES: dict[str, Callable[[Tree], bool]] = {
    "AllOf": lambda value: isinstance(value, dict) and "all" in value,
    "AnyOf": lambda value: isinstance(value, dict) and "any" in value,
    "NotOf": lambda value: isinstance(value, dict) and "not" in value,
    "FieldTest": lambda value: not isinstance(value, dict) or not {"all", "any", "not"} & set(value),
    "literal": lambda value: isinstance(value, str),
    "constrained": lambda value: not isinstance(value, str),
    "list": lambda value: not isinstance(value, str),
    "date": lambda value: isinstance(value, str),
    "int": lambda value: not isinstance(value, str | dict | list),
    "str": lambda value: True,
    "bool": lambda value: isinstance(value, bool),
}
"""For each sort of union branch in the types: whether the written value means that branch."""


def problems_of(
    error: ValidationError, model: type[BaseModel], tree: Tree, at: Path, place: Callable[[Path], str]
) -> list[Problem]:
    """The problems of one entry. ``at`` is its path in the file; ``place`` gives ``file:line`` of a path inside it."""
    found: dict[Path, Problem] = {}
    for said in error.errors(include_url=False):
        path = _real_path(said["loc"], tree)
        if path is None or path in found:
            continue
        what, cure = _retold(said, path, tree, model)
        named = dotted((*at, *path))
        found[path] = Problem(
            _CODES.get(said["type"], "value"),
            place(path),
            Text(zh=f"{named}：{what.zh}", en=f"{named}: {what.en}"),
            cure,
            raw="" if isinstance(said.get("input"), dict | list) else str(said.get("input", "")),
            detail={"path": named},
        )
    return list(found.values())


def _real_path(loc: Sequence[str | int], tree: Tree) -> Path | None:
    """The path in the written value, without the union branches that pydantic puts in; None for a branch not meant."""
    value: Any = tree
    path: list[str | int] = []
    for position, key in enumerate(loc):
        if isinstance(value, dict | list) and key in (value if isinstance(value, dict) else range(len(value))):
            path.append(key)
            value = value[key]  # type: ignore[index]  # a list is only indexed by the positions that it has
            continue
        branch = _branch(key)
        if branch is not None and not (isinstance(value, dict) and position == len(loc) - 1 and key == branch):
            if not _BRANCHES[branch](value):
                return None
            continue
        path.append(key)
        break
    return tuple(path)


def _branch(key: str | int) -> str | None:
    if not isinstance(key, str):
        return None
    if key.startswith("function-after[") and key.endswith("]"):
        key = key[len("function-after[") : -1].rsplit(",", 1)[-1].strip()
    key = key.split("[", 1)[0]
    return key if key in _BRANCHES else None


_CODES = {
    "missing": "missing_key",
    "extra_forbidden": "unknown_key",
    "literal_error": "choice",
    "misfit": "rule",
    "value_error": "rule",
}
_EXPECTED = {
    "string": Text(zh="一段文本", en="a text"),
    "int": Text(zh="一个整数", en="an integer"),
    "bool": Text(zh="true 或 false", en="true or false"),
    "list": Text(zh="一个列表", en="a list"),
    "dict": Text(zh="一组“键: 值”", en="keys with values"),
    "model": Text(zh="一组“键: 值”", en="keys with values"),
    "date": Text(zh="一个日期", en="a date"),
}


def _cure_of(sort: str, raw: Tree | None, known: Sequence[str]) -> Text:
    """How to write what was expected, with what stands there where that can be kept."""
    plain = raw if isinstance(raw, str | int) else "{…}" if isinstance(raw, dict) else "…"
    match sort:
        case "string":
            return Text(zh=f'加引号写作文本，如 "{plain}"', en=f'write a text, in quotes: "{plain}"')
        case "int" if isinstance(raw, str) and raw.strip().lstrip("-").isascii() and raw.strip().lstrip("-").isdigit():
            return Text(zh=f"去掉引号，写 {raw.strip()}", en=f"write {raw.strip()}, without quotes")
        case "int":
            return Text(zh="写整数，如 5，不加引号", en="write a whole number such as 5, without quotes")
        case "bool":
            return Text(zh="写 true 或 false，不加引号", en="write true or false, without quotes")
        case "list":
            return Text(
                zh=f"用方括号写作 [{plain}]，或每项一行、以“- ”开头",
                en=f"write [{plain}], or each item on a line of its own that begins with -",
            )
        case "date":
            return Text(zh='写加引号的日期，如 "2026-03-01"', en='write a quoted date such as "2026-03-01"')
    if known:
        return Text(zh=f"可用的键：{', '.join(known)}", en=f"keys known here: {', '.join(known)}")
    return Text(zh="每项写作“代码: 值”", en="write each as code: value")


def _retold(said: Mapping[str, Any], path: Path, tree: Tree, model: type[BaseModel]) -> tuple[Text, Text]:
    """What is wrong and the cure."""
    kind, context = said["type"], said.get("ctx", {})
    key = str(path[-1]) if path else ""
    if kind == "missing":
        return Text(zh="缺少这个键", en="the key is missing"), Text(zh=f"补上 {key}", en=f"add {key}")
    if kind == "extra_forbidden":
        return _unknown(key, sorted(_allowed(model, path)))
    if kind == "literal_error":
        return _no_choice(said)
    if kind == "misfit":
        cure = Text(zh=str(context["cure_zh"]), en=str(context["cure_en"]))
        return Text(zh=str(context["zh"]), en=str(context["en"])), cure
    if kind == "too_short":
        return Text(zh="不能为空", en="must not be empty"), Text(zh="至少写一项", en="give at least one")
    if kind == "greater_than_equal":
        least = context.get("ge")
        return (
            Text(zh=f"应不小于 {least}", en=f"must be at least {least}"),
            Text(zh=f"改为 {least} 或更大", en=f"write {least} or more"),
        )
    for sort, expected in _EXPECTED.items():
        if kind.startswith(sort):
            cure = _cure_of(sort, said.get("input"), sorted(_allowed(model, (*path, ""))) if sort == "model" else ())
            if sort == "date" and said["loc"][-1] == "date" != key:  # a field test compares with a number or a day
                return Text(zh="应为整数或日期", en="expected an integer or a date"), Text(
                    zh=f"写整数，如 5；或{cure.zh}", en=f"write a whole number such as 5; or {cure.en}"
                )
            return Text(zh=f"应为{expected.zh}", en=f"expected {expected.en}"), cure
    return Text(zh=f"不合要求：{said['msg']}", en=str(said["msg"])), Text(zh="按规则改正", en="correct it")


_MEANT = {"and": "all", "or": "any"}
"""Words that other languages use for a key of ours."""


def _unknown(key: str, allowed: Sequence[str]) -> tuple[Text, Text]:
    """A key that its place does not know, or one that another form of the same thing knows."""
    listed = ", ".join(allowed)
    if key in allowed:
        return (
            Text(zh="不能与同处的其他键同用", en="does not go with the other keys beside it"),
            Text(zh="只留一种写法；多个条件用 all 连接", en="keep one form; join several conditions with all"),
        )
    near = [one for one in (_MEANT.get(key),) if one in allowed] or difflib.get_close_matches(key, allowed, n=1)
    meant = Text(zh=f"是否指 {near[0]}？", en=f"did you mean {near[0]}? ") if near else Text(zh="", en="")
    cure = Text(zh=f"{meant.zh}可用的键：{listed}", en=f"{meant.en}Keys known here: {listed}")
    return Text(zh="没有这个键", en="there is no such key"), cure


def _no_choice(said: Mapping[str, Any]) -> tuple[Text, Text]:
    """A word that is none of the words allowed; a basis may be a list of citations instead."""
    raw, choices = said.get("input"), str(said["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")
    cure = Text(zh=f"改为其一：{choices}", en=f"write one of: {choices}")
    if choices == "demonstration":
        cited = "[{source: …, article: …}]"
        cure = Text(zh=f"写 {choices}，或援引依据：{cited}", en=f"write {choices}, or cite what it rests on: {cited}")
    return Text(zh=f"{raw} 不在可选值中", en=f"{raw} is none of the choices"), cure


def _allowed(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that the innermost type on the way to ``path`` knows."""
    here: list[type[BaseModel]] = [model]
    for key in path[:-1]:
        if isinstance(key, int):
            continue
        inner = [part for one in here for part in _inner(one, key)]
        here = inner or here
    return {field.alias or name for one in here for name, field in one.model_fields.items()}


def _inner(model: type[BaseModel], key: str) -> list[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return _models_in(field.annotation)
    return []


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _models_in(part)]
