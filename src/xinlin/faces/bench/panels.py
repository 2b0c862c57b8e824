"""Data, model and application of the configuration, each with its version and its own two approvals (配置版本)."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from xinlin.core.panels import PANELS, Panel
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import panels as actions
from xinlin.office.queries import panels as queries
from xinlin.office.scopes import NotFound

NAMES: Mapping[Panel, tuple[str | Promise, str | Promise]] = {
    "data": (_("数据"), _("部门、目录版本、信息项、接入系统")),
    "model": (_("模型"), _("评分方案、名单、措施、期限与程序")),
    "application": (_("应用"), _("商家、优惠、场景、核查事项、承诺与公示")),
}
SHOWN = 200
"""Changes that are listed; what is more is counted."""


@staff_required("analyst", "reviewer", "auditor", "operator")
@require_http_methods(["GET", "POST"])
def panels(request: ActorRequest) -> HttpResponse:
    """``/bench/model/panels/``: what stands, what differs from the version approved last; sign one panel."""
    if request.method == "POST":
        chosen = next((panel for panel in PANELS if panel == request.POST.get("panel")), None)
        if chosen is None:
            raise NotFound("没有这一部分。There is no such panel.")
        version = actions.approve(actor=request.actor, panel=chosen, seen_sha256=request.POST.get("sha256", ""))
        messages.success(request, gettext("已签署第 %(n)s 版。") % {"n": version})
        return redirect("bench:panels")
    shown = [(*NAMES[view.panel], view, (view.changes or [])[:SHOWN]) for view in queries.panels(actor=request.actor)]
    return render(request, "bench/panels.html", {"panels": shown})
