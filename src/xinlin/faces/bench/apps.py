"""Django's handle on this face; it has templates and static files, no tables."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """The bench face."""

    name = "xinlin.faces.bench"
