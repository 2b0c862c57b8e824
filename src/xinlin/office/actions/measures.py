"""Telling the database what the rulebook allows, and lifting measures whose law or entry no longer stands (措施的生效与解除)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from xinlin.core.lists import DUTY_DONE, article_text, ends_of, standing_citations, starts_of
from xinlin.core.notices import Fact
from xinlin.core.rulebooks import ListMeasure, Rulebook
from xinlin.core.schemes import Citation
from xinlin.core.values import Text
from xinlin.office.actions.notices import notify
from xinlin.office.actions.tellings import tell_users
from xinlin.office.leaves import write_leaf
from xinlin.office.models.checks import Hold
from xinlin.office.models.items import ItemLink
from xinlin.office.models.measures import (
    ListRule,
    MeasureRule,
    MeasureUse,
    NationalRow,
    NegativeKind,
    RuleChange,
)
from xinlin.office.models.records import Record
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, now, today

_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)
_OF_A_USE = ("entry__record", "entry__subject", "rule", "feedback__answer__question")
REPEALED = "article_repealed"
WHY: Mapping[str, Text] = {
    REPEALED: Text(zh="所依据的法律条款已失效", en="the article on which it rested is no longer in force"),
    "left_list": Text(zh="已退出该名单", en="the entry has left its list"),
    "term_over": Text(zh="期限届满", en="its term is over"),
    DUTY_DONE: Text(zh="义务已履行", en="what was owed has been done"),
    "repaired": Text(zh="记录已修复", en="the record has been repaired"),
    "withdrawn": Text(zh="记录已撤回", en="the record has been withdrawn"),
    "ended": Text(zh="条目已结束", en="the entry has ended"),
}
"""Why a measure was lifted, as whoever it was used on is told."""


@transaction.atomic
def install(*, actor: Actor) -> int:
    """Copy into the database what the rulebook allows: lists, negative kinds, national rows, measures with their days.

    What is new, changed or gone since the last edition is kept as a public difference, and so is a repeal whose day has come.
    Measures in use whose rule is gone or repealed are lifted the same day, with holds that rest on nothing else; whoever
    they were used on and the offices that used the entry are told. Returns how many rules changed.
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
        before, over = held.pop(measure.code, None), fresh["effective_to"] <= today()
        if before is None and over:
            continue  # its law had ended before it came here: there is nothing to allow, and nothing ends
        if before is not None and _same(before, fresh):
            if over and not _told_of_repeal(measure.code, before.effective_to):
                changes.append(_change(measure.code, RuleChange.What.REPEALED, before.said, fresh["said"]))
            continue
        MeasureRule.objects.update_or_create(code=measure.code, defaults=fresh)
        if not first:
            what = RuleChange.What.CHANGED if before is not None else RuleChange.What.ADDED
            what = RuleChange.What.REPEALED if over else what
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
    lift_holds_of(actor=actor, repealed={one.code for one in changes if one.what == RuleChange.What.REPEALED})
    return len(changes)


def _told_of_repeal(code: str, since: date) -> bool:
    return RuleChange.objects.filter(code=code, what=RuleChange.What.REPEALED, on__gte=since).exists()


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
        | Q(clause_ended=True)
    )
    return MeasureUse.objects.filter(lifted_on__isnull=True).annotate(clause_ended=_clause_ended(day)).filter(gone)


def _clause_ended(day: date) -> Exists:
    """Whether a measure was taken at an item to which only a clause links it that is in force no longer."""
    rulebook, approved = current(), ItemLink.objects.filter(state=ItemLink.State.APPROVED)
    ended = Q(pk__in=[])
    for source, article in approved.order_by().values_list("source", "article").distinct():
        if not standing_citations([Citation(source=source, article=article)], rulebook, day):
            ended |= Q(source=source, article=article)
    return Exists(
        approved.filter(ended, item=OuterRef("feedback__answer__question__item"), measure=OuterRef("rule__code"))
    )


