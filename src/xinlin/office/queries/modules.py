"""What the platform is made of, and whether each module lives; how much it holds, with a hash over the counts (系统总览).

Counts alone, for anybody; cells of fewer than ten are hidden.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.core.cache import cache
from django.db.models import Count

from xinlin.core.catalogue import Module, SystemPart
from xinlin.core.small_cells import coarse, hide_small
from xinlin.office.consent_gate import in_force
from xinlin.office.models.batches import Batch, Job
from xinlin.office.models.cases import Case
from xinlin.office.models.checks import CheckAnswer
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.publicity import Publication
from xinlin.office.models.records import Record
from xinlin.office.models.scores import ScoreRun
from xinlin.office.models.staff import Machine
from xinlin.office.queries import log
from xinlin.office.queries.office_clocks import NEXT_ON
from xinlin.office.rulebook import current
from xinlin.office.scopes import now, today

COUNTED_FOR = 300
"""Seconds for which counts are shown again before they are counted anew: counting reads every record."""
SILENCE = timedelta(days=31)
"""After so long without a delivery or a score the module is late."""
UNNUMBERED = timedelta(minutes=1)
"""A leaf that waits longer for its number says that the log stands still."""
Light = Literal["good", "late", "none"]
"""``none``: this city has no such module, or nothing in it yet."""


@dataclass(frozen=True)
class ModuleView:
    """A module of this platform as the city calls it, with its light and one figure that says why."""

    module: Module
    names: list[SystemPart]
    light: Light
    figure: int | None
    """None where fewer than ten, or where there is nothing to count."""
    at: datetime | None


@dataclass(frozen=True)
class Counts:
    """How many records and subjects there are, when counted, beside which head of the log."""

    at: datetime
    records: int | None
    kinds: Mapping[str, int | None]
    registers: Mapping[str, int | None]
    head: tuple[int, str] | None
    """Size and root of the log when it was counted."""

    def statement(self) -> dict[str, Any]:
        """What the hash is over, as JSON with sorted keys and no spaces."""
        return {
            "city": current().code,
            "counted_at": self.at.isoformat(),
            "records": self.records,
            "records_by_kind": dict(sorted(self.kinds.items())),
            "subjects_by_register": dict(sorted(self.registers.items())),
            "log": None if self.head is None else {"size": self.head[0], "root": self.head[1]},
        }

    @property
    def sha256(self) -> str:
        """Of the statement; anybody who has it can work it out again."""
        told = json.dumps(self.statement(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()


def counts() -> Counts:
    """The counts as they were within the last five minutes. For anybody."""
    held: Counts | None = cache.get("modules.counts")
    if held is None:
        held = _counted()
        cache.set("modules.counts", held, COUNTED_FOR)
    return held


def _counted() -> Counts:
    by_kind = dict(Record.objects.values_list("kind").annotate(n=Count("pk")).order_by())
    registers = dict(Subject.objects.values_list("register").annotate(n=Count("pk")).order_by())
    kinds = hide_small(by_kind)
    total = sum(by_kind.values())
    head = log.latest()
    return Counts(
        at=now(),
        records=sum(count or 0 for count in kinds.values()) if None in kinds.values() else total,
        kinds=kinds,
        registers=hide_small(registers),
        head=None if head is None else (head.size, head.root),
    )


def modules() -> list[ModuleView]:
    """Every module with its light, in the order in which the city names its parts. For anybody."""
    named: dict[Module, list[SystemPart]] = {}
    for part in current().system_parts.values():
        named.setdefault(part.module, []).append(part)
    lights = _lights()
    order = [*named, *(module for module in lights if module not in named)]
    return [ModuleView(module, named.get(module, []), *lights[module]) for module in order]


Shown = tuple[Light, int | None, datetime | None]


def _registers() -> Shown:
    held = counts()
    return ("good" if held.records else "none"), held.records, held.at


def _site() -> Shown:
    shown = Publication.objects.filter(live=True, ends_on__gt=today()).count()
    return ("good" if current().publicity else "none"), shown, None


def _card() -> Shown:
    if current().scheme_at(today()) is None:
        return "none", None, None
    consents = Consent.objects.filter(in_force(), step=Consent.Step.SCORE, scene="").count()
    return "good", coarse(consents), None


def _intake() -> Shown:
    came = Batch.objects.filter(only_tried=False)
    last = came.order_by("-received_at").values_list("received_at", flat=True).first()
    stuck = Job.objects.filter(state=Job.State.FAILED).exists()
    if last is None:
        return "none", None, None
    return ("late" if stuck or last < now() - SILENCE else "good"), came.count(), last


def _cases() -> Shown:
    open_cases = Case.objects.exclude(state__in=[Case.State.CLOSED, Case.State.PAPERS]).annotate(next_on=NEXT_ON)
    late = open_cases.filter(next_on__lt=today()).count()
    return ("late" if late else "good"), late, None


def _scores() -> Shown:
    if current().scheme_at(today()) is None:
        return "none", None, None
    run = ScoreRun.objects.filter(state=ScoreRun.State.DONE).order_by("-finished_at").first()
    if run is None or run.finished_at is None:
        return "none", None, None
    return ("good" if run.finished_at > now() - SILENCE else "late"), coarse(run.people), run.finished_at


def _checks() -> Shown:
    owed = CheckAnswer.objects.filter(feedback__isnull=True, feedback_due_on__lt=today()).count()
    return ("late" if owed else "good" if current().approval_items else "none"), owed, None


def _benefits() -> Shown:
    day = today()
    standing = sum(offer.valid_from <= day < offer.valid_until for offer in current().offers.values())
    return ("good" if standing else "none"), standing, None


def _connections() -> Shown:
    active = Machine.objects.filter(active=True).count()
    return ("good" if active else "none"), active, None


def _terminals() -> Shown:
    """Phone, counter and kiosk are pages of this very server: whoever reads its light has them."""
    return "good", None, None


def _log() -> Shown:
    head = log.latest()
    if head is None:
        return "none", None, None
    return ("late" if log.waits_since(now() - UNNUMBERED) else "good"), head.size, head.at


def _lights() -> dict[Module, Shown]:
    return {
        "registers": _registers(),
        "site": _site(),
        "card": _card(),
        "intake": _intake(),
        "cases": _cases(),
        "scores": _scores(),
        "checks": _checks(),
        "benefits": _benefits(),
        "connections": _connections(),
        "terminals": _terminals(),
        "log": _log(),
    }
