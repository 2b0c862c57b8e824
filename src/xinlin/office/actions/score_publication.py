"""Stores a run's figures piece by piece and publishes them at once (评分发布).

A piece is some thousand people: their consents are held, their figures are stored by columns, and the next piece comes; memory
does not grow with the city. Nobody reads figures of a run that has not ended, so that all of them appear, or none. What changed
meanwhile is settled at the end: who left has no row by then, and whoever had a record changed is scored again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from xinlin.core.log import SALT_BYTES, commitment_to
from xinlin.core.plan import Plan
from xinlin.core.scores import Evaluation, evaluate
from xinlin.core.tree import Roots, folded, hash_leaf
from xinlin.engine.figures import Figures
from xinlin.office import vault
from xinlin.office.actions.score_statements import statement
from xinlin.office.bulk import insert
from xinlin.office.failpoints import reached
from xinlin.office.leaves import write_leaf
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries.enrolment import Enrolment, consents_to
from xinlin.office.queries.histories import Horizon, Past, horizon, touched_after
from xinlin.office.queries.recordings import deleted_since
from xinlin.office.queries.score_runs import Bodies, each_commitment, facts_of
from xinlin.office.scopes import Actor, now

PIECE = 1 << 13
"""How many figures are stored in one transaction."""
CHUNK = 1 << 20
COLUMNS = (
    "run", "subject", "consent", "as_of", "score", "tier", "dimensions", "at_close", "place", "salt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Figure:
    """One person's figure on its way into the table."""

    subject: int
    consent: int
    score: int
    tier: str
    dimensions: tuple[int, ...]
    """In the order of their codes."""


class Publication:
    """The figures of a run on their way into the table; `publish` makes them public."""

    def __init__(self, run: ScoreRun, plan: Plan, people: Enrolment, folder: Path) -> None:
        """``folder`` holds the commitments until they are whole; whoever made it deletes it."""
        self.run, self.plan, self.people = run, plan, people
        self._kept = folder / "commitments"
        self._kept.touch()
        self._roots, self._bodies = Roots(), Bodies(run, (one.code for one in plan.dimensions))

    def put(self, figures: Figures) -> None:
        """Store the figures of those whose consent still stands.

        One taken back since the records were frozen leaves no row, nor does one given anew: they were frozen under the other.
        """
        for start in range(0, len(figures.subjects), PIECE):
            self._piece(figures, slice(start, start + PIECE))

    def _piece(self, figures: Figures, at: slice) -> None:
        places = self.people.places(figures.subjects[at])
        consents = self.people.consents[places].tolist()
        tiers = [tier.code for tier in self.plan.scheme.tiers]
        columns = [figures.dimensions[code][at].tolist() for code in self._bodies.codes]
        rows = zip(
            self.people.subjects[places].tolist(),
            consents,
            figures.scores[at].tolist(),
            [tiers[tier] for tier in figures.tiers[at].tolist()],
            zip(*columns, strict=True),
            strict=True,
        )
        with transaction.atomic():
            standing = self._standing(consents)
            reached("scores.locked")
            self._store([_Figure(*row) for row in rows if row[1] in standing], at_close=False)

    def _standing(self, consents: Sequence[int]) -> set[int]:
        """Those of the consents that are in force, held so until the transaction ends."""
        found = consents_to(self.plan.scheme).filter(pk__in=consents).order_by("pk")
        return set(found.select_for_update().values_list("pk", flat=True))

    def _store(self, figures: Sequence[_Figure], *, at_close: bool) -> None:
        """Give every figure its salt and place, keep its commitment, and insert its row."""
        size, day = self._roots.size, self.run.as_of.isoformat()
        chance = secrets.token_bytes(SALT_BYTES * len(figures))
        rows, kept = [], []
        for at, figure in enumerate(figures):
            salt = chance[SALT_BYTES * at : SALT_BYTES * (at + 1)]
            dimensions = self._bodies.dimensions % figure.dimensions
            one = commitment_to(salt, self._bodies.text(dimensions, figure.score, figure.tier))
            self._roots.add(hash_leaf(one))
            kept.append(one)
            rows.append((
                self.run.pk, figure.subject, figure.consent, day, figure.score, figure.tier, dimensions, at_close,
                size + at, salt,
            ))  # fmt: skip
        insert(Score, COLUMNS, rows)
        with self._kept.open("ab") as stream:
            stream.write(b"".join(kept))

    def again(self, known: Horizon) -> None:
        """Score again, from what is known now, whoever had a record changed meanwhile (disputed, repaired, corrected …)."""
        run = self.run
        touched = touched_after(Horizon(run.records_to, run.events_to)) | deleted_since(run.started_at)
        listed = sorted(touched)
        for start in range(0, len(listed), PIECE):
            mine = Score.objects.filter(run=run, subject_id__in=listed[start : start + PIECE])
            consents = dict(mine.values_list("subject_id", "consent_id"))
            standing = self._standing(list(consents.values()))
            mine.delete()
            keys = [key for key, consent in consents.items() if consent in standing]
            facts = facts_of(self.plan, keys, Past.at(known)) if keys else {}
            self._store(
                [self._figure(key, consents[key], evaluate(self.plan.scheme, facts[key], run.as_of)) for key in facts],
                at_close=True,
            )

    def _figure(self, subject: int, consent: int, result: Evaluation) -> _Figure:
        points = {dimension.code: dimension.points for dimension in result.dimensions}
        return _Figure(subject, consent, result.score, result.tier, tuple(points[code] for code in self._bodies.codes))

    def sign(self) -> None:
        """Keep the commitments and sign the head of the tree over all of them."""
        self.run.commitments_sha256, _size = vault.store(_chunks(self._kept))
        self.run.upper_sha256, _size = vault.store(folded(_commitments(self._kept)))
        self.run.statement = statement(self.run, self._roots.size, self._roots.root())


def publish(publication: Publication, *, actor: Actor) -> None:
    """Settle what changed since the records were frozen, sign, and let everybody see their figure; all or nothing."""
    run = publication.run
    with transaction.atomic():
        known = horizon()
        run.closing_records_to, run.closing_events_to = known.records, known.events
        publication.again(known)
        run.people = Score.objects.filter(run=run).count()
        run.state, run.finished_at = ScoreRun.State.DONE, now()
        publication.sign()
        run.save()
        reached("scores.signed")
        facts = {
            "scheme_sha256": run.scheme_sha256,
            "plan_sha256": run.plan_sha256,
            "inputs_sha256": run.inputs_sha256,
            "commitments_sha256": run.commitments_sha256,
            "statement": run.statement,
            "engine": run.engine,
            "as_of": run.as_of.isoformat(),
            "people": run.people,
        }
        write_leaf(actor=actor, action="scores.run", table="score_run", key=run.number, facts=facts)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _commitments(path: Path) -> Iterator[bytes]:
    for chunk in _chunks(path):
        yield from each_commitment(chunk)
