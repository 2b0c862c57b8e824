"""Evidence files on records, cases and remedies, and those that were refused (证据文件)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Evidence(models.Model):
    """A file that shows something about a record, a case or a remedy; its bytes lie sealed in the vault under their SHA-256.

    A refused one is a row without bytes, so that it is known what was tried, by whom and when.
    """

    class State(models.TextChoices):
        """``refused`` says why in ``code``."""

        KEPT = "kept"
        REFUSED = "refused"

    class Scan(models.TextChoices):
        """What the scanner for malware said; ``none``: this installation has none."""

        CLEAN = "clean"
        INFECTED = "infected"
        NONE = "none"

    number = models.CharField(max_length=32, unique=True)
    record = models.ForeignKey(
        "office.Record", null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    case = models.ForeignKey("office.Case", null=True, blank=True, on_delete=models.PROTECT, related_name="evidence")
    remedy = models.ForeignKey(
        "office.Remedy", null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    state = models.CharField(max_length=8, choices=State.choices)
    code = models.CharField(max_length=64, blank=True)
    """Why it was refused."""
    filename_sealed = models.TextField()
    sha256 = models.CharField(max_length=64, db_index=True)
    """Of the bytes kept; of those sent where it was refused."""
    sent_sha256 = models.CharField(max_length=64)
    """Of the bytes as they came: a picture is drawn anew, without place and camera."""
    size = models.PositiveBigIntegerField()
    sort = models.CharField(max_length=16, blank=True)
    """picture, document, audio, video."""
    media_type = models.CharField(max_length=100, blank=True)
    extension = models.CharField(max_length=8, blank=True)
    pages = models.PositiveIntegerField(null=True, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    active = models.BooleanField(default=False)
    """A document that would run or carry something when opened."""
    scan = models.CharField(max_length=8, choices=Scan.choices, default=Scan.NONE)
    department = models.CharField(max_length=64, blank=True)
    """The office that attached it; empty for a resident."""
    attached_by = models.CharField(max_length=64)
    attached_at = models.DateTimeField()

    class Meta:
        db_table = "evidence"
        constraints = [
            models.CheckConstraint(
                condition=Q(record__isnull=True, case__isnull=False, remedy__isnull=True)
                | Q(record__isnull=False, case__isnull=True, remedy__isnull=True)
                | Q(record__isnull=True, case__isnull=True, remedy__isnull=False),
                name="evidence_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(state="kept") | ~Q(code=""), name="evidence_refused_says_why"),
            models.UniqueConstraint(
                fields=["record", "sha256"],
                condition=Q(state="kept", record__isnull=False),
                name="evidence_once_a_record",
            ),
            models.UniqueConstraint(
                fields=["case", "sha256"], condition=Q(state="kept", case__isnull=False), name="evidence_once_a_case"
            ),
            models.UniqueConstraint(
                fields=["remedy", "sha256"],
                condition=Q(state="kept", remedy__isnull=False),
                name="evidence_once_a_remedy",
            ),
        ]
