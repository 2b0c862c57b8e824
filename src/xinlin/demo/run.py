"""``xinlin demo``: a synthetic city on this machine, served on the loopback until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import webbrowser
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from xinlin.demo.affairs import lines_of
from xinlin.demo.processes import HERE, AlreadyRunning, Children, Lock, Stopped, free_port

DEFAULT_PORT = 8000
DEFAULT_IDENTITY_PORT = 8010
DEFAULTS = {"seed": 1, "residents": 20_000, "firms": 3_000}
EMBLEM = "演示数据 · 全部合成，没有真实的人和企业\nSYNTHETIC DATA · nobody in it is real"


def _data_folder() -> Path:
    """The folder of all state, as the settings find it."""
    package = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("XINLIN_DATA") or package.parent.parent / "var").resolve()


def run(arguments: argparse.Namespace) -> int:
    """The command: prepare where needed, start everything, print where to go, wait. Returns the exit code."""
    console = Console()
    data = _data_folder()
    try:
        lock = Lock(data / "demo" / "lock")
    except AlreadyRunning as other:
        where = other.told.get("url") or "(准备中 still preparing)"
        console.print(
            f"演示已在运行：{where}（进程 {other.told.get('pid')}）。Already running at {where}, pid {other.told.get('pid')}."
        )
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return _locked(arguments, console, data, lock)
    except KeyboardInterrupt:
        console.print("\n演示已结束。The demo has ended.")
        return 0
    except Stopped as reason:
        console.print(f"[red]{reason}[/red]", markup=True, highlight=False)
        return 1
    finally:
        lock.release()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM, and the terminal being closed, end the demo as Ctrl-C does."""
    raise KeyboardInterrupt


def _locked(arguments: argparse.Namespace, console: Console, data: Path, lock: Lock) -> int:
    """What happens once the data folder is ours."""
    from xinlin import shelf
    from xinlin.demo import prepare

    began = time.monotonic()
    before = prepare.read_state(data)
    city = arguments.city or (before.city if before else None) or os.environ.get("XINLIN_CITY") or "dongtou"
    if city not in shelf.names():
        console.print(f"没有名为 {city} 的规则册。There is no rulebook {city}; there are: {', '.join(shelf.names())}.")
        return 2
    _set_up(data, city)
    rulebook = shelf.read(city)
    if rulebook.level == "national":
        console.print(f"{city} 不是城市或省的规则册。{city} is no city's or province's rulebook; try --city dongtou.")
        return 2
    wanted = _wanted(arguments, before, city)
    console.print(Panel(EMBLEM, style="bold", border_style="cyan", expand=False))
    if before is not None and not _differences(before, wanted):
        state = before
        console.print(f"已准备好：{state.as_of} 制作。Prepared on {state.as_of}; starting.")
    else:
        if before is not None:
            console.print(
                f"与已准备的不同（{_differences(before, wanted)}），重新准备。Prepared otherwise before; preparing anew."
            )
        state = wanted
        state.port, state.identity_port = free_port(_preferred(arguments.port)), free_port(DEFAULT_IDENTITY_PORT)
        try:
            prepare.prepare(data, rulebook, state, console)
        except (prepare.NotOurs, ValueError) as reason:
            console.print(f"[red]{reason}[/red]", highlight=False)
            return 2
    _settle_addresses(data, state, arguments.port)
    if arguments.prepare_only:
        console.print(
            f"已准备好，用时 {time.monotonic() - began:.0f} 秒。Prepared in {time.monotonic() - began:.0f} s."
        )
        return 0
    _serve(arguments, console, data, state, lock, began)
    return 0


def _set_up(data: Path, city: str) -> None:
    """Point this process and its children at the folder and the city, and start Django."""
    os.environ["XINLIN_DATA"], os.environ["XINLIN_CITY"] = str(data), city
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinlin.settings"
    import django

    django.setup()


def _wanted(arguments: argparse.Namespace, before: Any, city: str) -> Any:
    """The demo that the command line asks for; what it leaves open is as it was prepared, else the default."""
    from xinlin.demo.prepare import State, new_secret, schema_hash
    from xinlin.office.scopes import today

    def chosen(name: str) -> int:
        given: int | None = getattr(arguments, name)
        if given is None and before is not None and before.city == city:
            given = getattr(before, name)
        return DEFAULTS[name] if given is None else given

    return State(
        city=city,
        seed=chosen("seed"),
        residents=chosen("residents"),
        firms=chosen("firms"),
        schema=schema_hash(),
        as_of=today().isoformat(),
        identity_port=0,
        port=0,
        client_secret=new_secret(),
    )


