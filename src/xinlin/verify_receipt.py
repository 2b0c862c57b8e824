"""A verifier of receipts and heads that stands alone: one file, Python's standard library and ``cryptography``.

    python3 verify_receipt.py receipt RECEIPT --key KEY [--witness KEY …] [--entry HEX]
    python3 verify_receipt.py head    CHECKPOINT --key KEY [--witness KEY …] [--older CHECKPOINT --folder FOLDER]

It shares no code with the platform, so that whoever distrusts the platform can read it in one sitting. Formats: RFC 6962
tree hashing, C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-tiles. Exit code 0: holds; 1: does not.

单文件核验程序：只用 Python 标准库和 cryptography，核验存证回执与签名树头；0 为成立，1 为不成立。
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 1, 4
LEAF_TAG = b"xinlin leaf v1\n"
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


class DoesNotHold(Exception):
    """Why a receipt or a head is not what it says."""


def need(holds: bool, why: str) -> None:
    """Stop unless something holds."""
    if not holds:
        raise DoesNotHold(why)


def decoded(text: str) -> bytes:
    """Base64 in the one spelling that encodes its bytes."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise DoesNotHold(f"{text[:60]!r} is not base64") from error
    need(base64.b64encode(raw).decode() == text, f"{text[:60]!r} is not canonical base64")
    return raw


def number(text: str) -> int:
    """A plain whole number."""
    need(NUMBER.fullmatch(text) is not None, f"{text[:40]!r} is not a plain whole number")
    return int(text)


def key_of(text: str, kind: int) -> tuple[str, bytes, bytes]:
    """(name, key id, public key) of ``name+id+base64``."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = decoded(encoded)
    need(len(raw) == 33 and raw[0] == kind, f"the key of {name} is not an Ed25519 key of type {kind:02x}")
    computed = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    need(computed.hex() == key_id, f"the id {key_id} is not that of the key of {name}")
    return name, computed, raw[1:]


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def head_of(note: str, key: str, witnesses: list[str]) -> tuple[str, int, bytes, list[str]]:
    """(origin, size, root, names of the witnesses that cosigned) of a signed tree head."""
    need(not any(ord(sign) < 32 and sign != "\n" for sign in note), "the head holds a control character")
    text, gap, lines = note.rpartition("\n\n")
    need(bool(gap) and lines.endswith("\n"), "the head has no signature lines")
    text += "\n"
    found = {}
    for line in lines[:-1].split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\N{EM DASH}", f"{line[:60]!r} is not a signature line")
        raw = decoded(parts[2])
        found[parts[1], raw[:4]] = raw[4:]
    name, key_id, public = key_of(key, LOG)
    need((name, key_id) in found, f"the log {name} did not sign the head")
    need(signed(public, text.encode(), found[name, key_id]), f"the signature of {name} does not hold")
    cosigned = []
    for witness in witnesses:
        who, who_id, who_public = key_of(witness, WITNESS)
        if (who, who_id) in found:
            raw = found[who, who_id]
            moment = int.from_bytes(raw[:8], "big")
            message = f"cosignature/v1\ntime {moment}\n{text}".encode()
            need(signed(who_public, message, raw[8:]), f"the cosignature of {who} does not hold")
            cosigned.append(who)
    fields = text.split("\n")
    need(len(fields) >= 4 and all(fields[:-1]), "a head has at least three lines and none empty")
    root = decoded(fields[2])
    need(fields[0] == name, f"the head is of the log {fields[0]}, the key of {name}")
    need(len(root) == 32, "the root has not 32 bytes")
    return name, number(fields[1]), root, cosigned


def pair(left: bytes, right: bytes) -> bytes:
    """RFC 6962: the hash of a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leads_to(index: int, size: int, entry: bytes, proof: list[bytes]) -> bytes:
    """The root to which an inclusion proof leads (RFC 9162 2.1.3.2)."""
    need(index < size, f"leaf {index} is not in a tree of {size}")
    here, last, reached = index, size - 1, hashlib.sha256(b"\x00" + entry).digest()
    for sibling in proof:
        need(last > 0, "the proof is too long")
        if here & 1 or here == last:
            reached = pair(sibling, reached)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            reached = pair(reached, sibling)
        here, last = here >> 1, last >> 1
    need(last == 0, "the proof is too short")
    return reached


