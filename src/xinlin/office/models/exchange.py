"""How deliveries come in by machine: keys of repeated calls, uploads in parts, signatures, sources that are pulled (数据交换)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class DeliveryKey(models.Model):
    """An idempotency key under which a sender delivered, with what it then said (幂等键)."""

    sender = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    input_sha256 = models.CharField(max_length=64)
    """Of the whole input: file, kind, manner, day, mapping. The same key with another input is refused."""
    batch = models.ForeignKey("office.Batch", on_delete=models.PROTECT, related_name="keys")
    at = models.DateTimeField()

    class Meta:
        db_table = "delivery_key"
        constraints = [models.UniqueConstraint(fields=["sender", "key"], name="delivery_key_once")]


class Upload(models.Model):
    """A file on its way in parts (断点续传). Its parts lie sealed in the vault until the last one has come."""

    class State(models.TextChoices):
        """``open`` takes parts; ``done`` became a delivery; ``dropped`` was given up, or was not what had been announced."""

        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    number = models.CharField(max_length=32, unique=True)
    sent_by = models.CharField(max_length=64)
    department = models.CharField(max_length=64)
    request = models.JSONField()
    """What was announced: kind, filename, delivery, valid_on, mapping."""
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    received = models.PositiveBigIntegerField(default=0)
    """Bytes kept so far; the next part begins here."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    signature = models.JSONField(default=dict)
    batch = models.ForeignKey("office.Batch", null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    opened_at = models.DateTimeField()
    touched_at = models.DateTimeField()

    class Meta:
        db_table = "upload"
        constraints = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="upload_within_its_size"),
            models.CheckConstraint(condition=~Q(state="done") | Q(batch__isnull=False), name="upload_done_has_batch"),
        ]


class SigningKey(models.Model):
    """A public key by which a department signs what its systems send (报送签名公钥).

    While a department has one that is not revoked, nothing of its systems is taken unsigned.
    """

    department = models.CharField(max_length=64)
    key_id = models.CharField(max_length=64, unique=True)
    algorithm = models.CharField(max_length=32)
    """As RFC 9421 names it: ed25519, ecdsa-p256-sha256, rsa-pss-sha512."""
    public_key = models.TextField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=64)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "signing_key"


class SeenNonce(models.Model):
    """A signature's nonce that was used; it counts once (一次性随机数). Kept as long as a signature may be used."""

    key = models.ForeignKey(SigningKey, on_delete=models.CASCADE, related_name="nonces")
    nonce = models.CharField(max_length=128)
    at = models.DateTimeField()

    class Meta:
        db_table = "seen_nonce"
        constraints = [models.UniqueConstraint(fields=["key", "nonce"], name="nonce_once")]


class Source(models.Model):
    """A table of a department's own database from which new rows are pulled (拉取数据源)."""

    name = models.CharField(max_length=64, unique=True)
    department = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    url_sealed = models.TextField()
    """Address with user and password, sealed."""
    table = models.CharField(max_length=200)
    watermark_column = models.CharField(max_length=64)
    """A column that never falls: a number or a moment of change."""
    watermark = models.TextField(blank=True)
    """The highest value taken in so far."""
    edge_sha256 = models.CharField(max_length=64, blank=True)
    """Of the rows that have just this value, so that they are not sent again and a new one among them is seen."""
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=64)
    pulled_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "source"
