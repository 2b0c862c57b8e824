"""The national list, the measures that the rulebook builds on it, and each measure that is used on somebody (惩戒措施)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class NegativeKind(models.Model):
    """A kind whose records bear against somebody: a trigger refuses one in force without its parts (DESIGN right 3)."""

    code = models.CharField(max_length=64, unique=True)
    classed = models.BooleanField()
    """Whether its records carry a class of their own; an entry on a list has that of its list."""

    class Meta:
        db_table = "negative_kind"


class ListRule(models.Model):
    """A statutory list of the rulebook; a trigger refuses an entry on any other."""

    code = models.CharField(max_length=64, unique=True)
    colour = models.CharField(max_length=8)
    severity = models.CharField(max_length=8)

    class Meta:
        db_table = "list_rule"


class NationalRow(models.Model):
    """A row of the national basic list as this database knows it (全国失信惩戒措施基础清单)."""

    code = models.CharField(max_length=64, unique=True)
    group = models.CharField(max_length=32)

    class Meta:
        db_table = "national_row"


class WordingCheck(models.Model):
    """A person compared a row of the national list with the official text (措辞核对). The last one of a wording counts."""

    class Outcome(models.TextChoices):
        """``differs``: the official words stand beside it until the rulebook says them."""

        SAME = "same"
        DIFFERS = "differs"

    row = models.CharField(max_length=64)
    wording_sha256 = models.CharField(max_length=64)
    """Of the wording that was compared; a changed one is unconfirmed again."""
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    compared_with = models.CharField(max_length=200)
    """Edition and place of the official text."""
    words = models.CharField(max_length=500, blank=True)
    checked_by = models.CharField(max_length=64)
    checked_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        db_table = "wording_check"
        constraints = [
            models.CheckConstraint(
                condition=~Q(compared_with="") & ~Q(checked_by="") & (Q(outcome="same") | ~Q(words="")),
                name="wording_check_by_a_person",
            )
        ]
        indexes = [models.Index(fields=["row", "at"])]


class MeasureRule(models.Model):
    """A measure that may stand on a list: its row of the national list, its articles, and the days they are in force.

    Copied from the rulebook, so that the database itself can refuse a measure that no law in force allows.
    """

    code = models.CharField(max_length=64, unique=True)
    statutory_list = models.CharField(max_length=64)
    national_row = models.ForeignKey(NationalRow, on_delete=models.PROTECT, related_name="rules")
    force = models.CharField(max_length=4)
    article = models.CharField(max_length=2048)
    """The articles as a person cites them, in Chinese."""
    said = models.JSONField()
    """The measure in full as the rulebook says it, for telling one edition from the next."""
    effective_from = models.DateField()
    effective_to = models.DateField()
    """First day on which no article of it is in force."""

    class Meta:
        db_table = "measure_rule"
        constraints = [
            models.CheckConstraint(condition=~Q(article="") & ~Q(statutory_list=""), name="measure_rule_has_article"),
            models.CheckConstraint(condition=Q(force__in=["must", "may"]), name="measure_rule_force"),
        ]


class RuleChange(models.Model):
    """What changed about a measure between two editions of the rulebook, for anybody to read (措施变动)."""

    class What(models.TextChoices):
        """``repealed``: its last article ended, or the rulebook no longer has it."""

        ADDED = "added"
        CHANGED = "changed"
        REPEALED = "repealed"

    code = models.CharField(max_length=64)
    what = models.CharField(max_length=8, choices=What.choices)
    on = models.DateField()
    """The day from which it holds."""
    entered_at = models.DateTimeField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    lifted = models.PositiveIntegerField(default=0)
    """How many measures in use ended with it."""

    class Meta:
        db_table = "rule_change"
        indexes = [models.Index(fields=["-on", "-id"])]


class MeasureUse(models.Model):
    """A measure used on a listed subject by an officer (实施的惩戒措施), with all seven parts of its own.

    Beside the constraints below, a trigger of the database refuses one whose entry does not stand (removed, disputed,
    ended, another document) or whose rule is not in force: no form, no import and no shell can go round it.
    """

    feedback = models.ForeignKey("office.CheckFeedback", on_delete=models.PROTECT, related_name="measure_uses")
    entry = models.ForeignKey("office.ListEntry", on_delete=models.PROTECT, related_name="measures")
    rule = models.ForeignKey(MeasureRule, on_delete=models.PROTECT, related_name="uses")
    document = models.CharField(max_length=128)
    authority = models.CharField(max_length=200)
    article = models.CharField(max_length=2048)
    notice_on = models.DateField()
    remedy = models.CharField(max_length=500)
    starts_on = models.DateField()
    ends_on = models.DateField()
    lifted_on = models.DateField(null=True, blank=True)
    """First day on which it no longer stands, where that came before its end."""
    lifted_because = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "measure_use"
        constraints = [
            models.CheckConstraint(
                condition=~Q(document="") & ~Q(authority="") & ~Q(article="") & ~Q(remedy=""),
                name="measure_use_has_every_part",
            ),
            models.UniqueConstraint(
                fields=["feedback"], condition=Q(lifted_on__isnull=True), name="measure_use_once_per_decision"
            ),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="measure_use_ends"),
            models.CheckConstraint(condition=Q(notice_on__lte=F("starts_on")), name="measure_use_after_notice"),
            models.CheckConstraint(
                condition=Q(lifted_on__isnull=True) | ~Q(lifted_because=""), name="measure_use_lifted_with_reason"
            ),
        ]
        indexes = [models.Index(fields=["entry"], condition=Q(lifted_on__isnull=True), name="measure_use_standing")]
