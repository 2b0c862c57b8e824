"""Asks the witnesses to cosign the newest head, and keeps what they sign (见证会签)."""

from __future__ import annotations

import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from xinlin.core.notes import COSIGNATURE, Key, Refused, parse_key
from xinlin.core.tree import consistency
from xinlin.core.witness import Submission, cosignatures
from xinlin.office import signing
from xinlin.office.models.log import Cosignature, Head
from xinlin.office.queries import log
from xinlin.office.scopes import now

logger = logging.getLogger(__name__)
SECONDS_FOR_AN_ANSWER = 5
LARGEST_ANSWER = 16 * 1024
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Witness:
    """Whom to ask, and by which key the answer is known."""

    key: Key
    address: str


@lru_cache(maxsize=8)
def _read(settings_value: tuple[str, ...]) -> tuple[Witness, ...]:
    found = []
    for text in settings_value:
        key, at, address = text.partition("@http")
        if not at:
            raise Refused(f"XINLIN_LOG_WITNESSES: {text[:80]!r} is not name+id+key@https://…")
        found.append(Witness(parse_key(key, COSIGNATURE), ("http" + address).rstrip("/")))
    return tuple(found)


def witnesses() -> tuple[Witness, ...]:
    """The witnesses of the settings. Raises `Refused`."""
    return _read(tuple(settings.LOG_WITNESSES))


def _post(witness: Witness, asked: Submission) -> tuple[int, str]:
    request = urllib.request.Request(
        f"{witness.address}/add-checkpoint", data=str(asked).encode(), headers={"Content-Type": "text/plain"}
    )
    try:
        with _DIRECT.open(request, timeout=SECONDS_FOR_AN_ANSWER) as answer:
            return answer.status, answer.read(LARGEST_ANSWER).decode("utf-8", "replace")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(LARGEST_ANSWER).decode("utf-8", "replace")


def _submission(head: Head, old: int) -> Submission:
    proof = consistency(old, head.size, log.read_tile) if old else []
    return Submission(old, tuple(proof), head.note)


def _ask(witness: Witness, head: Head) -> str:
    """The witness's signature line under this head. Raises `Refused` for whatever else it answers, OSError for silence."""
    held = Cosignature.objects.filter(witness=witness.key.name, head__size__lte=head.size).order_by("-head__size")
    old = held.values_list("head__size", flat=True).first() or 0
    status, text = _post(witness, _submission(head, old))
    if status == 409 and text.strip().isascii() and text.strip().isdigit() and int(text) != old:
        old = int(text)
        if old > head.size:
            raise Refused(f"it has cosigned {old} leaves of this log, which holds {head.size}: this log was cut back")
        status, text = _post(witness, _submission(head, old))
    if status != 200:
        raise Refused(f"it answered {status}: {text.strip()[:200]}")
    if not cosignatures(head.note + text, [witness.key], signing.verify):
        raise Refused("its answer holds no signature of its key")
    return next(line + "\n" for line in text.split("\n") if line.split(" ")[1:2] == [witness.key.name])


def ask() -> int:
    """Ask every witness that has not cosigned the newest head; how many did now. One that is silent is asked again later."""
    head = Head.objects.order_by("-size").first()
    if head is None:
        return 0
    have, taken = set(head.cosignatures.values_list("witness", flat=True)), 0
    for witness in witnesses():
        if witness.key.name in have:
            continue
        try:
            line = _ask(witness, head)
        except (OSError, ValueError) as error:
            logger.warning(
                "the witness %s did not cosign the head of %s leaves: %s", witness.key.name, head.size, error
            )
            continue
        with transaction.atomic():
            _kept, made = Cosignature.objects.get_or_create(
                head=head, witness=witness.key.name, defaults={"line": line, "at": now()}
            )
            if made:
                Head.objects.filter(pk=head.pk).update(cosigned=head.cosignatures.count())
                taken += 1
    return taken


def keep_asking(every: float, stopped: Callable[[], bool]) -> None:
    """Ask each ``every`` seconds until ``stopped`` says so; a database that is away is asked again at the next turn."""
    while not stopped():
        try:
            ask()
        except DatabaseError as error:
            logger.warning("the witnesses could not be asked and will be: %s", error)
            connection.close()
        time.sleep(every)
