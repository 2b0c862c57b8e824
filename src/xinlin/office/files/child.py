"""The process that opens a file from outside: no keys, no tables, no network of ours, little memory, little time (解析进程).

``python -m xinlin.office.files.child SOURCE SPOOL`` with two numbers of inherited file descriptors; the request comes as
JSON on standard input, the answer goes as JSON to standard output, rows go to SPOOL as lines of JSON. Whatever a file does
to this process, the one that started it reads JSON only.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import IO, Any

ROWS_A_LINE = 500
"""Rows in one line of the spool."""


def _limit(limits: dict[str, int]) -> None:
    """Before the first byte of the file: memory in bytes, seconds of processor, bytes written."""
    for name, kind in (
        ("memory", resource.RLIMIT_AS),
        ("seconds", resource.RLIMIT_CPU),
        ("written", resource.RLIMIT_FSIZE),
    ):
        resource.setrlimit(kind, (limits[name], limits[name]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _table(source: Path, spool: IO[bytes], request: dict[str, Any]) -> dict[str, Any]:
    """Open a table and write its rows down."""
    from xinlin.office.files.opening import open_any
    from xinlin.office.layouts import Reading

    sheet = open_any(source, frozenset(request["known"]), Reading.from_dict(request["reading"]))
    rows = 0
    for chunk in sheet.chunks(ROWS_A_LINE):
        line = [[number, list(cells), number in sheet.doubtful] for number, cells in chunk]
        spool.write(
            json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
        )
        rows += len(chunk)
    sheet.layout.rows_expected = rows
    spool.flush()
    return {"layout": sheet.layout.as_dict(), "findings": [list(finding) for finding in sheet.layout.findings]}


def _evidence(source: Path, spool: IO[bytes], request: dict[str, Any]) -> dict[str, Any]:
    """Look at an evidence file; a picture comes back newly drawn."""
    from xinlin.office.files.evidence import inspect

    return inspect(source, spool, request["filename"])


TASKS = {"table": _table, "evidence": _evidence}


def main() -> None:
    """Do one task and answer."""
    source, spool_number = Path(f"/proc/self/fd/{int(sys.argv[1])}"), int(sys.argv[2])
    request = json.load(sys.stdin)
    _limit(request["limits"])
    from xinlin.engine.workplaces import peak_memory
    from xinlin.office.layouts import FileRefused

    with os.fdopen(spool_number, "wb", buffering=1 << 20) as spool:
        try:
            answer = TASKS[request["task"]](source, spool, request)
        except FileRefused as refusal:
            answer = {"problem": refusal.problem.as_dict(), "tables": list(refusal.tables)}
        except (MemoryError, RecursionError):
            answer = {"exceeded": "memory"}
    answer["peak"] = peak_memory()
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
