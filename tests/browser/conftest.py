"""A resident with a life, made by hand, and a way to sign in without the identity service (that has tests of its own)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from tests.scores.conftest import make_record, make_subject, resident_id
from xinlin.office.actions import people as people_actions
from xinlin.office.models.people import Consent
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.models.staff import Account
from xinlin.office.queries.people import write_look
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import Actor, now, today

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = os.environ.get("XINLIN_PICTURES") == "1"
"""Only then are pictures written; a plain test run leaves the tree as it was."""


@dataclass(frozen=True)
class Someone:
    """A resident with an account."""

    account: Account
    actor: Actor


def resident(name: str, born: date, serial: int) -> Someone:
    """A registered resident who can sign in."""
    subject = make_subject(resident_id(born, serial), name, born=born)
    account = Account.objects.create(
        username=f"resident-{serial}",
        display_name=name,
        subject=subject,
        assurance="urn:xinlin:assurance:face",
        verified_at=now(),
    )
    return Someone(account, actor_of(account))


def _on(days_ago: int) -> date:
    return today() - timedelta(days=days_ago)


def _life(subject: Any) -> None:
    """Good deeds, a small offence, one long over, one repaired."""
    traffic = {
        "department": "traffic_police",
        "authority": "洞头区公安局交通警察大队",
        "article": "《浙江省电动自行车管理条例》第四十二条",
        "remedy": "可在六十日内申请行政复议，六个月内提起行政诉讼",
    }
    make_record(
        subject,
        "ebike_violation",
        _on(40),
        record_class="minor",
        document="洞公（交）行罚决字〔2026〕第1024号",
        notice_on=_on(40),
        fields={"act": "驾驶电动自行车未佩戴安全头盔", "procedure": "ordinary", "corrected": True},
        **traffic,
    )
    make_record(subject, "ebike_violation", _on(400), record_class="minor", notice_on=_on(400), **traffic)
    make_record(
        subject,
        "uncivil_conduct",
        _on(100),
        department="urban_management",
        record_class="general",
        status="repaired",
        notice_on=_on(99),
        authority="洞头区综合行政执法局",
        article="《温州市文明行为促进条例》第三十八条",
        fields={"conduct": "occupation"},
    )
    volunteer = {"department": "youth_league"}
    make_record(subject, "volunteer_service", _on(20), fields={"hours": 12, "project": "海岛净滩"}, **volunteer)
    make_record(subject, "volunteer_service", _on(130), fields={"hours": 30, "project": "长者陪伴"}, **volunteer)
    make_record(subject, "volunteer_service", _on(380), fields={"hours": 18, "project": "渔港引导"}, **volunteer)
    make_record(subject, "charitable_donation", _on(200), fields={"amount": 50_000, "recipient": "洞头区慈善总会"})
    make_record(subject, "waste_sorting", _on(60), department="community_office", fields={"months": 10})
    make_record(subject, "neighbourhood_points", _on(70), department="community_office", fields={"points": 320})
    make_record(subject, "firefighting_training", _on(640), department="fire_rescue", fields={"hours": 4})
    make_record(
        subject, "honour", _on(500), department="civility_office", fields={"title": "最美邻里", "level": "street"}
    )
    make_record(
        subject, "fulfilled_commitment", _on(90), department="market_regulation", fields={"commitment": "承诺即领证"}
    )


def _trend(someone: Someone, scheme: str) -> None:
    consent = Consent.objects.get(subject_id=someone.actor.subject_id, step="score")
    for months, score in enumerate((668, 664, 652, 655, 641, 630, 612), start=1):
        run = ScoreRun.objects.create(
            number=f"RUN-{months}",
            rulebook=settings.CITY,
            scheme=scheme,
            version="test",
            scheme_sha256="0" * 64,
            engine="test",
            as_of=_on(30 * months),
            state=ScoreRun.State.DONE,
            started_at=now(),
        )
        Score.objects.create(
            run=run,
            subject_id=someone.actor.subject_id,
            consent=consent,
            as_of=run.as_of,
            score=score,
            tier="",
            dimensions={},
        )


def _officer_looked(someone: Someone) -> None:
    officer = Actor(handle="account:0", name="周*", role="officer", department="government_affairs")
    write_look(
        actor=officer,
        subjects=[someone.actor.subject_id or 0],
        purpose="食品经营许可审批核查",
        clause="洞头区信用核查事项清单 第3项",
        kinds=["dishonest_judgment_debtor"],
        result="否：不在名单",
    )


@pytest.fixture
def newcomer(live_server: Any) -> Someone:
    """A grown-up who has not opened a score."""
    someone = resident("陈海生", date(1988, 3, 9), 11)
    make_record(someone.account.subject, "volunteer_service", _on(30), department="youth_league", fields={"hours": 8})
    return someone


@pytest.fixture
def child(live_server: Any) -> Someone:
    """A resident of sixteen."""
    return resident("林一诺", date(today().year - 16, 1, 2), 12)


@pytest.fixture
def enrolled(live_server: Any) -> Someone:
    """A grown-up with a score, many records, a trend, one scene, and an officer's look."""
    from xinlin.office.rulebook import current

    someone = resident("林小满", date(1990, 5, 17), 13)
    _life(someone.account.subject)
    people_actions.open_score(actor=someone.actor, via="test")
    people_actions.open_scene(actor=someone.actor, scene=next(iter(current().scenes)), via="test")
    scheme = current().scheme_at(today())
    assert scheme is not None
    _trend(someone, scheme.code)
    _officer_looked(someone)
    return someone


def let_in(page: Page, account: Account) -> None:
    """Give the page a session of this account, as sign-in would have left it."""
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    morsel = client.cookies[settings.SESSION_COOKIE_NAME]
    page.goto("/healthz")
    host = page.url.split("/healthz")[0]
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": morsel.value, "url": host}])


@pytest.fixture
def picture(checkout: Path) -> Callable[..., None]:
    """``picture(page, "home")``: writes docs/pictures/home.png when pictures are wanted; ``sharp`` at twice the size."""

    def take(page: Page, name: str, *, full: bool = False, sharp: bool = False) -> None:
        if PICTURES:
            folder = Path(os.environ.get("XINLIN_PICTURES_TO") or checkout / "docs" / "pictures")
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}.png", full_page=full, scale="device" if sharp else "css")

    return take
