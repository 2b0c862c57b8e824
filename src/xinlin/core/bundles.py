"""A proof bundle (自证包): a published figure with its receipt, its rules and its facts, checked by whoever holds it, offline.

The receipt proves that this figure was published in a signed run; the run's statement names the hash of the rules; and the rules applied to the
facts give the figure again. Nothing of it asks the platform.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from xinlin.core.notes import Key, Refused, Verify, open_note, parse_proof, verify_receipt
from xinlin.core.plan import scheme_sha256
from xinlin.core.records import Fact
from xinlin.core.schemes import Scheme
from xinlin.core.scores import evaluate

FORM = "xinlin proof bundle 1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bundle holds, and whether each part does."""

    run: str
    as_of: str
    score: int
    tier: str
    rules_hold: bool
    """The rules in the bundle are those that the signed statement names."""
    figure_holds: bool
    """The rules applied to the facts give the score, the tier and every dimension."""

    @property
    def holds(self) -> bool:
        """Whether the figure is proved."""
        return self.rules_hold and self.figure_holds


def _plain(fact: Fact) -> dict[str, Any]:
    days = {"occurred_on": fact.occurred_on.isoformat(), "ends_on": fact.ends_on.isoformat() if fact.ends_on else None}
    own = {
        name: {"day": value.isoformat()} if isinstance(value, date) else value for name, value in fact.fields.items()
    }
    return {**asdict(fact), **days, "fields": own}


def _fact(given: Mapping[str, Any]) -> Fact:
    own = {
        name: date.fromisoformat(value["day"]) if isinstance(value, dict) else value
        for name, value in given["fields"].items()
    }
    days = {
        "occurred_on": date.fromisoformat(given["occurred_on"]),
        "ends_on": date.fromisoformat(given["ends_on"]) if given["ends_on"] else None,
    }
    return Fact(**{**given, **days, "fields": own})


def bundle_text(receipt: str, scheme: Scheme, facts: Iterable[Fact]) -> str:
    """The bundle as text to be kept: one JSON object."""
    whole = {
        "form": FORM,
        "receipt": receipt,
        "scheme": scheme.model_dump(mode="json", by_alias=True),
        "facts": [_plain(fact) for fact in facts],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def verify_bundle(text: str, key: Key, verify: Verify) -> Verdict:
    """Check a bundle with the statements' key alone. Raises `Refused` where it cannot be read, or its receipt does not hold."""
    try:
        given = json.loads(text)
        if given["form"] != FORM:
            raise Refused(f"this is no {FORM}")
        scheme = Scheme.model_validate_json(json.dumps(given["scheme"]))
        facts = [_fact(fact) for fact in given["facts"]]
        receipt = str(given["receipt"])
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise Refused(f"the bundle cannot be read: {type(error).__name__}") from error
    _head, body = verify_receipt(receipt, key, verify)
    statement = open_note(parse_proof(receipt).checkpoint, [key], verify)
    named = next((line.rpartition(" ")[2] for line in statement.split("\n") if line.startswith("scheme ")), "")
    result = evaluate(scheme, facts, date.fromisoformat(body["as_of"]))
    dimensions = {dimension.code: dimension.points for dimension in result.dimensions}
    same = (result.score, result.tier, dimensions) == (body["score"], body["tier"], body["dimensions"])
    return Verdict(body["run"], body["as_of"], body["score"], body["tier"], named == scheme_sha256(scheme), same)
