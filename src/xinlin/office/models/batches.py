"""What departments deliver: batches, refused rows, mappings; and the jobs that work on them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Job(models.Model):
    """Long work with progress one can see (任务)."""

    class State(models.TextChoices):
        """Where a job stands."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    """When the first row was looked at, from which the speed is counted."""
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "job"


class Mapping(models.Model):
    """How the columns of a department's file become the fields of a kind; kept and reused (列映射)."""

    name = models.CharField(max_length=100)
    department = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    header_sha256 = models.CharField(max_length=64)
    """Of the header row that it fits, so that the next file of the same shape needs no asking."""
    columns = models.JSONField()
    """Field code -> {"column": header, "unit": optional} or {"constant": value}."""
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=64)

    class Meta:
        db_table = "mapping"
        constraints = [
            models.UniqueConstraint(fields=["department", "kind", "name"], name="mapping_name_unique"),
            models.UniqueConstraint(fields=["department", "kind", "header_sha256"], name="mapping_header_unique"),
        ]


class Batch(models.Model):
    """One file as a department delivered it (报送批次). Its bytes lie in the vault under their SHA-256."""

    class State(models.TextChoices):
        """``needs_mapping`` waits for a person; ``failed`` says why in ``findings`` and has stored nothing; ``tried`` says what
        would become of the file and has stored nothing; ``aside``: a person said that it is not to be taken in.
        """

        RECEIVED = "received"
        NEEDS_MAPPING = "needs_mapping"
        JUDGING = "judging"
        DONE = "done"
        FAILED = "failed"
        TRIED = "tried"
        ASIDE = "aside"

    number = models.CharField(max_length=32, unique=True)
    department = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    delivery = models.CharField(max_length=16)
    filename = models.CharField(max_length=255)
    returns = models.PositiveSmallIntegerField(default=0)
    """How often the same single entry had come before: one that left its list may lawfully come back."""
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    signature = models.JSONField(default=dict)
    """The sender's signature, where the department signs: key, signed text, signature; it can be verified for ever."""
    sent_by = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    valid_on = models.DateField()
    """For a full list: the day for which it speaks."""
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVED)
    mapping = models.ForeignKey(Mapping, null=True, blank=True, on_delete=models.PROTECT)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT)
    replays = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replayed_by")
    """The delivery whose refused rows it answers, where they are all of one."""
    reading = models.JSONField(default=dict)
    """What a person said of the file where it was read wrongly: table, header_row, encoding, delimiter."""
    part = models.CharField(max_length=300, blank=True, default="")
    """The table that a person named when the file came: another table of it is another delivery."""
    layout = models.JSONField(default=dict)
    """What was found in the file: format, encoding, delimiter, sheet, header row, columns."""
    findings = models.JSONField(default=list)
    rows_read = models.PositiveBigIntegerField(default=0)
    rows_accepted = models.PositiveBigIntegerField(default=0)
    """Accepted, those among them that repeat a record already held counted in ``rows_repeated`` too."""
    rows_repeated = models.PositiveBigIntegerField(default=0)
    rows_refused = models.PositiveBigIntegerField(default=0)
    entries_added = models.PositiveBigIntegerField(default=0)
    entries_ended = models.PositiveBigIntegerField(default=0)
    awaits = models.JSONField(default=dict)
    """Of a full list that is not whole yet: ``tables`` that are still to come, ``entries`` that stood before it."""
    finished_at = models.DateTimeField(null=True, blank=True)
    only_tried = models.BooleanField(default=False, db_default=False)
    """The file came to be tried (仅试读) and was not sent for real since: no delivery, and forgotten after a while."""
    tried_rows = models.JSONField(default=list)
    """The first rows that a trial would refuse: row, raw_sealed, problems, as a refused row keeps them."""
    aside_reason_sealed = models.TextField(blank=True, default="", db_default="")
    """Why the file is not to be taken in, as the person who set it aside said; sealed, for it may name somebody."""
    aside_by = models.CharField(max_length=64, blank=True, default="", db_default="")
    aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "batch"
        constraints = [
            models.UniqueConstraint(
                fields=["department", "kind", "sha256", "part", "returns"],
                condition=~Q(delivery="full_list"),
                name="batch_same_file_once",
            ),
            models.UniqueConstraint(
                fields=["department", "kind", "sha256", "valid_on"],
                condition=Q(delivery="full_list"),
                name="batch_same_list_once_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(rows_read=F("rows_accepted") + F("rows_refused")),
                name="batch_counts_add_up",
            ),
        ]


class AbsentEntry(models.Model):
    """An entry that the tables of a full list taken in so far do not have; it ends once the list is whole (待结束条目)."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="absent")
    """The full list."""
    record = models.OneToOneField("office.Record", on_delete=models.CASCADE, related_name="absent")

    class Meta:
        db_table = "absent_entry"


class RefusedRow(models.Model):
    """A row that was not taken: kept with what is wrong and how to cure it (退回行)."""

    class State(models.TextChoices):
        """``replayed``: a corrected version was taken in; ``closed``: nothing of it is kept and nothing is to be done;
        ``aside``: a person said that it is not to be taken in.
        """

        OPEN = "open"
        REPLAYED = "replayed"
        CLOSED = "closed"
        ASIDE = "aside"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="refused_rows")
    row = models.PositiveBigIntegerField()
    """Row number in the sheet or file as a person counts it (the first line is 1)."""
    raw_sealed = models.TextField()
    """The row as it came, as JSON {column: text}, sealed: refused rows hold identity numbers too."""
    problems = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    replayed_in = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.PROTECT, related_name="replayed_rows"
    )
    replayed_row = models.PositiveBigIntegerField(null=True, blank=True)
    """Its row in the delivery that answered it."""
    aside_reason_sealed = models.TextField(blank=True, default="", db_default="")
    """Why it is not to be taken in, as the person who set it aside said; sealed, for it may name somebody."""
    aside_by = models.CharField(max_length=64, blank=True, default="", db_default="")
    aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "refused_row"
        constraints = [models.UniqueConstraint(fields=["batch", "row"], name="refused_row_unique")]
