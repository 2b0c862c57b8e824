"""Leaves of the log: one salted commitment for each action, written in the action's own transaction (存证叶)."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from xinlin.core.log import SALT_BYTES, commitment, digest, instant
from xinlin.office.models.log import Leaf, LeafOpening
from xinlin.office.scopes import Actor

_ACTION = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


class NoTransaction(RuntimeError):
    """A leaf was to be written outside a transaction, where it could outlive or miss the change that it stands for."""


def opening(
    *, actor: Actor, action: str, at: datetime, table: str, key: str, facts: Mapping[str, object]
) -> dict[str, object]:
    """The body that a commitment stands for: who, what, when, on which row, and the SHA-256 of what was written.

    Facts themselves are not kept; whoever holds the row can show that it is the one meant.
    """
    return {
        "action": action,
        "actor": actor.handle,
        "at": instant(at),
        "key": key,
        "sha256": digest(facts),
        "table": table,
    }


def row_of(table: str, key: str) -> str:
    """How an opening names the row that its leaf is of, in the column by which it is found."""
    return f"{table}:{key}"[:160]


def write_leaves(
    *, actor: Actor, action: str, table: str, rows: Iterable[tuple[str, Mapping[str, object]]]
) -> list[Leaf]:
    """One leaf for each (key, facts) of ``rows``, in two statements. Rules and errors as for `write_leaf`."""
    if not transaction.get_connection().in_atomic_block:
        raise NoTransaction(f"{action}: write the leaf inside the transaction of the change (transaction.atomic)")
    if not _ACTION.fullmatch(action):
        raise ValueError(
            f"the action {action!r} must be lower-case words such as batches.receive, at most 64 characters"
        )
    if not actor.handle:
        raise ValueError(f"{action}: the actor has no handle")
    at = timezone.now()
    bodies = [opening(actor=actor, action=action, at=at, table=table, key=key, facts=facts) for key, facts in rows]
    salts = [secrets.token_bytes(SALT_BYTES) for _ in bodies]
    leaves = Leaf.objects.bulk_create(
        Leaf(commitment=commitment(salt, body), action=action, at=at) for salt, body in zip(salts, bodies, strict=True)
    )
    LeafOpening.objects.bulk_create(
        LeafOpening(leaf=leaf, salt=salt, body=body, row=row_of(table, str(body["key"])))
        for leaf, salt, body in zip(leaves, salts, bodies, strict=True)
    )
    return leaves


@dataclass(frozen=True, slots=True)
class PreparedLeaf:
    """A leaf whose caller stores it with its own rows, in one statement: commitment, moment, salt, body as JSON, row."""

    commitment: bytes
    action: str
    at: datetime
    salt: bytes
    body: str
    row: str


def prepare_leaf(*, actor: Actor, action: str, table: str, key: str, facts: Mapping[str, object]) -> PreparedLeaf:
    """The leaf of one action, for a caller that writes it together with the rows that it stands for, or not at all."""
    at, salt = timezone.now(), secrets.token_bytes(SALT_BYTES)
    body = opening(actor=actor, action=action, at=at, table=table, key=key, facts=facts)
    return PreparedLeaf(
        commitment(salt, body), action, at, salt, json.dumps(body, ensure_ascii=False), row_of(table, key)
    )


def write_leaf(*, actor: Actor, action: str, table: str, key: str, facts: Mapping[str, object]) -> Leaf:
    """Write the leaf of one action on the row ``key`` of ``table``; the sequencer numbers it after the commit.

    ``facts`` is what was written: text, whole numbers, booleans, dates, lists and mappings of these. Only its SHA-256 is
    kept, in the opening; the leaf itself says nothing about anybody. Raises `NoTransaction` outside a transaction,
    TypeError or ValueError for facts without a canonical form (a float, say).
    """
    return write_leaves(actor=actor, action=action, table=table, rows=[(key, facts)])[0]
