"""Consent, records, objections, reviews, repairs, expiry and offers in any order: what must hold after every step (权利状态机).

The machine keeps a small model of its own: what was decided about each record, and the days. After each step the platform
is compared with it, and with the invariants that no order of steps may break.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.cases.conftest import REVIEWER, SECOND, clerk
from tests.scores.conftest import make_record, make_subject, resident_id
from xinlin.core.lists import hindrance
from xinlin.core.terms import add_term
from xinlin.office.actions import cases, objections, people, repairs
from xinlin.office.models.cases import Case
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Consent
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.models.scores import Score
from xinlin.office.models.staff import Account
from xinlin.office.queries import benefits, lists
from xinlin.office.queries import scores as scores_of
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Refused, today

BEGINS = date(2026, 6, 1)
POINTS = {"minor": -5, "general": -10, "serious": -20}
TERMS = {"minor": "P3M", "general": "P1Y", "serious": "P3Y"}
LONGEST_SUM, BASE = -40, 600
DEBTOR = "dishonest_judgment_debtor"
REVIEWERS = (REVIEWER, SECOND, type(REVIEWER)("account:903", "审核员丙", "reviewer", "credit_centre"))
STEPS = int(os.environ.get("XINLIN_MACHINE_STEPS", "25"))
RUNS = int(os.environ.get("XINLIN_MACHINE_RUNS", "12"))


@dataclass
class Held:
    """A record in the model."""

    pk: int
    record_class: str
    on: date
    listed: bool
    over: str = ""
    """The state in which it ended for good, if it did."""
    unsettled: bool = False
    marks: set[str] = field(default_factory=set)

    def status(self) -> str:
        """How it must stand."""
        return self.over or ("disputed" if self.marks or self.unsettled else "active")


class Rights(RuleBasedStateMachine):
    """One resident, their records, the department and three reviewers."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.day = BEGINS
        self.clock = patch.object(timezone, "now", lambda: self._moment())
        self.clock.start()
        self.number = resident_id(date(1990, 5, 17), 777)
        self.subject = make_subject(self.number, "林小满", born=date(1990, 5, 17))
        self.actor = actor_of(Account.objects.create(username="machine", display_name="林小满", subject=self.subject))
        self.consented = False
        self.held: dict[int, Held] = {}

    def _moment(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=timezone.get_default_timezone())

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.clock.stop()
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    # what people and offices do

    @rule(days=st.sampled_from([1, 2, 9, 30, 91, 366]))
    def time_goes_by(self, days: int) -> None:
        """The office's one clock."""
        self.day += timedelta(days=days)

    @rule()
    def consent(self) -> None:
        people.open_score(actor=self.actor, via="portal")
        self.consented = True

    @rule()
    def leave(self) -> None:
        if self.consented:
            people.leave(actor=self.actor)
        self.consented = False

    @rule(record_class=st.sampled_from(sorted(POINTS)), ago=st.integers(0, 400))
    def a_department_sends_a_record(self, record_class: str, ago: int) -> None:
        on = max(date(2026, 1, 4), self.day - timedelta(days=ago))
        row = make_record(self.subject, "uncivil_conduct", on, record_class=record_class, department="urban_management")
        self.held[row.pk] = Held(row.pk, record_class, on, listed=False)

    @precondition(lambda self: sum(one.listed for one in self.held.values()) < 2)
    @rule()
    def the_court_enters_the_person(self) -> None:
        parts = {
            "document": f"（2026）浙0305执{len(self.held)}号", "authority": "洞头区人民法院", "article": "第一条",
            "notice_on": self.day, "remedy": "向执行法院申请纠正",
        }  # fmt: skip
        row = make_record(
            self.subject, DEBTOR, self.day, record_class="serious", department="court",
            ends_on=add_term(self.day, "P2Y"), **parts,
        )  # fmt: skip
        ListEntry.objects.create(
            record=row,
            subject=self.subject,
            list=DEBTOR,
            entered_on=self.day,
            ends_on=add_term(self.day, "P2Y"),
            **parts,
        )
        self.held[row.pk] = Held(row.pk, "serious", self.day, listed=True)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), reason=st.sampled_from(["not_me", "wrong_fact", "repaired", "other"]))
    def object(self, data: st.DataObject, reason: str) -> None:
        one = self._one(data)
        row = Record.objects.get(pk=one.pk)
        try:
            number = cases.object_to(
                actor=self.actor, reference=row.reference, reason=reason, words=f"新情况 {self.day}"
            )
        except Refused:
            assert one.over, "only what has no effect any more cannot be objected to"
            return
        assert not one.over
        one.marks.add(number)

    @precondition(lambda self: self._open(Case.Kind.OBJECTION, Case.Kind.REVIEW))
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        case = self._case(data, Case.Kind.OBJECTION, Case.Kind.REVIEW)
        cases.take_back(actor=self.actor, number=case.number)
        self._of(case).marks.discard(case.number)

    @precondition(lambda self: self._open(Case.Kind.OBJECTION, Case.Kind.REVIEW))
    @rule(
        data=st.data(),
        outcome=st.sampled_from(
            ["reject", "delete", "stop_disclosure", "supplement", "unresolved", "remove_from_list"]
        ),
    )
    def decide(self, data: st.DataObject, outcome: str) -> None:
        case = self._case(data, Case.Kind.OBJECTION, Case.Kind.REVIEW)
        by = data.draw(st.sampled_from(REVIEWERS))
        changes = {"note": "补充"} if outcome == "supplement" else {}
        try:
            with transaction.atomic():
                objections.decide(actor=by, number=case.number, outcome=outcome, reasons="经核查", changes=changes)
        except Refused:
            return
        self._settled(case)

    @precondition(lambda self: Case.objects.filter(state="proposed").exists())
    @rule(data=st.data(), agree=st.booleans())
    def second_person(self, data: st.DataObject, agree: bool) -> None:
        case = data.draw(st.sampled_from(list(Case.objects.filter(state="proposed").order_by("pk"))))
        by = data.draw(st.sampled_from(REVIEWERS))
        try:
            with transaction.atomic():
                if agree:
                    objections.sign(actor=by, number=case.number)
                else:
                    objections.send_back(actor=by, number=case.number, reasons="再核")
        except Refused:
            assert by.handle == case.decided_by
            return
        self._settled(case)

    @precondition(lambda self: Case.objects.filter(state="forwarded").exists())
    @rule(data=st.data())
    def the_department_answers(self, data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(list(Case.objects.filter(state="forwarded").order_by("pk"))))
        objections.answer(actor=clerk(case.department), number=case.number, outcome="reject", reasons="与文书一致")

    @precondition(lambda self: Case.objects.filter(kind="objection", state="closed").exists())
    @rule(data=st.data())
    def ask_review(self, data: st.DataObject) -> None:
        closed = list(Case.objects.filter(kind="objection", state="closed").order_by("pk"))
        case = data.draw(st.sampled_from(closed))
        try:
            with transaction.atomic():
                number = cases.ask_review(actor=self.actor, number=case.number, words="")
        except Refused:
            return
        review = Case.objects.get(number=number)
        if review.state != "closed":
            self._of(review).marks.add(number)

    @precondition(lambda self: any(not one.listed for one in self.held.values()))
    @rule(data=st.data(), granted=st.booleans())
    def repair(self, data: st.DataObject, granted: bool) -> None:
        one = data.draw(st.sampled_from([one for one in self.held.values() if not one.listed]))
        row = Record.objects.get(pk=one.pk)
        try:
            with transaction.atomic():
                number = repairs.apply_for(
                    actor=self.actor, reference=row.reference, words="", fulfilled=True, committed=True
                )
        except Refused:
            return
        listed = [held for held in self.held.values() if held.listed and not held.over]
        assert not any(self.day < add_term(held.on, "P2Y") for held in listed), "a list has its own exit"
        assert one.record_class == "minor" or self.day >= add_term(
            one.on, {"general": "P3M", "serious": "P1Y"}[one.record_class]
        )
        outcome = "repaired" if granted else "refused"
        repairs.decide(actor=REVIEWER, number=number, outcome=outcome, reasons="已核")
        if granted:
            one.over = "repaired"

    # what the model needs

    def _one(self, data: st.DataObject) -> Held:
        return self.held[data.draw(st.sampled_from(sorted(self.held)))]

    def _open(self, *kinds: str) -> bool:
        return Case.objects.filter(kind__in=kinds).exclude(state__in=["closed", "proposed"]).exists()

    def _case(self, data: st.DataObject, *kinds: str) -> Case:
        found = Case.objects.filter(kind__in=kinds).exclude(state__in=["closed", "proposed"])
        return data.draw(st.sampled_from(list(found.order_by("pk"))))

    def _of(self, case: Case) -> Held:
        return self.held[case.record_id or 0]

    def _settled(self, case: Case) -> None:
        case.refresh_from_db()
        one = self._of(case)
        if case.state != "closed":
            return
        one.marks.discard(case.number)
        if case.review_of_id is not None and case.outcome != "unresolved":
            one.unsettled = Case.objects.filter(record_id=one.pk, outcome="unresolved", state="closed").exclude(
                pk=case.review_of_id
            ).exists()  # fmt: skip
        if case.outcome == "unresolved":
            one.unsettled = True
        ended = {"delete": "withdrawn", "remove_from_list": "ended"}.get(case.outcome)
        if ended is not None:
            one.over = ended

    # what must hold after every step

    @invariant()
    def each_record_stands_as_decided(self) -> None:
        stands = dict(Record.objects.filter(pk__in=self.held).values_list("pk", "status"))
        assert stands == {pk: one.status() for pk, one in self.held.items()}

    @invariant()
    def without_consent_no_score_and_no_offer(self) -> None:
        card = scores_of.mine(actor=self.actor)
        assert (card is not None) == self.consented
        if not self.consented:
            assert not Score.objects.filter(subject=self.subject).exists()
            assert not Consent.objects.filter(subject=self.subject, step="score", withdrawn_at__isnull=True).exists()
            assert not any(offer.open for offer in benefits.mine(actor=self.actor))

    @invariant()
    def the_score_is_what_stands_and_nothing_else(self) -> None:
        card = scores_of.mine(actor=self.actor)
        if card is None:
            return
        small = [
            POINTS[one.record_class]
            for one in self.held.values()
            if not one.listed
            and one.status() == "active"
            and one.on <= self.day < add_term(one.on, TERMS[one.record_class])
        ]
        listed = any(
            one.listed and one.status() == "active" and self.day < add_term(one.on, "P2Y") for one in self.held.values()
        )
        assert card.score == BASE + max(LONGEST_SUM, sum(small)) + (-150 if listed else 0)
        assert card.score == BASE + sum(line.points for line in card.lines if line.kind != "base")

    @invariant()
    def an_entry_carries_a_measure_only_while_it_stands(self) -> None:
        found = lists.known([self.number], [DEBTOR]).get(self.number)
        rulebook, day = current(), today()
        carrying = {e.reference for e in found.known.entries if hindrance(e, rulebook, day) is None} if found else set()
        expected = {
            one.pk for one in self.held.values()
            if one.listed and one.status() == "active" and self.day < add_term(one.on, "P2Y")
        }  # fmt: skip
        assert set(Record.objects.filter(reference__in=carrying).values_list("pk", flat=True)) == expected
        gone = {pk for pk, one in self.held.items() if one.listed and one.over}
        assert set(ListEntry.objects.filter(removed_at__isnull=False).values_list("record_id", flat=True)) == gone

    @invariant()
    def whatever_was_decided_was_decided_by_people_with_reasons(self) -> None:
        for case in Case.objects.filter(state="closed"):
            assert case.decided_by and case.reasons_sealed and case.outcome and case.closed_at
            assert case.decided_by != case.signed_by
            if case.outcome == "delete":
                assert case.signed_by, "two people strike a record out"
            if case.review_of is not None and case.outcome != "withdrawn":
                assert case.decided_by not in (case.review_of.decided_by, case.review_of.signed_by)

    @invariant()
    def what_happened_to_a_record_can_be_told_again(self) -> None:
        for pk in self.held:
            state = "active"
            for event in RecordEvent.objects.filter(record_id=pk).order_by("pk"):
                if "status" in event.after:
                    assert event.before["status"] == state
                    state = event.after["status"]
            assert state == Record.objects.values_list("status", flat=True).get(pk=pk)


def run(*, runs: int = RUNS, steps: int = STEPS, **more: Any) -> None:
    """Let the machine run so many times, each for so many steps."""
    run_state_machine_as_test(
        Rights,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


@pytest.mark.django_db
def test_no_order_of_steps_breaks_a_right() -> None:
    run()
