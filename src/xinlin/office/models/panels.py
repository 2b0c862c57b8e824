"""Versions of the three panels of the configuration, and who approved them (数据, 模型, 应用)."""

from __future__ import annotations

from django.db import models


class PanelVersion(models.Model):
    """What a panel said when the first person signed it (配置版本)."""

    panel = models.CharField(max_length=16)
    rulebook = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        db_table = "panel_version"
        constraints = [
            models.UniqueConstraint(fields=["rulebook", "panel", "version"], name="panel_version_once"),
            models.UniqueConstraint(fields=["rulebook", "panel", "sha256"], name="panel_version_content_once"),
        ]


class PanelSignature(models.Model):
    """One person's approval of one version of one panel (配置批准). Two make it approved."""

    version = models.ForeignKey(PanelVersion, on_delete=models.PROTECT, related_name="signatures")
    by = models.CharField(max_length=64)
    by_name = models.CharField(max_length=100)
    role = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        db_table = "panel_signature"
        constraints = [models.UniqueConstraint(fields=["version", "by"], name="panel_signature_once")]
