"""Residents, firms and records made by hand, straight into tables, for tests of what follows from them."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from stdnum.cn import ric

from xinlin.office import vault
from xinlin.office.models.batches import Batch
from xinlin.office.models.people import Relation, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import Actor, now, today

SYSTEM = Actor(handle="system:test", name="test", role="system")
_counter = itertools.count(1)


@dataclass(frozen=True)
class Resident:
    """A person in the register with an account."""

    subject: Subject
    actor: Actor


def resident_id(born: date, serial: int) -> str:
    """A valid id number of the given birthday in 洞头."""
    body = f"330305{born:%Y%m%d}{serial:03}"
    return body + ric.calc_check_digit(body + "0")


def make_subject(identifier: str, name: str, kind: str = "person", born: date | None = None) -> Subject:
    register = "person" if kind == "person" else "organisation"
    return Subject.objects.create(
        register=register,
        kind=kind,
        number=Subject.objects.filter(register=register).count(),
        pseudonym=secrets.token_hex(16),
        identifier_key=vault.identifier_key(identifier),
        identifier_sealed=vault.seal(identifier, "subject.identifier"),
        name_sealed=vault.seal(name, "subject.name"),
        public_name="" if kind == "person" else name,
        born_on=born,
    )


@pytest.fixture
def resident(db: None) -> Callable[..., Resident]:
    """``resident("林小满", born=…)``: a person in the register who can sign in."""

    def make(name: str = "林小满", born: date = date(1990, 5, 17)) -> Resident:
        serial = next(_counter)
        subject = make_subject(resident_id(born, serial % 1000), name, born=born)
        account = Account.objects.create(username=f"resident-{serial}", display_name=name, subject=subject)
        return Resident(subject, actor_of(account))

    return make


@pytest.fixture
def firm(db: None) -> Callable[..., Subject]:
    """``firm(resident, since=…)``: an enterprise that the resident represents."""

    def make(representative: Resident, since: date, until: date | None = None) -> Subject:
        organisation = make_subject(f"FIRM{next(_counter):014}", "示例海产有限公司", kind="enterprise")
        stated = make_record(organisation, "enterprise_registration", since)
        Relation.objects.create(
            organisation=organisation, person=representative.subject, from_on=since, until_on=until, record=stated
        )
        return organisation

    return make


def make_record(subject: Subject, kind: str, on: date, **changes: Any) -> Record:
    batch, _made = Batch.objects.get_or_create(
        number="BT-TEST",
        defaults={
            "department": "civil_affairs",
            "kind": kind,
            "delivery": "additions",
            "filename": "test.csv",
            "sha256": "0" * 64,
            "size": 1,
            "sent_by": "system:test",
            "received_at": now(),
            "valid_on": today(),
        },
    )
    parts = {"authority": "洞头区示例局", "article": "示例办法第一条", "notice_on": on, "record_class": "minor"}
    filled = {"department": "civil_affairs", "document": "洞文〔2026〕1号", **parts, **changes}
    return Record.objects.create(
        reference=secrets.token_hex(8),
        subject=subject,
        kind=kind,
        batch=batch,
        row=next(_counter),
        occurred_on=on,
        entered_at=now(),
        fingerprint=secrets.token_hex(32),
        **filled,
    )


@pytest.fixture
def record(db: None) -> Callable[..., Record]:
    """``record(subject, "volunteer_service", on, fields={"hours": 10})``: a record as intake would have stored it."""
    return make_record


@pytest.fixture
def system() -> Actor:
    """The system as actor."""
    return SYSTEM
