"""Doors (深度链接): short lasting addresses for posters, QR codes and the menu of an official account (公众号菜单).

A door leads on and takes nothing along: whatever an account's platform adds to the address (codes, open ids) is dropped, and
nobody needs an identity of theirs to use one.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from xinlin.office.rulebook import current
from xinlin.office.scopes import NotFound, today


@dataclass(frozen=True)
class Door:
    """Where one short address leads."""

    code: str
    name: str | Promise
    to: str
    scored: bool = False
    """Only where the city scores anybody."""


MENU: tuple[tuple[str | Promise, tuple[Door, ...]], ...] = (
    (
        _("查信用"),
        (
            Door("score", _("我要查分"), "/score/", scored=True),
            Door("records", _("我的记录"), "/records/"),
            Door("report", _("信用报告"), "/report/"),
            Door("looks", _("谁看过我"), "/looks/"),
            Door("publicity", _("企业公示"), "/publicity/"),
        ),
    ),
    (
        _("办事情"),
        (
            Door("objection", _("我要申诉"), "/appeals/"),
            Door("repair", _("信用修复"), "/repairs/"),
            Door("deeds", _("我要加分"), "/deeds/", scored=True),
            Door("cases", _("我的办件"), "/appeals/"),
            Door("verify", _("核验报告"), "/verify/"),
        ),
    ),
    (
        _("我的"),
        (
            Door("benefits", _("我要权益"), "/benefits/", scored=True),
            Door("card", _("信用卡片"), "/card/", scored=True),
            Door("consent", _("授权管理"), "/consent/"),
            Door("rules", _("评分规则"), "/rules/"),
            Door("leave", _("退出评分"), "/leave/", scored=True),
        ),
    ),
)
"""Three buttons with at most five below each: what the menu of an official account can hold."""


def _menu() -> list[tuple[str | Promise, list[Door]]]:
    scored = current().scheme_at(today()) is not None
    return [(name, [door for door in doors if scored or not door.scored]) for name, doors in MENU]


@require_safe
def doors(request: HttpRequest) -> HttpResponse:
    """``/go/``: every door with its whole address, for whoever prints a poster or sets up a menu."""
    shown = [
        (name, [(door, request.build_absolute_uri(f"/go/{door.code}/")) for door in below]) for name, below in _menu()
    ]
    return render(request, "public/doors.html", {"menu": shown})


@require_safe
def menu_json(request: HttpRequest) -> JsonResponse:
    """``/go/menu.json``: the body that the platform of official accounts takes to create a menu (自定义菜单), in Chinese."""
    with override("zh-hans"):
        buttons = [
            {
                "name": str(name),
                "sub_button": [
                    {"type": "view", "name": str(door.name), "url": request.build_absolute_uri(f"/go/{door.code}/")}
                    for door in below
                ],
            }
            for name, below in _menu()
        ]
    return JsonResponse({"button": buttons}, json_dumps_params={"ensure_ascii": False, "indent": 1})


@require_safe
def go(request: HttpRequest, code: str) -> HttpResponseRedirect:
    """``/go/CODE/``: to the page, without what came with the address. Raises `NotFound` for no such door."""
    door = next((door for _name, below in _menu() for door in below if door.code == code), None)
    if door is None:
        raise NotFound(code)
    return HttpResponseRedirect(door.to)
