"""Plans of inspections and the firms drawn for them (抽查计划). Organisations alone."""

from __future__ import annotations

from django.db import models


class InspectionPlan(models.Model):
    """One department's draw for one year: once, from a public seed, with what anybody needs to repeat it (抽查计划)."""

    number = models.CharField(max_length=32, unique=True)
    rulebook = models.CharField(max_length=64)
    department = models.CharField(max_length=64)
    year = models.PositiveSmallIntegerField()
    head_size = models.PositiveBigIntegerField()
    """How many leaves the signed head of the log covered from whose root the seed is made."""
    seed = models.CharField(max_length=200)
    grades = models.JSONField()
    """For each grade: ``grade``, ``per_mille``, ``firms``, ``drawn``, ``last_lot`` (hex). Numbers alone."""
    drawn_at = models.DateTimeField()
    drawn_by = models.CharField(max_length=64)
    drawn_name = models.CharField(max_length=100)

    class Meta:
        db_table = "inspection_plan"
        constraints = [
            models.UniqueConstraint(fields=["rulebook", "department", "year"], name="inspection_plan_once_a_year"),
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
