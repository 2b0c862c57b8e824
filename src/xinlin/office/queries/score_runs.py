"""Reads about runs: what was computed and when, never a figure of anybody (评分批次)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.utils.translation import gettext_noop

from xinlin.core.bundles import bundle_text
from xinlin.core.log import canonical
from xinlin.core.notes import Proof, opening_bytes, parse_checkpoint, split_note
from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.records import Fact
from xinlin.core.small_cells import SMALLEST_CELL
from xinlin.core.tree import HASH_BYTES, TILE_WIDTH, ReadTile, folded, grow, hash_leaf, inclusion
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.people import Subject
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries.histories import Horizon, Past, People
from xinlin.office.queries.people import look_at_oneself, own_subject
from xinlin.office.queries.recordings import deleted_since
from xinlin.office.queries.records import facts_of_kind
from xinlin.office.queries.scheme_texts import name_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound
from xinlin.office.signing import scores_key


@dataclass(frozen=True)
class PublishedRun:
    """A run as anybody may know it: its day, its rules and its signed statement, which names how many figures it has."""

    number: str
    scheme: str
    name: Text
    """How the score is called."""
    version: str
    as_of: date
    finished_at: datetime | None
    people: int
    scheme_sha256: str
    inputs_sha256: str
    statement: str


def body_of(score: Score, run: ScoreRun) -> dict[str, object]:
    """What a commitment stands for: the figure with its run, no name and no number of anybody."""
    return {
        "run": run.number,
        "scheme": f"{run.rulebook}/{run.scheme}-{run.version}",
        "as_of": score.as_of,
        "score": score.score,
        "tier": score.tier,
        "dimensions": score.dimensions,
    }


class Bodies:
    """Writes the canonical text of `body_of` for many figures of one run, which differ in three places alone."""

    def __init__(self, run: ScoreRun, dimensions: Iterable[str]) -> None:
        rules = f"{run.rulebook}/{run.scheme}-{run.version}"
        self._head = f'{{"as_of":"{run.as_of.isoformat()}","dimensions":'
        self._middle = f',"run":{_word(run.number)},"scheme":{_word(rules)},"score":'
        self.codes = sorted(dimensions, key=lambda code: code.encode("utf-16-be"))
        self.dimensions = "{" + ",".join(f"{_word(code)}:%d" for code in self.codes) + "}"
        """The text of points by dimension, to be filled in the order of ``codes``."""

    def text(self, dimensions: str, score: int, tier: str) -> bytes:
        """``dimensions`` is canonical text already."""
        return f'{self._head}{dimensions}{self._middle}{score},"tier":{_word(tier)}}}'.encode()


@lru_cache(maxsize=256)
def _word(text: str) -> str:
    return canonical(text).decode()


def commitments_of(run: ScoreRun) -> bytes:
    """The commitments of a run's figures in order, one after the other, from the vault."""
    with vault.opened(run.commitments_sha256) as path:
        return path.read_bytes()


def each_commitment(whole: bytes) -> Iterator[bytes]:
    """They one by one."""
    return (whole[start : start + HASH_BYTES] for start in range(0, len(whole), HASH_BYTES))


def newest() -> list[str]:
    """The number of the newest published run that can be replayed; empty where there is none."""
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, rulebook=current().code).exclude(statement="")
    return list(done.order_by("-pk").values_list("number", flat=True)[:1])


