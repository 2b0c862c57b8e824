"""What departments say of subjects (信用记录)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Record(models.Model):
    """One accepted row of a kind (信用记录). Never changed in its facts: a correction is a new record that closes the old."""

    class Status(models.TextChoices):
        """Only ``active`` counts. ``unlinked`` waits for a person to say whose it is; ``ended`` left a full list;
        ``superseded`` was replaced by a corrected version.
        """

        ACTIVE = "active"
        DISPUTED = "disputed"
        REPAIRED = "repaired"
        WITHDRAWN = "withdrawn"
        ENDED = "ended"
        UNLINKED = "unlinked"
        SUPERSEDED = "superseded"

    reference = models.CharField(max_length=32)
    """A random public handle, used in addresses; says nothing about the record."""
    subject = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="records", db_index=False
    )
    kind = models.CharField(max_length=64)
    department = models.CharField(max_length=64)
    batch = models.ForeignKey("office.Batch", on_delete=models.PROTECT, related_name="records")
    row = models.PositiveBigIntegerField()
    occurred_on = models.DateField()
    entered_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    status_changed_at = models.DateTimeField(null=True, blank=True)
    record_class = models.CharField(max_length=8, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    """First day on which it no longer counts, as the record itself states."""
    disclosed_until = models.DateField(null=True, blank=True)
    """First day on which it is no longer disclosed to the public (终止公开), though it still stands."""
    document = models.CharField(max_length=128, blank=True)
    authority = models.CharField(max_length=200, blank=True)
    article = models.CharField(max_length=2048, blank=True)
    notice_on = models.DateField(null=True, blank=True)
    remedy = models.CharField(max_length=500, blank=True)
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes", db_index=False
    )
    """The corrected version that holds instead of this one."""
    named_person = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="named_in", db_index=False
    )
    fields = models.JSONField(default=dict)
    """The kind's own fields, typed (integers, ISO dates, code values, text). Personal ones are sealed."""
    fingerprint = models.CharField(max_length=64)
    """Keyed hash of kind, department and the normalised row: the same row twice is one record."""
    key = models.CharField(max_length=64, blank=True)
    """For full lists: keyed hash of the key fields, by which an entry is found again next time."""

    class Meta:
        db_table = "record"
        constraints = [
            # as constraints: a unique field would have a second index on PostgreSQL, for searches that nobody makes
            models.UniqueConstraint(fields=["reference"], name="record_reference_unique"),
            models.UniqueConstraint(fields=["fingerprint", "kind"], name="record_same_row_once"),
            models.CheckConstraint(
                condition=Q(subject__isnull=False) | Q(status__in=["unlinked", "ended", "withdrawn", "superseded"]),
                name="record_without_subject_has_no_effect",
            ),
        ]
        # few records name a person, were superseded or wait to be linked, and (subject, kind) serves whoever asks for a subject's records
        indexes = [
            models.Index(fields=["subject", "kind"]),
            models.Index(fields=["kind", "key"]),
            models.Index(fields=["named_person"], condition=Q(named_person__isnull=False), name="record_named"),
            models.Index(fields=["superseded_by"], condition=Q(superseded_by__isnull=False), name="record_superseded"),
            models.Index(fields=["id"], condition=Q(status="unlinked"), name="record_unlinked"),
        ]


class RecordEvent(models.Model):
    """What changed about a record after it was entered, on both clocks (记录变动): its state, whose it is, its end.

    The facts of a record never change; with these events its state at any past moment can be told again.
    """

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="events")
    entered_at = models.DateTimeField()
    happened_on = models.DateField()
    """The day from which the change holds in the world; ``entered_at`` is when the platform learned of it."""
    reason = models.CharField(max_length=64)
    """A code such as ``objection_opened``, ``left_list``, ``corrected``, ``repaired``, ``merged``."""
    before = models.JSONField()
    """Column -> value before the change, only columns that changed; dates as ISO text, references as keys."""
    after = models.JSONField()
    actor = models.CharField(max_length=64)
    case = models.ForeignKey("office.Case", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "record_event"
        indexes = [models.Index(fields=["record", "entered_at"]), models.Index(fields=["entered_at"])]
