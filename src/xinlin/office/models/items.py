"""Approval items by the hundred thousand, and which measure is linked to which (政务服务事项, 事项关联)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ServiceItem(models.Model):
    """An item of the government service catalogue (政务服务事项), loaded from a file, not from the rulebook."""

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    department = models.CharField(max_length=64)
    """Code of the office that decides on it."""
    office = models.CharField(max_length=100)
    """That office's name as the catalogue writes it."""
    division = models.CharField(max_length=12, blank=True)
    subject_kinds = models.JSONField()
    basis = models.CharField(max_length=500)
    """The clause on which the item itself rests."""
    sought = models.CharField(max_length=400)
    """Name, office and code in one, lower case: what a search looks through."""
    loaded_at = models.DateTimeField()

    class Meta:
        db_table = "service_item"
        constraints = [
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(name="") & ~Q(department="") & ~Q(basis=""), name="service_item_whole"
            )
        ]
        indexes = [models.Index(fields=["department", "code"])]


class ItemLink(models.Model):
    """A measure tied to an item by a clause, proposed by one person and approved by another (事项关联).

    Only an approved link has any effect, and the database refuses one that a single person made.
    """

    class State(models.TextChoices):
        """``ended``: taken back, with four eyes as well."""

        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"
        ENDED = "ended"

    item = models.CharField(max_length=64)
    """Code of a service item, or of an item of the rulebook."""
    measure = models.CharField(max_length=64)
    source = models.CharField(max_length=64)
    article = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.CharField(max_length=64)
    proposed_name = models.CharField(max_length=100)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_name = models.CharField(max_length=100, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "item_link"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "measure"], condition=Q(state__in=["proposed", "approved"]), name="item_link_once"
            ),
            models.CheckConstraint(
                condition=~Q(source="") & ~Q(article="") & ~Q(proposed_by=""), name="item_link_cites_a_clause"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | (~Q(decided_by="") & ~Q(decided_by=F("proposed_by"))),
                name="item_link_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["state", "item"]), models.Index(fields=["measure"])]
