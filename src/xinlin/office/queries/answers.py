"""The answers of a check as text: how they are kept, and how a system is sent them, byte for byte the same each time (核查结果)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from xinlin.core.checks import DECIDES, Favour, Hit
from xinlin.core.lists import end_of
from xinlin.core.rulebooks import Rulebook
from xinlin.core.values import Problem
from xinlin.office.models.checks import Check

_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def plain(value: Any) -> str:
    """JSON in one form only: sorted keys, no spaces, Chinese as Chinese. A database may keep it in another order."""
    return _PLAIN.encode(value)


def kept_reasons(reasons: Iterable[Problem]) -> list[dict[str, Any]]:
    """Reasons as they are kept and sent."""
    return [{"code": one.code, "what": one.what.model_dump(), "cure": one.cure.model_dump()} for one in reasons]


def kept_hit(hit: Hit, rulebook: Rulebook) -> dict[str, Any]:
    """A hit as it is kept, with every text as it stood: a later edition of the rulebook changes no given answer."""
    entry = hit.entry
    listed = rulebook.lists[entry.list_code]
    return {
        "entry": entry.reference,
        "list_code": entry.list_code,
        "list_name": listed.name.model_dump(),
        "severity": listed.severity or "",
        "document": entry.document,
        "authority": entry.authority,
        "article": entry.article,
        "entered_on": entry.entered_on.isoformat(),
        "notice_on": entry.notice_on.isoformat() if entry.notice_on else "",
        "ends_on": end_of(entry, listed).isoformat(),
        "remedy": entry.remedy,
        "fix": listed.fix.model_dump(),
        "measures": [
            {
                "code": standing.measure.code,
                "name": standing.measure.name.model_dump(),
                "force": standing.measure.force,
                "until": standing.until.isoformat(),
                "article": standing.article.model_dump(),
                "scope": standing.measure.scope.model_dump(),
                "notice": standing.measure.notice.model_dump(),
                "remedy": standing.measure.remedy.model_dump(),
            }
            for standing in hit.measures
        ],
    }


def kept_favour(favour: Favour, rulebook: Rulebook) -> dict[str, Any]:
    """An incentive as it is kept and sent."""
    return {
        "code": favour.incentive.code,
        "name": favour.incentive.name.model_dump(),
        "way": favour.incentive.way,
        "automatic": favour.incentive.automatic,
        "list_code": favour.entry.list_code,
        "list_name": rulebook.lists[favour.entry.list_code].name.model_dump(),
        "document": favour.entry.document,
        "until": favour.until.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer, as its row is stored; reasons, hits and favours are JSON text already."""

    number: str
    position: int
    subject_id: int | None
    applicant_sealed: str
    verdict: str
    reasons: str
    hits: str
    favours: str
    feedback_due_on: date | None


_DECIDES = plain(DECIDES.model_dump())


def moment_text(at: datetime) -> str:
    """A moment in UTC, such as ``2026-11-25T13:40:00.000001Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def answer_text(one: AnswerRow, lapses_at: datetime | None) -> str:
    """One answer as a system is sent it. ``lapses_at``: of the hold that the answer began."""
    due = f'"{one.feedback_due_on.isoformat()}"' if one.feedback_due_on else "null"
    holds = f'"{moment_text(lapses_at)}"' if lapses_at and one.verdict == "yes" else "null"
    return (
        f'{{"number":"{one.number}","position":{one.position},"verdict":"{one.verdict}","reasons":{one.reasons},'
        f'"hits":{one.hits},"favours":{one.favours},"feedback_due_on":{due},"hold_lapses_at":{holds}}}'
    )


def check_text(number: str, item: str, as_of: date, asked_at: datetime, answers: Sequence[str]) -> str:
    """A whole check as a system is sent it."""
    return (
        f'{{"number":"{number}","item":{plain(item)},"as_of":"{as_of.isoformat()}","asked_at":"{moment_text(asked_at)}",'
        f'"decides":{_DECIDES},"answers":[{",".join(answers)}]}}'
    )


_COLUMNS = ("number", "position", "verdict", "reasons", "hits", "favours", "feedback_due_on", "hold__lapses_at")


def stored_text(check: Check) -> str:
    """A stored check as it was first sent, whatever was decided since."""
    rows = check.answers.order_by("position").values(*_COLUMNS)
    pieces = [answer_text(_row(row), row["hold__lapses_at"]) for row in rows]
    return check_text(check.number, check.item, check.as_of, check.asked_at, pieces)


def _row(stored: Mapping[str, Any]) -> AnswerRow:
    return AnswerRow(
        number=stored["number"],
        position=stored["position"],
        subject_id=None,
        applicant_sealed="",
        verdict=stored["verdict"],
        reasons=plain(stored["reasons"]),
        hits=plain(stored["hits"]),
        favours=plain(stored["favours"]),
        feedback_due_on=stored["feedback_due_on"],
    )
