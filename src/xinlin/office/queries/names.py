"""Which registered organisations a name may mean: questions for a clerk, nothing that is attached (名称核对)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from xinlin.core.names import Likeness, fold, likeness, parts, search_pairs, sound_pairs
from xinlin.core.values import Text
from xinlin.office.models.publicity import PublicBody
from xinlin.office.models.records import Record
from xinlin.office.names_index import holding
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

SHOWN = 8
CANDIDATES = 300
"""Names compared for one question; more share too little with it."""
LONGEST = 200


@dataclass(frozen=True)
class Question:
    """A registered organisation that may be meant. Ask the source for the code; a name attaches nothing."""

    name: str
    uscc: str
    likeness: Likeness


def candidates(name: str, limit: int = SHOWN) -> list[Question]:
    """The registered organisations that a name may mean, the most alike first."""
    asked = "".join(sign for sign in name if sign.isprintable()).strip()[:LONGEST]
    whole = parts(asked)
    brand = search_pairs(whole.brand)
    near = [*brand, *sound_pairs(asked)]
    found: dict[int, PublicBody] = {}

    def take(every: list[str], some: list[str]) -> None:
        for body in holding(every=every, some=some).only("name", "uscc", "masked")[: CANDIDATES - len(found)]:
            found[body.pk] = body

    for body in PublicBody.objects.filter(folded=fold(asked)).exclude(folded="")[:SHOWN]:
        found[body.pk] = body
    trade = search_pairs(whole.trade)
    if near and trade:
        take(trade[:1], near)
    if near and len(found) < CANDIDATES:
        take([], near)
    if len(whole.whole) <= 5 and whole.place and len(found) < CANDIDATES:
        # an abbreviation shares no pair with the long name but the place's and, often, none other
        take(search_pairs(whole.place)[:1], search_pairs(whole.place)[-1:])
    asking = [Question(body.name, body.uscc, likeness(asked, body.name)) for body in found.values()]
    alike = sorted(
        (one for one in asking if one.likeness.worth_asking), key=lambda one: (-one.likeness.score, one.name)
    )
    return alike[:limit]


@dataclass(frozen=True)
class Nameless:
    """A record that has a name and no code, with what its name may mean."""

    kind_name: Text
    name: str
    batch: str
    row: int
    occurred_on: date
    questions: list[Question]


def unlinked(*, actor: Actor, limit: int = 20) -> list[Nameless]:
    """Records of the actor's department (of any, for a reviewer) that no identifier links, newest first.

    Raises `NotAllowed`.
    """
    if actor.role not in ("clerk", "reviewer"):
        raise NotAllowed("只有报送员和审核员核对名称。Only clerks and reviewers compare names.")
    book = current()
    rows = Record.objects.filter(status=Record.Status.UNLINKED, kind__in=list(book.kinds))
    if actor.role == "clerk":
        rows = rows.filter(department=actor.department)
    found = []
    for row in rows.select_related("batch").order_by("-pk")[:limit]:
        kind = book.kinds[row.kind]
        spec = next((spec for spec in kind.fields if spec.role == "subject_name"), None)
        name = row.fields.get(spec.code) if spec is not None and not spec.personal else None
        if isinstance(name, str) and name:
            found.append(Nameless(kind.name, name, row.batch.number, row.row, row.occurred_on, candidates(name)))
    return found
