"""What ends by itself: the day before, the day, the day after; leap days; a clock that jumps; a law that shortens terms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.conftest import REVIEWER, SECOND, clerk
from tests.cases.test_corrections import _listed
from tests.people.conftest import let_in
from tests.scores.conftest import Resident, record, resident, system
from xinlin.core.terms import add_term
from xinlin.office.actions import cases, people, redatings, repairs
from xinlin.office.jobs import endings
from xinlin.office.models.cases import Case
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.notices import Message
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.queries import office_clocks
from xinlin.office.queries import redatings as redatings_of
from xinlin.office.queries import repairs as repairs_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotAllowed, Refused, today

pytestmark = pytest.mark.django_db
__all__ = ["record", "resident", "system"]
MakeResident = Callable[..., Resident]
MakeRecord = Callable[..., Record]
SetClock = Callable[..., None]
KIND = "uncivil_conduct"
LAW = "信用修复管理办法（修订）第九条"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """``on(date(2028, 2, 29))``: the office's one clock stands at noon of that day, or at another hour."""

    def put(day: date, hour: int = 12, minute: int = 0, second: int = 0) -> None:
        moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=timezone.get_default_timezone())
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return put


def _score(actor: Actor) -> int:
    card = scores_of.mine(actor=actor)
    assert card is not None
    return card.score


@pytest.mark.parametrize(
    ("record_class", "happened", "ends"),
    [
        ("minor", date(2026, 11, 30), date(2027, 2, 28)),
        ("minor", date(2027, 11, 29), date(2028, 2, 29)),
        ("general", date(2028, 2, 29), date(2029, 2, 28)),
        ("serious", date(2027, 12, 31), date(2030, 12, 31)),
    ],
)
def test_the_day_before_the_day_and_the_day_after(
    resident: MakeResident, record: MakeRecord, on: SetClock, record_class: str, happened: date, ends: date
) -> None:
    on(happened)
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    whole = _score(someone.actor)
    row = record(someone.subject, KIND, happened, record_class=record_class)
    assert _score(someone.actor) < whole
    on(ends - timedelta(days=1), 23, 59, 59)
    assert _score(someone.actor) < whole, "it counts to the last second of the day before"
    assert endings.tell_ended() == 0
    on(ends, 0, 0, 0)
    assert _score(someone.actor) == whole, "and not one second longer, whatever job has run"
    assert not repairs_of.mine(actor=someone.actor)
    with pytest.raises(Refused, match="stopped by itself"):
        repairs.apply_for(actor=someone.actor, reference=row.reference, words="", fulfilled=True, committed=True)
    assert endings.tell_ended() == 1
    on(ends + timedelta(days=1))
    assert (_score(someone.actor), endings.tell_ended()) == (whole, 0)
    message = Message.objects.get(template="record_ended")
    assert message.occasion == f"ended:{row.reference}"


def test_a_job_that_stood_still_for_weeks_tells_each_once_and_two_workers_no_more(
    resident: MakeResident, record: MakeRecord, on: SetClock
) -> None:
    on(date(2027, 1, 10))
    someone = resident()
    for number in range(3):
        record(someone.subject, KIND, date(2026, 10, 15 + number), record_class="minor")
    on(date(2027, 2, 5))
    assert endings.tell() == 3
    assert endings.tell() == 0
    on(date(2027, 1, 16))
    assert endings.tell() == 0, "a clock that steps back tells nothing twice"


def test_ten_years_on_nothing_has_an_end_that_moved(resident: MakeResident, record: MakeRecord, on: SetClock) -> None:
    on(date(2026, 11, 25))
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    whole = _score(someone.actor)
    record(someone.subject, KIND, date(2026, 11, 20), record_class="serious")
    on(date(2036, 11, 25))
    assert _score(someone.actor) == whole
    on(date(2026, 11, 26))
    assert _score(someone.actor) < whole


