"""Drawing the firms that a department inspects in a year: announced once, drawn by grade and rate from a public seed (双随机一公开)."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict

from django.db import IntegrityError, transaction

from xinlin.core.inspections import RESULT, Graded, draw, seed_of
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.inspections import DrawnFirm, InspectionPlan
from xinlin.office.queries import log
from xinlin.office.queries.inspections import KEY_PLACE, default_grade, firms, graded_apart, grades, plan_of_year
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, Refused, now, today

DRAW = Actor(handle="system:inspections", name="抽查抽取 The draw of inspections", role="system")
TABLE = "inspection_plan"


def _refused(code: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Refused:
    return Refused(Problem(code, "plan", Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en)))


def announce_plan(*, actor: Actor) -> str:
    """Announce the year's draw of the officer's department; returns the plan's number, the same one the second time.

    What is drawn hangs on a key whose hash is announced here, and on the first head of the log that covers this very leaf, so
    that nobody can choose it, nor try again.
    Raises `NotAllowed`, `Refused` where the rulebook has no grades or no firm is registered.
    """
    kind = current().kinds.get(RESULT)
    if actor.role != "officer" or actor.department not in current().departments:
        raise NotAllowed("只有部门的审批人员可以抽取检查对象。Only an officer of a department may draw.")
    if standing := plan_of_year(actor):
        return standing
    if default_grade() is None:
        cure = ("由规则册先定等级和比例", "Let the rulebook set grades and rates first")
        raise _refused("no_grades", "本地没有监管等级", "There are no grades of supervision here", *cure)
    if kind is not None and actor.department not in kind.providers:
        cure = ("由规则册在“抽查检查结果信息”中列为提供部门", "Let the rulebook name it among the providers of results")
        raise _refused("no_results", "贵部门不能报送检查结果", "Your department may not deliver results", *cure)
    if not firms().exists():
        cure = ("先由登记部门报送单位", "Let the registering office deliver organisations first")
        raise _refused("no_firms", "登记册里还没有单位", "No organisation is registered yet", *cure)
    key = secrets.token_hex(32)
    try:
        with transaction.atomic():
            plan = InspectionPlan.objects.create(
                number=f"CC{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
                rulebook=current().code,
                department=actor.department,
                year=today().year,
                key_sealed=vault.seal(key, KEY_PLACE),
                key_sha256=hashlib.sha256(key.encode()).hexdigest(),
                announced_at=now(),
                announced_by=actor.handle,
                announced_name=actor.name,
            )
            facts = {"department": plan.department, "year": plan.year, "key_sha256": plan.key_sha256}
            write_leaf(actor=actor, action="inspections.announce", table=TABLE, key=plan.number, facts=facts)
    except IntegrityError:
        return plan_of_year(actor)
    return plan.number


def draw_announced(*, actor: Actor) -> int:
    """Draw every announced plan whose announcement a head of the log covers by now; returns how many were drawn."""
    waiting = InspectionPlan.objects.filter(rulebook=current().code, drawn_at__isnull=True)
    return sum(_draw(actor, number) for number in waiting.values_list("number", flat=True))


def _draw(actor: Actor, number: str) -> bool:
    head, usual = log.first_head_over(TABLE, number, "inspections.announce"), default_grade()
    if head is None or usual is None:
        return False
    plan = InspectionPlan.objects.get(number=number)
    seed = seed_of(head.root, vault.unseal(plan.key_sealed, KEY_PLACE), plan.department, plan.year)
    apart = graded_apart()
    numbers, drawn = _drawn(seed, apart, usual)
    with transaction.atomic():
        plan = InspectionPlan.objects.select_for_update().get(number=number)
        if plan.drawn_at is not None:
            return False
        plan.grades, plan.root, plan.head_size, plan.drawn_at = numbers, head.root, head.size, now()
        plan.save()
        rows = [
            DrawnFirm(plan=plan, subject_id=key, grade=grade, reasons=_reasons(apart.get(key, usual)))
            for grade, key in drawn
        ]
        DrawnFirm.objects.bulk_create(rows, batch_size=500)
        facts = {"root": head.root, "head_size": head.size, "grades": plan.grades}
        write_leaf(actor=actor, action="inspections.draw", table=TABLE, key=number, facts=facts)
    return True


def _drawn(seed: str, apart: dict[int, Graded], usual: Graded) -> tuple[list[dict[str, object]], list[tuple[str, int]]]:
    """The numbers of each grade, and (grade, key of the firm) of all that are drawn."""
    held, keys = defaultdict(list), {}
    for key, sealed in firms().values_list("pk", "identifier_sealed"):
        code = vault.unseal(sealed, "subject.identifier")
        keys[code] = key
        held[apart.get(key, usual).grade.code].append(code)
    numbers: list[dict[str, object]] = []
    drawn: list[tuple[str, int]] = []
    for grade in grades():
        codes = held[grade.code]
        found = draw(seed, codes, grade.per_mille)
        drawn += [(grade.code, keys[code]) for code in found.codes]
        numbers.append(
            {
                "grade": grade.code,
                "per_mille": grade.per_mille,
                "firms": len(codes),
                "drawn": len(found.codes),
                "last_lot": found.last_lot,
            }
        )
    return numbers, drawn


def _reasons(one: Graded) -> list[dict[str, object]]:
    return [
        {"name": r.name.model_dump(), "record_class": r.record_class, "ends_on": r.ends_on.isoformat()}
        for r in one.reasons
    ]
