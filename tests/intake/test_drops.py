"""The watched folder: what lies there is delivered once, whatever happens; what is still written is left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import resident, table

pytestmark = pytest.mark.django_db
CONTENT = table("公民身份号码,姓名,发生日期", f"{resident(1)},王小明,2024-05-01", f"{resident(2)},李华,2024-02-30")


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from django.db import transaction

    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())
    folder = tmp_path / "drop" / "office" / "deeds"
    folder.mkdir(parents=True)
    return folder


def put(folder: Path, name: str, content: bytes = CONTENT, seconds_old: int = 60) -> Path:
    path = folder / name
    path.write_bytes(content)
    moment = path.stat().st_mtime - seconds_old
    os.utime(path, (moment, moment))
    return path


def sweep(folder: Path) -> int:
    from xinlin.office.jobs.drops import sweep

    return sweep(folder.parent.parent)


def told(folder: Path, pattern: str) -> dict[str, Any]:
    (path,) = folder.glob(pattern)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_file_is_taken_in_and_moved_with_its_receipt(drop: Path) -> None:
    path = put(drop, "七月.csv")
    assert sweep(drop) == 1
    receipt = told(drop / "done", "*.receipt.json")
    assert (receipt["state"], receipt["read"], receipt["accepted"], receipt["refused"]) == ("done", 2, 1, 1)
    assert (drop / "done" / f"{receipt['number']}_七月.csv").read_bytes() == CONTENT
    assert not path.exists()
    put(drop, "again.csv")
    assert sweep(drop) == 1
    assert len({r["number"] for r in [json.loads(p.read_text()) for p in (drop / "done").glob("*.receipt.json")]}) == 1


def test_what_is_not_ready_is_left_alone(drop: Path, tmp_path: Path) -> None:
    put(drop, "new.csv", seconds_old=0)
    put(drop, "half.csv.part")
    put(drop, ".hidden.csv")
    put(drop, "~$open.xlsx")
    secret = put(tmp_path, "secret.csv")
    (drop / "link.csv").symlink_to(secret)
    (drop.parent / "linked").symlink_to(tmp_path)
    assert sweep(drop) == 0
    assert len(list(drop.iterdir())) == 5


def test_a_file_that_grows_while_it_is_read_is_left_alone(drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinlin.office.models.batches import Batch

    path, read = put(drop, "a.csv"), os.read

    def grows(handle: int, size: int) -> bytes:
        piece = read(handle, size)
        if piece:
            with path.open("ab") as stream:
                stream.write(b"more\n")
        return piece

    with monkeypatch.context() as patched:
        calls = iter([True, False])
        patched.setattr(
            "xinlin.office.jobs.drops.os.read", lambda h, n: grows(h, n) if next(calls, False) else read(h, n)
        )
        assert sweep(drop) == 0
    assert Batch.objects.count() == 0
    assert path.exists()


def test_what_is_refused_says_why(drop: Path) -> None:
    put(drop, "empty.csv", b"")
    other = drop.parent / "penalties"
    other.mkdir()
    put(other, "a.csv")
    put(drop, "b.csv")
    put(drop, "b.csv.options.json", b'{"valid_on": "not a day"}')
    assert sweep(drop) == 3
    assert told(drop / "refused", "empty*.json")["code"] == "file_empty"
    assert told(other / "refused", "*.json")["code"] == "kind_not_provided"
    assert told(drop / "refused", "b.csv.*.json")["code"] == "options_unreadable"


def test_options_stand_beside_the_file(drop: Path) -> None:
    from xinlin.office.models.batches import Batch

    listed = drop.parent / "published"
    listed.mkdir()
    put(listed, "a.csv", table("名称,所在地,公布日期", "某公司,某地,2024-01-01"))
    put(listed, "a.csv.options.json", b'{"valid_on": "2024-02-01"}')
    assert sweep(drop) == 1
    assert str(Batch.objects.get().valid_on) == "2024-02-01"
    assert not list(listed.glob("*.options.json"))


def test_a_department_that_signs_does_not_go_round_by_the_folder(drop: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from xinlin.office.actions.proofs import register_key

    from .test_api import SYSTEM

    pem = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    register_key(actor=SYSTEM, department="office", key_id="k", public_key=pem.decode())
    put(drop, "a.csv")
    assert sweep(drop) == 1
    assert told(drop / "refused", "*.json")["code"] == "signature_invalid"


@pytest.mark.parametrize("stage", ["drops.received", "drops.receipt_written"])
def test_killed_between_receipt_and_move_it_goes_on(tmp_path: Path, checkout: Path, stage: str) -> None:
    folder = tmp_path / "drop" / "youth_league" / "volunteer_service"
    folder.mkdir(parents=True)
    header = "公民身份号码,姓名,服务日期,时长,记录编号,项目名称"
    put(folder, "a.csv", table(header, f"{resident(1)},王小明,2024-05-01,3,志〔2024〕1号,某协会"))

    def run(*words: str, fail_at: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "XINLIN_DATA": str(tmp_path / "data"), "PYTHONPATH": str(checkout / "src")}
        environment |= {
            "XINLIN_FAIL_AT": fail_at,
            "DJANGO_SETTINGS_MODULE": "xinlin.settings",
            "XINLIN_DATABASE_URL": "",
        }
        command = [sys.executable, "-m", "xinlin.cli", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    assert run("manage", "migrate", "-v0").returncode == 0
    assert run("drop", str(folder.parent.parent), fail_at=stage).returncode == -signal.SIGKILL
    assert (folder / "a.csv").exists()
    assert run("drop", str(folder.parent.parent)).returncode == 0
    assert not (folder / "a.csv").exists()
    receipts = [json.loads(path.read_text()) for path in (folder / "done").glob("*.json")]
    assert len(receipts) == 1 and receipts[0]["already"] is True
    assert len(list((folder / "done").glob("*_a.csv"))) == 1
