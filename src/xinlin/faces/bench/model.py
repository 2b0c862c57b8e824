"""The analyst's pages: schemes in force, a changed copy with its preview, signatures, and frozen runs that can be replayed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.core.strict_yaml import Path
from xinlin.core.values import Problem, Text
from xinlin.faces.kit.flows import Sankey, sankey
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.faces.kit.templatetags.kit import text_filter
from xinlin.office.actions import proposals as actions
from xinlin.office.actions import score_replays
from xinlin.office.queries import figures as figure_queries
from xinlin.office.queries import proposals as queries
from xinlin.office.queries import score_runs
from xinlin.office.queries.scheme_texts import ProposalRefused, text_of, with_numbers
from xinlin.office.rulebook import current
from xinlin.office.scopes import NotAllowed, NotFound, Refused, today

MODEL = ("analyst", "reviewer", "auditor", "operator")
LARGEST_TEXT = 1 << 20
DIGITS = 9


@staff_required(*MODEL)
@require_GET
def model(request: ActorRequest) -> HttpResponse:
    """``/bench/model/``: data, model and application of the rulebook, and every version on its way."""
    rulebook = current()
    context = {
        "rulebook": rulebook,
        "schemes": queries.schemes(actor=request.actor),
        "proposals": queries.proposals(actor=request.actor),
    }
    return render(request, "bench/model.html", context)


def _line(request: ActorRequest, code: str) -> queries.SchemeLine:
    lines = queries.schemes(actor=request.actor)
    found = next((line for line in lines if line.scheme.code == code), lines[0] if lines and not code else None)
    if found is None:
        raise NotFound(f"没有方案 {code}。There is no scheme {code}.")
    return found


def _next_version(version: str) -> str:
    head, dot, last = version.rpartition(".")
    return f"{head}{dot}{int(last) + 1}" if last.isascii() and last.isdigit() else f"{version}-2"


def _numbers(request: ActorRequest, line: queries.SchemeLine) -> dict[Path, int]:
    """The numbers that were typed otherwise. Raises `Refused` for what is no whole number."""
    typed = {}
    for number in line.numbers:
        raw = request.POST.get(f"n.{number.key}", str(number.value)).strip()
        sign, digits = (-1, raw[1:]) if raw[:1] in ("-", "−") else (1, raw.removeprefix("+"))
        if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS):
            what = Text(zh=f"“{raw[:40]}”不是整数", en=f"{raw[:40]!r} is not a whole number")
            cure = Text(
                zh=f"{number.of.zh}·{number.name.zh}：填整数", en=f"{number.of.en}, {number.name.en}: a whole number"
            )
            raise Refused(Problem("not_a_number", number.key, what, cure, raw))
        if sign * int(digits) != number.value:
            typed[number.path] = sign * int(digits)
    return typed


def _text(request: ActorRequest, line: queries.SchemeLine) -> str:
    """The proposed file: the one uploaded or typed, or the copy with other numbers."""
    upload = request.FILES.get("file")
    if upload is not None:
        raw: bytes = upload.read(LARGEST_TEXT)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            what = Text(zh="文件不是 UTF-8", en="The file is not UTF-8")
            cure = Text(zh="以 UTF-8 另存后再传", en="Save it as UTF-8 and send it again")
            raise Refused(Problem("encoding", "file", what, cure)) from error
    numbers = _numbers(request, line)
    version, first_day = request.POST.get("version", "").strip(), request.POST.get("effective_from", "").strip()
    return with_numbers(line.scheme, numbers, version, first_day)


@staff_required("analyst")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: ActorRequest) -> HttpResponse:
    """``/bench/model/new/?scheme=…``: the numbers of a copy to be changed, or a whole file."""
    line = _line(request, request.GET.get("scheme", ""))
    problems: list[Problem] = []
    if request.method == "POST":
        try:
            reason = request.POST.get("reason", "")
            made = actions.propose(actor=request.actor, text=_text(request, line), reason=reason)
            return redirect("bench:proposal", number=made)
        except ProposalRefused as refused:
            problems = refused.problems
        except Refused as refused:
            problems = [refused.problem]
    groups: dict[str, tuple[Text, list[tuple[Any, str]]]] = {}
    for number in line.numbers:
        typed = request.POST.get(f"n.{number.key}", str(number.value))
        groups.setdefault(number.owner, (number.of, []))[1].append((number, typed))
    context = {
        "line": line,
        "groups": groups.values(),
        "problems": problems,
        "version": request.POST.get("version") or _next_version(line.scheme.version),
        "effective_from": request.POST.get("effective_from")
        or (today() + timedelta(days=2 * queries.notice_days())).isoformat(),
        "reason": request.POST.get("reason", ""),
        "notice_days": queries.notice_days(),
    }
    return render(request, "bench/propose.html", context, status=422 if problems else 200)


@staff_required(*MODEL)
@require_GET
def scheme_file(request: ActorRequest, code: str) -> HttpResponse:
    """The file of the scheme in force, to be changed and sent back."""
    line = _line(request, code)
    response = HttpResponse(text_of(line.scheme), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{code}-{line.scheme.version}.yaml"'
    return response


def _names(view: queries.ProposalView, codes: list[str]) -> list[str]:
    return [text_filter(view.tiers[code]) if code in view.tiers else code for code in codes]


def flow_of(view: queries.ProposalView) -> tuple[Sankey, list[str], list[tuple[str, list[int | None]]]] | None:
    """The drawing of old → new from high to low, and the same as a table: names of columns, rows."""
    if view.preview is None:
        return None
    after = _names(view, view.preview["columns"])[::-1]
    rows = [row["row"] for row in view.preview["tiers"]][::-1]
    cells = [row["cells"][::-1] for row in view.preview["tiers"]][::-1]
    before = _names(view, rows)
    return sankey(before, after, cells), after, list(zip(before, cells, strict=True))


@staff_required(*MODEL)
@require_GET
def proposal(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/model/<number>/``: what changes, who would move, and the signatures."""
    view = queries.proposal(actor=request.actor, number=number)
    kinds = current().kinds
    examples = [
        {
            **example,
            "records": [(kinds[code].name, times) for code, times in example["kinds"] if code in kinds],
            "tiers": [view.tiers.get(example[side][1]) for side in ("before", "after")],
            "change": example["after"][0] - example["before"][0],
        }
        for example in (view.preview or {}).get("examples", [])
    ]
    template = (
        "bench/_preview_wait.html"
        if request.headers.get("HX-Request") and view.preview is None
        else "bench/proposal.html"
    )
    as_of = date.fromisoformat(view.preview["as_of"]) if view.preview else None
    context = {"view": view, "flow": flow_of(view), "examples": examples, "as_of": as_of}
    response = render(request, template, context)
    if request.headers.get("HX-Request") and (view.preview is not None or view.failed):
        response["HX-Refresh"] = "true"
    return response


