"""Links by the hundred: proposed from a file, decided clause by clause by another person (批量关联事项)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office.actions.items import unfit
from xinlin.office.leaves import write_leaf, write_leaves
from xinlin.office.models.items import ItemLink, ServiceItem
from xinlin.office.queries.catalogue_items import links_of
from xinlin.office.scopes import Actor, NotAllowed, Refused, now

COLUMNS = ("item", "measure", "source", "article", "reason")
"""The header of the file: UTF-8, commas."""
MOST_ROWS = 20_000
AT_ONCE = 500
_STANDING = (ItemLink.State.PROPOSED, ItemLink.State.APPROVED)


@dataclass
class Proposed:
    """What became of a file of links."""

    rows: int = 0
    proposed: int = 0
    standing: int = 0
    """Rows that are proposed or approved already."""
    refused: list[Problem] = field(default_factory=list)
    """At most a hundred; ``refused_rows`` counts all."""
    refused_rows: int = 0


@transaction.atomic
def propose_file(*, actor: Actor, lines: Iterable[str]) -> Proposed:
    """Propose every link of a file, each on its clause; another person decides. What stands already changes nothing.

    Rows that cannot be are named by line; the others are proposed. Raises `NotAllowed`, and `Refused` for another header or
    more than `MOST_ROWS` rows.
    """
    if actor.role not in ("officer", "reviewer"):
        raise NotAllowed("只有审批人员和信用中心可以提出关联。Only officers and the credit centre propose links.")
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise Refused(
            _problem("links_header", "1", f"表头应为 {','.join(COLUMNS)}", f"The header is {','.join(COLUMNS)}")
        )
    done, part = Proposed(), list[tuple[int, Mapping[str, str]]]()
    for number, row in enumerate(reader, 2):
        done.rows += 1
        if done.rows > MOST_ROWS:
            raise Refused(
                _problem("links_many", str(number), f"一次至多 {MOST_ROWS} 条", f"At most {MOST_ROWS} rows at once")
            )
        part.append((number, {name: str(row.get(name) or "").strip() for name in COLUMNS}))
        if len(part) == AT_ONCE:
            _propose(actor, part, done)
            part = []
    _propose(actor, part, done)
    facts = {"rows": done.rows, "proposed": done.proposed, "standing": done.standing, "refused": done.refused_rows}
    write_leaf(actor=actor, action="item_links.propose_file", table="item_link", key=now().isoformat(), facts=facts)
    return done


def _propose(actor: Actor, part: list[tuple[int, Mapping[str, str]]], done: Proposed) -> None:
    codes = [row["item"] for _, row in part]
    items = {item.code: item for item in ServiceItem.objects.filter(code__in=codes)}
    standing = ItemLink.objects.filter(item__in=codes, state__in=_STANDING).values_list("item", "measure")
    taken, moment, fresh = set(standing), now(), list[ItemLink]()
    for number, row in part:
        item = items.get(row["item"])
        if item is None or (actor.role == "officer" and item.department != actor.department):
            _refuse(
                done,
                _problem("link_item", f"{number}:item", "没有这个事项，或不由您的部门办理", "No such item of yours"),
            )
            continue
        problem = unfit(item, row["measure"], row["source"], row["article"], row["reason"])
        if problem is not None:
            _refuse(done, Problem(problem.code, f"{number}:{problem.where}", problem.what, problem.cure, problem.raw))
        elif (row["item"], row["measure"]) in taken:
            done.standing += 1
        else:
            taken.add((row["item"], row["measure"]))
            by = {"proposed_by": actor.handle, "proposed_name": actor.name, "proposed_at": moment}
            fresh.append(ItemLink(**row, **by))
    made = ItemLink.objects.bulk_create(fresh)
    facts = [(str(link.pk), {name: getattr(link, name) for name in COLUMNS}) for link in made]
    if facts:
        write_leaves(actor=actor, action="items.propose", table="item_link", rows=facts)
    done.proposed += len(made)


def _refuse(done: Proposed, problem: Problem) -> None:
    done.refused_rows += 1
    if len(done.refused) < 100:
        done.refused.append(problem)


@transaction.atomic
def decide_group(
    *, actor: Actor, measure: str, source: str, article: str, seen: int, approve: bool, words: str = ""
) -> int:
    """Approve or refuse all waiting links of a measure on one clause that others proposed, an officer those at the own
    office's items; returns how many.

    ``seen`` is how many the person was shown; where there are others by now, nothing is decided. Raises `NotAllowed`, `Refused`.
    """
    if actor.role not in ("officer", "reviewer"):
        raise NotAllowed("只有审批人员和信用中心可以审定关联。Only officers and the credit centre decide links.")
    waiting = links_of(actor).filter(state=ItemLink.State.PROPOSED, measure=measure, source=source, article=article)
    links = list(waiting.exclude(proposed_by=actor.handle).select_for_update().order_by("pk"))
    if not links:
        return 0
    if len(links) != seen:
        raise Refused(_CHANGED)
    state, said = ItemLink.State.APPROVED if approve else ItemLink.State.REFUSED, words.strip()[:500]
    moment = now()
    for link in links:
        link.state, link.decided_by, link.decided_name, link.decided_at = state, actor.handle, actor.name, moment
        link.words = said
    ItemLink.objects.bulk_update(
        links, ["state", "decided_by", "decided_name", "decided_at", "words"], batch_size=AT_ONCE
    )
    facts = {"state": str(state), "words": said}
    write_leaves(actor=actor, action="items.decide", table="item_link", rows=[(str(link.pk), facts) for link in links])
    return len(links)


def _problem(code: str, where: str, zh: str, en: str) -> Problem:
    return Problem(code, where, Text(zh=zh, en=en), Text(zh="请更正后重新提出", en="Correct it and propose again"))


_CHANGED = _problem(
    "group_changed",
    "group",
    "打开页面之后，这一组关联有了增减",
    "Links joined or left this group since you opened the page",
)
