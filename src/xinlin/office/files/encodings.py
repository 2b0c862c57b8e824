"""In which encoding a marked-up or structured text is written (JSON、XML、HTML 的编码)."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

from xinlin.office.layouts import ENCODINGS, Reading, refuse

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ALIASES = {
    "gbk": "gb18030", "gb2312": "gb18030", "gb_2312-80": "gb18030", "cp936": "gb18030", "x-gbk": "gb18030",
    "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "unicode": "utf-16", "ucs-2": "utf-16",
    "shift-jis": "shift_jis", "sjis": "shift_jis", "windows-31j": "shift_jis", "big5-hkscs": "big5",
}  # fmt: skip
_PIECE = 1 << 20


def fits(path: Path, encoding: str) -> bool:
    """Whether all bytes of the file are of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def decoded_encoding(path: Path, reading: Reading, declared: str = "") -> str:
    """The encoding that a person named, else by mark, else the declared one, else UTF-8, else GB18030: the first that fits.

    Raises `FileRefused` where none fits every byte.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), "")
    said = _ALIASES.get(declared.strip().lower(), declared.strip().lower())
    wanted: Sequence[str] = (reading.encoding,) if reading.encoding else (marked, said, "utf-8", "gb18030")
    for encoding in wanted:
        if encoding in ENCODINGS and fits(path, encoding):
            return encoding
    raise refuse(
        "encoding_unknown",
        "按 UTF-8 和 GB18030 都读不出来" if not reading.encoding else f"不是 {reading.encoding} 编码",
        "Neither UTF-8 nor GB18030 fits" if not reading.encoding else f"It is not {reading.encoding}",
        "请以 UTF-8 重新导出",
        "Export it again as UTF-8",
    )
