"""What a witness does with a signed tree head: it cosigns one that has grown from the one it knows, and no other (见证).

The protocol is C2SP tlog-witness (``add-checkpoint``), the signature C2SP tlog-cosignature (type 0x04: Ed25519 over a
time and the head). A witness keeps one head for each log; a log that shows two histories cannot have both cosigned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from xinlin.core.notes import Checkpoint, Key, Refused, Verify, as_base64, read_base64, signature_line, split_note
from xinlin.core.tree import EMPTY_ROOT, HASH_BYTES, verify_consistency

LONGEST_PROOF = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")
_TIME_BYTES = 8
LATEST_TIME = 2**63 - 1


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosign(text: str, key: Key, time: int, sign: Callable[[bytes], bytes]) -> str:
    """The witness's signature line for the text of a head, at ``time`` (seconds since 1970)."""
    return signature_line(key, time.to_bytes(_TIME_BYTES, "big") + sign(_message(text, time)))


def cosignatures(note: str | bytes, witnesses: Sequence[Key], verify: Verify) -> dict[str, int]:
    """Which of the witnesses cosigned the head in a note: name -> time.

    Others' signatures are passed over. Raises `Refused` for a note that cannot be read, and where a known witness's
    signature does not hold.
    """
    text, signatures = split_note(note)
    known, found = {(key.name, key.id): key for key in witnesses}, {}
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None:
            continue
        time = int.from_bytes(signature[:_TIME_BYTES], "big")
        if time > LATEST_TIME or not verify(key.public, _message(text, time), signature[_TIME_BYTES:]):
            raise Refused(f"the cosignature of {name} does not hold")
        found[name] = time
    return found


@dataclass(frozen=True)
class Submission:
    """What a log asks of a witness: to go from the head of size ``old`` to that of the note, by this proof."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        return "\n".join([f"old {self.old}", *map(as_base64, self.proof), "", self.note])


def parse_submission(raw: bytes) -> Submission:
    """Read the body of ``add-checkpoint``. Raises `Refused`."""
    try:
        top, gap, note = raw.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as error:
        raise Refused("the request is not UTF-8") from error
    first, *lines = top.split("\n")
    old = _OLD.fullmatch(first)
    if not gap or old is None:
        raise Refused("a request begins with 'old' and a plain whole number, and holds a tree head after an empty line")
    proof = tuple(read_base64(line) for line in lines)
    if len(proof) > LONGEST_PROOF or any(len(value) != HASH_BYTES for value in proof):
        raise Refused(f"a proof has at most {LONGEST_PROOF} hashes of {HASH_BYTES} bytes each")
    return Submission(int(old[1]), proof, note)


Status = Literal[200, 400, 409, 422]


@dataclass(frozen=True)
class Judgement:
    """What the witness answers: 200 cosigned, 400 makes no sense, 409 starts elsewhere, 422 another history.

    ``fork``: the log signed a head that nobody joined to the one cosigned before; both notes are kept as evidence. Two
    roots for one size prove a fork by themselves; of unlike sizes, the log must show the tree that holds both.
    """

    status: Status
    why: str
    fork: bool = False


def judge(old: int, proof: Sequence[bytes], head: Checkpoint, known: Checkpoint | None) -> Judgement:
    """Whether a witness that last cosigned ``known`` may cosign ``head``. Signatures were checked before."""
    size, root = (known.size, known.root) if known else (0, EMPTY_ROOT)
    if old > head.size:
        return Judgement(400, f"the old size {old} is larger than the tree of {head.size}")
    if head.size == size and head.root != root and known is not None:
        return Judgement(409, f"another root was cosigned for {size} leaves", fork=True)
    if old != size:
        return Judgement(409, f"the last cosigned head has {size} leaves, not {old}")
    if not verify_consistency(size, head.size, root, head.root, proof):
        # whoever holds the right proof would have sent it: a log that sends none from this head shows another history
        return Judgement(422, f"the proof does not lead from {size} to {head.size} leaves", fork=known is not None)
    return Judgement(200, f"grown from {size} to {head.size} leaves")
