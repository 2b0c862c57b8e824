"""The answer to a question at an approval: yes, no, or unsure (信用核查).

Only an exact identifier answers; a name alone may only ask a person. ``yes`` says that the applicant is on a list to
which the law ties a measure at this item. It decides nothing: an officer does, signs, and gives reasons.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from xinlin.core.lists import Entry, ItemMeasure, StandingMeasure, measures_among
from xinlin.core.people import (
    comparable_name,
    identifier_kind,
    identifier_problem,
    mask_identifier,
    normalise_identifier,
)
from xinlin.core.rulebooks import ApprovalItem, Rulebook
from xinlin.core.values import Problem, Text

Verdict = Literal["yes", "no", "unsure"]
MAXIMUM_APPLICANTS = 1_000
"""In one question; more go in several."""

DECIDES = Text(
    zh="核查结果仅供参考；是否采取措施由审批人员依法决定、说明理由并签名。",
    en="This answer decides nothing. An officer decides by law, gives reasons, and signs.",
)
"""Stands on every answer (DESIGN right 5)."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies, as the approval system holds it; either part may be empty."""

    identifier: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One applicant, read: the normalised identifier, or why nobody may be looked up by it."""

    applicant: Applicant
    identifier: str
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Known:
    """A registered subject found by exactly the identifier asked for, with its entries on the lists of the item."""

    name: str
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry in force with the measures that the law ties to it at the item; never without one."""

    entry: Entry
    measures: list[StandingMeasure]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer with its reasons; ``hits`` only for ``yes``."""

    verdict: Verdict
    reasons: list[Problem]
    hits: list[Hit] = field(default_factory=list)


def _reason(code: str, where: str, raw: str, what: tuple[str, str], cure: tuple[str, str]) -> Problem:
    return Problem(code, where, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]), raw)


_ASK_APPLICANT = (
    "请核对申请人证件后用证件号码重新核查",
    "Compare the applicant's document and ask again by its number",
)
_ASK_AGAIN = Text(zh=_ASK_APPLICANT[0], en=_ASK_APPLICANT[1])
_NOTHING_TO_DO = ("按普通申请办理", "Treat the application as any other")


def has_controls(text: str) -> bool:
    """Whether a text holds what no document does: control characters other than tab and line ends, lone surrogates."""
    return not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\r\n" for c in text)


def applicants_problem(applicants: Sequence[Applicant]) -> Problem | None:
    """Why these applicants cannot be asked about as given, or None: none, too many, or one that no page can show."""
    if not 1 <= len(applicants) <= MAXIMUM_APPLICANTS:
        return _reason(
            "number_of_applicants",
            "applicants",
            "",
            (
                f"一次核查 1 至 {MAXIMUM_APPLICANTS} 名申请人，此处 {len(applicants)} 名",
                f"A check takes 1 to {MAXIMUM_APPLICANTS} applicants; here are {len(applicants)}",
            ),
            ("请分批提交", "Send them in parts"),
        )
    for position, one in enumerate(applicants):
        if len(one.identifier) > 64 or len(one.name) > 300 or has_controls(one.identifier + one.name):
            return _reason(
                "applicant_unreadable",
                f"applicants.{position}",
                "",
                (
                    "号码超过 64 个字符、名称超过 300 个字符，或含有控制字符",
                    "The identifier is over 64 characters, the name over 300, or they hold control characters",
                ),
                ("请更正后重新提交", "Correct it and send again"),
            )
    return None


def read(applicant: Applicant, item: ApprovalItem) -> Question:
    """Read one applicant of a question at ``item``; a problem means that no one is looked up for it."""
    identifier = normalise_identifier(applicant.identifier)
    if not identifier:
        return Question(
            applicant,
            "",
            _reason(
                "identifier_missing",
                "identifier",
                "",
                (
                    "没有证件号码；姓名或名称本身不能得出结果",
                    "There is no identifier; a name by itself can give no answer",
                ),
                _ASK_APPLICANT,
            ),
        )
    found = identifier_problem(identifier)
    if found is not None:
        masked = mask_identifier(identifier)
        return Question(applicant, "", Problem(found.code, "identifier", found.what, _ASK_AGAIN, masked))
    kind = identifier_kind(identifier)
    if kind not in item.subject_kinds:
        return Question(
            applicant,
            "",
            _reason(
                "wrong_kind_of_subject",
                "identifier",
                mask_identifier(identifier),
                (
                    f"事项“{item.name.zh}”不受理这类申请人（{_KINDS[kind].zh}）",
                    f"“{item.name.en}” is not decided for this kind of applicant ({_KINDS[kind].en})",
                ),
                ("请核对事项或申请人", "Check the item or the applicant"),
            ),
        )
    return Question(applicant, identifier, None)


_KINDS = {
    "person": Text(zh="自然人", en="natural person"),
    "enterprise": Text(zh="企业", en="enterprise"),
    "institution": Text(zh="事业单位", en="public institution"),
    "social_organisation": Text(zh="社会组织", en="social organisation"),
    "government_body": Text(zh="政府机构", en="government body"),
}


def _met(question: Question, known: Known) -> list[Problem]:
    """The values that met. Empty where the names stand against each other."""
    masked = mask_identifier(question.identifier)
    met = [
        _reason(
            "identifier_met",
            "identifier",
            masked,
            (
                f"证件号码 {masked} 与在册主体完全一致",
                f"The identifier {masked} is exactly that of a registered subject",
            ),
            ("无需处理", "Nothing to do"),
        )
    ]
    asked, held = comparable_name(question.applicant.name), comparable_name(known.name)
    if not asked or not held:
        met.append(
            _reason(
                "name_not_compared",
                "name",
                "",
                (
                    "未提供或未登记名称，名称未比对",
                    "A name was not given or is not registered; names were not compared",
                ),
                ("决定前请核对申请人证件", "Compare the applicant's document before deciding"),
            )
        )
    elif asked == held:
        met.append(
            _reason(
                "name_met",
                "name",
                "",
                ("姓名或名称一致", "The names are the same"),
                ("无需处理", "Nothing to do"),
            )
        )
    else:
        return []
    return met


def judge(
    question: Question, known: Known | None, rulebook: Rulebook, measures: Sequence[ItemMeasure], as_of: date
) -> Judgement:
    """Answer one question from what is known under its exact identifier.

    ``measures`` are those of `xinlin.core.lists.measures_of_item`. An entry counts only if it is in force on ``as_of``
    and carries at least one of them, so a disputed entry neither counts nor shows.
    """
    if question.problem is not None:
        return Judgement("unsure", [question.problem])
    if known is None:
        return Judgement(
            "no",
            [
                _reason(
                    "not_listed",
                    "identifier",
                    mask_identifier(question.identifier),
                    ("该证件号码不在与本事项有关的名单上", "The identifier is on none of the lists tied to this item"),
                    _NOTHING_TO_DO,
                )
            ],
        )
    met = _met(question, known)
    if not met:
        masked = mask_identifier(question.identifier)
        return Judgement(
            "unsure",
            [
                _reason(
                    "name_differs",
                    "name",
                    "",
                    (
                        f"证件号码 {masked} 在册，但登记的名称与所报名称不同",
                        f"The identifier {masked} is registered, but under another name than the one given",
                    ),
                    _ASK_APPLICANT,
                )
            ],
        )
    hits = [Hit(entry, found) for entry in known.entries if (found := measures_among(entry, rulebook, measures, as_of))]
    if hits:
        return Judgement("yes", met, sorted(hits, key=lambda hit: (hit.entry.list_code, hit.entry.reference)))
    not_listed = _reason(
        "not_listed",
        "identifier",
        mask_identifier(question.identifier),
        ("不在与本事项有关的名单上", "On none of the lists tied to this item"),
        _NOTHING_TO_DO,
    )
    return Judgement("no", [*met, not_listed])


DECISIONS = ("released", "measure_applied", "not_the_person")
"""What an officer may decide on an answer: no measure, a measure, or that the answer is about somebody else."""
ALREADY_GIVEN = _reason(
    "feedback_given",
    "answer",
    "",
    ("该核查结果已有反馈", "Feedback was already given on this answer"),
    ("如需更正，请重新核查后反馈", "To correct it, ask a new check and give feedback on that"),
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