@transaction.atomic
def lift_lapsed(*, actor: Actor) -> int:
    """Note the end of measures that stand no longer, and tell the offices that used them. Returns how many.

    Nobody waits for it: a measure counts only while all its parts stand on the day that is asked about.
    """
    day, lifted = today(), 0
    for use in lapsed(day).select_related(*_OF_A_USE).select_for_update(of=("self",)).order_by("pk"):
        why = _why(use, day)
        lift(actor=actor, use=use, why=why)
        if why == REPEALED:
            _count(use.rule.code)
        tell_users(actor=actor, record=use.entry.record, outcome=why)
        lifted += 1
    return lifted


def lift(*, actor: Actor, use: MeasureUse, why: str) -> None:
    """Note that a measure stands no longer from today on, and tell whoever it was used on; in the caller's transaction.

    ``why`` is one of `WHY`, or an authority's own words.
    """
    day, entry, listed = today(), use.entry, current().lists.get(use.entry.list)
    MeasureUse.objects.filter(pk=use.pk).update(lifted_on=day, lifted_because=why)
    facts: dict[str, Fact] = {
        "office": name_of(use.feedback.answer.question.department),
        "measure": Text.model_validate(use.rule.said["name"]),
        "list": listed.name if listed else entry.list,
        "document": use.document,
        "day": day,
        "why": WHY.get(why, why),
    }
    occasion = f"lifted:{use.pk}"
    notify(actor=actor, subject=entry.subject, template="measure_lifted", facts=facts, occasion=occasion)
    leaf = {"on": day, "because": why, "rule": use.rule.code}
    write_leaf(actor=actor, action="measures.lift", table="measure_use", key=str(use.pk), facts=leaf)


def lift_entry(*, actor: Actor, record: Record, why: str) -> None:
    """Lift every measure that rests on the record's entry; in the caller's transaction."""
    uses = MeasureUse.objects.filter(entry__record=record, lifted_on__isnull=True)
    for use in uses.select_related(*_OF_A_USE).select_for_update(of=("self",)).order_by("pk"):
        lift(actor=actor, use=use, why=why)


@transaction.atomic
def lift_holds_of(*, actor: Actor, repealed: Collection[str]) -> int:
    """Lift the holds of which no measure is left but the ``repealed`` ones, and tell their offices; returns how many."""
    if not repealed:
        return 0
    standing = set(MeasureRule.objects.filter(effective_to__gt=today()).values_list("code", flat=True))
    free: dict[int, set[str]] = {}
    for hold in Hold.objects.select_for_update(of=("self",)).filter(ended="").select_related("answer").order_by("pk"):
        measures = {one["code"] for hit in hold.answer.hits for one in hit["measures"]}
        if measures & set(repealed) and not measures & standing:
            free[hold.pk] = {hit["entry"] for hit in hold.answer.hits}
    Hold.objects.filter(pk__in=free).update(ended=Hold.Ended.LIFTED, ended_at=now())
    for record in Record.objects.filter(reference__in=set().union(*free.values())).order_by("pk"):
        tell_users(actor=actor, record=record, outcome=REPEALED)
    if free:
        facts = {"holds": sorted(free), "rules": sorted(repealed)}
        write_leaf(actor=actor, action="holds.lift_repealed", table="hold", key=str(min(free)), facts=facts)
    return len(free)


def _count(code: str) -> None:
    change = RuleChange.objects.filter(code=code, what=RuleChange.What.REPEALED).order_by("-pk").first()
    if change is not None:
        change.lifted += 1
        change.save(update_fields=["lifted"])


def _why(use: MeasureUse, day: date) -> str:
    """Why a measure is over: its law alone where nothing else is."""
    entry = use.entry
    if use.rule.effective_to <= day:
        return REPEALED
    if entry.removed_at is not None:
        return "left_list"
    if entry.record.status not in ("active", "disputed"):
        return str(entry.record.status)
    return "term_over" if min(use.ends_on, entry.ends_on) <= day else REPEALED
