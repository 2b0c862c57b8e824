"""Accounts: who signs in, in which role, for which department."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What an account may be. One account, one role: who has two duties has two accounts."""

    RESIDENT = "resident", _("居民")
    CLERK = "clerk", _("部门报送员")
    OFFICER = "officer", _("审批人员")
    REVIEWER = "reviewer", _("信用中心审核员")
    ANALYST = "analyst", _("模型分析员")
    AUDITOR = "auditor", _("审计员")
    OPERATOR = "operator", _("运维管理员")


class Account(AbstractUser):
    """A person who signs in (账户). Real name and assurance come from the city's identity service."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.RESIDENT)
    department = models.CharField(max_length=64, blank=True)
    """Code of the department in the rulebook; empty for residents."""
    display_name = models.CharField(max_length=64, blank=True)
    subject = models.OneToOneField(
        "office.Subject", null=True, blank=True, on_delete=models.PROTECT, related_name="account"
    )
    assurance = models.CharField(max_length=64, blank=True)
    """The assurance level (acr) that the identity service stated at the last sign-in."""
    home_region = models.CharField(max_length=12, blank=True)
    """For staff: the division code where they live, so that looks at their neighbours raise an alarm."""
    verified_at = models.DateTimeField(null=True, blank=True)
    """When the identity service last verified the person (auth_time)."""

    class Meta:
        db_table = "account"


class Machine(models.Model):
    """A department's or partner's system that signs in with client credentials (接入系统)."""

    client_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=100)
    department = models.CharField(max_length=64)
    items = models.JSONField(default=list)
    """Codes of the approval items at which it may ask; empty for every item of its department."""
    daily_limit = models.PositiveIntegerField(null=True, blank=True)
    """How many deliveries and checks together it may make in a day; none: as many as it likes."""
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "machine"
