"""A city with big lists for bench/checks.py: subjects, records and entries copied in bulk, half of the asked ones listed."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import checks_copied
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from tests.checks.conftest import BIDDING, OFFICER, uscc
from xinlin.office import vault
from xinlin.office.bulk import insert
from xinlin.office.models.batches import Batch
from xinlin.office.models.items import ItemLink, ServiceItem
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.keys import insist
from xinlin.office.scopes import Actor, now, today

PART = 50_000
ASKED = 20_000
"""Among so many subjects the questions choose."""


@dataclass
class CityOfLists:
    """Where the questions of a run come from."""

    entries: int
    token: str
    asked: list[tuple[str, str]]
    keys: list[str]
    chance: random.Random

    def a_key(self) -> str:
        """The key of some subject."""
        return self.chance.choice(self.keys)

    def question(self, applicants: int) -> bytes:
        """A question about so many applicants: one in ten listed at the item, the others registered or strangers."""
        chosen = [self.chance.choice(self.asked) for _ in range(applicants)]
        return json.dumps(
            {
                "item": BIDDING,
                "purpose": "bench",
                "officer": OFFICER,
                "applicants": [{"identifier": identifier, "name": name} for identifier, name in chosen],
            }
        ).encode()


def city_of_lists(entries: int, items: int) -> CityOfLists:
    """Fill the database unless it is filled already, let one system in, and choose whom to ask about."""
    call_command("migrate", verbosity=0)
    insist()
    step = max(1, entries // (ASKED // 10))
    held = ListEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if held < entries:
        _fill(held, entries, range(0, entries, step))
        _true_to_the_keys(entries - 1)
    if not ServiceItem.objects.exists():
        _fill_items(items)
    if not ItemLink.objects.exists():
        _fill_links(items)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    chance = random.Random(20260101)
    listed = [(uscc(n), f"示例{n}号建设有限公司") for n in range(0, entries, step)][: ASKED // 10]
    strangers = [(uscc(9_900_000 + n % 99_999), f"外地{n}号建设有限公司") for n in range(ASKED - len(listed))]
    keys = [vault.identifier_key(identifier) for identifier, _ in listed]
    return CityOfLists(entries, _token(), [*listed, *strangers], keys, chance)


def _true_to_the_keys(number: int) -> None:
    """Seal the newest subject's own identifier: a server that starts compares its keys with it."""
    newest, true = Subject.objects.order_by("-pk").first(), uscc(number)
    if newest is not None:
        newest.identifier_key, newest.identifier_sealed = (
            vault.identifier_key(true),
            vault.seal(true, "subject.identifier"),
        )
        newest.save(update_fields=["identifier_key", "identifier_sealed"])


def _token() -> str:
    from xinlin.office.actions.staff import add_machine

    system = Actor("system:bench", "bench", "system")
    scopes = ["checks:ask", "checks:feedback"]
    made = add_machine(actor=system, name="bench", department="public_resource_trading", scopes=scopes)
    form = {"grant_type": "client_credentials", "client_id": made[0], "client_secret": made[1]}
    token: str = Client().post("/identity/o/api/token", form).json()["access_token"]
    return token


PARTS = ("洞人社列决〔2026〕3号", "洞头区人力资源和社会保障局", "名单管理暂行办法 第五条", "可申请行政复议")
"""Document, authority, article and remedy of every entry."""
SEALED = "91330305MA0000000X"


def _fill(held: int, entries: int, asked: range) -> None:
    batch, _ = Batch.objects.get_or_create(
        number="BT-BENCH",
        defaults={
            **{"department": "human_resources", "kind": "wage_arrears", "delivery": "full_list"},
            **{"filename": "list.csv", "sha256": "0" * 64, "size": 1, "sent_by": "system:bench"},
            **{"received_at": now(), "valid_on": today()},
        },
    )
    if connection.vendor == "postgresql" and not held:
        keys = {n: vault.identifier_key(uscc(n)) for n in asked}
        sealed = vault.seal(SEALED, "subject.identifier")
        checks_copied.fill(batch=batch.pk, entries=entries, asked=keys, sealed=sealed, parts=PARTS)
        return
    for start in range(held, entries, PART):
        with transaction.atomic():
            _fill_part(batch.pk, range(start, min(start + PART, entries)))


