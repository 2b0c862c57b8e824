"""Which systems and offices are connected, whether they are heard from, and what went either way (接入系统, 交换日志).

Counts and numbers of files and checks alone, no person. A clerk sees the own office, the credit centre all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from allauth.idp.oidc.models import Client
from django.db.models import Count, Max, Q, Sum
from django.utils.timezone import localtime

from xinlin.core.catalogue import Connection
from xinlin.core.conformity import Standing, standing
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.office.models.batches import Batch
from xinlin.office.models.cases import Telling
from xinlin.office.models.checks import Check
from xinlin.office.models.exchange import SigningKey, Source
from xinlin.office.models.staff import Machine, Role
from xinlin.office.queries.quality import WHOLE_CITY
from xinlin.office.queries.staff import used_today
from xinlin.office.queries.tallies import counted
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now, today

PAGE = 50
RECENT = timedelta(days=30)
_WORST_FIRST: tuple[Standing, ...] = ("silent", "due", "kept", "never")


@dataclass(frozen=True)
class SystemLine:
    """One system that the rulebook names, and when it was last heard from."""

    connection: Connection
    office: Text
    kinds: list[Kind]
    standing: Standing
    """``kept`` where it only asks and has asked within thirty days."""
    last_at: datetime | None


@dataclass(frozen=True)
class OfficeLine:
    """One office that delivers or asks, with what went either way in thirty days."""

    code: str
    name: Text
    level: str
    standing: Standing
    kinds: int
    machines: int
    last_in: datetime | None
    files: int
    rows: int
    last_out: datetime | None
    checks: int
    told: int
    unacknowledged: int


@dataclass(frozen=True)
class Connections:
    """The whole page."""

    systems: list[SystemLine]
    offices: list[OfficeLine]
    whole_city: bool

    @property
    def silent(self) -> int:
        """Offices that are overdue with something."""
        return sum(line.standing == "silent" for line in self.offices)


@dataclass(frozen=True)
class MachineLine:
    """A system with credentials of its own; ``client_id`` is its name, its secret is known to it alone."""

    client_id: str
    name: str
    scopes: list[str]
    items: list[str]
    active: bool
    daily_limit: int | None
    used_today: int


@dataclass(frozen=True)
class Passage:
    """One line of the exchange log. ``came`` for what the office sent or asked, else for what it was told."""

    at: datetime
    came: bool
    sort: str
    """``delivery``, ``check`` or ``telling``."""
    number: str
    what: Text
    state: str
    rows: int | None
    """Rows read, of a delivery."""
    by: str
    """The system that sent or asked; empty where a person did."""


@dataclass(frozen=True)
class Office:
    """One office's page."""

    code: str
    name: Text
    kinds: list[Kind]
    machines: list[MachineLine]
    keys: list[SigningKey]
    sources: list[Source]
    passages: list[Passage]
    page: int
    more: bool


def _seen(actor: Actor) -> str:
    """The office to which the actor's view is narrowed; empty for all. Raises `NotAllowed`."""
    if actor.role in WHOLE_CITY:
        return ""
    if actor.role in (Role.CLERK, Role.OFFICER) and actor.department:
        return actor.department
    raise NotAllowed("您的角色不能查看接入系统。Your role may not see connected systems.")


def connections(*, actor: Actor) -> Connections:
    """Every system that the rulebook names and every office that delivers or asks. Raises `NotAllowed`."""
    only, book = _seen(actor), current()
    ways = _ways(only)
    senders = {code for kind in book.kinds.values() if kind.effect != "count" for code in kind.providers}
    askers = {item.department for item in book.approval_items.values()}
    offices = [_office_line(code, ways) for code in book.departments if code in senders | askers and only in ("", code)]
    offices.sort(key=lambda line: (_WORST_FIRST.index(line.standing), line.code))
    systems = [_system_line(one, ways) for one in book.connections.values() if only in ("", one.department)]
    return Connections(systems, offices, whole_city=not only)


@dataclass(frozen=True)
class _Ways:
    """What passed, by office and kind."""

    last: dict[tuple[str, str], datetime]
    recent: dict[str, tuple[int, int]]
    """Files and rows of thirty days."""
    asked: dict[str, datetime]
    checks: dict[str, int]
    told: dict[str, tuple[datetime, int, int]]
    """When last, how many in thirty days, how many of all are not acknowledged."""
    machines: dict[str, int]


def _ways(only: str) -> _Ways:
    mine = Q(department=only) if only else Q()
    since, day = now() - RECENT, today()
    came = Batch.objects.filter(mine, only_tried=False)
    last = came.values_list("department", "kind").annotate(last=Max("received_at")).order_by()
    fresh = came.filter(received_at__gte=since).values("department").annotate(files=Count("pk"), rows=Sum("rows_read"))
    told = (
        Telling.objects.filter(mine)
        .values("department")
        .annotate(
            last=Max("told_at"),
            recent=Count("pk", filter=Q(told_at__gte=since)),
            unread=Count("pk", filter=Q(acknowledged_at__isnull=True)),
        )
    )
    checks: dict[str, int] = {}
    for place, tally in counted(day - RECENT, day, only or None).items():
        checks[place.department] = checks.get(place.department, 0) + tally.applicants
    return _Ways(
        last={(office, kind): at for office, kind, at in last},
        recent={one["department"]: (one["files"], one["rows"] or 0) for one in fresh.order_by()},
        asked={office: at for office in checks if (at := _last_asked(office)) is not None},
        checks=checks,
        told={one["department"]: (one["last"], one["recent"], one["unread"]) for one in told.order_by()},
        machines=dict(
            Machine.objects.filter(mine, active=True).values_list("department").annotate(n=Count("pk")).order_by()
        ),
    )


