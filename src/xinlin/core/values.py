"""Small shared values: bilingual text, problems, strict base model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """A frozen value that refuses unknown keys and silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Strict):
    """A text in the two languages of the product; Chinese is the source."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text for a language code such as ``zh-hans`` or ``en``."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True)
class Problem:
    """Something wrong with an input: what, where, and what to do about it.

    ``code`` is stable and machine-readable; ``where`` is a field, a key path or ``file:line``;
    ``raw`` is the value as it came.
    """

    code: str
    where: str
    what: Text
    cure: Text
    raw: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready form, stored beside refused rows and printed by the API."""
        return {
            "code": self.code,
            "where": self.where,
            "raw": self.raw,
            "what": {"zh": self.what.zh, "en": self.what.en},
            "cure": {"zh": self.cure.zh, "en": self.cure.en},
        }


def misfit(zh: str, en: str, cure_zh: str, cure_en: str) -> PydanticCustomError:
    """What a validator raises where a value breaks a rule of its type: the fault and its cure in both languages."""
    said = {"zh": zh, "en": en, "cure_zh": cure_zh, "cure_en": cure_en}
    return PydanticCustomError("misfit", "{en}; {cure_en}", said)
