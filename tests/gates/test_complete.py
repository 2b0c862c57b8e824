"""What must stay in step: translations, migrations, requirements, rulebooks."""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command

from tools import messages
from xinlin import shelf


def test_every_message_has_its_english_and_the_catalogue_is_compiled() -> None:
    found = messages.problems()
    assert not found, "\n".join([f"{len(found)} problems, the first of them:", *found[:20]])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% trans "查分" %}', [("", "查分", "")]),
        ('<p title="{% trans \'查\\"分\' %}">', [("", '查\\"分', "")]),
        ("{% blocktrans with n=a %}有 {{ n }} 条（全部）{% endblocktrans %}", [("", "有 %(n)s 条（全部）", "")]),
        ("{% blocktrans count n=a %}一条{% plural %}{{ n }} 条{% endblocktrans %}", [("", "一条", "%(n)s 条")]),
        ('{{ _("你好") }}{% trans "好" context "问候" %}', [("", "你好", ""), ("问候", "好", "")]),
    ],
)
def test_messages_are_found_in_templates(source: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(found.context, found.text, found.plural) for found in messages.of_template(source)] == expected


def test_messages_are_found_in_code_and_made_up_ones_refused() -> None:
    source = 'x = _("一" "二")\ny = ngettext("一条", "多条", n)\nz = gettext_lazy("三")\n'
    assert [found.text for found in messages.of_python(source)] == ["一二", "一条", "三"]
    with pytest.raises(messages.NotConstant, match="line 1"):
        list(messages.of_python('x = _(f"{n} 条")'))


def test_migrations_are_up_to_date(db: None) -> None:
    said = io.StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=said, stderr=said)
    except SystemExit:
        pytest.fail(f"models and migrations differ:\n{said.getvalue()}")


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_every_dependency_is_locked_with_hashes_and_without_an_address(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = {_name(text) for text in project["project"]["dependencies"] + project["dependency-groups"]["build"]}
    wanted = {"runtime": runtime, "dev": runtime | {_name(text) for text in project["dependency-groups"]["dev"]}}
    for lock, names in wanted.items():
        text = (checkout / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
        pinned = {_name(block): block for block in blocks if re.match(r"[A-Za-z0-9]", block)}
        assert names <= set(pinned), f"{lock}.txt lacks {names - set(pinned)}; run: python3 dev.py lock"
        for name, block in pinned.items():
            assert "==" in block, f"{lock}.txt: {name} is not pinned"
            assert "--hash=sha256:" in block, f"{lock}.txt: {name} has no hash"
        assert "://" not in re.sub(r"#.*", "", text)


@pytest.mark.parametrize("code", shelf.names())
def test_every_rulebook_reads_and_none_of_its_files_lies_dead(code: str) -> None:
    found = shelf.problems(shelf.ROOT, code)
    assert not found, "\n".join(f"{problem.where}: {problem.what.en}" for problem in found)


@pytest.mark.parametrize("code", shelf.names())
def test_a_file_that_no_loader_knows_is_refused(code: str, tmp_path: Path) -> None:
    import shutil

    root = tmp_path / "rulebooks"
    shutil.copytree(shelf.ROOT, root)
    (root / code / "left_over.yaml").write_text("x: 1\n", encoding="utf-8")
    places = [problem.where for problem in shelf.problems(root, code)]
    assert any("left_over.yaml" in place for place in places), places
