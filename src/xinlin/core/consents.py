"""Terms of a consent, and its receipt as other systems read it (授权同意; 个人信息保护法 14, 17, 23; ISO/IEC TS 27560).

A consent holds for the terms under which it was given. Where purpose, method, kinds, recipient, what leaves, or how long
changes, it is asked anew (个人信息保护法 14, 23); a change of wording elsewhere changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from xinlin.core.log import canonical, digest, instant
from xinlin.core.notes import Key, Refused, Verify, open_note
from xinlin.core.rulebooks import Notice, Rulebook, Scene
from xinlin.core.schemes import Scheme
from xinlin.core.values import Text

Terms = Mapping[str, Any]
"""What was agreed to, as kept with the consent: plain JSON."""
MATERIAL: dict[str, Text] = {
    "controller": Text(zh="谁来处理", en="Who processes"),
    "recipient": Text(zh="交给谁", en="Who receives"),
    "purpose": Text(zh="为了什么", en="What for"),
    "method": Text(zh="怎样处理", en="How"),
    "kinds": Text(zh="用哪些信息", en="Which data"),
    "leaves": Text(zh="离开平台的内容", en="What leaves the platform"),
    "lasts": Text(zh="授权多久", en="For how long"),
    "retention": Text(zh="保存多久", en="How long it is kept"),
}
"""The terms whose change asks for a new consent."""
SCHEMA = "ISO/IEC TS 27560:2023"


def terms_of_score(notice: Notice) -> dict[str, Any]:
    """The whole notice as agreed to (个人信息保护法 17): what stays with the consent for ever."""
    return {"step": "score", **notice.model_dump(mode="json", exclude={"basis"})}


def terms_of_scene(scene: Scene, notice: Notice) -> dict[str, Any]:
    """The second notice (个人信息保护法 23): recipient, purpose, what leaves, how long."""
    return {
        "step": "scene",
        "version": notice.version,
        "controller": notice.controller.model_dump(mode="json"),
        "contact": notice.contact,
        **scene.model_dump(mode="json", exclude={"basis", "code"}),
    }


def terms_of_trade(scheme: Scheme, notice: Notice) -> dict[str, Any]:
    """The notice of a trade's score (行业信用分): the city's own, with this score's name and purpose."""
    assert scheme.name is not None and scheme.purpose is not None  # the rulebook does not load otherwise
    named = {"name": scheme.name.model_dump(mode="json"), "purpose": scheme.purpose.model_dump(mode="json")}
    return {**terms_of_score(notice), **named, "step": "trade"}


def fingerprint(terms: Terms, scene: str = "") -> str:
    """SHA-256 over the material terms: equal as long as a consent to the one is a consent to the other."""
    return digest({"step": terms["step"], "scene": scene, **{name: terms.get(name) for name in MATERIAL}})


def current_terms(rulebook: Rulebook, day: date) -> dict[tuple[str, str], dict[str, Any]]:
    """The terms under which the city asks on ``day``, by (step, scene); a trade's score stands under its scheme's code."""
    if rulebook.notice is None:
        return {}
    notice = rulebook.notice
    trades = {("trade", scheme.code): terms_of_trade(scheme, notice) for scheme in rulebook.trade_schemes_at(day)}
    scenes = {("scene", code): terms_of_scene(scene, notice) for code, scene in rulebook.scenes.items()}
    return {("score", ""): terms_of_score(notice), **scenes, **trades}


@dataclass(frozen=True)
class Difference:
    """One material term that is no longer as it was agreed to."""

    name: Text
    before: Any
    after: Any


def differences(agreed: Terms, today: Terms) -> list[Difference]:
    """What changed between the terms agreed to and those of today, in the order of the notice."""
    return [
        Difference(name, agreed.get(code), today.get(code))
        for code, name in MATERIAL.items()
        if agreed.get(code) != today.get(code)
    ]


@dataclass(frozen=True)
class Event:
    """Something that happened to a consent: given, paused, resumed, withdrawn, replaced, lapsed."""

    at: datetime
    state: str
    via: str


@dataclass(frozen=True)
class Receipt:
    """What a receipt is made of."""

    number: str
    principal: str
    """A pseudonym, known to nobody outside the platform."""
    scene: str
    terms: Terms
    expires_at: datetime | None
    receipt_sha256: str
    events: list[Event]


_STATES = {
    "given": "consent-given",
    "paused": "consent-suspended",
    "resumed": "consent-given",
    "withdrawn": "consent-withdrawn",
    "replaced": "consent-superseded",
    "lapsed": "consent-expired",
}


