"""Affairs under way on the demo's first day, so that every desk has something on it (演示办件).

All of it comes by the actions that pages call: what a rulebook does not know, or does not allow that day, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from itertools import cycle
from random import Random
from typing import Any

from xinlin.core.rulebooks import Rulebook
from xinlin.demo.city import City
from xinlin.demo.people import Resident
from xinlin.demo.rows import Party, Writer
from xinlin.demo.staff import Member

OBJECTIONS = (
    ("not_me", "这件事发生时我在外地，文书上写的不是我。"),
    ("wrong_fact", "日期写错了，应当是上一周，附上当日的回执。"),
    ("repaired", "罚款已经缴清，凭证在材料里。"),
)
"""What residents of the demo object to, and in which words."""
REPAIRS = 3
DEEDS = 3
TRIES = 400
"""How many residents or records are tried before the demo does without one more objection or repair."""


def set_affairs_going(rulebook: Rulebook, city: City, staff: list[Member], today: date) -> dict[str, int]:
    """Checks, objections, repairs and declared deeds of one day; answers with how many of each there are."""
    rng = Random(f"affairs:{city.as_of}:{len(city.residents)}")
    cast = {member.resident.resident_id for member in city.cast.values()}
    others = [one for one in city.residents if one.resident_id not in cast]
    rng.shuffle(others)
    _approvals(staff)
    return {
        "checks": _checks(rulebook, city, staff, others),
        "objections": _objections(rulebook, others),
        "repairs": _repairs(),
        "deeds": _deeds(rulebook, city, others, today),
    }


def _approvals(staff: list[Member]) -> None:
    """Two approve the catalogue and the schemes; of what they are used for one has approved, and the second is waited for."""
    from xinlin.core.panels import Panel, content, sha256
    from xinlin.office.actions.panels import approve
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import Actor

    signing: dict[Panel, tuple[str, ...]] = {
        "data": ("reviewer", "operator"),
        "model": ("reviewer", "analyst"),
        "application": ("operator",),
    }
    for panel, roles in signing.items():
        for member in (next(one for one in staff if one.role == role) for role in roles):
            actor = Actor(f"system:demo-{member.sub}", member.name, member.role, member.department)
            approve(actor=actor, panel=panel, seen_sha256=sha256(content(current(), panel)))


def _subject(person: Resident) -> Any:
    from xinlin.office import vault
    from xinlin.office.models.people import Subject

    return Subject.objects.filter(identifier_key=vault.identifier_key(person.resident_id)).first()


def _resident(subject: Any, name: str) -> Any:
    from xinlin.office.scopes import Actor

    return Actor(handle="system:demo", name=name, role="resident", subject_id=subject.pk)


def _checks(rulebook: Rulebook, city: City, staff: list[Member], others: list[Resident]) -> int:
    """One question at each shown office that decides: about the debtor, the namesake, the volunteer, and somebody else."""
    from xinlin.core.checks import Applicant
    from xinlin.office.actions.checks import answer
    from xinlin.office.scopes import Actor

    people = [city.cast[code].resident for code in ("debtor", "namesake", "volunteer")]
    asked = 0
    for member in (one for one in staff if one.role == "officer" and one.shown):
        item = next(one for one in rulebook.approval_items.values() if one.department == member.department)
        named = [Applicant(one.resident_id, one.name) for one in (*people, others[asked % len(others)])]
        answer(
            actor=Actor(f"system:demo-{member.sub}", member.name, "officer", member.department),
            item=item.code,
            purpose=item.purpose.zh,
            officer=member.name,
            applicants=named,
            idempotency_key=f"demo-{member.sub}",
        )
        asked += 1
    return asked


def _objections(rulebook: Rulebook, others: list[Resident]) -> int:
    """An objection for each reason, by a resident with a negative record of their own."""
    from xinlin.office.actions.cases import object_to
    from xinlin.office.models.records import Record

    negative = [code for code, kind in rulebook.kinds.items() if kind.sign == "negative" and kind.effect == "record"]
    filed = 0
    for person in others[:TRIES]:
        if filed == len(OBJECTIONS):
            break
        subject = _subject(person)
        found = Record.objects.filter(subject=subject, kind__in=negative, status="active").first() if subject else None
        if found is not None:
            reason, words = OBJECTIONS[filed]
            object_to(actor=_resident(subject, person.name), reference=found.reference, reason=reason, words=words)
            filed += 1
    return filed


def _repairs() -> int:
    """Applications for repair by representatives of firms whose shortest term is over, some with a paper missing."""
    from xinlin.office import vault
    from xinlin.office.actions.repairs import apply_for
    from xinlin.office.models.people import Relation
    from xinlin.office.models.records import Record
    from xinlin.office.scopes import NotFound, Refused

    filed = 0
    about = Record.objects.filter(kind="administrative_penalty", status="active", subject__kind="enterprise")
    for record in about.order_by("occurred_on", "pk")[:TRIES]:
        if filed == REPAIRS:
            break
        leads = Relation.objects.filter(organisation=record.subject_id, until_on=None).select_related("person").first()
        if leads is None:
            continue
        name = vault.unseal(leads.person.name_sealed, "subject.name")
        with suppress(Refused, NotFound):
            apply_for(
                actor=_resident(leads.person, name),
                reference=record.reference,
                words="罚款已缴清，整改已完成，现申请修复。",
                fulfilled=True,
                committed=filed != 1,
            )
            filed += 1
    return filed


def _deeds(rulebook: Rulebook, city: City, others: list[Resident], today: date) -> int:
    """Deeds that consenting residents declare of themselves, within what each sort of deed allows at most."""
    from xinlin.office.actions.deeds import declare
    from xinlin.office.scopes import NotAllowed, Refused

    consenting, writer = set(city.consenting), Writer(Random("deeds"), rulebook, today)
    people = iter([one for one in others if one.resident_id in consenting])
    filed = 0
    for number, sort in zip(range(DEEDS), cycle(rulebook.deeds.values()), strict=False):
        person = next(people, None)
        subject = _subject(person) if person else None
        if person is None or subject is None:
            continue
        day = today - timedelta(days=2 + number)
        row = writer.row(rulebook.kinds[sort.kind], Party.of(person), day, dict(sort.largest))
        with suppress(Refused, NotAllowed):
            declare(
                actor=_resident(subject, person.name),
                sort=sort.code,
                happened_on=day,
                values={code: str(value) for code, value in row.items() if value is not None},
                words="当天在场的邻居可以证明。",
            )
            filed += 1
    return filed


def lines_of(counts: Mapping[str, int]) -> str:
    """One line for the console on what is under way."""
    return (
        f"{counts.get('checks', 0)} 次核查 checks · {counts.get('objections', 0)} 件异议 objections · "
        f"{counts.get('repairs', 0)} 件修复 repairs · {counts.get('deeds', 0)} 件善行申报 declared deeds · "
        f"{counts.get('linked_items', 0)} 个关联事项 linked items · {counts.get('pledges', 0)} 份承诺 promises"
    )
