"""Reads of cases: the applicant's own, and those that an office answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.people import mask_name
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.cases import Case
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.records import CaseView, case_view
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, today


@dataclass(frozen=True)
class OfficeCaseView:
    """A case on an office's day list: the clock first, the applicant masked."""

    case: CaseView
    applicant: str
    kind_name: Text
    document: str
    words: str
    overdue: bool
    days_left: int


def mine(*, actor: Actor) -> list[CaseView]:
    """The resident's own cases, newest first."""
    rulebook = current()
    found = Case.objects.filter(subject=own_subject(actor)).select_related("record").order_by("-opened_at", "-pk")
    return [case_view(case, rulebook) for case in found]


def _visible(actor: Actor) -> QuerySet[Case]:
    """The cases that staff may see: the centre's reviewers all, a department's clerks those on its records."""
    if actor.role == "reviewer":
        return Case.objects.all()
    if actor.role == "clerk" and actor.department:
        return Case.objects.filter(department=actor.department)
    raise NotAllowed(
        "异议只由信用中心审核员和数据提供部门办理。Only reviewers and the providing department see objections."
    )


def for_office(*, actor: Actor, limit: int = 200) -> list[OfficeCaseView]:
    """Open cases by deadline. Reading them is a look at each applicant's data."""
    rulebook, day = current(), today()
    rows = list(
        _visible(actor)
        .filter(state=Case.State.SUBMITTED)
        .select_related("record", "subject")
        .order_by("due_on", "pk")[:limit]
    )
    write_look(
        actor=actor,
        subjects=[case.subject_id for case in rows],
        purpose=gettext_noop("办理异议"),
        clause=gettext_noop("征信业管理条例 第二十五条"),
        kinds=[case.record.kind for case in rows],
        result=gettext_noop("查看异议待办"),
    )
    return [_office_view(case, case_view(case, rulebook), rulebook.kinds[case.record.kind].name, day) for case in rows]


def _office_view(case: Case, shown: CaseView, kind_name: Text, day: date) -> OfficeCaseView:
    name = vault.unseal(case.subject.name_sealed, "subject.name") if case.subject.name_sealed else ""
    return OfficeCaseView(
        case=shown,
        applicant=mask_name(name),
        kind_name=kind_name,
        document=case.record.document,
        words=vault.unseal(case.words_sealed, "case.words") if case.words_sealed else "",
        overdue=case.due_on < day,
        days_left=(case.due_on - day).days,
    )
