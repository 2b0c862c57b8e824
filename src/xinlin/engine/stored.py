"""Keeps snapshots of open folders for later runs: one is found again by what it was made from (快照存放).

A snapshot is made beside its place and renamed into it when it is whole, so that two runs at once, or one that was killed,
never leave half of one.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import Rulebook
from xinlin.engine.figures import Watch, unwatched
from xinlin.engine.folder import freeze
from xinlin.engine.folder_records import Demands
from xinlin.engine.snapshot import Snapshot
from xinlin.engine.tables import refused
from xinlin.engine.workplaces import workplace

FORM = 4
"""Raised when a snapshot's files change, in form or because older ones may be wrong: those are then not found any more."""
NOTE = "snapshot.json"


def _key(inputs: str, rulebook: Rulebook, plan: Plan) -> str:
    """The identity of a snapshot: inputs, day, and what of the records the plan and the rulebook ask for."""
    demands = Demands.of(plan)
    types = {
        kind: [(spec.code, spec.type) for spec in demands.own_fields(rulebook.kinds[kind])] for kind in demands.fields
    }
    fields = {kind: (sorted(read), types[kind]) for kind, read in sorted(demands.fields.items())}
    scored = [plan.scheme.subject, plan.scheme.code if plan.scheme.extends else ""]
    asked = [FORM, inputs, plan.as_of.isoformat(), scored, fields, sorted(demands.through)]
    return hashlib.sha256(json.dumps(asked, separators=(",", ":")).encode()).hexdigest()


def stored_snapshot(
    data: Path, inputs: str, rulebook: Rulebook, plan: Plan, store: Path, watch: Watch = unwatched
) -> Snapshot:
    """The snapshot of an open folder with the digest ``inputs`` from ``store``, made there if it is not.

    Raises `xinlin.engine.tables.FolderRefused`.
    """
    key = _key(inputs, rulebook, plan)
    place = store / key[:32]
    if not (place / NOTE).exists():
        with workplace(store) as work:
            snapshot = freeze(data, inputs, rulebook, plan, work / "snapshot", partial(watch, "reading"))
            said = {"key": key, "inputs_sha256": inputs, "people": snapshot.people, "records": snapshot.rows}
            (work / "snapshot" / NOTE).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
            try:
                (work / "snapshot").rename(place)
            except OSError:
                if not (place / NOTE).exists():
                    raise
    return opened_snapshot(place, rulebook, plan)


def opened_snapshot(place: Path, rulebook: Rulebook, plan: Plan) -> Snapshot:
    """A snapshot that `stored_snapshot` made. Raises `FolderRefused` where it was made for another day or other rules."""
    try:
        said = json.loads((place / NOTE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise refused(
            "no_snapshot",
            place.as_posix(),
            "这里没有快照。",
            "there is no snapshot here.",
            "请用 --data 与 --snapshots 制作。",
            "Make one with --data and --snapshots.",
        ) from error
    if said["key"] != _key(said["inputs_sha256"], rulebook, plan):
        raise refused(
            "other_snapshot",
            place.as_posix(),
            "快照是为另一日期或另一套规则制作的。",
            "the snapshot was made for another day or for rules that ask for other columns.",
            "请用 --data 重新制作。",
            "Make one from --data.",
        )
    return Snapshot(place, said["people"], said["records"], said["inputs_sha256"])
