"""Credit reports that were issued: enough to say whether one is genuine, and nothing of what stood in it (信用报告)."""

from __future__ import annotations

from django.db import models


class Report(models.Model):
    """One report that a person took away; the platform keeps its fingerprint, never its content."""

    number = models.CharField(max_length=32, unique=True)
    code_key = models.CharField(max_length=64, unique=True)
    """Keyed hash of the verification code that stands on the paper alone."""
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="reports")
    """Whom it is about."""
    asked_by = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="asked_reports")
    sha256 = models.CharField(max_length=64)
    """Of the sealed PDF."""
    issued_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    via = models.CharField(max_length=32)

    class Meta:
        db_table = "report"
        indexes = [models.Index(fields=["asked_by", "-issued_at"])]
