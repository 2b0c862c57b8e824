"""One record typed into a form: judged while it is typed, delivered like any file (单条录入)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xinlin.core.batches import judge_row
from xinlin.core.columns import ColumnUse
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.values import Problem, Text
from xinlin.faces.bench.batches import own_kinds
from xinlin.faces.bench.home import department_name
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import batches as actions
from xinlin.office.actions.proofs import Proof
from xinlin.office.queries import batches as queries
from xinlin.office.scopes import Actor, Refused

LONG = 200
"""A text that may be longer has room for several lines."""


@dataclass(frozen=True)
class Entry:
    """A field of the form with what was typed and what is wrong with it."""

    spec: FieldSpec
    input: str
    """``date``, ``number``, ``code``, ``boolean``, ``lines`` or ``line``."""
    typed: str
    choices: Mapping[str, Text] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def typed_kinds(actor: Actor) -> list[Kind]:
    """The kinds of which single records make sense: of what is sent whole, only entries of statutory lists."""
    return [kind for kind in own_kinds(actor) if kind.delivery != "full_list" or kind.effect == "list_entry"]


def _input(spec: FieldSpec) -> str:
    if spec.type in ("date", "boolean", "code"):
        return spec.type
    if spec.type == "integer":
        return "number"
    return "lines" if spec.type == "text" and (spec.max_length or 0) > LONG else "line"


def entries(kind: Kind, typed: Mapping[str, str], problems: list[Problem]) -> list[Entry]:
    """The form's fields with what was typed, and what is wrong beside each."""
    return [
        Entry(
            spec,
            _input(spec),
            typed.get(spec.code, ""),
            spec.codes or {},
            tuple(problem for problem in problems if problem.where == spec.code),
        )
        for spec in kind.fields
    ]


def _page(request: ActorRequest, kind: Kind | None, problems: list[Problem], number: str = "") -> HttpResponse:
    typed = {spec.code: request.POST.get(spec.code, "") for spec in kind.fields} if kind else {}
    codes = set(typed)
    context = {
        "kinds": typed_kinds(request.actor),
        "kind": kind,
        "entries": entries(kind, typed, problems) if kind else [],
        "whole": [problem for problem in problems if problem.where not in codes],
        "wrong": bool(problems),
        "number": number,
        "department": department_name(request.actor.department),
        "key": request.POST.get("key") or secrets.token_hex(16),
    }
    return render(request, "bench/record_form.html", context, status=422 if problems else 200)


def _once(request: ActorRequest, content: bytes) -> Proof:
    """Each form that was opened sends the same words once; one that is opened anew may send them again (重新列入)."""
    opened = hashlib.sha256(request.POST.get("key", "").encode() + b"\n" + content).hexdigest()
    return Proof(key=f"form-{opened}")


@staff_required("clerk")
@require_http_methods(["GET", "POST"])
def record_form(request: ActorRequest) -> HttpResponse:
    """``/bench/intake/record/?kind=…``: a record with a field for each item. What is wrong is said beside its field, and
    nothing is kept of it; what is right becomes a delivery of one row.
    """
    asked = request.POST.get("kind") or request.GET.get("kind", "")
    kind = next((kind for kind in typed_kinds(request.actor) if kind.code == asked), None)
    if request.method == "GET" or kind is None:
        return _page(request, kind, [])
    said = {spec.label.zh: value for spec in kind.fields if (value := request.POST.get(spec.code, "").strip())}
    labels = {spec.label.zh for spec in kind.fields}
    columns = {spec.code: ColumnUse(column=spec.label.zh) for spec in kind.fields}
    judged = judge_row(kind, columns, {label: said.get(label, "") for label in labels})
    if isinstance(judged, list):
        return _page(request, kind, judged)
    whole = {label: said.get(label, "") for label in said} | {
        spec.label.zh: said.get(spec.label.zh, "") for spec in kind.fields if spec.required
    }
    content = json.dumps([whole], ensure_ascii=False).encode()
    try:
        receipt = actions.receive(
            actor=request.actor,
            kind=kind.code,
            filename="record.json",
            chunks=[content],
            delivery="additions" if kind.delivery == "full_list" else None,
            proof=_once(request, content) if kind.delivery == "full_list" else Proof(),
        )
    except Refused as refused:
        return _page(request, kind, [refused.problem])
    actions.work_now(receipt)
    shown = queries.batch(actor=request.actor, number=receipt.number)
    line = shown.line
    if line.rows_refused:
        messages.warning(request, gettext("这一条没有接收，原因见退回行。"))
        return redirect("bench:refused", number=receipt.number)
    if line.state != "done":
        return redirect("bench:batch", number=receipt.number)
    if any(finding["code"] == "details_held" for finding in shown.findings):
        messages.warning(
            request,
            gettext("没有列入：这一条目已由决定移出，或正在异议、暂停。凭同一文书不能再列入，重新列入须另有决定。"),
        )
        return redirect("bench:batch", number=receipt.number)
    words = (
        gettext("这一条以前报过，没有重复入库。")
        if receipt.already or line.rows_repeated
        else gettext("已接收，编号 %(number)s。")
    )
    messages.success(request, words % {"number": receipt.number})
    return redirect(f"{request.path}?kind={kind.code}")
