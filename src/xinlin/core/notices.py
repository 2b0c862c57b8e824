"""What people are told, in which words and by which ways (通知). The words are data of the rulebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from xinlin.core.schemes import Basis
from xinlin.core.values import Strict, Text, misfit

Channel = Literal["in_app", "sms", "email", "letter"]
PLACE = re.compile(r"\{([a-z_]+)\}")


class NoticeTemplate(Strict):
    """One notice: its words in both languages with ``{places}``, and the ways by which it goes out (通知模板)."""

    code: str
    title: Text
    body: Text
    short: Text
    """For a text message: nothing personal beyond that there is something to read, and where."""
    places: list[str] = []
    """Every name that may stand in braces."""
    channels: list[Channel] = ["in_app", "sms", "email"]
    letter_without_contact: bool = False
    """Whether a letter is printed where the person has given neither telephone nor address."""
    basis: Basis

    @model_validator(mode="after")
    def _places_known(self) -> Self:
        texts = (self.title, self.body, self.short)
        used = {place for text in texts for said in (text.zh, text.en) for place in PLACE.findall(said)}
        unknown = used - set(self.places)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise misfit(
                f"文字中的 {names} 未在 places 中列出",
                f"{names} stands in the words and not in places",
                "写入 places，或改正文字",
                "add it to places, or correct the words",
            )
        return self


Fact = str | date | Text
"""What may stand in a place: words, a day, or words in both languages."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(value: date) -> Text:
    return Text(
        zh=f"{value.year}年{value.month}月{value.day}日", en=f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    )


def filled(text: str, facts: Mapping[str, Fact], language: str) -> str:
    """The words with every place filled, days as the language writes them; no stop stands twice where what fills a place ends a sentence.

    Raises KeyError for a place of which nothing is known.
    """

    def said(found: re.Match[str]) -> str:
        value = facts[found[1]]
        value = _day(value) if isinstance(value, date) else value
        words = value.in_language(language) if isinstance(value, Text) else value
        return words.rstrip("。.") if text.startswith(("。", "."), found.end()) else words

    return PLACE.sub(said, text)
