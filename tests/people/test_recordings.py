"""Honours, volunteering, donations and rescues are recorded only as long as the person wants it (深圳 39)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin.core.consents import open_deletion
from xinlin.office import vault
from xinlin.office.actions import cases, people, recordings
from xinlin.office.actions.batches import receive
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.consents import DeletionReceipt, RecordingRefusal
from xinlin.office.models.records import Record
from xinlin.office.queries import recordings as recordings_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotFound, Refused, today
from xinlin.office.signing import log_key, verify

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]
OFFICE = Actor(handle="account:77", name="文明办报送员", role="clerk", department="civility_office")
HEAD = "公民身份号码,姓名,授予日期,表彰文件文号,荣誉名称,荣誉级别"


@pytest.fixture
def send(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> Callable[..., Batch]:
    """``send(resident, "最美邻里")``: the civility office delivers honours of these residents."""
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)

    def deliver(title: str, *who: Resident) -> Batch:
        numbers = [vault.unseal(someone.subject.identifier_sealed, "subject.identifier") for someone in who]
        names = [vault.unseal(someone.subject.name_sealed, "subject.name") for someone in who]
        rows = [f"{n},{name},2026-03-01,洞文明〔2026〕1号,{title},区级" for n, name in zip(numbers, names, strict=True)]
        with django_capture_on_commit_callbacks(execute=True):
            content = "\n".join([HEAD, *rows]).encode()
            got = receive(actor=OFFICE, kind="honour", filename="honours.csv", chunks=[content])
        return Batch.objects.get(number=got.number)

    return deliver


def test_what_a_person_refuses_is_not_kept_at_the_door(resident: Make, send: Callable[..., Batch]) -> None:
    modest, proud = resident("林小满"), resident("陈大海")
    recordings.refuse_kind(actor=modest.actor, kind="honour", delete=False)
    batch = send("最美邻里", modest, proud)
    assert (batch.state, batch.rows_read, batch.rows_accepted, batch.rows_refused) == ("done", 2, 1, 1)
    assert [record.subject_id for record in Record.objects.filter(kind="honour")] == [proud.subject.pk]
    row = RefusedRow.objects.get()
    assert row.state == "closed", "nobody is asked to correct it"
    assert row.problems[0]["code"] == "recording_refused"
    assert vault.unseal(row.raw_sealed, "refused_row.raw") == "{}", "nothing of the row is kept"
    recordings.allow_kind(actor=modest.actor, kind="honour")
    send("最美邻里之二", modest)
    assert Record.objects.filter(subject=modest.subject).count() == 1


def test_what_needs_consent_is_kept_of_those_alone_who_gave_it(
    resident: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    office = Actor(handle="account:78", name="社区报送员", role="clerk", department="community_office")
    willing, silent, gone = resident("林小满"), resident("陈大海"), resident("黄一鸣")
    for someone in (willing, gone):
        people.open_score(actor=someone.actor, via="portal")
    people.leave(actor=gone.actor)
    lines = ["公民身份号码,姓名,结算日期,批次号,累计积分"]
    for someone in (willing, silent, gone):
        number = vault.unseal(someone.subject.identifier_sealed, "subject.identifier")
        lines.append(f"{number},{vault.unseal(someone.subject.name_sealed, 'subject.name')},2026-03-01,S1,20")
    lines.append("330322199003070011,无此人,2026-03-01,S1,20")
    with django_capture_on_commit_callbacks(execute=True):
        content = "\n".join(lines).encode()
        receive(actor=office, kind="neighbourhood_points", filename="points.csv", chunks=[content])
    assert [record.subject_id for record in Record.objects.all()] == [willing.subject.pk]
    refused = RefusedRow.objects.order_by("row")
    assert [row.problems[0]["code"] for row in refused][:2] == ["consent_missing", "consent_missing"]
    assert {vault.unseal(row.raw_sealed, "refused_row.raw") for row in refused[:2]} == {"{}"}, "nothing of them is kept"


def test_where_the_city_asks_under_no_terms_nobody_has_consented(
    resident: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    monkeypatch.setattr("xinlin.office.consent_gate.terms_in_force", set)
    office = Actor(handle="account:78", name="社区报送员", role="clerk", department="community_office")
    someone = resident("林小满")
    number = vault.unseal(someone.subject.identifier_sealed, "subject.identifier")
    content = f"公民身份号码,姓名,结算日期,批次号,累计积分\n{number},林小满,2026-03-01,S1,20".encode()
    with django_capture_on_commit_callbacks(execute=True):
        receive(actor=office, kind="neighbourhood_points", filename="points.csv", chunks=[content])
    assert RefusedRow.objects.get().problems[0]["code"] == "consent_missing"


def test_a_deleted_record_does_not_come_back_and_the_receipt_is_signed(
    resident: Make, send: Callable[..., Batch]
) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    send("最美邻里", someone)
    before = scores_of.mine(actor=someone.actor)
    reference = Record.objects.get().reference
    answer = let_in(someone).post(f"/records/{reference}/delete/")
    kept = DeletionReceipt.objects.get()
    assert answer.headers["Location"] == f"/deletions/{kept.number}/"
    said = open_deletion(kept.note, log_key(), verify)
    assert said["rows_deleted"] == {"record": 1}
    assert said["deliveries_sealed"] == [Batch.objects.get().number], "the delivered file stays sealed, and is named"
    page = let_in(someone).get(f"/deletions/{kept.number}/").content.decode()
    assert Batch.objects.get().number in page
    assert not Record.objects.exists()
    after = scores_of.mine(actor=someone.actor)
    assert before is not None and after is not None
    assert after.score == after.base < before.score
    batch = send("最美邻里", someone, resident("陈大海"))
    assert batch.rows_refused == 1, "the same row again is not kept"
    send("另一荣誉", someone)
    assert Record.objects.filter(subject=someone.subject).count() == 1, "another honour still is"


def test_refusing_a_kind_may_take_what_is_held_with_it(resident: Make, send: Callable[..., Batch]) -> None:
    someone, other = resident(), resident("陈大海")
    send("最美邻里", someone, other)
    answer = let_in(someone).post("/me/recording/", {"kind": "honour", "delete": "yes", "refuse": "yes"})
    assert "/deletions/" in answer.headers["Location"]
    assert [record.subject_id for record in Record.objects.all()] == [other.subject.pk]
    chosen = {choice.kind.code: choice.refused for choice in recordings_of.choices(actor=someone.actor)}
    assert chosen["honour"] and not chosen["volunteer_service"]
    assert "ebike_violation" not in chosen
    page = let_in(someone).get("/me/recording/").content.decode()
    assert "不再记录" in page


def test_what_the_law_records_cannot_be_refused_or_deleted(resident: Make, record: Callable[..., Record]) -> None:
    someone = resident()
    fault = record(someone.subject, "ebike_violation", today(), record_class="minor")
    with pytest.raises(Refused, match="依法记录"):
        recordings.delete_own(actor=someone.actor, reference=fault.reference)
    with pytest.raises(Refused, match="依法记录"):
        recordings.refuse_kind(actor=someone.actor, kind="ebike_violation", delete=True)
    assert Record.objects.count() == 1 and not RecordingRefusal.objects.exists()
    assert let_in(someone).post(f"/records/{fault.reference}/delete/").status_code == 422


def test_nobody_deletes_anothers_record_nor_one_under_objection(resident: Make, record: Callable[..., Record]) -> None:
    owner, other = resident(), resident("陈大海")
    deed = record(owner.subject, "volunteer_service", today(), fields={"hours": 3})
    with pytest.raises(NotFound):
        recordings.delete_own(actor=other.actor, reference=deed.reference)
    number = cases.object_to(actor=owner.actor, reference=deed.reference, reason="wrong_fact", words="")
    with pytest.raises(Refused, match="正在办理异议"):
        recordings.delete_own(actor=owner.actor, reference=deed.reference)
    cases.take_back(actor=owner.actor, number=number)
    recordings.delete_own(actor=owner.actor, reference=deed.reference)
    emptied = Record.objects.get()
    assert (emptied.subject, emptied.status, emptied.fields, emptied.document) == (None, "withdrawn", {}, "")
