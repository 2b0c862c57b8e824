"""Issuing a credit report: free, as often as wished, with a code by which anybody can tell it is genuine (出具信用报告)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from xinlin.core.reports import code_of
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Subject
from xinlin.office.models.reports import Report
from xinlin.office.queries.people import own_subject
from xinlin.office.queries.records import represented_now
from xinlin.office.scopes import Actor, NotFound, now, today


@dataclass(frozen=True)
class Stamp:
    """What a new report bears: its number, its code, its moment."""

    number: str
    code: str
    at: datetime


@dataclass(frozen=True)
class Issued:
    """A report as handed over; the platform keeps its fingerprint alone."""

    stamp: Stamp
    pdf: bytes


def issue(*, actor: Actor, firm: str, via: str, make: Callable[[Stamp], bytes]) -> Issued:
    """Have a report made by ``make`` and note that it was issued, about the resident or an organisation they represent.

    Raises `NotFound` for an organisation that the resident does not represent today.
    """
    person = own_subject(actor, "report")
    subject: Subject | None = person
    if firm:
        subject = Subject.objects.filter(pk__in=represented_now(person), pseudonym=firm).first()
    if subject is None:
        raise NotFound(
            "没有这家单位，或您现在不是它的法定代表人。There is no such organisation, or you do not lead it now."
        )
    stamp = Stamp(f"BG{today():%Y%m%d}-{secrets.token_hex(4).upper()}", code_of(secrets.token_bytes(10)), now())
    stamp = Stamp(stamp.number, stamp.code, stamp.at.replace(microsecond=0))
    pdf = make(stamp)
    with transaction.atomic():
        kept = Report.objects.create(
            number=stamp.number,
            code_key=vault.keyed_hash("report", stamp.code),
            subject=subject,
            asked_by=person,
            sha256=hashlib.sha256(pdf).hexdigest(),
            issued_at=stamp.at,
            actor=actor.handle,
            via=via,
        )
        write_leaf(actor=actor, action="reports.issue", table="report", key=kept.number, facts={"sha256": kept.sha256})
    return Issued(stamp, pdf)
