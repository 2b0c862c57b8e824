"""Django's handle on this face; it has templates and static files, no tables."""

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """The public face."""

    name = "xinlin.faces.public"
