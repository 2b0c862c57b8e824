"""Subjects and list entries made by hand under the national rulebook, and two systems that ask about them."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from xinlin.core.checks import Applicant
from xinlin.office import vault
from xinlin.office.actions.checks import answer
from xinlin.office.models.batches import Batch
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.checks import CheckView
from xinlin.office.scopes import Actor, now, today

_counter = itertools.count(1)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

BIDDING = "bidding_qualification"
TRADING = Actor(handle="machine:1", name="公共资源交易系统", role="machine", department="public_resource_trading")
HOUSING = Actor(handle="machine:2", name="施工许可系统", role="machine", department="housing")
OFFICER = "陈思远"


def resident_id(serial: int, born: date = date(1990, 5, 17)) -> str:
    """A valid id number in 洞头."""
    body = f"330305{born:%Y%m%d}{serial % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def uscc(serial: int) -> str:
    """A valid unified social credit code of an enterprise in 洞头."""
    body = f"91330305MA{serial:07}"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(_ALPHABET.index(c) * w for c, w in zip(body, weights, strict=True))
    return body + _ALPHABET[(31 - total % 31) % 31]


@dataclass(frozen=True)
class Listed:
    """A registered subject with the identifier it is found by."""

    subject: Subject
    identifier: str
    name: str


def make_subject(name: str, *, person: bool) -> Listed:
    serial = next(_counter)
    identifier = resident_id(serial, date(1980, 1, 1) + timedelta(days=serial // 1000)) if person else uscc(serial)
    register = "person" if person else "organisation"
    subject = Subject.objects.create(
        register=register,
        kind="person" if person else "enterprise",
        number=Subject.objects.filter(register=register).count(),
        pseudonym=secrets.token_hex(16),
        identifier_key=vault.identifier_key(identifier),
        identifier_sealed=vault.seal(identifier, "subject.identifier"),
        name_sealed=vault.seal(name, "subject.name") if person else "",
        public_name="" if person else name,
    )
    return Listed(subject, identifier, name)


def make_entry(subject: Subject, list_code: str = "wage_arrears", **changes: Any) -> ListEntry:
    batch, _made = Batch.objects.get_or_create(
        number="BT-LISTS",
        defaults={
            "department": "human_resources",
            "kind": "wage_arrears",
            "delivery": "full_list",
            "filename": "list.csv",
            "sha256": "0" * 64,
            "size": 1,
            "sent_by": "system:test",
            "received_at": now(),
            "valid_on": today(),
        },
    )
    status = changes.pop("status", "active")
    facts = {
        "entered_on": today() - timedelta(days=30),
        "document": "洞人社列决〔2026〕3号",
        "authority": "洞头区人力资源和社会保障局",
        "article": "拖欠农民工工资失信联合惩戒对象名单管理暂行办法 第五条",
        "notice_on": today() - timedelta(days=40),
        "remedy": "可在60日内申请行政复议，或在6个月内提起行政诉讼",
        "ends_on": today() + timedelta(days=365),
        **changes,
    }
    record = Record.objects.create(
        reference=secrets.token_hex(8),
        subject=subject,
        kind=list_code,
        department="human_resources",
        batch=batch,
        row=next(_counter),
        occurred_on=facts["entered_on"],
        entered_at=now(),
        status=status,
        fingerprint=secrets.token_hex(32),
        **{part: facts[part] for part in ("document", "authority", "article", "notice_on", "remedy", "ends_on")},
    )
    return ListEntry.objects.create(record=record, subject=subject, list=list_code, **facts)


@pytest.fixture(autouse=True)
def _national(settings: Any) -> None:
    """The national rulebook: what these tests say holds in every city that extends it."""
    settings.CITY = "national"


@pytest.fixture
def firm(db: None) -> Callable[..., Listed]:
    """``firm("示例建设有限公司")``: a registered enterprise."""
    return lambda name="示例建设有限公司": make_subject(name, person=False)


@pytest.fixture
def person(db: None) -> Callable[..., Listed]:
    """``person("林小满")``: a registered natural person."""
    return lambda name="林小满": make_subject(name, person=True)


@pytest.fixture
def entry(db: None) -> Callable[..., ListEntry]:
    """``entry(subject, "wage_arrears", ends_on=…)``: an entry as intake would have stored it."""
    return make_entry


@pytest.fixture
def ask(db: None) -> Callable[..., CheckView]:
    """``ask(Applicant(…), …)``: a check by the trading centre's system at the bidding item."""

    def asked(*applicants: Applicant, key: str = "", **changes: Any) -> CheckView:
        given: dict[str, Any] = {
            "actor": TRADING,
            "item": BIDDING,
            "purpose": "投标资格审查",
            "officer": OFFICER,
            "idempotency_key": key or secrets.token_hex(8),
            **changes,
        }
        return answer(applicants=applicants, **given)

    return asked
