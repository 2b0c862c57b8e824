"""The answer to a question at an approval: yes, no, or unsure (信用核查).

Only an exact identifier answers; a name alone may only ask a person. ``yes`` says that the applicant is on a list to
which the law ties a measure at this item. It decides nothing: an officer does, signs, and gives reasons.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from xinlin.core.lists import (
    Entry,
    ItemMeasure,
    StandingMeasure,
    document_identity,
    end_of,
    hindrance,
    measures_among,
    once_a_document,
)
from xinlin.core.measures import Incentive
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
MAXIMUM_APPLICANTS = 10_000
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
class Favour:
    """An incentive that an entry on a red list opens at the item, and the first day on which it does not."""

    entry: Entry
    incentive: Incentive
    until: date


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer with its reasons; ``hits`` only for ``yes``."""

    verdict: Verdict
    reasons: list[Problem]
    hits: list[Hit] = field(default_factory=list)
    favours: list[Favour] = field(default_factory=list)
    """What the applicant may have made easier here; beside any verdict."""


def reason(code: str, where: str, raw: str, what: tuple[str, str], cure: tuple[str, str]) -> Problem:
    """A reason from (Chinese, English) pairs."""
    return Problem(code, where, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]), raw)


_ASK_APPLICANT = (
    "请核对申请人证件后用证件号码重新核查",
    "Compare the applicant's document and ask again by its number",
)
_ASK_AGAIN = Text(zh=_ASK_APPLICANT[0], en=_ASK_APPLICANT[1])
NOTHING_TO_DO = ("按普通申请办理", "Treat the application as any other")
NOT_LISTED = reason(
    "not_listed",
    "identifier",
    "",
    ("该证件号码不在与本事项有关的名单上", "The identifier is on none of the lists tied to this item"),
    NOTHING_TO_DO,
)
"""The one reason of every ``no``: a registered subject and a number that nobody has get the same words."""


def has_controls(text: str) -> bool:
    """Whether a text holds what no document does: control characters other than tab and line ends, lone surrogates."""
    return not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\r\n" for c in text)


def applicants_problem(applicants: Sequence[Applicant]) -> Problem | None:
    """Why these applicants cannot be asked about as given, or None: none, too many, or one that no page can show."""
    if not 1 <= len(applicants) <= MAXIMUM_APPLICANTS:
        return reason(
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
            return reason(
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
            reason(
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
            reason(
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
        reason(
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
            reason(
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
            reason(
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


NO = Judgement("no", [NOT_LISTED])


def judge(
    question: Question,
    known: Known | None,
    rulebook: Rulebook,
    measures: Sequence[ItemMeasure],
    as_of: date,
    incentives: Sequence[Incentive] = (),
) -> Judgement:
    """Answer one question from what is known under its exact identifier.

    ``measures`` are those of `xinlin.core.lists.measures_of_item`. An entry counts only if it is in force on ``as_of``
    and carries at least one of them, so a disputed entry neither counts nor shows. Names are compared only where an
    entry counts: "no" and "the name differs" must not tell an office who is registered.
    """
    if question.problem is not None:
        return Judgement("unsure", [question.problem])
    if known is None or not known.entries:
        return NO
    disputed = {_identity(entry) for entry in known.entries if entry.status == "disputed"}
    undisputed = [entry for entry in known.entries if _identity(entry) not in disputed]
    standing = [(entry, found) for entry in undisputed if (found := measures_among(entry, rulebook, measures, as_of))]
    once = {entry.reference for entry in once_a_document(entry for entry, _found in standing)}
    hits = [Hit(entry, found) for entry, found in standing if entry.reference in once]
    favours = _favours(known.entries, rulebook, incentives, as_of)
    if not hits and not favours:
        return NO
    met = _met(question, known)
    if not hits:
        return Judgement("no", [NOT_LISTED], [], favours) if met else NO
    if not met:
        return Judgement("unsure", [_NAME_DIFFERS])
    return Judgement("yes", met, sorted(hits, key=lambda hit: (hit.entry.list_code, hit.entry.reference)), favours)


def _identity(entry: Entry) -> tuple[str, str]:
    """What makes two entries the same: an objection to one copy of a decision is one to every copy."""
    return entry.list_code, document_identity(entry.document) or entry.reference


def _favours(
    entries: Sequence[Entry], rulebook: Rulebook, incentives: Sequence[Incentive], as_of: date
) -> list[Favour]:
    return [
        Favour(entry, incentive, end_of(entry, rulebook.lists[entry.list_code]))
        for entry in entries
        for incentive in incentives
        if incentive.statutory_list == entry.list_code and hindrance(entry, rulebook, as_of) is None
    ]


_NAME_DIFFERS = reason(
    "name_differs",
    "name",
    "",
    (
        "证件号码与所报名称不能确认属于同一主体，不得据此采取任何措施",
        "Identifier and name could not be confirmed to belong to one subject; nothing may rest on this",
    ),
    _ASK_APPLICANT,
)
