"""Attaching evidence files to records, cases and remedies (证据文件).

``attach(actor=…, record=reference, filename=…, chunks=…)`` or ``case=number`` or ``remedy=number``: whoever may, one call, one file. It is judged
by its content in a confined process, scanned where this installation has a scanner, drawn anew if it is a picture, kept
sealed under its hash. What is refused is noted, without its bytes.
"""

from __future__ import annotations

import hashlib
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions.deliveries import clean_filename
from xinlin.office.confinement import Answer, Limits, confined
from xinlin.office.layouts import FileRefused
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Case
from xinlin.office.models.checks import Remedy
from xinlin.office.models.evidence import Evidence
from xinlin.office.models.records import Record
from xinlin.office.queries.evidence import PLACE, case_for, record_for, remedy_for
from xinlin.office.scopes import Actor, NotAllowed, Refused, now, today

LARGEST_FILE = 300 << 20
"""Bytes of the largest sort of evidence; what is longer is refused before it is whole on disk."""
MOST_FILES = 20
"""Files on one record or in one case."""
SCAN_SECONDS = 120
_LIMITS = Limits(memory=1 << 30, seconds=60, written=400 << 20)
_PIECE = 1 << 20


def attach(
    *, actor: Actor, filename: str, chunks: Iterable[bytes], record: str = "", case: str = "", remedy: str = ""
) -> str:
    """Keep one file as evidence on the record with this reference, in this case, or with this remedy; returns its number.

    The same bytes again give the same number. Raises `Refused` (kind, size, broken, infected, body template, too many),
    `NotFound` and `NotAllowed` where that is none of the actor's business, ValueError where not exactly one is named.
    """
    if [bool(record), bool(case), bool(remedy)].count(True) != 1:
        raise ValueError("name a record, a case or a remedy")
    if actor.role == "auditor":
        raise NotAllowed("审计员只看不改。Auditors read and change nothing.")
    about: dict[str, Any] = {"record": record_for(actor, record)} if record else {}
    about |= {"case": case_for(actor, case)} if case else {}
    about |= {"remedy": remedy_for(actor, remedy)} if remedy else {}
    name = clean_filename(filename)
    with tempfile.TemporaryFile(dir=_folder()) as plain:
        sent, size = _keep(plain, chunks)
        if not size:
            raise Refused(_EMPTY)
        path = Path(f"/proc/self/fd/{plain.fileno()}")
        try:
            _room(about)
            scan = _scan(path)
            answer = confined("evidence", path, {"filename": name}, limits=_LIMITS)
        except FileRefused as refusal:
            _refuse(actor, about, name, sent, size, refusal.problem)
        except Refused as refusal:
            _refuse(actor, about, name, sent, size, refusal.problem)
        with answer.spool:
            return _store(actor, about, name, path, answer, sent, scan)