def _differences(before: Any, wanted: Any) -> str:
    """In what that stands differs from what is asked for; empty where it does not."""
    names = ("city", "seed", "residents", "firms", "schema")
    different = [name for name in names if getattr(before, name) != getattr(wanted, name)]
    return ", ".join(different + ([] if before.ready else ["unfinished"]))


def _preferred(port: int | None) -> int:
    """The port asked for, or the usual one; 0 asks for any."""
    return DEFAULT_PORT if port is None else port


def _settle_addresses(data: Path, state: Any, port: int | None) -> None:
    """Choose ports for this time; where one had to change, tell the identity service and the accounts linked to it."""
    from xinlin.demo import prepare
    from xinlin.demo.identity import IdentityPerson

    old_site, old_issuer = state.site, state.issuer
    state.port = free_port(state.port if port is None else port)
    state.identity_port = free_port(state.identity_port)
    if state.site != old_site:
        people = json.loads((data / "demo" / "identities.json").read_text(encoding="utf-8"))
        prepare.tell_identity_service(data, state, [IdentityPerson(**person) for person in people])
    if state.issuer != old_issuer:
        from allauth.socialaccount.models import SocialAccount

        SocialAccount.objects.filter(provider=old_issuer).update(provider=state.issuer)
    prepare.save_state(data, state)


def _environment(state: Any) -> dict[str, str]:
    """What the site's processes are told."""
    from xinlin.demo.prepare import CLIENT_ID

    return os.environ | {
        "XINLIN_IDENTITY_ISSUER": state.issuer,
        "XINLIN_IDENTITY_CLIENT_ID": CLIENT_ID,
        "XINLIN_IDENTITY_CLIENT_SECRET": state.client_secret,
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), HERE, "localhost"))),
        "PYTHONUNBUFFERED": "1",
        "XINLIN_SYNTHETIC": "1",
    }


def _serve(arguments: argparse.Namespace, console: Console, data: Path, state: Any, lock: Lock, began: float) -> None:
    """Start the identity service and the site, then the worker and the log; say where to go; wait until one ends."""
    environment = _environment(state)
    plain = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    python = sys.executable
    with Children(data / "demo" / "logs") as children:
        children.start("identity", [python, "-m", "xinlin.demo.identity", "--port", str(state.identity_port)], plain)
        _start_witness(children, data, python, environment, plain)
        children.start(
            "web",
            [python, "-m", "granian", "--interface", "wsgi", "--host", HERE, "--port", str(state.port), "--workers", "2",
             "--blocking-threads", "1", "--no-ws", "xinlin.wsgi:application"],
            environment,
        )  # fmt: skip
        children.await_answer(f"{state.site}/healthz")
        children.await_answer(f"{state.site}/")
        children.await_answer(f"{state.issuer}/.well-known/openid-configuration")
        lock.tell(url=state.site)
        children.start("worker", [python, "-m", "xinlin.cli", "worker"], environment)
        children.start("log", [python, "-m", "xinlin.cli", "log", "sequence", "--every", "2"], environment)
        peers = _start_peers(children, data, python, state, plain)
        _print_panel(console, data, state, time.monotonic() - began, peers)
        if not arguments.no_browser and (sys.platform == "darwin" or os.environ.get("DISPLAY")):
            webbrowser.open(state.site)
        children.watch()


