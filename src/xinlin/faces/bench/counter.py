"""The counter of a service hall: a check for whoever stands there, on a stated clause or their consent, printed (大厅核查专区)."""

from __future__ import annotations

from secrets import token_hex

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods

from xinlin.core.checks import DECIDES, Applicant
from xinlin.core.values import Problem, Text
from xinlin.faces.kit import paper
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import checks as actions
from xinlin.office.queries import checks as queries
from xinlin.office.scopes import Refused

_GROUND = Problem(
    "ground_missing",
    "ground",
    Text(
        zh="请写明依据：办理事项的条款，或申请人书面同意的编号",
        en="Give the ground: the clause of the item, or the number of the written consent",
    ),
    Text(zh="没有依据不能核查", en="Without one there is no check"),
)


def _form(request: ActorRequest, problem: Problem | None = None, status: int = 200) -> HttpResponse:
    context = {
        "items": queries.items(actor=request.actor),
        "key": request.POST.get("key") or token_hex(16),
        "typed": request.POST,
        "problem": problem,
        "decides": DECIDES,
    }
    return render(request, "bench/counter.html", context, status=status)


@staff_required("officer")
@require_http_methods(["GET", "POST"])
def counter(request: ActorRequest) -> HttpResponse:
    """``/bench/checks/counter/``: one applicant, one item, a ground; the answer is shown and can be printed."""
    if request.method == "GET":
        return _form(request)
    posted = request.POST
    ground, by = posted.get("ground", "").strip(), posted.get("by", "")
    if not ground or by not in ("clause", "consent"):
        return _form(request, _GROUND, 422)
    head = gettext("窗口核查（依条款）：") if by == "clause" else gettext("窗口核查（本人书面同意）：")
    try:
        answered = actions.answer(
            actor=request.actor,
            item=posted.get("item", ""),
            purpose=f"{head}{ground}"[:200],
            officer=request.actor.name,
            applicants=[Applicant(posted.get("identifier", "").strip(), posted.get("name", "").strip())],
            idempotency_key=f"counter:{posted.get('key', '')}"[:100],
            channel="counter",
        )
    except Refused as refused:
        return _form(request, refused.problem, 422)
    return redirect("bench:check", number=answered.number)


@staff_required("officer")
@require_GET
def printed(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/checks/<number>/result.pdf``: the result on paper, for the applicant to take home. Writes a look."""
    check = queries.one(actor=request.actor, number=number)
    language = get_language() or "zh-hans"
    verdicts = {"yes": gettext("在有关名单上"), "no": gettext("不在有关名单上"), "unsure": gettext("需人工核对")}
    sections = []
    for answer in check.answers[:20]:
        told = [verdicts[answer.verdict], *(reason.what.in_language(language) for reason in answer.reasons)]
        for hit in answer.hits:
            told += [
                gettext("怎样结束：") + hit.fix.in_language(language),
                f"{hit.list_name.in_language(language)} · {hit.document} · {hit.authority} · {hit.article}",
                gettext("异议与修复：") + hit.remedy,
            ]
        told += [f"{one.name.in_language(language)} · {one.list_name.in_language(language)}" for one in answer.favours]
        sections.append((answer.applicant_masked or answer.number, told))
    facts = [
        (gettext("编号"), check.number),
        (gettext("事项"), check.item_name.in_language(language)),
        (gettext("用途"), check.purpose),
        (gettext("审批人员"), check.officer),
    ]
    title, foot = gettext("信用核查结果"), DECIDES.in_language(language)
    content = paper.sheet(title, facts, sections, check.asked_at, foot=foot)
    return paper.pdf(content, f"check-{check.number}.pdf")