def published(limit: int = 24) -> list[PublishedRun]:
    """The newest published runs with their statements, newest first. Public: it tells of nobody, and of no run of fewer than ten."""
    done = ScoreRun.objects.filter(
        state=ScoreRun.State.DONE, rulebook=current().code, people__gte=SMALLEST_CELL
    ).exclude(statement="")
    names = {scheme.code: name_of(scheme, current()) for scheme in current().schemes}
    return [
        PublishedRun(
            number=run.number,
            scheme=run.scheme,
            name=names.get(run.scheme, Text(zh=run.scheme, en=run.scheme)),
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


def receipt(*, actor: Actor, number: str) -> str:
    """The resident's own figure of a run as a receipt that anybody can check with the statements' key alone.

    It holds the figure, its salt, its place in the signed tree, and nobody else's. Raises `NotFound`.
    """
    done = Score.objects.filter(run__number=number, run__state=ScoreRun.State.DONE)
    row = done.filter(subject=own_subject(actor, "see")).select_related("run").first()
    if row is None or row.salt is None or row.place is None:
        raise NotFound(f"没有您在批次 {number} 的分数。There is no figure of yours in the run {number}.")
    hashes = inclusion(row.place, parse_checkpoint(split_note(row.run.statement)[0]).size, _tiles_of(row.run))
    extra = opening_bytes(bytes(row.salt), body_of(row, row.run))
    return str(Proof(row.place, tuple(hashes), row.run.statement, extra))


def _tiles_of(run: ScoreRun) -> ReadTile:
    """Reads the tree over the run's commitments: its leaves from their own place, what lies above from the kept level 1."""
    kept = _level_one(run)
    above = grow(0, (kept[at : at + HASH_BYTES] for at in range(0, len(kept), HASH_BYTES)), lambda level, place: b"")

    def read(level: int, number: int) -> bytes:
        if level:
            return above.get((level - 1, number), b"")
        width = TILE_WIDTH * HASH_BYTES
        entries = vault.read_at(run.commitments_sha256, number * width, width)
        return b"".join(map(hash_leaf, each_commitment(entries)))

    return read


def _level_one(run: ScoreRun) -> bytes:
    """Level 1 of the run's tree; worked out from the whole where a run is of a time when it was not kept."""
    if not run.upper_sha256:
        return b"".join(folded(each_commitment(commitments_of(run))))
    with vault.opened(run.upper_sha256) as path:
        return path.read_bytes()


def through_kinds_of(plans: Iterable[Plan]) -> set[str]:
    """The kinds of which the plans also read organisations' records."""
    return {i.kind for plan in plans for dimension in plan.dimensions for i in dimension.indicators if i.through}


def facts_of(plan: Plan, keys: Collection[int], past: Past) -> dict[int, list[Fact]]:
    """The facts of a few people as they were known. System use: whoever shows them writes the look."""
    through = through_kinds_of([plan])
    people = People(Subject.objects.filter(pk__in=list(keys)).values("pk"), set(keys))
    found: dict[int, list[Fact]] = {key: [] for key in keys}
    for code in plan.kinds:
        for key, fact in facts_of_kind(current().kinds[code], code in through, people, past):
            found[key].append(fact)
    return found


def bundle(*, actor: Actor, number: str) -> str:
    """The resident's own figure of a run with its receipt, its rules, and the records as they were known: a proof to take away.

    Raises `NotFound`, also where the version of the rules is not in the rulebook any more.
    """
    text = receipt(actor=actor, number=number)
    row = Score.objects.select_related("run").get(subject=own_subject(actor), run__number=number)
    run = row.run
    scheme = next((s for s in current().schemes if (s.code, s.version) == (run.scheme, run.version)), None)
    if scheme is None:
        raise NotFound(f"规则 {run.scheme} {run.version} 不在规则册里。The rules of {number} are not in the rulebook.")
    if row.subject_id in deleted_since(run.started_at):
        raise NotFound(
            "您删除过其中的记录，这期分数无法再重算；凭证仍然有效。You deleted records of it; the receipt still holds."
        )
    known = Horizon(run.records_to, run.events_to)
    if row.at_close:
        known = Horizon(run.closing_records_to, run.closing_events_to)
    facts = facts_of(compile_scheme(scheme, run.as_of), [row.subject_id], Past.at(known))[row.subject_id]
    look_at_oneself(actor, (fact.kind for fact in facts), gettext_noop("本人下载自证包"))
    return bundle_text(text, scheme, facts)


def statement_key() -> str:
    """The public key of statements, as a signed note's verifier takes it."""
    return str(scores_key())
