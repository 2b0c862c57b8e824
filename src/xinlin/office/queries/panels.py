"""Where each panel of the configuration stands: its version, who approved it, what changed since (数据, 模型, 应用)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xinlin.core.levels import Change
from xinlin.core.panels import PANELS, Panel, content, differences, sha256
from xinlin.office.models.panels import PanelVersion
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

MAY_SEE = frozenset({"analyst", "reviewer", "auditor", "operator"})
MAY_SIGN: dict[Panel, frozenset[str]] = {
    "data": frozenset({"reviewer", "operator"}),
    "model": frozenset({"analyst", "reviewer"}),
    "application": frozenset({"reviewer", "operator"}),
}
SIGNATURES = 2


@dataclass(frozen=True)
class Signed:
    """One approval: by whom, in which role, when."""

    name: str
    role: str
    at: datetime


@dataclass(frozen=True)
class PanelVersionView:
    """One version of a panel and its approvals."""

    version: int
    sha256: str
    at: datetime
    signatures: list[Signed]

    @property
    def approved(self) -> bool:
        """Whether two people approved it."""
        return len(self.signatures) >= SIGNATURES


@dataclass(frozen=True)
class PanelView:
    """A panel as it stands now."""

    panel: Panel
    rows: int
    """How many rows of the rulebook it has."""
    sha256: str
    now: PanelVersionView | None
    """The version with this very content, once somebody signed it."""
    approved: PanelVersionView | None
    """The newest version that two people approved."""
    changes: list[Change] | None
    """What differs from it; None where there is none yet."""
    earlier: list[PanelVersionView]
    mine: bool
    """Whether the actor may sign it now."""


def panels(*, actor: Actor) -> list[PanelView]:
    """The three panels. Raises `NotAllowed`."""
    if actor.role not in MAY_SEE:
        raise NotAllowed("只有信用中心可以查看配置版本。Only the credit centre sees the versions of the configuration.")
    return [panel_view(panel, actor) for panel in PANELS]


def panel_view(panel: Panel, actor: Actor) -> PanelView:
    """One panel, for the actor."""
    told = content(current(), panel)
    digest = sha256(told)
    rows = list(
        PanelVersion.objects.filter(rulebook=current().code, panel=panel)
        .order_by("-version")
        .prefetch_related("signatures")
    )
    held = {row.version: row for row in rows}
    views = [_view(row) for row in rows]
    standing = next((view for view in views if view.sha256 == digest), None)
    done = standing is not None and standing.approved
    approved = standing if done else next((view for view in views if view.approved), None)
    signed = standing is not None and any(one.by == actor.handle for one in held[standing.version].signatures.all())
    return PanelView(
        panel=panel,
        rows=sum(len(section) for section in told.values()),
        sha256=digest,
        now=standing,
        approved=approved,
        changes=None if approved is None else differences(held[approved.version].content, told),
        earlier=views,
        mine=actor.role in MAY_SIGN[panel] and not signed and not done,
    )


def _view(row: PanelVersion) -> PanelVersionView:
    signatures = sorted(row.signatures.all(), key=lambda one: one.at)
    return PanelVersionView(row.version, row.sha256, row.at, [Signed(s.by_name, s.role, s.at) for s in signatures])
