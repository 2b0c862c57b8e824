"""Cases that people open: here the objection (异议)."""

from __future__ import annotations

from django.db import models


class Case(models.Model):
    """A request with a clock (办件). While it is open its record is disputed and counts 0."""

    class Kind(models.TextChoices):
        """What is asked for."""

        OBJECTION = "objection"

    class State(models.TextChoices):
        """Where it stands."""

        SUBMITTED = "submitted"

    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.SUBMITTED)
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="cases")
    record = models.ForeignKey("office.Record", on_delete=models.PROTECT, related_name="cases")
    reason = models.CharField(max_length=32)
    words_sealed = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    department = models.CharField(max_length=64)

    class Meta:
        db_table = "case_file"
        constraints = [
            models.UniqueConstraint(
                fields=["record", "subject"], condition=models.Q(state="submitted"), name="case_one_open_per_record"
            )
        ]
