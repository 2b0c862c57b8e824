"""Strict YAML: one text to plain values with the line of every key, or to problems. Nothing is guessed.

Refused: duplicate keys, unquoted dates and times, yes/no/on/off words, numbers that are not plain decimal integers,
empty values, keys that are not words, anchors, aliases, merge keys, tags and several documents in one file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from xinlin.core.values import Problem, Text

Key = str | int
Path = tuple[Key, ...]
Tree = dict[str, Any] | list[Any] | str | int | bool
"""What a file holds: mappings, lists, texts, integers and truth values, all the way down; None for an unreadable item."""

_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_DATE = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$")
_WORD = re.compile(r"^(y|n|yes|no|on|off)$", re.IGNORECASE)
_NUMBER_LIKE = re.compile(r"^[-+]?(\.?\d[\d_,]*(\.[\d_]*)?([eE][-+]?\d+)?|0[xXoObB][0-9a-fA-F_]+|\d+(:\d+)+(\.\d*)?)$")
_SPECIAL = re.compile(r"^[-+]?\.(inf|nan)$", re.IGNORECASE)
DEEPEST = 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where PyYAML was built with it: ten times as fast, the same nodes."""


@dataclass
class Reading:
    """What a file holds: its values, the line of each path, and what is wrong with it."""

    file: str
    tree: Tree | None = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def dotted(path: Path) -> str:
    """A path as people read it: ``fields[2].label.zh``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text or "(whole file)"


def read(text: str, file: str) -> Reading:
    """Read one YAML text. ``file`` is only named in problems, each of which says ``file:line`` and the key path."""
    reading = Reading(file)
    try:
        deep = _line_too_deep(text)
        documents = [] if deep else list(yaml.compose_all(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        reading.problems.append(_unreadable(error, file, text))
        return reading
    except UnicodeError:
        what = Text(zh="含有不成字的字符", en="holds half a character")
        cure = Text(zh="以 UTF-8 编码另存", en="save the file as UTF-8")
        reading.problems.append(Problem("character", f"{file}:1", what, cure))
        return reading
    if deep:
        reading.problems.append(_too_deep(file, deep))
        return reading
    if len(documents) != 1:
        reading.problems.append(_not_one(file, len(documents)))
        return reading
    walker = _Walker(file, reading)
    reading.tree = walker.walk(documents[0], ())
    return reading


def _line_too_deep(text: str) -> int:
    """The line on which the text nests deeper than allowed, or 0. Counts without recursion, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                return event.start_mark.line + 1 if event.start_mark is not None else 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return 0


