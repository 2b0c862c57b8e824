"""From the texts of a rulebook folder to one `Rulebook`, or to problems that name file, line, key, expectation and cure.

A folder holds these files (each optional but the first); a file that is none of them is an error, since nobody would
read it::

    rulebook.yaml           code, name, level, extends, time_zone, divisions, words
    notice.yaml             the text that a person agrees to
    sources.yaml, departments.yaml, editions.yaml, themes.yaml, connections.yaml, lists.yaml, national_measures.yaml, measures.yaml,
    approval_items.yaml, merchants.yaml, offers.yaml, scenes.yaml, clocks.yaml, published_figures.yaml, procedures.yaml, repair_classes.yaml,
    notice_templates.yaml, incentives.yaml, topics.yaml, memoranda.yaml, measure_register.yaml, pledges.yaml,
    simplified_items.yaml, look_alarms.yaml, publicity.yaml, system_parts.yaml, supervision_grades.yaml   mappings of code to entry
    kinds/CODE.yaml         one kind of record each
    schemes/CODE-VERSION.yaml   one version of a scheme each
    cases/ANY.yaml          scheme, version, and a list of worked cases
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from xinlin.core import strict_yaml
from xinlin.core.bounds import loosened
from xinlin.core.catalogue import Connection, Edition, SystemPart, Theme
from xinlin.core.deeds import DeedSort
from xinlin.core.figures import PublishedFigure
from xinlin.core.findings import nearest
from xinlin.core.looks import LookAlarm
from xinlin.core.measures import Incentive, Memorandum, NationalMeasureRow, RegisteredMeasure, Topic
from xinlin.core.misfits import problems_of
from xinlin.core.notices import NoticeTemplate
from xinlin.core.pledges import PledgeTemplate, SimplifiedItem
from xinlin.core.procedures import ObjectionProcedure, RepairClass
from xinlin.core.publication import digest
from xinlin.core.publicity import PublicSection
from xinlin.core.references import broken_references
from xinlin.core.rulebooks import (
    ApprovalItem,
    Clock,
    Department,
    Kind,
    ListMeasure,
    Merchant,
    Notice,
    Offer,
    Rulebook,
    Scene,
    Source,
    StatutoryList,
    Words,
)
from xinlin.core.sample_cases import CaseFile, WorkedCase
from xinlin.core.schemes import Scheme
from xinlin.core.strict_yaml import Path, Tree
from xinlin.core.supervision import SupervisionGrade
from xinlin.core.trade_scores import whole_schemes
from xinlin.core.values import Problem, Strict, Text

MAPPINGS: dict[str, tuple[str, type[BaseModel]]] = {
    "sources.yaml": ("sources", Source),
    "departments.yaml": ("departments", Department),
    "editions.yaml": ("editions", Edition),
    "themes.yaml": ("themes", Theme),
    "connections.yaml": ("connections", Connection),
    "system_parts.yaml": ("system_parts", SystemPart),
    "lists.yaml": ("lists", StatutoryList),
    "national_measures.yaml": ("national_measures", NationalMeasureRow),
    "measures.yaml": ("measures", ListMeasure),
    "approval_items.yaml": ("approval_items", ApprovalItem),
    "merchants.yaml": ("merchants", Merchant),
    "offers.yaml": ("offers", Offer),
    "scenes.yaml": ("scenes", Scene),
    "clocks.yaml": ("clocks", Clock),
    "published_figures.yaml": ("published_figures", PublishedFigure),
    "procedures.yaml": ("procedures", ObjectionProcedure),
    "repair_classes.yaml": ("repair_classes", RepairClass),
    "notice_templates.yaml": ("notice_templates", NoticeTemplate),
    "incentives.yaml": ("incentives", Incentive),
    "topics.yaml": ("topics", Topic),
    "memoranda.yaml": ("memoranda", Memorandum),
    "measure_register.yaml": ("measure_register", RegisteredMeasure),
    "pledges.yaml": ("pledges", PledgeTemplate),
    "simplified_items.yaml": ("simplified_items", SimplifiedItem),
    "look_alarms.yaml": ("look_alarms", LookAlarm),
    "supervision_grades.yaml": ("supervision_grades", SupervisionGrade),
    "publicity.yaml": ("publicity", PublicSection),
    "deeds.yaml": ("deeds", DeedSort),
}
"""Files that hold a mapping of code to entry: the rulebook's section and the type of an entry."""

