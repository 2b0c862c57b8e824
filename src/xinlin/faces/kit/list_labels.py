"""Names of what lists, checks, measures and promises come to, as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HOLD: Mapping[str, str | Promise] = {
    "holding": _("暂缓中，等待签字"),
    "signed": _("已签名，继续暂缓"),
    "lapsed": _("无人签字，已自动放行"),
    "released": _("已放行"),
    "decided": _("已作出决定"),
    "lifted": _("原因已消除，已解除"),
}
STAGE: Mapping[str, str | Promise] = {
    "push": _("推送"),
    "compare": _("比对"),
    "intercept": _("拦截"),
    "measure": _("奖惩"),
    "supervise": _("监督"),
    "feedback": _("反馈"),
}
STAGE_WHAT: Mapping[str, str | Promise] = {
    **HOLD,
    "yes": _("在有关名单上"),
    "measure_applied": _("采取措施"),
    "not_the_person": _("不是本人"),
    "none": _("无须反馈"),
    "owed": _("待反馈"),
    "overdue": _("逾期未反馈"),
    "given": _("按期反馈"),
    "late": _("逾期反馈"),
    "told": _("已告知"),
}
PART: Mapping[str, str | Promise] = {
    "list": _("名单条目"),
    "document": _("决定文书"),
    "authority": _("决定机关"),
    "article": _("法律条款"),
    "notice": _("告知"),
    "remedy": _("异议与修复"),
    "end": _("截止日期"),
}
LIFTED: Mapping[str, str | Promise] = {
    "article_repealed": _("条款失效"),
    "left_list": _("已退出名单"),
    "term_over": _("期限届满"),
    "feedback_corrected": _("反馈已更正"),
    "duty_done": _("义务已履行"),
    "repaired": _("已修复"),
    "withdrawn": _("记录已撤回"),
    "ended": _("条目已结束"),
    "suspended": _("条目已暂停"),
}
PLEDGE: Mapping[str, str | Promise] = {
    "open": _("履行中"),
    "kept": _("按期履行"),
    "late": _("逾期履行"),
    "excused": _("可免除"),
    "broken": _("未履行"),
    "withdrawn": _("已撤回"),
}
REMEDY_WAY: Mapping[str, str | Promise] = {"paid": _("已缴清"), "upload": _("已出示凭证")}
REMEDY_STATE: Mapping[str, str | Promise] = {
    "offered": _("待确认"),
    "confirmed": _("已确认，暂缓解除"),
    "refused": _("未确认"),
}
RULE_CHANGE: Mapping[str, str | Promise] = {"added": _("新增"), "changed": _("修改"), "repealed": _("废止")}
CONDITION: Mapping[str, str | Promise] = {
    "national_row": _("全国基础清单条目"),
    "clause": _("法律条款"),
    "scope": _("适用范围"),
    "end": _("终止条件"),
}
FUNNEL: Mapping[str, str | Promise] = {
    "checks": _("核查人次"),
    "automatic": _("自动核查"),
    "hits": _("命中"),
    "measures": _("依法采取措施"),
    "released": _("放行"),
    "not_the_person": _("不是本人"),
    "lapsed": _("自动放行"),
    "owed": _("待反馈"),
    "overdue": _("逾期"),
    "late": _("迟报"),
    "corrected": _("更正"),
}
FUNNEL_COUNTS: Mapping[str, str | Promise] = {
    "checks": _("这段时间问到的每一个申请人，无论由系统还是由人提出"),
    "automatic": _("由系统、文件或嵌入面板提出，没有人手工录入的核查"),
    "hits": _("凭号码完全一致、名单条目当时有效的回答"),
    "measures": _("审批人员在这段时间签名采取的措施"),
    "released": _("审批人员在这段时间写明理由放行的命中"),
    "not_the_person": _("审批人员在这段时间认定不是本人的命中"),
    "lapsed": _("满一个工作日无人签名、自动放行的申请"),
    "owed": _("命中后还没有反馈处理结果的"),
    "overdue": _("反馈期限已过、仍没有反馈的"),
    "late": _("在这段时间反馈、但已超过期限的"),
    "corrected": _("在这段时间更正过反馈的"),
}
MEASURE_GROUP: Mapping[str, str | Promise] = {
    "reduces_rights": _("减损信用主体权益或者增加其义务的措施"),
    "management": _("相关管理措施"),
    "outside_administration": _("由市场、行业等有关方面自主采取的措施"),
}
PARTY_ROLE: Mapping[str, str | Promise] = {"initiator": _("发起方"), "party": _("参与方"), "firm": _("企业")}
LINK: Mapping[str, str | Promise] = {
    "proposed": _("待审定"),
    "approved": _("已生效"),
    "refused": _("未通过"),
    "ended": _("已终止"),
}
FAMILIES: Mapping[str, Mapping[str, str | Promise]] = {
    "hold": HOLD,
    "stage": STAGE,
    "stage_what": STAGE_WHAT,
    "part": PART,
    "lifted": LIFTED,
    "pledge": PLEDGE,
    "remedy_way": REMEDY_WAY,
    "remedy_state": REMEDY_STATE,
    "rule_change": RULE_CHANGE,
    "condition": CONDITION,
    "link": LINK,
    "measure_group": MEASURE_GROUP,
    "party_role": PARTY_ROLE,
    "funnel": FUNNEL,
    "funnel_counts": FUNNEL_COUNTS,
}
"""By the name that templates give a family."""
