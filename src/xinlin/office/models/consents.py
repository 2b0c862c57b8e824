"""What became of a consent, what a person refused, and what was deleted for them (授权变动, 拒绝, 删除回执)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ConsentEvent(models.Model):
    """One thing that happened to a consent; the receipt lists them all (ISO/IEC TS 27560 event section)."""

    class State(models.TextChoices):
        """``replaced``: agreed anew after its terms changed; ``lapsed``: its time was over."""

        GIVEN = "given"
        PAUSED = "paused"
        RESUMED = "resumed"
        WITHDRAWN = "withdrawn"
        REPLACED = "replaced"
        LAPSED = "lapsed"

    consent = models.ForeignKey("office.Consent", on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices)
    via = models.CharField(max_length=32)
    actor = models.CharField(max_length=64)

    class Meta:
        db_table = "consent_event"
        indexes = [models.Index(fields=["consent", "at"])]


class Declined(models.Model):
    """A person said no: nobody asks again (网络数据安全管理条例 22). Saying yes later, by oneself, removes it."""

    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="declined")
    step = models.CharField(max_length=8)
    scene = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "declined"
        constraints = [models.UniqueConstraint(fields=["subject", "step", "scene"], name="declined_once")]


class RecordingRefusal(models.Model):
    """A person does not want records of a kind kept, or had one record deleted (不予记录; 深圳经济特区社会信用条例 39).

    With ``fingerprint`` it bars only that record from coming back; without, everything of the kind.
    """

    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="recording_refusals")
    kind = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "recording_refusal"
        constraints = [
            models.UniqueConstraint(fields=["subject", "kind", "fingerprint"], name="recording_refusal_once")
        ]


class DeletionReceipt(models.Model):
    """What was deleted when a person left, withdrew, or had records deleted: a note under the installation's key."""

    class What(models.TextChoices):
        """``leave`` ends everything, ``scene`` one scene or one trade's score, ``records`` records of one's own."""

        LEAVE = "leave"
        SCENE = "scene"
        RECORDS = "records"

    number = models.CharField(max_length=32, unique=True)
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="deletion_receipts")
    what = models.CharField(max_length=8, choices=What.choices)
    at = models.DateTimeField()
    body = models.JSONField()
    note = models.TextField()
    """Header line, canonical JSON, signature: a C2SP signed note that anybody can check with the public key."""

    class Meta:
        db_table = "deletion_receipt"
        indexes = [models.Index(fields=["subject", "-at"])]
        constraints = [models.CheckConstraint(condition=~Q(note=""), name="deletion_receipt_signed")]


class Hidden(models.Model):
    """A good deed that its owner keeps to themselves: in no report to be handed over, on no card. It still counts for them."""

    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="hidden")
    record = models.ForeignKey("office.Record", on_delete=models.CASCADE, related_name="hidden")
    at = models.DateTimeField()

    class Meta:
        db_table = "hidden"
        constraints = [models.UniqueConstraint(fields=["subject", "record"], name="hidden_once")]
