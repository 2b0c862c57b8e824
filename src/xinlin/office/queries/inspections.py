"""Grades of supervision of firms with their reasons, and the plans for which firms were drawn (信用分级分类监管, 双随机抽查).

Organisations alone: nothing here reads a natural person, and no query or action of checks imports this module.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.inspections import CLEAN, RESULT, Graded, Held, Reason, graded, seed_of
from xinlin.core.people import normalise_identifier
from xinlin.core.small_cells import hide_small
from xinlin.core.supervision import SupervisionGrade, share
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.inspections import InspectionPlan
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject
from xinlin.office.models.publicity import PublicMark
from xinlin.office.models.records import Record
from xinlin.office.queries.lists import entry_from
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.records import represented_now
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

SEES = ("officer", "reviewer", "auditor")
GRADED = ("enterprise", "institution", "social_organisation")
"""Sorts of organisations that are inspected: no person, and no office of the government."""
TOLD = (Record.Status.ACTIVE, Record.Status.DISPUTED)
"""A result under objection is shown as such."""
KEY_PLACE = "inspection_plan.key"
GRADES = "grades"
"""The mark under which the counts of grades are kept."""
NO_FIRM = "登记册里没有这家单位。There is no such organisation in the register."


def may_see(actor: Actor) -> None:
    """Raise `NotAllowed` for whoever plans no inspections."""
    if actor.role not in SEES:
        raise NotAllowed(
            "只有审批人员、信用中心和审计员可以查看监管等级。Only officers, the centre and auditors see grades."
        )


def firms() -> QuerySet[Subject]:
    """Every organisation that is inspected."""
    return Subject.objects.filter(
        register=Subject.Register.ORGANISATION, kind__in=GRADED, merged_into__isnull=True
    ).order_by("number")


def grades() -> list[SupervisionGrade]:
    """The grades of the rulebook, the best first; none where it has none."""
    return sorted(current().supervision_grades.values(), key=lambda grade: grade.rank)


def graded_apart(subjects: Iterable[int] | None = None) -> dict[int, Graded]:
    """By primary key, the firms that stand in another grade than the default; of ``subjects``, or of all."""
    book, day, found = current(), today(), {}
    entries, records = defaultdict(list), defaultdict(list)
    asked = {"subject__in": firms()} if subjects is None else {"subject__in": list(subjects)}
    listed = {code for grade in grades() for code in grade.lists}
    counted = [row for grade in grades() for row in grade.records]
    kinds, classes = {row.kind for row in counted}, {name for row in counted for name in row.classes}
    on_lists = ListEntry.objects.filter(**asked, list__in=listed, removed_at__isnull=True, ends_on__gt=day)
    for row in on_lists.select_related("record"):
        entries[row.subject_id].append(entry_from(row))
    columns = ("subject_id", "reference", "kind", "record_class", "occurred_on", "notice_on", "ends_on", "status")
    standing = Record.objects.filter(**asked, kind__in=kinds, record_class__in=classes, status=Record.Status.ACTIVE)
    for subject, *facts in standing.values_list(*columns):
        records[subject].append(Held(*facts))
    for subject in {*entries, *records}:
        one = graded(book, entries[subject], records[subject], day)
        if one is not None and not one.grade.default:
            found[subject] = one
    return found


def default_grade() -> Graded | None:
    """Where a firm stands of which nothing else is known; None where the rulebook has no grades."""
    return graded(current(), (), (), today())


@dataclass(frozen=True, slots=True)
class GradeCount:
    """A grade and how many firms stand in it; None where so few are hidden."""

    grade: SupervisionGrade
    firms: int | None


def counted() -> dict[str, dict[str, int]]:
    """Count the firms in each grade now, as JSON: ``grades``. Reads whatever stands of every firm."""
    usual = default_grade()
    if usual is None:
        return {"grades": {}}
    number = Counter(one.grade.code for one in graded_apart().values())
    number[usual.grade.code] = firms().count() - number.total()
    return {"grades": dict(number)}


def counts(*, actor: Actor) -> tuple[list[GradeCount], datetime | None]:
    """How many firms stand in each grade, the best first, as the worker counted last, and when; counted now where none has.

    Raises `NotAllowed`.
    """
    may_see(actor)
    mark = PublicMark.objects.filter(name=GRADES).first()
    number = (counted() if mark is None else mark.figures)["grades"]
    shown = hide_small({grade.code: number.get(grade.code, 0) for grade in grades()})
    return [GradeCount(grade, shown[grade.code]) for grade in grades()], mark.at if mark else None


@dataclass(frozen=True, slots=True)
class ResultView:
    """What one inspection found: a dated record that may be objected to, and is published like a licence."""

    reference: str
    department: Text
    plan: str
    on: date
    matters: str
    result: Text
    clean: bool
    """Whether nothing was found."""
    findings: str
    document: str
    next_on: date | None
    """When the authority said it comes again; None where it did not."""
    disputed: bool


def results_of(subjects: Iterable[int]) -> dict[int, list[ResultView]]:
    """By primary key, what inspections of these firms found, the newest first. One query."""
    kind, found = current().kinds.get(RESULT), dict[int, list[ResultView]]()
    if kind is None:
        return found
    codes = next(field.codes or {} for field in kind.fields if field.code == "result")
    rows = Record.objects.filter(kind=RESULT, subject__in=list(subjects), status__in=TOLD)
    for row in rows.order_by("-occurred_on", "-pk"):
        said, again = row.fields, row.fields.get("next_on")
        view = ResultView(
            reference=row.reference,
            department=name_of(row.department),
            plan=str(said.get("plan", "")),
            on=row.occurred_on,
            matters=str(said.get("matters", "")),
            result=codes.get(str(said.get("result")), Text(zh="", en="")),
            clean=said.get("result") in CLEAN,
            findings=str(said.get("findings") or ""),
            document=row.document,
            next_on=date.fromisoformat(again) if isinstance(again, str) and again else None,
            disputed=row.status == Record.Status.DISPUTED,
        )
        found.setdefault(row.subject_id or 0, []).append(view)
    return found


@dataclass(frozen=True, slots=True)
class FirmGrade:
    """A firm, its grade and why, and what inspections of it found."""

    reference: str
    name: str
    grade: SupervisionGrade
    reasons: tuple[Reason, ...]
    results: list[ResultView]


def _firm_grades(found: list[Subject]) -> list[FirmGrade]:
    usual, apart = default_grade(), graded_apart(firm.pk for firm in found)
    if usual is None:
        return []
    told, results = [(firm, apart.get(firm.pk, usual)) for firm in found], results_of(firm.pk for firm in found)
    return [
        FirmGrade(firm.pseudonym, firm.public_name, one.grade, one.reasons, results.get(firm.pk, []))
        for firm, one in told
    ]


def of_firm(*, actor: Actor, identifier: str) -> FirmGrade:
    """The grade of the firm with this exact code, and its reasons. Writes the look. Raises `NotAllowed`, `NotFound`."""
    may_see(actor)
    key = vault.identifier_key(normalise_identifier(identifier))
    found = Subject.objects.select_related("merged_into").filter(identifier_key=key).first()
    firm = found.merged_into or found if found is not None else None
    if firm is None or firm.register != Subject.Register.ORGANISATION or firm.kind not in GRADED:
        raise NotFound(NO_FIRM)
    shown = _firm_grades([firm])
    if not shown:
        raise NotFound("本地没有监管等级。There are no grades of supervision here.")
    write_look(
        actor=actor,
        subjects=[firm.pk],
        purpose=gettext_noop("查看单位的监管等级"),
        clause=gettext_noop("国办发〔2019〕35号"),
        kinds=[],
        result=gettext_noop("查看监管等级"),
    )
    return shown[0]


def own(*, actor: Actor) -> list[FirmGrade]:
    """The grades of the organisations that the resident represents today. Writes the look."""
    keys = represented_now(own_subject(actor, "see"))
    led = list(firms().filter(pk__in=keys))
    shown = _firm_grades(led)
    if shown:
        write_look(
            actor=actor,
            subjects=[firm.pk for firm in led],
            purpose=gettext_noop("单位查询本单位"),
            clause=gettext_noop("征信业管理条例 第十七条"),
            kinds=[],
            result=gettext_noop("查看监管等级"),
        )
    return shown


@dataclass(frozen=True, slots=True)
class DrawnGrade:
    """The draw of one grade: by which rate, from how many firms, how many, and the largest lot among them."""

    name: Text
    share: str
    firms: int | None
    drawn: int | None
    last_lot: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as anybody may see it: no firm is named. Without seed and grades until it is drawn."""

    number: str
    department: Text
    year: int
    root: str
    key_sha256: str
    seed: str
    """Root, key, department and year; empty until the year is over."""
    seed_on: date
    """The day from which the seed is told."""
    head_size: int
    announced_at: datetime
    drawn_at: datetime | None
    grades: list[DrawnGrade]


