"""Organisations and records as intake leaves them, for what becomes public of them."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from xinlin.office import vault
from xinlin.office.models.batches import Batch
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.scopes import now, today

from ..checks.conftest import Listed, make_subject

_counter = itertools.count(1)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def trader_code(serial: int) -> str:
    """A valid code of a sole trader in 洞头."""
    body = f"92330305MA{serial:07}"
    total = sum(_ALPHABET.index(c) * w for c, w in zip(body, _WEIGHTS, strict=True))
    return body + _ALPHABET[(31 - total % 31) % 31]


def make_trader(name: str) -> Listed:
    """A registered sole trader."""
    code = trader_code(next(_counter))
    subject = Subject.objects.create(
        register="organisation",
        kind="enterprise",
        number=Subject.objects.filter(register="organisation").count(),
        pseudonym=secrets.token_hex(16),
        identifier_key=vault.identifier_key(code),
        identifier_sealed=vault.seal(code, "subject.identifier"),
        public_name=name,
    )
    return Listed(subject, code, name)


def make_record(subject: Subject, kind: str = "administrative_penalty", **changes: Any) -> Record:
    """A penalty of three weeks ago, or what ``changes`` make of it."""
    batch, _ = Batch.objects.get_or_create(
        number="BT-PUBLIC",
        defaults={
            "department": "market_regulation",
            "kind": kind,
            "delivery": "additions",
            "filename": "penalties.csv",
            "sha256": "1" * 64,
            "size": 1,
            "sent_by": "system:test",
            "received_at": now(),
            "valid_on": today(),
        },
    )
    fields: dict[str, Any] = {
        "act": "销售超过保质期的食品",
        "facts": "当事人销售超过保质期的食品三批次",
        "penalty": "fine",
        "content": "罚款人民币五千元",
        "fine": 500_000,
        **changes.pop("fields", {}),
    }
    given: dict[str, Any] = {
        "kind": kind,
        "department": "market_regulation",
        "occurred_on": today() - timedelta(days=21),
        "record_class": "general",
        "document": "洞市监处罚〔2026〕118号",
        "authority": "洞头区市场监督管理局",
        "article": "中华人民共和国食品安全法第一百二十四条",
        "notice_on": today() - timedelta(days=20),
        **changes,
    }
    return Record.objects.create(
        reference=secrets.token_hex(8),
        subject=subject,
        batch=batch,
        row=next(_counter),
        entered_at=now(),
        fields=fields,
        fingerprint=secrets.token_hex(32),
        **given,
    )


@pytest.fixture(autouse=True)
def _national(settings: Any) -> None:
    settings.CITY = "national"


@pytest.fixture
def firm(db: None) -> Callable[..., Listed]:
    """``firm("示例食品有限公司")``: a registered enterprise."""
    return lambda name="示例食品有限公司": make_subject(name, person=False)


@pytest.fixture
def penalty(db: None) -> Callable[..., Record]:
    """``penalty(subject, record_class="serious")``: a penalty as intake stores it."""
    return make_record


def days_ago(count: int) -> date:
    return today() - timedelta(days=count)
