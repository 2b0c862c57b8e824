"""Names of coded states as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinlin.faces.kit import consent_labels, list_labels

STATUS: Mapping[str, str | Promise] = {
    "active": _("有效"),
    "disputed": _("异议处理中，暂不计分"),
    "repaired": _("已修复，不再计分"),
    "withdrawn": _("已撤回，不再计分"),
    "ended": _("已结束，不再计分"),
    "unlinked": _("未关联"),
    "superseded": _("已由更正版本代替，不再计分"),
}
STATUS_SHORT: Mapping[str, str | Promise] = {
    "active": _("有效"),
    "disputed": _("异议中"),
    "repaired": _("已修复"),
    "withdrawn": _("已撤回"),
    "ended": _("已结束"),
    "unlinked": _("未关联"),
    "superseded": _("已更正"),
}
SIGN: Mapping[str, str | Promise] = {"positive": _("正向"), "negative": _("负向"), "neutral": _("中性")}
RECORD_CLASS: Mapping[str, str | Promise] = {"minor": _("轻微"), "general": _("一般"), "serious": _("严重")}
SUBJECT_KIND: Mapping[str, str | Promise] = {
    "person": _("自然人"),
    "enterprise": _("企业"),
    "institution": _("事业单位"),
    "social_organisation": _("社会组织"),
    "government_body": _("政府机构"),
    "district": _("区县"),
}
DELIVERY_STANDING: Mapping[str, str | Promise] = {
    "silent": _("超期无声"),
    "due": _("即将到期"),
    "kept": _("按期"),
    "never": _("还没有报过"),
}
FIELD_TYPE: Mapping[str, str | Promise] = {
    "text": _("文本"),
    "integer": _("整数"),
    "money": _("金额"),
    "date": _("日期"),
    "code": _("代码"),
    "boolean": _("是否"),
    "resident_id": _("公民身份号码"),
    "uscc": _("统一社会信用代码"),
    "identifier": _("身份号码或统一社会信用代码"),
    "region": _("行政区划代码"),
}
SUBJECT_CHANGE: Mapping[str, str | Promise] = {
    "merge": _("合并"),
    "split": _("移出记录"),
    "rename": _("更正名称"),
    "name": _("认可另一名称"),
    "link": _("关联记录"),
}
REASON: Mapping[str, str | Promise] = {
    "not_me": _("这不是我的记录"),
    "wrong_fact": _("内容有错误"),
    "repaired": _("我已经改正或履行"),
    "expired": _("已经到期，不应再计"),
    "other": _("其他原因"),
    "repair": _("申请信用修复"),
    "look": _("质疑一次查询"),
    "deed": _("申报一件好事"),
}
"""Reasons of an objection (异议), in the order in which the form shows them."""
CASE_KIND: Mapping[str, str | Promise] = {
    "objection": _("异议"),
    "review": _("复核"),
    "repair": _("信用修复"),
    "look": _("质疑查询"),
    "deed": _("善行申报"),
}
CASE_STATE: Mapping[str, str | Promise] = {
    "submitted": _("已提交，信用中心核查中"),
    "papers": _("等待您补充材料"),
    "accepted": _("已受理，办理中"),
    "forwarded": _("已转提供部门核实"),
    "answered": _("提供部门已答复，信用中心办理中"),
    "proposed": _("等待第二人签署"),
    "closed": _("已办结"),
}
CASE_STATE_SHORT: Mapping[str, str | Promise] = {
    "submitted": _("核查中"),
    "papers": _("待补材料"),
    "accepted": _("已受理"),
    "forwarded": _("部门核实中"),
    "answered": _("部门已答复"),
    "proposed": _("待签署"),
    "closed": _("已办结"),
}
CASE_STEP: Mapping[str, str | Promise] = {
    "open": _("提出"),
    "forward": _("转提供部门核实"),
    "hand_over": _("移交"),
    "answer": _("提供部门答复"),
    "extend": _("延长期限"),
    "pause": _("检验鉴定，期限中止"),
    "go_on": _("期限恢复计算"),
    "recount": _("放假安排公布，期限重新计算"),
    "propose": _("提出处理意见，等待第二人签署"),
    "send_back": _("第二人不同意，退回重办"),
    "ask_papers": _("一次性告知缺少的材料"),
    "hand_in": _("补充材料"),
    "accept": _("受理"),
    "withdraw": _("申请人撤回"),
    "close": _("办结"),
}
OUTCOME: Mapping[str, str | Promise] = {
    "delete": _("异议成立，删除该记录"),
    "correct": _("异议成立，已更正"),
    "supplement": _("已补充说明"),
    "stop_disclosure": _("终止公开"),
    "remove_from_list": _("移出名单"),
    "reject": _("维持原记录"),
    "unresolved": _("无法核实，保持异议标注"),
    "withdrawn": _("申请人已撤回"),
    "repaired": _("准予修复"),
    "refused": _("不予修复"),
    "false_papers": _("材料虚假，不予修复"),
    "lawful": _("查询合规"),
    "unlawful": _("查询不当，已移交处理"),
    "accepted": _("属实，已记入记录"),
    "not_shown": _("现有材料不能证明"),
    "disputed": _("当事人有异议：暂停据以采取措施"),
}
"""What came of a case (处理结果)."""
ROLE: Mapping[str, str | Promise] = {
    "resident": _("本人"),
    "helper": _("代办人"),
    "clerk": _("部门报送员"),
    "officer": _("审批人员"),
    "reviewer": _("信用中心审核员"),
    "analyst": _("模型分析员"),
    "auditor": _("审计员"),
    "operator": _("运维管理员"),
    "machine": _("部门系统"),
    "recipient": _("您出示给的一方"),
    "system": _("系统"),
}
ASSURANCE: Mapping[str, str | Promise] = {
    "urn:xinlin:assurance:face": _("人脸核验"),
    "urn:xinlin:assurance:password": _("口令"),
}
"""Assurance levels of the city's identity service, where it uses these names."""
LEAVES: Mapping[str, str | Promise] = {
    "yes_or_no": _("“是”或“否”，不含分数和记录"),
    "tier": _("您的信用等级，不含分数和记录"),
    "score": _("您的分数，不含任何记录"),
}
"""What leaves the platform for a scene (应用场景)."""
BENEFIT: Mapping[str, str | Promise] = {
    "discount": _("折扣"),
    "free_parking": _("免费停车"),
    "deposit_waiver": _("免押金"),
    "fee_relief": _("费用减免"),
    "deferred_documents": _("容缺受理"),
    "in_kind": _("实物礼遇"),
}
DECISION: Mapping[str, str | Promise] = {
    "released": _("不采取措施，放行"),
    "measure_applied": _("依法采取措施"),
    "not_the_person": _("不是本人"),
}
"""What an officer decides on the answer to a check (核查反馈)."""
JOB_STATE: Mapping[str, str | Promise] = {
    "waiting": _("等待"),
    "running": _("进行中"),
    "done": _("完成"),
    "failed": _("失败"),
}
JOB_KIND: Mapping[str, str | Promise] = {"batches": _("接收文件"), "scores": _("评分"), "log": _("日志定序")}
RUN_STATE: Mapping[str, str | Promise] = {
    "running": _("进行中"),
    "done": _("完成"),
    "refused": _("复算不一致，未发布"),
    "failed": _("失败"),
}
FIGURE_ROLE: Mapping[str, str | Promise] = {
    "part": _("其中的一项"),
    "cause": _("与各项之差的原因"),
    "platform_cause": _("与平台统计之差的原因"),
}
BATCH_STATE: Mapping[str, str | Promise] = {
    "received": _("已收到"),
    "needs_mapping": _("等待认列"),
    "judging": _("校验中"),
    "done": _("已完成"),
    "failed": _("未接收"),
    "tried": _("只试读过"),
    "aside": _("已搁置"),
}
PLACE: Mapping[str, str | Promise] = {
    "file": _("文件"),
    "kind": _("信息项"),
    "valid_on": _("名单日期"),
    "columns": _("文件中的列"),
    "mapping": _("列映射"),
    "rows": _("行"),
    "occurred_on": _("发生日期"),
    "batch": _("批次"),
    "item": _("审批事项"),
    "purpose": _("用途"),
    "applicants": _("申请人"),
    "identifier": _("证件号码"),
    "reason": _("理由"),
    "measure": _("措施"),
    "entry": _("名单条目"),
    "outcome": _("处理结果"),
    "reasons": _("理由"),
    "words": _("说明"),
    "papers": _("材料"),
    "due_on": _("期限"),
    "state": _("办理状态"),
    "signed_by": _("签署人"),
    "decided_by": _("办理人"),
    "changes": _("更正或补充的内容"),
    "department": _("部门"),
    "provider": _("提供部门"),
    "record": _("记录"),
}
"""Where on a form of the staff something is wrong."""
CHANGE: Mapping[str, str | Promise] = {
    "objection_opened": _("提出异议"),
    "objection_withdrawn": _("撤回异议"),
    "left_list": _("移出名单"),
    "law_changed": _("法律变更，提前结束"),
    "corrected": _("更正"),
    "repaired": _("信用修复"),
    "restored": _("恢复备份后重办"),
    "merged": _("合并"),
    "split": _("移到另一主体"),
    "linked": _("经人关联"),
    "unlinked": _("撤回关联"),
    "taken_back": _("撤回人工变更"),
    "suspend": _("暂停"),
    "resume": _("恢复"),
    "exit": _("移出名单"),
    "duty_done": _("义务已履行，移出名单"),
    "objection_delete": _("异议成立，删除"),
    "objection_correct": _("异议成立，更正"),
    "objection_supplement": _("补充说明"),
    "objection_stop_disclosure": _("终止公开"),
    "objection_remove_from_list": _("移出名单"),
    "objection_reject": _("异议办结，维持原记录"),
    "objection_unresolved": _("无法核实，保持标注"),
}
"""Why a record changed (变动原因), where a code says it."""
PASSAGE: Mapping[str, str | Promise] = {"delivery": _("报送"), "check": _("核查"), "telling": _("更正告知")}
PASSAGE_STATE: Mapping[str, str | Promise] = {
    **BATCH_STATE,
    "answered": _("已答复"),
    "acknowledged": _("已确认收到"),
    "open": _("等待确认"),
}
"""What became of a line of the exchange log."""
CHANNEL: Mapping[str, str | Promise] = {"sms": _("短信"), "email": _("电子邮件"), "letter": _("信件")}
DELIVERY: Mapping[str, str | Promise] = {
    "waiting": _("等待发送"),
    "sending": _("发送中"),
    "sent": _("已送出"),
    "failed": _("未能送出"),
}
FAMILIES: Mapping[str, Mapping[str, str | Promise]] = {
    **consent_labels.FAMILIES,
    **list_labels.FAMILIES,
    "status": STATUS,
    "status_short": STATUS_SHORT,
    "sign": SIGN,
    "class": RECORD_CLASS,
    "reason": REASON,
    "field_type": FIELD_TYPE,
    "delivery_standing": DELIVERY_STANDING,
    "passage": PASSAGE,
    "passage_state": PASSAGE_STATE,
    "subject_kind": SUBJECT_KIND,
    "subject_change": SUBJECT_CHANGE,
    "record_change": CHANGE,
    "case": CASE_STATE,
    "case_kind": CASE_KIND,
    "case_step": CASE_STEP,
    "outcome": {**list_labels.LIFTED, **OUTCOME},
    "channel": CHANNEL,
    "delivery": DELIVERY,
    "case_short": CASE_STATE_SHORT,
    "role": ROLE,
    "assurance": ASSURANCE,
    "leaves": LEAVES,
    "benefit": BENEFIT,
    "decision": DECISION,
    "place": PLACE,
    "job": JOB_STATE,
    "job_kind": JOB_KIND,
    "run": RUN_STATE,
    "batch": BATCH_STATE,
    "figure_role": FIGURE_ROLE,
}
