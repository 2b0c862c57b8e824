"""Addresses of the demonstration identity service."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from xinlin.demo.identity import pages

urlpatterns = [
    path("", pages.sign_in, name="account_login"),
    path("", pages.sign_in, name="account_reauthenticate"),
    path("language/", set_language, name="set_language"),
    path("identity/o/authorize", pages.authorization),
    path("", include("allauth.idp.urls")),
]
