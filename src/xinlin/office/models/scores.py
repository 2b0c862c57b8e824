"""Score runs and the figures they leave (评分). No row without a consent."""

from __future__ import annotations

from django.db import models


class ScoreRun(models.Model):
    """One computation over everybody enrolled, with all that is needed to repeat it (评分批次)."""

    class State(models.TextChoices):
        """``refused``: the sample scored again by the plain evaluator differed, so nothing was published."""

        RUNNING = "running"
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    number = models.CharField(max_length=32, unique=True)
    rulebook = models.CharField(max_length=64)
    scheme = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    scheme_sha256 = models.CharField(max_length=64)
    plan_sha256 = models.CharField(max_length=64, blank=True)
    inputs_sha256 = models.CharField(max_length=64, blank=True)
    engine = models.CharField(max_length=64)
    as_of = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    people = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey("office.Job", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "score_run"


class Score(models.Model):
    """A person's figure from one run (个人信用分). Deleted with the consent it stands on.

    Nothing points back at a score (``related_name='+'``): from a subject, and so from a check, there is no road to it.
    """

    run = models.ForeignKey(ScoreRun, on_delete=models.PROTECT, related_name="+")
    subject = models.ForeignKey("office.Subject", on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey("office.Consent", on_delete=models.PROTECT, related_name="+")
    as_of = models.DateField()
    score = models.IntegerField()
    tier = models.CharField(max_length=32)
    dimensions = models.JSONField()

    class Meta:
        db_table = "score"
        constraints = [models.UniqueConstraint(fields=["run", "subject"], name="score_one_per_run")]
        indexes = [models.Index(fields=["subject", "-as_of"])]
