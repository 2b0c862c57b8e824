"""Alarms on unusual looking, and what came of them (异常查询预警)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class LookAlarmRaised(models.Model):
    """One member of staff looked in an unusual way on a day; a person reads it and writes down what came of it."""

    alarm = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=100)
    role = models.CharField(max_length=32)
    department = models.CharField(max_length=64, blank=True)
    day = models.DateField()
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    looks = models.JSONField()
    """Primary keys of the looks that it counts."""
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=100, blank=True)
    improper = models.BooleanField(default=False)
    words = models.TextField(blank=True)

    class Meta:
        db_table = "look_alarm"
        constraints = [
            models.UniqueConstraint(
                fields=["alarm", "actor", "day"], condition=Q(settled_at__isnull=True), name="look_alarm_one_open"
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | (~Q(settled_by="") & ~Q(words="")),
                name="look_alarm_settled_with_words",
            ),
        ]
        indexes = [models.Index(fields=["settled_at", "-raised_at"])]
