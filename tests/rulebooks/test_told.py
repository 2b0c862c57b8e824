"""Where and how often an error of a rulebook is told."""

from __future__ import annotations

from tests.rulebooks import example
from tests.rulebooks.test_refusals import CASES, SCHEME


def test_a_case_is_numbered_as_its_own_file_counts() -> None:
    files = example.texts()
    files["cases/another.yaml"] = files[CASES].replace("轻微", "略微").replace("公司", "企业")
    files[CASES] = files[CASES].replace("{hours: 14}", "{days: 14}")
    (said,) = example.problems(files)
    assert said.what.en.startswith("cases[1].records[1].fields.days: ")
    line = next(n for n, text in enumerate(files[CASES].splitlines(), 1) if "days: 14" in text)
    assert said.where == f"rulebooks/example/{CASES}:{line}"


def test_what_is_wrong_with_one_entry_does_not_move_the_place_of_the_next() -> None:
    files = example.texts()
    files[CASES] = (
        files[CASES].replace("expect_score: 100", 'expect_score: "100"').replace("    expect_score: 102\n", "")
    )
    second = next(n for n, text in enumerate(files[CASES].splitlines(), 1) if "公司损坏座椅" in text)
    assert [p.where.rpartition(":")[2] for p in example.problems(files)] == ["8", str(second)]
    files = example.texts()
    files["schemes/another-1.yaml"] = files[SCHEME].replace("base: 100", 'base: "100"')
    files[SCHEME] = files[SCHEME].replace("base: 100\n", "")
    assert {p.where for p in example.problems(files)} == {
        "rulebooks/example/schemes/another-1.yaml:5",
        f"rulebooks/example/{SCHEME}:1",
    }


def test_a_value_that_cannot_be_read_is_told_once() -> None:
    files = example.texts()
    files[SCHEME] = files[SCHEME].replace("base: 100", "base: 0100")
    assert [p.code for p in example.problems(files)] == ["number"]
