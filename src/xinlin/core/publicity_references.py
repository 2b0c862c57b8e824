"""Whether a public section may stand: its kinds, the fields it shows, its clock (公示栏目的核对)."""

from __future__ import annotations

from collections.abc import Iterator

from xinlin.core.findings import Finding, absent, found
from xinlin.core.publicity import PublicSection
from xinlin.core.rulebooks import ORGANISATIONS, Rulebook

TITLE_OF_LIST = "list"


def publicity_findings(rulebook: Rulebook, section: PublicSection) -> Iterator[Finding]:
    """Everything in one section that points nowhere or would show what may not be shown."""
    path = ("publicity", section.code)
    if section.clock is not None and section.clock not in rulebook.clocks:
        yield absent((*path, "clock"), section.clock, "clocks", rulebook.clocks)
    shown = [*section.fields, *([] if section.title == TITLE_OF_LIST else [section.title])]
    known: set[str] = set()
    for position, code in enumerate(section.kinds):
        kind = rulebook.kinds.get(code)
        if kind is None:
            yield absent((*path, "kinds", position), code, "kinds", rulebook.kinds)
            continue
        specs = {spec.code: spec for spec in kind.fields}
        known |= specs.keys()
        if kind.openness != "public" and kind.effect != "list_entry":
            yield found(
                "not_public",
                (*path, "kinds", position),
                (f"{code} 的披露方式不是公开", f"{code} is not open to the public"),
                ("改用 openness: public 的信息项或法定名单", "use a kind with openness public, or a statutory list"),
            )
        if not ORGANISATIONS & set(kind.subject_kinds):
            yield found(
                "person_published",
                (*path, "kinds", position),
                (f"{code} 只涉及自然人，不得公示", f"{code} is about natural persons, who are never published"),
                ("删去该信息项（浙江15、深圳38）", "remove it (Zhejiang 15, Shenzhen 38)"),
            )
        for name in shown:
            if name in specs and specs[name].personal:
                yield found(
                    "person_published",
                    (*path, "fields"),
                    (
                        f"字段 {name} 指向自然人，不得公示",
                        f"the field {name} points at a person and is never published",
                    ),
                    ("删去该字段", "remove it"),
                )
    for name in [*shown, *section.not_published]:
        if known and name not in known:
            yield absent((*path, "fields"), name, "fields", known)
