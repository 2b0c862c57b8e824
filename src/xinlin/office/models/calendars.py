"""Working days as the city keeps them (工作日历)."""

from __future__ import annotations

from django.db import models


class CalendarDay(models.Model):
    """A day on which offices work or rest otherwise than the week says, entered from the yearly arrangement (放假安排)."""

    day = models.DateField(primary_key=True)
    worked = models.BooleanField()
    name = models.CharField(max_length=100, blank=True)
    document = models.CharField(max_length=200)
    """The arrangement that says so."""
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=64)

    class Meta:
        db_table = "calendar_day"
