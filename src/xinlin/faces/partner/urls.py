"""Addresses of those to whom a resident shows a code."""

from __future__ import annotations

from django.urls import path

from xinlin.faces.partner import codes

app_name = "partner"
urlpatterns = [path("scan/", codes.scan, name="scan")]
