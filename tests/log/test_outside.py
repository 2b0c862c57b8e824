"""A judge that we did not write: Go's checksum-database packages accept our heads, tiles and proofs, and no others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import ConsistencyProof, InclusionProof, InclusionProofInvalid

from xinlin.core import tree
from xinlin.core.notes import COSIGNATURE
from xinlin.core.witness import Submission
from xinlin.office import signing
from xinlin.office.jobs import log as jobs
from xinlin.office.models.log import Head, Leaf
from xinlin.office.queries import log
from xinlin.witness.serve import Witness

SOURCES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], list[str]]:
    """Gives everything that the outside judge refuses, then what it judged."""
    if not shutil.which("go") or not SOURCES.is_dir():
        pytest.skip("Go: not on this machine (apt-get install golang-go golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("judge")
    program = folder / "check"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    source = Path(__file__).parent / "outside" / "check.go"
    subprocess.run(["go", "build", "-o", program, source], env=environment, check=True, timeout=300)

    def ask(question: dict[str, Any]) -> list[str]:
        done = subprocess.run([program], input=json.dumps(question), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return ask


def test_go_accepts_what_we_sign_and_prove_and_nothing_else(
    judge: Callable[[dict[str, Any]], list[str]], leave: Callable[[int], list[Leaf]], tmp_path: Path
) -> None:
    for count in (1, 2, 253, 1, 300, 143):
        leave(count)
        jobs.sequence()
    size = jobs.export(tmp_path)
    entries = [bytes(value) for value in Leaf.objects.order_by("index").values_list("commitment", flat=True)]
    heads = [(head.size, bytes(head.root)) for head in Head.objects.order_by("size")]
    question: dict[str, Any] = {
        "Key": str(signing.log_key()),
        "Folder": str(tmp_path),
        "Inclusion": [
            {
                "Index": index,
                "Entry": entries[index].hex(),
                "Proof": [value.hex() for value in tree.inclusion(index, size, log.read_tile)],
            }
            for index in [*range(0, size, 7), 255, 256, size - 1]
        ],
        "Consistency": [
            {
                "First": first,
                "Root1": root1.hex(),
                "Second": second,
                "Root2": root2.hex(),
                "Proof": [value.hex() for value in tree.consistency(first, second, log.read_tile)],
            }
            for first, root1 in heads
            for second, root2 in heads
            if first < second
        ],
    }
    judged = len(question["Inclusion"]) + len(question["Consistency"])
    assert judge(question) == [f"judged {judged} of size 700"]

    question["Inclusion"][3]["Entry"] = entries[0].hex()
    question["Consistency"][2]["Root1"] = heads[-1][1].hex()
    refused = judge(question)
    assert [line.split(":")[0] for line in refused[:-1]] == ["inclusion 21", f"consistency 1 {heads[3][0]}"]

    head = tmp_path / "checkpoint"
    head.write_text(head.read_text().replace("\n700\n", "\n701\n"))
    assert judge(question)[0].startswith("checkpoint:")


def test_tlog_scales_accepts_log_witness_and_proofs(leave: Callable[[int], list[Leaf]], tmp_path: Path) -> None:
    """A second judge that we did not write reads our files, our witness's signature, and our proofs."""
    for count in (3, 254, 300):
        leave(count)
        jobs.sequence()
    key = signing.log_key()
    witness = Witness(tmp_path / "witness", "audit.example", {key.name: key})
    assert witness.key.kind == COSIGNATURE
    for head in Head.objects.order_by("size"):
        held = witness.store.head(key.name)
        old = held.size if held else 0
        proof = tree.consistency(old, head.size, log.read_tile) if old else []
        status, _, line = witness.add_checkpoint(str(Submission(old, tuple(proof), head.note)).encode())
        assert status == 200
        head.cosignatures.create(witness="audit.example", line=line, at=head.at)
    jobs.export(tmp_path / "log")
    reader = TilesReader(LocalBackend(tmp_path / "log"))
    checkpoint = reader.get_checkpoint()
    assert checkpoint.size == 557 and reader.calculate_root_hash() == checkpoint.root_hash
    for each in (str(key), str(witness.key)):
        checkpoint.verify(Vkey.from_string(each))
    for index in (0, 255, 256, 556):
        entry = reader.get_entry(index)
        assert entry == bytes(Leaf.objects.get(index=index).commitment)
        proof = tree.inclusion(index, 557, log.read_tile)
        InclusionProof(index, 557, proof).check(leaf_hash(entry), checkpoint.root_hash)
        with pytest.raises(InclusionProofInvalid):
            InclusionProof(index, 557, proof).check(leaf_hash(b"another"), checkpoint.root_hash)
    first = Head.objects.order_by("size")[1]
    grown = tree.consistency(first.size, 557, log.read_tile)
    ConsistencyProof(first.size, 557, grown).check(bytes(first.root), checkpoint.root_hash)
