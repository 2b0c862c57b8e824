"""Data, model and application of the configuration: three versions, each approved by two people and by nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.rulebooks import example
from xinlin import shelf
from xinlin.core.loading import load
from xinlin.core.panels import PANELS, Panel, content, sha256
from xinlin.core.rulebooks import Rulebook
from xinlin.office.actions.panels import approve
from xinlin.office.models.panels import PanelVersion
from xinlin.office.models.staff import Account
from xinlin.office.queries import panels as queries
from xinlin.office.scopes import Actor, Conflict, NotAllowed

pytestmark = pytest.mark.django_db
FIRST = Actor(handle="account:1", name="方审核", role="reviewer", department="centre")
SECOND = Actor(handle="account:2", name="范审核", role="reviewer", department="centre")
THIRD = Actor(handle="account:5", name="韩运维", role="operator", department="centre")
ANALYST = Actor(handle="account:3", name="许分析", role="analyst", department="centre")
CLERK = Actor(handle="account:4", name="报送", role="clerk", department="tax")


def _book(office: str = "Parks Office") -> Rulebook:
    texts = example.texts()
    assert "Parks Office" in texts["departments.yaml"]
    texts["departments.yaml"] = texts["departments.yaml"].replace("Parks Office", office)
    return load("example", texts, shelf.open_folder(shelf.ROOT, "national")).rulebook


@pytest.fixture
def stands(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a rulebook in place of the current one."""

    def put(book: Rulebook) -> None:
        for module in ("queries", "actions"):
            monkeypatch.setattr(f"xinlin.office.{module}.panels.current", lambda: book)

    put(_book())
    return put


def _view(panel: Panel, actor: Actor = FIRST) -> queries.PanelView:
    return next(view for view in queries.panels(actor=actor) if view.panel == panel)


def _approve(panel: Panel, *actors: Actor) -> None:
    for actor in actors:
        approve(actor=actor, panel=panel, seen_sha256=_view(panel).sha256)


def test_one_person_twice_is_not_two_people(stands: Any) -> None:
    _approve("application", FIRST, FIRST)
    now = _view("application").now
    assert now is not None
    assert ([one.name for one in now.signatures], now.approved) == (["方审核"], False)
    _approve("application", SECOND, THIRD)
    now = _view("application").now
    assert now is not None
    assert [one.name for one in now.signatures] == ["方审核", "范审核"]
    assert _view("application").approved is not None
    assert [_view(panel).approved for panel in PANELS if panel != "application"] == [None, None]


def test_a_change_in_one_panel_is_seen_there_alone_and_asks_for_approval_anew(stands: Any) -> None:
    for panel in PANELS:
        _approve(panel, FIRST, SECOND)
    stands(_book("Office of Parks"))
    changes = _view("data").changes or []
    assert [(one.above, one.here) for one in changes] == [("Parks Office", "Office of Parks")]
    assert _view("data").now is None
    assert _view("data").mine
    assert [_view(panel).changes for panel in ("model", "application")] == [[], []]
    _approve("data", FIRST, SECOND)
    now = _view("data").now
    assert now is not None
    assert now.version == 2


def test_going_back_to_what_was_approved_needs_no_new_approval(stands: Any) -> None:
    _approve("data", FIRST, SECOND)
    stands(_book("Office of Parks"))
    _approve("data", FIRST, SECOND)
    stands(_book())
    view = _view("data")
    assert view.now is not None
    assert (view.now.version, view.now.approved, view.changes) == (1, True, [])


def test_nobody_signs_what_changed_after_they_looked(stands: Any) -> None:
    seen = _view("data").sha256
    stands(_book("Office of Parks"))
    with pytest.raises(Conflict):
        approve(actor=FIRST, panel="data", seen_sha256=seen)
    assert not PanelVersion.objects.exists()


def test_each_panel_has_its_own_signatories(stands: Any) -> None:
    with pytest.raises(NotAllowed):
        approve(actor=ANALYST, panel="data", seen_sha256=_view("data").sha256)
    approve(actor=ANALYST, panel="model", seen_sha256=_view("model").sha256)
    with pytest.raises(NotAllowed):
        queries.panels(actor=CLERK)


def test_what_was_approved_can_be_hashed_again(stands: Any) -> None:
    _approve("model", FIRST)
    held = PanelVersion.objects.get()
    assert sha256(held.content) == held.sha256 == sha256(content(_book(), "model"))


def test_a_reviewer_approves_on_the_page() -> None:
    account = Account.objects.create(username="account-r", role="reviewer", display_name="方审核", department="centre")
    desk = Client()
    desk.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "尚未批准" in desk.get("/bench/model/panels/").content.decode()
    actor = Actor(handle=f"account:{account.pk}", name="方审核", role="reviewer")
    digest = _view("data", actor).sha256
    assert desk.post("/bench/model/panels/", {"panel": "data", "sha256": digest}).status_code == 302
    assert "一人已签，待第二人" in desk.get("/bench/model/panels/").content.decode()
    assert desk.post("/bench/model/panels/", {"panel": "data", "sha256": "0" * 64}).status_code == 422
    assert desk.post("/bench/model/panels/", {"panel": "roof", "sha256": digest}).status_code == 404
