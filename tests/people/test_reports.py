"""The credit report: whole, sealed, the same twice, and checked by anybody who learns nothing but that and the date."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin.core.reports import ALPHABET, code_from, code_of
from xinlin.office.actions import cases, reports
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.reports import Report
from xinlin.office.printing.seal import SealDamaged, certificate, seal
from xinlin.office.printing.typeset import typeset
from xinlin.office.queries import reports as reports_of
from xinlin.office.queries.people import write_look
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now, today

Make = Callable[..., Resident]


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace("\n", "").replace(" ", "")


def codes(pdf: bytes) -> str:
    """The verification code as it stands on the cover."""
    import re

    found = re.search(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", text_of(pdf))
    assert found
    return found[0]


@pytest.fixture
def someone(resident: Make, record: Callable[..., Record]) -> Resident:
    """A resident with a deed, a repaired fault, a fault under objection, and an officer's look."""
    who = resident("欧阳䶮")
    record(who.subject, "volunteer_service", today() - timedelta(days=9), fields={"hours": 12, "project": "海岛净滩"})
    fault = {
        "record_class": "minor",
        "authority": "示例交警大队",
        "article": "示例条例第四十二条",
        "notice_on": today(),
    }
    record(who.subject, "ebike_violation", today() - timedelta(days=8), status="repaired", document="修复文号", **fault)
    disputed = record(who.subject, "ebike_violation", today() - timedelta(days=7), document="异议文号", **fault)
    cases.object_to(actor=who.actor, reference=disputed.reference, reason="wrong_fact", words="")
    write_look(
        actor=Actor("account:5", "何审批", "officer", "court"),
        subjects=[who.subject.pk],
        purpose="食品经营许可审批核查",
        clause="行政许可法 第十二条",
        kinds=["honour"],
        result="不在有关名单上",
    )
    return who


@pytest.mark.django_db
def test_the_full_report_has_every_part_with_its_sources(someone: Resident) -> None:
    pdf = let_in(someone).post("/report/pdf/", {"edition": "full"}).content
    text = text_of(pdf)
    for part in (
        "自然人信用报告", "报告说明", "基础信息", "公共信用信息概要", "公共信用信息明细", "变更记录", "查询记录", "异议与权利",
        "欧阳䶮", "海岛净滩", "修复文号", "异议文号", "示例条例第四十二条", "提出异议", "何审批" if False else "审批人员", "行政许可法",
    ):  # fmt: skip
        assert part.replace(" ", "") in text, part
    assert "330305199005170" not in text, "the identity number is masked"
    assert len(PdfReader(io.BytesIO(pdf)).pages) >= 2


@pytest.mark.django_db
def test_what_is_handed_over_holds_only_what_stands(someone: Resident) -> None:
    text = text_of(let_in(someone).post("/report/pdf/", {"edition": "standing"}).content)
    assert "海岛净滩" in text and "异议文号" in text and "异议处理中" in text
    for gone in ("修复文号", "变更记录", "查询记录", "行政许可法"):
        assert gone not in text, gone


@pytest.mark.django_db
def test_the_page_says_the_same_and_reading_is_a_look(someone: Resident) -> None:
    client = let_in(someone)
    page = client.get("/report/view/?edition=full").content.decode()
    for part in ("自然人信用报告", "海岛净滩", "修复文号", "行政许可法 第十二条", "提出异议"):
        assert part in page
    assert Look.objects.filter(role="resident", result="出具信用报告").count() == 1
    assert "海岛净滩" in client.get("/report/view/?edition=standing").content.decode()
    assert client.get("/report/").status_code == 200
    english = client.get("/report/view/", headers={"accept-language": "en"}).content.decode()
    assert "Credit report" in english


@pytest.mark.django_db
def test_anybody_checks_a_report_and_learns_only_that_and_when(someone: Resident) -> None:
    pdf = let_in(someone).post("/report/pdf/", {"edition": "full"}).content
    kept, code, anybody = Report.objects.get(), codes(pdf), Client()
    for typed in (code, code.lower(), code.replace("-", " "), f" {code} "):
        page = anybody.get("/verify/", {"code": typed}).content.decode()
        assert "本平台出具过这份报告" in page and kept.number in page
        for private in ("欧阳", someone.subject.pseudonym, "海岛净滩", "自然人"):
            assert private not in page
    assert "没有这个核验码" in anybody.get("/verify/", {"code": "0000-0000-0000-0000"}).content.decode()
    assert "没有这个核验码" in anybody.get("/verify/", {"code": kept.number}).content.decode()

    def sent(content: bytes) -> str:
        file = SimpleUploadedFile("r.pdf", content, "application/pdf")
        return anybody.post("/verify/", {"code": code, "file": file}).content.decode()

    assert "文件未被改动" in sent(pdf)
    assert "文件与出具时不一致" in sent(pdf.replace(b"%PDF", b"%PDf", 1))
    assert code not in Report.objects.values_list("code_key", flat=True)
    assert "no-cache" in anybody.get("/verify/").headers["Cache-Control"]


