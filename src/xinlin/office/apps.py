"""Django's handle on the office."""

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """The one app that owns tables."""

    name = "xinlin.office"
    label = "office"
    default_auto_field = "django.db.models.BigAutoField"