def _unreadable(error: yaml.YAMLError, file: str, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    said = getattr(error, "problem", None) or str(error)
    lines = text.splitlines()
    near = lines[max(line - 2, 0) : line]
    if any("\t" in one[: len(one) - len(one.lstrip())] for one in near):
        cure = Text(zh="缩进用空格，不用制表符", en="indent with spaces, not tabs")
    elif any("：" in one and ":" not in one for one in near):
        cure = Text(
            zh="冒号用半角“:”，后加一个空格", en="write the plain colon, not the wide one, and a space after it"
        )
    else:
        cure = Text(
            zh="检查该行及上一行的缩进、冒号后的空格、引号与括号是否成对",
            en="look at this line and the one before: indentation, a space after each colon, quotes and brackets in pairs",
        )
    what = Text(zh=f"不是可读的 YAML：{said}", en=f"not readable YAML: {said}")
    return Problem("yaml", f"{file}:{line}", what, cure)


def _not_one(file: str, documents: int) -> Problem:
    if documents:
        what = Text(zh=f"文件应恰有一个文档，实有 {documents} 个", en=f"a file holds one document, not {documents}")
        cure = Text(zh="去掉 --- 行，拆成多个文件", en="remove the line --- and split it into several files")
    else:
        what = Text(zh="文件没有内容", en="the file is empty")
        cure = Text(zh="写入内容，或删去文件", en="write its content, or remove the file")
    return Problem("one_document", f"{file}:1", what, cure)


def _too_deep(file: str, line: int) -> Problem:
    what = Text(zh=f"层级超过 {DEEPEST}", en=f"nested deeper than {DEEPEST} levels")
    return Problem("too_deep", f"{file}:{line}", what, Text(zh="减少嵌套", en="nest less"))


class _Walker:
    """Walks the composed nodes once, keeping the line of every path."""

    def __init__(self, file: str, reading: Reading) -> None:
        self.file = file
        self.reading = reading
        self.seen: set[int] = set()

    def problem(self, code: str, node: yaml.Node, path: Path, what: Text, cure: Text, raw: str = "") -> None:
        where = f"{self.file}:{node.start_mark.line + 1}"
        at = dotted(path)
        named = Text(zh=f"{at}：{what.zh}", en=f"{at}: {what.en}")
        self.reading.problems.append(Problem(code, where, named, cure, raw=raw, detail={"path": at}))

    def walk(self, node: yaml.Node, path: Path) -> Tree | None:
        self.reading.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.seen:
            what = Text(zh="不允许锚点与引用", en="anchors and aliases are not allowed")
            self.problem("alias", node, path, what, Text(zh="把内容完整写出", en="write the content out"))
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, path)
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Tree | None:
        if node.tag != "tag:yaml.org,2002:map":
            self._tagged(node, path)
            return None
        tree: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in tree or here in self.reading.lines:
                first = self.reading.lines[here]
                what = Text(
                    zh=f"键 {key} 重复，第 {first} 行已有", en=f"the key {key} is given twice, first on line {first}"
                )
                self.problem("duplicate_key", key_node, here, what, Text(zh="删去其中一个", en="remove one of the two"))
                continue
            self.reading.lines[here] = key_node.start_mark.line + 1
            value = self.walk(value_node, here)
            if value is not None:
                tree[key] = value
        return tree

    def _sequence(self, node: yaml.SequenceNode, path: Path) -> Tree | None:
        if node.tag != "tag:yaml.org,2002:seq":
            self._tagged(node, path)
            return None
        # an item that could not be read stays as None, so that those behind it keep their places
        return [self.walk(item, (*path, at)) for at, item in enumerate(node.value)]

    def _tagged(self, node: yaml.Node, path: Path) -> None:
        what = Text(zh=f"不允许标签 {node.tag}", en=f"the tag {node.tag} is not allowed")
        self.problem(
            "tag", node, path, what, Text(zh="去掉标签，按普通文本书写", en="remove the tag and write plain text")
        )

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        if not isinstance(node, yaml.ScalarNode) or node.value == "<<" or node.tag.endswith(":merge"):
            what = Text(zh="键应是一个词，不能是结构或合并键", en="a key is one word, not a structure or a merge key")
            self.problem("key", node, path, what, Text(zh="把内容完整写出", en="write the content out"))
            return None
        if not node.style:
            found = self._doubt(node.value)
            if found is not None or _INTEGER.match(node.value) or node.value in ("true", "false"):
                what = Text(zh=f"键 {node.value} 不是普通的词", en=f"the key {node.value} is not a plain word")
                cure = Text(zh=f'加引号："{node.value}"', en=f'quote it: "{node.value}"')
                self.problem("key", node, (*path, node.value), what, cure, raw=node.value)
                return None
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Tree | None:
        standard = node.tag.startswith("tag:yaml.org,2002:") and node.tag.rsplit(":", 1)[1] in _STANDARD
        if not standard:
            self._tagged(node, path)
            return None
        raw = str(node.value)
        if any("\ud800" <= sign <= "\udfff" for sign in raw):
            what = Text(zh="含有不成字的字符", en="holds half a character")
            self.problem("character", node, path, what, Text(zh="直接写出该字", en="write the character itself"))
            return None
        if node.style:
            return raw
        if raw in ("true", "false"):
            return raw == "true"
        if _INTEGER.match(raw) and len(raw) <= _LONGEST:
            return int(raw)
        doubt = self._doubt(raw)
        if doubt is None:
            return raw
        code, what, cure = doubt
        self.problem(code, node, path, what, cure, raw=raw)
        return None

    @staticmethod
    def _doubt(raw: str) -> tuple[str, Text, Text] | None:
        """Why a bare scalar could be read in two ways, or None for plain text."""
        for holds, code, what, cure in _DOUBTS:
            if holds(raw):
                return (
                    code,
                    Text(zh=what.zh.format(raw=raw), en=what.en.format(raw=raw)),
                    Text(zh=cure.zh.format(raw=raw), en=cure.en.format(raw=raw)),
                )
        return None


_STANDARD = frozenset({"str", "int", "bool", "null", "float", "timestamp", "value", "merge"})
_LONGEST = 18
"""Digits of an integer: what fits 64 bits whatever they are."""
_DOUBTS: tuple[tuple[Callable[[str], bool], str, Text, Text], ...] = (
    (
        lambda raw: bool(_DATE.match(raw)),
        "unquoted_date",
        Text(zh="日期 {raw} 未加引号", en="the date {raw} is not quoted"),
        Text(zh='写作 "{raw}"', en='write "{raw}"'),
    ),
    (
        lambda raw: bool(_WORD.match(raw)) or (raw.lower() in ("true", "false") and raw not in ("true", "false")),
        "boolean_word",
        Text(zh="{raw} 在 YAML 中含义不定", en="{raw} means different things to different YAML readers"),
        Text(zh='真假写 true 或 false；文本写 "{raw}"', en='write true or false for a truth value, "{raw}" for a text'),
    ),
    (
        lambda raw: raw in ("", "~") or raw.lower() == "null",
        "empty_value",
        Text(zh="没有值", en="no value is given"),
        Text(zh="写上值，或删去这个键", en="give a value, or remove the key"),
    ),
    (
        lambda raw: bool(_INTEGER.match(raw)) and len(raw) > _LONGEST,
        "number",
        Text(zh="{raw} 太大", en="{raw} is too large"),
        Text(
            zh=f'整数最多 {_LONGEST} 位；编号等文本写 "{{raw}}"',
            en=f'an integer has at most {_LONGEST} digits; for a text such as a code write "{{raw}}"',
        ),
    ),
    (
        lambda raw: bool(_NUMBER_LIKE.match(raw) or _SPECIAL.match(raw)),
        "number",
        Text(zh="{raw} 不是十进制整数", en="{raw} is not a plain decimal integer"),
        Text(
            zh='只用整数（如 40，不写 040、4e1、40.0、0x28）；编号等文本写 "{raw}"',
            en='use integers only (40, not 040, 4e1, 40.0 or 0x28); for a text such as a code write "{raw}"',
        ),
    ),
)
