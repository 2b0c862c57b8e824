"""Questions at an approval, their answers, and what the officer did (信用核查)."""

from __future__ import annotations

from django.db import models


class Check(models.Model):
    """One call of an approval system: an item, a purpose, some applicants (核查)."""

    number = models.CharField(max_length=32)
    client = models.CharField(max_length=100)
    department = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    purpose = models.CharField(max_length=200)
    officer = models.CharField(max_length=100)
    channel = models.CharField(max_length=8, default="machine")
    """How it was asked: ``machine``, ``file``, ``page``, ``counter`` or ``panel``."""
    applicants = models.PositiveIntegerField()
    """How many it asked about: as many answers it has."""
    idempotency_key = models.CharField(max_length=64)
    """Keyed hash of the caller's key: a key may be anything, an applicant's number too."""
    input_sha256 = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    as_of = models.DateField()

    class Meta:
        db_table = "check_question"
        constraints = [
            models.UniqueConstraint(fields=["number"], name="check_question_number_once"),
            models.UniqueConstraint(fields=["client", "idempotency_key"], name="check_key_once"),
        ]
        indexes = [models.Index(fields=["department", "-asked_at"]), models.Index(fields=["as_of"])]


class CheckAnswer(models.Model):
    """The answer for one applicant: yes (on a list), no, or unsure (核查结果)."""

    class Verdict(models.TextChoices):
        """``unsure`` is a question for a person, never a hit."""

        YES = "yes"
        NO = "no"
        UNSURE = "unsure"

    number = models.CharField(max_length=40)
    question = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="answers", db_index=False)
    position = models.PositiveIntegerField()
    subject = models.ForeignKey(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="check_answers"
    )
    applicant_sealed = models.TextField()
    """Identifier and name as asked, sealed."""
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    reasons = models.JSONField(default=list)
    """Why, with the values that met; for ``unsure``, what a person has to clear up."""
    hits = models.JSONField(default=list)
    """Entry, list, document, authority, article, measures with force and end."""
    favours = models.JSONField(default=list)
    """Incentives that a red list opens to the applicant here."""
    feedback_due_on = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "check_answer"
        constraints = [
            models.UniqueConstraint(fields=["number"], name="check_answer_number_once"),
            models.UniqueConstraint(fields=["question", "position"], name="check_answer_position_unique"),
            models.CheckConstraint(
                condition=~models.Q(verdict="yes") | models.Q(subject__isnull=False), name="check_answer_yes_is_exact"
            ),
        ]
        indexes = [
            models.Index(fields=["feedback_due_on"], condition=models.Q(verdict="yes"), name="check_answer_owed"),
            models.Index(fields=["question"], condition=~models.Q(verdict="no"), name="check_answer_for_people"),
        ]


class Hold(models.Model):
    """An application that stopped on a hit (暂缓办理). It lapses open unless an officer signs with reasons."""

    class Ended(models.TextChoices):
        """``lapsed`` is never stored before it is noted: an unsigned hold is open from ``lapses_at`` on by the clock alone."""

        RELEASED = "released"
        DECIDED = "decided"
        LIFTED = "lifted"
        LAPSED = "lapsed"

    answer = models.OneToOneField(CheckAnswer, on_delete=models.PROTECT, related_name="hold")
    opened_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    """At most one working day after it began (DESIGN right 5)."""
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.CharField(max_length=100, blank=True)
    signed_reason = models.CharField(max_length=1000, blank=True)
    signed_until = models.DateField(null=True, blank=True)
    """Last day of a signed hold."""
    ended_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=8, choices=Ended.choices, blank=True)

    class Meta:
        db_table = "hold"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(signed_at__isnull=True)
                | (
                    ~models.Q(signed_by="")
                    & ~models.Q(signed_reason="")
                    & models.Q(signed_until__isnull=False)
                    & models.Q(signed_at__lte=models.F("lapses_at"))
                ),
                name="hold_signed_in_time_by_a_person_with_reasons",
            ),
            models.CheckConstraint(condition=models.Q(lapses_at__gt=models.F("opened_at")), name="hold_lapses"),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended="")),
                name="hold_ended_somehow",
            ),
        ]
        indexes = [models.Index(fields=["lapses_at"], condition=models.Q(ended=""), name="hold_open")]


class Remedy(models.Model):
    """What the person on hold did at once to put it right (立即整改), and whether the list's authority confirms it."""

    class State(models.TextChoices):
        """``confirmed`` by the authority lifts the hold and takes the entry off the list."""

        OFFERED = "offered"
        CONFIRMED = "confirmed"
        REFUSED = "refused"

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="remedies")
    entry = models.ForeignKey("office.ListEntry", on_delete=models.PROTECT, related_name="remedies")
    number = models.CharField(max_length=32, unique=True)
    way = models.CharField(max_length=8)
    """``paid`` or ``upload``."""
    words = models.CharField(max_length=500)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    offered_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OFFERED)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=100, blank=True)
    decided_words = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "hold_remedy"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="offered") | (models.Q(decided_at__isnull=False) & ~models.Q(decided_by="")),
                name="hold_remedy_decided_by_a_person",
            )
        ]


class CheckFeedback(models.Model):
    """What the officer, a person, decided on an answer (核查反馈)."""

    class Decision(models.TextChoices):
        """A measure applied needs reasons; software never decides it."""

        RELEASED = "released"
        MEASURE_APPLIED = "measure_applied"
        NOT_THE_PERSON = "not_the_person"

    answer = models.OneToOneField(CheckAnswer, on_delete=models.PROTECT, related_name="feedback")
    decision = models.CharField(max_length=16, choices=Decision.choices)
    measure = models.CharField(max_length=64, blank=True)
    entry = models.ForeignKey("office.ListEntry", null=True, blank=True, on_delete=models.PROTECT, related_name="uses")
    reason = models.CharField(max_length=1000)
    officer = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        db_table = "check_feedback"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decision="measure_applied")
                | (
                    models.Q(entry__isnull=False) & ~models.Q(measure="") & ~models.Q(reason="") & ~models.Q(officer="")
                ),
                name="check_feedback_measure_has_entry_officer_reason",
            )
        ]


class FeedbackCorrection(models.Model):
    """What a feedback said before it was put right, by whom and why (反馈更正)."""

    feedback = models.ForeignKey(CheckFeedback, on_delete=models.PROTECT, related_name="corrections")
    before = models.JSONField()
    at = models.DateTimeField()
    officer = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)

    class Meta:
        db_table = "check_feedback_correction"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(officer="") & ~models.Q(reason=""), name="check_feedback_correction_reasoned"
            )
        ]


class CheckDay(models.Model):
    """Checks of a closed day, counted once (核查日计): per office, item and way of asking."""

    day = models.DateField()
    department = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    channel = models.CharField(max_length=8)
    applicants = models.PositiveIntegerField()
    yes = models.PositiveIntegerField()
    unsure = models.PositiveIntegerField()

    class Meta:
        db_table = "check_day"
        constraints = [models.UniqueConstraint(fields=["day", "department", "item", "channel"], name="check_day_once")]
