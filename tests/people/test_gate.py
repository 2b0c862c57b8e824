"""The gate before every figure: without it tests fail, and no restored backup revives what was taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from tests.scores.conftest import Resident
from xinlin.office import consent_gate
from xinlin.office.actions import people, recordings, restores, scores
from xinlin.office.farewells import noted
from xinlin.office.models.people import Consent
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score
from xinlin.office.queries import benefits as benefits_of
from xinlin.office.queries import people as people_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotAllowed, now, today

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]
MUTANTS: dict[str, Callable[[], Q]] = {
    "no gate": lambda: Q(),
    "withdrawn counts": lambda: Q(paused_at__isnull=True, terms_sha256__in=consent_gate.terms_in_force()),
    "paused counts": lambda: Q(withdrawn_at__isnull=True, terms_sha256__in=consent_gate.terms_in_force()),
    "lapsed counts": lambda: Q(withdrawn_at__isnull=True, paused_at__isnull=True),
    "old terms count": lambda: Q(withdrawn_at__isnull=True, paused_at__isnull=True),
}


def _closed(someone: Resident, system: Actor) -> bool:
    """Whether nothing at all of a figure is to be had for this person."""
    scores.run(actor=system)
    offers = benefits_of.mine(actor=someone.actor)
    return (
        scores_of.mine(actor=someone.actor) is None
        and not any(offer.open or offer.scene_open for offer in offers)
        and not people_of.live_consents(someone.subject.pk)
        and not Score.objects.filter(
            subject=someone.subject, run__started_at__gte=now() - timedelta(seconds=30)
        ).exists()
    )


def _lives(resident: Make) -> dict[str, Resident]:
    """One person for each way in which a consent is not in force."""
    people_ = {name: resident(name) for name in ("从未", "撤回", "暂停", "到期", "旧版")}
    for name, someone in people_.items():
        if name != "从未":
            people.open_score(actor=someone.actor, via="test")
    people.leave(actor=people_["撤回"].actor)
    people.pause(actor=people_["暂停"].actor)
    Consent.objects.filter(subject=people_["到期"].subject).update(expires_at=now() - timedelta(seconds=1))
    Consent.objects.filter(subject=people_["旧版"].subject).update(terms_sha256="0" * 64)
    return people_


def test_nothing_is_to_be_had_without_a_consent_in_force(resident: Make, system: Actor) -> None:
    for name, someone in _lives(resident).items():
        assert _closed(someone, system), name


@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_mutant_of_the_gate_is_caught(
    mutant: str, resident: Make, system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = _lives(resident)
    for place in ("queries.people", "queries.enrolment", "queries.situation"):
        module: Any = __import__(f"xinlin.office.{place}", fromlist=["in_force"])
        if hasattr(module, "in_force"):
            monkeypatch.setattr(module, "in_force", MUTANTS[mutant])
    assert not all(_closed(someone, system) for someone in lives.values()), f"{mutant}: nobody noticed"


def test_whoever_reads_or_writes_figures_asks_the_gate(checkout: Path) -> None:
    """No other module asks consents for what the gate alone decides."""
    office = checkout / "src" / "xinlin" / "office"
    knows = {"consent_gate.py", "people.py", "consents.py", "restores.py", "figures.py", "subjects.py"}
    for path in [*office.glob("queries/*.py"), *office.glob("actions/*.py"), *office.glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        if path.name not in knows:
            assert "withdrawn_at__isnull" not in text, f"{path.name}: ask consent_gate.in_force instead"
            assert "paused_at__isnull" not in text, f"{path.name}: ask consent_gate.in_force instead"


def test_a_restored_backup_revives_nothing(
    resident: Make, record: Callable[..., Record], system: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    leaver, stayer = resident("林小满"), resident("陈大海")
    for someone in (leaver, stayer):
        people.open_score(actor=someone.actor, via="test")
    deed = record(leaver.subject, "volunteer_service", today(), fields={"hours": 4})
    scores.run(actor=system)
    backup = [list(Score.objects.values()), Record.objects.filter(pk=deed.pk).values().get()]
    with django_capture_on_commit_callbacks(execute=True):
        recordings.delete_own(actor=leaver.actor, reference=deed.reference)
        people.leave(actor=leaver.actor)
    assert {line["what"] for line in noted()} == {"consent", "record"}
    kept = (tmp_path / "withdrawn.jsonl").read_text(encoding="utf-8")
    assert leaver.subject.pseudonym not in kept and "林" not in kept
    # the database goes back to where it was before; the notes outside it do not
    Consent.objects.filter(subject=leaver.subject).update(withdrawn_at=None)
    Score.objects.all().delete()
    Score.objects.bulk_create(Score(**row) for row in backup[0])
    Record.objects.create(**backup[1])
    assert scores_of.mine(actor=leaver.actor) is not None, "as a careless restore would leave it"
    settled = restores.settle(actor=system)
    assert (settled.consents, settled.figures, settled.records) == (1, 1, 1)
    assert scores_of.mine(actor=leaver.actor) is None
    assert [score.subject_id for score in Score.objects.all()] == [stayer.subject.pk]
    assert not Record.objects.exists()
    assert scores_of.mine(actor=stayer.actor) is not None
    again = restores.settle(actor=system)
    assert (again.consents, again.figures, again.records) == (0, 0, 0)
    with pytest.raises(NotAllowed):
        restores.settle(actor=leaver.actor)


def test_a_torn_note_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: Actor) -> None:
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    (tmp_path / "withdrawn.jsonl").write_text('{"what": "consent", "number": "XC1"}\n{"what": "cons', encoding="utf-8")
    assert [line["number"] for line in noted()] == ["XC1"]
    restores.settle(actor=system)
    shutil.rmtree(tmp_path)
    assert list(noted()) == []
