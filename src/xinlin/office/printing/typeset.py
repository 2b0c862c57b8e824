"""Sets a page from a template and plain values; the same values and moment give the same bytes (排版)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

HERE = Path(__file__).resolve().parent
FONTS = HERE / "fonts"
TEMPLATES = ("report", "sheet")


class NotSet(RuntimeError):
    """A page could not be set: the template and its values do not fit. A fault of ours, never of a reader's."""


def typeset(template: str, values: Mapping[str, Any], at: datetime) -> bytes:
    """A PDF from ``templates/<template>.typ``, its values handed over as JSON, never pasted into the template.

    ``at`` is the document's date; nothing else of the clock goes in. The fonts are the ones shipped here and no other,
    and nothing is fetched. Raises `NotSet`, and ValueError for an unknown template.
    """
    if template not in TEMPLATES:
        raise ValueError(f"there is no template {template!r}")
    try:
        made = typst.compile(
            HERE / "templates" / f"{template}.typ",
            root=HERE / "templates",
            font_paths=[FONTS],
            ignore_system_fonts=True,
            sys_inputs={"values": json.dumps(values, ensure_ascii=False)},
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise NotSet(f"{template}: {error}") from error
    if not isinstance(made, bytes):
        raise NotSet(f"{template}: more than one file came out")
    return made
