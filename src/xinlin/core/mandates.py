"""Acting for somebody else: what may be entrusted, to whom, and for how long (代办; 民法典 161–165, 23, 34)."""

from __future__ import annotations

from typing import Literal

from xinlin.core.values import Text

Power = Literal["see", "object", "report", "leave"]
POWERS: dict[Power, Text] = {
    "see": Text(zh="查看记录、评分和谁看过", en="See records, score and who looked"),
    "object": Text(zh="提出异议、复核、修复申请", en="Object, ask for a review, apply for repair"),
    "report": Text(zh="出具信用报告", en="Have a credit report made"),
    "leave": Text(zh="撤回授权、退出评分、拒绝记录", en="Withdraw consents, leave, refuse recording"),
}
"""What may be done for another. To agree to anything is never among them: a consent is given by the person alone."""
ENTRUSTED: tuple[Power, ...] = ("see", "object", "report")
"""What a helper or a guardian may be given; to leave, one has to be there oneself, if need be at a counter."""
AT_COUNTER: tuple[Power, ...] = ("see", "object", "report", "leave")
LASTS: dict[str, Text] = {
    "P7D": Text(zh="7 天", en="7 days"),
    "P1M": Text(zh="1 个月", en="1 month"),
    "P6M": Text(zh="6 个月", en="6 months"),
    "P1Y": Text(zh="1 年", en="1 year"),
}
"""For how long a helper may be entrusted; never without end."""
COUNTER_MINUTES = 20
"""How long one visit to a counter lasts at most."""
