"""Entries on statutory lists (名单条目). No entry without all that a measure needs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ListEntry(models.Model):
    """A subject on a statutory list (名单条目).

    The seven parts that a measure needs are list, document, authority, article, notice, objection and repair route,
    and end; the table holds each as not null and not empty, so that an entry without one cannot exist.
    """

    record = models.OneToOneField("office.Record", on_delete=models.PROTECT, related_name="list_entry")
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="list_entries", db_index=False)
    list = models.CharField(max_length=64)
    entered_on = models.DateField()
    document = models.CharField(max_length=128)
    authority = models.CharField(max_length=200)
    article = models.CharField(max_length=2048)
    notice_on = models.DateField()
    remedy = models.CharField(max_length=500)
    ends_on = models.DateField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removal_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "list_entry"
        constraints = [
            models.CheckConstraint(
                condition=~Q(list="") & ~Q(document="") & ~Q(authority="") & ~Q(article="") & ~Q(remedy=""),
                name="list_entry_has_every_part",
            ),
            models.CheckConstraint(condition=Q(ends_on__gt=F("entered_on")), name="list_entry_ends"),
        ]
        indexes = [models.Index(fields=["subject", "list"])]
