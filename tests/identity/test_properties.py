"""Property by property: what a role's answer may hold, and what a form takes, are lists; nothing beyond them goes out or in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.people.conftest import let_in
from tests.scores.conftest import Resident, record, resident
from xinlin.office.models.cases import Case
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.scopes import today

pytestmark = pytest.mark.django_db
__all__ = ["record", "resident"]
FACES = Path(__file__).resolve().parents[2] / "src" / "xinlin" / "faces"
SMUGGLED = {
    "role": "reviewer", "department": "credit_centre", "subject": "1", "subject_id": "1", "status": "repaired", "state": "closed",
    "outcome": "delete", "decided_by": "account:1", "signed_by": "account:2", "due_on": "2099-01-01", "score": "999", "tier": "top",
    "withdrawn_at": "2020-01-01", "is_staff": "true", "is_superuser": "true", "assurance": "urn:xinlin:assurance:face",
    "ends_on": "2000-01-01", "record_class": "minor", "filed_by": "1", "via": "paper", "at": "2000-01-01", "number": "X1",
}  # fmt: skip
"""What somebody may add to a form to become more than they are."""


def _schemas(client: Client) -> dict[str, Any]:
    described: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return described


def _properties(node: Any, described: dict[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every property below a schema, its references followed."""
    if isinstance(node, dict):
        reference = str(node.get("$ref", "")).rpartition("/")[2]
        if reference and reference not in seen:
            yield from _properties(described["components"]["schemas"][reference], described, seen | {reference})
        for name, inner in node.get("properties", {}).items():
            yield name
            yield from _properties(inner, described, seen)
        for key, inner in node.items():
            if key != "properties":
                yield from _properties(inner, described, seen)
    elif isinstance(node, list):
        for inner in node:
            yield from _properties(inner, described, seen)


NEVER = {
    "resident_id", "identifier", "identifier_key", "identifier_sealed", "name_sealed", "pseudonym", "born_on", "phone", "email",
    "score", "tier", "points", "consent", "password", "secret", "words", "salt",
}  # fmt: skip
"""Properties that no answer to a machine ever holds."""


def test_no_answer_to_a_machine_has_a_property_of_the_person(client: Client) -> None:
    described = _schemas(client)
    found = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation.get("responses", {}).items():
                names = set(_properties(answer.get("content", {}), described)) & NEVER
                if names:
                    found[f"{method} {path} {status}"] = sorted(names)
    assert found == {}


HIT = {
    "entry", "list_code", "list_name", "document", "authority", "article", "entered_on", "notice_on", "ends_on", "remedy", "fix",
    "severity", "measures",
}  # fmt: skip
MEASURE = {"code", "name", "force", "until", "article", "scope", "notice", "remedy"}


def test_a_machine_learns_of_a_hit_the_entry_and_its_law_and_nothing_of_the_person(client: Client) -> None:
    schemas = _schemas(client)["components"]["schemas"]
    assert set(schemas["HitOut"]["properties"]) == HIT
    assert set(schemas["MeasureOut"]["properties"]) == MEASURE


def test_every_body_that_a_machine_sends_is_taken_as_a_list_of_properties(client: Client) -> None:
    described = _schemas(client)
    loose = set()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                name = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
                taken = described["components"]["schemas"].get(name, {}).get("additionalProperties")
                if kind == "application/json" and name and taken is not False:
                    loose.add(f"{method} {path}: {name}")
    assert loose == set(), "a property that nobody named must be refused"


WHOLE_FORMS = {
    ("portal/deeds.py", "items"),  # fields of the kind, by their own prefix
    ("bench/cases.py", "items"),  # corrections, by the record's own fields
    ("bench/deeds.py", "items"),  # what an organiser's code states, by the kind's own fields
    ("kit/gates.py", "values"),  # what was written before the session ended, handed back to be copied and kept nowhere
}
"""Where a whole form is walked through; each takes only names that it knows."""


def test_no_page_takes_a_form_whole() -> None:
    found = set()
    for path in FACES.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            walks = isinstance(node, ast.Attribute) and node.attr in (
                "items",
                "dict",
                "lists",
                "copy",
                "keys",
                "values",
            )
            if isinstance(node, ast.Attribute) and walks and ast.unparse(node.value).endswith((".POST", ".GET")):
                found.add((str(path.relative_to(FACES)), node.attr))
            if isinstance(node, ast.keyword) and node.arg is None and ".POST" in ast.unparse(node.value):
                found.add((str(path.relative_to(FACES)), "**"))
    assert found == WHOLE_FORMS, "take the names one by one"


def test_what_is_smuggled_into_a_residents_forms_changes_nothing(resident: Any, record: Any) -> None:
    someone: Resident = resident()
    other: Resident = resident("旁人")
    held = record(someone.subject, "uncivil_conduct", today(), fields={"conduct": "occupation"})
    client = let_in(someone)
    before = (
        Account.objects.values().get(pk=someone.subject.account.pk),
        Subject.objects.values().get(pk=someone.subject.pk),
    )
    client.post("/consent/score/", {"agree": "yes", **SMUGGLED})
    consent = Consent.objects.get()
    assert (consent.subject_id, consent.withdrawn_at, consent.via) == (someone.subject.pk, None, "portal")
    client.post(f"/records/{held.reference}/wrong/", {"words": "不对", **SMUGGLED, "reason": "wrong_fact"})
    case = Case.objects.get()
    assert (case.filed_by_id, case.outcome, case.decided_by, case.closed_at) == (someone.subject.pk, "", "", None)
    assert case.due_on.year < 2099
    assert Record.objects.get(pk=held.pk).status == "disputed"
    for address in (
        "/me/contacts/",
        "/me/recording/",
        "/leave/",
        "/honours/x/",
        f"/appeals/{case.number}/",
        "/score/opinion/",
    ):
        client.post(address, SMUGGLED)
    after = (
        Account.objects.values().get(pk=someone.subject.account.pk),
        Subject.objects.values().get(pk=someone.subject.pk),
    )
    changed = {name for name in before[0] if before[0][name] != after[0][name]} - {"last_login"}
    assert changed == set()
    assert before[1] == after[1]
    assert not Consent.objects.filter(subject=other.subject).exists()
