"""Django's handle on the office."""

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate


def _settle(sender: AppConfig, **_: object) -> None:
    """After each migration: raise the guards of the database, and tell it what the rulebook allows.

    A migration that stops at an older version has not all tables; there is nothing to guard yet.
    """
    if {model._meta.db_table for model in sender.get_models()} - set(connection.introspection.table_names()):
        return
    from xinlin.office.actions.measures import install
    from xinlin.office.guards import raise_guards
    from xinlin.office.scopes import Actor

    raise_guards()
    install(actor=Actor(handle="system:rulebook", name="规则册", role="system"))


class OfficeConfig(AppConfig):
    """The one app that owns tables."""

    name = "xinlin.office"
    label = "office"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Settle after migrations."""
        post_migrate.connect(_settle, sender=self)
