"""``xinlin consent …``: check a receipt of deletion offline; after a restore, revive nothing (删除回执核验, 恢复后重办)."""

from __future__ import annotations

import argparse
from pathlib import Path

from xinlin.commands.installation import begin


def _check(arguments: argparse.Namespace) -> int:
    """Needs no database and no network: the receipt, the key, nothing else."""
    from xinlin.core.consents import open_deletion
    from xinlin.core.notes import Refused, parse_key
    from xinlin.office.signing import verify

    try:
        said = open_deletion(Path(arguments.receipt).read_bytes().decode("utf-8"), parse_key(arguments.key), verify)
    except (OSError, ValueError) as error:
        kind = "回执不成立" if isinstance(error, Refused) else "无法读取"
        print(f"{kind}：{error}\n  The receipt does not hold: {error}")
        return 1
    print(f"回执成立：{said['number']}，{said['at']}\n  The receipt holds.")
    for table, rows in said["rows_deleted"].items():
        print(f"    {table}: {rows}")
    for delivery in said.get("deliveries_sealed", []):
        print(f"    {delivery}: 原始文件仍加密封存 / the delivered file stays sealed")
    for copy in said["copies_ending"]:
        print(f"    {copy['name']}: {copy['gone_by']}")
    return 0


def _settle(_arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.actions.restores import settle
    from xinlin.office.scopes import Actor

    done = settle(actor=Actor(handle="system:restore", name="恢复后重办 After a restore", role="system"))
    print(
        f"重新终止授权 {done.consents} 项，删除分数 {done.figures} 行、记录 {done.records} 条，"
        f"结束记录 {done.ended} 条，恢复本人的其他选择 {done.choices} 项。\n"
        f"  {done.consents} consents ended again, {done.figures} figures and {done.records} records deleted again,\n"
        f"  {done.ended} records ended again, {done.choices} other choices hold again."
    )
    return 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    consent = commands.add_parser("consent", help="授权与删除回执 / receipts of consent and deletion")
    tasks = consent.add_subparsers(required=True, metavar="TASK")
    check = tasks.add_parser("check", help="离线核验删除回执 / check a receipt of deletion offline")
    check.add_argument("receipt", help="回执文本 / the receipt as downloaded")
    check.add_argument("--key", required=True, help="公钥，见 /log/key / the public key, as at /log/key")
    check.set_defaults(run=_check)
    settle = tasks.add_parser(
        "settle", help="恢复备份之后运行：已撤回、已删除的不复活 / after a restore: nothing withdrawn revives"
    )
    settle.set_defaults(run=_settle)
