"""Versions of schemes on their way into force, who signed them, and what people said of them (方案修订, 签署, 意见)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SchemeProposal(models.Model):
    """A changed copy of a scheme: drafted, previewed, signed by two persons, announced, in force on its day (方案修订)."""

    class State(models.TextChoices):
        """An announced version is in force from ``effective_from`` on; it is frozen from the moment it is announced.

        Until that day it may be recalled (撤回公告); its number stays taken.
        """

        DRAFT = "draft"
        ANNOUNCED = "announced"
        WITHDRAWN = "withdrawn"
        RECALLED = "recalled"

    number = models.CharField(max_length=32, unique=True)
    rulebook = models.CharField(max_length=64)
    scheme = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    replaces = models.CharField(max_length=32)
    """The version whose copy it is."""
    effective_from = models.DateField()
    text = models.TextField()
    """The whole file of the new version."""
    text_sha256 = models.CharField(max_length=64)
    reason = models.TextField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    proposed_by = models.CharField(max_length=64)
    proposed_name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True, blank=True)
    recalled_at = models.DateTimeField(null=True, blank=True)
    recalled_name = models.CharField(max_length=100, blank=True)
    recalled_reason = models.TextField(blank=True)
    job = models.ForeignKey("office.Job", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    preview = models.JSONField(null=True, blank=True)
    """Who would move: counts only, small ones hidden. None until it is worked out."""

    class Meta:
        db_table = "scheme_proposal"
        constraints = [
            models.UniqueConstraint(
                fields=["rulebook", "scheme", "version"],
                condition=~Q(state="withdrawn"),
                name="scheme_proposal_version_once",
            )
        ]


class ProposalSignature(models.Model):
    """One person's signature under the text and the preview that they saw (签署)."""

    proposal = models.ForeignKey(SchemeProposal, on_delete=models.PROTECT, related_name="signatures")
    by = models.CharField(max_length=64)
    by_name = models.CharField(max_length=100)
    role = models.CharField(max_length=32)
    at = models.DateTimeField()
    text_sha256 = models.CharField(max_length=64)
    preview_sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "proposal_signature"
        constraints = [models.UniqueConstraint(fields=["proposal", "by"], name="proposal_signature_once")]


class Opinion(models.Model):
    """What somebody says of the score or of a change (意见), and what came of it: “you said, we changed”."""

    number = models.CharField(max_length=32, unique=True)
    subject = models.ForeignKey("office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """Who said it; None where they chose to leave no name."""
    about = models.ForeignKey(SchemeProposal, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text_sealed = models.TextField()
    at = models.DateTimeField()
    said_zh = models.CharField(max_length=500, blank=True)
    said_en = models.CharField(max_length=500, blank=True)
    """What was said, in the centre's words and without anybody's data, for the public page."""
    answer_zh = models.CharField(max_length=1000, blank=True)
    answer_en = models.CharField(max_length=1000, blank=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    changed_in = models.ForeignKey(SchemeProposal, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """The change that it led to."""

    class Meta:
        db_table = "opinion"
