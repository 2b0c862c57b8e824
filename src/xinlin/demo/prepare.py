"""Preparing the demo: database, keys, city, staff, files through intake, consents, scores. Half-done work is begun anew."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from xinlin.core.rulebooks import Rulebook
from xinlin.demo.affairs import set_affairs_going
from xinlin.demo.city import City, make_city, write_files
from xinlin.demo.identity import prepare as prepare_identity
from xinlin.demo.loop import close_the_loop
from xinlin.demo.peers import TRADES
from xinlin.demo.province import KIND
from xinlin.demo.public import publish_as_before
from xinlin.demo.service_items import load as load_service_items
from xinlin.demo.staff import Member, identities, staff_of
from xinlin.demo.web import capture_pages

MADE_HERE = (
    "xinlin.sqlite3",
    "xinlin.sqlite3-wal",
    "xinlin.sqlite3-shm",
    "vault",
    "blobs",
    "snapshots",
    "identity",
    "static",
)
"""What a preparation leaves in the data folder beside ``keys`` and ``demo``; a new one begins without it."""
MONTHS_BACK = 6
MACHINES_THAT_ASK = 3
DAILY_LIMIT = 20_000
"""Deliveries and checks together that a system of the demo may make in a day."""
CLIENT_ID = "xinlin"
CALLBACK = "/accounts/oidc/city/login/callback/"


class NotOurs(RuntimeError):
    """The data folder holds an installation that no demo made, so the demo leaves it alone."""


@dataclass
class State:
    """What is known of a prepared demo; ``ready`` only once everything stands."""

    city: str
    seed: int
    residents: int
    firms: int
    schema: str
    as_of: str
    identity_port: int
    port: int
    client_secret: str
    ready: bool = False
    sign_ins: list[dict[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """The identity service's address."""
        return f"http://127.0.0.1:{self.identity_port}"

    @property
    def site(self) -> str:
        """The site's address."""
        return f"http://127.0.0.1:{self.port}"


def state_path(data: Path) -> Path:
    """Where a demo's state is kept."""
    return data / "demo" / "state.json"


