"""The service's one Django app."""

from __future__ import annotations

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """People whom the demonstration identity service vouches for."""

    name = "xinlin.demo.identity"
    label = "identity"
