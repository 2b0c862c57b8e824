"""What an officer may decide on the answer of a check, and why a decision cannot be taken (核查反馈)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from xinlin.core.checks import has_controls
from xinlin.core.checks import reason as _reason
from xinlin.core.values import Problem

DECISIONS = ("released", "measure_applied", "not_the_person")
"""What an officer may decide on an answer: no measure, a measure, or that the answer is about somebody else."""
ALREADY_GIVEN = _reason(
    "feedback_given",
    "answer",
    "",
    ("该核查结果已有反馈", "Feedback was already given on this answer"),
    ("如需更正，请用“更正反馈”并说明理由", "To put it right, correct the feedback and say why"),
)
NOTHING_TO_DECIDE = _reason(
    "nothing_to_decide",
    "answer",
    "",
    ("核查结果为“否”，没有需要反馈的事项", "The answer is no; there is nothing to decide"),
    ("按普通申请办理", "Treat the application as any other"),
)
REASON_MISSING = _reason(
    "reason_missing",
    "reason",
    "",
    (
        "此决定须说明理由（不超过 1000 字，不含控制字符）",
        "This decision needs reasons: at most 1000 characters, none of them a control",
    ),
    ("请写明事实和理由", "State the facts and the reasons"),
)
NOT_IN_ANSWER = _reason(
    "measure_not_in_answer",
    "measure",
    "",
    ("所选措施或名单条目不在该核查结果中", "The answer does not name this measure on this entry"),
    ("只能采取核查结果列出的措施", "Only a measure that the answer names may be used"),
)
ENDS_BEFORE_HEARD = _reason(
    "ends_before_heard",
    "entry",
    "",
    (
        "该名单条目在陈述申辩期满之前就已结束，不得据以采取措施",
        "The entry ends before the person's time to answer is over; no measure may rest on it",
    ),
    ("按普通申请办理", "Deal with it as an ordinary application"),
)
NO_LONGER_STANDS = _reason(
    "measure_no_longer_stands",
    "entry",
    "",
    (
        "该名单条目已结束、已移出、已修复或处于异议中，不得据以采取措施",
        "The entry has ended, was removed or repaired, or is disputed; no measure may rest on it",
    ),
    ("请重新核查", "Ask the check again"),
)
MEASURE_WITHOUT_DECISION = _reason(
    "measure_without_decision",
    "measure",
    "",
    ("只有“采取措施”才能填写措施和条目", "Measure and entry belong only to the decision measure_applied"),
    ("请删去措施和条目，或更改决定", "Leave them out, or change the decision"),
)


NOT_GIVEN = _reason(
    "feedback_not_given",
    "answer",
    "",
    ("该核查结果还没有反馈，无从更正", "No feedback was given on this answer yet; there is nothing to correct"),
    ("请先反馈", "Give feedback first"),
)
NO_HARDER = _reason(
    "correction_harder",
    "decision",
    "",
    (
        "更正只能撤回措施或改正文字，不能事后加上措施",
        "A correction takes a measure back or mends words; it never adds a measure afterwards",
    ),
    ("确需采取措施的，请重新核查", "Ask the check again if a measure is due"),
)


def correction_problem(verdict: str, forces: Collection[str], decision: str, reason: str, why: str) -> Problem | None:
    """Why a feedback cannot be corrected so, or None. ``forces`` are those of the answer's measures.

    Nobody is worse off by a correction: what may be corrected to is letting go, or that it was another person.
    """
    if decision == "measure_applied":
        return NO_HARDER
    if not why or len(why) > 1000 or has_controls(why):
        return REASON_MISSING
    named = {("", str(number)): force for number, force in enumerate(forces)}
    return feedback_problem(verdict, named, decision, "", "", reason)


def feedback_problem(
    verdict: str, named: Mapping[tuple[str, str], str], decision: str, measure: str, entry: str, reason: str
) -> Problem | None:
    """Why an officer's decision on an answer cannot be taken, or None.

    ``named`` holds the answer's measures, (entry, measure) -> force. A measure must be one of them and needs reasons; so
    does letting go where the law says ``must``, and saying that the answer is about another person.
    """
    if decision not in DECISIONS:
        return _reason(
            "unknown_decision",
            "decision",
            decision[:40],
            (f"没有“{decision[:40]}”这种决定", f"There is no decision {decision[:40]!r}"),
            (f"可选：{'、'.join(DECISIONS)}", f"One of {', '.join(DECISIONS)}"),
        )
    if verdict == "no":
        return NOTHING_TO_DECIDE
    applied = decision == "measure_applied"
    if ((applied or decision == "not_the_person" or "must" in named.values()) and not reason) or (
        len(reason) > 1000 or has_controls(reason)
    ):
        return REASON_MISSING
    if applied:
        return None if (entry, measure) in named else NOT_IN_ANSWER
    return MEASURE_WITHOUT_DECISION if measure or entry else None
