"""Django's handle on this face; it has templates, no tables."""

from django.apps import AppConfig


class PartnerConfig(AppConfig):
    """The recipients' face."""

    name = "xinlin.faces.partner"
