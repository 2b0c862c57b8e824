"""Papers that people take away: values for the templates, and answers that no cache keeps (文书)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import segno
from django.http import HttpResponse
from django.utils.translation import get_language, gettext

from xinlin.core.values import Text
from xinlin.faces.kit.context import words_of
from xinlin.faces.kit.templatetags.kit import text_filter
from xinlin.office import rulebook
from xinlin.office.printing.seal import seal
from xinlin.office.printing.typeset import typeset

Fact = tuple[str, str]
"""A name and its value, as shown."""
Section = tuple[str, Sequence[str]]
"""A heading and its paragraphs."""


def said(value: Text | Mapping[str, str] | str | None) -> str:
    """A text in the reader's language."""
    return text_filter(value)


def qr(address: str, *, screen: bool = False) -> str:
    """A QR code of the address as SVG, medium error correction, without a border; on a ``screen`` it fills what holds it."""
    drawn, screened = io.BytesIO(), {"omitsize": True, "xmldecl": False} if screen else {}
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", border=0, dark="#1f2a28", **screened)
    return drawn.getvalue().decode()


def letterhead() -> dict[str, str]:
    """What stands at the head of every paper: issuer, emblem, language."""
    words = words_of(rulebook.current())
    chinese = (get_language() or "zh-hans").startswith("zh")
    return {"issuer": said(words.centre), "mark": words.mark, "lang": "zh" if chinese else "en"}


def sheet(
    title: str,
    facts: Sequence[Fact],
    sections: Sequence[Section],
    at: datetime,
    *,
    lead: str = "",
    foot: str = "",
    large: bool = False,
    code: str = "",
    code_says: str = "",
    signed: str = "",
) -> bytes:
    """A receipt or a letter as a sealed PDF.

    ``code`` is an address that the QR code on it leads to; ``signed`` a signed note, set as it stands.
    """
    values: dict[str, Any] = {
        **letterhead(),
        "title": title,
        "lead": lead,
        "facts": [list(fact) for fact in facts if fact[1]],
        "sections": [{"title": heading, "text": [p for p in text if p]} for heading, text in sections],
        "foot": foot,
        "large": large,
        "code": qr(code) if code else "",
        "code_says": code_says,
        "signed_title": gettext("数字签名") if signed else "",
        "signed": signed.splitlines(),
    }
    return seal(typeset("sheet", values, at), at, title)


def download(content: bytes | str, name: str, kind: str) -> HttpResponse:
    """An answer that the browser saves under ``name``."""
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def pdf(content: bytes, name: str) -> HttpResponse:
    """A PDF that the browser shows, and saves under ``name``."""
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
