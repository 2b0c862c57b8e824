"""What people were told, by which ways, and where they may be reached (通知, 联系方式)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Message(models.Model):
    """One notice to one person or organisation, written in the transaction of what it tells (通知; the outbox row)."""

    number = models.CharField(max_length=40, unique=True)
    """The message id under which every gateway gets it, however often it is tried."""
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="messages")
    template = models.CharField(max_length=64)
    content_sealed = models.TextField()
    """Title, body and short text in both languages as sent, sealed: JSON."""
    case = models.ForeignKey("office.Case", null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "message"
        indexes = [models.Index(fields=["subject", "-at"])]


class Delivery(models.Model):
    """One way by which a message goes out, and how far it got (送达)."""

    class State(models.TextChoices):
        """``sending`` is claimed by a worker; one that fell silent is claimed again under the same message id."""

        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    gateway = models.CharField(max_length=100, blank=True)
    """Which provider took it; never its address or secret."""
    reference = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    next_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "delivery"
        constraints = [models.UniqueConstraint(fields=["message", "channel"], name="delivery_once_per_channel")]
        indexes = [models.Index(fields=["state", "next_at"], condition=~Q(state="sent"), name="delivery_open")]


class Contact(models.Model):
    """Where a person wishes to be told: given by themselves, sealed, taken back at any time (联系方式)."""

    subject = models.ForeignKey("office.Subject", on_delete=models.CASCADE, related_name="contacts")
    channel = models.CharField(max_length=8)
    address_sealed = models.TextField()
    language = models.CharField(max_length=8, default="zh-hans")
    given_at = models.DateTimeField()

    class Meta:
        db_table = "contact"
        constraints = [
            models.UniqueConstraint(fields=["subject", "channel"], name="contact_one_per_channel"),
            models.CheckConstraint(condition=Q(channel__in=["sms", "email"]), name="contact_channel"),
        ]
