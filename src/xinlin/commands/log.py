"""``xinlin log …``: number leaves, verify everything from nothing, write the log out, check a receipt (存证日志)."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from xinlin.commands.installation import begin

SHOWN_FINDINGS = 40


def _say(zh: str, en: str) -> None:
    print(f"{zh}\n  {en}")


def _sequence(arguments: argparse.Namespace) -> int:
    from xinlin.core.notes import Refused
    from xinlin.office.jobs import log as jobs
    from xinlin.office.jobs import witnesses
    from xinlin.office.queries import log as queries

    try:
        asked = witnesses.witnesses()
    except Refused as refusal:
        _say(f"见证方设置有误：{refusal}", f"The witnesses are set up wrongly: {refusal}")
        return 2
    if not arguments.every:
        try:
            taken = jobs.sequence()
            witnesses.ask()
        except jobs.LogBroken as broken:
            _say(f"没有编号：{broken}", f"Nothing was numbered: {broken}")
            return 1
        head = next(iter(queries.heads(1)), None)
        size, cosigned = (head.size, len(head.witnesses)) if head else (0, 0)
        _say(
            f"新编号 {taken} 叶，树共 {size} 叶，{cosigned}/{len(asked)} 家见证。",
            f"{taken} leaves numbered; the tree holds {size}; {cosigned} of {len(asked)} witnesses cosigned.",
        )
        return 0
    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if asked:
        # apart, so that a slow witness never keeps a leaf from its number
        threading.Thread(
            target=witnesses.keep_asking, args=(arguments.every, lambda: stopped), daemon=True, name="witnesses"
        ).start()
    try:
        jobs.keep_sequencing(arguments.every, lambda: stopped)
    except jobs.LogBroken as broken:
        _say(f"已停止编号：{broken}", f"Numbering stopped: {broken}")
        return 1
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from xinlin.core.notes import Refused, parse_key
    from xinlin.office.queries.log_audit import verify

    try:
        key = parse_key(arguments.key) if arguments.key else None
        kept = Path(arguments.head).read_text(encoding="utf-8") if arguments.head else None
    except (Refused, OSError, UnicodeDecodeError) as error:
        _say(f"无法使用所给的公钥或树头：{error}", f"The key or head given cannot be used: {error}")
        return 2
    verdict = verify(key, kept)
    for finding in verdict.findings[:SHOWN_FINDINGS]:
        _say(f"不符 {finding.place}：{finding.what.zh}", f"DIFFERS {finding.place}: {finding.what.en}")
    if len(verdict.findings) > SHOWN_FINDINGS:
        more = len(verdict.findings) - SHOWN_FINDINGS
        _say(f"另有 {more} 处不符。", f"and {more} more.")
    if verdict.waiting:
        _say(
            f"有 {verdict.waiting} 叶已提交而未编号（最早 {verdict.waiting_since:%Y-%m-%d %H:%M:%S}）；可运行：xinlin log sequence",
            f"{verdict.waiting} leaves are committed and wait for a number; run: xinlin log sequence",
        )
    seen = f"{verdict.leaves} 叶（其中 {verdict.erased} 叶的开封内容已销毁）、{verdict.tiles} 瓦片、{verdict.heads} 个签名树头"
    counted = f"{verdict.leaves} leaves ({verdict.erased} erased), {verdict.tiles} tiles, {verdict.heads} signed heads"
    if not verdict.holds:
        _say(
            f"核验不通过：{seen}，{len(verdict.findings)} 处不符。",
            f"FAILED: {counted}, {len(verdict.findings)} findings.",
        )
        return 1
    _say(f"核验通过：{seen}。", f"The log holds: {counted}.")
    if verdict.head:
        print(verdict.head, end="")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from xinlin.office.jobs.log import LogBroken, export

    try:
        size = export(Path(arguments.folder))
    except (LogBroken, OSError) as error:
        _say(f"未能写出：{error}", f"Not written: {error}")
        return 1
    _say(f"已写出 {size} 叶的日志到 {arguments.folder}。", f"The log of {size} leaves is in {arguments.folder}.")
    return 0


def _monitor(arguments: argparse.Namespace) -> int:
    """Our own log as others read it, against our own rows."""
    from django.conf import settings

    from xinlin.office.jobs.witnesses import witnesses
    from xinlin.office.queries.log_audit import Rows
    from xinlin.office.signing import log_key
    from xinlin.witness.store import Store
    from xinlin.witness.watch import Reader, Unreadable, look

    store = Store(Path(settings.DATA) / "monitor" / "log.sqlite3")
    while True:
        try:
            seen = look(Reader(arguments.address), log_key(), [one.key for one in witnesses()], store, Rows())
            trouble = seen.trouble
        except (Unreadable, ValueError) as error:
            trouble = str(error)
        if trouble:
            _say(f"不一致：{trouble}", f"DIFFERS: {trouble}")
        else:
            _say(
                f"对外提供的 {seen.size} 叶与库中逐叶一致（新读 {seen.added} 叶），{len(seen.witnesses)} 家见证。",
                f"All {seen.size} leaves served are those of the rows ({seen.added} new); {len(seen.witnesses)} witnesses.",
            )
        if not arguments.every:
            return 1 if trouble else 0
        time.sleep(arguments.every)


def _key(_arguments: argparse.Namespace) -> int:
    from xinlin.office.queries.log import verification_key

    print(verification_key())
    return 0


def _check(arguments: argparse.Namespace) -> int:
    """Needs no database: the receipt, the key, nothing else."""
    from xinlin.core.notes import COSIGNATURE, Refused, parse_key, parse_proof, verify_receipt
    from xinlin.core.witness import cosignatures
    from xinlin.key_files import verify

    try:
        witnesses = [parse_key(one, COSIGNATURE) for one in arguments.witness]
        text = Path(arguments.receipt).read_bytes().decode("utf-8")
        entry = bytes.fromhex(arguments.entry) if arguments.entry else None
        head, body = verify_receipt(text, parse_key(arguments.key), verify, entry)
        cosigned = cosignatures(parse_proof(text).checkpoint, witnesses, verify)
    except (OSError, ValueError) as error:
        kind = "回执不成立" if isinstance(error, Refused) else "无法读取"
        _say(f"{kind}：{error}", f"The receipt does not hold: {error}")
        return 1
    _say(
        f"回执成立，在 {head.origin} 的 {head.size} 叶之树中。",
        f"The receipt holds in the tree of {head.size} of {head.origin}.",
    )
    if witnesses:
        _say(
            f"{len(cosigned)}/{len(witnesses)} 家见证会签：{'、'.join(cosigned) or '无'}。",
            f"Cosigned by {len(cosigned)} of {len(witnesses)} witnesses: {', '.join(cosigned) or 'none'}.",
        )
    for name, value in body.items():
        print(f"    {name}: {value}")
    return 0


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Put ``log`` and its tasks on the command line."""
    log = commands.add_parser(
        "log", help="存证日志：编号、核验、写出、验回执 / number, verify, write out, check a receipt"
    )
    tasks = log.add_subparsers(required=True, metavar="TASK")

    def task(name: str, run: Any, text: str, database: bool = True, writes: bool = False) -> argparse.ArgumentParser:
        def prepared(arguments: argparse.Namespace) -> int:
            if database:
                begin(insisting=writes)
            code: int = run(arguments)
            return code

        parser: argparse.ArgumentParser = tasks.add_parser(name, help=text)
        parser.set_defaults(run=prepared)
        return parser

    sequence = task(
        "sequence", _sequence, "为已提交的叶编号并签发树头 / number committed leaves and sign the head", writes=True
    )
    sequence.add_argument(
        "--every", type=float, default=0.0, metavar="SECONDS", help="一直运行，每隔几秒一次 / keep running"
    )
    verify = task("verify", _verify, "从零重建并逐项核对 / rebuild all from nothing and compare")
    verify.add_argument("--key", help="另行保存的日志公钥 / the log's key as noted elsewhere")
    verify.add_argument("--head", metavar="FILE", help="另行保存的签名树头 / a signed head kept elsewhere")
    export = task("export", _export, "写成静态文件夹（C2SP tlog-tiles）/ write a static tlog-tiles folder")
    export.add_argument("folder")
    monitor = task("monitor", _monitor, "把对外提供的日志与库中各行比对 / compare the log as served with the rows")
    monitor.add_argument("address", help="本市日志的公开地址 / such as https://credit.example.cn/log")
    monitor.add_argument("--every", type=float, default=0.0, metavar="SECONDS", help="一直运行 / keep running")
    task("key", _key, "显示日志公钥 / show the log's public key")
    check = task("check", _check, "离线核验一份回执 / check a receipt offline", database=False)
    check.add_argument("receipt", help="回执文件 / the receipt file")
    check.add_argument("--key", required=True, help="日志公钥 / the log's public key")
    check.add_argument("--witness", action="append", default=[], metavar="KEY", help="见证方公钥 / a witness's key")
    check.add_argument("--entry", help="叶的 32 字节（十六进制），回执不含开封内容时用 / the leaf's 32 bytes in hex")
