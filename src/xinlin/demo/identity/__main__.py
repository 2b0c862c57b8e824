"""``python -m xinlin.demo.identity [--port P] [--issuer-url URL]`` serves; ``… prepare`` reads people from standard input."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

HERE = "127.0.0.1"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        """Bind without asking the name service for our own name, which may hang on a machine without one."""
        super(WSGIServer, self).server_bind()
        self.server_name, self.server_port = HERE, self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is no error; anything else is printed as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed names a narrower request


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep no access log: it would hold who signed in when."""


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinlin.demo.identity.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def serve(port: int = 0, issuer_url: str = "") -> None:
    """Serve on the loopback until interrupted; prints ``identity service: URL`` once it answers. Port 0: any free one."""
    server = _Server((HERE, port), _Quiet)
    os.environ["XINLIN_DEMO_IDENTITY_URL"] = issuer_url or f"http://{HERE}:{server.server_port}"
    _set_up()
    from xinlin.demo.identity.wsgi import application

    server.set_app(application)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"identity service: {os.environ['XINLIN_DEMO_IDENTITY_URL']}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m xinlin.demo.identity", description=__doc__)
    parser.add_argument("task", nargs="?", choices=["serve", "prepare"], default="serve")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--issuer-url", default="", help="how browsers and the site reach it; default: the loopback address"
    )
    chosen = parser.parse_args()
    if chosen.task == "serve":
        serve(chosen.port, chosen.issuer_url.rstrip("/"))
        return
    _set_up()
    from xinlin.demo.identity.people import take_in

    take_in(**json.load(sys.stdin.buffer))


if __name__ == "__main__":
    main()
