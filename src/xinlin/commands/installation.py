"""What every command does first that works on the installation here: its settings, its tables, its keys (本机安装)."""

from __future__ import annotations

import os


def begin(insisting: bool = True) -> None:
    """Set Django up for the installation that the environment names.

    Raises `place.Unfit` where its settings cannot be, and, unless told not to look, where the tables are of another
    version or the keys not those of the data: with others a command would write what nobody could open.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinlin.settings")
    import django

    django.setup()
    if insisting:
        from xinlin.office.queries.keys import insist

        insist()
