"""A gate that is taken out is noticed: the machine of rights, led through every gate, fails on each of these changes (变异测试)."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from django.db import DatabaseError

from tests.cases import test_rights_machine as machine

pytestmark = pytest.mark.django_db


class Mutant(NamedTuple):
    """What is taken out, and where."""

    gate: str
    module: str
    old: str
    new: str


MUTANTS = (
    Mutant("an objection disputes the record", "office.actions.cases",
           "            mark(actor, case, record)\n    except", "            pass\n    except"),
    Mutant("a review disputes it again", "office.actions.cases", "        mark(actor, review, record)\n", "        pass\n"),
    Mutant("another's mark, and an unsettled one, stays", "office.actions.outcomes",
           'or others.filter(outcome="unresolved").exists():', "and False:"),
    Mutant("what is open elsewhere keeps the mark", "office.actions.outcomes",
           "if others.exclude(state=Case.State.CLOSED).exists() or", "if"),
    Mutant("what was deleted leaves its list", "office.actions.outcomes",
           "        leave_list(record, f\"异议成立，记录已删除（{case.number}）\")\n", ""),
    Mutant("the shortest term, the own exit of lists", "office.actions.repairs",
           "    if hindered is not None:\n        raise hindered\n", ""),
    Mutant("a serious list has its own exit", "office.queries.repairs", "    if not names:\n        return None\n", "    return None\n"),
    Mutant("a repair takes the record out of force", "office.actions.repairs",
           'change={"status": Record.Status.REPAIRED.value}', 'change={"disclosed_until": today()}'),
    Mutant("a review is decided by somebody else", "office.actions.objections",
           "if first is not None and actor.handle in (first.decided_by, first.signed_by):", "if False:"),
    Mutant("a deletion takes two", "office.actions.objections", "if case.outcome in procedure_of(case).second_signature:", "if False:"),
    Mutant("the second is another", "office.actions.objections", "if case.decided_by == actor.handle:", "if False:"),
    Mutant("no score without a consent", "office.queries.scores",
           'if scheme is None or ("score", "") not in live_consents(subject.pk):', "if scheme is None:"),
    Mutant("nothing is objected to that is over", "office.actions.cases",
           "if record.status not in (Record.Status.ACTIVE, Record.Status.DISPUTED):", "if False:"),
    Mutant("the applicant's taking back lifts the mark", "office.actions.cases",
           "        lift(actor, case, Record.objects.select_for_update().get(pk=case.record_id))\n", "        pass\n"),
    Mutant("only what is active counts", "core.records", 'if fact.status != "active":', "if False:"),
    Mutant("an end is exact", "core.records", "as_of >= end else None", "as_of > end else None"),
)  # fmt: skip


@contextmanager
def _planted(mutant: Mutant) -> Iterator[None]:
    """The module with the change, for as long as the test lasts."""
    module = importlib.import_module(f"xinlin.{mutant.module}")
    source = inspect.getsource(module)
    assert mutant.old in source, f"{mutant.gate}: the gate has moved; find it again"
    _put(module, source.replace(mutant.old, mutant.new))
    try:
        yield
    finally:
        _put(module, source)


def _put(module: ModuleType, source: str) -> None:
    """Give the functions of the module these bodies; whoever imported one sees the change."""
    fresh: dict[str, object] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(source, module.__file__ or "", "exec"), fresh)
    for name, made in fresh.items():
        held = getattr(module, name, None)
        inner, new = inspect.unwrap(held) if callable(held) else None, inspect.unwrap(made) if callable(made) else None
        if inspect.isfunction(inner) and inspect.isfunction(new) and inner.__module__ == module.__name__:
            inner.__code__ = new.__code__


class _Chosen:
    """What a walk draws: the last of what there is to choose from, or the reviewer that it names."""

    def __init__(self, reviewer: int = 0) -> None:
        self.reviewer = reviewer

    def draw(self, strategy: Any) -> Any:
        """One of the elements of a ``sampled_from``."""
        inner = getattr(strategy, "wrapped_strategy", strategy)
        elements = getattr(inner, "elements", None) or (inner.value,)
        return elements[self.reviewer] if elements == machine.REVIEWERS else elements[-1]


def _walk() -> None:
    """The machine led through every gate once, its invariants looked at after each step."""
    walker = machine.Rights()
    last, second = _Chosen(), _Chosen(1)
    try:
        _look(walker)
        for step in (
            walker.consent,
            lambda: walker.a_department_sends_a_record("minor", 10),
            lambda: walker.object(last, "wrong_fact"),
            walker.the_court_enters_the_person,
            lambda: walker.repair(last, True),
            lambda: walker.object(last, "not_me"),
            lambda: walker.decide(last, "delete"),
            lambda: walker.second_person(last, True),
            lambda: walker.second_person(second, True),
            lambda: walker.object(last, "other"),
            lambda: walker.take_back(last),
            lambda: walker.a_department_sends_a_record("general", 3),
            lambda: walker.repair(last, True),
            lambda: walker.object(last, "wrong_fact"),
            lambda: walker.decide(last, "reject"),
            lambda: walker.object(last, "other"),
            lambda: walker.ask_review(last),
            lambda: walker.decide(last, "reject"),
            lambda: walker.decide(second, "reject"),
            lambda: walker.take_back(last),
            lambda: walker.object(last, "repaired"),
            lambda: walker.decide(last, "unresolved"),
            lambda: walker.object(last, "other"),
            lambda: walker.take_back(last),
            lambda: walker.a_department_sends_a_record("minor", 89),
            lambda: walker.object(last, "wrong_fact"),
            lambda: walker.decide(last, "stop_disclosure"),
            lambda: walker.ask_review(last),
            lambda: walker.take_back(last),
            lambda: walker.time_goes_by(1),
            lambda: walker.time_goes_by(2),
            lambda: walker.time_goes_by(1),
            lambda: walker.a_department_sends_a_record("minor", 1),
            lambda: walker.repair(last, True),
            lambda: walker.object(last, "other"),
            walker.leave,
            walker.consent,
        ):
            step()
            _look(walker)
    finally:
        walker.teardown()


def _look(walker: machine.Rights) -> None:
    for held in (
        walker.each_record_stands_as_decided,
        walker.without_consent_no_score_and_no_offer,
        walker.the_score_is_what_stands_and_nothing_else,
        walker.an_entry_carries_a_measure_only_while_it_stands,
        walker.whatever_was_decided_was_decided_by_people_with_reasons,
        walker.what_happened_to_a_record_can_be_told_again,
    ):
        held()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.gate)
def test_without_the_gate_the_walk_fails(mutant: Mutant) -> None:
    with _planted(mutant), pytest.raises((AssertionError, DatabaseError, LookupError)):
        _walk()


def test_with_every_gate_the_walk_passes() -> None:
    _walk()
