"""Reads about runs: what was computed and when, never a figure of anybody (评分批次)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from xinlin.core.small_cells import SMALLEST_CELL
from xinlin.office.models.scores import ScoreRun
from xinlin.office.rulebook import current
from xinlin.office.signing import scores_key


@dataclass(frozen=True)
class PublishedRun:
    """A run as anybody may know it: its day, its rules and its signed statement, which names how many figures it has."""

    number: str
    scheme: str
    version: str
    as_of: date
    finished_at: datetime | None
    people: int
    scheme_sha256: str
    inputs_sha256: str
    statement: str


def newest() -> list[str]:
    """The number of the newest published run that can be replayed; empty where there is none."""
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, rulebook=current().code).exclude(statement="")
    return list(done.order_by("-pk").values_list("number", flat=True)[:1])


def published(limit: int = 24) -> list[PublishedRun]:
    """The newest published runs with their statements, newest first. Public: it tells of nobody, and of no run of fewer than ten."""
    done = ScoreRun.objects.filter(
        state=ScoreRun.State.DONE, rulebook=current().code, people__gte=SMALLEST_CELL
    ).exclude(statement="")
    return [
        PublishedRun(
            number=run.number,
            scheme=run.scheme,
            version=run.version,
            as_of=run.as_of,
            finished_at=run.finished_at,
            people=run.people,
            scheme_sha256=run.scheme_sha256,
            inputs_sha256=run.inputs_sha256,
            statement=run.statement,
        )
        for run in done.order_by("-as_of", "-pk")[:limit]
    ]


def statement_key() -> str:
    """The public key of statements, as a signed note's verifier takes it."""
    return str(scores_key())
