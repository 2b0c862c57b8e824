"""What was promised is what happens: expiry, a deed more, and the ways to the next tier, for any scheme and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.scores.conftest import Resident
from tests.scores.test_engine import T, days, histories, schemes
from tests.scores.test_engine import kind as any_kind
from tests.scores.test_scores import deed, scheme
from xinlin import shelf
from xinlin.core.records import Fact
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.schemes import Award, Band, Each, Indicator, Scheme, Step
from xinlin.core.scores import Evaluation, evaluate
from xinlin.core.whatif import Way, acts, deeds, ends, tier_position, waiting, ways_up, with_deeds
from xinlin.office.actions import people as people_actions
from xinlin.office.models.people import Look
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries import scores, whatif
from xinlin.office.scopes import Refused, now, today

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
DAY = date(2026, 3, 1)
MOST = 40


def free(code: str = "deed", **changes: Any) -> Kind:
    """A kind that one gives freely, with a short range of hours so that every amount can be tried."""
    kind = any_kind(code)
    hours = FieldSpec(code="hours", label=T, type="integer", minimum=1, maximum=MOST)
    fields = [hours, *kind.fields[1:]]
    return kind.model_copy(update={"refusable": True, "sign": "positive", "fields": fields, **changes})


KINDS = {code: free(code) for code in ("deed", "fault", "honour")}


def rising(points: Award) -> Award:
    """The same form, where more never gives less."""
    if points.each:
        return Award(each=Each(units=points.each.units, points=abs(points.each.points)))
    if points.bands:
        given = sorted(abs(band.points) for band in points.bands)
        return Award(bands=[Band(at_least=b.at_least, points=p) for b, p in zip(points.bands, given, strict=True)])
    if points.steps:
        return Award(steps=[Step(up_to=s.up_to, per=s.per, points=abs(s.points)) for s in points.steps])
    return points


def with_ways(whole: Scheme) -> Scheme:
    """The scheme with indicators that one can act on, and no class rules."""

    def encouraging(indicator: Indicator) -> Indicator:
        return indicator.model_copy(update={"improve": T, "points": rising(indicator.points), "where": None})

    dimensions = [
        dimension.model_copy(update={"indicators": [encouraging(indicator) for indicator in dimension.indicators]})
        for dimension in whole.dimensions
    ]
    return whole.model_copy(update={"dimensions": dimensions, "class_rules": []})


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(scheme=schemes(), people=histories(), as_of=days, ahead=st.lists(st.integers(0, 1500), max_size=6))
def test_the_coming_turns_are_what_the_days_bring(
    scheme: Scheme, people: Mapping[int, list[Fact]], as_of: date, ahead: list[int]
) -> None:
    facts = people[0]
    turns = ends(scheme, facts, as_of)
    checked = {as_of + timedelta(days=n) for n in ahead} | {turn.day for turn in turns}
    checked |= {turn.day - timedelta(days=1) for turn in turns}
    figures = evaluate(scheme, facts, as_of)
    for day in sorted(checked):
        last = next((turn for turn in reversed(turns) if turn.day <= day), None)
        happened = evaluate(scheme, facts, day)
        promised = (last.score, last.tier) if last else (figures.score, figures.tier)
        assert (happened.score, happened.tier) == promised
    for turn in turns:
        assert turn.ends or turn.begins
        assert turn.change == turn.score - evaluate(scheme, facts, turn.day - timedelta(days=1)).score
    middle = as_of + timedelta(days=200)
    assert ends(scheme, facts, as_of, middle) == [turn for turn in turns if turn.day <= middle]
    rise = waiting(scheme, turns, figures.tier)
    here = tier_position(scheme, figures.tier)
    higher = [turn for turn in turns if tier_position(scheme, turn.tier) > here]
    assert rise == (higher[0] if higher else None)


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(
    scheme=schemes(),
    people=histories(),
    as_of=days,
    code=st.sampled_from(sorted(KINDS)),
    hours=st.integers(1, 60),
    ahead=st.lists(st.integers(0, 1500), max_size=6),
)
def test_a_deed_tried_out_counts_as_the_deed_done(
    scheme: Scheme, people: Mapping[int, list[Fact]], as_of: date, code: str, hours: int, ahead: list[int]
) -> None:
    facts = [fact for fact in people[0] if (fact.kind, fact.occurred_on) != (code, as_of)]
    supposed = Fact("~1", code, as_of, fields={"hours": hours})
    added = with_deeds(scheme, facts, [supposed], as_of)
    done = [*facts, replace(supposed, record="00d1e5")]  # a stored record has a handle of its own
    assert added.after.score == evaluate(scheme, done, as_of).score
    assert added.after.dimensions == evaluate(scheme, done, as_of).dimensions
    assert added.after.tier == evaluate(scheme, done, as_of).tier
    for day in {as_of + timedelta(days=n) for n in ahead} | {day for day, _more in added.course}:
        promised = next(more for since, more in reversed(added.course) if since <= day)
        assert promised == evaluate(scheme, done, day).score - evaluate(scheme, facts, day).score
    if added.until is not None:
        own = (given for given in evaluate(scheme, done, max(added.until, as_of)).contributions)
        assert all(given.points == 0 for given in own if given.record == "00d1e5")


def reached(scheme: Scheme, facts: list[Fact], way: Way, amount: int, as_of: date) -> Evaluation:
    """The figures after so much of the way's act."""
    return evaluate(scheme, [*facts, *deeds(way.act, amount, as_of)], as_of)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(scheme=schemes().map(with_ways), people=histories(), as_of=days)
