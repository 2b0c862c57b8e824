"""Django's handle on this face; it has templates and static files, no tables."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal face."""

    name = "xinlin.faces.portal"
