"""The people whom the demonstration identity service knows; none of them exists."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models


class Person(AbstractBaseUser):
    """A made-up person. The id number is in clear because it belongs to nobody."""

    sub = models.CharField(max_length=64, unique=True)
    real_name = models.CharField(max_length=64, db_index=True)
    resident_id = models.CharField(max_length=18, blank=True)
    label = models.CharField(max_length=200, blank=True)
    label_en = models.CharField(max_length=200, blank=True)
    group = models.CharField(max_length=64, blank=True)
    default_level = models.CharField(max_length=64)
    position = models.PositiveIntegerField(default=0)
    """The order in which the people were given."""
    is_active = models.BooleanField(default=True)

    objects: ClassVar[models.Manager[Person]] = models.Manager()
    USERNAME_FIELD = "sub"

    class Meta:
        app_label = "identity"
        db_table = "person"
