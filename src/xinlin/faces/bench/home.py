"""The staff's home: what waits for this person, and the four tiles of governance (治理端首页)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinlin.core.values import Text
from xinlin.faces.kit.gates import ROLES, ActorRequest, staff_required
from xinlin.office import rulebook as books
from xinlin.office.queries import situation
from xinlin.office.queries.web_items import web_kinds


@dataclass(frozen=True)
class Task:
    """Something that this role does here."""

    view: str
    icon: str
    name: str | Promise
    note: str | Promise


UPLOAD = Task("bench:upload", "upload", _("报送一份文件"), _("选信息项、放入文件，立即得到回执"))
BATCHES = Task("bench:batches", "inbox", _("本部门批次"), _("进度、退回行、更正与重报"))
CHECKS = Task("bench:checks", "shield-check", _("信用核查"), _("按证件号码查询是否在法定名单上"))
OVERDUE = Task("bench:checks_overdue", "clock", _("逾期未反馈"), _("已过期限、仍等待您决定的结果"))
CASES = Task("bench:cases", "scale", _("办件"), _("异议、复核、修复、质疑和善行申报，按期限排列"))
LETTERS = Task("bench:letters", "printer", _("待打印的信"), _("没有留下联系方式的人，用信告知结果"))
TELLINGS = Task("bench:tellings", "bell", _("更正告知"), _("用过的信息有变动，请确认收到"))
SERVE = Task("bench:serve", "user-check", _("信用窗口"), _("为到场的本人代办，登记监护人"))
LOOKS = Task("bench:look_alarms", "eye", _("异常查询"), _("短时间查询多人、夜间查询、查询邻居等，等待核实"))
PUBLICITY = Task("bench:publicity", "building-2", _("公示与案例"), _("案例播报、更正与撤下申请"))
NAMES = Task("bench:names", "search", _("核对名称"), _("有名称没有代码的行，可能是哪家单位"))
CODES = Task("bench:codes", "ticket", _("活动签到码"), _("活动组织者发给参加的人，凭码申报善行"))
TERMS = Task("bench:terms", "calendar-clock", _("期限变更"), _("法律缩短期限时，已有记录提前结束；两人签署"))
TWO_PAPERS = Task("bench:repair_notice", "printer", _("两书同达"), _("随处罚决定书一并送达的信用修复告知书"))
LOG = Task("bench:log", "fingerprint", _("存证日志"), _("日志头、最近的存证叶、从头核验"))
MODEL = Task("bench:model", "workflow", _("评分模型"), _("改权重先预演，两人签署，公告后施行"))
RUNS = Task("bench:runs", "history", _("存档与复算"), _("每期分数有签名，可按当时所知重新算出"))
REFUSED = Task("bench:refused_queue", "pencil", _("退回行"), _("按信息项看哪些行等更正、错在哪里"))
LINKING = Task("bench:linking", "user-check", _("关联核实"), _("号码与名称对不上的行，有名称没号码的记录"))
QUALITY = Task("bench:quality", "gauge", _("数据质量"), _("谁按期、谁无声、退回多少、为什么"))
WEB = Task("bench:web_items", "radio-tower", _("网页采集"), _("公开网页上的信息，两人核实后才入库"))
TASKS: dict[str, tuple[Task, ...]] = {
    "clerk": (UPLOAD, BATCHES, REFUSED, QUALITY, NAMES, CASES, TELLINGS, TWO_PAPERS, CODES, PUBLICITY),
    "officer": (CHECKS, OVERDUE, TELLINGS, TWO_PAPERS),
    "analyst": (MODEL, RUNS),
    "reviewer": (CASES, SERVE, LINKING, QUALITY, LETTERS, TELLINGS, NAMES, PUBLICITY, LOOKS, TERMS),
    "auditor": (CASES, LOOKS, LOG, RUNS),
    "operator": (LOG,),
}


def department_name(code: str) -> Text | None:
    """The name of a department of the rulebook; None for staff without one."""
    found = books.current().departments.get(code)
    return found.name if found else None


@staff_required()
def home(request: ActorRequest) -> HttpResponse:
    """``/bench/``: greets by role, says what is late, leads on."""
    actor, tasks = request.actor, TASKS.get(request.actor.role, ())
    if actor.role in ("clerk", "reviewer", "auditor") and web_kinds():
        tasks = (*tasks, WEB)
    context = {
        "role": ROLES[actor.role],
        "department": department_name(actor.department),
        "tasks": tasks,
        "alerts": situation.alerts(actor=actor),
    }
    return render(request, "bench/home.html", context)
