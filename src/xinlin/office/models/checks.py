"""Questions at an approval, their answers, and what the officer did (信用核查)."""

from __future__ import annotations

from django.db import models


class Check(models.Model):
    """One call of an approval system: an item, a purpose, some applicants (核查)."""

    number = models.CharField(max_length=32, unique=True)
    client = models.CharField(max_length=100)
    department = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    purpose = models.CharField(max_length=200)
    officer = models.CharField(max_length=100)
    idempotency_key = models.CharField(max_length=100)
    input_sha256 = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    as_of = models.DateField()

    class Meta:
        db_table = "check_question"
        constraints = [models.UniqueConstraint(fields=["client", "idempotency_key"], name="check_key_once")]


class CheckAnswer(models.Model):
    """The answer for one applicant: yes (on a list), no, or unsure (核查结果)."""

    class Verdict(models.TextChoices):
        """``unsure`` is a question for a person, never a hit."""

        YES = "yes"
        NO = "no"
        UNSURE = "unsure"

    number = models.CharField(max_length=40, unique=True)
    question = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="answers")
    position = models.PositiveIntegerField()
    subject = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="check_answers"
    )
    applicant_sealed = models.TextField()
    """Identifier and name as asked, sealed."""
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    reasons = models.JSONField(default=list)
    """Why, with the values that met; for ``unsure``, what a person has to clear up."""
    hits = models.JSONField(default=list)
    """Entry, list, document, authority, article, measures with force and end."""
    feedback_due_on = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "check_answer"
        constraints = [models.UniqueConstraint(fields=["question", "position"], name="check_answer_position_unique")]


class CheckFeedback(models.Model):
    """What the officer, a person, decided on an answer (核查反馈)."""

    class Decision(models.TextChoices):
        """A measure applied needs reasons; software never decides it."""

        RELEASED = "released"
        MEASURE_APPLIED = "measure_applied"
        NOT_THE_PERSON = "not_the_person"

    answer = models.OneToOneField(CheckAnswer, on_delete=models.PROTECT, related_name="feedback")
    decision = models.CharField(max_length=16, choices=Decision.choices)
    measure = models.CharField(max_length=64, blank=True)
    entry = models.ForeignKey("office.ListEntry", null=True, blank=True, on_delete=models.PROTECT, related_name="uses")
    reason = models.CharField(max_length=1000)
    officer = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        db_table = "check_feedback"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decision="measure_applied")
                | (
                    models.Q(entry__isnull=False) & ~models.Q(measure="") & ~models.Q(reason="") & ~models.Q(officer="")
                ),
                name="check_feedback_measure_has_entry_officer_reason",
            )
        ]
