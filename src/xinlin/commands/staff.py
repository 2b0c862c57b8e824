"""``xinlin staff …``: appoint staff and let departments' systems in, from the operator's keyboard (账户, 接入系统)."""

from __future__ import annotations

import argparse
import sys

from xinlin.commands.installation import begin
from xinlin.core.values import Problem

ROLES = ("clerk", "officer", "reviewer", "analyst", "auditor", "operator")


def _say(problem: Problem) -> int:
    for text in (problem.what, problem.cure):
        sys.stderr.write(f"{text.zh}\n{text.en}\n")
    return 1


def _appoint(arguments: argparse.Namespace) -> int:
    begin()
    from django.conf import settings

    from xinlin.office.actions.staff import appoint
    from xinlin.office.scopes import Actor, Refused

    issuer = arguments.issuer or settings.IDENTITY_ISSUER
    if not issuer:
        sys.stderr.write(
            "请用 --issuer 或 XINLIN_IDENTITY_ISSUER 指明身份认证服务。\nName the identity service by --issuer.\n"
        )
        return 2
    try:
        account = appoint(
            actor=Actor(handle="system:command_line", name="命令行 Command line", role="system"),
            issuer=issuer,
            subject_claim=arguments.subject,
            role=arguments.role,
            department=arguments.department,
            display_name=arguments.name,
            home_region=arguments.home,
        )
    except Refused as refusal:
        return _say(refusal.problem)
    sys.stdout.write(f"已任命，账户 {account}。Appointed: account {account}.\n")
    return 0


def _machine(arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.actions.staff import add_machine
    from xinlin.office.scopes import Actor, Refused

    try:
        client_id, secret = add_machine(
            actor=Actor(handle="system:command_line", name="命令行 Command line", role="system"),
            name=arguments.name,
            department=arguments.department,
            scopes=arguments.scopes,
            items=arguments.items,
            daily_limit=arguments.daily_limit,
        )
    except Refused as refusal:
        return _say(refusal.problem)
    sys.stdout.write(f"client_id     {client_id}\nclient_secret {secret}\n")
    sys.stdout.write("密钥只显示这一次，请妥善交给对方。The secret is shown this once; hand it over safely.\n")
    return 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put ``staff`` into the command line."""
    parser = commands.add_parser("staff", help="appoint staff, let departments' systems in")
    tasks = parser.add_subparsers(required=True, metavar="TASK")

    appoint = tasks.add_parser("appoint", help="make a person of the identity service staff")
    appoint.add_argument("--subject", required=True, help="the person's sub at the identity service")
    appoint.add_argument("--name", required=True, help="real name, shown to the people whose data this person reads")
    appoint.add_argument("--role", required=True, choices=ROLES)
    appoint.add_argument("--department", required=True, help="code of the department in the rulebook")
    appoint.add_argument("--home", default="", help="division code where they live: looks at neighbours raise an alarm")
    appoint.add_argument("--issuer", help="the identity service (default: XINLIN_IDENTITY_ISSUER)")
    appoint.set_defaults(run=_appoint)

    machine = tasks.add_parser("machine", help="let a department's system in; prints its secret once")
    machine.add_argument("--name", required=True)
    machine.add_argument("--department", required=True, help="code of the department in the rulebook")
    machine.add_argument("--scopes", required=True, nargs="+", metavar="SCOPE")
    machine.add_argument(
        "--items", nargs="*", default=[], metavar="ITEM", help="items it may ask about; none: all of its department"
    )
    machine.add_argument(
        "--daily-limit", type=int, metavar="N", help="deliveries and checks together in a day (default: no limit)"
    )
    machine.set_defaults(run=_machine)
