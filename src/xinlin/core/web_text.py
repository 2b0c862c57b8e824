"""Text captured from public pages, made readable (网页文字清理); the capture itself is kept beside it, byte for byte.

Pages of the period carry three artefacts: a reading in brackets behind a character (數(shù)據(jù)), traditional characters, and
what stands below an article: the editor's line, links to other articles.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc_purepy import OpenCC

_READING = re.compile(r"([\u3400-\u9fff])[(（]([a-zü\u00e0-\u00fc\u0101-\u01dc]{1,6})[)）]")
_TAIL = re.compile(
    r"(?:责任编辑|編輯|编辑|責任編輯|相关阅读|相關閱讀|推荐阅读|推薦閱讀|延伸阅读|上一篇|下一篇|版权声明|版權聲明|免责声明|免責聲明|分享到|打印本页|关闭窗口)"
    r"\s*[:：】\]]?"
)
_DASHES = frozenset("-—–·•|")
_BEGUN = 200
"""Characters after which a line of dashes ends an article; before, it parts the page's head from it."""


@dataclass(frozen=True)
class Cleaned:
    """The readable text, and what was taken away."""

    text: str
    tail: str
    """What stood below the article."""
    readings: int
    """Readings in brackets that were taken out."""


@lru_cache(maxsize=16_384)
def _readings(character: str) -> frozenset[str]:
    """Every reading of a character without its tone; ü also as v and u, as pages write it."""
    from pypinyin import Style, pinyin  # its dictionaries take a fifth of a second to load, and few commands need them

    found = {one for readings in pinyin(character, style=Style.NORMAL, heteronym=True) for one in readings}
    return frozenset(found | {one.replace("v", "ü") for one in found} | {one.replace("v", "u") for one in found})


def _toneless(reading: str) -> str:
    """A reading without its tone mark; the dots of ü stay."""
    letters = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    return "".join(one for one in letters if not unicodedata.combining(one)).replace("v", "ü")


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def without_readings(text: str) -> tuple[str, int]:
    """The text without readings in brackets, and how many there were. What is no reading of its character stays: 诚信(app)."""
    taken = 0

    def bare(found: re.Match[str]) -> str:
        nonlocal taken
        if _toneless(found[2]) not in _readings(found[1]):
            return found[0]
        taken += 1
        return found[1]

    return _READING.sub(bare, text), taken


def clean(raw: str) -> Cleaned:
    """The article of a captured page: without its tail and without readings, in simplified characters."""
    lines = [line.strip() for line in raw.replace("\r\n", "\n").split("\n")]
    end = _end(lines)
    text, taken = without_readings("\n".join(line for line in lines[:end] if not line or set(line) - _DASHES))
    body = re.sub(r"\n{3,}", "\n\n", _simplifier().convert(text)).strip()
    return Cleaned(body, "\n".join(lines[end:]).strip(), taken)


def _end(lines: list[str]) -> int:
    """Where what follows an article begins: the editor's line, or a lone dash of a list of links once the article has begun."""
    read = 0
    for at, line in enumerate(lines):
        if at and (_TAIL.match(line) or (read >= _BEGUN and line and set(line) <= _DASHES)):
            return at
        read += len(line)
    return len(lines)