@pytest.mark.django_db
def test_the_seal_holds_and_a_flipped_byte_breaks_it(someone: Resident) -> None:
    pdf = let_in(someone).post("/report/pdf/", {"edition": "standing"}).content
    roots = ValidationContext(trust_roots=[_certificate()], allow_fetching=False)

    def judged(content: bytes) -> Any:
        reader = PdfFileReader(io.BytesIO(content))
        return validate_pdf_signature(reader.embedded_signatures[0], roots)

    status = judged(pdf)
    assert status.intact and status.valid and status.trusted
    at = pdf.index(b"stream") + 20
    flipped = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
    assert not judged(flipped).intact
    assert b"BEGIN CERTIFICATE" in Client().get("/verify/certificate.pem").content


def _certificate() -> Any:
    from pyhanko.keys import load_certs_from_pemder_data

    return next(load_certs_from_pemder_data(certificate(now())))


def test_the_same_values_and_moment_give_the_same_bytes() -> None:
    values = {"title": "回执", "issuer": "中心", "mark": "信", "lang": "zh", "lead": "", "facts": [["甲", "乙"]],
              "sections": [], "foot": "", "large": True, "code": "", "code_says": ""}  # fmt: skip
    at = now().replace(microsecond=0)
    first, second = typeset("sheet", values, at), typeset("sheet", values, at)
    assert first == second
    assert seal(first, at, "x") == seal(second, at, "x")
    assert typeset("sheet", values, at + timedelta(days=1)) != first
    with pytest.raises(ValueError, match="no template"):
        typeset("../sheet", values, at)


def test_text_that_looks_like_markup_stays_text() -> None:
    values = {"title": "#panic()", "issuer": "*粗*", "mark": "信", "lang": "zh", "lead": '#read("/etc/passwd")',
              "facts": [["$x$", "<a>"]], "sections": [], "foot": "", "large": False, "code": "", "code_says": ""}  # fmt: skip
    assert '#read("/etc/passwd")' in text_of(typeset("sheet", values, now()))


def test_a_seal_file_of_something_else_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "seal.pem").write_text("not a key")
    with pytest.raises(SealDamaged, match=r"seal\.pem must hold"):
        certificate(now())


@pytest.mark.django_db
def test_a_firm_has_its_report_through_who_leads_it_now_and_nobody_else(
    resident: Make, firm: Callable[..., Subject], record: Callable[..., Record]
) -> None:
    boss, former, stranger = resident("陈大海"), resident("周四海"), resident("王五")
    organisation = firm(boss, today() - timedelta(days=400))
    past = firm(former, today() - timedelta(days=400), until=today() - timedelta(days=3))
    record(
        organisation, "uncorrected_hazard", today() - timedelta(days=20), record_class="general", document="应急罚文"
    )
    assert [one.name for one in reports_of.firms(actor=boss.actor)] == ["示例海产有限公司"]
    text = text_of(let_in(boss).post("/report/pdf/", {"firm": organisation.pseudonym, "edition": "full"}).content)
    assert "法人和非法人组织信用报告" in text and "应急罚文" in text and "示例海产有限公司" in text
    assert Look.objects.filter(subject=organisation).exists()
    for who, reference in ((stranger, organisation.pseudonym), (former, past.pseudonym)):
        answer = let_in(who).post("/report/pdf/", {"firm": reference})
        assert answer.status_code == 404
        with pytest.raises(NotFound):
            reports_of.content(actor=who.actor, firm=reference)
    with pytest.raises(NotAllowed):
        reports.issue(actor=Actor("account:9", "某", "officer", "court"), firm="", via="x", make=lambda _stamp: b"")
    assert Report.objects.count() == 1


@pytest.mark.django_db
def test_reports_are_free_without_limit_and_without_a_score(resident: Make) -> None:
    client = let_in(resident())
    for _ in range(5):
        assert client.post("/report/pdf/", {"edition": "full"}).status_code == 200
    assert Report.objects.count() == 5
    assert "BG" in client.get("/report/").content.decode()


@given(st.binary(min_size=10, max_size=10))
def test_a_code_is_read_back_however_it_is_typed(chance: bytes) -> None:
    code = code_of(chance)
    assert len(code) == 19 and set(code) <= set(ALPHABET + "-")
    assert code_from(code.lower().replace("-", "").replace("0", "o").replace("1", "l")) == code
