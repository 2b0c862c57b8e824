"""Taking people and the one client into the service's database."""

from __future__ import annotations

from typing import Any

from allauth.idp.oidc.models import Client
from django.contrib.auth.hashers import make_password
from django.db import transaction

from xinlin.demo.identity.models import Person

FIELDS = ["real_name", "resident_id", "label", "label_en", "group", "default_level", "position", "is_active"]


@transaction.atomic
def take_in(*, people: list[dict[str, Any]], redirect_uris: list[str], client_id: str, client_secret: str) -> None:
    """Add these people, or bring them up to date; let nobody else sign in, and no client but this one."""
    nobody = make_password(None)
    Person.objects.update(is_active=False)
    Person.objects.bulk_create(
        [
            Person(
                sub=person["sub"],
                real_name=person["real_name"],
                resident_id=person["resident_id"] or "",
                label=person["label"],
                label_en=person["label_en"],
                group=person["group"],
                default_level=person["default_level"],
                position=position,
                password=nobody,
            )
            for position, person in enumerate(people)
        ],
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["sub"],
        update_fields=FIELDS,
    )
    Client.objects.exclude(pk=client_id).delete()
    client = Client.objects.filter(pk=client_id).first() or Client(
        pk=client_id, name="Xinlin", skip_consent=True, secret=""
    )
    client.set_secret(client_secret)
    client.set_redirect_uris(redirect_uris)
    client.set_scopes(["openid", "profile", "resident_id"])
    client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE])
    client.set_response_types([Client.ResponseType.CODE])
    client.save()
