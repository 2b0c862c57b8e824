"""Promises with a day on which they are due, of applicants and of the government itself (信用承诺, 政务承诺)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Pledge(models.Model):
    """What somebody promised, by when, and whether it was kept (承诺及履约)."""

    class State(models.TextChoices):
        """``kept`` in time, ``late`` but done, ``excused`` by the office with reasons, ``broken`` by the office's finding."""

        OPEN = "open"
        KEPT = "kept"
        LATE = "late"
        EXCUSED = "excused"
        BROKEN = "broken"
        WITHDRAWN = "withdrawn"

    number = models.CharField(max_length=32, unique=True)
    template = models.CharField(max_length=64)
    subject = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="pledges"
    )
    """Who promised; none where an office did."""
    promisor = models.CharField(max_length=64, blank=True)
    """Code of the office that promised, for the government's own promises."""
    department = models.CharField(max_length=64)
    """The office that watches over it."""
    item = models.CharField(max_length=64, blank=True)
    duty = models.CharField(max_length=500)
    papers = models.JSONField(default=list)
    """Papers to be handed in later (容缺补正), by name."""
    signed_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    reminded_on = models.DateField(null=True, blank=True)
    result_on = models.DateField(null=True, blank=True)
    result_words = models.CharField(max_length=500, blank=True)
    result_by = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "pledge"
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False, promisor="") | (Q(subject__isnull=True) & ~Q(promisor="")),
                name="pledge_one_promisor",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "withdrawn"])
                | (Q(result_on__isnull=False) & ~Q(result_by="") & ~Q(result_words="")),
                name="pledge_result_by_a_person_with_words",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"]), models.Index(fields=["department", "state", "due_on"])]
