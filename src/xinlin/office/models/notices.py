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
    occasion = models.CharField(max_length=120, blank=True)
    """What it is about, where that is told once and no more, such as ``ended:REFERENCE``; empty for what is told each time."""
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "message"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "occasion"], condition=~Q(occasion=""), name="message_once_an_occasion"
            )
        ]
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


class PriorNotice(models.Model):
    """Before a measure is used: facts, basis, remedy, and until when one may answer (事先告知).

    深圳经济特区社会信用条例 69, 浙江省公共信用信息管理条例 28: told in writing beforehand, with the right to state and defend.
    """

    number = models.CharField(max_length=32, unique=True)
    entry = models.ForeignKey("office.ListEntry", on_delete=models.PROTECT, related_name="prior_notices")
    measure = models.CharField(max_length=64)
    department = models.CharField(max_length=64)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    given_by = models.CharField(max_length=64)
    given_at = models.DateTimeField()
    answer_until = models.DateField()
    """The last day on which one may answer."""
    answer_sealed = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prior_notice"
        constraints = [
            models.UniqueConstraint(fields=["entry", "measure", "department"], name="prior_notice_once"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | ~Q(answer_sealed=""), name="prior_notice_answer_has_words"
            ),
        ]
