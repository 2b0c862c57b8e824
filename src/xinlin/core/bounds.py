"""Within which bounds a province or a city may change a row of the catalogue above it: it may narrow, never loosen (目录边界).

Sources: 深圳经济特区社会信用条例 32–34, 上海市社会信用条例 10, 浙江省公共信用信息管理条例 12: a local catalogue adds to the national one
on a local regulation and may neither repeat nor widen it.
"""

from __future__ import annotations

from collections.abc import Iterator

from xinlin.core.findings import reaches_beyond
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.strict_yaml import Path
from xinlin.core.values import Text

Breach = tuple[Path, Text, Text]
"""(path inside the kind, what is loosened, the cure)."""
OPENNESS = ("subject_only", "government", "public")
"""From the narrowest circle of readers to the widest."""
_KEPT = ("effect", "statutory_list", "linking", "delivery", "sign", "source", "identity", "lead", "occupational")
_OF_A_FIELD = ("type", "role", "code_set")


def loosened(above: Kind, here: Kind) -> Iterator[Breach]:
    """Everything in which ``here`` gives more room than ``above``; empty where it only narrows or adds."""
    for name in _KEPT:
        if getattr(above, name) != getattr(here, name):
            yield _changed((name,), str(getattr(above, name)))
    wider = set(here.subject_kinds) - set(above.subject_kinds)
    if wider:
        yield _wider(("subject_kinds",), ", ".join(sorted(wider)), ", ".join(above.subject_kinds))
    if OPENNESS.index(here.openness) > OPENNESS.index(above.openness):
        yield _wider(("openness",), here.openness, above.openness)
    for name in ("retention", "update_interval"):
        if reaches_beyond(getattr(here, name), getattr(above, name)):
            yield _wider((name,), getattr(here, name), getattr(above, name))
    for name in ("refusable", "with_consent"):
        if getattr(above, name) and not getattr(here, name):
            yield _changed((name,), "true")
    for position, rule in enumerate(above.rules):
        if rule not in here.rules:
            yield _missing(("rules",), f"rules[{position}]")
    for position, assertion in enumerate(above.assertions):
        if assertion not in here.assertions:
            yield _missing(("assertions",), f"assertions[{position}]")
    yield from _dates(above, here)
    own = {field.code: (at, field) for at, field in enumerate(here.fields)}
    for field in above.fields:
        if field.code not in own:
            yield _missing(("fields",), field.code)
        else:
            at, changed = own[field.code]
            yield from ((("fields", at, *path), what, cure) for path, what, cure in _field(field, changed))


def _dates(above: Kind, here: Kind) -> Iterator[Breach]:
    """A row may begin later and end sooner than the one above, never the other way round."""
    if above.effective_from is not None and (here.effective_from is None or here.effective_from < above.effective_from):
        yield _wider(("effective_from",), str(here.effective_from), str(above.effective_from))
    if above.effective_to is not None and (here.effective_to is None or here.effective_to > above.effective_to):
        yield _wider(("effective_to",), str(here.effective_to), str(above.effective_to))


def _field(above: FieldSpec, here: FieldSpec) -> Iterator[Breach]:
    for name in _OF_A_FIELD:
        if getattr(above, name) != getattr(here, name):
            yield _changed((name,), str(getattr(above, name)))
    for name in ("required", "personal"):
        if getattr(above, name) and not getattr(here, name):
            yield _changed((name,), "true")
    added = set(here.codes or {}) - set(above.codes or {})
    if above.codes is not None and added:
        yield _wider(("codes",), ", ".join(sorted(added)), ", ".join(above.codes))
    for name, grows in (("minimum", False), ("maximum", True), ("max_length", True)):
        bound, own = getattr(above, name), getattr(here, name)
        if bound is not None and (own is None or (own > bound if grows else own < bound)):
            yield _wider((name,), str(own), str(bound))
    if any(here.validity.get(code) != validity for code, validity in above.validity.items()):
        yield _missing(("validity",), "validity")


def _changed(path: Path, wanted: str) -> Breach:
    named = str(path[-1])
    return (
        path,
        Text(zh=f"上级目录规定的 {named} 不能改写", en=f"{named} is set by the catalogue above and cannot be changed"),
        Text(zh=f"写 {wanted}", en=f"write {wanted}"),
    )


def _wider(path: Path, given: str, bound: str) -> Breach:
    named = str(path[-1])
    return (
        path,
        Text(zh=f"{named} 为 {given}，宽于上级目录的 {bound}", en=f"{named} is {given}, wider than {bound} above"),
        Text(zh=f"不宽于 {bound}", en=f"stay within {bound}"),
    )


def _missing(path: Path, named: str) -> Breach:
    return (
        path,
        Text(zh=f"缺少上级目录规定的 {named}", en=f"{named} of the catalogue above is missing"),
        Text(zh="照上级目录补上", en="take it over from the row above"),
    )
