"""The monitor and the stand-alone verifier: whoever distrusts us can tell a log that grew from one that was rewritten."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xinlin import verify_receipt
from xinlin.core import tree
from xinlin.core.notes import COSIGNATURE, Checkpoint, parse_key, sign_note
from xinlin.core.witness import cosign
from xinlin.key_files import make, pair
from xinlin.office import signing
from xinlin.office.jobs import log as jobs
from xinlin.office.models.log import Head, Leaf, LeafOpening, Tile
from xinlin.office.queries import log
from xinlin.office.queries.log_audit import Rows
from xinlin.witness.store import Store
from xinlin.witness.watch import Reader, Unreadable, look

Leave = Callable[[int], list[Leaf]]


class Folder(Reader):
    """A log that was written out as files."""

    def __init__(self, folder: Path) -> None:
        super().__init__("http://folder.example")
        self.folder = folder

    def read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise Unreadable(str(error)) from error


@pytest.fixture
def served(leave: Leave, tmp_path: Path) -> Callable[[int], Path]:
    """``served(7)``: seven more leaves, and the whole log as files."""

    def grow(count: int) -> Path:
        leave(count)
        jobs.sequence()
        shutil.rmtree(tmp_path / "log", ignore_errors=True)
        jobs.export(tmp_path / "log")
        return tmp_path / "log"

    return grow


def test_a_log_that_grows_is_read_on_from_where_the_monitor_stood(
    served: Callable[[int], Path], tmp_path: Path
) -> None:
    store, key = Store(tmp_path / "monitor.sqlite3"), signing.log_key()
    for count, total in ((3, 3), (300, 303), (1, 304), (700, 1004)):
        seen = look(Folder(served(count)), key, [], store, Rows())
        assert (seen.size, seen.added, seen.trouble) == (total, count, "")
    assert look(Folder(tmp_path / "log"), key, [], store).added == 0


def test_a_rewritten_log_is_told_from_one_that_grew(served: Callable[[int], Path], tmp_path: Path) -> None:
    store, key = Store(tmp_path / "monitor.sqlite3"), signing.log_key()
    look(Folder(served(9)), key, [], store)
    old = (tmp_path / "log" / "checkpoint").read_text()
    Leaf.objects.filter(index=4).update(commitment=b"\7" * 32)
    entries = [bytes(value) for value in Leaf.objects.order_by("index").values_list("commitment", flat=True)]
    Tile.objects.all().delete()
    Head.objects.all().delete()
    for (level, number), hashes in tree.grow(0, map(tree.hash_leaf, entries), lambda at, n: b"").items():
        Tile.objects.create(level=level, number=number, hashes=hashes)
    head = Checkpoint(key.name, 9, tree.root(9, log.read_tile))
    Head.objects.create(
        size=9, root=head.root, note=sign_note(str(head), key, signing.sign), at=Leaf.objects.first().at
    )  # type: ignore[union-attr]  # there are nine
    seen = look(Folder(served(5)), key, [], store)
    assert "do not lead to the signed root of 14" in seen.trouble
    (evidence,) = store.evidence()
    assert evidence.known == old and "\n14\n" in evidence.shown


def test_a_log_cut_back_is_seen(served: Callable[[int], Path], tmp_path: Path) -> None:
    store, key = Store(tmp_path / "monitor.sqlite3"), signing.log_key()
    first = shutil.copytree(served(4), tmp_path / "before")
    look(Folder(served(4)), key, [], store)
    assert "4 leaves was shown after one of 8" in look(Folder(first), key, [], store).trouble


def test_a_row_that_differs_from_what_is_served_is_named(served: Callable[[int], Path], tmp_path: Path) -> None:
    folder, key = served(6), signing.log_key()
    opening = LeafOpening.objects.get(leaf__index=3)
    LeafOpening.objects.filter(pk=opening.pk).update(body={**opening.body, "actor": "account:99"})
    store = Store(tmp_path / "monitor.sqlite3")
    assert "opening of leaf 3" in look(Folder(folder), key, [], store, Rows()).trouble
    Leaf.objects.filter(index=2).update(commitment=b"\0" * 32)
    assert "leaf 2 is served otherwise" in look(Folder(folder), key, [], store, Rows()).trouble
    LeafOpening.objects.filter(leaf__index=5).delete()
    Leaf.objects.filter(index=5).delete()
    assert Rows()(1, bytes(Leaf.objects.get(index=1).commitment)) == ""
    assert "not in the table" in Rows()(5, b"")


def test_what_a_log_promises_and_does_not_give_is_said(served: Callable[[int], Path], tmp_path: Path) -> None:
    folder = served(6)
    bundle = folder / "tile" / "entries" / "000.p" / "6"
    bundle.write_bytes(bundle.read_bytes()[:-1])
    with pytest.raises(Unreadable, match="cut short"):
        look(Folder(folder), signing.log_key(), [], Store(tmp_path / "monitor.sqlite3"))
    (folder / "checkpoint").write_text("nonsense")
    assert "cannot be trusted" in look(Folder(folder), signing.log_key(), [], Store(tmp_path / "m.sqlite3")).trouble


def verifier(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The one file, alone in a folder and cut off from the product."""
    alone = shutil.copy(verify_receipt.__file__, folder / "alone.py")
    command = [sys.executable, "-I", str(alone), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder)


