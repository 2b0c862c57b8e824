"""Drawing the firms that a department inspects in a year: by grade, by rate, from a public seed, once (双随机一公开)."""

from __future__ import annotations

import secrets
from collections import defaultdict

from django.db import IntegrityError, transaction

from xinlin.core.inspections import Graded, draw
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.inspections import DrawnFirm, InspectionPlan
from xinlin.office.queries import log
from xinlin.office.queries.inspections import default_grade, firms, graded_apart, grades, plan_of_year
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, Refused, now, today


def _refused(code: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Refused:
    return Refused(Problem(code, "plan", Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en)))


def _reasons(one: Graded) -> list[dict[str, object]]:
    return [
        {"name": r.name.model_dump(), "record_class": r.record_class, "ends_on": r.ends_on.isoformat()}
        for r in one.reasons
    ]


def draw_plan(*, actor: Actor) -> str:
    """Draw the year's inspections of the officer's department; returns the plan's number, the same one the second time.

    The seed is the root of the newest published head of the log with department and year, so that nobody writes it. A draw
    is never made again: who does not like its outcome has no second one. The leaf holds numbers alone. Raises `NotAllowed`,
    `Refused` where the rulebook has no grades, no firm is registered, or no head of the log is signed yet.
    """
    if actor.role != "officer" or actor.department not in current().departments:
        raise NotAllowed("只有部门的审批人员可以抽取检查对象。Only an officer of a department may draw.")
    if standing := plan_of_year(actor):
        return standing
    usual, head = default_grade(), log.latest()
    if usual is None:
        cure = ("由规则册先定等级和比例", "Let the rulebook set grades and rates first")
        raise _refused("no_grades", "本地没有监管等级", "There are no grades of supervision here", *cure)
    if head is None:
        cure = ("几秒后再试", "Try again in a few seconds")
        raise _refused("no_seed", "日志里还没有签名的头，没有公开的种子", "No head of the log is signed yet", *cure)
    apart, held, subjects = graded_apart(), defaultdict(list), {}
    for key, sealed in firms().values_list("pk", "identifier_sealed"):
        code = vault.unseal(sealed, "subject.identifier")
        subjects[code] = key
        held[apart.get(key, usual).grade.code].append(code)
    if not subjects:
        cure = ("先由登记部门报送单位", "Let the registering office deliver organisations first")
        raise _refused("no_firms", "登记册里还没有单位", "No organisation is registered yet", *cure)
    year, rows, drawn = today().year, [], []
    seed = f"{head.root}:{actor.department}:{year}"
    for grade in grades():
        found = draw(seed, held[grade.code], grade.per_mille)
        drawn += [(grade.code, subjects[code]) for code in found.codes]
        rows.append(
            {
                "grade": grade.code,
                "per_mille": grade.per_mille,
                "firms": len(held[grade.code]),
                "drawn": len(found.codes),
                "last_lot": found.last_lot,
            }
        )
    try:
        with transaction.atomic():
            plan = InspectionPlan.objects.create(
                number=f"CC{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
                rulebook=current().code,
                department=actor.department,
                year=year,
                head_size=head.size,
                seed=seed,
                grades=rows,
                drawn_at=now(),
                drawn_by=actor.handle,
                drawn_name=actor.name,
            )
            DrawnFirm.objects.bulk_create(
                [
                    DrawnFirm(plan=plan, subject_id=key, grade=grade, reasons=_reasons(apart.get(key, usual)))
                    for grade, key in drawn
                ],
                batch_size=500,
            )
            facts = {"department": actor.department, "year": year, "seed": seed, "grades": rows}
            write_leaf(actor=actor, action="inspections.draw", table="inspection_plan", key=plan.number, facts=facts)
    except IntegrityError:
        return plan_of_year(actor)
    return plan.number