def test_a_late_office_s_mark_stays_over_the_year_s_end_and_the_applicant_is_told_once(
    resident: MakeResident, record: MakeRecord, on: SetClock
) -> None:
    on(date(2026, 12, 28))
    someone = resident()
    row = record(someone.subject, KIND, date(2026, 12, 1), record_class="general")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="expired", words="")
    case = Case.objects.get(number=number)
    assert case.due_provisional, "the arrangement of 2027 is not published"
    on(case.due_on, 23, 59, 59)
    assert [clock.late for clock in office_clocks.clocks()] == [0]
    assert endings.tell_late() == 0
    on(case.due_on + timedelta(days=1), 0, 0, 0)
    assert [clock.late for clock in office_clocks.clocks()] == [1]
    assert (endings.tell_late(), endings.tell_late()) == (1, 0)
    on(case.due_on + timedelta(days=400))
    assert Record.objects.get(pk=row.pk).status == "disputed", "however late, it stays so"


def test_a_shorter_term_is_previewed_signed_by_another_and_told(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    whole = _score(someone.actor)
    old = record(someone.subject, KIND, today() - timedelta(days=200), record_class="serious")
    fresh = record(someone.subject, KIND, today() - timedelta(days=10), record_class="serious")
    other = record(someone.subject, KIND, today() - timedelta(days=10), record_class="general")
    before = _score(someone.actor)
    number = redatings.propose(actor=REVIEWER, kind=KIND, record_class="serious", term="P6M", document=LAW)
    (shown,) = redatings_of.listed(actor=SECOND)
    assert (shown.preview.records, shown.preview.people, shown.preview.ending, shown.preview.few) == (2, 1, 1, True)
    assert _score(someone.actor) == before, "a proposal changes nothing"
    with pytest.raises(Refused, match="Another reviewer"):
        redatings.sign(actor=REVIEWER, number=number)
    assert redatings.sign(actor=SECOND, number=number) == shown.preview.records, "what was previewed is what is done"
    with pytest.raises(Refused, match="dealt with"):
        redatings.sign(actor=SECOND, number=number)
    for row in (old, fresh, other):
        row.refresh_from_db()
    assert (old.ends_on, fresh.ends_on, other.ends_on) == (
        add_term(old.occurred_on, "P6M"), add_term(fresh.occurred_on, "P6M"), None,
    )  # fmt: skip
    assert before < _score(someone.actor) < whole
    assert Message.objects.filter(template="record_redated").count() == 2
    assert RecordEvent.objects.filter(reason="law_changed").count() == 2
    shown = let_in(someone)
    assert "法律变更" in shown.get("/track/").content.decode()
    page = shown.get(f"/records/{old.reference}/").content.decode()
    assert "已结束，不再计分" in page, "what is over is not called in force"


def test_a_longer_term_changes_nothing_and_a_list_entry_moves_with_its_record(resident: MakeResident) -> None:
    row = _listed(resident().subject)
    Record.objects.filter(pk=row.pk).update(ends_on=today() + timedelta(days=500))
    number = redatings.propose(actor=REVIEWER, kind=row.kind, record_class="", term="P9Y", document=LAW)
    assert redatings.sign(actor=SECOND, number=number) == 0
    number = redatings.propose(actor=REVIEWER, kind=row.kind, record_class="", term="P1M", document=LAW)
    assert redatings.sign(actor=SECOND, number=number) == 1
    assert ListEntry.objects.get().ends_on == add_term(row.occurred_on, "P1M")


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"term": "6 months"}, "no term"), ({"kind": "rescue"}, "negative"), ({"document": " "}, "missing")],
)
def test_a_change_without_law_or_sense_is_refused(changes: dict[str, str], said: str) -> None:
    whole = {"kind": KIND, "record_class": "", "term": "P6M", "document": LAW}
    with pytest.raises(Refused, match=said):
        redatings.propose(actor=REVIEWER, **{**whole, **changes})
    with pytest.raises(NotAllowed):
        redatings.propose(actor=clerk("tax"), **whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    happened=st.dates(date(2026, 1, 4), date(2032, 3, 1)),
    record_class=st.sampled_from(["minor", "general", "serious"]),
    after=st.integers(-3, 3),
)
def test_law_expiry_is_exact(
    resident: MakeResident,
    record: MakeRecord,
    on: SetClock,
    happened: date,
    record_class: str,
    after: int,
) -> None:
    term = {"minor": "P3M", "general": "P1Y", "serious": "P3Y"}[record_class]
    end = add_term(happened, term)
    on(end + timedelta(days=after))
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    whole = _score(someone.actor)
    record(someone.subject, KIND, happened, record_class=record_class)
    assert (_score(someone.actor) < whole) == (after < 0)
