"""Addresses that anybody may open."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from xinlin.faces.public import awards, changes, city, doors, inspections, measures, system, verify
from xinlin.faces.public.about import about
from xinlin.faces.public.catalogue import catalogue, catalogue_json, catalogue_workbook, levels, lists, themes
from xinlin.faces.public.log_page import log_page
from xinlin.faces.public.offices import offices
from xinlin.faces.public.rules import rules
from xinlin.faces.public.security import security

app_name = "public"
urlpatterns: list[URLPattern | URLResolver] = [
    path("about/", about, name="about"),
    path("about/system/", system.system, name="system"),
    path("about/system/counts.json", system.counts_json, name="system_counts"),
    path("security/", security, name="security"),
    path("rules/", rules, name="rules"),
    path("rules/changes/", changes.changes, name="changes"),
    path("rules/cases/", city.cases, name="worked_cases"),
    path("rules/offers/", city.offers, name="offers"),
    path("figures/", city.stated, name="figures"),
    path("cities/", city.cities, name="cities"),
    path("index/", city.districts, name="districts"),
    path("awarded/", awards.roll, name="awarded"),
    path("runs/", changes.statements, name="statements"),
    path("catalogue/", catalogue, name="catalogue"),
    path("catalogue/themes/", themes, name="themes"),
    path("catalogue/levels/", levels, name="levels"),
    path("catalogue.json", catalogue_json, name="catalogue_json"),
    path("catalogue.xlsx", catalogue_workbook, name="catalogue_workbook"),
    path("lists/", lists, name="lists"),
    path("lists/changes/", measures.law, name="law"),
    path("lists/national/", measures.national, name="national"),
    path("lists/registers/", measures.registers, name="registers"),
    path("inspections/", inspections.inspections, name="inspections"),
    path("simplified/", measures.simplified, name="simplified"),
    path("offices/", offices, name="offices"),
    path("publicity/", include("xinlin.faces.public.publicity")),
    path("publicity/", include("xinlin.faces.public.bulletins")),
    path("publicity/", include("xinlin.faces.public.open_data")),
    path("verify/", verify.verify, name="verify"),
    path("verify/certificate.pem", verify.seal_certificate, name="seal_certificate"),
    path("go/", doors.doors, name="doors"),
    path("go/menu.json", doors.menu_json, name="doors_menu"),
    path("go/<slug:code>/", doors.go, name="door"),
    path("log/", log_page, name="log"),
    path("log/", include("xinlin.faces.public.log")),
]
