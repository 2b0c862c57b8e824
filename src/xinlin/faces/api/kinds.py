"""The kinds of record that a department may send (可报送的目录信息项)."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.office.rulebook import current

router = Router(tags=["batches"])


class FieldOut(Schema):
    """A column of a kind."""

    code: str
    label: Text
    type: str
    required: bool
    aliases: list[str]


class KindOut(Schema):
    """A kind of record with its columns."""

    code: str
    name: Text
    effect: str
    delivery: str
    subject_kinds: list[str]
    fields: list[FieldOut]


@router.get("/kinds", response=list[KindOut], auth=MachineAuth(""), summary="Kinds of record one may send")
def kinds(request: HttpRequest) -> list[Kind]:
    """The kinds that the caller's department provides, in the order of the rulebook."""
    department = machine_actor(request, "").department
    return [kind for kind in current().kinds.values() if department in kind.providers]
