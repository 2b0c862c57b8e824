"""The demonstration city's identity service: a second process that vouches for made-up people (城市身份认证, 演示).

A real city has its own; Xinlin only ever talks to it by OpenID Connect. This one exists so that the demo and the tests
go the whole way. It is a small Django project of its own, with its own database in ``XINLIN_DATA/identity``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FACE = "urn:xinlin:assurance:face"
"""Assurance level: the living face was compared with the id card (人脸核验)."""
PASSWORD = "urn:xinlin:assurance:password"
"""Assurance level: only a password was given."""


@dataclass(frozen=True)
class IdentityPerson:
    """Somebody whom the service can vouch for.

    ``sub`` is stable and says nothing of the person. People with a ``label`` (one line on who they are, ``label_en`` on the
    English page) are offered for sign-in under ``group``; the others are found there by name. ``default_level`` is `FACE`
    or `PASSWORD`.
    """

    sub: str
    real_name: str
    resident_id: str | None = None
    label: str = ""
    group: str = ""
    default_level: str = FACE
    label_en: str = ""

    def __post_init__(self) -> None:
        if not self.sub or (self.resident_id and self.resident_id in self.sub):
            raise ValueError("sub must be given and must not contain the id number")
        if self.default_level not in (FACE, PASSWORD):
            raise ValueError(f"default_level {self.default_level!r}: use FACE or PASSWORD")


def _twins(uri: str) -> tuple[str, str]:
    """The loopback address goes by two names, and people type either."""
    here = ("//127.0.0.1:", "//localhost:")
    return (uri.replace(here[0], here[1], 1), uri.replace(here[1], here[0], 1))


def prepare(
    people: Iterable[IdentityPerson],
    redirect_uris: Iterable[str],
    client_id: str,
    client_secret: str,
    data: Path | None = None,
) -> None:
    """Make or bring up to date the service's database: these people, and this one client.

    Runs in a process of its own, since a process holds one Django project. ``data`` is the folder of all state
    (``XINLIN_DATA`` where absent). Raises subprocess.CalledProcessError with the reason on standard error.
    """
    task = {
        "people": [asdict(person) for person in people],
        "redirect_uris": sorted({twin for uri in redirect_uris for twin in _twins(uri)}),
        "client_id": client_id,
        "client_secret": client_secret,
    }
    environment = dict(os.environ)
    if data is not None:
        environment["XINLIN_DATA"] = str(data)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run(
        [sys.executable, "-m", "xinlin.demo.identity", "prepare"],
        input=json.dumps(task).encode(),
        env=environment,
        check=True,
    )
