"""Requests to take something down from the public pages, the case bulletin, and replies to it (撤下申请, 案例播报, 回应)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Takedown(models.Model):
    """Somebody asks that something public be corrected or taken down (公示内容更正、撤下申请). It has a clock."""

    class Reason(models.TextChoices):
        """Why. What is said to be personal is hidden at once, while the request is looked into."""

        PERSONAL = "personal"
        NOT_US = "not_us"
        OVER = "over"
        WRONG = "wrong"
        RIGHTS = "rights"

    class State(models.TextChoices):
        """Open, or decided by a person."""

        OPEN = "open"
        TAKEN_DOWN = "taken_down"
        CORRECTED = "corrected"
        KEPT = "kept"

    number = models.CharField(max_length=32, unique=True)
    publication = models.ForeignKey(
        "office.Publication", null=True, blank=True, on_delete=models.CASCADE, related_name="takedowns"
    )
    bulletin = models.ForeignKey(
        "office.Bulletin", null=True, blank=True, on_delete=models.CASCADE, related_name="takedowns"
    )
    reason = models.CharField(max_length=12, choices=Reason.choices)
    words_sealed = models.TextField()
    contact_sealed = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    hides = models.BooleanField(default=False)
    """Whether the texts are hidden on its account: while it is open, and for good where it was right."""
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    answer = models.CharField(max_length=1000, blank=True)

    class Meta:
        db_table = "takedown"
        constraints = [
            models.CheckConstraint(
                condition=Q(publication__isnull=False) ^ Q(bulletin__isnull=False), name="takedown_of_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | (Q(decided_at__isnull=False) & ~Q(decided_by="") & ~Q(answer="")),
                name="takedown_decided_by_a_person_with_reasons",
            ),
        ]
        indexes = [
            models.Index(fields=["publication"], condition=Q(hides=True), name="takedown_hiding"),
            models.Index(fields=["state", "due_on"], name="takedown_clock"),
        ]


class Bulletin(models.Model):
    """A case shown in the bulletin (案例播报): an organisation's with a final document, or a lesson without any name."""

    class Purpose(models.TextChoices):
        """What showing it is for. To hurt or to deter is none."""

        DUTY = "duty"
        WARNING = "warning"
        LESSON = "lesson"

    number = models.CharField(max_length=32, unique=True)
    publication = models.ForeignKey(
        "office.Publication", null=True, blank=True, on_delete=models.CASCADE, related_name="bulletins"
    )
    """The published record that it tells of; none for a lesson."""
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=2000)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    duty = models.CharField(max_length=300)
    """The article that obliges or allows the office to show it."""
    proportion = models.CharField(max_length=600)
    """Why showing it is fit, needed and not too much (相当性)."""
    department = models.CharField(max_length=64)
    shown_from = models.DateField()
    shown_until = models.DateField()
    """First day on which it is no longer shown."""
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=64)
    taken_down_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "bulletin"
        constraints = [
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(duty="") & ~Q(proportion="") & Q(shown_until__gt=F("shown_from")),
                name="bulletin_has_duty_proportion_end",
            ),
            models.CheckConstraint(
                condition=Q(purpose="lesson", publication__isnull=True)
                | (~Q(purpose="lesson") & Q(publication__isnull=False)),
                name="bulletin_names_only_by_a_record",
            ),
        ]
        indexes = [models.Index(fields=["shown_until"])]


class Reply(models.Model):
    """What the organisation says to a case that was shown of it (回应). One for each case; shown beside it."""

    bulletin = models.OneToOneField(Bulletin, on_delete=models.CASCADE, related_name="reply")
    text = models.CharField(max_length=1000)
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=64)

    class Meta:
        db_table = "bulletin_reply"
