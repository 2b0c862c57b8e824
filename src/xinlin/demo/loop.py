"""The loop of joint action on the demo's first day: hits held, signed, put right, decided, told; promises kept and running (联合奖惩闭环)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from xinlin.core.rulebooks import Rulebook
from xinlin.demo.staff import Member

ITEM = "bidding_qualification"
HITS = 8
CLEAR = 40
"""Organisations on the list, and on none, about which the trading centre's system asks."""


def close_the_loop(rulebook: Rulebook, staff: list[Member]) -> dict[str, int]:
    """Checks by a department's system with every ending that there is, and promises of every kind."""
    return {"machine_checks": _checks(rulebook, staff), "pledges": _pledges(rulebook, staff)}


def _officer(staff: list[Member], department: str) -> Any:
    from xinlin.office.scopes import Actor

    member = next((one for one in staff if one.role == "officer" and one.department == department), None)
    return Actor(f"system:demo-{member.sub}", member.name, "officer", department) if member else None


def _firms(listed: bool, most: int) -> list[Any]:
    """Organisations that stand on the list of judgment debtors, or on none."""
    from xinlin.office.models.lists import ListEntry
    from xinlin.office.models.people import Subject

    firms = Subject.objects.filter(kind="enterprise", merged_into=None).order_by("pk")
    on = ListEntry.objects.filter(removed_at=None, record__status="active")
    debtors = on.filter(list="dishonest_judgment_debtor").values("subject")
    found = firms.filter(pk__in=debtors) if listed else firms.exclude(pk__in=on.values("subject"))
    return list(found[:most])


def _checks(rulebook: Rulebook, staff: list[Member]) -> int:
    """The trading centre's system asks; its officer decides on what was hit."""
    from xinlin.core.checks import Applicant
    from xinlin.office import vault
    from xinlin.office.actions.checks import answer
    from xinlin.office.scopes import Actor

    item = rulebook.approval_items.get(ITEM)
    officer = _officer(staff, item.department) if item else None
    asked = [*_firms(True, HITS), *_firms(False, CLEAR)]
    if item is None or officer is None or not asked:
        return 0
    applicants = [
        Applicant(vault.unseal(one.identifier_sealed, "subject.identifier"), one.public_name or "") for one in asked
    ]
    shown = answer(
        actor=Actor("machine:demo-trading", "公共资源交易系统（演示）", "machine", item.department),
        item=ITEM,
        purpose=item.purpose.zh,
        officer=officer.name,
        applicants=applicants,
        idempotency_key="demo-loop",
        channel="machine",
    )
    _endings(rulebook, officer, [one for one in shown.answers if one.verdict == "yes"])
    return len(applicants)


def _endings(rulebook: Rulebook, officer: Any, hits: list[Any]) -> None:
    """One hit for each way in which a hit may end; the rest still wait."""
    from xinlin.office.actions.feedback import correct_feedback, give_feedback
    from xinlin.office.actions.holds import confirm, put_right, sign
    from xinlin.office.actions.lists import change_entry
    from xinlin.office.scopes import Actor, Refused

    clerk = Actor(
        "system:demo-clerk-court", "法院录入员", "clerk", rulebook.lists["dishonest_judgment_debtor"].authority
    )
    who = {"actor": officer, "officer": officer.name}

    def measure(hit: Any, reason: str) -> None:
        first = hit.hits[0]
        give_feedback(
            answer_number=hit.number,
            decision="measure_applied",
            measure=first.measures[0].code,
            entry=first.entry,
            reason=reason,
            **who,
        )

    def applied(hit: Any) -> None:
        measure(hit, "名单在期限内，依规定限制本次投标")

    def released(hit: Any) -> None:
        give_feedback(answer_number=hit.number, decision="released", reason="已与执行法院达成和解，本次放行", **who)

    def corrected(hit: Any) -> None:
        measure(hit, "名单在期限内，依规定限制本次投标")
        why = "当事人陈述后复核"
        correct_feedback(answer_number=hit.number, decision="not_the_person", reason="承办法院来函更正", why=why, **who)

    def offered(hit: Any) -> None:
        put_right(actor=officer, answer_number=hit.number, entry=hit.hits[0].entry, way="paid", words="缴款书第0117号")

    def confirmed(hit: Any) -> None:
        entry = hit.hits[0].entry
        number = put_right(actor=officer, answer_number=hit.number, entry=entry, way="paid", words="缴款书第0092号")
        confirm(actor=clerk, number=number, confirmed=True, words="款项已到账")

    def signed(hit: Any) -> None:
        sign(answer_number=hit.number, reason="须向执行法院核实案款情况", **who)

    def suspended(hit: Any) -> None:
        from xinlin.office.scopes import today

        entry = hit.hits[0].entry
        change_entry(actor=clerk, reference=entry, change="suspend", happened_on=today(), reason="执行异议审查中")

    endings = (applied, released, offered, confirmed, signed, corrected, suspended)
    for hit, end in zip(hits, endings, strict=False):
        with suppress(Refused):
            end(hit)


def _pledges(rulebook: Rulebook, staff: list[Member]) -> int:
    """A promise of each kind at its item, two of them with a result; and one of an office's own."""
    from xinlin.office.actions.pledges import enter, promise, result
    from xinlin.office.scopes import Refused, today

    made: list[tuple[Any, str]] = []
    firms = iter(_firms(False, 60)[CLEAR:] or _firms(False, 20))
    for template in rulebook.pledges.values():
        item = next((rulebook.approval_items[code] for code in template.items if code in rulebook.approval_items), None)
        officer = _officer(staff, item.department) if item else None
        firm = next(firms, None)
        if item is None or officer is None or firm is None:
            continue
        papers = [paper.zh for paper in template.papers[:1]] if template.opens == "papers" else []
        with suppress(Refused):
            number = enter(actor=officer, template=template.code, subject=firm, item=item.code, papers=papers)
            made.append((officer, number))
    for (officer, number), done in zip(made, (True, False), strict=False):
        with suppress(Refused):
            outcome = {"done_on": today(), "outcome": "", "words": "材料已补齐"}
            excused = {"done_on": None, "outcome": "excused", "words": "因台风停工，准予免除"}
            result(actor=officer, number=number, **(outcome if done else excused))
    office = next((template.code for template in rulebook.pledges.values() if template.opens == "government"), None)
    asking = _officer(staff, rulebook.approval_items[ITEM].department) if ITEM in rulebook.approval_items else None
    if office and asking:
        due = today() + timedelta(days=20)
        made.append((asking, promise(actor=asking, template=office, duty="投标保证金五个工作日内退还", due=due)))
    return len(made)
