"""Pages about credit reports: choosing one, reading it, taking it away (信用报告). Free, and as often as wished."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinlin.faces.kit import paper
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.labels import RECORD_CLASS, ROLE, SIGN, STATUS, STATUS_SHORT
from xinlin.faces.kit.paper import said
from xinlin.faces.kit.templatetags.kit import day, label, moment
from xinlin.office.actions import reports as actions
from xinlin.office.actions.reports import Stamp
from xinlin.office.printing.seal import seal
from xinlin.office.printing.typeset import typeset
from xinlin.office.queries import people
from xinlin.office.queries import reports as queries
from xinlin.office.queries.people import LookView
from xinlin.office.queries.records import RecordView
from xinlin.office.queries.reports import Change, Content
from xinlin.office.scopes import now


@require_safe
@resident_required
def reports(request: ActorRequest) -> HttpResponse:
    """Which reports there are, and those handed out before."""
    context = {
        "tab": "me",
        "firms": queries.firms(actor=request.actor),
        "issued": queries.issued(actor=request.actor),
        "me": people.me(actor=request.actor),
    }
    return render(request, "portal/reports.html", context)


def _record(record: RecordView) -> dict[str, Any]:
    facts = [
        (_("提供单位"), said(record.department_name)),
        (_("所属单位"), record.about_organisation),
        (_("发生日期"), day(record.occurred_on)),
        (_("文书编号"), record.document),
        (_("作出机关"), record.authority),
        (_("法律依据"), record.article),
        (_("失信程度"), str(RECORD_CLASS.get(record.record_class, ""))),
        (_("告知日期"), day(record.notice_on)),
        *((said(name), value) for name, value in record.fields),
        (_("何时结束"), day(record.ends_on)),
        (_("救济途径"), record.remedy),
        *((_("说明"), note) for note in record.notes),
        (_("入库时间"), moment(record.entered_at)),
        (_("记录编号"), record.reference),
    ]
    shown = [[str(name), str(value)] for name, value in facts if value]
    return {
        "title": said(record.kind_name),
        "status": str(STATUS.get(record.said_status, record.said_status)),
        "facts": shown,
    }


def _change(change: Change) -> list[str]:
    moved = " → ".join(str(STATUS_SHORT.get(one, one)) for one in (change.before, change.after) if one)
    return [
        moment(change.entered_at),
        said(change.kind_name),
        said(change.source),
        label(change.reason, "record_change"),
        moved or "–",
    ]


def _look(look: LookView) -> list[str]:
    who = f"{said(look.department_name) or look.actor_name} {ROLE.get(look.role, look.role)}"
    why = look.purpose + (f"（{look.clause}）" if look.clause else "")
    return [moment(look.at), who, why, _("已拒绝") if look.refused else (look.result or "–")]


def _explanation(content: Content) -> list[str]:
    lines = [
        _(
            "本报告由公共信用信息平台根据各部门依法报送的记录生成，逐条列明提供单位、文书和依据。平台不修改部门报送的内容。"
        ),
        _("报告免费，次数不限。核验码和二维码只能证明报告真伪和出具日期，不透露任何内容。"),
        _("“没有记录”只表示平台没有收到，不代表好或坏。处于异议期间的记录已标注，不计分，也不作为任何措施的依据。"),
    ]
    if content.full:
        lines.append(
            _(
                "本人留存版：含全部记录、每次变更及来源、每一次查询。已修复、已结束的记录仅供本人核对，不得据此限制本人权利。"
            )
        )
    else:
        lines.append(
            _("对外提供版：只含现行有效的记录。已修复、已到期、已移出的记录依法不再公开、共享和使用，因此不在其中。")
        )
    return lines


def _values(content: Content, stamp: Stamp, address: str) -> dict[str, Any]:
    """Everything that the paper shows, as plain texts in the reader's language."""
    title = _("法人和非法人组织信用报告") if content.organisation else _("自然人信用报告")
    named = _("统一社会信用代码") if content.organisation else _("公民身份号码")
    who = [[_("名称") if content.organisation else _("姓名"), content.name], [named, content.identifier]]
    if content.represented_by:
        who.append([_("法定代表人"), content.represented_by])
    cover = [*who[:2], [_("报告编号"), stamp.number], [_("出具时间"), moment(stamp.at)]]
    return {
        **paper.letterhead(),
        "large": False,
        "title": title,
        "edition": _("本人留存版") if content.full else _("对外提供版"),
        "full": content.full,
        "number": stamp.number,
        "code": stamp.code,
        "qr": paper.qr(address),
        "qr_says": _("扫码，或在 %(address)s 输入核验码，可核验真伪和出具日期。") % {"address": address.split("?")[0]},
        "cover": cover,
        "explanation": _explanation(content),
        "who": who,
        "summary_head": [_("信息项"), _("性质"), _("现行有效"), _("已结束"), _("提供单位")],
        "summary": [
            [
                said(one.kind_name),
                str(SIGN.get(one.sign, one.sign)),
                str(one.standing),
                str(one.ended),
                said(one.department_name),
            ]
            for one in content.counted
        ],
        "records": [_record(record) for record in content.records],
        "changes_head": [_("时间"), _("记录"), _("来源"), _("原因"), _("变动")],
        "changes": [_change(change) for change in content.changes],
        "looks_says": _("另有本人自己的查看 %(n)s 次，未逐条列出。") % {"n": content.own_looks},
        "looks_head": [_("时间"), _("谁"), _("用途和依据"), _("结果")],
        "looks": [_look(look) for look in content.looks],
        "rights": [
            _(
                "对报告中的任何记录有异议，可登录平台在该记录上点“这条不对”，或到政务服务窗口提出；异议期间该记录不计分、不作为措施依据。"
            ),
            _("对任何一次查询有疑问，可在“谁看过我的信息”中要求说明。信用修复免费，只需履行证明和承诺书。"),
        ],
        "texts": {
            "code": _("核验码"),
            "explanation": _("报告说明"),
            "who": _("基础信息"),
            "summary": _("公共信用信息概要"),
            "details": _("公共信用信息明细"),
            "changes": _("变更记录"),
            "looks": _("查询记录"),
            "rights": _("异议与权利"),
            "none": _("没有记录。"),
        },
    }


