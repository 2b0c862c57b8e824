"""Deleting what hangs on a consent, and the signed receipt of it (删除与回执; 个人信息保护法 47)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from xinlin.core.consents import DELETION, Kept, deletion_note
from xinlin.core.log import canonical
from xinlin.core.notes import sign_note
from xinlin.core.values import Text
from xinlin.office.leaves import write_leaf
from xinlin.office.models.consents import ConsentEvent, DeletionReceipt
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.scores import ScoreRun
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, today
from xinlin.office.signing import log_key, sign

SNAPSHOT_LIVES = timedelta(days=1)
"""A run's snapshot is deleted when the run ends; one whose process was killed, by the next run and within this time."""
KEPT_WITH_THE_RECEIPT: frozenset[type[Model]] = frozenset({ConsentEvent})
"""What points at a consent and is no figure: the history that the receipt itself tells."""


def new_number() -> str:
    """The number of a new deletion receipt: its day in the city, then chance."""
    return f"XL{today():%Y%m%d}-{secrets.token_hex(4).upper()}"


def resting_on_consent() -> list[type[Model]]:
    """Every table whose rows rest on a consent: scores and whatever is derived from them."""
    return [
        model
        for model in apps.get_app_config("office").get_models()
        if model not in KEPT_WITH_THE_RECEIPT
        and any(field.related_model is Consent for field in model._meta.concrete_fields if field.is_relation)
    ]


def delete_figures(consents: Iterable[Consent]) -> dict[str, int]:
    """Delete every row that rests on these consents; returns rows deleted per table, zeroes too."""
    keys, deleted = [consent.pk for consent in consents], {}
    for model in resting_on_consent():
        names = [f.name for f in model._meta.concrete_fields if f.is_relation and f.related_model is Consent]
        deleted[model._meta.db_table] = sum(
            model._default_manager.filter(**{f"{name}__in": keys}).delete()[0] for name in names
        )
    return deleted


def snapshots_left() -> list[Kept]:
    """Snapshots on disk that may still hold rows of somebody who leaves now, each with the moment by which it is gone.

    A run that goes on reads the consents again before it publishes, so what it froze leads to no row.
    """
    folder = Path(settings.DATA) / "snapshots"
    if not folder.is_dir():
        return []
    names = {place.name for place in folder.iterdir()}
    runs = ScoreRun.objects.filter(number__in=names).values_list("number", "started_at")
    return [Kept(f"snapshots/{number}", started + SNAPSHOT_LIVES) for number, started in sorted(runs)]


def receipt(
    *,
    actor: Actor,
    subject: Subject,
    what: DeletionReceipt.What,
    number: str,
    at: datetime,
    consents: Iterable[str],
    tables: Mapping[str, int],
    sealed: Iterable[str] = (),
) -> DeletionReceipt:
    """Keep the signed receipt of a deletion with its leaf, in the caller's transaction."""
    rulebook = current()
    city = rulebook.words.centre if rulebook.words else Text(zh=rulebook.name.zh, en=rulebook.name.en)
    body = deletion_note(
        number=number,
        city=city,
        what=what,
        at=at,
        consents=consents,
        tables=tables,
        kept=snapshots_left(),
        sealed=sealed,
    )
    text = f"{DELETION}\n{canonical(body).decode()}\n"
    kept = DeletionReceipt.objects.create(
        number=number, subject=subject, what=what, at=at, body=body, note=sign_note(text, log_key(), sign)
    )
    write_leaf(actor=actor, action=f"people.{what}", table="deletion_receipt", key=number, facts=body)
    return kept
