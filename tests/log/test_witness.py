"""Witnesses: a program of their own, which cosigns a log that only grows and keeps what speaks against one that forks."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from xinlin import key_files
from xinlin.core import tree
from xinlin.core.notes import COSIGNATURE, Checkpoint, Key, Refused, parse_key, sign_note
from xinlin.core.witness import Submission, cosignatures, judge, parse_submission
from xinlin.office import signing
from xinlin.office.jobs import log as jobs
from xinlin.office.jobs import witnesses
from xinlin.office.models.log import Cosignature, Head, Leaf
from xinlin.office.queries import log
from xinlin.witness.serve import Witness, handler

Leave = Callable[[int], list[Leaf]]
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    """A witness in a process of its own."""

    store: Path
    key: str
    address: str
    process: subprocess.Popen[str]

    @property
    def setting(self) -> str:
        return f"{self.key}@{self.address}"

    def post(self, body: str | bytes) -> tuple[int, str]:
        host, port = self.address.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("POST", "/add-checkpoint", body.encode() if isinstance(body, str) else body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """``start("a.example")``: a witness of this log, listening."""
    running: list[subprocess.Popen[str]] = []

    def run(name: str, *keys: str) -> Running:
        store = tmp_path / name
        words = [word for key in keys or [str(signing.log_key())] for word in ("--log", key)]
        command = ["witness", "serve", "--store", str(store), "--name", name, "--listen", "127.0.0.1:0", *words]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("XINLIN_", "DJANGO_"))}
        process = subprocess.Popen(
            [sys.executable, "-m", "xinlin.cli", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**environment, "PYTHONPATH": str(CHECKOUT / "src")},
            cwd=tmp_path,
        )
        running.append(process)
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()
        found = re.search(r"key (\S+); at (http://\S+)/add-checkpoint", said)
        assert found, said
        return Running(store, found[1], found[2], process)

    yield run
    for process in running:
        process.kill()
        process.wait()


def note_of(size: int, root: bytes) -> str:
    head = Checkpoint(signing.log_key().name, size, root)
    return sign_note(str(head), signing.log_key(), signing.sign)


def test_the_log_is_cosigned_published_and_its_receipts_say_by_how_many(
    start: Callable[..., Running], leave: Leave, settings: Any, client: Client
) -> None:
    leaf = leave(5)[2]
    jobs.sequence()
    first, second = start("audit.example"), start("other-city.example")
    settings.LOG_WITNESSES, settings.LOG_QUORUM = [first.setting, second.setting], 2
    assert log.latest() is None, "not published before two have cosigned"
    assert client.get("/log/checkpoint").status_code == 404
    pending = log.receipt(leaf.pk)
    keys = [parse_key(one.key, COSIGNATURE) for one in (first, second)]
    assert pending is not None and cosignatures(pending.partition("\n\n")[2], keys, signing.verify) == {}
    assert witnesses.ask() == 2
    assert witnesses.ask() == 0, "nobody is asked twice for one head"
    text = log.receipt(leaf.pk)
    assert text is not None
    assert set(cosignatures(text.partition("\n\n")[2], keys, signing.verify)) == {"audit.example", "other-city.example"}
    leave(300)
    jobs.sequence()
    second.process.kill()
    assert witnesses.ask() == 1
    latest = log.latest()
    assert latest is not None and latest.size == 5, "one of two is not enough; the head before stays published"
    settings.LOG_QUORUM = 1
    latest = log.latest()
    assert latest is not None and (latest.size, latest.witnesses) == (305, ("audit.example",))
    assert client.get("/log/checkpoint").content.decode() == latest.note
    assert "audit.example" in client.get("/log/").content.decode()


def test_a_witness_that_lost_our_memory_of_it_is_asked_from_where_it_stands(
    start: Callable[..., Running], leave: Leave, settings: Any
) -> None:
    leave(4)
    jobs.sequence()
    witness = start("audit.example")
    settings.LOG_WITNESSES = [witness.setting]
    assert witnesses.ask() == 1
    Cosignature.objects.all().delete()
    leave(9)
    jobs.sequence()
    assert witnesses.ask() == 1


def test_a_fork_is_refused_and_the_evidence_kept(
    start: Callable[..., Running], leave: Leave, settings: Any, xinlin: Callable[..., Any]
) -> None:
    leave(6)
    jobs.sequence()
    witness = start("audit.example")
    settings.LOG_WITNESSES = [witness.setting]
    assert witnesses.ask() == 1
    honest = Head.objects.get()
    # the operator rewrites leaf 2 and signs a second history with the log's own key
    entries = [bytes(value) for value in Leaf.objects.order_by("index").values_list("commitment", flat=True)]
    entries[2] = b"\7" * 32
    forged = [*entries, b"\1" * 32, b"\2" * 32]
    tiles = tree.grow(0, (tree.hash_leaf(entry) for entry in forged), lambda level, number: b"")

    def read(level: int, number: int) -> bytes:
        return tiles.get((level, number), b"")

    same_size = note_of(6, tree.root(6, read))
    assert witness.post(str(Submission(6, (), same_size))) == (409, "6\n")
    longer = note_of(8, tree.root(8, read))
    status, why = witness.post(str(Submission(6, tuple(tree.consistency(6, 8, read)), longer)))
    assert (status, why) == (422, "the proof does not lead from 6 to 8 leaves\n")
    shown = xinlin("witness", "evidence", "--store", str(witness.store))
    assert shown.returncode == 1
    assert honest.note in shown.stdout and same_size in shown.stdout and longer in shown.stdout
    leave(2)
    jobs.sequence()
    assert witnesses.ask() == 1, "the honest history is still cosigned"


def test_what_a_witness_answers(start: Callable[..., Running], leave: Leave) -> None:
    leave(7)
    jobs.sequence()
    witness, key = start("audit.example"), signing.log_key()
    head = Head.objects.get()
    body = str(Submission(0, (), head.note))
    for nonsense in (b"", b"old\n\nx", b"old 01\n\n" + head.note.encode(), b"\xff", b"old 0\nnot base64\n\n", b"old 0"):
        assert witness.post(nonsense)[0] == 400, nonsense
    other = Checkpoint("stranger.example/log", 7, bytes(head.root))
    assert (
        witness.post(str(Submission(0, (), sign_note(str(other), Key(other.origin, key.public), signing.sign))))[0]
        == 404
    )
    assert witness.post(body.replace("\n7\n", "\n8\n"))[0] == 403
    assert witness.post(str(Submission(9, (), head.note)))[0] == 400
    assert witness.post(str(Submission(3, (), head.note))) == (409, "0\n")
    assert witness.post(str(Submission(0, (b"\0" * 32,), head.note)))[0] == 422
    status, line = witness.post(body)
    assert status == 200
    assert cosignatures(head.note + line, [parse_key(witness.key, COSIGNATURE)], signing.verify)
    assert witness.post(body) == (409, "7\n")
    assert witness.post(str(Submission(7, (), head.note)))[0] == 200, "the same head may be cosigned again"


def test_two_at_once_never_cosign_two_histories(tmp_path: Path, db: None) -> None:
    key = signing.log_key()
    witness = Witness(tmp_path, "audit.example", {key.name: key})
    assert handler(witness).timeout
    roots = [tree.hash_leaf(bytes([number])) for number in range(24)]
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda root=root: answers.append(
                witness.add_checkpoint(str(Submission(0, (), note_of(1, root))).encode())[0]
            )
        )
        for root in roots
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, *[409] * 23]
    assert len(witness.store.evidence()) == 23
    held = witness.store.head(key.name)
    assert held is not None and held.size == 1


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_only_what_has_grown_is_cosigned(known_size: int, old: int, size: int) -> None:
    def history(salt: int, count: int) -> tuple[bytes, Callable[[int, int], bytes]]:
        tiles = tree.grow(0, (tree.hash_leaf(bytes([salt, n])) for n in range(count)), lambda level, number: b"")

        def read(level: int, number: int) -> bytes:
            return tiles.get((level, number), b"")

        return tree.root(count, read), read

    known_root, _ = history(0, known_size)
    known = Checkpoint("a", known_size, known_root)
    for salt in (0, 1):
        root, read = history(salt, size)
        proof = tree.consistency(old, size, read) if 1 <= old <= size else []
        judged = judge(old, proof, Checkpoint("a", size, root), known)
        grown = salt == 0 and old == known_size <= size
        assert (judged.status == 200) == grown
        assert judged.fork == (
            salt == 1 and size >= known_size and (old == known_size or size == known_size) and old <= size
        )


def test_a_submission_survives_being_written_and_read() -> None:
    asked = Submission(3, (b"\1" * 32, b"\2" * 32), "a\n1\nx\n\n\N{EM DASH} a AAAA\n")
    assert parse_submission(str(asked).encode()) == asked


def test_a_cosignature_of_a_known_witness_that_is_wrong_is_refused(tmp_path: Path, db: None) -> None:
    key_files.make(tmp_path / "key", "audit.example")
    key, _ = key_files.pair(tmp_path / "key", COSIGNATURE)
    note = note_of(1, b"\0" * 32)
    from xinlin.core.witness import cosign

    line = cosign(note.partition("\n\n")[0] + "\n", key, 5, lambda message: b"\0" * 64)
    with pytest.raises(Refused, match=r"cosignature of audit\.example"):
        cosignatures(note + line, [key], key_files.verify)


def test_settings_that_name_no_witness_are_refused(settings: Any, xinlin: Callable[..., Any]) -> None:
    settings.LOG_WITNESSES = ["audit.example"]
    with pytest.raises(Refused, match="XINLIN_LOG_WITNESSES"):
        witnesses.witnesses()
