"""What became of entries, for the systems of the office that keeps the list (名单应用反馈接口)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from xinlin.core.values import Text
from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.office.queries import entry_uses as queries

router = Router(tags=["entries"])
READ = "batches:read"


class EntryOut(Schema):
    """An entry of the caller's department as it stands now."""

    entry: str
    message: str
    document: str
    state: str
    entered_on: date
    ends_on: date


class UseOut(Schema):
    """A measure that an office took on an entry, under the key of the delivery that brought it."""

    number: int
    entry: str
    message: str
    document: str
    measure: str
    measure_name: Text
    department: str
    department_name: Text
    item: str
    starts_on: date
    ends_on: date
    lifted_on: date | None
    lifted_because: str


@router.get("/entries", response=list[EntryOut], auth=MachineAuth(READ), summary="Entries that a delivery brought")
def of_message(
    request: HttpRequest, message: Annotated[str, Query(min_length=1, max_length=128)]
) -> list[queries.EntryState]:
    """By the `Idempotency-Key` under which the caller delivered them; at most 1,000."""
    return queries.of_message(actor=machine_actor(request, READ), message=message)


@router.get("/entries/uses", response=list[UseOut], auth=MachineAuth(READ), summary="Measures taken on one's entries")
def uses(request: HttpRequest, since: Annotated[date, Query(), Field(strict=False)]) -> list[queries.UseOfEntry]:
    """Taken or lifted on the day `since` or later; asked every few minutes, it says what other offices did, by message."""
    return queries.uses(actor=machine_actor(request, READ), since=since)
