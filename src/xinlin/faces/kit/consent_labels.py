"""Names of coded states around consent, receipts, and acting for somebody, as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

POWER: Mapping[str, str | Promise] = {
    "see": _("查看记录、评分和谁看过"),
    "object": _("提出异议、复核、修复申请"),
    "report": _("出具信用报告"),
    "leave": _("撤回授权、退出评分、拒绝记录"),
}
MANDATE: Mapping[str, str | Promise] = {"helper": _("受托人"), "guardian": _("监护人"), "counter": _("窗口代办")}
CONSENT_STATE: Mapping[str, str | Promise] = {
    "live": _("有效"),
    "paused": _("已暂停"),
    "outdated": _("内容有变，待您重新决定"),
    "ended": _("已结束"),
}
SCORE_STANDING: Mapping[str, str | Promise] = {
    "paused": _("您已暂停评分"),
    "left": _("您已退出评分"),
    "declined": _("您选择了不开通评分"),
    "never": _("还没有开通"),
    "open": _("已开通"),
    "outdated": _("待您重新决定"),
}
"""Where a person stands with the score; none of it costs anything."""
CONSENT_EVENT: Mapping[str, str | Promise] = {
    "given": _("同意"),
    "paused": _("暂停"),
    "resumed": _("恢复"),
    "withdrawn": _("撤回"),
    "replaced": _("因重新同意而结束"),
    "lapsed": _("到期结束"),
}
DELETION: Mapping[str, str | Promise] = {
    "leave": _("退出评分"),
    "scene": _("撤回场景授权"),
    "records": _("删除本人的记录"),
}
TABLE: Mapping[str, str | Promise] = {
    "score": _("分数"),
    "record": _("记录"),
    "award_nomination": _("评选报名"),
    "scene_code": _("一次性码"),
}
"""Tables as receipts of deletion name them to people."""
FAMILIES: Mapping[str, Mapping[str, str | Promise]] = {
    "power": POWER,
    "mandate": MANDATE,
    "consent": CONSENT_STATE,
    "score_standing": SCORE_STANDING,
    "consent_event": CONSENT_EVENT,
    "deletion": DELETION,
    "table": TABLE,
}
