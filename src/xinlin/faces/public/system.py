"""The map of the system: what a city calls its parts, which module each one is, whether it lives, how much it holds (系统总览)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from xinlin.core.catalogue import Module
from xinlin.core.values import Text
from xinlin.office.queries import modules as queries
from xinlin.office.rulebook import current


@dataclass(frozen=True)
class Room:
    """How this platform calls a module, what its figure counts, and where it is."""

    icon: str
    name: str | Promise
    figure: str | Promise
    href: str


ROOMS: Mapping[Module, Room] = {
    "registers": Room("layers", _("登记册与记录"), _("条记录"), "/catalogue/"),
    "site": Room("building-2", _("公示网站"), _("条公示中"), "/publicity/"),
    "card": Room("id-card", _("电子诚信卡"), _("人在用（约数）"), "/card/"),
    "intake": Room("inbox", _("报送与核验"), _("份文件"), "/catalogue/"),
    "cases": Room("scale", _("异议、修复与善行办理"), _("件逾期"), "/offices/"),
    "scores": Room("gauge", _("评分与解释"), _("人有分数（约数）"), "/rules/"),
    "checks": Room("shield-check", _("信用核查与反馈"), _("条逾期未反馈"), "/lists/"),
    "benefits": Room("gift", _("守信激励"), _("项优惠"), "/rules/offers/"),
    "connections": Room("radio-tower", _("接入系统"), _("个系统"), "/api/v1/openapi.json"),
    "terminals": Room("monitor", _("手机、柜台、自助机"), "", "/go/"),
    "log": Room("fingerprint", _("存证日志"), _("片叶"), "/log/"),
}


REGISTERS: Mapping[str, str | Promise] = {"person": _("自然人"), "organisation": _("法人和非法人组织")}


@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """``/about/system/``: every part with its light; for everybody, nobody is in it."""
    counts, kinds = queries.counts(), current().kinds
    context = {
        "modules": [(view, ROOMS[view.module]) for view in queries.modules()],
        "counts": counts,
        "registers": [(REGISTERS.get(code, code), number) for code, number in counts.registers.items()],
        "kinds": [
            (kinds[code].name if code in kinds else Text(zh=code, en=code), n) for code, n in counts.kinds.items()
        ],
    }
    return render(request, "public/system.html", context)


@require_safe
def counts_json(request: HttpRequest) -> HttpResponse:
    """``/about/system/counts.json``: the counts with their SHA-256, which anybody can work out again from ``statement``."""
    counts = queries.counts()
    return JsonResponse(
        {"statement": counts.statement(), "sha256": counts.sha256}, json_dumps_params={"ensure_ascii": False}
    )
