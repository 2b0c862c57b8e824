"""Django's handle on this face; it has templates and static files, no tables."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    """The kit face."""

    name = "xinlin.faces.kit"