def _parties(terms: Terms) -> list[dict[str, Any]]:
    parties = [
        {
            "party_id": "controller",
            "party_role": "pii_controller",
            "party_name": terms["controller"],
            "party_contact": terms["contact"],
            "party_type": "government_body",
        }
    ]
    if "recipient" in terms:
        parties.append(
            {
                "party_id": "recipient",
                "party_role": "recipient_third_party",
                "party_name": terms["recipient"],
                "party_contact": terms["contact"],
                "party_type": "recipient_of_this_scene",
            }
        )
    return parties


def _data(terms: Terms) -> list[dict[str, Any]]:
    """What is processed: for the score its kinds as the notice states them, for a scene what leaves."""
    if terms["step"] != "scene":
        return [{"pii_type": terms["kinds"], "pii_optional": False, "sensitive_pii_category": False}]
    kinds = [{"pii_type": kind, "pii_optional": False, "sensitive_pii_category": False} for kind in terms["kinds"]]
    return [{"pii_type": terms["leaves"], "pii_optional": False, "sensitive_pii_category": False}, *kinds]


def as_27560(receipt: Receipt) -> dict[str, Any]:
    """The receipt in the shape of ISO/IEC TS 27560: header, processing, parties, events; texts in both languages."""
    terms, kept = receipt.terms, receipt.expires_at
    purpose = {
        "purpose_id": receipt.scene or "score",
        "purpose": terms["purpose"],
        "purpose_type": terms["step"],
        "lawful_basis": "consent (个人信息保护法 第十三条第一款第一项)",
        "pii_information": _data(terms),
        "pii_controllers": ["controller"],
        "recipient_third_parties": ["recipient"] if "recipient" in terms else [],
        "collection_method": {"zh": "政府部门依法报送", "en": "delivered by government departments under the law"},
        "processing_method": terms.get("method"),
        "storage_locations": ["CN"],
        "processing_locations": ["CN"],
        "geographic_restrictions": ["CN"],
        "retention_period": terms.get("retention") or terms.get("lasts"),
        "jurisdictions": ["CN"],
        "withdrawal_method": {
            "zh": "登录后“我的”→“退出评分”，或在场景页“撤回授权”，两步完成；窗口和电话同样办理",
            "en": "Me, Leave; or Withdraw on the scene's page: two taps. The counter and the telephone do the same",
        },
        "privacy_rights": terms.get("rights"),
    }
    return {
        "header": {"schema_version": SCHEMA, "record_id": receipt.number, "pii_principal_id": receipt.principal},
        "pii_processing": {
            "privacy_notice": {"version": terms["version"], "terms_sha256": fingerprint(terms, receipt.scene)},
            "language": ["zh-Hans", "en"],
            "purposes": [purpose],
        },
        "party_identification": _parties(terms),
        "event": [
            {
                "event_schema_version": SCHEMA,
                "event_time": instant(event.at),
                "validity_duration": instant(kept) if kept and event.state == "given" else None,
                "entity_id": receipt.principal,
                "event_type": "explicit",
                "event_state": _STATES[event.state],
                "via": event.via,
            }
            for event in receipt.events
        ],
        "receipt_sha256": receipt.receipt_sha256,
    }


DELETION = "xinlin deletion receipt v1"
"""The first line of a deletion receipt: no tree head and no other note of the log begins with it."""


@dataclass(frozen=True)
class Kept:
    """A copy outside the tables that still held the person's rows when they left, and the day by which it is gone."""

    name: str
    until: datetime


def deletion_note(
    *,
    number: str,
    city: Text,
    what: str,
    at: datetime,
    consents: Iterable[str],
    tables: Mapping[str, int],
    kept: Iterable[Kept],
    sealed: Iterable[str] = (),
) -> dict[str, Any]:
    """The body of a deletion receipt (删除回执): which consents ended, rows deleted per table, copies that still end.

    ``sealed``: deliveries whose files stay sealed as proof of what a department sent, with rows of the person in them.
    """
    files = sorted(set(sealed))
    return {
        "number": number,
        "city": city.model_dump(),
        "what": what,
        "at": instant(at),
        "consents_ended": sorted(consents),
        "rows_deleted": dict(tables),
        "copies_ending": [{"name": copy.name, "gone_by": instant(copy.until)} for copy in kept],
        **({"deliveries_sealed": files} if files else {}),
    }


def open_deletion(note: str, key: Key, verify: Verify) -> dict[str, Any]:
    """What a receipt of deletion says, checked with nothing but the installation's public key. Raises `Refused`."""
    header, _line, body = open_note(note, [key], verify).partition("\n")
    if header != DELETION:
        raise Refused(f"the note is no receipt of deletion: it begins with {header[:60]!r}")
    said = json.loads(body)
    if canonical(said).decode() + "\n" != body:
        raise Refused("the receipt is not in its canonical form")
    return dict(said)