def test_a_way_is_the_least_that_gets_there(scheme: Scheme, people: Mapping[int, list[Fact]], as_of: date) -> None:
    facts = people[0]
    assume(acts(scheme, KINDS))
    before = evaluate(scheme, facts, as_of)
    here = tier_position(scheme, before.tier)
    ways = ways_up(scheme, facts, as_of, KINDS)
    offered = {way.act for way in ways}
    for way in ways:
        result = reached(scheme, facts, way, way.amount, as_of)
        assert (result.score, result.tier, result.score - before.score) == (way.score, way.tier, way.gained)
        assert way.reaches == (tier_position(scheme, result.tier) > here)
        low = way.act.least if way.amount <= MOST else way.amount - 3
        for less in range(low, way.amount):
            short = reached(scheme, facts, way, less, as_of)
            assert tier_position(scheme, short.tier) <= here if way.reaches else short.score < way.score
        if not way.reaches:
            for more in {way.amount + 1, way.amount + 7, way.act.most} & set(range(way.act.most + 1)):
                assert reached(scheme, facts, way, more, as_of).score == way.score
    for act in acts(scheme, KINDS):
        if act not in offered:
            given = {evaluate(scheme, [*facts, *deeds(act, n, as_of)], as_of).score for n in (act.least, act.most)}
            assert max(given) <= before.score  # less, where the deed takes the place of a better record


def hours_of(**changes: Any) -> dict[str, Any]:
    """An indicator of a point for each hour."""
    each = {
        "measure": {"take": "sum", "of": "hours"},
        "points": {"each": {"points": 1}},
        "improve": {"zh": "", "en": ""},
    }
    return {**each, **changes}


def test_nothing_is_advised_that_is_not_free() -> None:
    whole = scheme(hours_of())
    assert [act.indicator for act in acts(whole, {"deed": free()})] == ["i0"]
    for_money = free().fields + [FieldSpec(code="amount", label=T, type="money")]
    for unfree in (free(fields=for_money), free(refusable=False)):
        assert not acts(whole, {"deed": unfree})
    ruled = scheme(
        hours_of(),
        class_rules=[{"kind": "deed", "tier_at_most": "B", "text": {"zh": "", "en": ""}, "basis": "demonstration"}],
    )
    for other in (
        scheme(hours_of(sign="negative")),
        scheme(hours_of(improve=None)),
        scheme(hours_of(points={"each": {"points": -1}})),
        scheme(hours_of(where={"field": "hours", "below": 8})),
        scheme(hours_of(measure={"take": "max", "of": "hours"})),
        ruled,
    ):
        assert not acts(other, {"deed": free()})


def test_ways_respect_limits_and_name_their_end() -> None:
    whole = scheme(hours_of(measure={"take": "sum", "of": "hours"}, overall={"cap": 30}, term="P1Y"), base=1000)
    (way,) = ways_up(whole, [], DAY, {"deed": free()})
    assert (way.amount, way.gained, way.reaches, way.until) == (30, 30, False, date(2027, 3, 1))
    near = scheme(hours_of(term="P1Y"), base=1020)
    (way,) = ways_up(near, [], DAY, {"deed": free()})
    assert (way.amount, way.score, way.tier, way.reaches) == (30, 1050, "AA", True)
    full = [deed(fields={"hours": 30})]
    assert not ways_up(whole, full, DAY, {"deed": free()})
    later = with_deeds(whole, full, deeds(way.act, 30, DAY), DAY)
    assert later.course == ((DAY, 0), (date(2027, 1, 15), 30), (date(2027, 3, 1), 0))


@pytest.fixture
def helper(resident: Callable[..., Resident], record: Callable[..., Record]) -> Resident:
    """A resident with a score, some volunteering, and an offence that will end."""
    someone = resident()
    record(someone.subject, "volunteer_service", today() - timedelta(days=40), fields={"hours": 12})
    record(someone.subject, "ebike_violation", today() - timedelta(days=30), record_class="minor", notice_on=today())
    people_actions.open_score(actor=someone.actor, via="test")
    return someone


