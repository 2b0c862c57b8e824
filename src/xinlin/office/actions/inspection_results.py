"""Recording what the inspection of a drawn firm found: a record like any other, delivered by the officer who was there (抽查检查结果)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext_noop

from xinlin.core.batches import judge_row
from xinlin.core.columns import ColumnUse
from xinlin.core.inspections import RESULT
from xinlin.core.notices import Fact
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.office.actions import batches
from xinlin.office.actions.notices import notify
from xinlin.office.leaves import write_leaf
from xinlin.office.models.inspections import DrawnFirm
from xinlin.office.models.records import Record
from xinlin.office.queries.inspections import visible
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused
from xinlin.office.vault import unseal

ASKED = ("occurred_on", "inspectors", "matters", "result", "findings", "document", "next_on")
"""What an officer types of an inspection; the rest is known."""
DELIVERS = Actor(handle="system:inspections", name="抽查检查结果 Results of inspections", role="system")


def record_result(*, actor: Actor, number: str, reference: str, said: Mapping[str, str]) -> str:
    """Record what the inspection of a drawn firm found, of the officer's own department; returns the delivery's number.

    ``said`` has the fields of `ASKED` as text, judged as any delivered row is. The firm is told, and the result is published by
    its clock. The same words again change nothing; other words about the same day correct it. Raises `NotAllowed`,
    `NotFound`, and `Refused` with the first field that is wrong.
    """
    if actor.role != "officer":
        raise NotAllowed("只有部门的审批人员可以记录检查结果。Only an officer of a department records results.")
    drawn = DrawnFirm.objects.select_related("plan", "subject").filter(
        plan__in=visible(actor).filter(number=number), subject__pseudonym=reference
    )
    firm, kind = drawn.first(), current().kinds.get(RESULT)
    if firm is None or kind is None or firm.plan.drawn_at is None:
        raise NotFound(
            "没有这个抽查计划，或它没有抽中这家单位。There is no such plan of yours, or it did not draw the firm."
        )
    cells = _judged(kind, firm, said)
    with transaction.atomic():
        receipt = batches.receive(
            actor=DELIVERS,
            kind=kind.code,
            filename="inspection.json",
            chunks=[json.dumps([cells], ensure_ascii=False).encode()],
            department=firm.plan.department,
        )
        if not receipt.already:
            _tell(actor, firm, receipt.number, cells["检查日期"])
            facts = {"plan": number, "firm": reference, "delivery": receipt.number, "said": cells}
            write_leaf(actor=actor, action="inspections.result", table="inspection_plan", key=number, facts=facts)
    batches.work_now(receipt)
    return receipt.number


def _judged(kind: Kind, firm: DrawnFirm, said: Mapping[str, str]) -> dict[str, str]:
    """The row as it is delivered, by the labels of the kind's fields. Raises `Refused`."""
    code = unseal(firm.subject.identifier_sealed, "subject.identifier")
    known = {
        "uscc": code,
        "name": firm.subject.public_name,
        "plan": firm.plan.number,
        "authority": name_of(firm.plan.department).zh,
    }
    typed = {name: said.get(name, "").strip() for name in ASKED} | known
    cells = {field.label.zh: typed[field.code] for field in kind.fields}
    judged = judge_row(kind, {field.code: ColumnUse(column=field.label.zh) for field in kind.fields}, cells)
    if isinstance(judged, list):
        raise Refused(judged[0])
    day = judged.occurred_on
    if day is None or firm.plan.drawn_at is None or day < localdate(firm.plan.drawn_at):
        raise Refused(_TOO_EARLY)
    same = Record.objects.filter(kind=kind.code, subject=firm.subject, occurred_on=day, status=Record.Status.DISPUTED)
    if same.filter(fields__plan=firm.plan.number).exists():
        raise Refused(_DISPUTED)
    return {label: value for label, value in cells.items() if value}


def _tell(actor: Actor, firm: DrawnFirm, delivery: str, day: str) -> None:
    facts: dict[str, Fact] = {
        "office": name_of(firm.plan.department),
        "day": date.fromisoformat(day),
        "number": firm.plan.number,
    }
    occasion = f"inspected:{delivery}"
    notify(actor=actor, subject=firm.subject, template="inspection_result", facts=facts, occasion=occasion)
    write_look(
        actor=actor,
        subjects=[firm.subject_id],
        purpose=gettext_noop("记录抽查检查结果"),
        clause=gettext_noop("国办发〔2019〕35号"),
        kinds=[RESULT],
        result=gettext_noop("记录检查结果"),
    )


_TOO_EARLY = Problem(
    "inspected_before_draw",
    "occurred_on",
    Text(zh="检查日期早于抽取日期", en="The inspection is dated before the draw"),
    Text(zh="请填写实际检查的日期", en="Give the day on which it was inspected"),
)
_DISPUTED = Problem(
    "result_disputed",
    "occurred_on",
    Text(zh="这一天的检查结果正在异议，不能更改", en="The result of that day is under objection and cannot be changed"),
    Text(zh="请先办结异议", en="Settle the objection first"),
)
