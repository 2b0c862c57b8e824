"""How many checks a second one process answers, leaf, look and audit row included: ``python bench/checks.py``.

It makes its own data folder and database (SQLite, or the one that XINLIN_DATABASE_URL names, which must be empty),
lists one firm in ten, and prints single questions and batches beside one bare indexed read with one durable insert.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]


def _rate(call: Callable[[int], object], seconds: float) -> float:
    """Calls per second over at least ``seconds``."""
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        call(done)
        done += 1
    return done / (time.perf_counter() - started)


def _settle(firms: int) -> list[tuple[str, str]]:
    """Registered firms, one in ten on the list of wage arrears; (identifier, name) of each."""
    from django.db import transaction

    from tests.checks.conftest import make_entry, make_subject

    with transaction.atomic():
        made = [make_subject(f"示例{n}号建设有限公司", person=False) for n in range(firms)]
        for one in made[::10]:
            make_entry(one.subject)
    return [(one.identifier, one.name) for one in made]


def main() -> int:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinlin-bench-") as folder:
        os.environ |= {"XINLIN_DATA": folder, "XINLIN_CITY": "national", "DJANGO_SETTINGS_MODULE": "xinlin.settings"}
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import transaction

        from tests.checks.conftest import BIDDING, OFFICER, TRADING
        from xinlin.core.checks import Applicant
        from xinlin.office.actions.checks import answer
        from xinlin.office.models.log import Leaf
        from xinlin.office.models.people import Subject
        from xinlin.office.scopes import now

        call_command("migrate", run_syncdb=True, verbosity=0)
        firms = _settle(chosen.firms)
        applicants = [Applicant(identifier, name) for identifier, name in firms]

        def ask(chosen_ones: list[Applicant]) -> object:
            return answer(
                actor=TRADING,
                item=BIDDING,
                purpose="bench",
                officer=OFFICER,
                applicants=chosen_ones,
                idempotency_key=secrets.token_hex(8),
            )

        keys = list(Subject.objects.values_list("identifier_key", flat=True))

        def bare(number: int) -> None:
            with transaction.atomic():
                Subject.objects.get(identifier_key=keys[number % len(keys)])
                Leaf.objects.create(commitment=b"0" * 32, action="bench", at=now() + timedelta(0))

        floor = _rate(bare, chosen.seconds)
        single = _rate(lambda n: ask([applicants[n % len(applicants)]]), chosen.seconds)
        size = min(1_000, len(applicants))
        many = _rate(lambda n: ask(applicants[:size]), chosen.seconds) * size
        print(f"one indexed read and one insert   {floor:10.0f} /s")
        print(f"checks of one applicant           {single:10.0f} /s   {single / floor:6.0%} of the line above")
        print(f"applicants in checks of {size:<5}     {many:10.0f} /s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