def test_the_resident_gets_what_was_promised(helper: Resident, record: Callable[..., Record]) -> None:
    card, outlook = scores.mine(actor=helper.actor), whatif.mine(actor=helper.actor)
    assert card is not None and outlook is not None
    assert (outlook.score, outlook.tier, outlook.to_next) == (card.score, card.tier.name, card.to_next)
    way = next(way for way in outlook.ways if way.act.indicator == "volunteer_service")
    assert way.reaches
    tried = whatif.try_out(actor=helper.actor, indicator="volunteer_service", amount=str(way.amount))
    assert (tried.gained, tried.rises, tried.until) == (way.gained, True, way.until)
    short = whatif.try_out(actor=helper.actor, indicator="volunteer_service", amount=str(way.amount - 1))
    assert not short.rises
    record(helper.subject, "volunteer_service", today(), fields={"hours": way.amount})
    after = scores.mine(actor=helper.actor)
    assert after is not None
    assert (after.score, after.tier.name) == (tried.score, tried.tier) == (way.score, way.tier)


def test_the_days_to_come_name_the_records_that_end(helper: Resident) -> None:
    outlook = whatif.mine(actor=helper.actor)
    assert outlook is not None
    ended = [record.kind for turn in outlook.turns for record in turn.ends]
    assert sorted(ended) == ["ebike_violation", "volunteer_service"]
    assert all(record.ends_on == turn.day for turn in outlook.turns for record in turn.ends)
    assert outlook.turns[-1].score == outlook.score - sum(-turn.change for turn in outlook.turns)
    offered = {act.indicator for act in outlook.acts}
    assert "volunteer_service" in offered
    assert not offered & {"charitable_donation", "honour", "rescue", "judgment_fulfilment"}


def test_trying_out_is_seen_and_leaves_nothing(helper: Resident) -> None:
    before = Record.objects.count()
    whatif.try_out(actor=helper.actor, indicator="volunteer_service", amount="10")
    assert Record.objects.count() == before
    look = Look.objects.filter(subject=helper.subject).latest("pk")
    assert (look.result, look.actor) == ("本人试算评分", helper.actor.handle)


@pytest.mark.parametrize(
    ("indicator", "amount", "code"),
    [
        ("charitable_donation", "10", "unknown_act"),
        ("", "10", "unknown_act"),
        *(
            ("volunteer_service", wrong, "amount_out_of_bounds")
            for wrong in ("0", "-3", "1.5", "", "十", "501", "9" * 30)
        ),
    ],
)
def test_what_cannot_be_tried_out_is_refused(helper: Resident, indicator: str, amount: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        whatif.try_out(actor=helper.actor, indicator=indicator, amount=amount)
    assert refusal.value.problem.code == code


def test_without_consent_there_is_nothing_to_foretell(resident: Callable[..., Resident]) -> None:
    someone = resident()
    assert whatif.mine(actor=someone.actor) is None
    with pytest.raises(Refused):
        whatif.try_out(actor=someone.actor, indicator="volunteer_service", amount="10")


def test_the_page_shows_the_ways_and_the_result(helper: Resident, client: Client) -> None:
    account = Account.objects.get(subject=helper.subject)
    Account.objects.filter(pk=account.pk).update(assurance="urn:xinlin:assurance:face", verified_at=now())
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    outlook = whatif.mine(actor=helper.actor)
    assert outlook is not None
    page = client.get("/score/what-if/")
    html = page.content.decode()
    assert page.status_code == 200 and f'data-missing="{outlook.to_next}"' in html
    assert html.count("data-way=") == len(outlook.ways) and html.count("data-turn=") == len(outlook.turns)
    tried = client.get("/score/what-if/", {"indicator": "volunteer_service", "amount": "10"})
    assert 'data-tried="' in tried.content.decode()
    wrong = client.get("/score/what-if/", {"indicator": "volunteer_service", "amount": "x"})
    assert wrong.status_code == 422 and 'role="alert"' in wrong.content.decode()
    for above in ("/score/", "/deeds/"):
        assert 'href="/score/what-if/"' in client.get(above).content.decode()


def test_nobody_is_told_to_fill_what_has_no_limit() -> None:
    """Weihai's hours go on for ever: at the highest level the way is the next point, not ten thousand hours."""
    rulebook = shelf.read("weihai")
    scheme = rulebook.scheme_at(date(2026, 11, 26))
    assert scheme is not None
    hours = [Fact(f"r{n}", "volunteer_service", date(2026, 11, 1), fields={"hours": 1000}) for n in range(2)]
    way = next(one for one in ways_up(scheme, hours, date(2026, 11, 26), rulebook.kinds) if one.act.field == "hours")
    assert way.endless and not way.reaches
    assert (way.amount <= 4, way.gained) == (True, 1)