def _folder() -> Path:
    folder = Path(settings.DATA) / "vault" / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _keep(plain: IO[bytes], chunks: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if size > LARGEST_FILE:
            raise Refused(_TOO_LARGE)
        plain.write(chunk)
    plain.flush()
    return digest.hexdigest(), size


def _room(about: dict[str, Any]) -> None:
    if Evidence.objects.filter(state=Evidence.State.KEPT, **about).count() >= MOST_FILES:
        raise Refused(_TOO_MANY)


def _scan(path: Path) -> str:
    """What the scanner says. Its command gets the file on standard input: 0 is clean, 1 infected, all else did not work.

    Raises `Refused` for what is infected, and while a scanner that should be there does not answer.
    """
    if not settings.SCAN_COMMAND:
        return Evidence.Scan.NONE
    try:
        with path.open("rb") as stream:
            code = subprocess.run(
                shlex.split(settings.SCAN_COMMAND), stdin=stream, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=SCAN_SECONDS, check=False,
            ).returncode  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        code = 2
    if code == 0:
        return Evidence.Scan.CLEAN
    raise Refused(_INFECTED if code == 1 else _NO_SCANNER)


def _number() -> str:
    return f"E{today():%Y%m%d}-{secrets.token_hex(5).upper()}"


def _facts(about: dict[str, Any]) -> dict[str, object]:
    record, case, remedy = about.get("record"), about.get("case"), about.get("remedy")
    return {
        "record": record.reference if isinstance(record, Record) else "",
        "case": case.number if isinstance(case, Case) else "",
        **({"remedy": remedy.number} if isinstance(remedy, Remedy) else {}),
    }


def _refuse(actor: Actor, about: dict[str, Any], name: str, sent: str, size: int, problem: Problem) -> None:
    """Note what was tried, without its bytes, and refuse it."""
    with transaction.atomic():
        row = Evidence.objects.create(
            number=_number(), state=Evidence.State.REFUSED, code=problem.code, filename_sealed=vault.seal(name, PLACE),
            sha256=sent, sent_sha256=sent, size=size, department=actor.department, attached_by=actor.handle, attached_at=now(),
            scan=Evidence.Scan.INFECTED if problem is _INFECTED else Evidence.Scan.NONE, **about,
        )  # fmt: skip
        facts = {**_facts(about), "code": problem.code, "sha256": sent, "size": size}
        write_leaf(actor=actor, action="evidence.refuse", table="evidence", key=row.number, facts=facts)
    raise Refused(problem)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _store(actor: Actor, about: dict[str, Any], name: str, path: Path, answer: Answer, sent: str, scan: str) -> str:
    found = answer.facts
    kept = Path(f"/proc/self/fd/{answer.spool.fileno()}") if found["redrawn"] else path
    sha256, size = vault.store(_read(kept))
    with transaction.atomic():
        # the one place where two uploads of the same file meet is the row of what they belong to
        type(next(iter(about.values()))).objects.select_for_update().get(pk=next(iter(about.values())).pk)
        same = Evidence.objects.filter(sha256=sha256, state=Evidence.State.KEPT, **about).first()
        if same is not None:
            return same.number
        row = Evidence.objects.create(
            number=_number(), state=Evidence.State.KEPT, filename_sealed=vault.seal(name, PLACE), sha256=sha256, sent_sha256=sent,
            size=size, sort=found["sort"], media_type=found["type"], extension=found["extension"], pages=found["pages"],
            width=found["width"], height=found["height"], active=found["active"], scan=scan, department=actor.department,
            attached_by=actor.handle, attached_at=now(), **about,
        )  # fmt: skip
        facts = {**_facts(about), "sha256": sha256, "sent_sha256": sent, "size": size, "type": row.media_type}
        write_leaf(actor=actor, action="evidence.attach", table="evidence", key=row.number, facts=facts)
    return row.number


def _problem(code: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Problem:
    return Problem(code, "evidence", Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en))


_EMPTY = _problem("file_empty", "文件是空的", "The file is empty", "请重新选择文件", "Choose the file again")
_TOO_LARGE = _problem(
    "evidence_too_large", "文件超过 300 MB", "The file has more than 300 MB",
    "请压缩或拆开后上传", "Make it smaller or split it, and upload it",
)  # fmt: skip
_TOO_MANY = _problem(
    "evidence_too_many", f"这里已有 {MOST_FILES} 份证据文件", f"There are {MOST_FILES} evidence files here already",
    "请把几份材料合并成一份 PDF", "Join several papers into one PDF",
)  # fmt: skip
_INFECTED = _problem(
    "evidence_infected", "扫描发现病毒，没有保存", "The scanner found malware; it was not kept",
    "请在本机杀毒后重新上传", "Clean your machine and upload it again",
)  # fmt: skip
_NO_SCANNER = _problem(
    "scanner_unavailable", "病毒扫描暂时不可用，没有保存", "The malware scanner does not answer; it was not kept",
    "请稍后再传；仍不行请告知运维人员", "Try later; tell the operators if it still fails",
)  # fmt: skip
