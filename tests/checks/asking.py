"""A system that asks, signs a hold and gives feedback, one case after another, and notes what it was told.

``python -m tests.checks.asking prepare`` makes the database of XINLIN_DATA; ``… ask`` works through the cases and writes a
line to ``told`` there for each answer that it got, before it goes on. A test kills it and starts it again.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

CASES = 6
MANY = 60
"""Applicants of every other case: more than go into one statement."""


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinlin.settings")
    import django

    django.setup()


def prepare() -> None:
    """Tables, and a listed firm."""
    _set_up()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests.checks.conftest import make_entry, make_subject

    listed = make_subject("示例甲建设有限公司", person=False)
    make_entry(listed.subject)
    (Path(os.environ["XINLIN_DATA"]) / "firm").write_text(f"{listed.identifier} {listed.name}", encoding="utf-8")


def ask() -> None:
    """Every case from the first on, under the keys it had before: what was done already must change nothing."""
    _set_up()
    from tests.checks.conftest import BIDDING, OFFICER, TRADING
    from xinlin.core.checks import Applicant
    from xinlin.office.actions.checks import answer_as_json
    from xinlin.office.actions.feedback import give_feedback
    from xinlin.office.actions.holds import sign

    folder = Path(os.environ["XINLIN_DATA"])
    identifier, name = (folder / "firm").read_text(encoding="utf-8").split()
    with (folder / "told").open("a", encoding="utf-8") as told:

        def note(what: str, case: int, **facts: Any) -> None:
            told.write(json.dumps({"what": what, "case": case, **facts}) + "\n")
            told.flush()
            os.fsync(told.fileno())

        for case in range(CASES):
            question = {"item": BIDDING, "purpose": "投标", "officer": OFFICER, "idempotency_key": f"case-{case}"}
            others = [Applicant("", name)] * (1 if case % 2 else MANY - 1)
            text = answer_as_json(actor=TRADING, applicants=[Applicant(identifier, name), *others], **question)
            found = json.loads(text)["answers"][0]
            note("answer", case, number=found["number"], text=text)
            sign(actor=TRADING, answer_number=found["number"], officer=OFFICER, reason="核对凭证")
            note("hold", case, number=found["number"])
            give_feedback(
                actor=TRADING,
                answer_number=found["number"],
                decision="measure_applied",
                measure="wage_no_bidding",
                entry=found["hits"][0]["entry"],
                reason="事实清楚",
                officer=OFFICER,
            )
            note("feedback", case, number=found["number"])


if __name__ == "__main__":
    {"prepare": prepare, "ask": ask}[sys.argv[1]]()
