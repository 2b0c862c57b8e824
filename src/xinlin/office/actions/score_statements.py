"""The signed statement of a run: a tree over one salted commitment for each figure (评分批次签名).

The commitments lie in the vault and stay; a figure's salt lies with its row and goes with it. So a run can be proved as long as the
log lives, and about whoever has left it says nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable

from xinlin.core.notes import Checkpoint, sign_note
from xinlin.core.tree import Roots, hash_leaf
from xinlin.office.models.scores import ScoreRun
from xinlin.office.signing import scores_key, sign


def tree_root(commitments: Iterable[bytes]) -> bytes:
    """The root of the tree over these commitments (RFC 6962)."""
    roots = Roots()
    for one in commitments:
        roots.add(hash_leaf(one))
    return roots.root()


def statement(run: ScoreRun, size: int, root: bytes) -> str:
    """The signed head of the tree over a run's commitments, with the run's identity."""
    key = scores_key()
    return sign_note(f"{Checkpoint(key.name, size, root)}{identity(run)}", key, sign)


def identity(run: ScoreRun) -> str:
    """The lines of a statement that say which run it is, and from what it can be computed again."""
    return (
        f"run {run.number}\n"
        f"day {run.as_of.isoformat()}\n"
        f"scheme {run.rulebook}/{run.scheme}-{run.version} {run.scheme_sha256}\n"
        f"plan {run.plan_sha256}\n"
        f"inputs {run.inputs_sha256}\n"
        f"known {run.records_to} {run.events_to} {run.closing_records_to} {run.closing_events_to}\n"
    )
