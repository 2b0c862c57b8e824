"""What the platform is, and each right of a resident with the mechanism that holds it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinlin import __version__
from xinlin.office import rulebook as books
from xinlin.office.scopes import today


@dataclass(frozen=True)
class Right:
    """A right, what holds it, and where to see that it holds."""

    icon: str
    right: str | Promise
    mechanism: str | Promise
    href: str
    where: str | Promise


RIGHTS = (
    Right(
        "handshake",
        _("不同意，就没有分"),
        _("没有本人有效的授权，系统无法生成或保存任何分数：分数行在数据库里必须挂在授权上。仅限成年人。"),
        "/consent/",
        _("授权与退出"),
    ),
    Right(
        "log-out",
        _("随时退出，不留分数"),
        _(
            "点两下即可退出；所有分数在同一笔操作里删除，并出具回执。从未开通、已经退出和基础分是三回事，都不会让您失去什么。"
        ),
        "/leave/",
        _("我要退出"),
    ),
    Right(
        "gift",
        _("分数只带来优惠"),
        _("分数和等级只用于开启自愿商家的优惠，不用于基本公共服务，也不用于任何审批。核查程序在结构上读不到分数。"),
        "/benefits/",
        _("我要权益"),
    ),
    Right(
        "scroll-text",
        _("规则公开，逐条可查"),
        _("每一分都对应一条记录和一条公开规则，各条相加恰好等于总分；没有公开来源的取值都标为“演示数值”。"),
        "/rules/",
        _("评分规则"),
    ),
    Right(
        "scale",
        _("有错可以提出异议"),
        _("提出异议后，该记录立即按 0 分计，也不能据以采取任何措施，直到有权机关答复；机关逾期，记录继续不计。"),
        "/appeals/",
        _("我要申诉"),
    ),
    Right(
        "calendar-clock",
        _("到期自动失效"),
        _("每条记录都有计分期限，每条名单都有截止日期。到期当天即不再计，无需申请。"),
        "/rules/",
        _("期限见评分规则"),
    ),
    Right(
        "user-check",
        _("由人决定，由人签名"),
        _(
            "软件只提示和转送。采取措施由审批人员依法决定、说明理由并签名；措施必须名单、文书、机关、条款、告知、救济和期限七项齐全。"
        ),
        "/lists/",
        _("名单与措施"),
    ),
    Right(
        "eye",
        _("谁看过，您都知道"),
        _("每次读取您的数据都会写下是谁、哪个部门、为了什么、依据什么，您可以全部看到，包括被拒绝的查询。"),
        "/looks/",
        _("谁看过我的数据"),
    ),
    Right(
        "shield-check",
        _("不收不该收的"),
        _(
            "宗教、基因、指纹、人脸、血型、疾病、言论、信访一律不得入库；性别、年龄、职业、财产、家庭不得作为评分项。规则册带有这些内容就无法加载。"
        ),
        "/catalogue/",
        _("信息目录"),
    ),
    Right(
        "fingerprint",
        _("改不了的存证"),
        _(
            "每一次改动都在同一笔操作里写入存证日志。任何人都可以取得签名的日志头，核对历史没有被改写；日志本身不含个人信息。"
        ),
        "/log/",
        _("存证日志"),
    ),
)


def about(request: HttpRequest) -> HttpResponse:
    """``/about/``: for everybody, without signing in."""
    rulebook = books.current()
    scheme = rulebook.scheme_at(today())
    context = {
        "rulebook": rulebook,
        "rights": RIGHTS,
        "version": __version__,
        "scheme": scheme,
        "dimensions": len(scheme.dimensions) if scheme else 0,
        "indicators": sum(len(d.indicators) for d in scheme.dimensions) if scheme else 0,
    }
    return render(request, "public/about.html", context)
