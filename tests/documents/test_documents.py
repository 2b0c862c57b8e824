"""What the documents say, held against the code: links, settings, commands, names of people and roles."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from xinlin.cli import build_parser
from xinlin.core.staff import MACHINE_SCOPES
from xinlin.demo.lives import PARTS
from xinlin.faces.kit.gates import STAFF

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md")])
READMES = [CHECKOUT / "README.md", CHECKOUT / "README.zh-CN.md"]
RUN = CHECKOUT / "docs" / "run.md"
NOT_FOR_OPERATORS = {"XINLIN_FAIL_AT", "XINLIN_DEMO_IDENTITY_URL"}
"""Set by the demonstration identity service for itself."""


def _name(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_and_picture_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)", text) + re.findall(r'src="([^"]+)"', text)
    missing = [target for target in targets if "://" not in target and not (document.parent / target).exists()]
    assert not missing


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "src").rglob("*.py"))
    read = set(re.findall(r'environ\.get\(\s*"(XINLIN_[A-Z_]+)"', code)) - NOT_FOR_OPERATORS
    told = set(re.findall(r"`(XINLIN_[A-Z_]+)`", RUN.read_text(encoding="utf-8")))
    assert told == read


def _commands() -> list[str]:
    """Every ``xinlin …`` line of a shell block, joined where it is broken."""
    lines = []
    for document in DOCUMENTS:
        for block in re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
            lines += [line for line in block.replace("\\\n", " ").splitlines() if line.startswith(".venv/bin/xinlin ")]
    return lines


@pytest.mark.parametrize("line", _commands())
def test_every_command_in_the_documents_is_one(line: str) -> None:
    build_parser().parse_args(shlex.split(line, comments=True)[1:])


def test_the_people_to_click_are_in_the_cast() -> None:
    cast = {part.name for part in PARTS}
    for readme in READMES:
        text = readme.read_text(encoding="utf-8")
        for name in ("苏澄屿", "叶汐岚", "郑帆礁", "吴沐荑", "陈予汀", "周渡舟"):
            assert name in text
            assert name in cast


def test_both_readmes_have_the_same_parts() -> None:
    shapes = [re.findall(r"^(#+|```\w*|\|)", path.read_text(encoding="utf-8"), re.MULTILINE) for path in READMES]
    assert shapes[0] == shapes[1]


def test_roles_and_scopes_are_all_named() -> None:
    text = RUN.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in (*STAFF, *MACHINE_SCOPES))


def test_publiccode_has_what_its_standard_demands() -> None:
    told = yaml.safe_load((CHECKOUT / "publiccode.yml").read_text(encoding="utf-8"))
    for key in ("publiccodeYmlVersion", "name", "url", "platforms", "categories", "developmentStatus", "softwareType"):
        assert told[key], key
    assert told["legal"]["license"] == "Apache-2.0"
    assert told["maintenance"]["type"] == "community"
    assert told["maintenance"]["contacts"]
    assert set(told["description"]) == set(told["localisation"]["availableLanguages"])
    for text in told["description"].values():
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert all(len(feature) <= 100 for feature in text["features"])
        pictures = text.get("screenshots", [])
        assert all((CHECKOUT / picture).exists() for picture in pictures)
    assert (CHECKOUT / told["logo"]).exists()


def test_the_licence_is_the_whole_of_it() -> None:
    text = (CHECKOUT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
