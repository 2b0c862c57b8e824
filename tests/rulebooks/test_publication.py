"""Published versions are frozen; the command line says what is wrong and where."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.rulebooks import example
from xinlin import shelf
from xinlin.cli import main
from xinlin.core import editors, strict_yaml

VERSION = "schemes/sincerity-1.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A shelf with the national rulebook and the document's city."""
    shutil.copytree(shelf.ROOT / "national", tmp_path / "national")
    for name, text in example.texts().items():
        path = tmp_path / "example" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def _codes(root: Path) -> list[str]:
    return [problem.code for problem in shelf.problems(root, "example")]


def test_a_new_version_is_published_once(root: Path) -> None:
    assert _codes(root) == ["unpublished"]
    assert shelf.publish(root, "example") == ["sincerity-1"]
    assert _codes(root) == []
    assert shelf.publish(root, "example") == []


def test_layout_and_comments_of_a_published_version_may_change(root: Path) -> None:
    shelf.publish(root, "example")
    path = root / "example" / VERSION
    path.write_text("# a remark\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert _codes(root) == []


def test_what_a_published_version_says_may_not_change(root: Path) -> None:
    shelf.publish(root, "example")
    path = root / "example" / VERSION
    path.write_text(path.read_text(encoding="utf-8").replace("general: -10", "general: -11"), encoding="utf-8")
    (problem,) = shelf.problems(root, "example")
    assert (problem.code, problem.where) == ("published_changed", f"rulebooks/example/{VERSION}:1")
    assert "new version" in problem.cure.en
    with pytest.raises(shelf.RulebookRefused):
        shelf.publish(root, "example")


def test_a_published_version_may_not_disappear(root: Path) -> None:
    shelf.publish(root, "example")
    path = root / "example" / VERSION
    path.rename(root / "example" / "schemes" / "sincerity-2.yaml")
    moved = root / "example" / "schemes" / "sincerity-2.yaml"
    moved.write_text(moved.read_text(encoding="utf-8").replace('version: "1"', 'version: "2"'), encoding="utf-8")
    shutil.rmtree(root / "example" / "cases")
    assert set(_codes(root)) == {"published_changed", "unpublished"}


def test_a_correction_is_a_new_version_beside_the_old(root: Path) -> None:
    shelf.publish(root, "example")
    text = (root / "example" / VERSION).read_text(encoding="utf-8")
    text = text.replace('version: "1"', 'version: "2"').replace('"2026-01-01"', '"2027-01-01"', 1)
    (root / "example" / "schemes" / "sincerity-2.yaml").write_text(text, encoding="utf-8")
    assert shelf.publish(root, "example") == ["sincerity-2"]
    assert _codes(root) == []


def test_a_spoilt_lock_is_refused(root: Path) -> None:
    (root / "example" / "published.lock.yaml").write_text("- sincerity-1\n", encoding="utf-8")
    assert "lock" in _codes(root)


def test_lint_prints_file_line_what_and_cure(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rulebook", "lock", "--root", str(root)]) == 0
    assert "published sincerity-1" in capsys.readouterr().out
    assert main(["rulebook", "lint", "--root", str(root)]) == 0
    assert capsys.readouterr().out == ""
    scenes = root / "example" / "scenes.yaml"
    scenes.write_text(scenes.read_text(encoding="utf-8").replace("lasts: P1Y", "lasts: yes"), encoding="utf-8")
    assert main(["rulebook", "lint", "example", "--root", str(root)]) == 1
    assert capsys.readouterr().out.startswith(f"{scenes}:7: shops.lasts: yes means different things")
    assert main(["rulebook", "lint", "example", "--root", str(root), "--chinese"]) == 1
    assert "真假写 true 或 false" in capsys.readouterr().out


def test_the_command_line_works_the_cases_out_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rulebook", "cases", "example", "--root", str(root)]) == 0
    assert capsys.readouterr().out == f"{root}/example: 2 cases, 0 differences\n"
    path = root / "example" / "cases" / "parks.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("expect_score: 102", "expect_score: 103"), encoding="utf-8"
    )
    assert main(["rulebook", "cases", "example", "--root", str(root)]) == 1
    assert "parks.yaml:10: A firm's damage" in capsys.readouterr().out


def test_a_missing_rulebook_and_bytes_that_are_no_utf8_are_named(root: Path) -> None:
    assert [problem.code for problem in shelf.problems(root, "nowhere")] == ["missing_rulebook"]
    (root / "example" / "clocks.yaml").write_bytes("名称: 时限\n".encode("gb18030"))
    (problem,) = shelf.problems(root, "example")
    assert (problem.code, problem.where) == ("encoding", "rulebooks/example/clocks.yaml:1")


def test_rulebooks_in_a_circle_are_refused(root: Path) -> None:
    head = root / "national" / "rulebook.yaml"
    head.write_text(head.read_text(encoding="utf-8") + "extends: example\n", encoding="utf-8")
    assert "extends" in _codes(root)


@pytest.mark.parametrize("file", sorted(editors.file_types()))
def test_every_sort_of_file_has_a_schema_for_editors(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rulebook", "schema", file]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].endswith("2020-12/schema")
    written = {name.split("/")[0]: text for name, text in example.texts().items()}
    if file not in written:
        return
    tree = strict_yaml.read(written[file], file).tree
    assert isinstance(tree, dict)
    entry = schema["additionalProperties"] if isinstance(schema.get("additionalProperties"), dict) else schema
    given = next(iter(tree.values())) if entry is not schema else tree
    assert set(entry.get("required", [])) <= set(given) <= set(entry["properties"])
