"""How long public pages take over millions of published records: ``python bench/publicity.py --records 8000000``.

It makes its own data folder and database (SQLite, or the empty one that XINLIN_DATABASE_URL names), fills it with invented
organisations and publications, and asks each page several times as a visitor would. Times are those of whole requests in one
process; the first of each is told apart, since nothing is in the page cache then.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "bench")]

PLACES = ("洞头区", "瓯海区", "鹿城区", "龙湾区", "瑞安市", "乐清市", "平阳县", "苍南县", "永嘉县", "文成县")
TRADES = (
    *(
        "建设工程",
        "贸易",
        "食品",
        "信息技术",
        "物流",
        "园林绿化",
        "装饰工程",
        "水产养殖",
        "酒店管理",
        "医疗器械",
        "文化传媒",
    ),
    *("劳务", "汽车服务", "物业管理", "机械制造"),
)
LETTERS = "澜汐恒屿鹿栖禾汀云岫砚田舟岚沐野晴川海礁霁月望铎声千榕岸棹歌潮信锦墨青湾远帆北渚源拾光里万舸庭序知微言深行简安和明朗致新"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
PART = 100_000


def code_of(serial: int) -> str:
    """A valid code of an enterprise."""
    body = f"91330305{serial:09}"
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True))
    return body + ALPHABET[(31 - total % 31) % 31]


def name_of(serial: int, chance: random.Random) -> str:
    """An invented name."""
    brand = "".join(chance.sample(LETTERS, chance.choice((2, 2, 3))))
    return f"温州市{chance.choice(PLACES)}{brand}{chance.choice(TRADES)}有限公司"


def fill_bodies(count: int, chance: random.Random) -> None:
    """Organisations in the register and in the index of names; a filling that was broken off goes on where it stopped."""
    from django.db import transaction

    from xinlin.core.names import fold, index_text
    from xinlin.office.bulk import insert
    from xinlin.office.models.people import Subject
    from xinlin.office.models.publicity import PublicBody
    from xinlin.office.scopes import now

    subject = ("id", "register", "kind", "number", "pseudonym", "identifier_key", "identifier_sealed", "name_sealed")
    body = ("subject", "uscc", "kind", "name", "masked", "folded", "grams")
    for start in range(PublicBody.objects.count() + 1, count + 1, PART):
        subjects, bodies = [], []
        for serial in range(start, min(start + PART, count + 1)):
            code, name = code_of(serial), name_of(serial, chance)
            token = secrets.token_hex(16)
            subjects.append((serial, "organisation", "enterprise", serial, token, token, "x", "", name, "", now()))
            bodies.append((serial, code, "enterprise", name, False, fold(name), index_text(name)))
        with transaction.atomic():
            insert(Subject, (*subject, "public_name", "region", "entered_at"), subjects)
            insert(PublicBody, body, bodies)
        print(f"  {min(start + PART - 1, count):,} organisations", flush=True)


def fill_records(count: int, bodies: int, chance: random.Random) -> None:
    """Records and their publications, spread over three years; a third has ended. The first are made, the others copied.

    A filling that was broken off goes on where its last whole run ended; PostgreSQL builds the indexes at the end.
    """
    from checks_copied import without_indexes
    from django.db import connection, transaction

    from xinlin.office.models.publicity import Publication

    held = Publication.objects.count()
    made = min(held or count, PART)
    if not held:
        _first_records(made, bodies, chance)
    copied = ("record", "publication", "public_change")
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        without_indexes(cursor, copied) if connection.vendor == "postgresql" else nullcontext(),
    ):
        for copy in range(max(1, -(-held // made)), -(-count // made)):
            _copy(cursor, copy, made, bodies)
            if copy % 10 == 0:
                print(f"  {(copy + 1) * made:,} records", flush=True)
        cursor.execute(
            "INSERT INTO public_change (publication_id, reason, gone, at) SELECT id, 'published', %s, published_at "
            "FROM publication WHERE id > (SELECT coalesce(max(publication_id), 0) FROM public_change) ORDER BY id",
            [False],
        )


def _copy(cursor: Any, copy: int, made: int, bodies: int) -> None:
    """The first records and publications once more, of other bodies and under other numbers."""
    from django.db import connection

    shift = copy * made
    changed = {
        "id": f"id + {shift}",
        "record_id": f"record_id + {shift}",
        "reference": f"'{copy}-' || id",
        "fingerprint": f"'{copy}-' || id",
        "subject_id": f"(subject_id + {copy * 7919}) % {bodies} + 1",
        "body_id": f"(body_id + {copy * 7919}) % {bodies} + 1",
        "document": f"document || '-{copy}'",
    }
    for table in ("record", "publication"):
        names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
        listed = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(changed.get(name, f'"{name}"') for name in names)
        cursor.execute(f'INSERT INTO "{table}" ({listed}) SELECT {values} FROM "{table}" WHERE id <= {made}')


def _first_records(count: int, bodies: int, chance: random.Random) -> None:
    from django.db import transaction

    from xinlin.office.bulk import insert
    from xinlin.office.models.batches import Batch
    from xinlin.office.models.publicity import Publication
    from xinlin.office.models.records import Record
    from xinlin.office.scopes import now, today

    batch = Batch.objects.create(
        number="BT-BENCH", department="market_regulation", kind="administrative_penalty", delivery="additions",
        filename="x", sha256="0" * 64, size=1, sent_by="system:bench", received_at=now(), valid_on=today(),
    )  # fmt: skip
    record = ("id", "reference", "subject", "kind", "department", "batch", "row", "occurred_on", "entered_at", "status",
              "record_class", "document", "authority", "article", "notice_on", "remedy", "fields", "fingerprint", "key")  # fmt: skip
    publication = ("id", "record", "body", "reference", "section", "kind", "department", "title", "document", "authority",
                   "article", "record_class", "decided_on", "published_at", "due_on", "in_time", "ends_on", "fields",
                   "corrected", "disputed", "live")  # fmt: skip
    day, moment = today(), now()
    offices = ["market_regulation", "urban_management", "ecology", "emergency_management", "housing", "tax"]
    text = json.dumps({"act": "销售超过保质期的食品", "penalty": "fine", "content": "罚款人民币五千元", "fine": 500000})
    why = ("洞头区市场监督管理局", "食品安全法第一百二十四条")
    records, published = [], []
    for key in range(1, count + 1):
        body, office = chance.randint(1, bodies), chance.choice(offices)
        decided = day - timedelta(days=chance.randint(0, 1095))
        klass = "serious" if chance.random() < 0.3 else "general"
        ends: date = decided + timedelta(days=1095 if klass == "serious" else 365)
        document, kind = f"洞市监处罚〔{decided.year}〕{key}号", "administrative_penalty"
        records.append((key, f"r{key}", body, kind, office, batch.pk, key, decided, moment, "active", klass, document, *why,
                        decided, "", "{}", f"{key:064x}", ""))  # fmt: skip
        section = "penalties" if chance.random() < 0.6 else "licences"
        published.append((key, key, body, f"r{key}", section, kind, office, "销售超过保质期的食品", document, *why, klass, decided,
                          moment, decided + timedelta(days=9), chance.random() < 0.8, ends, text, False, False, ends > day))  # fmt: skip
    with transaction.atomic():
        insert(Record, record, records)
        insert(Publication, publication, published)


def pages(chance: random.Random, bodies: int, records: int) -> dict[str, list[str]]:
    """Addresses by what they try, five of each."""
    from xinlin.office.models.publicity import Publication
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import today

    live = list(
        Publication.objects.filter(live=True, ends_on__gt=today(), pk__gt=records // 2).values_list(
            "reference", flat=True
        )[:2000]
    )
    brands = ["".join(chance.sample(LETTERS, 2)) for _ in range(5)]
    sections = list(current().publicity)
    return {
        "home": ["/publicity/"] * 5,
        "search by a brand": [f"/publicity/search/?q={brand}" for brand in brands],
        "search by brand and trade": [f"/publicity/search/?q={brand}{trade}" for brand, trade in zip(brands, TRADES, strict=False)],
        "search by a trade": [f"/publicity/search/?q={trade}" for trade in TRADES[:5]],
        "search by place and trade": [f"/publicity/search/?q={place} {trade}" for place, trade in zip(PLACES[:5], TRADES, strict=False)],
        "search that finds none": [f"/publicity/search/?q={brand}航天火箭" for brand in brands],
        "an organisation": [f"/publicity/organisations/{code_of(chance.randint(1, bodies))}/" for _ in range(5)],
        "a record": [f"/publicity/records/{reference}/" for reference in chance.sample(live, 5)],
        "a section": ["/publicity/sections/penalties/", "/publicity/sections/licences/"] * 2,
        "a section of an office": [f"/publicity/sections/penalties/?department={o}" for o in ("tax", "ecology", "housing")],
        "far down a section": [f"/publicity/sections/penalties/?after={today() - timedelta(days=d)}_1" for d in (90, 200, 330)],
        "search by code": [f"/publicity/search/?q={code_of(chance.randint(1, bodies))}" for _ in range(5)],
        "the feed, begun": ["/publicity/data/changes?after=0&limit=1000"] * 3,
        "the feed, half way": [f"/publicity/data/changes?after={records // 2 + n}&limit=1000" for n in range(5)],
        "the feed, at its end": [f"/publicity/data/changes?after={records - n}" for n in (0, 1, 100)],
        "a download begins (CSV)": [f"/publicity/data/{s}.csv?after={n}" for s in sections for n in (0, records // 2)],
        "a download begins (lines)": [f"/publicity/data/{s}.jsonl?after={records - 1_000_000}" for s in sections],
        "about open data": ["/publicity/data/"] * 5,
        "cases": ["/publicity/cases/"] * 5,
        "pledges": ["/publicity/pledges/"] * 5,
        "offices": ["/publicity/offices/"] * 5,
    }  # fmt: skip


def measure(chosen: argparse.Namespace) -> None:
    """Ask the pages and the index of names, and print."""
    from django.db import connection
    from django.test import Client

    from xinlin.office.jobs.publicity_figures import count
    from xinlin.office.queries.names import candidates

    chance = random.Random(5)
    begun = time.perf_counter()
    count()
    print(f"counting the figures: {time.perf_counter() - begun:.1f} s")
    client, worst, slowest = Client(), 0.0, 0.0
    client.get("/about/")  # the process has read its code and its templates' base
    for what, addresses in pages(chance, chosen.bodies, chosen.records).items():
        times = []
        for address in addresses:
            begun = time.perf_counter()
            answer = client.get(address)
            if answer.streaming:
                next(iter(answer), b"")
            if answer.status_code not in (200, 302):
                raise SystemExit(f"{address}: {answer.status_code}")
            times.append(time.perf_counter() - begun)
        worst, slowest = max(worst, *times), max(slowest, statistics.median(times))
        print(
            f"{what:28} first {times[0] * 1e3:7.1f} ms, median {statistics.median(times) * 1e3:7.1f} ms, worst {max(times) * 1e3:7.1f} ms"
        )
    begun = time.perf_counter()
    length = sum(map(len, client.get("/publicity/data/penalties.csv")))
    print(f"a whole file of open data: {length / 1e6:.1f} MB in {time.perf_counter() - begun:.1f} s")
    asked = [
        f"{place}{''.join(chance.sample(LETTERS, 2))}{chance.choice(TRADES)}" for place in PLACES for _ in range(6)
    ]
    begun, cpu = time.perf_counter(), time.process_time()
    for name in asked:
        candidates(name)
    taken, used = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"names compared over {chosen.bodies:,} organisations: {len(asked) / taken:.0f} a second ({len(asked) / used:.0f} per CPU second)"
    )
    print(f"{connection.vendor}: {chosen.records:,} records, {chosen.bodies:,} organisations; against what is wanted:")
    for what, found, wanted in (
        ("slowest page (median), ms", slowest * 1e3, 300),
        ("worst page of all, ms", worst * 1e3, 2_000),
    ):
        print(f"  {what:30} {found:10.2f}   wanted {wanted:>7}   {'kept' if found < wanted else 'MISSED'}")


def main() -> int:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--bodies", type=int, default=0)
    parser.add_argument("--keep", default="", help="a data folder to fill once and to measure again")
    chosen = parser.parse_args()
    chosen.bodies = chosen.bodies or max(chosen.records // 8, 1000)
    with tempfile.TemporaryDirectory(prefix="xinlin-bench-") as folder:
        os.environ |= {
            "XINLIN_DATA": chosen.keep or folder,
            "XINLIN_CITY": "national",
            "DJANGO_SETTINGS_MODULE": "xinlin.settings",
        }
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        stores: dict[str, Any] = settings.STORAGES
        stores["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        call_command("migrate", verbosity=0)
        from xinlin.office.models.publicity import Publication

        if Publication.objects.count() < chosen.records:
            chance, begun = random.Random(3), time.perf_counter()
            fill_bodies(chosen.bodies, chance)
            fill_records(chosen.records, chosen.bodies, chance)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
            print(f"filled in {time.perf_counter() - begun:.0f} s")
        measure(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
