"""What was captured from public pages and waits for two people to verify it (网页信息)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class WebItem(models.Model):
    """A captured page and the row made of it. Nothing of it leaves before two named people found it right (待核实网页).

    The capture lies in the vault byte for byte; the readable text is made anew whenever somebody looks.
    """

    class State(models.TextChoices):
        """``delivered``: verified by two and sent on as a delivery of one row; ``rejected``: says why."""

        WAITING = "waiting"
        DELIVERED = "delivered"
        REJECTED = "rejected"

    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=64)
    department = models.CharField(max_length=64)
    address = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    """Of the capture, under which its bytes lie in the vault."""
    size = models.PositiveBigIntegerField()
    row_sealed = models.TextField()
    """The row as it would be delivered, as JSON {label: text}."""
    input_sha256 = models.CharField(max_length=64)
    """Of kind, capture and row: the same said twice is one item."""
    captured_by = models.CharField(max_length=64)
    captured_name = models.CharField(max_length=100)
    captured_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    first_by = models.CharField(max_length=64, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    first_at = models.DateTimeField(null=True, blank=True)
    second_by = models.CharField(max_length=64, blank=True)
    second_name = models.CharField(max_length=100, blank=True)
    second_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.CharField(max_length=64, blank=True)
    rejected_name = models.CharField(max_length=100, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    """Why it was rejected."""
    batch = models.OneToOneField(
        "office.Batch", null=True, blank=True, on_delete=models.PROTECT, related_name="web_item"
    )

    class Meta:
        db_table = "web_item"
        constraints = [
            models.CheckConstraint(
                condition=(Q(batch__isnull=True) & ~Q(state="delivered"))
                | (
                    Q(state="delivered", batch__isnull=False)
                    & ~Q(first_by="")
                    & ~Q(second_by="")
                    & ~Q(first_name="")
                    & ~Q(second_name="")
                    & ~Q(first_by=F("second_by"))
                    & ~Q(first_by=F("captured_by"))
                    & ~Q(second_by=F("captured_by"))
                ),
                name="web_item_leaves_by_two_others",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | (~Q(reason="") & ~Q(rejected_by="")),
                name="web_item_rejected_says_why",
            ),
            models.UniqueConstraint(fields=["input_sha256"], condition=~Q(state="rejected"), name="web_item_once"),
        ]
        indexes = [models.Index(fields=["state", "-captured_at"], name="web_item_queue")]