def _fill_part(batch: int, numbers: range) -> None:
    subject_id = Subject.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    record_id = Record.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    day, moment = today(), now()
    entered, ends = day - timedelta(days=30), day + timedelta(days=365)
    parts = (*PARTS[:3], entered, PARTS[3])
    sealed = vault.seal(SEALED, "subject.identifier")

    def subjects() -> Iterator[tuple[Any, ...]]:
        for n in numbers:
            key = vault.identifier_key(uscc(n))
            name = f"示例{n}号建设有限公司"
            yield (*("organisation", "enterprise", n, secrets.token_hex(16), key, sealed, ""), name, "", moment)

    columns = ("register", "kind", "number", "pseudonym", "identifier_key", "identifier_sealed", "name_sealed")
    insert(Subject, (*columns, "public_name", "region", "entered_at"), subjects())
    insert(
        Record,
        (
            *("reference", "subject", "kind", "department", "batch", "row", "occurred_on", "entered_at", "status"),
            *(
                "record_class",
                "document",
                "authority",
                "article",
                "notice_on",
                "remedy",
                "fields",
                "fingerprint",
                "key",
            ),
        ),
        [
            (
                *(secrets.token_hex(8), subject_id + at, "wage_arrears", "human_resources", batch, n, entered, moment),
                *("active", "serious", *parts, "{}", secrets.token_hex(32), ""),
            )
            for at, n in enumerate(numbers, 1)
        ],
    )
    insert(
        ListEntry,
        (
            *("record", "subject", "list", "entered_on", "document", "authority", "article", "notice_on", "remedy"),
            *("ends_on", "removal_reason"),
        ),
        [
            (record_id + at, subject_id + at, "wage_arrears", entered, *parts, ends, "")
            for at in range(1, len(numbers) + 1)
        ],
    )


_VERBS = ("设立", "变更", "延续", "注销", "备案", "核准", "换发", "补领")
_THINGS = (
    "烟草专卖零售许可",
    "食品经营许可",
    "建筑施工许可",
    "道路运输经营许可",
    "医疗机构执业登记",
    "民办学校设立",
    "排污许可",
    "取水许可",
)


def _fill_items(items: int) -> None:
    moment = now()
    rows = []
    for n in range(items):
        name = f"{_THINGS[n % 8]}（{_VERBS[n // 8 % 8]}）第{n // 64}号事项"
        office = f"示例{n % 3000}局"
        sought = f"{name} {office} 5200{n:08}".lower()
        rows.append(
            (
                f"5200{n:08}",
                name,
                "market_regulation",
                office,
                "520000",
                '["enterprise"]',
                "行政许可法 第十二条",
                sought,
                moment,
            )
        )
    names = ("code", "name", "department", "office", "division", "subject_kinds", "basis", "sought", "loaded_at")
    for start in range(0, len(rows), PART):
        with transaction.atomic():
            insert(ServiceItem, names, rows[start : start + PART])


LINKS = 2_000
"""So many items carry a link to a measure; one in four still waits for its second signature."""


def _fill_links(items: int) -> None:
    moment, rows = now(), []
    for at, n in enumerate(range(0, items, max(items // LINKS, 1))):
        clause = ("wage_no_bidding", "wage_regulation", "第四十八条", "条例限制")
        second = ("proposed", "", "", None) if at % 4 == 0 else ("approved", "account:92", "乙", moment)
        rows.append((f"5200{n:08}", *clause, *second, "account:91", "甲", moment, ""))
    clause_names, second_names = (
        ("measure", "source", "article", "reason"),
        ("state", "decided_by", "decided_name", "decided_at"),
    )
    insert(
        ItemLink, ("item", *clause_names, *second_names, "proposed_by", "proposed_name", "proposed_at", "words"), rows
    )
