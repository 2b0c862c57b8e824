"""The web server's entry point."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinlin.settings")

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

API = "/api/v1/"


class MachineHandler(WSGIHandler):
    """Django's handler for machines: they come by token, without session, cookie, language or frame."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Only the middleware that a machine's call needs; the rest costs a check more than its database does."""
        every = settings.MIDDLEWARE
        settings.MIDDLEWARE = [name for name in every if name in settings.MACHINE_MIDDLEWARE]
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = every


django.setup(set_prefix=False)
from xinlin.office.queries.keys import insist  # noqa: E402  tables can be named only once Django is set up

insist()
_pages, _machines = WSGIHandler(), MachineHandler()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Hand a machine's call to the handler for machines, every other to that for pages."""
    handler = _machines if environ.get("PATH_INFO", "").startswith(API) else _pages
    answer: Iterable[bytes] = handler(environ, start_response)
    return answer
