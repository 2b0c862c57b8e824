"""The tamper-evident log: leaves, their openings, the tree's tiles, signed heads (存证日志)."""

from __future__ import annotations

from django.db import models


class Leaf(models.Model):
    """A salted commitment to one action, written once in the action's own transaction; nothing personal in it.

    ``index`` is given later by the sequencer, in the order of ``id`` among committed rows.
    """

    index = models.PositiveBigIntegerField(null=True, unique=True)
    commitment = models.BinaryField(max_length=32)
    action = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "leaf"


class LeafOpening(models.Model):
    """What a commitment stands for, and its salt. Destroying it is the erasure; the leaf stays and says nothing."""

    leaf = models.OneToOneField(Leaf, on_delete=models.CASCADE, related_name="opening", primary_key=True)
    salt = models.BinaryField(max_length=32)
    body = models.JSONField()
    """Canonical: action, actor, time, object (table and key), SHA-256 of what was written."""
    row = models.CharField(max_length=160, default="")
    """``table:key`` of the body once more, by which the leaves of one row are found for a receipt."""

    class Meta:
        db_table = "leaf_opening"
        indexes = [models.Index(fields=["row"])]


class Tile(models.Model):
    """Up to 256 hashes of one level of the tree (C2SP tlog-tiles). A full tile never changes."""

    level = models.PositiveSmallIntegerField()
    number = models.PositiveBigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        db_table = "tile"
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="tile_unique")]


class Head(models.Model):
    """A signed tree head (C2SP checkpoint in a signed note)."""

    size = models.PositiveBigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    """With the log's own signature; those of witnesses are `Cosignature`."""
    at = models.DateTimeField()
    cosigned = models.PositiveSmallIntegerField(default=0)
    """By how many witnesses."""

    class Meta:
        db_table = "head"
        indexes = [models.Index(fields=["-size", "cosigned"])]


class Cosignature(models.Model):
    """A witness's signature under a head (见证会签, C2SP tlog-cosignature)."""

    head = models.ForeignKey(Head, on_delete=models.CASCADE, related_name="cosignatures")
    witness = models.CharField(max_length=200)
    line = models.CharField(max_length=500)
    """The signature line as it stands in the note."""
    at = models.DateTimeField()

    class Meta:
        db_table = "cosignature"
        constraints = [models.UniqueConstraint(fields=["head", "witness"], name="cosignature_once")]
        ordering = ["witness"]
