"""The log's public addresses: what a verifier fetches leads from the tiles to the signed root."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from xinlin.core import tree
from xinlin.core.notes import open_checkpoint, parse_key, verify_receipt
from xinlin.office import signing
from xinlin.office.jobs import log as jobs
from xinlin.office.models.log import Leaf

from ..checks.test_api import Api, is_problem, question

Leave = Callable[[int], list[Leaf]]


def test_a_stranger_rebuilds_the_signed_root_from_what_is_served(client: Client, leave: Leave) -> None:
    leave(300)
    jobs.sequence()
    answer = client.get("/log/checkpoint")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    key = parse_key(client.get("/log/key").content.decode().strip())
    head = open_checkpoint(answer.content, key, signing.verify)
    assert head.size == 300

    def read(level: int, number: int) -> bytes:
        width = next(width for at, name, width in tree.tiles_of(300) if (at, name) == (level, number))
        served = client.get(f"/log/tile/{tree.tile_path(level, number, width)}")
        assert "immutable" in served["Cache-Control"]
        return served.content

    assert tree.root(300, read) == head.root
    bundle = client.get("/log/tile/entries/001.p/44").content
    assert len(bundle) == 44 * 34
    assert tree.hash_leaf(bundle[2:34]) == read(0, 1)[:32]
    proof = client.get("/log/proof/256").content.decode()
    assert verify_receipt(proof, key, signing.verify, bundle[2:34])[0] == head


def test_only_what_is_signed_is_served(client: Client, leave: Leave) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    leave(3)
    jobs.sequence()
    leave(2)
    assert client.get("/log/tile/0/000.p/3").status_code == 200
    assert client.get("/log/tile/0/000.p/2").status_code == 200, "an earlier head's tile stays"
    for address in (
        "tile/0/000",
        "tile/0/000.p/4",
        "tile/1/000.p/1",
        "tile/0/001.p/1",
        "tile/0/0",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999.p/1",
        "tile/entries/000.p/5",
        "tile/../checkpoint",
        "proof/3",
        f"proof/{10**30}",
    ):
        assert client.get(f"/log/{address}").status_code == 404, address


def test_the_log_is_read_only(client: Client, db: None) -> None:
    assert client.post("/log/checkpoint").status_code == 405


@pytest.mark.django_db
def test_no_opening_is_ever_served(client: Client, leave: Leave) -> None:
    leave(3)
    jobs.sequence()
    for address in ("checkpoint", "key", "proof/1", "tile/0/000.p/3", "tile/entries/000.p/3"):
        content = client.get(f"/log/{address}").content
        assert b"account" not in content
        assert b"extra" not in content


@pytest.mark.django_db
def test_the_verifier_is_handed_out_as_it_is(client: Client) -> None:
    from xinlin import verify_receipt

    served = client.get("/log/verify_receipt.py").content.decode()
    assert served == Path(verify_receipt.__file__).read_text(encoding="utf-8")


def test_a_department_gets_the_receipt_of_its_check(db: None, settings: Any) -> None:
    settings.CITY = "national"
    api, other = Api(), Api("housing")
    asked = api.post("/checks", question()).json()["number"]
    is_problem(api.get(f"/checks/{asked}/receipt"), 404, "receipt_waits")
    jobs.sequence()
    got = api.get(f"/checks/{asked}/receipt").json()
    body = verify_receipt(got["receipt"], parse_key(got["key"]), signing.verify)[1]
    assert (body["key"], body["action"], body["table"]) == (asked, "checks.answer", "check_question")
    is_problem(other.get(f"/checks/{asked}/receipt"), 404)
