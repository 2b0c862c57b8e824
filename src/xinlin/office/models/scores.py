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
    records_to = models.PositiveBigIntegerField(default=0)
    events_to = models.PositiveBigIntegerField(default=0)
    """The last record and the last change of a record that the run knew when it froze them."""
    closing_records_to = models.PositiveBigIntegerField(default=0)
    closing_events_to = models.PositiveBigIntegerField(default=0)
    """The same when it published: whoever had a record changed meanwhile was scored again from these."""
    commitments_sha256 = models.CharField(max_length=64, blank=True)
    """The salted hashes of all figures, in order, as they lie in the vault. They stay when a person leaves, and say nothing."""
    upper_sha256 = models.CharField(max_length=64, blank=True)
    """Level 1 of the tree over the commitments, in the vault: one hash for each 256, so that a receipt reads two small places."""
    statement = models.TextField(blank=True)
    """The signed head of the tree over the commitments, with the run's identity."""
    engine = models.CharField(max_length=64)
    as_of = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    frozen = models.PositiveIntegerField(default=0)
    """How many people were in the snapshot; those who left before it was published have no figure."""
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
    at_close = models.BooleanField(default=False)
    """Scored again when the run was published, since a record had changed after it was frozen."""
    place = models.PositiveIntegerField(null=True)
    """Which of the run's commitments stands for this figure."""
    salt = models.BinaryField(null=True)
    """Opens the commitment; deleted with the row, and with it all that the commitment could say."""

    class Meta:
        db_table = "score"
        constraints = [models.UniqueConstraint(fields=["run", "subject"], name="score_one_per_run")]
        indexes = [models.Index(fields=["subject", "-as_of"])]
