"""Who may act for whom, in what, until when (代办授权)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Mandate(models.Model):
    """One person lets another act for them: named, limited in what and how long, ended with one tap (委托, 监护, 窗口代办)."""

    class Kind(models.TextChoices):
        """``counter``: one visit of a person without a phone to a counter, their paper checked by the clerk."""

        HELPER = "helper"
        GUARDIAN = "guardian"
        COUNTER = "counter"

    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    principal = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="mandates_given")
    holder_subject = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="mandates_held"
    )
    """The resident who helps; none at a counter."""
    holder_account = models.ForeignKey(
        "office.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="mandates_held"
    )
    """The clerk at the counter."""
    holder_name = models.CharField(max_length=100)
    """As the person represented is shown it."""
    powers = models.JSONField()
    purpose = models.CharField(max_length=200)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "mandate"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="counter", holder_account__isnull=False, holder_subject__isnull=True)
                | (~Q(kind="counter") & Q(holder_account__isnull=True, holder_subject__isnull=False)),
                name="mandate_has_one_holder",
            ),
            models.CheckConstraint(condition=Q(until_at__gt=models.F("from_at")), name="mandate_ends"),
            models.CheckConstraint(
                condition=Q(holder_subject__isnull=True) | ~Q(holder_subject=models.F("principal")),
                name="mandate_to_another",
            ),
        ]
        indexes = [models.Index(fields=["principal", "-from_at"])]
