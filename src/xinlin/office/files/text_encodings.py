"""In which encoding a text table is written, and what else one pass over its lines shows (文本编码)."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from xinlin.office.layouts import refuse

LONGEST_LINE = 16 << 20
"""Bytes in one line; more is no table, and would have to be held in memory whole."""
_BLOCK = 1 << 20
_THREE_BYTES = re.compile(rb"[\xe0-\xff]")
"""In UTF-8 the first byte of a character of three bytes, as Chinese has, or of four."""
_ENOUGH_LINES = 2
"""Lines in which GB18030 reads well, the header among them, beside which a single broken one is no sign of another encoding."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass
class Survey:
    """What one pass over the lines of a file showed."""

    lines: int = 0
    ascii_lines: int = 0
    utf8_lines: int = 0
    """Lines that are UTF-8 beyond doubt: with characters of three bytes, as Chinese has."""
    weak_lines: int = 0
    """Lines that are UTF-8, but with characters of two bytes only, which GB18030 may mean otherwise."""
    weak_sample: bytes = b""
    broken_lines: int = 0
    gb_lines: int = 0
    first_broken: int = 0
    sample: bytes = b""
    first_not_gb: int = 0
    sample_not_gb: bytes = b""
    odd_quotes: int = 0
    nul: bool = False


def survey(path: Path) -> Survey:
    """Count which encodings fit. Raises `FileRefused` for a line that no table has."""
    return _plainly_utf8(path) or _by_lines(path)


def _plainly_utf8(path: Path) -> Survey | None:
    """The survey of a file that is UTF-8 beyond doubt from end to end; None for any other, which is looked at by lines."""
    seen, decode = Survey(), codecs.getincrementaldecoder("utf-8")().decode
    start = b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            block = start + block
            end = block.rfind(b"\n") + 1
            block, start = block[:end], block[end:]
            if len(start) > _BLOCK or b"\0" in block:
                return None
            try:
                decode(block)
            except UnicodeDecodeError:
                return None
            seen.utf8_lines += _THREE_BYTES.search(block) is not None
            seen.lines += block.count(b"\n")
            if b'"' in block:
                seen.odd_quotes += sum(line.count(b'"') & 1 for line in block.split(b"\n"))
        try:
            decode(start, True)
        except UnicodeDecodeError:
            return None
    seen.utf8_lines += _THREE_BYTES.search(start) is not None
    seen.lines += bool(start)
    seen.odd_quotes += start.count(b'"') & 1
    return seen if seen.utf8_lines and b"\0" not in start else None


def _by_lines(path: Path) -> Survey:
    seen = Survey()
    with path.open("rb") as stream:
        while line := stream.readline(LONGEST_LINE + 1):
            seen.lines += 1
            if len(line) > LONGEST_LINE:
                raise refuse(
                    "line_too_long",
                    f"第 {seen.lines} 行超过 {LONGEST_LINE} 字节，不像表格",
                    f"Line {seen.lines} has more than {LONGEST_LINE} bytes; this is no table",
                    "请以每行一条记录的 CSV 重新导出",
                    "Export it again as CSV with one record to a line",
                    where=f"line {seen.lines}",
                )
            if line.count(b'"') & 1:
                seen.odd_quotes += 1
            if line.isascii():
                seen.ascii_lines += 1
                seen.nul = seen.nul or b"\0" in line
                continue
            try:
                if max(line.decode("utf-8")) >= "\u0800":
                    seen.utf8_lines += 1
                    continue
                seen.weak_lines += 1
                seen.weak_sample = seen.weak_sample or line
                continue
            except UnicodeDecodeError as error:
                seen.broken_lines += 1
                if not seen.first_broken:
                    seen.first_broken, seen.sample = seen.lines, line[error.start : error.start + 8]
            try:
                line.decode("gb18030")
                seen.gb_lines += 1
            except UnicodeDecodeError as error:
                if not seen.first_not_gb:
                    seen.first_not_gb, seen.sample_not_gb = seen.lines, line[error.start : error.start + 8]
    return seen


def shown(sample: bytes) -> str:
    """Bytes in hexadecimal, as a person can name them."""
    return sample.hex(" ").upper()


