"""What is public, in tables of its own: organisations by name, their published records, the feed of changes (信用公示).

The public pages read these tables and no others that hold data of subjects. Nothing in them is sealed, and nothing about a
natural person may stand in them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class PublicBody(models.Model):
    """An organisation as anybody may find it (公示主体)."""

    subject = models.OneToOneField(
        "office.Subject", primary_key=True, on_delete=models.CASCADE, related_name="public_body"
    )
    uscc = models.CharField(max_length=18, unique=True)
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=320)
    """As it is shown: the registered name; masked where that is but the name of a sole trader."""
    masked = models.BooleanField(default=False)
    """A sole trader under the trader's own name: never found by name, only by code."""
    folded = models.CharField(max_length=320)
    """The name as it is compared; empty where it is masked."""
    grams = models.TextField(blank=True)
    """The pairs of characters in it and of its sounds, between spaces: the index by which names are found."""

    class Meta:
        db_table = "public_body"
        constraints = [
            models.CheckConstraint(condition=~Q(kind="person") & ~Q(kind=""), name="public_body_is_no_person"),
            models.CheckConstraint(
                condition=Q(masked=False) | Q(folded="", grams=""), name="public_body_masked_unfound"
            ),
        ]
        indexes = [models.Index(fields=["folded"])]


class Publication(models.Model):
    """A record that is shown to everybody (公示记录). It ends by itself: pages compare ``ends_on`` with the day."""

    record = models.OneToOneField("office.Record", on_delete=models.CASCADE, related_name="publication")
    body = models.ForeignKey(PublicBody, on_delete=models.CASCADE, related_name="publications")
    reference = models.CharField(max_length=32, unique=True)
    section = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    department = models.CharField(max_length=64)
    title = models.CharField(max_length=500)
    document = models.CharField(max_length=128, blank=True)
    authority = models.CharField(max_length=200, blank=True)
    article = models.CharField(max_length=2048, blank=True)
    record_class = models.CharField(max_length=8, blank=True)
    decided_on = models.DateField()
    published_at = models.DateTimeField()
    due_on = models.DateField(null=True)
    """The last day on which publication is in time, where the section has a clock."""
    in_time = models.BooleanField(null=True)
    """Whether it was; null where there is no clock."""
    ends_on = models.DateField()
    """First day on which it is no longer shown."""
    fields = models.JSONField(default=dict)
    """The section's fields, typed, persons in texts hidden."""
    corrected = models.BooleanField(default=False)
    """It replaces an earlier version."""
    disputed = models.BooleanField(default=False)
    live = models.BooleanField(default=True)
    """Whether the feed last said that it is shown."""

    class Meta:
        db_table = "publication"
        indexes = [
            models.Index(fields=["section", "-decided_on", "-id"], condition=Q(live=True), name="publication_section"),
            models.Index(
                fields=["section", "department", "-decided_on", "-id"],
                condition=Q(live=True),
                name="publication_department",
            ),
            models.Index(fields=["section", "id", "ends_on"], condition=Q(live=True), name="publication_in_order"),
            models.Index(fields=["body", "-decided_on"], name="publication_body"),
            models.Index(fields=["ends_on"], condition=Q(live=True), name="publication_ending"),
        ]


class PublicChange(models.Model):
    """One word of the feed: this publication appeared, changed, or is gone (公示变动). Its key is the cursor."""

    class Reason(models.TextChoices):
        """Why. ``hidden``: a part of it is hidden while a request is looked into."""

        PUBLISHED = "published"
        DISPUTED = "disputed"
        CONFIRMED = "confirmed"
        AMENDED = "amended"
        HIDDEN = "hidden"
        SHOWN = "shown"
        EXPIRED = "expired"
        REPAIRED = "repaired"
        WITHDRAWN = "withdrawn"
        ENDED = "ended"
        SUPERSEDED = "superseded"
        STOPPED = "stopped"

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="changes")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    gone = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        db_table = "public_change"


class PublicMark(models.Model):
    """How far the publishing job has read, and figures that a job counted last."""

    name = models.CharField(max_length=32, primary_key=True)
    read = models.BigIntegerField(default=0)
    figures = models.JSONField(default=dict)
    at = models.DateTimeField(null=True)

    class Meta:
        db_table = "public_mark"
