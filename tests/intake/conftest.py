"""A small catalogue of its own, made-up people and firms, and a way to send a file and have it worked on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import ric, uscc

from xinlin.core.rulebooks import Department, FieldSpec, Kind, Rulebook
from xinlin.core.values import Text
from xinlin.office.scopes import Actor

Send = Callable[..., Any]


def text(words: str) -> Text:
    """The same words in both languages."""
    return Text(zh=words, en=words)


def resident(number: int, born: str = "19900307") -> str:
    """A made-up resident number with a right check digit."""
    body = f"330322{born}{number:03d}"
    return body + ric.calc_check_digit(body + "0")


def firm(number: int) -> str:
    """A made-up social credit code with a right check character."""
    body = f"91330305MA2{number:06d}"
    return body + uscc.calc_check_digit(body)


def spec(code: str, label: str, type: str = "text", **more: Any) -> FieldSpec:
    """A field."""
    return FieldSpec(code=code, label=Text(zh=label, en=code), type=type, **more)  # type: ignore[arg-type]  # test data


def kind(code: str, fields: list[FieldSpec], **more: Any) -> Kind:
    """A kind with everything else filled in."""
    given: dict[str, Any] = {
        "providers": ["office"],
        "subject_kinds": ["person"],
        "sign": "neutral",
        "openness": "government",
        "retention": "P5Y",
        "update_interval": "P1M",
        "basis": "demonstration",
        "purpose": text("测试"),
        "name": text(code),
    }
    return Kind(code=code, fields=fields, **{**given, **more})


ID = spec(
    "resident_id", "公民身份号码", "resident_id", required=True, role="subject", personal=True, aliases=["身份证号"]
)
NAME = spec("name", "姓名", required=True, role="subject_name", personal=True, max_length=60)
ON = spec("occurred_on", "发生日期", "date", required=True, role="occurred_on")
KINDS = [
    kind(
        "residents",
        [
            ID,
            NAME,
            spec("region", "行政区划代码", "region"),
            spec("registered_on", "登记日期", "date", role="occurred_on"),
        ],
        effect="register",
    ),
    kind(
        "firms",
        [
            spec("uscc", "统一社会信用代码", "uscc", required=True, role="subject"),
            spec("name", "企业名称", required=True, role="subject_name"),
            spec("registered_on", "注册日期", "date", required=True, role="occurred_on"),
            spec("type", "企业类型"),
            spec("capital", "注册资金", "money"),
            spec("scope", "经营范围"),
            spec("address", "注册地址"),
            spec("representative_id", "法定代表人身份证号", "resident_id", role="representative", personal=True),
            spec("representative_name", "法定代表人", role="representative_name", personal=True),
        ],
        effect="register",
        subject_kinds=["enterprise", "institution", "social_organisation", "government_body"],
    ),
    kind(
        "deeds",
        [
            ID,
            NAME,
            ON,
            spec("hours", "时长", "integer", minimum=1, maximum=24, unit="小时"),
            spec("amount", "金额", "money", unit="元"),
            spec(
                "sort", "类别", "code", codes={"park": Text(zh="公园", en="Park"), "road": Text(zh="道路", en="Road")}
            ),
            spec("phone", "联系电话", personal=True),
        ],
    ),
    kind(
        "listed",
        [
            spec("identifier", "证件号码", "identifier", required=True, role="subject", personal=True),
            spec("name", "名称", required=True, role="subject_name", personal=True),
            spec("document", "文书号", required=True, role="document"),
            spec("authority", "决定机关", required=True, role="authority"),
            spec("article", "依据", role="article"),
            spec("entered_on", "列入日期", "date", required=True, role="occurred_on"),
            spec("notice_on", "告知日期", "date", role="notice_on"),
            spec("remedy", "救济途径", role="remedy"),
            spec("ends_on", "截止日期", "date", role="ends_on"),
        ],
        effect="list_entry",
        statutory_list="bad_payers",
        delivery="full_list",
        subject_kinds=["person", "enterprise"],
    ),
    kind(
        "published",
        [
            spec("office", "公布机关", role="authority", aliases=["管轄"]),
            spec("updated_on", "更新日期", "date", aliases=["最終更新日"]),
            spec("name", "名称", required=True, role="subject_name", aliases=["企業・事業場名称"]),
            spec("place", "所在地", required=True, role="key"),
            spec("published_on", "公布日期", "date", required=True, role="occurred_on", aliases=["公表日"]),
            spec("law", "违反条款", role="article", aliases=["違反法条"]),
            spec("summary", "事案概要"),
            spec("remarks", "备注", aliases=["その他参考事項"]),
            spec("uscc", "统一社会信用代码", "uscc", role="subject"),
        ],
        linking="optional",
        delivery="full_list",
        subject_kinds=["enterprise", "institution", "social_organisation"],
    ),
    kind(
        "purchases",
        [
            spec("item", "品种", required=True, role="key", aliases=["通用名"]),
            spec("maker", "供应商", required=True, role="subject_name"),
            spec("price", "成交价", "money"),
            spec("published_on", "公布日期", "date", role="occurred_on"),
        ],
        linking="optional",
        subject_kinds=["enterprise"],
    ),
    kind(
        "penalties",
        [ID, NAME, ON, spec("named", "责任人", "resident_id", role="named_person", personal=True)],
        providers=["other_office"],
    ),
]
CLERK = Actor(handle="account:1", name="报送员", role="clerk", department="office")
CATALOGUE = Rulebook(
    code="test",
    name=text("测试"),
    level="city",
    departments={
        code: Department(code=code, name=text(code), basis="demonstration") for code in ("office", "other_office")
    },
    kinds={k.code: k for k in KINDS},
)


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Rulebook:
    """The office runs on the small catalogue and keeps its vault in a folder of the test's own."""
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: CATALOGUE)
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path / "data")
    return CATALOGUE


@pytest.fixture
def send(db: None, django_capture_on_commit_callbacks: Any) -> Send:
    """``send("deeds", bytes)``: receive a file and work on it; returns the batch as it then stands."""
    from xinlin.office.actions.batches import receive
    from xinlin.office.models.batches import Batch
    from xinlin.office.models.measures import ListRule

    ListRule.objects.get_or_create(code="bad_payers", defaults={"colour": "black", "severity": "serious"})

    def send_(kind: str, content: bytes, filename: str = "file.csv", **more: Any) -> Batch:
        actor = more.pop("actor", CLERK)
        with django_capture_on_commit_callbacks(execute=True):
            receipt = receive(actor=actor, kind=kind, filename=filename, chunks=[content], **more)
        return Batch.objects.get(number=receipt.number)

    return send_


def table(*lines: str) -> bytes:
    """Lines of a CSV file in UTF-8."""
    return ("\n".join(lines) + "\n").encode()


def day(text_: str) -> date:
    """A date."""
    return date.fromisoformat(text_)
