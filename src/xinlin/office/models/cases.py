"""Cases that people open (办件), every step in them, and who was told what came of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Case(models.Model):
    """A request with a clock (办件). While an objection is open its record is disputed and counts 0."""

    class Kind(models.TextChoices):
        """What is asked for: 异议, 复核, 修复, 质疑查询, 申报善行."""

        OBJECTION = "objection"
        REVIEW = "review"
        REPAIR = "repair"
        LOOK = "look"
        DEED = "deed"

    class State(models.TextChoices):
        """Where it stands. ``papers`` waits for the applicant, ``proposed`` for a second signature."""

        SUBMITTED = "submitted"
        PAPERS = "papers"
        ACCEPTED = "accepted"
        FORWARDED = "forwarded"
        ANSWERED = "answered"
        PROPOSED = "proposed"
        CLOSED = "closed"

    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.SUBMITTED)
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="cases")
    """Whose case it is; an organisation's is filed by who represents it, see ``filed_by``."""
    filed_by = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="filed_cases")
    record = models.ForeignKey("office.Record", null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    answer = models.ForeignKey(
        "office.CheckAnswer", null=True, blank=True, on_delete=models.PROTECT, related_name="cases"
    )
    """For an objection to the answer of a check."""
    look = models.ForeignKey("office.Look", null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    """For a look that the person challenges."""
    review_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    reason = models.CharField(max_length=32)
    words_sealed = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    procedure = models.CharField(max_length=64, blank=True)
    """The code of the procedure under which it runs; its text is the rulebook's of that day."""
    department = models.CharField(max_length=64)
    """The office that acts next."""
    provider = models.CharField(max_length=64, blank=True)
    due_on = models.DateField()
    """The day by which the applicant has the result."""
    due_provisional = models.BooleanField(default=False)
    forwarded_on = models.DateField(null=True, blank=True)
    provider_due_on = models.DateField(null=True, blank=True)
    handed_over_on = models.DateField(null=True, blank=True)
    """The day on which the department that was asked first passed it to the one whose business it is (移交)."""
    answered_on = models.DateField(null=True, blank=True)
    """The day of the department's answer, so that what was late stays counted."""
    extended_on = models.DateField(null=True, blank=True)
    pauses = models.JSONField(default=list)
    """Days with experts: [first day, first day after or null]."""
    papers_asked_on = models.DateField(null=True, blank=True)
    """Missing papers are named once (一次性告知), and never again."""
    outcome = models.CharField(max_length=32, blank=True)
    """What is proposed, and once closed what was decided."""
    changes_sealed = models.TextField(blank=True)
    """For a correction: field -> text as corrected; for an addition: what is to stand beside the record. JSON, sealed."""
    reasons_sealed = models.TextField(blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    signed_by = models.CharField(max_length=64, blank=True)
    """The second person, where the procedure asks for one."""
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "case_file"
        constraints = [
            models.UniqueConstraint(
                fields=["record", "filed_by", "kind"],
                condition=~Q(state="closed") & Q(record__isnull=False),
                name="case_one_open_per_applicant",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | (Q(closed_at__isnull=False) & ~Q(outcome="") & ~Q(decided_by="") & ~Q(reasons_sealed="")),
                name="case_closed_by_a_person_with_reasons",
            ),
            models.CheckConstraint(
                condition=Q(signed_by="") | ~Q(signed_by=models.F("decided_by")), name="case_signed_by_another"
            ),
        ]
        indexes = [models.Index(fields=["department", "state", "due_on"]), models.Index(fields=["state", "due_on"])]


class CaseStep(models.Model):
    """One step in a case, as its applicant sees it too (办理过程)."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    step = models.CharField(max_length=32)
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=100)
    department = models.CharField(max_length=64, blank=True)
    words_sealed = models.TextField(blank=True)
    due_on = models.DateField()
    """The deadline as it stood after this step."""

    class Meta:
        db_table = "case_step"
        indexes = [models.Index(fields=["case", "at"])]


class Telling(models.Model):
    """Somebody who was told the old thing is told the new one, and says that it arrived (更正告知)."""

    number = models.CharField(max_length=32, unique=True)
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.PROTECT, related_name="tellings")
    """The case that changed it; none where an entry ended by itself, left its list, or its law was repealed."""
    record = models.ForeignKey("office.Record", on_delete=models.PROTECT, related_name="tellings")
    department = models.CharField(max_length=64)
    answer = models.ForeignKey(
        "office.CheckAnswer", null=True, blank=True, on_delete=models.PROTECT, related_name="tellings"
    )
    """The check by which it had learned of the record; none for the department that provided it."""
    outcome = models.CharField(max_length=32)
    told_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=100, blank=True)

    class Meta:
        db_table = "telling"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "record", "department", "outcome"],
                condition=Q(answer__isnull=True),
                name="telling_holder_once_an_outcome",
            ),
            models.UniqueConstraint(
                fields=["case", "record", "answer", "outcome"],
                condition=Q(answer__isnull=False),
                name="telling_answer_once_an_outcome",
            ),
            models.UniqueConstraint(
                fields=["record", "answer", "outcome"], condition=Q(case__isnull=True), name="telling_end_once"
            ),
        ]
        indexes = [models.Index(fields=["department", "acknowledged_at"])]
