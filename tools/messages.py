"""Collects the texts that pages and code mark for translation into the English catalogue, and compiles it.

Chinese is the message itself; English is the one translation. No gettext programs are needed. Run by
``python3 dev.py messages``; the tests use `wanted` and `problems` to refuse an incomplete catalogue.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "xinlin"
CATALOGUE = SOURCE / "locale" / "en" / "LC_MESSAGES" / "django.po"

PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
IN_CONTEXT = {"pgettext", "pgettext_lazy"}
_CALL = re.compile(r"(?<![\w.])(?:gettext|ngettext|pgettext|npgettext|_)\(")
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@dataclass(frozen=True, order=True)
class Message:
    """A text to translate: context (or ""), text, plural form (or "")."""

    context: str
    text: str
    plural: str


class NotConstant(ValueError):
    """A text marked for translation is put together at run time and can never be found in a catalogue."""


def _message(call: ast.Call) -> Message | None:
    """The message of a call to one of gettext's functions; None for any other call."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    wants = 1 if name in PLAIN else 2 if name in PLURAL | IN_CONTEXT else 3 if name == "npgettext" else 0
    if not wants or len(call.args) < wants:
        return None
    texts: list[str] = []
    for argument in call.args[:wants]:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise NotConstant(f"line {call.lineno}: the text given to {name}() is not a plain string")
        texts.append(argument.value)
    if name in PLAIN:
        return Message("", texts[0], "")
    if name in PLURAL:
        return Message("", texts[0], texts[1])
    if name in IN_CONTEXT:
        return Message(texts[0], texts[1], "")
    return Message(texts[0], texts[1], texts[2])


def of_python(text: str) -> Iterator[Message]:
    """Messages of one Python source. Raises `NotConstant`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            found = _message(node)
            if found and found.text:
                yield found


def of_template(text: str) -> Iterator[Message]:
    """Messages of one template: ``trans``, ``blocktrans`` and ``_("…")`` in expressions."""
    flat = templatize(text)
    for start in _CALL.finditer(flat):
        end = start.end()
        while (end := flat.find(")", end) + 1) > 0:
            try:
                call = ast.parse(flat[start.start() : end], mode="eval").body
            except SyntaxError:
                continue
            found = _message(call) if isinstance(call, ast.Call) else None
            if found and found.text:
                yield found
            break


def wanted() -> dict[Message, set[str]]:
    """Every message in the package, with the files (relative to the checkout) that use it. Raises `NotConstant`."""
    if not settings.configured:
        settings.configure(USE_I18N=False)  # the template lexer asks for settings; none of ours matter to it
    found: dict[Message, set[str]] = {}
    for path in sorted(SOURCE.rglob("*")):
        reader = {".py": of_python, ".html": of_template, ".txt": of_template}.get(path.suffix)
        if reader is None or "static" in path.parts or "migrations" in path.parts:
            continue
        place = path.relative_to(ROOT).as_posix()
        try:
            for message in reader(path.read_text(encoding="utf-8")):
                found.setdefault(message, set()).add(place)
        except NotConstant as error:
            raise NotConstant(f"{place}: {error}") from error
    return found


def _key(entry: polib.POEntry) -> Message:
    return Message(entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")


def catalogue() -> polib.POFile:
    """The English catalogue as it is kept; an empty one where there is none yet."""
    if CATALOGUE.exists():
        return polib.pofile(str(CATALOGUE), wrapwidth=110)
    made = polib.POFile(wrapwidth=110)
    made.metadata = {
        "Project-Id-Version": "xinlin",
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return made


def _texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def problems() -> list[str]:
    """What keeps the catalogue from being complete and compiled, one sentence each."""
    there = {_key(entry): entry for entry in catalogue() if not entry.obsolete}
    found = []
    for message, places in sorted(wanted().items()):
        entry = there.get(message)
        where = ", ".join(sorted(places))
        if entry is None:
            found.append(f"{where}: {message.text!r} is not in the catalogue; run: python3 dev.py messages")
        elif entry.fuzzy or not all(_texts(entry)) or not _texts(entry):
            found.append(f"{where}: {message.text!r} has no English in {CATALOGUE.name}")
        elif any(set(_PLACE.findall(text)) != set(_PLACE.findall(message.text)) for text in _texts(entry)):
            found.append(f"{where}: the English of {message.text!r} has other places to fill in than the Chinese")
    for message in sorted(set(there) - set(wanted())):
        found.append(f"{CATALOGUE.name}: {message.text!r} is used nowhere; run: python3 dev.py messages")
    compiled = CATALOGUE.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != catalogue().to_binary():
        found.append(f"{compiled.name} is older than {CATALOGUE.name}; run: python3 dev.py messages")
    return found


def update() -> int:
    """Bring the catalogue up to date, keeping what is translated; returns how many messages lack English."""
    kept = {_key(entry): entry for entry in catalogue() if not entry.obsolete}
    made = catalogue()
    made.clear()
    for message, places in sorted(wanted().items(), key=lambda item: (min(item[1]), item[0])):
        entry = kept.get(message) or polib.POEntry(
            msgctxt=message.context or None, msgid=message.text, msgid_plural=message.plural
        )
        if message.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        # places without line numbers: a moved line is not a changed translation
        entry.occurrences = [(place, "") for place in sorted(places)]
        entry.flags = ["python-format"] if re.search(r"%\(\w+\)[sd]", message.text) else []
        made.append(entry)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    made.save(str(CATALOGUE))
    made = catalogue()
    made.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))
    return sum(1 for entry in made if not all(_texts(entry)))


if __name__ == "__main__":
    missing = update()
    print(f"{CATALOGUE.relative_to(ROOT)}: {len(catalogue())} messages, {missing} without English")
    sys.exit(0)
