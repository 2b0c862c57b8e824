"""What people declare of their own good deeds, and who confirms it (我要加分)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class OrganiserCode(models.Model):
    """A code that an organiser hands out at an event, so that who took part can show it (活动签到码)."""

    code_key = models.CharField(max_length=64, unique=True)
    """Keyed hash of the code; the code itself is shown once, to who made it."""
    department = models.CharField(max_length=64)
    deed = models.CharField(max_length=64)
    """Which sort of deed of the rulebook it shows."""
    title = models.CharField(max_length=200)
    held_on = models.DateField()
    values = models.JSONField(default=dict)
    """Field -> text that the organiser states, such as the hours; it holds against what the person writes."""
    uses = models.PositiveIntegerField()
    """How many people may use it."""
    ends_on = models.DateField()
    """First day on which it is no longer taken."""
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "organiser_code"
        constraints = [models.CheckConstraint(condition=Q(uses__gt=0), name="organiser_code_uses")]


class Deed(models.Model):
    """What is declared in a case of the kind ``deed``: which sort, when, and what shows it (申报善行)."""

    case = models.OneToOneField("office.Case", on_delete=models.PROTECT, related_name="deed")
    sort = models.CharField(max_length=64)
    happened_on = models.DateField()
    values_sealed = models.TextField()
    """Field -> text as the person wrote it, or as the organiser states it; JSON, sealed."""
    code = models.ForeignKey(OrganiserCode, null=True, blank=True, on_delete=models.PROTECT, related_name="deeds")
    invitation = models.CharField(max_length=32, unique=True)
    """The random handle under which neighbours confirm."""

    class Meta:
        db_table = "deed"


class Confirmation(models.Model):
    """A neighbour says that it is so (邻里证明). Nobody confirms for themselves, and nobody twice."""

    deed = models.ForeignKey(Deed, on_delete=models.CASCADE, related_name="confirmations")
    by = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="confirmations")
    at = models.DateTimeField()

    class Meta:
        db_table = "confirmation"
        constraints = [models.UniqueConstraint(fields=["deed", "by"], name="confirmation_once")]
