"""What is amiss with the place where a command runs is said in a sentence: what, where, what to do; never as a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import override_settings

from xinlin.office import vault
from xinlin.office.models.people import Subject
from xinlin.office.queries.keys import insist, keys_open
from xinlin.place import Unfit, database, secret

Xinlin = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (("log", "verify"), {"XINLIN_DATABASE_URL": ""}, "xinlin manage migrate"),
        (("worker",), {"XINLIN_DATABASE_URL": ""}, "xinlin manage migrate"),
        (("log", "verify"), {"XINLIN_DATABASE_URL": "postgresql://a@127.0.0.1:1/b"}, "does not answer"),
        (
            ("log", "verify"),
            {"XINLIN_DATABASE_URL": "mysql://a:hidden@b/c"},
            "postgresql://user:password@host:port/name",
        ),
        (("freeze",), {"XINLIN_DATABASE_URL": "", "XINLIN_CITY": "nowhere"}, "there is no rulebook nowhere"),
        (("manage", "migrate"), {"XINLIN_DATABASE_URL": "", "XINLIN_CITY": "nowhere"}, "XINLIN_CITY to one of: baiyun"),
        (("freeze",), {"XINLIN_DATABASE_URL": ""}, "xinlin manage migrate"),
        (("log", "sequence"), {"XINLIN_DATABASE_URL": ""}, "xinlin manage migrate"),
        (
            ("intake", "x.csv", "--department", "police", "--kind", "resident_registration"),
            {"XINLIN_DATABASE_URL": ""},
            "xinlin manage migrate",
        ),
    ],
)
def test_what_is_missing_is_said(xinlin: Xinlin, words: tuple[str, ...], more: dict[str, str], said: str) -> None:
    ended = xinlin(*words, **more)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hidden" not in ended.stderr
    assert "national" not in ended.stderr


def test_nothing_is_migrated_for_a_city_that_is_not_there(xinlin: Xinlin, tmp_path: Path) -> None:
    ended = xinlin("manage", "migrate", data=tmp_path, XINLIN_DATABASE_URL="", XINLIN_CITY="nowhere")
    assert ended.returncode == 2
    assert not (tmp_path / "xinlin.sqlite3").exists()


def test_a_data_folder_that_is_a_file_is_named(xinlin: Xinlin, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    ended = xinlin("log", "verify", data=taken, XINLIN_DATABASE_URL="")
    assert ended.returncode == 2
    assert str(taken) in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("url", ["nonsense", "postgresql://a@b:abc/c", "postgresql://a@b:5432/"])
def test_an_address_of_no_database_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="XINLIN_DATABASE_URL"):
        database(url, tmp_path)


def test_a_secret_is_made_once_and_a_damaged_one_is_not_made_anew(tmp_path: Path) -> None:
    made = secret(tmp_path, "seal")
    assert secret(tmp_path, "seal") == made
    assert [path.name for path in tmp_path.iterdir()] == ["seal"]
    (tmp_path / "seal").write_text("", encoding="ascii")
    with pytest.raises(Unfit, match="restore it"):
        secret(tmp_path, "seal")


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["SEAL_KEY", "FIND_KEY"])
def test_keys_that_are_not_those_of_the_data_are_noticed(key: str) -> None:
    assert keys_open()
    number = "91330305MX0000007L"
    Subject.objects.create(
        register="organisation",
        kind="enterprise",
        pseudonym="E1",
        number=1,
        identifier_key=vault.identifier_key(number),
        identifier_sealed=vault.seal(number, "subject.identifier"),
    )
    assert keys_open()
    with override_settings(**{key: "00" * 32}), pytest.raises(Unfit, match="restore"):
        insist()


def test_a_command_whose_answer_nobody_reads_on_ends_without_a_trace() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "xinlin.cli", "rulebook", "schema", "schemes"]
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
