"""Subjects, their relations, and their consents (主体, 关系, 授权)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Subject(models.Model):
    """A natural person or an organisation in the register (信用主体).

    ``number`` counts densely per ``register`` (``person`` or ``organisation``); the engine uses nothing else.
    The identifier and a person's name are sealed; ``identifier_key`` is a keyed hash by which alone one is found.
    """

    class Register(models.TextChoices):
        """The two numberings."""

        PERSON = "person"
        ORGANISATION = "organisation"

    register = models.CharField(max_length=16, choices=Register.choices)
    kind = models.CharField(max_length=24)
    number = models.PositiveIntegerField()
    pseudonym = models.CharField(max_length=32)
    identifier_key = models.CharField(max_length=64)
    identifier_sealed = models.TextField()
    name_sealed = models.TextField(blank=True)
    public_name = models.CharField(max_length=300, blank=True)
    """The name of an organisation; empty for persons."""
    born_on = models.DateField(null=True)
    region = models.CharField(max_length=12, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from")
    """The subject under which everything of this one stands, since a person said that both are one."""
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "subject"
        constraints = [
            models.UniqueConstraint(fields=["register", "number"], name="subject_number_unique"),
            models.UniqueConstraint(fields=["pseudonym"], name="subject_pseudonym_unique"),
            models.UniqueConstraint(fields=["identifier_key"], name="subject_identifier_unique"),
            models.CheckConstraint(
                condition=~Q(register="person") | Q(public_name=""), name="subject_person_has_no_public_name"
            ),
        ]


class Relation(models.Model):
    """A dated office that a person holds in an organisation (法定代表人)."""

    organisation = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="held_by")
    person = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="holds")
    role = models.CharField(max_length=32, default="legal_representative")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    """First day on which it no longer holds."""
    record = models.ForeignKey("office.Record", on_delete=models.PROTECT, related_name="relations")

    class Meta:
        db_table = "relation"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person", "role", "from_on"], name="relation_unique"),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=models.F("from_on")), name="relation_dates_ordered"
            ),
        ]


class Consent(models.Model):
    """A dated, revocable agreement to one purpose (授权同意; 个人信息保护法 13–17, 23)."""

    class Step(models.TextChoices):
        """Step one opens the score; step two opens one scene. A trade's score is opened by itself."""

        SCORE = "score"
        SCENE = "scene"
        TRADE = "trade"

    number = models.CharField(max_length=32, unique=True)
    """The receipt number shown to the person."""
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="consents")
    step = models.CharField(max_length=8, choices=Step.choices)
    scene = models.CharField(max_length=64, blank=True)
    """The scene of step two; for a trade's score the code of its scheme."""
    notice_version = models.CharField(max_length=32)
    notice = models.JSONField()
    """The exact text agreed to, in both languages, with controller, purpose, recipient, kinds, what leaves, how long."""
    given_at = models.DateTimeField()
    via = models.CharField(max_length=32)
    assurance = models.CharField(max_length=64)
    expires_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    receipt_sha256 = models.CharField(max_length=64)
    terms_sha256 = models.CharField(max_length=64, default="")
    """Fingerprint of what matters in ``notice``: it holds as long as the city still asks under these terms."""
    paused_at = models.DateTimeField(null=True, blank=True)
    """Since when the person has it rest; nothing is worked out or answered meanwhile."""

    class Meta:
        db_table = "consent"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "step", "scene"], condition=Q(withdrawn_at__isnull=True), name="consent_one_live"
            ),
            models.CheckConstraint(
                condition=Q(step="score", scene="") | (Q(step__in=["scene", "trade"]) & ~Q(scene="")),
                name="consent_scene_where_step_two",
            ),
        ]


class Look(models.Model):
    """One read of a person's data: who, in what office, for which purpose and clause, what came of it (查询记录)."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="looks", db_index=False)
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=100)
    role = models.CharField(max_length=32)
    department = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=200)
    clause = models.CharField(max_length=200)
    kinds = models.JSONField(default=list)
    at = models.DateTimeField()
    result = models.CharField(max_length=200)
    refused = models.BooleanField(default=False)
    shown_from = models.DateField(null=True, blank=True)
    """The first day on which the person sees it, where the law lets it be kept back; none: at once."""
    delay_clause = models.CharField(max_length=200, blank=True, default="", db_default="")
    """The article under which it was kept back; shown with the look once it is."""

    class Meta:
        db_table = "look"
        indexes = [models.Index(fields=["subject", "-at"]), models.Index(fields=["at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(shown_from__isnull=True, delay_clause="")
                | (Q(shown_from__isnull=False) & ~Q(delay_clause="")),
                name="look_kept_back_only_with_clause_and_end",
            )
        ]
