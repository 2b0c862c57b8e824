"""Use of a score in a scene: a code for once, shown by its owner to one recipient. Offers themselves are rulebook data."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SceneCode(models.Model):
    """A code for one question of one recipient (一次性码). Goes with the scene's consent; nothing points back at it.

    The code itself is not kept, only its keyed hash.
    """

    code_key = models.CharField(max_length=64, unique=True)
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey("office.Consent", on_delete=models.PROTECT, related_name="+")
    scene = models.CharField(max_length=64)
    offer = models.CharField(max_length=64, blank=True)
    """The offer that it was made for; it answers about no other."""
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "scene_code"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("made_at")), name="scene_code_ends"),
        ]
        indexes = [models.Index(fields=["subject", "scene"])]
