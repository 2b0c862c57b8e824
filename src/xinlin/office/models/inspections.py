"""Plans of inspections and the firms drawn for them (抽查计划). Organisations alone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class InspectionPlan(models.Model):
    """One department's draw for one year, with what anybody needs to repeat it (抽查计划).

    Announced once, with the hash of a key that is made then; drawn from that key and the first head of the log that covers
    the announcement, whose root nobody could know before. The key is told once the year is over: until then no firm can
    work out whether an inspector will come.
    """

    number = models.CharField(max_length=32, unique=True)
    rulebook = models.CharField(max_length=64)
    department = models.CharField(max_length=64)
    year = models.PositiveSmallIntegerField()
    announced_at = models.DateTimeField()
    announced_by = models.CharField(max_length=64)
    announced_name = models.CharField(max_length=100)
    drawn_at = models.DateTimeField(null=True, blank=True)
    head_size = models.PositiveBigIntegerField(default=0)
    """How many leaves the head of the log covers from whose root the seed is made; 0 until the draw."""
    root = models.CharField(max_length=64, blank=True)
    """That root (hex)."""
    key_sealed = models.TextField()
    key_sha256 = models.CharField(max_length=64)
    grades = models.JSONField(default=list)
    """For each grade: ``grade``, ``per_mille``, ``firms``, ``drawn``, ``last_lot`` (hex). Numbers alone."""

    class Meta:
        db_table = "inspection_plan"
        constraints = [
            models.UniqueConstraint(fields=["rulebook", "department", "year"], name="inspection_plan_once_a_year"),
            models.CheckConstraint(
                condition=Q(drawn_at__isnull=True, root="") | (Q(drawn_at__isnull=False) & ~Q(root="")),
                name="inspection_plan_drawn_from_a_root",
            ),
        ]


class DrawnFirm(models.Model):
    """A firm that a plan drew, and the grade and reasons as they stood on that day (抽中单位)."""

    plan = models.ForeignKey(InspectionPlan, on_delete=models.CASCADE, related_name="firms")
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="+")
    grade = models.CharField(max_length=64)
    reasons = models.JSONField(default=list)
    """``name`` in both languages, ``record_class``, ``ends_on`` of each."""

    class Meta:
        db_table = "drawn_firm"
        constraints = [models.UniqueConstraint(fields=["plan", "subject"], name="drawn_firm_once")]
