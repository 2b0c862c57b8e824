"""``xinlin witness …``: cosign the heads of other cities' logs, watch them, show what was kept against them (见证).

Needs no city and no database of one: a folder for its key and its store is all that a witness has.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import Any


def _say(zh: str, en: str) -> None:
    print(f"{zh}\n  {en}", flush=True)


def _refuse(zh: str, en: str) -> int:
    sys.stderr.write(f"{zh}\n  {en}\n")
    return 2


def _serve(arguments: argparse.Namespace) -> int:
    from xinlin.core.notes import Refused, parse_key
    from xinlin.key_files import KeyDamaged
    from xinlin.witness.serve import Witness, serve

    try:
        logs = [parse_key(text) for text in arguments.log]
        witness = Witness(Path(arguments.store), arguments.name, {key.name: key for key in logs})
    except (Refused, KeyDamaged, OSError) as error:
        return _refuse(f"见证程序无法启动：{error}", f"The witness cannot start: {error}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    host, _, port = arguments.listen.rpartition(":")

    def ready(address: str) -> None:
        _say(
            f"见证 {len(logs)} 份日志；公钥 {witness.key}；地址 {address}/add-checkpoint",
            f"Witnessing {len(logs)} logs; key {witness.key}; at {address}/add-checkpoint",
        )

    try:
        serve(witness, host or "127.0.0.1", int(port), ready)
    except KeyboardInterrupt:
        return 0
    except (OSError, ValueError) as error:
        return _refuse(f"无法在 {arguments.listen} 接听：{error}", f"Cannot listen at {arguments.listen}: {error}")
    return 0


def _evidence(arguments: argparse.Namespace) -> int:
    from xinlin.witness.store import Store

    found = Store(Path(arguments.store) / "witness.sqlite3").evidence()
    if not found:
        _say("没有留存任何不一致的证据。", "Nothing is kept against any log.")
        return 0
    for one in found:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one.time))
        _say(
            f"第 {one.number} 份，{moment} UTC，{one.origin}：{one.why}",
            f"number {one.number}, {moment} UTC: {one.why}",
        )
        print(f"--- 此前已见证 / cosigned before ---\n{one.known}--- 其后出示 / shown afterwards ---\n{one.shown}")
    return 1


def _watch(arguments: argparse.Namespace) -> int:
    from xinlin.core.notes import COSIGNATURE, Refused, parse_key
    from xinlin.witness.store import Store
    from xinlin.witness.watch import Reader, Unreadable, look

    try:
        key = parse_key(arguments.key)
        witnesses = [parse_key(text, COSIGNATURE) for text in arguments.witness]
        reader = Reader(arguments.address)
    except (Refused, ValueError) as error:
        return _refuse(f"参数有误：{error}", f"The arguments are wrong: {error}")
    store = Store(Path(arguments.store) / "witness.sqlite3")
    while True:
        try:
            seen = look(reader, key, witnesses, store)
        except Unreadable as error:
            _say(f"读不到日志：{error}", f"The log cannot be read: {error}")
            code = 1
        else:
            code = 1 if seen.trouble else 0
            if seen.trouble:
                _say(f"不一致：{seen.trouble}", f"DIFFERS: {seen.trouble}")
            else:
                _say(
                    f"一致：共 {seen.size} 叶，新读 {seen.added} 叶，{len(seen.witnesses)} 家见证。",
                    f"The log has grown: {seen.size} leaves, {seen.added} new, cosigned by {len(seen.witnesses)}.",
                )
        if not arguments.every:
            return code
        time.sleep(arguments.every)


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Put ``witness`` and its tasks on the command line."""
    witness = commands.add_parser("witness", help="见证其他城市的日志 / cosign and watch other cities' logs")
    tasks = witness.add_subparsers(required=True, metavar="TASK")
    serving = tasks.add_parser("serve", help="接受并会签日志头 / cosign heads over HTTP (C2SP tlog-witness)")
    serving.add_argument("--store", required=True, metavar="FOLDER", help="密钥与存储 / key and store")
    serving.add_argument(
        "--name", default="witness.example", help="见证方名称，首次启动时定下 / fixed at the first start"
    )
    serving.add_argument("--listen", default="127.0.0.1:8711", metavar="HOST:PORT")
    serving.add_argument("--log", action="append", required=True, metavar="KEY", help="日志公钥，可多次 / a log's key")
    serving.set_defaults(run=_serve)
    evidence = tasks.add_parser("evidence", help="显示留存的证据 / show what is kept against a log")
    evidence.add_argument("--store", required=True, metavar="FOLDER")
    evidence.set_defaults(run=_evidence)
    watch = tasks.add_parser("watch", help="从外面重读日志 / re-read a log from outside")
    watch.add_argument("address", help="日志地址 / such as https://credit.example.cn/log")
    watch.add_argument("--key", required=True, help="日志公钥 / the log's key, as noted elsewhere")
    watch.add_argument(
        "--witness", action="append", default=[], metavar="KEY", help="见证方公钥，可多次 / a witness's key"
    )
    watch.add_argument("--store", required=True, metavar="FOLDER")
    watch.add_argument("--every", type=float, default=0.0, metavar="SECONDS", help="一直运行 / keep running")
    watch.set_defaults(run=_watch)
