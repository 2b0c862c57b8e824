"""The catalogue as one file that another installation accepts (目录交换文件): kinds with what they rest on, versioned by its hash.

``exported`` takes it out of a rulebook; ``folder_of`` turns it back into the files of a rulebook folder, which the loader and
the linter then judge like any other: what stands in the national rulebook there already is left out if it is the same, and
must narrow it if it is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from xinlin.core.catalogue import Edition, Theme
from xinlin.core.findings import models_in
from xinlin.core.log import digest
from xinlin.core.rulebooks import Department, Kind, Rulebook, Source, StatutoryList, Words
from xinlin.core.schemes import Citation
from xinlin.core.values import Problem, Strict, Text

FORMAT = "xinlin-catalogue-1"


class CatalogueFile(Strict):
    """The whole file."""

    format: str
    rulebook: str
    name: Text
    level: str
    day: date
    """The day on which these rows were in force."""
    version: str
    """SHA-256 of everything below."""
    words: Words | None
    divisions: list[str]
    objection_procedure: str | None
    editions: dict[str, Edition]
    themes: dict[str, Theme]
    kinds: dict[str, Kind]
    kind_levels: dict[str, str]
    lists: dict[str, StatutoryList]
    departments: dict[str, Department]
    sources: dict[str, Source]


class NotACatalogue(ValueError):
    """The file is no catalogue; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.what.en} — {problem.cure.en}")
        self.problem = problem


def _plain(entries: Mapping[str, BaseModel]) -> dict[str, Any]:
    return {
        code: entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for code, entry in sorted(entries.items())
    }


def exported(rulebook: Rulebook, day: date) -> dict[str, Any]:
    """The rows in force on ``day`` with editions, lists, departments and sources that they name; JSON-ready."""
    kinds = {
        code: kind for code, kind in rulebook.kinds.items() if kind.effect != "count" and rulebook.in_force(kind, day)
    }
    editions = {k.edition: rulebook.editions[k.edition] for k in kinds.values() if k.edition in rulebook.editions}
    themes = {code: theme for code, theme in rulebook.themes.items() if set(theme.kinds) <= set(kinds)}
    named = {k.statutory_list for k in kinds.values() if k.statutory_list}
    lists = {code: rulebook.lists[code] for code in named if code in rulebook.lists}
    offices = {code for kind in kinds.values() for code in kind.providers}
    offices |= {one.authority for one in lists.values()} | {theme.owner for theme in themes.values()}
    departments = {code: rulebook.departments[code] for code in offices if code in rulebook.departments}
    entries: list[BaseModel] = [
        *kinds.values(),
        *editions.values(),
        *themes.values(),
        *lists.values(),
        *departments.values(),
    ]
    cited = {m.source for entry in entries for _, m in models_in(entry, ()) if isinstance(m, Citation)}
    body = {
        "words": rulebook.words.model_dump(mode="json", exclude_none=True) if rulebook.words else None,
        "divisions": list(rulebook.divisions),
        "objection_procedure": rulebook.objection_procedure,
        "editions": _plain({str(code): edition for code, edition in editions.items()}),
        "themes": _plain(themes),
        "kinds": _plain(kinds),
        "kind_levels": {code: rulebook.kind_levels.get(code, "national") for code in sorted(kinds)},
        "lists": _plain(lists),
        "departments": _plain(departments),
        "sources": _plain({code: rulebook.sources[code] for code in cited if code in rulebook.sources}),
    }
    head = {
        "format": FORMAT,
        "rulebook": rulebook.code,
        "name": rulebook.name.model_dump(),
        "level": rulebook.level,
        "day": day.isoformat(),
        "version": digest(body),
    }
    return {**head, **body}


def read(text: str) -> CatalogueFile:
    """The file, typed and unchanged since it was exported. Raises `NotACatalogue`."""
    try:
        data = json.loads(text)
        found = CatalogueFile.model_validate_json(text)
    except (ValueError, ValidationError) as error:
        raise NotACatalogue(
            _problem("catalogue_unreadable", "这不是目录交换文件", f"This is no catalogue file: {error}"[:500])
        ) from error
    head = ("format", "rulebook", "name", "level", "day", "version")
    body = {key: value for key, value in data.items() if key not in head}
    if found.format != FORMAT or digest(body) != found.version:
        raise NotACatalogue(
            _problem("catalogue_changed", "文件内容与其版本号不符", "The file is not what its version says")
        )
    return found


def _problem(code: str, zh: str, en: str) -> Problem:
    cure = Text(zh="请从来源处重新导出", en="Export it again where it comes from")
    return Problem(code, "catalogue", Text(zh=zh, en=en), cure)


def folder_of(file: CatalogueFile, code: str, parent: Rulebook) -> dict[str, str]:
    """The texts of a rulebook folder called ``code`` on top of ``parent`` (path -> content), without what stands there."""
    head: dict[str, Any] = {
        "code": code,
        "name": file.name.model_dump(),
        "level": _level(file.level),
        "extends": parent.code,
    }
    if file.words is not None:
        head["words"] = file.words.model_dump(mode="json", exclude_none=True)
    if file.divisions:
        head["divisions"] = file.divisions
    if file.objection_procedure is not None:
        head["objection_procedure"] = file.objection_procedure
    texts = {"rulebook.yaml": _yaml(head)}
    for name, own, above in (
        ("editions", file.editions, parent.editions),
        ("themes", file.themes, parent.themes),
        ("lists", file.lists, parent.lists),
        ("departments", file.departments, parent.departments),
        ("sources", file.sources, parent.sources),
    ):
        fresh = {key: _entry(value) for key, value in own.items() if key not in above}
        if fresh:
            texts[f"{name}.yaml"] = _yaml(fresh)
    for key, kind in file.kinds.items():
        if parent.kinds.get(key) != kind:
            texts[f"kinds/{key}.yaml"] = _yaml(_entry(kind))
    return texts


def _level(level: str) -> str:
    """A national catalogue is taken in as a province's: nothing stands beside the nation."""
    return "province" if level == "national" else level


def _entry(entry: BaseModel) -> dict[str, Any]:
    given = entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {key: value for key, value in given.items() if key not in ("code", "id")}


def _yaml(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), allow_unicode=True, sort_keys=False, width=120)
