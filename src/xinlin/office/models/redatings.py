"""When the law shortens how long records stand: proposed by one person, put into force by another (规则变动)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Redating(models.Model):
    """A new, shorter term for the records of one kind and class, on a published document (期限变更).

    It only ever brings an end nearer: a later law does not make an old act weigh longer (立法法 104).
    """

    class State(models.TextChoices):
        """``proposed`` has changed nothing."""

        PROPOSED = "proposed"
        IN_FORCE = "in_force"
        DROPPED = "dropped"

    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=64)
    record_class = models.CharField(max_length=8, blank=True)
    """Empty: every class."""
    term = models.CharField(max_length=16)
    """Calendar term from the day of the record, such as ``P6M``."""
    document = models.CharField(max_length=200)
    """The law or document that says so."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    preview = models.JSONField(default=dict)
    """What it would have changed on the day it was proposed: counts only."""
    changed = models.PositiveIntegerField(default=0)
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    signed_by = models.CharField(max_length=64, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "redating"
        constraints = [
            models.CheckConstraint(condition=~Q(signed_by=F("proposed_by")), name="redating_signed_by_another"),
            models.CheckConstraint(
                condition=~Q(state="in_force") | (~Q(signed_by="") & Q(signed_at__isnull=False)),
                name="redating_in_force_is_signed",
            ),
            models.CheckConstraint(condition=~Q(document="") & ~Q(term=""), name="redating_has_its_law"),
        ]
