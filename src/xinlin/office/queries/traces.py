"""The six stages of one hit with their times (六个环节: 推送·比对·拦截·奖惩·监督·反馈)."""

from __future__ import annotations

from django.utils import timezone

from xinlin.core.holds import StageAt, on_time, state_of
from xinlin.office.models.cases import Telling
from xinlin.office.models.checks import CheckAnswer, CheckFeedback, Hold
from xinlin.office.models.measures import MeasureUse
from xinlin.office.models.records import Record
from xinlin.office.scopes import now, today


def _state(hold: Hold | None) -> str:
    if hold is None:
        return ""
    return state_of(
        lapses_at=hold.lapses_at, signed_until=hold.signed_until, ended=hold.ended, moment=now(), today=today()
    )


def trace(answer: CheckAnswer, hold: Hold | None, given: CheckFeedback | None) -> list[StageAt]:
    """The six stages of one case with their times: of a hit only. Reads no person's data but what the caller has read."""
    references = [hit["entry"] for hit in answer.hits]
    pushed = (
        Record.objects.filter(reference__in=references)
        .order_by("entered_at")
        .values_list("entered_at", flat=True)
        .first()
    )
    state = _state(hold)
    used = MeasureUse.objects.filter(feedback=given).order_by("-pk").first() if given is not None else None
    told = Telling.objects.filter(answer=answer).order_by("told_at").first()
    given_on = timezone.localtime(given.at).date() if given is not None else None
    over = hold is not None and state not in ("holding", "signed")
    ended_at = None if hold is None or not over else hold.ended_at or hold.lapses_at
    done = given.at if given is not None else ended_at
    decided = given.decision if given is not None else (state if over else "")
    return [
        StageAt("push", pushed),
        StageAt("compare", answer.question.asked_at, answer.verdict),
        StageAt("intercept", hold.opened_at if hold else None, state),
        StageAt("measure", done, "lifted" if used is not None and used.lifted_on else decided),
        StageAt("supervise", done, on_time(answer.feedback_due_on, given_on, today())),
        StageAt("feedback", given.at if given is not None else None, f"told: {told.outcome}" if told else ""),
    ]
