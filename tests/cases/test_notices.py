"""Notices: written with what they tell, delivered once, by the next gateway where one fails."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler
from django.db import transaction

from tests.cases.conftest import REVIEWER
from tests.scores.conftest import Resident, record, resident, system
from xinlin.core.notices import filled
from xinlin.office.actions import cases, notices, objections
from xinlin.office.actions.case_steps import KIND_NAMES
from xinlin.office.jobs.notices import deliver
from xinlin.office.models.cases import Case
from xinlin.office.models.notices import Contact, Delivery, Message
from xinlin.office.models.records import Record
from xinlin.office.queries import notices as notices_of
from xinlin.office.scopes import Actor, NotFound, Refused, now, today

pytestmark = pytest.mark.django_db
__all__ = ["record", "resident", "system"]
MakeResident = Callable[..., Resident]


class Mailbox(MailHandler):
    """What a mail server took."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Mail] = []

    def handle_message(self, message: Mail) -> None:
        self.mails.append(message)


@pytest.fixture
def mail_server() -> Iterator[tuple[str, Mailbox]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}", box
    controller.stop()


@pytest.fixture
def text_gateway() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A gateway that takes each message id once, as real ones do."""
    taken: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if body["message_id"] not in [one["message_id"] for one in taken]:
                taken.append(body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"reference": f"ref-{len(taken)}"}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/send", taken
    server.shutdown()
    server.server_close()


def _told(someone: Resident, system: Actor) -> Message:
    facts = {"kind": KIND_NAMES["objection"], "number": "YY1", "due_on": "2026-12-01"}
    with transaction.atomic():
        message = notices.notify(actor=system, subject=someone.subject, template="case_open", facts=facts)
    assert message is not None
    return message


def test_a_message_is_there_at_once_and_for_nobody_else(resident: MakeResident, system: Actor) -> None:
    someone, other = resident(), resident("陈大海")
    message = _told(someone, system)
    (shown,) = notices_of.mine(actor=someone.actor, language="zh-hans")
    assert shown.title == "已收到您的异议"
    assert "2026-12-01" in notices_of.one(actor=someone.actor, number=message.number, language="en").body
    assert notices_of.unread(actor=someone.actor) == 1
    notices.read(actor=someone.actor, number=message.number)
    assert notices_of.unread(actor=someone.actor) == 0
    for call in (
        lambda: notices_of.one(actor=other.actor, number=message.number, language="en"),
        lambda: notices.read(actor=other.actor, number=message.number),
    ):
        with pytest.raises(NotFound):
            call()


def test_mail_and_text_message_go_out_once_and_say_no_more_than_they_must(
    resident: MakeResident,
    system: Actor,
    mail_server: tuple[str, Mailbox],
    text_gateway: tuple[str, list[dict[str, str]]],
    settings: object,
) -> None:
    settings.MAIL_GATEWAYS, settings.SMS_GATEWAYS = [mail_server[0]], [text_gateway[0]]  # type: ignore[attr-defined]  # the fixture's
    someone = resident()
    notices.give_contact(actor=someone.actor, channel="sms", address="138 0000 1234", language="zh-hans")
    notices.give_contact(actor=someone.actor, channel="email", address="someone@example.org", language="en")
    _told(someone, system)
    assert deliver() == 2
    assert deliver() == 0
    (mail,), (text,) = mail_server[1].mails, text_gateway[1]
    assert mail["Subject"] == "Your objection has been received"
    assert text["to"] == "13800001234"
    assert "异议" not in text["text"], "a text message does not say what it is about"
    assert set(Delivery.objects.values_list("state", "gateway")) == {
        ("sent", "smtp://127.0.0.1"),
        ("sent", "http://127.0.0.1"),
    }


def test_the_next_gateway_takes_over_and_a_lost_claim_is_sent_under_the_same_id(
    resident: MakeResident, system: Actor, text_gateway: tuple[str, list[dict[str, str]]], settings: object
) -> None:
    settings.SMS_GATEWAYS = ["http://127.0.0.1:9/none", text_gateway[0]]  # type: ignore[attr-defined]  # the fixture's
    someone = resident()
    notices.give_contact(actor=someone.actor, channel="sms", address="13800001234", language="en")
    _told(someone, system)
    assert deliver() == 1
    sent = Delivery.objects.get()
    assert sent.state == "sent" and "127.0.0.1" in sent.error
    Delivery.objects.update(state="sending", claimed_at=now() - timedelta(minutes=5))
    assert deliver() == 1, "its worker was killed after the gateway had taken it"
    assert len(text_gateway[1]) == 1


def test_without_any_gateway_it_waits_longer_each_time_and_fails_in_the_end(
    resident: MakeResident, system: Actor, settings: object
) -> None:
    settings.SMS_GATEWAYS = ["http://127.0.0.1:9/none"]  # type: ignore[attr-defined]  # the fixture's
    someone = resident()
    notices.give_contact(actor=someone.actor, channel="sms", address="13800001234", language="en")
    _told(someone, system)
    for attempt in range(1, 7):
        assert deliver() == 1, attempt
        assert deliver() == 0, "not again before its time"
        Delivery.objects.filter(state="waiting").update(next_at=now())
    assert Delivery.objects.get().state == "failed"
    assert notices_of.unread(actor=someone.actor) == 1, "in the app it stands all the same"


def test_contacts_are_checked_hidden_sealed_and_taken_back(resident: MakeResident) -> None:
    someone = resident()
    with pytest.raises(Refused, match="no address"):
        notices.give_contact(actor=someone.actor, channel="sms", address="110", language="en")
    notices.give_contact(actor=someone.actor, channel="sms", address="13800001234", language="en")
    assert [view.hidden for view in notices_of.contacts(actor=someone.actor)] == ["138****1234"]
    assert "13800001234" not in Contact.objects.get().address_sealed
    notices.give_contact(actor=someone.actor, channel="sms", address="", language="en")
    assert not Contact.objects.exists()


def test_a_case_tells_its_applicant_and_without_contact_the_result_is_a_letter(
    resident: MakeResident, record: Callable[..., Record]
) -> None:
    someone = resident()
    row = record(someone.subject, "ebike_violation", today() - timedelta(days=9))
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="not_me", words="")
    objections.decide(actor=REVIEWER, number=number, outcome="reject", reasons="身份证号一致")
    titles = [view.title for view in notices_of.mine(actor=someone.actor, language="zh-hans")]
    assert titles == ["异议已办结：维持原记录（说明理由）", "已收到您的异议"]
    (letter,) = notices_of.letters(actor=REVIEWER)
    assert letter.addressee == "林小满"
    assert "身份证号一致" in letter.body
    notices.printed(actor=REVIEWER, number=letter.number)
    assert notices_of.letters(actor=REVIEWER) == []


def test_days_are_written_as_the_language_writes_them(resident: MakeResident, record: Callable[..., Record]) -> None:
    someone = resident()
    row = record(someone.subject, "ebike_violation", today() - timedelta(days=9))
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="not_me", words="")
    due = Case.objects.get(number=number).due_on
    (chinese,) = notices_of.mine(actor=someone.actor, language="zh-hans")
    (english,) = notices_of.mine(actor=someone.actor, language="en")
    assert f"{due.year}年{due.month}月{due.day}日" in chinese.body
    assert f"{due.day} {due:%b} {due.year}" in english.body
    assert due.isoformat() not in chinese.body + english.body


def test_reasons_that_end_a_sentence_end_it_once() -> None:
    said = filled("理由：{words}。不同意的，", {"words": "经核实，申报属实。"}, "zh-hans")
    assert said == "理由：经核实，申报属实。不同意的，"
    assert filled("Reasons: {words}. If", {"words": "It is true."}, "en") == "Reasons: It is true. If"
    assert filled("{words}", {"words": "属实。"}, "zh-hans") == "属实。"


def test_what_no_gateway_takes_is_printed_where_it_must_arrive(
    resident: MakeResident, system: Actor, settings: object
) -> None:
    settings.SMS_GATEWAYS = ["http://127.0.0.1:9/none"]  # type: ignore[attr-defined]  # the fixture's
    someone = resident()
    notices.give_contact(actor=someone.actor, channel="sms", address="13800001234", language="zh-hans")
    facts = {"kind": KIND_NAMES["repair"], "number": "XF1", "words": "缺少履行证明"}
    with transaction.atomic():
        notices.notify(actor=system, subject=someone.subject, template="case_ask_papers", facts=facts)
    for _ in range(7):
        Delivery.objects.filter(state="waiting").update(next_at=now())
        deliver()
    assert set(Delivery.objects.values_list("channel", "state")) == {("sms", "failed"), ("letter", "waiting")}
    (letter,) = notices_of.letters(actor=REVIEWER)
    assert letter.addressee == "林小满" and "缺少履行证明" in letter.body


def test_an_occasion_is_told_once(resident: MakeResident, system: Actor) -> None:
    someone = resident()
    facts = {"kind": KIND_NAMES["objection"], "number": "YY1", "due_on": "2026-12-01"}
    for expected in (True, False):
        with transaction.atomic():
            sent = notices.notify(
                actor=system, subject=someone.subject, template="case_late", facts=facts, occasion="late:YY1"
            )
        assert (sent is not None) == expected
    assert Message.objects.count() == 1


def test_a_worker_that_was_too_slow_notes_nothing_over_the_one_that_took_over(
    resident: MakeResident, system: Actor, text_gateway: tuple[str, list[dict[str, str]]], settings: object
) -> None:
    from xinlin.office.jobs import notices as job

    settings.SMS_GATEWAYS = [text_gateway[0]]  # type: ignore[attr-defined]  # the fixture's
    someone = resident()
    notices.give_contact(actor=someone.actor, channel="sms", address="13800001234", language="en")
    _told(someone, system)
    slow = job._claim()
    assert slow is not None
    Delivery.objects.update(claimed_at=now() - timedelta(minutes=5))
    assert deliver() == 1
    assert not job._settle(slow, state=Delivery.State.FAILED, error="too late")
    assert Delivery.objects.get().state == "sent"
    assert len(text_gateway[1]) == 1
