"""Keeps snapshots of open folders for later runs: one is found again by what it was made from (快照存放).

A snapshot is made beside its place and renamed into it when it is whole, so that two runs at once, or one that was killed,
never leave half of one.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import Rulebook
from xinlin.engine.folder import Demands, freeze
from xinlin.engine.snapshot import Snapshot, digest_folder, scored_fields
from xinlin.engine.workplaces import workplace

FORM = 1
"""Raised when a snapshot's files change their form: older ones are then not found any more."""
NOTE = "snapshot.json"


def _key(inputs: str, rulebook: Rulebook, plan: Plan) -> str:
    """The identity of a snapshot: inputs, day, and what of the records the plan and the rulebook ask for."""
    demands = Demands.of(plan)
    fields = {
        kind: [(spec.code, spec.type) for spec in scored_fields(rulebook.kinds[kind])] for kind in sorted(demands.kinds)
    }
    asked = [FORM, inputs, plan.as_of.isoformat(), fields, sorted(demands.through), sorted(demands.documents)]
    return hashlib.sha256(json.dumps(asked, separators=(",", ":")).encode()).hexdigest()


def stored_snapshot(data: Path, rulebook: Rulebook, plan: Plan, store: Path) -> Snapshot:
    """The snapshot of an open folder from ``store``, made there if it is not.

    Raises `xinlin.engine.tables.FolderRefused`.
    """
    inputs = digest_folder(data)
    place = store / _key(inputs, rulebook, plan)[:32]
    if not (place / NOTE).exists():
        with workplace(store) as work:
            snapshot = freeze(data, rulebook, plan, work / "snapshot")
            said = {"people": snapshot.people, "rows": snapshot.rows}
            (work / "snapshot" / NOTE).write_text(json.dumps(said) + "\n", encoding="utf-8")
            try:
                (work / "snapshot").rename(place)
            except OSError:
                if not (place / NOTE).exists():
                    raise
    said = json.loads((place / NOTE).read_text(encoding="utf-8"))
    return Snapshot(place, said["people"], said["rows"], inputs)