def grade_name(code: str) -> Text:
    """The name of a grade, or its code where the rulebook no longer has it."""
    grade = current().supervision_grades.get(code)
    return grade.name if grade else Text(zh=code, en=code)


def told_on(plan: InspectionPlan) -> date:
    """The day after the plan's year: from then on everybody may know whom it drew."""
    return date(plan.year + 1, 1, 1)


def plan_view(plan: InspectionPlan) -> PlanView:
    """A plan as anybody may see it."""
    office = current().departments.get(plan.department)
    held, taken = (hide_small({row["grade"]: row[what] for row in plan.grades}) for what in ("firms", "drawn"))
    rows = [
        DrawnGrade(
            grade_name(row["grade"]), share(row["per_mille"]), held[row["grade"]], taken[row["grade"]], row["last_lot"]
        )
        for row in plan.grades
    ]
    name = office.name if office else Text(zh=plan.department, en=plan.department)
    seed = ""
    if plan.root and told_on(plan) <= today():
        seed = seed_of(plan.root, vault.unseal(plan.key_sealed, KEY_PLACE), plan.department, plan.year)
    return PlanView(
        number=plan.number,
        department=name,
        year=plan.year,
        root=plan.root,
        key_sha256=plan.key_sha256,
        seed=seed,
        seed_on=told_on(plan),
        head_size=plan.head_size,
        announced_at=plan.announced_at,
        drawn_at=plan.drawn_at,
        grades=rows,
    )


def visible(actor: Actor | None) -> QuerySet[InspectionPlan]:
    """The plans that the actor may open: an officer those of the own department; all are public in numbers."""
    found = InspectionPlan.objects.filter(rulebook=current().code)
    return found.filter(department=actor.department) if actor is not None and actor.role == "officer" else found


def plans(*, actor: Actor | None = None) -> list[PlanView]:
    """Seed, rates and numbers of the plans, the newest first. They are public; an officer's desk lists their own department's."""
    return [plan_view(one) for one in visible(actor).order_by("-announced_at")[:100]]


def plan_of_year(actor: Actor) -> str:
    """The number of the plan that the officer's department announced this year; empty where it has not."""
    drawn = InspectionPlan.objects.filter(rulebook=current().code, department=actor.department, year=today().year)
    return drawn.values_list("number", flat=True).first() or ""