def read_state(data: Path) -> State | None:
    """The state of the demo in this folder, or None where there is none, or one of another form."""
    try:
        return State(**json.loads(state_path(data).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_privately(path: Path, content: Any) -> None:
    """Write JSON that only the owner may read, all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
    new.replace(path)


def save_state(data: Path, state: State) -> None:
    """Keep the state."""
    write_privately(state_path(data), asdict(state))


def schema_hash() -> str:
    """SHA-256 of the migrations: another one means that the tables are another's."""
    from xinlin.office import migrations

    digest = hashlib.sha256()
    for path in sorted(Path(migrations.__path__[0]).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def clear(data: Path) -> None:
    """Take away what an earlier or half-done preparation made. Raises `NotOurs` where no demo was ever begun here."""
    if not (data / "demo" / "begun").exists():
        if (data / "xinlin.sqlite3").exists():
            raise NotOurs(
                f"{data} 中已有一个不是演示建立的系统，演示不会动它；请用 XINLIN_DATA 指定另一个文件夹。\n"
                f"{data} holds an installation that the demo did not make and will not touch; name another folder by XINLIN_DATA."
            )
        return
    for name in MADE_HERE:
        path = data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name in ("files", "witness"):  # a witness that knew the log before would cosign no other
        shutil.rmtree(data / "demo" / name, ignore_errors=True)
    state_path(data).unlink(missing_ok=True)


class Steps:
    """The steps of a preparation: shows a bar for each and keeps how long it took, in seconds."""

    def __init__(self, console: Console) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Callable[[int, int], None]]:
        """One step; what it yields takes (done, total)."""
        began = time.monotonic()
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as progress:
            bar = progress.add_task(name, total=total)
            yield lambda done, out_of: progress.update(bar, completed=done, total=out_of)
        self.seconds[name] = round(time.monotonic() - began, 1)
        self._console.print(f"  [green]✓[/green] {name}  [dim]{self.seconds[name]:.1f} s[/dim]", highlight=False)


def _set_up_database(steps: Steps) -> None:
    """Make the tables and gather the pages' assets. Raises `NotOurs` where a database server holds people already."""
    from django.core.management import call_command
    from django.db import connection

    from xinlin.office.models.people import Subject

    with steps.step("建库 Database"):
        call_command("migrate", verbosity=0, interactive=False)
    if connection.vendor != "sqlite" and Subject.objects.exists():
        raise NotOurs(
            "XINLIN_DATABASE_URL 指向的数据库里已有主体；演示需要一个空库。\n"
            "The database that XINLIN_DATABASE_URL names holds subjects already; the demo needs an empty one."
        )
    with steps.step("页面资源 Page assets"):
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)


def _appoint(state: State, staff: list[Member]) -> dict[str, Any]:
    """Appoint everybody who works in the city; answers with the actor of each clerk by department."""
    from xinlin.office.actions.staff import appoint
    from xinlin.office.scopes import Actor

    clerks = {}
    for member in staff:
        key = appoint(
            actor=preparing(),
            issuer=state.issuer,
            subject_claim=member.sub,
            role=member.role,
            department=member.department,
            display_name=member.name,
        )
        if member.role == "clerk":
            clerks[member.department] = Actor(f"account:{key}", member.name, "clerk", member.department)
    return clerks


def preparing() -> Any:
    """The named actor that prepares the demo."""
    from xinlin.office.scopes import Actor

    return Actor(handle="system:demo", name="演示准备", role="system")


def _let_machines_in(data: Path, rulebook: Rulebook) -> None:
    """Systems with credentials of their own for some departments; kept in ``demo/machines.json`` for trying the API."""
    from xinlin.office.actions.staff import add_machine

    senders = {code for kind in rulebook.kinds.values() for code in kind.providers}
    deciders = list(dict.fromkeys(item.department for item in rulebook.approval_items.values()))
    machines = {}
    named = [system.department for system in rulebook.connections.values()]
    chosen = [
        code for code in (*named, "market_regulation", "traffic_police", "court", *sorted(senders)) if code in senders
    ]
    for code in dict.fromkeys([*chosen, *deciders[:MACHINES_THAT_ASK]]):
        scopes = (["batches:write", "batches:read"] if code in senders else []) + (
            ["checks:ask", "checks:feedback"] if code in deciders else []
        )
        office = rulebook.departments[code].name.zh if code in rulebook.departments else code
        client_id, secret = add_machine(
            actor=preparing(), name=f"{office}业务系统（演示）", department=code, scopes=scopes, daily_limit=DAILY_LIMIT
        )
        machines[code] = {"client_id": client_id, "client_secret": secret, "scopes": scopes, "office": office}
    write_privately(data / "demo" / "machines.json", machines)
    write_privately(data / "demo" / "peers.json", _peers(rulebook))


def _peers(rulebook: Rulebook) -> dict[str, Any]:
    """Credentials of the simulated offices of which this rulebook has the item, and of the provincial platform."""
    from xinlin.office.actions.staff import add_machine

    wanted: dict[str, tuple[str, str, list[str], list[str]]] = {
        code: (
            trade.name,
            rulebook.approval_items[trade.item].department,
            ["checks:ask", "checks:feedback"],
            [trade.item],
        )
        for code, trade in TRADES.items()
        if trade.item in rulebook.approval_items
    }
    if KIND in rulebook.kinds:
        wanted["province"] = ("省级信用平台", rulebook.kinds[KIND].providers[0], ["batches:write", "batches:read"], [])
    peers = {}
    for code, (name, department, scopes, items) in wanted.items():
        client_id, secret = add_machine(
            actor=preparing(), name=f"{name}（模拟）", department=department, scopes=scopes, items=items
        )
        peers[code] = {"name": name, "client_id": client_id, "client_secret": secret}
    return peers


def _send(steps: Steps, city: City, clerks: Mapping[str, Any], *, registers: bool) -> dict[str, int]:
    """Send the registers or everything else, each file as its department's clerk; answers with the counts so far.

    Between the two people give their consents: some kinds are kept with consent alone.
    """
    from xinlin.office.actions.batches import receive
    from xinlin.office.jobs.batches import work
    from xinlin.office.models.batches import Batch
    from xinlin.office.rulebook import current

    sent = [one for one in city.deliveries if (current().kinds[one.kind].effect == "register") == registers]
    total, done = sum(delivery.rows for delivery in sent), 0
    with steps.step("登记册 Registers" if registers else "部门数据进入核验 Intake", total) as tell:
        for delivery in sent:
            receipt = receive(
                actor=clerks[delivery.department],
                kind=delivery.kind,
                filename=delivery.filename,
                chunks=[delivery.content],
                valid_on=delivery.valid_on,
            )
            work(receipt.job)
            done += delivery.rows
            tell(done, total)
    unfinished = Batch.objects.exclude(state=Batch.State.DONE).first()
    if unfinished is not None:
        raise RuntimeError(f"{unfinished.filename}: {unfinished.state} {unfinished.findings}")
    batches = list(Batch.objects.values_list("rows_read", "rows_accepted", "rows_refused", "rows_repeated"))
    names = ("rows_read", "rows_accepted", "rows_refused", "rows_repeated")
    return {"files": len(batches), **{name: sum(row[at] for row in batches) for at, name in enumerate(names)}}


def _consents(city: City) -> int:
    """Enter the consents given on paper at counters."""
    from xinlin.office import vault
    from xinlin.office.actions.people import open_scores_in_bulk
    from xinlin.office.models.people import Subject

    keys = [vault.identifier_key(number) for number in city.consenting]
    subjects: list[int] = []
    for start in range(0, len(keys), 500):
        subjects += Subject.objects.filter(identifier_key__in=keys[start : start + 500]).values_list("pk", flat=True)
    return open_scores_in_bulk(actor=preparing(), subjects=subjects, via="counter")


def month_ends(today: date, months: int = MONTHS_BACK) -> list[date]:
    """The last days of the ``months`` months before that of ``today``, oldest first."""
    ends = []
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
        ends.append((first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))
    return ends[::-1]


def _scores(today: date, tell: Callable[[int, int], None]) -> int:
    """Freeze figures at the last month ends and today; months before the scheme came into force are passed over."""
    from xinlin.office.actions.scores import run
    from xinlin.office.scopes import NotFound

    runs, days = 0, [*month_ends(today), today]
    for number, day in enumerate(days, 1):
        try:
            run(actor=preparing(), as_of=day)
            runs += 1
        except NotFound:
            pass
        tell(number, len(days))
    return runs


def _sign_ins(city: City, staff: list[Member]) -> list[dict[str, str]]:
    people = [
        {"role": "resident", "name": member.resident.name, "what": member.story.zh, "what_en": member.story.en}
        for member in city.cast.values()
    ]
    return people + [
        {"role": m.role, "name": m.name, "what": m.office.zh, "what_en": m.office.en} for m in staff if m.shown
    ]


def tell_identity_service(data: Path, state: State, people: list[Any]) -> None:
    """Bring the identity service's people and its one client up to date."""
    prepare_identity(people, [state.site + CALLBACK], CLIENT_ID, state.client_secret, data)
    write_privately(data / "demo" / "identities.json", [asdict(person) for person in people])


def prepare(data: Path, rulebook: Rulebook, state: State, console: Console) -> None:
    """Make the whole demo from nothing, and mark it ready. Killed half-way, the next call begins anew."""
    clear(data)
    (data / "demo").mkdir(parents=True, exist_ok=True)
    (data / "demo" / "begun").touch()
    steps = Steps(console)
    _set_up_database(steps)
    today = date.fromisoformat(state.as_of)
    with steps.step("合成城市 Synthetic city"):
        city = make_city(rulebook, as_of=today, seed=state.seed, residents=state.residents, firms=state.firms)
        write_files(city, data / "demo" / "files")
    staff = staff_of(rulebook)
    with steps.step("人员与接入系统 Staff and machines"):
        clerks = _appoint(state, staff)
        _let_machines_in(data, rulebook)
        tell_identity_service(data, state, identities(staff, city.cast, city.residents))
    state.counts = _send(steps, city, clerks, registers=True)
    scored = rulebook.scheme_at(today) is not None
    if scored:
        with steps.step("书面同意 Consents on paper"):
            consents = _consents(city)
    state.counts = _send(steps, city, clerks, registers=False)
    capture_pages(rulebook, city.firms, clerks, today)
    if scored:
        state.counts["consents"] = consents
        with steps.step("评分 Scores", MONTHS_BACK + 1) as tell:
            state.counts["score_runs"] = _scores(today, tell)
    with steps.step("事项目录 Service catalogue"):
        state.counts["linked_items"] = load_service_items(rulebook)
    with steps.step("办件 Affairs under way"):
        state.counts |= set_affairs_going(rulebook, city, staff, today)
        state.counts |= close_the_loop(rulebook, staff)
    with steps.step("信用公示 Publicity"):
        state.counts |= publish_as_before(rulebook, staff, today)
    with steps.step("存证日志 Log"):
        from xinlin.office.jobs.log import sequence

        state.counts["leaves"] = sequence()
    state.sign_ins, state.seconds, state.ready = _sign_ins(city, staff), steps.seconds, True
    save_state(data, state)


def new_secret() -> str:
    """A client secret for the site at the identity service."""
    return secrets.token_urlsafe(32)