def test_the_verifier_that_stands_alone_accepts_a_receipt_and_refuses_every_changed_byte(
    leave: Leave, tmp_path: Path
) -> None:
    leaf = leave(11)[7]
    jobs.sequence()
    make(tmp_path / "witness", "audit.example")
    witness, sign = pair(tmp_path / "witness", COSIGNATURE)
    head = Head.objects.get()
    line = cosign(head.note.partition("\n\n")[0] + "\n", witness, 1_790_000_000, sign)
    head.cosignatures.create(witness=witness.name, line=line, at=head.at)
    Head.objects.update(cosigned=1)
    text = log.receipt(leaf.pk)
    assert text is not None
    receipt = tmp_path / "receipt"
    receipt.write_text(text, encoding="utf-8")
    key = log.verification_key()
    done = verifier(tmp_path, "receipt", str(receipt), "--key", key, "--witness", str(witness))
    assert done.returncode == 0, done.stderr
    assert "cosigned by 1 of 1 witnesses" in done.stdout and '"key": "B7"' in done.stdout
    for place in range(0, len(text), 3):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        try:
            said = verify_receipt.check_receipt(changed, key, [str(witness)], None)
        except (verify_receipt.DoesNotHold, ValueError):
            continue
        assert "cosigned by 0 of 1 witnesses" in said, "at most a witness's line can be taken away"
    assert (
        verifier(tmp_path, "receipt", str(receipt), "--key", str(parse_key(key)).replace("+", "x+", 1)).returncode == 1
    )
    bare = log.leaf_proof(7)
    receipt.write_text(bare, encoding="utf-8")
    assert verifier(tmp_path, "receipt", str(receipt), "--key", key).returncode == 1
    entry = bytes(leaf.commitment).hex()
    assert verifier(tmp_path, "receipt", str(receipt), "--key", key, "--entry", entry).returncode == 0


def test_the_verifier_rebuilds_a_tree_and_compares_an_older_head(served: Callable[[int], Path], tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.write_bytes((served(259) / "checkpoint").read_bytes())
    folder, key = served(520), log.verification_key()
    words = ["head", str(folder / "checkpoint"), "--key", key, "--folder", str(folder), "--older", str(older)]
    done = verifier(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "grown from the older head of 259 leaves" in done.stdout
    bundle = folder / "tile" / "entries" / "000"
    raw = bytearray(bundle.read_bytes())
    raw[40] ^= 1
    bundle.write_bytes(raw)
    assert "do not lead to the signed root" in verifier(tmp_path, *words).stderr


def test_the_verifier_is_short_and_needs_nothing_of_ours() -> None:
    source = Path(verify_receipt.__file__).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    assert "import xinlin" not in source and "from xinlin" not in source


@pytest.mark.django_db(transaction=True)
def test_our_own_log_as_served_is_compared_with_our_rows(live_server: Any, leave: Leave, tmp_path: Path) -> None:
    leave(20)
    jobs.sequence()
    store = Store(tmp_path / "monitor.sqlite3")
    seen = look(Reader(f"{live_server.url}/log"), signing.log_key(), [], store, Rows())
    assert (seen.size, seen.trouble) == (20, "")
    assert parse_key(Reader(f"{live_server.url}/log").read("key").decode().strip()) == signing.log_key()
