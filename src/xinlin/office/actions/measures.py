"""Telling the database what the rulebook allows, and lifting measures whose law or entry no longer stands (措施的生效与解除)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from xinlin.core.lists import article_text, ends_of, starts_of
from xinlin.core.rulebooks import ListMeasure, Rulebook
from xinlin.office.actions.tellings import tell_users
from xinlin.office.leaves import write_leaf
from xinlin.office.models.measures import (
    ListRule,
    MeasureRule,
    MeasureUse,
    NationalRow,
    NegativeKind,
    RuleChange,
)
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, now, today

_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)


@transaction.atomic
def install(*, actor: Actor) -> int:
    """Copy into the database what the rulebook allows: lists, negative kinds, national rows, measures with their days.

    What is new, changed or gone since the last edition is kept as a public difference; measures in use whose rule is gone
    or repealed are lifted the same day, and the offices that used the entry are told. Returns how many rules changed.
    """
    if MeasureRule._meta.db_table not in connection.introspection.table_names():
        return 0
    rulebook = current()
    _copy_small(rulebook)
    held = {rule.code: rule for rule in MeasureRule.objects.all()}
    first = not held
    rows = dict(NationalRow.objects.values_list("code", "pk"))
    changes = []
    for measure in rulebook.measures.values():
        if measure.national_row not in rows:
            continue
        fresh = _rule(measure, rulebook, rows[measure.national_row])
        before = held.pop(measure.code, None)
        if before is not None and _same(before, fresh):
            continue
        MeasureRule.objects.update_or_create(code=measure.code, defaults=fresh)
        if not first:
            what = RuleChange.What.CHANGED if before is not None else RuleChange.What.ADDED
            if before is not None and fresh["effective_to"] <= today():
                what = RuleChange.What.REPEALED
            changes.append(_change(measure.code, what, before.said if before else None, fresh["said"]))
    for code, gone in held.items():
        if gone.effective_to > today():
            MeasureRule.objects.filter(pk=gone.pk).update(effective_to=today())
            changes.append(_change(code, RuleChange.What.REPEALED, gone.said, None))
    if changes:
        RuleChange.objects.bulk_create(changes)
        write_leaf(
            actor=actor,
            action="measures.install",
            table="measure_rule",
            key=rulebook.code,
            facts={"changes": [[one.code, one.what] for one in changes]},
        )
    lift_lapsed(actor=actor)
    return len(changes)


def _copy_small(rulebook: Rulebook) -> None:
    for code, row in rulebook.national_measures.items():
        NationalRow.objects.update_or_create(code=code, defaults={"group": row.group})
    for code, listed in rulebook.lists.items():
        said = {"colour": listed.colour, "severity": listed.severity or ""}
        ListRule.objects.update_or_create(code=code, defaults=said)
    for code, kind in rulebook.kinds.items():
        if kind.sign == "negative":
            classed = kind.effect != "list_entry"
            NegativeKind.objects.update_or_create(code=code, defaults={"classed": classed})


def _rule(measure: ListMeasure, rulebook: Rulebook, row: int) -> dict[str, Any]:
    starts, ends = starts_of(measure.basis, rulebook), ends_of(measure.basis, rulebook)
    day = min(max(today(), starts), ends - timedelta(days=1))
    article = article_text(measure.basis, rulebook, day)
    return {
        "statutory_list": measure.statutory_list,
        "national_row_id": row,
        "force": measure.force,
        "article": article.zh[:2048] if article else "",
        "said": measure.model_dump(mode="json"),
        "effective_from": max(starts, _FIRST),
        "effective_to": min(ends, _LAST),
    }


def _same(before: MeasureRule, fresh: Mapping[str, Any]) -> bool:
    return all(getattr(before, name) == value for name, value in fresh.items())


def _change(code: str, what: RuleChange.What, before: object, after: object) -> RuleChange:
    return RuleChange(code=code, what=what, on=today(), entered_at=now(), before=before, after=after)


def lapsed(day: date) -> QuerySet[MeasureUse]:
    """Measures in use of which a part no longer stands on ``day``, whatever the rows themselves say.

    A disputed entry suspends its measures and does not end them: `xinlin.office.queries.measures.standing`.
    """
    gone = (
        Q(ends_on__lte=day)
        | Q(entry__removed_at__isnull=False)
        | ~Q(entry__record__status__in=["active", "disputed"])
        | Q(entry__ends_on__lte=day)
        | Q(rule__effective_to__lte=day)
    )
    return MeasureUse.objects.filter(lifted_on__isnull=True).filter(gone)


@transaction.atomic
def lift_lapsed(*, actor: Actor) -> int:
    """Note the end of measures that stand no longer, and tell the offices that used them. Returns how many.

    Nobody waits for it: a measure counts only while all its parts stand on the day that is asked about.
    """
    day, lifted = today(), 0
    for use in lapsed(day).select_related("entry__record", "rule").select_for_update(of=("self",)).order_by("pk"):
        why = _why(use, day)
        MeasureUse.objects.filter(pk=use.pk).update(lifted_on=day, lifted_because=why)
        if why == "article_repealed":
            _count(use.rule.code)
        tell_users(actor=actor, record=use.entry.record, outcome=why)
        write_leaf(
            actor=actor,
            action="measures.lift",
            table="measure_use",
            key=str(use.pk),
            facts={"on": day, "because": why, "rule": use.rule.code},
        )
        lifted += 1
    return lifted


def _count(code: str) -> None:
    change = RuleChange.objects.filter(code=code, what=RuleChange.What.REPEALED).order_by("-pk").first()
    if change is not None:
        change.lifted += 1
        change.save(update_fields=["lifted"])


def _why(use: MeasureUse, day: date) -> str:
    if use.rule.effective_to <= day:
        return "article_repealed"
    if use.entry.removed_at is not None:
        return "left_list"
    if use.entry.record.status != "active":
        return str(use.entry.record.status)
    return "term_over"
