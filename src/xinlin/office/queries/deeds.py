"""Reads of declared deeds: what may be declared, what a neighbour is asked, what the verifier sees (我要加分)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q
from django.utils.translation import gettext_noop

from xinlin.core.deeds import DeedSort, ring
from xinlin.core.people import mask_name
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.cases import Case
from xinlin.office.models.deeds import Confirmation, Deed, OrganiserCode
from xinlin.office.models.evidence import Evidence
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.records import in_readers_language
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

RING_WITHIN = timedelta(days=365)
"""Confirmations of this past are looked at for rings."""


@dataclass(frozen=True)
class SortView:
    """A sort of deed as the resident may declare it."""

    sort: DeedSort
    verifier_name: Text
    fields: list[FieldSpec]
    """What the person fills in."""
    left: int
    """How many more are taken this year."""


@dataclass(frozen=True)
class DeedView:
    """A declared deed, with what shows it."""

    sort: DeedSort
    happened_on: date
    values: list[tuple[Text, str]]
    photos: int
    code_title: str
    """The event whose code was shown; empty for none."""
    confirmed: int
    in_ring: int
    """Confirmations by people who confirm one another: they do not count."""
    confirmers: list[str]
    """Masked names."""
    invitation: str


@dataclass(frozen=True)
class Invitation:
    """What a neighbour is asked to confirm: no more than what happened, when, and by whom."""

    invitation: str
    doer: str
    sort_name: Text
    happened_on: date
    values: list[tuple[Text, str]]
    open: bool
    mine: bool
    """One's own deed: nobody confirms for themselves."""
    done: bool


@dataclass(frozen=True)
class CodeView:
    """A code that a department made, without the code."""

    title: str
    sort_name: Text
    held_on: date
    ends_on: date
    uses: int
    used: int


def filled_in(kind: Kind) -> list[FieldSpec]:
    """The fields of a kind that a person fills in; day, number and who it is are known."""
    return [spec for spec in kind.fields if spec.role is None]


def taken(subject_id: int, sort: str, year: int) -> int:
    """How many deeds of this sort and year the person has open or accepted."""
    deeds = Deed.objects.filter(case__filed_by_id=subject_id, sort=sort, happened_on__year=year)
    return deeds.filter(~Q(case__state=Case.State.CLOSED) | Q(case__outcome="accepted")).count()


def sorts(*, actor: Actor) -> list[SortView]:
    """Every sort that may be declared here."""
    subject, rulebook, year = own_subject(actor), current(), today().year
    return [
        SortView(
            sort=sort,
            verifier_name=name_of(sort.verifier),
            fields=filled_in(rulebook.kinds[sort.kind]),
            left=max(0, sort.per_year - taken(subject.pk, sort.code, year)),
        )
        for sort in rulebook.deeds.values()
    ]


def _values(deed: Deed, sort: DeedSort) -> list[tuple[Text, str]]:
    said: dict[str, str] = json.loads(vault.unseal(deed.values_sealed, "deed.values"))
    specs = {spec.code: spec for spec in current().kinds[sort.kind].fields}
    shown = []
    for code, text in said.items():
        spec = specs.get(code)
        if spec is not None and text:
            named = spec.codes.get(text) if spec.codes else None
            shown.append((spec.label, in_readers_language(named) if named else text))
    return shown


def rings(deed: Deed) -> set[int]:
    """Those who confirmed the deed and for whom its doer has, directly or by a chain, confirmed within a year."""
    since = deed.case.opened_at - RING_WITHIN
    edges = Confirmation.objects.filter(at__gte=since).values_list("by_id", "deed__case__filed_by_id")
    confirmers = deed.confirmations.values_list("by_id", flat=True)
    return ring(edges, deed.case.filed_by_id, confirmers)


def photos_of(case: Case) -> int:
    """How many evidence files the case has."""
    return Evidence.objects.filter(case=case, state=Evidence.State.KEPT).count()


def of_case(case: Case) -> DeedView | None:
    """What was declared in the case; None for a case of another kind. Writes no look: callers do."""
    deed = Deed.objects.filter(case=case).select_related("case", "code").first()
    sort = current().deeds.get(deed.sort) if deed is not None else None
    if deed is None or sort is None:
        return None
    by = [confirmation.by for confirmation in deed.confirmations.select_related("by").order_by("at")]
    return DeedView(
        sort=sort,
        happened_on=deed.happened_on,
        values=_values(deed, sort),
        photos=photos_of(case),
        code_title=deed.code.title if deed.code else "",
        confirmed=len(by),
        in_ring=len(rings(deed)),
        confirmers=[mask_name(vault.unseal(one.name_sealed, "subject.name")) for one in by],
        invitation=deed.invitation,
    )


def own(*, actor: Actor, number: str) -> DeedView | None:
    """What the resident declared in one of their own cases; None where it is another kind of case. Raises `NotFound`."""
    case = Case.objects.filter(filed_by=own_subject(actor, "see"), number=number).first()
    if case is None:
        raise NotFound("没有这件办件，或它不属于您。There is no such case of yours.")
    return of_case(case)


def invitation(*, actor: Actor, handle: str) -> Invitation:
    """What a neighbour is asked to confirm. Opening another's is a look at them. Raises `NotFound`."""
    subject = own_subject(actor)
    deed = Deed.objects.filter(invitation=handle).select_related("case__filed_by").first()
    sort = current().deeds.get(deed.sort) if deed is not None else None
    if deed is None or sort is None:
        raise NotFound("没有这份邀请。There is no such invitation.")
    doer = deed.case.filed_by
    if doer.pk != subject.pk:
        write_look(
            actor=actor,
            subjects=[doer.pk],
            purpose=gettext_noop("应本人邀请证明善行"),
            clause=gettext_noop("本人邀请"),
            kinds=[sort.kind],
            result=gettext_noop("查看申报的善行"),
        )
    return Invitation(
        invitation=handle,
        doer=vault.unseal(doer.name_sealed, "subject.name"),
        sort_name=sort.name,
        happened_on=deed.happened_on,
        values=_values(deed, sort),
        open=deed.case.state == Case.State.SUBMITTED and deed.confirmations.count() < sort.of,
        mine=doer.pk == subject.pk,
        done=deed.confirmations.filter(by=subject).exists(),
    )


def codes(*, actor: Actor, limit: int = 50) -> list[CodeView]:
    """The codes that the actor's department made, newest first. Raises `NotAllowed`."""
    if actor.role != "clerk" or not actor.department:
        raise NotAllowed("签到码由核实部门制作。Codes are made by the departments that verify deeds.")
    rows = OrganiserCode.objects.filter(department=actor.department).annotate(used=Count("deeds"))
    return [
        CodeView(
            title=row.title,
            sort_name=current().deeds[row.deed].name if row.deed in current().deeds else Text(zh=row.deed, en=row.deed),
            held_on=row.held_on,
            ends_on=row.ends_on,
            uses=row.uses,
            used=row.used,
        )
        for row in rows.order_by(F("made_at").desc())[:limit]
    ]


def verified_by(department: str) -> list[SortView]:
    """The sorts of deeds that a department looks into."""
    rulebook = current()
    return [
        SortView(sort, name_of(department), filled_in(rulebook.kinds[sort.kind]), sort.per_year)
        for sort in rulebook.deeds.values()
        if sort.verifier == department
    ]