def _last_asked(office: str) -> datetime | None:
    return Check.objects.filter(department=office).order_by("-asked_at").values_list("asked_at", flat=True).first()


def _standing(kinds: list[Kind], office: str, ways: _Ways) -> Standing:
    """The worst of what the office is to deliver; what it never delivered counts where it delivered nothing at all."""
    found = [_standing_of(kind, office, ways) for kind in kinds]
    heard = [one for one in found if one != "never"]
    return min(heard, key=_WORST_FIRST.index, default="never")


def _standing_of(kind: Kind, office: str, ways: _Ways) -> Standing:
    at = ways.last.get((office, kind.code))
    return standing(localtime(at).date() if at else None, kind.update_interval, today())[0]


def _delivered_by(office: str) -> list[Kind]:
    book, day = current(), today()
    return [
        kind
        for kind in book.kinds.values()
        if office in kind.providers and kind.effect != "count" and book.in_force(kind, day)
    ]


def _asking(at: datetime | None) -> Standing:
    return "never" if at is None else "kept" if at >= now() - RECENT else "silent"


def _office_line(code: str, ways: _Ways) -> OfficeLine:
    office, kinds = current().departments[code], _delivered_by(code)
    files, rows = ways.recent.get(code, (0, 0))
    told_at, told, unread = ways.told.get(code, (None, 0, 0))
    asked_at = ways.asked.get(code)
    return OfficeLine(
        code=code,
        name=office.name,
        level=office.authority_level,
        standing=_standing(kinds, code, ways) if kinds else _asking(asked_at),
        kinds=len(kinds),
        machines=ways.machines.get(code, 0),
        last_in=max((at for (one, _), at in ways.last.items() if one == code), default=None),
        files=files,
        rows=rows,
        last_out=max((at for at in (asked_at, told_at) if at is not None), default=None),
        checks=ways.checks.get(code, 0),
        told=told,
        unacknowledged=unread,
    )


def _system_line(system: Connection, ways: _Ways) -> SystemLine:
    book, office = current(), system.department
    heard = [ways.last[office, kind] for kind in system.delivers if (office, kind) in ways.last]
    asked_at = ways.asked.get(office) if system.asks else None
    return SystemLine(
        connection=system,
        office=book.departments[office].name,
        kinds=[book.kinds[kind] for kind in system.delivers],
        standing=_standing([book.kinds[kind] for kind in system.delivers], office, ways)
        if system.delivers
        else _asking(asked_at),
        last_at=max((*heard, *([asked_at] if asked_at else [])), default=None),
    )


def office(*, actor: Actor, code: str, page: int = 1) -> Office:
    """One office: its systems, keys and sources, and its exchange log, newest first. Raises `NotAllowed`, `NotFound`."""
    only, book = _seen(actor), current()
    if code not in book.departments or only not in ("", code):
        raise NotFound("没有这个部门。There is no such office.")
    passages = _passages(code, page * PAGE + 1)
    return Office(
        code=code,
        name=book.departments[code].name,
        kinds=_delivered_by(code),
        machines=_machines(code),
        keys=list(SigningKey.objects.filter(department=code).order_by("-added_at")),
        sources=list(Source.objects.filter(department=code, closed_at__isnull=True).order_by("name")),
        passages=passages[(page - 1) * PAGE : page * PAGE],
        page=page,
        more=len(passages) > page * PAGE,
    )


def _machines(code: str) -> list[MachineLine]:
    held = list(Machine.objects.filter(department=code).order_by("-active", "name", "pk"))
    clients = Client.objects.in_bulk([machine.client_id for machine in held])
    return [
        MachineLine(
            client_id=machine.client_id,
            name=machine.name,
            scopes=clients[machine.client_id].get_scopes() if machine.client_id in clients else [],
            items=list(machine.items),
            active=machine.active,
            daily_limit=machine.daily_limit,
            used_today=used_today(Actor(f"machine:{machine.pk}", machine.name, "machine", code)),
        )
        for machine in held
    ]


def _passages(code: str, newest: int) -> list[Passage]:
    """The newest passages of the office, either way: each table gives its own newest, then they are put in one order."""
    found = [*_deliveries(code, newest), *_checks(code, newest), *_tellings(code, newest)]
    return sorted(found, key=attrgetter("at"), reverse=True)[:newest]


def _systems_of(code: str) -> dict[str, str]:
    return {f"machine:{one.pk}": one.name for one in Machine.objects.filter(department=code)}


def _kind_name(kind: str) -> Text:
    found = current().kinds.get(kind)
    return found.name if found else Text(zh=kind, en=kind)


def _deliveries(code: str, newest: int) -> Iterator[Passage]:
    systems = _systems_of(code)
    for one in Batch.objects.filter(department=code, only_tried=False).order_by("-received_at")[:newest]:
        sender = systems.get(one.sent_by, "")
        yield Passage(
            one.received_at, True, "delivery", one.number, _kind_name(one.kind), one.state, one.rows_read, sender
        )


def _checks(code: str, newest: int) -> Iterator[Passage]:
    systems, items = _systems_of(code), current().approval_items
    for one in Check.objects.filter(department=code).order_by("-asked_at")[:newest]:
        item = items[one.item].name if one.item in items else Text(zh=one.item, en=one.item)
        yield Passage(one.asked_at, True, "check", one.number, item, "answered", None, systems.get(one.client, ""))


def _tellings(code: str, newest: int) -> Iterator[Passage]:
    found = Telling.objects.filter(department=code).order_by("-told_at")
    for at, number, kind, noted in found.values_list("told_at", "number", "record__kind", "acknowledged_at")[:newest]:
        yield Passage(at, False, "telling", number, _kind_name(kind), "acknowledged" if noted else "open", None, "")