@staff_required("analyst", "reviewer")
@require_POST
def sign(request: ActorRequest, number: str) -> HttpResponse:
    """Sign the draft under the preview that was on the page."""
    try:
        announced = actions.sign(
            actor=request.actor, number=number, preview_sha256=request.POST.get("preview_sha256", "")
        )
        said = gettext("第二个签名已到，修订已公告。") if announced else gettext("已签署，还差另一人的签名。")
        messages.success(request, said)
    except Refused as refused:
        messages.error(
            request, f"{text_filter(refused.problem.what)}{gettext('：')}{text_filter(refused.problem.cure)}"
        )
    return redirect("bench:proposal", number=number)


@staff_required("analyst", "reviewer")
@require_POST
def withdraw(request: ActorRequest, number: str) -> HttpResponse:
    """Take the draft back."""
    try:
        actions.withdraw(actor=request.actor, number=number)
        messages.success(request, gettext("草案已撤下。"))
    except Refused as refused:
        messages.error(request, text_filter(refused.problem.what))
    return redirect("bench:proposal", number=number)


@staff_required("reviewer")
@require_POST
def recall(request: ActorRequest, number: str) -> HttpResponse:
    """Take an announced version back before its first day."""
    try:
        actions.recall(actor=request.actor, number=number, reason=request.POST.get("reason", ""))
        messages.success(request, gettext("公告已撤回，现行规则继续施行。"))
    except Refused as refused:
        messages.error(
            request, f"{text_filter(refused.problem.what)}{gettext('：')}{text_filter(refused.problem.cure)}"
        )
    return redirect("bench:proposal", number=number)


@staff_required(*MODEL)
@require_GET
def figures(request: ActorRequest) -> HttpResponse:
    """``/bench/figures/``: who could open the score and who did, and how levels are spread; every total with its remainder."""
    context = {
        "coverage": figure_queries.coverage(actor=request.actor),
        "distribution": figure_queries.distribution(actor=request.actor),
    }
    return render(request, "bench/figures.html", context)


@staff_required(*MODEL)
@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: ActorRequest) -> HttpResponse:
    """``/bench/runs/``: frozen runs with their signed statements; a run is replayed on the spot."""
    replayed, problem = None, ""
    if request.method == "POST":
        try:
            replayed = score_replays.replay(actor=request.actor, number=request.POST.get("number", ""))
        except (NotFound, NotAllowed) as refused:
            problem = str(refused)
    context = {
        "runs": score_runs.published(),
        "replayed": replayed,
        "problem": problem,
        "key": score_runs.statement_key(),
    }
    return render(request, "bench/runs.html", context)
