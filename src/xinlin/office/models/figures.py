"""Figures that others published, to be held against what the platform counts (外部公布的数字)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StatedFigure(models.Model):
    """A figure as a bulletin or an account states it; nothing of it is counted by the platform."""

    code = models.CharField(max_length=80, unique=True)
    source = models.CharField(max_length=300)
    stated_on = models.DateField()
    name = models.CharField(max_length=300)
    """What it counts, in the source's words."""
    value = models.PositiveBigIntegerField()
    unit = models.CharField(max_length=40, blank=True)
    of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="beneath")
    """The figure of which it is a part, or whose gap it explains."""
    role = models.CharField(max_length=16, blank=True)
    """One of `xinlin.core.stated_figures.ROLES`."""
    measure = models.CharField(max_length=80, blank=True)
    """What of the platform's own counts should be the same: a key of `MEASURES`, ``kind:CODE`` or ``office:CODE``."""
    entered_by = models.CharField(max_length=64)
    entered_at = models.DateTimeField()

    class Meta:
        db_table = "stated_figure"
        constraints = [
            models.CheckConstraint(
                condition=(Q(of__isnull=True) & Q(role="")) | (Q(of__isnull=False) & ~Q(role="")),
                name="stated_figure_role_of",
            ),
        ]
