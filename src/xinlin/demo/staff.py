"""Who works in the demo city: one clerk for each department that sends, officers where approvals are decided, the centre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xinlin.core.rulebooks import Rulebook
from xinlin.core.values import Text
from xinlin.demo.identity import IdentityPerson
from xinlin.demo.lives import CastMember
from xinlin.demo.people import Resident

CENTRE = "credit_centre"
SHOWN_CLERKS = 2
SHOWN_OFFICERS = 2
RESIDENTS = "居民 Residents"
STAFF = "工作人员 Staff"

ROLE_NAMES: Mapping[str, Text] = {
    "resident": Text(zh="居民", en="resident"),
    "clerk": Text(zh="部门报送员", en="clerk"),
    "officer": Text(zh="审批人员", en="officer"),
    "reviewer": Text(zh="信用中心审核员", en="reviewer"),
    "analyst": Text(zh="模型分析员", en="analyst"),
    "auditor": Text(zh="审计员", en="auditor"),
    "operator": Text(zh="运维管理员", en="operator"),
}
CENTRE_ROLES = (
    ("reviewer", "方审核"), ("reviewer", "秦复核"), ("analyst", "许分析"), ("auditor", "沈审计"), ("operator", "韩运维"),
)  # fmt: skip
"""Two reviewers, since what one decides another may have to sign."""
CLERK_NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"


@dataclass(frozen=True)
class Member:
    """Somebody who works in the demo city. ``sub`` is their handle at the identity service."""

    sub: str
    name: str
    role: str
    department: str
    office: Text
    shown: bool


def _office(rulebook: Rulebook, department: str) -> Text:
    return (
        rulebook.departments[department].name
        if department in rulebook.departments
        else Text(zh=department, en=department)
    )


def staff_of(rulebook: Rulebook) -> list[Member]:
    """The staff that the rulebook's kinds and approval items call for."""
    members = []
    senders = list(dict.fromkeys(code for kind in rulebook.kinds.values() for code in kind.providers))
    favourites = [code for code in ("traffic_police", "market_regulation") if code in senders]
    shown = (favourites + [code for code in senders if code not in favourites])[:SHOWN_CLERKS]
    for number, department in enumerate(senders):
        name = f"{CLERK_NAMES[number % len(CLERK_NAMES)]}报送"
        office = _office(rulebook, department)
        members.append(Member(f"clerk-{department}", name, "clerk", department, office, department in shown))
    deciders = list(dict.fromkeys(item.department for item in rulebook.approval_items.values()))
    for number, department in enumerate(deciders):
        name = f"{CLERK_NAMES[-1 - number % len(CLERK_NAMES)]}审批"
        office = _office(rulebook, department)
        members.append(Member(f"officer-{department}", name, "officer", department, office, number < SHOWN_OFFICERS))
    for number, (role, name) in enumerate(CENTRE_ROLES):
        again = "-second" if role in {before for before, _ in CENTRE_ROLES[:number]} else ""
        members.append(Member(f"{role}-centre{again}", name, role, CENTRE, _office(rulebook, CENTRE), True))
    return members


def identities(staff: list[Member], cast: Mapping[str, CastMember], residents: list[Resident]) -> list[IdentityPerson]:
    """Everybody for whom the identity service vouches: the cast and the shown staff by name, all others found by search."""
    people = [
        IdentityPerson(
            f"cast-{code}",
            member.resident.name,
            member.resident.resident_id,
            member.story.zh,
            RESIDENTS,
            label_en=member.story.en,
        )
        for code, member in cast.items()
    ]
    people += [
        IdentityPerson(
            member.sub,
            member.name,
            None,
            f"{member.office.zh} · {ROLE_NAMES[member.role].zh}" if member.shown else "",
            STAFF if member.shown else "",
        )
        for member in staff
    ]
    known = {member.resident.resident_id for member in cast.values()}
    others = (person for person in residents if person.resident_id not in known)
    people += [IdentityPerson(f"resident-{number:06d}", p.name, p.resident_id) for number, p in enumerate(others, 1)]
    return people
