"""Records on both clocks: what changed, when, and how it stood before."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scores.conftest import Resident, record, resident, system
from xinlin.core.procedures import OUTCOMES
from xinlin.faces.kit import labels
from xinlin.office import amendments
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.queries.histories import changed_since
from xinlin.office.scopes import Actor, now, today

pytestmark = pytest.mark.django_db
__all__ = ["record", "resident", "system"]
COLUMNS = ("status", "ends_on", "record_class")


def _state(row: Record) -> dict[str, object]:
    row.refresh_from_db()
    return {name: getattr(row, name) for name in COLUMNS}


def test_an_amendment_keeps_what_held_before(
    resident: Callable[..., Resident], record: Callable[..., Record], system: Actor
) -> None:
    row = record(resident().subject, "volunteer_service", today() - timedelta(days=3), fields={"hours": 2})
    with transaction.atomic():
        changed = amendments.amend(
            actor=system, records=[row.pk], change={"status": "withdrawn"}, reason="test", happened_on=date(2026, 1, 2)
        )
        again = amendments.amend(
            actor=system, records=[row.pk], change={"status": "withdrawn"}, reason="test", happened_on=date(2026, 1, 3)
        )
    assert (changed, again) == (1, 0)
    event = RecordEvent.objects.get(record=row)
    assert (event.before, event.after, event.happened_on) == (
        {"status": "active"},
        {"status": "withdrawn"},
        date(2026, 1, 2),
    )
    row.refresh_from_db()
    assert row.status_changed_at is not None


def test_facts_cannot_be_amended_and_no_change_stands_alone(
    resident: Callable[..., Resident], record: Callable[..., Record], system: Actor
) -> None:
    row = record(resident().subject, "volunteer_service", today(), fields={"hours": 2})
    with pytest.raises(ValueError, match="facts stay"), transaction.atomic():
        amendments.amend(actor=system, records=[row.pk], change={"fields": {}}, reason="test", happened_on=today())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.fixed_dictionaries({"status": st.sampled_from(["active", "disputed", "repaired", "withdrawn"])}),
            st.fixed_dictionaries({"ends_on": st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2027, 1, 1)))}),
            st.fixed_dictionaries({"record_class": st.sampled_from(["", "minor", "general"])}),
        ),
        max_size=8,
    )
)
def test_every_earlier_state_can_be_told(
    steps: list[dict[str, object]],
    resident: Callable[..., Resident],
    record: Callable[..., Record],
    system: Actor,
) -> None:
    row = record(resident().subject, "volunteer_service", today(), fields={"hours": 2})
    seen = [(now(), _state(row))]
    for change in steps:
        with transaction.atomic():
            amendments.amend(actor=system, records=[row.pk], change=change, reason="test", happened_on=today())
        seen.append((now(), _state(row)))
    for moment, state in seen:
        assert {**_state(row), **changed_since(moment).get(row.pk, {})} == state


def test_every_reason_for_which_a_record_changes_has_a_name_that_people_read() -> None:
    office = Path(amendments.__file__).parent
    calls = [
        node
        for file in office.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("amend", "supersede")
    ]
    given_ = [word.value for call in calls for word in call.keywords if word.arg == "reason"]
    stated = {str(value.value) for value in given_ if isinstance(value, ast.Constant)}
    assert stated and not stated - set(labels.FAMILIES["record_change"])
    assert {f"objection_{outcome}" for outcome in OUTCOMES} <= set(labels.FAMILIES["record_change"])
