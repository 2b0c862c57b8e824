"""A bare django-ninja endpoint: one indexed read and one insert, as durable as a check. Nothing else, no middleware."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings

from xinlin import settings as product

settings.configure(
    SECRET_KEY="bench",
    DATABASES=product.DATABASES,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "xinlin.office"],
    AUTH_USER_MODEL="office.Account",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    USE_TZ=True,
    TIME_ZONE="Asia/Shanghai",
)
os.environ.pop("DJANGO_SETTINGS_MODULE", None)

import django  # noqa: E402

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import transaction  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from ninja import NinjaAPI, Schema  # noqa: E402

from xinlin.office.models.log import Leaf  # noqa: E402
from xinlin.office.models.people import Subject  # noqa: E402


class Asked(Schema):
    """The key of a subject."""

    key: str


class Told(Schema):
    """Its kind, and the number of the row that was written."""

    kind: str
    row: int


api = NinjaAPI(docs_url=None, openapi_url=None)


@api.post("/bare", response=Told)
def bare(request: Any, asked: Asked) -> dict[str, Any]:
    """Read one row by its index, write one."""
    with transaction.atomic():
        subject = Subject.objects.get(identifier_key=asked.key)
        leaf = Leaf.objects.create(commitment=b"0" * 32, action="bench", at=timezone.now())
    return {"kind": subject.kind, "row": leaf.pk}


urlpatterns = [path("", api.urls)]
application = get_wsgi_application()
