"""Comparing the rows of the national basic list with the official text (全国基础清单措辞核对)."""

from __future__ import annotations

from django.db import transaction

from xinlin.core.measures import wording_sha256
from xinlin.core.values import Problem, Text
from xinlin.office.actions.checks import text_required
from xinlin.office.leaves import write_leaf
from xinlin.office.models.measures import WordingCheck
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now


@transaction.atomic
def compare(*, actor: Actor, row: str, wording: str, outcome: str, compared_with: str, words: str = "") -> None:
    """Say that a row's wording is that of the official text, or how it differs.

    ``wording`` is the hash of the wording that the person saw; ``compared_with`` names edition and place of the official
    text, ``words`` what it says where it differs. The same finding again changes nothing. Raises `NotAllowed`,
    `NotFound`, and `Refused` where the wording has changed meanwhile.
    """
    if actor.role != "reviewer":
        raise NotAllowed("由信用中心审核员核对。A reviewer of the credit centre compares the wording.")
    found = current().national_measures.get(row)
    if found is None:
        raise NotFound(f"全国基础清单没有 {row}。The national list has no row {row}.")
    source, said = text_required("compared_with", compared_with, 200), words.strip()[:500]
    if wording != wording_sha256(found):
        raise Refused(_CHANGED)
    if outcome not in WordingCheck.Outcome.values or (outcome == "differs" and not said):
        raise Refused(_INCOMPLETE)
    last = WordingCheck.objects.filter(row=row).order_by("-at", "-pk").first()
    told = (wording, outcome, source, said)
    if last is not None and (last.wording_sha256, last.outcome, last.compared_with, last.words) == told:
        return
    made = WordingCheck.objects.create(
        row=row,
        wording_sha256=wording,
        outcome=outcome,
        compared_with=source,
        words=said,
        checked_by=actor.handle,
        checked_name=actor.name[:100],
        at=now(),
    )
    facts = {"row": row, "wording": wording, "outcome": outcome, "compared_with": source, "words": said}
    write_leaf(actor=actor, action="national_rows.compare", table="wording_check", key=str(made.pk), facts=facts)


_CHANGED = Problem(
    "wording_changed",
    "wording",
    Text(zh="这一项的措辞在您打开页面之后改了", en="The wording has changed since you opened the page"),
    Text(zh="请重新核对现在的措辞", en="Compare the present wording"),
)
_INCOMPLETE = Problem(
    "wording_incomplete",
    "words",
    Text(zh="不一致的，须写明官方文本的措辞", en="Where it differs, give the official words"),
    Text(zh="请补上后重新提交", en="Add them and send again"),
)