def _wanted(given: Any) -> tuple[str, bool]:
    """Which report: the firm's pseudonym (empty: oneself), and whether the full edition."""
    return str(given.get("firm", "")), given.get("edition") != "standing"


@require_safe
@resident_required
def report(request: ActorRequest) -> HttpResponse:
    """The report as a page."""
    firm, full = _wanted(request.GET)
    content = queries.content(actor=request.actor, firm=firm, full=full)
    values = _values(content, Stamp("", "", now()), "")
    context = {"tab": "me", "content": content, "values": values, "firm": firm, "full": full}
    return render(request, "portal/report.html", context)


def _address(request: HttpRequest, code: str) -> str:
    return request.build_absolute_uri(reverse("public:verify")) + f"?code={code}"


@require_POST
@resident_required
def report_pdf(request: ActorRequest) -> HttpResponse:
    """The report on paper: sealed, numbered, with its code. Each one is noted, none is kept."""
    firm, full = _wanted(request.POST)

    def make(stamp: Stamp) -> bytes:
        content = queries.content(actor=request.actor, firm=firm, full=full)
        values = _values(content, stamp, _address(request, stamp.code))
        return seal(typeset("report", values, stamp.at), stamp.at, values["title"])

    via = "kiosk" if request.session.get("kiosk") else "portal"
    issued = actions.issue(actor=request.actor, firm=firm, via=via, make=make)
    return paper.pdf(issued.pdf, f"{issued.stamp.number}.pdf")