def _start_peers(
    children: Children, data: Path, python: str, state: Any, plain: dict[str, str]
) -> list[tuple[str, str]]:
    """Other offices' systems, each a process of its own; answers with names and addresses."""
    try:
        peers = json.loads((data / "demo" / "peers.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    started = []
    for code, peer in peers.items():
        port = free_port()
        children.start(
            f"peer-{code}",
            [python, "-m", "xinlin.demo.peers", code, "--site", state.site, "--port", str(port)]
            + ["--client-id", peer["client_id"]],
            plain | {"PEER_SECRET": peer["client_secret"]},
        )
        started.append((peer["name"], f"http://{HERE}:{port}/"))
    return started


def _start_witness(
    children: Children, data: Path, python: str, environment: dict[str, str], plain: dict[str, str]
) -> None:
    """Another office's witness, in a process and a folder of its own; the log asks it to cosign."""
    from xinlin.core.notes import COSIGNATURE
    from xinlin.key_files import make, pair
    from xinlin.office.signing import log_key

    folder, port = data / "demo" / "witness", free_port()
    if not (folder / "key").exists():
        make(folder / "key", "audit-office.example")
    key, _ = pair(folder / "key", COSIGNATURE)
    children.start(
        "witness",
        [python, "-m", "xinlin.cli", "witness", "serve", "--store", str(folder), "--listen", f"{HERE}:{port}"]
        + ["--log", str(log_key())],
        plain,
    )
    environment["XINLIN_LOG_WITNESSES"] = f"{key}@http://{HERE}:{port}"


CHECK_SCRIPT = """#!/bin/sh
# Ask, as a department's system, whether an applicant is on a statutory list. 以部门系统身份发起一次核查。
exec python3 - <<'END'
import base64, json, urllib.request, uuid

SITE = "{site}"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))


def ask(path, body, **headers):
    request = urllib.request.Request(SITE + path, body.encode(), headers)
    return json.load(opener.open(request))


basic = "Basic " + base64.b64encode({secret}.encode()).decode()
token = ask("/identity/o/api/token", "grant_type=client_credentials&scope=checks:ask", Authorization=basic)
question = {question}
headers = {{"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}}
answer = ask("/api/v1/checks", question, Authorization="Bearer " + token["access_token"], **headers)
print(json.dumps(answer, ensure_ascii=False, indent=2))
END
"""
"""Needs nothing but sh and python3, as the demo itself."""


def check_example(data: Path, state: Any) -> str:
    """A shell script that asks a check as a department's system would; written to ``demo/try-a-check.sh``."""
    from xinlin.office.rulebook import current

    machines = json.loads((data / "demo" / "machines.json").read_text(encoding="utf-8"))
    item = next((i for i in current().approval_items.values() if "person" in i.subject_kinds), None)
    people = json.loads((data / "demo" / "identities.json").read_text(encoding="utf-8"))
    debtor = next(person for person in people if person["sub"] == "cast-debtor")
    if item is None or item.department not in machines:
        return ""
    machine = machines[item.department]
    question = {
        "item": item.code,
        "purpose": item.purpose.zh,
        "officer": "演示审批员",
        "applicants": [{"identifier": debtor["resident_id"], "name": debtor["real_name"]}],
    }
    text = CHECK_SCRIPT.format(
        site=state.site,
        secret=repr(f"{machine['client_id']}:{machine['client_secret']}"),
        question=repr(json.dumps(question, ensure_ascii=False)),
    )
    path = data / "demo" / "try-a-check.sh"
    path.touch(mode=0o700)
    path.write_text(text, encoding="utf-8")
    return str(path)


def _print_panel(console: Console, data: Path, state: Any, seconds: float, peers: list[tuple[str, str]]) -> None:
    """Where to go, and who to be."""
    from xinlin.demo.staff import ROLE_NAMES

    places = Table.grid(padding=(0, 2))
    for what, where in (
        ("居民端 Residents", f"{state.site}/"),
        ("工作台 Staff", f"{state.site}/bench/"),
        ("规则公开 Rules", f"{state.site}/rules/"),
        ("身份认证 Identity service", state.issuer),
        *((f"模拟 Simulated: {name}", address) for name, address in peers),
    ):
        places.add_row(f"[bold]{what}[/bold]", f"[link={where}]{where}[/link]")
    console.print(Panel(places, title="信林 Xinlin", border_style="green", expand=False))
    people = Table(
        title="演示身份：登录页上点姓名即可，无需密码\nDemo sign-ins: choose a name, no password",
        title_style="bold",
    )
    for column in ("身份 Role", "姓名 Name", "说明 About"):
        people.add_column(column, overflow="fold")
    for person in state.sign_ins:
        role = ROLE_NAMES[person["role"]]
        about = person["what"] + (f"\n[dim]{person['what_en']}[/dim]" if person["what_en"] else "")
        people.add_row(f"{role.zh} {role.en}", person["name"], about)
    console.print(people)
    counts = state.counts
    console.print(
        f"[dim]{counts.get('files', 0)} 个文件 files · {counts.get('rows_read', 0):,} 行 rows · 退回 refused "
        f"{counts.get('rows_refused', 0)} · 同意 consents {counts.get('consents', 0):,}\n{lines_of(counts)}[/dim]",
        highlight=False,
    )
    example = check_example(data, state)
    console.print(
        f"部门文件 Departments' files: {data / 'demo' / 'files'}（“试传”内为问题文件 bad ones in 试传）",
        highlight=False,
    )
    console.print(
        f"接入系统 Machines: {data / 'demo' / 'machines.json'}；核查示例 check by API: sh {example}", highlight=False
    )
    console.print(
        f"[bold]就绪，用时 {seconds:.0f} 秒。Ready in {seconds:.0f} s. Ctrl-C 结束 ends everything.[/bold]",
        highlight=False,
    )