def check_receipt(text: str, key: str, witnesses: list[str], entry: bytes | None) -> str:
    """What a receipt says, once it holds."""
    top, gap, note = text.partition("\n\n")
    lines = top.split("\n")
    need(bool(gap) and lines.pop(0) == "c2sp.org/tlog-proof@v1", "this is not a receipt (c2sp.org/tlog-proof@v1)")
    opening = decoded(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else b""
    need(bool(lines) and lines[0].startswith("index "), "the receipt names no leaf")
    index = number(lines.pop(0)[6:])
    proof = [decoded(line) for line in lines]
    need(len(proof) < 64 and all(len(value) == 32 for value in proof), "the proof's hashes are not 32 bytes each")
    origin, size, root, cosigned = head_of(note, key, witnesses)
    said = ""
    if opening:
        try:
            body = json.loads(opening[32:])
        except ValueError as error:
            raise DoesNotHold("the opening cannot be read") from error
        opened = hashlib.sha256(LEAF_TAG + opening).digest()
        need(len(opening) > 32 and entry in (None, opened), "the opening is not the leaf's")
        entry, said = opened, json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True)
    if entry is None:
        raise DoesNotHold("the receipt holds no opening: give the leaf's 32 bytes by --entry")
    need(leads_to(index, size, entry, proof) == root, "the proof does not lead to the signed root")
    return _words(origin, size, cosigned, witnesses) + f"\nleaf {index} is in the tree\n{said}".rstrip()


def leaf_hashes(folder: Path, size: int) -> list[bytes]:
    """The hashes of the first ``size`` leaves in a static tlog-tiles folder, from the bundles of entries."""
    found: list[bytes] = []
    for start in range(0, size, 256):
        width, n = min(256, size - start), start // 256
        groups = [f"{n % 1000:03d}"]
        while n := n // 1000:
            groups.insert(0, f"x{n % 1000:03d}")
        path = folder / "tile" / "entries" / "/".join(groups)
        name = path if width == 256 or path.is_file() else path.with_name(f"{path.name}.p") / str(width)
        raw, place = name.read_bytes(), 0
        for _ in range(width):
            length = int.from_bytes(raw[place : place + 2], "big")
            found.append(hashlib.sha256(b"\x00" + raw[place + 2 : place + 2 + length]).digest())
            place += 2 + length
    return found


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1: the root over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    row = leaves
    while len(row) > 1:
        paired = [pair(row[n], row[n + 1]) for n in range(0, len(row) - 1, 2)]
        row = paired + row[len(row) - len(row) % 2 :]
    return row[0]


def check_head(note: str, key: str, witnesses: list[str], older: str, folder: str) -> str:
    """What a head says; with a folder also that the entries lead to it, and to an older head of the same log."""
    origin, size, root, cosigned = head_of(note, key, witnesses)
    words = _words(origin, size, cosigned, witnesses)
    if folder:
        leaves = leaf_hashes(Path(folder), size)
        need(tree_root(leaves) == root, "the entries in the folder do not lead to the signed root")
        words += "\nthe entries lead to the signed root"
    if older:
        _, before, old_root, _ = head_of(Path(older).read_text("utf-8"), key, [])
        need(bool(folder), "an older head is compared with the entries: give their --folder")
        need(before <= size, f"the older head has {before} leaves, this one {size}: the log was cut back")
        need(
            tree_root(leaves[:before]) == old_root, f"the first {before} entries do not lead to the older root: a fork"
        )
        words += f"\nit has grown from the older head of {before} leaves"
    return words


def _words(origin: str, size: int, cosigned: list[str], witnesses: list[str]) -> str:
    among = f", cosigned by {len(cosigned)} of {len(witnesses)} witnesses" if witnesses else ""
    return f"HOLDS 成立\nlog {origin}, {size} leaves{among}" + "".join(f"\n  {name}" for name in cosigned)


def main() -> int:
    """Check what the command line names."""
    parser = argparse.ArgumentParser(description="Verify a receipt or a head of an evidence log 核验存证回执或树头")
    tasks = parser.add_subparsers(dest="task", required=True)
    for task in ("receipt", "head"):
        given = tasks.add_parser(task)
        given.add_argument("file")
        given.add_argument("--key", required=True, help="the log's key, as you noted it yourself")
        given.add_argument("--witness", action="append", default=[], help="a witness's key; may be given again")
        if task == "receipt":
            given.add_argument(
                "--entry", default="", help="the leaf's 32 bytes in hex, where the receipt has no opening"
            )
        else:
            given.add_argument("--older", default="", help="a head kept from before")
            given.add_argument("--folder", default="", help="a static tlog-tiles folder with the entries")
    asked = parser.parse_args()
    try:
        text = Path(asked.file).read_bytes().decode("utf-8")
        if asked.task == "receipt":
            entry = bytes.fromhex(asked.entry) if asked.entry else None
            print(check_receipt(text, asked.key, asked.witness, entry))
        else:
            print(check_head(text, asked.key, asked.witness, asked.older, asked.folder))
    except (DoesNotHold, OSError, ValueError) as error:
        print(f"DOES NOT HOLD 不成立：{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
