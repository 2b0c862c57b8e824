"""The witness over HTTP: ``POST /add-checkpoint`` as C2SP tlog-witness says it, and its key at ``/key``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from xinlin import key_files
from xinlin.core.notes import COSIGNATURE, Key, Refused, open_checkpoint, split_note
from xinlin.core.witness import cosign, parse_submission
from xinlin.witness.store import Store

LARGEST_REQUEST = 128 * 1024
SECONDS_FOR_A_REQUEST = 10
logger = logging.getLogger(__name__)


class Witness:
    """A key, a store, and the logs that are listened to (origin -> key)."""

    def __init__(self, folder: Path, name: str, logs: Mapping[str, Key]) -> None:
        path = folder / "key"
        if not path.exists():
            key_files.make(path, name)
        self.key, self._sign = key_files.pair(path, COSIGNATURE)
        self.store = Store(folder / "witness.sqlite3")
        self.logs = dict(logs)

    def add_checkpoint(self, raw: bytes) -> tuple[int, str, str]:
        """(status, content type, body) for the body of a request."""
        plain = "text/plain; charset=utf-8"
        try:
            asked = parse_submission(raw)
            origin = split_note(asked.note)[0].split("\n", 1)[0]
        except Refused as refusal:
            return 400, plain, f"{refusal}\n"
        log = self.logs.get(origin)
        if log is None:
            return 404, plain, "this witness does not know the log\n"
        try:
            head = open_checkpoint(asked.note, log, key_files.verify)
        except Refused as refusal:
            return 403, plain, f"{refusal}\n"
        moment = int(time.time())
        judged, size = self.store.step(asked, head, moment)
        if judged.status == 409:
            return 409, "text/x.tlog.size", f"{size}\n"
        if judged.status != 200:
            logger.warning("%s: %s", origin, judged.why)
            return judged.status, plain, f"{judged.why}\n"
        return 200, plain, cosign(split_note(asked.note)[0], self.key, moment, self._sign)


def handler(witness: Witness) -> type[BaseHTTPRequestHandler]:
    """What answers one connection."""

    class Handler(BaseHTTPRequestHandler):
        """Reads at most `LARGEST_REQUEST` bytes and waits no longer than `SECONDS_FOR_A_REQUEST`."""

        timeout = SECONDS_FOR_A_REQUEST
        server_version = "xinlin-witness"
        sys_version = ""

        def _answer(self, status: int, kind: str, body: str) -> None:
            raw = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(raw)

        def do_GET(self) -> None:
            """The witness's key, to be noted by whoever checks its signatures."""
            if self.path == "/key":
                self._answer(200, "text/plain; charset=utf-8", f"{witness.key}\n")
            else:
                self._answer(404, "text/plain; charset=utf-8", "POST /add-checkpoint, or GET /key\n")

        def do_POST(self) -> None:
            """``add-checkpoint``."""
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self._answer(404, "text/plain; charset=utf-8", "POST /add-checkpoint, or GET /key\n")
            elif not length.isascii() or not length.isdigit():
                self._answer(411, "text/plain; charset=utf-8", "say the Content-Length\n")
            elif int(length) > LARGEST_REQUEST:
                self._answer(413, "text/plain; charset=utf-8", f"a request has at most {LARGEST_REQUEST} bytes\n")
            else:
                self._answer(*witness.add_checkpoint(self.rfile.read(int(length))))

        def log_message(self, format: str, *words: object) -> None:
            """One line in the program's own log."""
            logger.info(format, *words)

    return Handler


def serve(witness: Witness, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Answer until the process ends; ``ready`` is told the address once connections are taken."""
    with ThreadingHTTPServer((host, port), handler(witness)) as server:
        ready(f"http://{host}:{server.server_address[1]}")
        server.serve_forever()