CODE = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
SECTIONS = ("kinds", *(section for section, _ in MAPPINGS.values()))
Model = TypeVar("Model", bound=BaseModel)


class Head(Strict):
    """The file ``rulebook.yaml``: which rulebook this is."""

    code: str
    name: Text
    level: Literal["national", "province", "city"]
    extends: str | None = None
    time_zone: str = "Asia/Shanghai"
    divisions: list[str] = []
    objection_procedure: str | None = None
    """The procedure by which objections run here."""
    words: Words | None = None


@dataclass(frozen=True)
class Loaded:
    """A rulebook with the place of each of its entries: section, code and key path to ``file:line``."""

    rulebook: Rulebook
    places: Mapping[Path, str]
    digests: Mapping[str, str]
    """The hash of each scheme version that this rulebook adds, by the stem of its file."""

    def place(self, path: Path) -> str:
        """``file:line`` of the longest known beginning of ``path``."""
        return nearest(self.places, path)


class RulebookRefused(Exception):  # the name is a sentence: a rulebook was refused
    """A rulebook that cannot be used; ``problems`` say everything that is wrong with it, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(f"{p.where}: {p.what.en} — {p.cure.en}" for p in self.problems))


@dataclass
class _Gathering:
    """What has been read so far of one folder."""

    name: str
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    schemes: list[Scheme] = field(default_factory=list)
    cases: list[WorkedCase] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=lambda: {"schemes": 0, "cases": 0})
    """How many have been read, those with problems among them: each has a number, and so a path, of its own."""
    first_cases: list[int] = field(default_factory=list)
    """The number of the first case of each file."""
    head: Head | None = None
    notice: Notice | None = None
    places: dict[Path, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def numbered(self, section: Literal["schemes", "cases"]) -> Path:
        """The path of the next one of a section without codes."""
        self.taken[section] += 1
        return (section, self.taken[section] - 1)

    def key(self, path: Path) -> Path:
        """A path as its file counts: the cases of one file begin at 0."""
        if path[:1] != ("cases",) or len(path) < 2:
            return path
        number = int(path[1])
        first = self.first_cases[bisect_right(self.first_cases, number) - 1]
        return ("cases", number - first, *path[2:])

    def say(self, code: str, path: Path, zh: str, en: str, cure: Text) -> None:
        self.problems.append(Problem(code, nearest(self.places, path), Text(zh=zh, en=en), cure))


def load(name: str, texts: Mapping[str, str], parent: Loaded | None = None) -> Loaded:
    """The rulebook in ``texts`` (path inside the folder → content), on top of the one that it extends.

    Raises `RulebookRefused` with every problem found. ``parent`` must be given where ``extends`` names one.
    """
    gathering = _Gathering(name)
    for path in sorted(texts, key=lambda path: (path != "rulebook.yaml", path)):
        _take_file(gathering, path, texts[path])
    if "rulebook.yaml" not in texts:
        what = Text(zh="缺少 rulebook.yaml", en="rulebook.yaml is missing")
        cure = Text(zh="新建该文件，写 code、name、level", en="add the file with code, name and level")
        gathering.problems.append(Problem("missing_file", f"rulebooks/{name}:1", what, cure))
    inherited = parent.rulebook if parent is not None else None
    _inherit(gathering, inherited)
    if gathering.problems or gathering.head is None:
        raise RulebookRefused(gathering.problems)
    rulebook = _assemble(gathering, gathering.head, inherited)
    loaded = Loaded(rulebook, {**(parent.places if parent is not None else {}), **gathering.places}, gathering.digests)
    own = {section: frozenset(entries) for section, entries in gathering.sections.items()}
    broken = [
        found.at(loaded.place(found.path), gathering.key(found.path)) for found in broken_references(rulebook, own)
    ]
    if broken:
        raise RulebookRefused(broken)
    return replace(loaded, rulebook=rulebook.model_copy(update={"schemes": whole_schemes(rulebook.schemes)}))


def extends_of(text: str) -> str | None:
    """The rulebook that a ``rulebook.yaml`` extends, read leniently: its errors are reported by `load`."""
    tree = strict_yaml.read(text, "rulebook.yaml").tree
    named = tree.get("extends") if isinstance(tree, dict) else None
    return named if isinstance(named, str) else None


def _take_file(gathering: _Gathering, path: str, text: str) -> None:
    file = f"rulebooks/{gathering.name}/{path}"
    folder, _, stem = path.rpartition("/")
    known = path in MAPPINGS or path in ("rulebook.yaml", "notice.yaml") or folder in ("kinds", "schemes", "cases")
    if not known or not path.endswith(".yaml"):
        what = Text(zh="这个文件不会被读取", en="nothing reads this file")
        cure = Text(
            zh="改用规则册认得的文件名，以 .yaml 结尾，或删去（见 docs/rulebooks.md）",
            en="give it a name that a rulebook knows, ending in .yaml, or remove it (see docs/rulebooks.md)",
        )
        gathering.problems.append(Problem("dead_file", f"{file}:1", what, cure))
        return
    reading = strict_yaml.read(text, path)
    gathering.problems.extend(replace(p, where=f"rulebooks/{gathering.name}/{p.where}") for p in reading.problems)
    tree = reading.tree
    if not isinstance(tree, dict):
        if not reading.problems:
            what = Text(zh="文件应由“键: 值”组成", en="the file must be a mapping of keys to values")
            cure = Text(zh="第一层写键", en="write keys at the outermost level")
            gathering.problems.append(Problem("mapping", f"{file}:1", what, cure))
        return
    stem = stem.removesuffix(".yaml")
    if path in MAPPINGS:
        _take_mapping(gathering, path, tree, reading)
    elif folder == "kinds":
        _take_entry(gathering, "kinds", Kind, stem, tree, reading, ())
    elif folder == "schemes":
        _take_scheme(gathering, stem, tree, reading)
    elif folder == "cases":
        _take_cases(gathering, tree, reading)
    elif path == "notice.yaml":
        gathering.notice = _typed(gathering, Notice, tree, reading, (), ("notice",))
    else:
        _take_head(gathering, tree, reading)


def _typed(
    gathering: _Gathering,
    model: type[Model],
    tree: Tree,
    reading: strict_yaml.Reading,
    at: Path,
    target: Path,
    added: Mapping[str, str] | None = None,
) -> Model | None:
    """A part of a file as a typed value; notes its places and problems.

    ``at`` is the part's path in its file, ``target`` its path in the rulebook; ``added`` are keys that its place gives.
    """
    for path, line in reading.lines.items():
        if path[: len(at)] == at:
            gathering.places[target + path[len(at) :]] = f"rulebooks/{gathering.name}/{reading.file}:{line}"
    given: Tree = tree
    if isinstance(tree, dict):
        for key, value in (added or {}).items():
            if key in tree:
                en = f"{strict_yaml.dotted((*at, key))}: the key {key} is given by the place of the entry ({value})"
                zh = f"{strict_yaml.dotted((*at, key))}：{key} 由条目所在位置决定（{value}）"
                cure = Text(zh="删去这个键", en="remove the key")
                gathering.say("unknown_key", (*target, key), zh, en, cure)
                return None
        given = {**tree, **(added or {})}
    try:
        return model.model_validate_json(json.dumps(given))
    except ValidationError as error:
        unread = {problem.detail.get("path") for problem in reading.problems}
        found = problems_of(error, model, given, at, lambda path: nearest(gathering.places, (*target, *path)))
        gathering.problems.extend(problem for problem in found if problem.detail["path"] not in unread)
        return None


def _good_code(gathering: _Gathering, code: str, path: Path) -> bool:
    if CODE.match(code):
        return True
    zh, en = f"代码 {code} 不合规则", f"{code} is no code"
    cure = Text(
        zh="用小写英文字母、数字和下划线，字母开头", en="use lower-case letters, digits and underscores, a letter first"
    )
    gathering.say("code", path, zh, en, cure)
    return False


def _take_entry(
    gathering: _Gathering,
    section: str,
    model: type[BaseModel],
    code: str,
    tree: Tree,
    reading: strict_yaml.Reading,
    at: Path,
) -> None:
    added = {"id" if model is Source else "code": code}
    entry = _typed(gathering, model, tree, reading, at, (section, code), added)
    if _good_code(gathering, code, (section, code)) and entry is not None:
        gathering.sections.setdefault(section, {})[code] = entry


def _take_mapping(gathering: _Gathering, file: str, tree: dict[str, Tree], reading: strict_yaml.Reading) -> None:
    section, model = MAPPINGS[file]
    for code, entry in tree.items():
        _take_entry(gathering, section, model, code, entry, reading, (code,))


def _take_scheme(gathering: _Gathering, stem: str, tree: dict[str, Tree], reading: strict_yaml.Reading) -> None:
    target = gathering.numbered("schemes")
    scheme = _typed(gathering, Scheme, tree, reading, (), target)
    if scheme is None:
        return
    gathering.schemes.append(scheme)
    gathering.digests[stem] = digest(tree)
    expected = f"{scheme.code}-{scheme.version}"
    if stem != expected:
        zh, en = f"文件名应为 {expected}.yaml", f"the file should be called {expected}.yaml"
        gathering.say("file_name", target, zh, en, Text(zh="改文件名", en="rename the file"))


def _take_cases(gathering: _Gathering, tree: dict[str, Tree], reading: strict_yaml.Reading) -> None:
    gathering.first_cases.append(gathering.taken["cases"])
    file = _typed(gathering, CaseFile, tree, reading, (), ("case_files", reading.file))
    if file is None:
        return
    shared = {"scheme": file.scheme, "version": file.version}
    for at, entry in enumerate(file.cases):
        case = _typed(gathering, WorkedCase, entry, reading, ("cases", at), gathering.numbered("cases"), shared)
        if case is not None:
            gathering.cases.append(case)


def _take_head(gathering: _Gathering, tree: dict[str, Tree], reading: strict_yaml.Reading) -> None:
    head = _typed(gathering, Head, tree, reading, (), ())
    if head is None:
        return
    gathering.head = head
    if head.code != gathering.name:
        zh = f"code 为 {head.code}，文件夹名为 {gathering.name}"
        en = f"code is {head.code} in a folder called {gathering.name}"
        cure = Text(zh="使两者一致", en="make the two equal")
        gathering.say("code", ("code",), zh, en, cure)


def _inherit(gathering: _Gathering, parent: Rulebook | None) -> None:
    """A city adds rows; of those that it inherits it may narrow a kind, and override nothing."""
    wanted = gathering.head.extends if gathering.head is not None else None
    if gathering.head is not None and wanted != (parent.code if parent is not None else None):
        zh, en = f"找不到被继承的规则册 {wanted}", f"the rulebook {wanted} that this one extends is not there"
        cure = Text(zh="改正 extends，或添加该规则册", en="correct extends, or add that rulebook")
        gathering.say("extends", ("extends",), zh, en, cure)
    if parent is None:
        return
    for section, entries in gathering.sections.items():
        inherited = getattr(parent, section)
        for code in entries:
            if code in inherited and section == "kinds":
                for path, what, cure in loosened(inherited[code], entries[code]):
                    gathering.say("loosened", ("kinds", code, *path), what.zh, what.en, cure)
            elif code in inherited:
                zh, en = f"{code} 已在 {parent.code} 规则册中", f"{code} already stands in the rulebook {parent.code}"
                cure = Text(
                    zh="若指同一条目，请删去，上级的已经有效；否则改用自己的代码，上级规则册的条目不能改写",
                    en="leave it out if you mean that one, which holds here too, or choose another code; what is inherited cannot be overridden",
                )
                gathering.say("override", (section, code), zh, en, cure)


def _assemble(gathering: _Gathering, head: Head, parent: Rulebook | None) -> Rulebook:
    merged: dict[str, Any] = {
        section: {**(getattr(parent, section) if parent is not None else {}), **gathering.sections.get(section, {})}
        for section in SECTIONS
    }
    levels = parent.kind_levels if parent is not None else {}
    own = dict.fromkeys(gathering.sections.get("kinds", {}), head.level)
    merged["kind_levels"] = {**own, **levels}
    merged["kinds"] = _delivered_too(merged["kinds"], gathering.sections.get("departments", {}))
    merged |= {key: getattr(head, key) for key in Head.model_fields}
    return Rulebook(
        **merged,
        notice=gathering.notice or (parent.notice if parent is not None else None),
        schemes=gathering.schemes,
        cases=gathering.cases,
    )


def _delivered_too(kinds: Mapping[str, Kind], offices: Mapping[str, Department]) -> dict[str, Kind]:
    """The kinds, with the rulebook's own offices among the providers of what they say they deliver too."""
    senders: dict[str, list[str]] = {}
    for office in offices.values():
        for kind in office.delivers:
            senders.setdefault(kind, []).append(office.code)
    return {
        code: kind.model_copy(update={"providers": list(dict.fromkeys([*kind.providers, *senders.get(code, ())]))})
        if code in senders
        else kind
        for code, kind in kinds.items()
    }
