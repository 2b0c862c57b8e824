"""Rounds of awards: whoever reached a level may be nominated, a panel signs, and the name is shown only if its owner wants so (诚信评选)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class AwardRound(models.Model):
    """One year's round: from which level on, until when one may be nominated, and which office awards (评选轮次)."""

    number = models.CharField(max_length=32, unique=True)
    rulebook = models.CharField(max_length=64)
    title_zh = models.CharField(max_length=100)
    title_en = models.CharField(max_length=100)
    tier = models.CharField(max_length=32)
    """The level that must be reached on the day of the nomination."""
    department = models.CharField(max_length=64)
    opened_by = models.CharField(max_length=64)
    opened_name = models.CharField(max_length=100)
    opened_at = models.DateTimeField()
    closes_on = models.DateField()
    """The last day of nominations."""

    class Meta:
        db_table = "award_round"


class Nomination(models.Model):
    """A person who put themselves forward (报名, 评选). Deleted with the consent under which the level was looked at.

    Nothing points back at it (``related_name='+'``), as with a score.
    """

    class State(models.TextChoices):
        """The panel's word is the last one; until then the person may take it back."""

        NOMINATED = "nominated"
        AWARDED = "awarded"
        REFUSED = "refused"

    number = models.CharField(max_length=32, unique=True)
    round = models.ForeignKey(AwardRound, on_delete=models.PROTECT, related_name="nominations")
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey("office.Consent", on_delete=models.PROTECT, related_name="+")
    nominated_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.NOMINATED)
    decided_at = models.DateTimeField(null=True, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    """When its owner ticked that the name be shown in public; empty again once they untick it."""

    class Meta:
        db_table = "award_nomination"
        constraints = [
            models.UniqueConstraint(fields=["round", "subject"], name="award_nomination_once"),
            models.CheckConstraint(
                condition=Q(shown_at__isnull=True) | Q(state="awarded"), name="award_name_shown_where_awarded"
            ),
        ]


class PanelVote(models.Model):
    """A member of the panel signs (评审签署)."""

    nomination = models.ForeignKey(Nomination, on_delete=models.CASCADE, related_name="votes")
    by = models.CharField(max_length=64)
    by_name = models.CharField(max_length=100)
    role = models.CharField(max_length=32)
    at = models.DateTimeField()
    yes = models.BooleanField()
    reason = models.CharField(max_length=500)

    class Meta:
        db_table = "award_vote"
        constraints = [
            models.UniqueConstraint(fields=["nomination", "by"], name="award_vote_once"),
            models.UniqueConstraint(fields=["nomination", "role"], name="award_vote_one_per_side"),
        ]
