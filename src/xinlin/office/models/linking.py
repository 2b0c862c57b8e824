"""Whose a record is, where that took a person to say: questions, names accepted, subjects merged, split and renamed (关联)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SubjectChange(models.Model):
    """Something a person did to the register: who, why, what moved, and whether it was taken back (主体变更)."""

    class Sort(models.TextChoices):
        """``merge`` joins two subjects, ``split`` moves records to another, ``rename`` corrects the registered name,
        ``name`` accepts another name beside it, ``link`` attaches a record that came without an identifier.
        """

        MERGE = "merge"
        SPLIT = "split"
        RENAME = "rename"
        NAME = "name"
        LINK = "link"

    number = models.CharField(max_length=32, unique=True)
    sort = models.CharField(max_length=8, choices=Sort.choices)
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="changes")
    """The one that stays, or that is changed."""
    other = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="changes_as_other"
    )
    moved = models.JSONField(default=dict)
    """Table -> keys of the rows that moved, so that exactly these move back; sealed names under ``before`` and ``after``."""
    reason_sealed = models.TextField()
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=100)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=64, blank=True)
    undone_reason_sealed = models.TextField(blank=True)

    class Meta:
        db_table = "subject_change"
        constraints = [
            models.CheckConstraint(
                condition=~Q(sort__in=["merge", "split"]) | Q(other__isnull=False), name="subject_change_names_both"
            ),
        ]
        indexes = [models.Index(fields=["subject", "-at"])]


class SubjectName(models.Model):
    """Another name under which a person accepted that a subject is sent (曾用名, 别名). Taken back, the row goes."""

    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="names")
    name_key = models.CharField(max_length=64)
    """Keyed hash of the name as it is compared."""
    name_sealed = models.TextField()
    change = models.ForeignKey(SubjectChange, on_delete=models.PROTECT, related_name="names")

    class Meta:
        db_table = "subject_name"
        constraints = [models.UniqueConstraint(fields=["subject", "name_key"], name="subject_name_once")]


class LinkQuestion(models.Model):
    """A row that came under a known identifier with another name, and waits for a person (关联疑问).

    A record without an identifier waits too, without a row here until it is answered.
    """

    class State(models.TextChoices):
        """``same``: it is this subject; ``other``: it belongs to another identifier; ``none``: to nobody here."""

        OPEN = "open"
        SAME = "same"
        OTHER = "other"
        NONE = "none"

    refused_row = models.OneToOneField(
        "office.RefusedRow", null=True, blank=True, on_delete=models.PROTECT, related_name="question"
    )
    record = models.OneToOneField(
        "office.Record", null=True, blank=True, on_delete=models.PROTECT, related_name="question"
    )
    subject = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="questions"
    )
    """Whom the identifier names in the register."""
    about = models.CharField(max_length=16, default="subject")
    """``subject`` or ``representative``: whose name differs."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    change = models.ForeignKey(SubjectChange, null=True, blank=True, on_delete=models.PROTECT, related_name="questions")
    reason_sealed = models.TextField(blank=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "link_question"
        constraints = [
            models.CheckConstraint(
                condition=Q(refused_row__isnull=True, record__isnull=False)
                | Q(refused_row__isnull=False, record__isnull=True),
                name="link_question_of_row_or_record",
            ),
        ]
        indexes = [models.Index(fields=["state"], condition=Q(state="open"), name="link_question_open")]
