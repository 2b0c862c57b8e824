"""Editors' schemas: a generic validator accepts every rulebook that ships, and refuses what the loader refuses in one file."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.rulebooks import example
from tests.rulebooks.test_refusals import PLANTED
from xinlin import shelf
from xinlin.core import editors, strict_yaml

SEEN_IN_ONE_FILE = {"unknown_key", "missing_key", "choice", "value", "rule", "term", "clock"}
"""Codes of problems that a file shows by itself, once its YAML can be read."""
BEYOND_A_SCHEMA = {
    "bands not rising",
    "open step before the last",
    "scale upside down",
    "floor above cap",
    "code given twice over",
}
"""Orders among numbers, which JSON Schema cannot state; and a key that the place of an entry gives, refused as unknown."""


def _sort(file: str) -> str:
    return file.split("/")[0] if "/" in file else file


def _errors(file: str, text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(
        editors.file_schema(_sort(file)), format_checker=jsonschema.FormatChecker()
    )
    tree: Any = strict_yaml.read(text, file).tree
    return [error.message for error in validator.iter_errors(tree)]


@pytest.mark.parametrize("sort", sorted(editors.file_types()))
def test_every_schema_is_itself_a_schema(sort: str) -> None:
    jsonschema.Draft202012Validator.check_schema(editors.file_schema(sort))


@pytest.mark.parametrize("rulebook", shelf.names())
def test_every_file_that_ships_is_accepted(rulebook: str) -> None:
    texts, _ = shelf.texts_of(shelf.ROOT / rulebook)
    refused = {file: said for file, text in texts.items() if (said := _errors(file, text))}
    assert not refused


@pytest.mark.parametrize(
    "name",
    [name for name, planted in PLANTED.items() if planted.code in SEEN_IN_ONE_FILE and name not in BEYOND_A_SCHEMA],
)
def test_what_the_loader_refuses_in_one_file_an_editor_refuses_too(name: str) -> None:
    planted, files = PLANTED[name], example.texts()
    assert not _errors(planted.file, files[planted.file])
    assert _errors(planted.file, files[planted.file].replace(planted.old, planted.new, 1))
