"""A captured public page (网页采集): whether its address is one, what its markup says, and the row that is made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urlsplit

from xinlin.core.batches import judge_row
from xinlin.core.columns import ColumnUse
from xinlin.core.masking import mask_people
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text

ADDRESS, CAPTURE = "address", "capture"
"""Fields of a kind from the web that the platform fills in: where the page stood, and the SHA-256 of its bytes."""
VERIFIERS = 2
"""People who must find a page's item right before anything of it leaves, neither of them who captured it."""
LONGEST_ADDRESS = 500
_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "select", "option"})
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "td", "th", "tr", "ul"),
    )
)


class _Page(HTMLParser):
    """Collects the text of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[list[str]] = [[]]
        self.title: list[str] = []
        self._silent = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "title":
            self._in_title = True
        elif tag in _BLOCKS:
            self.lines.append([])

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "title":
            self._in_title = False
        elif tag in _BLOCKS:
            self.lines.append([])

    def handle_data(self, data: str) -> None:
        """Text, in pieces."""
        if self._in_title:
            self.title.append(data)
        elif not self._silent:
            self.lines[-1].append(data)


def page_text(page: str) -> str:
    """What a page says, a line for each block of its markup; a text without markup as it is."""
    if not re.search(r"<(?:!doctype|html|head|body|p|div|br|table|title)\b", page, re.IGNORECASE):
        return page
    reader = _Page()
    reader.feed(page)
    reader.close()
    told = [re.sub(r"\s+", " ", "".join(parts)).strip() for parts in (reader.title, *reader.lines)]
    return "\n".join(line for at, line in enumerate(told) if line and (not at or line != told[0]))


def address_problem(address: str) -> Problem | None:
    """What is wrong with an address of a public page, or None."""
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and "." in str(parts.hostname)
        right = right and parts.username is None and parts.password is None
    except ValueError:
        right = False
    if right and len(address) <= LONGEST_ADDRESS and not re.search(r"[\s\x00-\x1f<>\"]", address):
        return None
    return Problem(
        "address_not_public",
        ADDRESS,
        Text(zh="这不是公开网页的地址", en="This is no address of a public page"),
        Text(
            zh="请粘贴以 http:// 或 https:// 开头的完整地址",
            en="Paste the whole address, which begins with http:// or https://",
        ),
        address[:200],
    )


def typed_fields(kind: Kind) -> list[str]:
    """The codes of the fields that a person fills in."""
    return [spec.code for spec in kind.fields if spec.code not in (ADDRESS, CAPTURE)]


def row_of(kind: Kind, typed: Mapping[str, str], address: str, capture: str) -> dict[str, str]:
    """The row that a delivery of the item would have: Chinese label -> text."""
    filled = {**{code: typed.get(code, "").strip() for code in typed_fields(kind)}, ADDRESS: address, CAPTURE: capture}
    return {spec.label.zh: filled.get(spec.code, "") for spec in kind.fields}


def row_problems(kind: Kind, row: Mapping[str, str]) -> list[Problem]:
    """Everything that is wrong with the row: what intake would refuse, and people named in its texts."""
    columns = {spec.code: ColumnUse(column=spec.label.zh) for spec in kind.fields}
    judged = judge_row(kind, columns, row)
    problems = judged if isinstance(judged, list) else []
    for spec in kind.fields:
        text = row[spec.label.zh]
        if spec.type == "text" and spec.code not in (ADDRESS, CAPTURE) and mask_people(text) != text:
            problems.append(Problem("person_named", spec.code, _NAMED, _TAKE_OUT, text))
    return problems


_NAMED = Text(
    zh="文字里似乎有自然人的姓名、号码或联系方式；公开网页上的个人信息不采集",
    en="The text seems to name a natural person; nothing about persons is taken from public pages",
)
_TAKE_OUT = Text(
    zh="只写单位和事情，删去个人信息", en="Tell of the organisation and the matter only; take personal matters out"
)