def encoding_of(path: Path, seen: Survey) -> str:
    """BOM, then strict UTF-8, then GB18030. Raises `FileRefused` where none is clear."""
    with path.open("rb") as stream:
        head = stream.read(4)
    bom = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if bom and bom != "utf-8":
        _must_decode(path, bom)
        return bom
    if seen.nul:
        raise refuse(
            "not_text",
            "这不是文本表格（含有空字节）",
            "This is no text table (it holds NUL bytes)",
            "请以 CSV（UTF-8）或 XLSX 重新导出",
            "Export it again as CSV (UTF-8) or XLSX",
        )
    if bom or not seen.broken_lines:
        if not bom and seen.weak_lines and not seen.utf8_lines:
            _refuse_two_readings(seen.weak_sample)
        return "utf-8"
    if seen.utf8_lines >= seen.broken_lines and seen.first_broken > 1:
        return "utf-8"
    not_gb = seen.broken_lines - seen.gb_lines
    few = not_gb * 5 <= seen.broken_lines or (not_gb == 1 and seen.gb_lines >= _ENOUGH_LINES)
    if seen.utf8_lines * 10 <= seen.broken_lines and few and seen.first_not_gb != 1:
        if _plausible_chinese(path):
            return "gb18030"
        raise refuse(
            "encoding_unknown",
            "按 UTF-8 和 GB18030 都读不成通顺的文字",
            "Neither UTF-8 nor GB18030 yields readable text",
            "请以 UTF-8 重新导出",
            "Export it again as UTF-8",
            where=f"line {seen.first_broken}",
            raw=shown(seen.sample),
        )
    line, sample = (seen.first_not_gb, seen.sample_not_gb) if seen.first_not_gb else (seen.first_broken, seen.sample)
    raise refuse(
        "encoding_mixed",
        f"第 {line} 行有按 UTF-8 和 GB18030 都读不出来的字节，文件可能混用了几种编码",
        f"Line {line} holds bytes that neither UTF-8 nor GB18030 can read; the file may mix encodings",
        "请以 UTF-8 重新导出整个文件",
        "Export the whole file again as UTF-8",
        where=f"line {line}",
        raw=shown(sample),
    )


def _must_decode(path: Path, encoding: str) -> None:
    """Refuse a file that begins as if it were in this encoding and is not: pairs of bytes have no line that could be told apart."""
    try:
        with path.open(encoding=encoding, newline="") as stream:
            while stream.read(_BLOCK):
                pass
    except UnicodeDecodeError as error:
        raise refuse(
            "not_text",
            f"文件以 {encoding} 的标记开头，内容却读不出来",
            f"The file begins with the mark of {encoding}, but cannot be read so",
            "请以 CSV（UTF-8）或 XLSX 重新导出",
            "Export it again as CSV (UTF-8) or XLSX",
        ) from error


def _refuse_two_readings(sample: bytes) -> None:
    """Refuse a file whose only signs of an encoding read well in both: two bytes are é in UTF-8 and 茅 in GB18030."""
    try:
        other = sample.decode("gb18030")
    except UnicodeDecodeError:
        return
    ours = sample.decode("utf-8")
    one, two = ("".join(c for c in text if not c.isascii())[:8] for text in (ours, other))
    raise refuse(
        "encoding_two_readings",
        f"编码有两种读法：UTF-8 读作“{one}”，GB18030 读作“{two}”",
        f"The encoding has two readings: {one!r} as UTF-8, {two!r} as GB18030",
        "请另存为“CSV UTF-8（带 BOM）”或 XLSX",
        "Save it as CSV UTF-8 with BOM, or as XLSX",
        raw=shown(sample[:16]),
    )


def _plausible_chinese(path: Path) -> bool:
    """Whether the first 64 kB, read as GB18030, are mostly everyday characters (GB 2312 level 1).

    Another encoding read as GB18030 gives rare characters; real Chinese text has over nine in ten from level 1.
    """
    with path.open("rb") as stream:
        text = stream.read(65536).decode("gb18030", "ignore")
    counts = Counter(character for character in text if not character.isascii())
    common = rare = 0
    for character, number in counts.items():
        try:
            first = character.encode("gb2312")[0]
        except UnicodeEncodeError:
            rare += number
            continue
        if 0xB0 <= first <= 0xD7 or first <= 0xA3:
            common += number
        else:
            rare += number
    return common >= 2 * rare
