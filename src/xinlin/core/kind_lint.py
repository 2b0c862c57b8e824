"""What the law refuses of a row of the catalogue (目录项法律审查): forbidden data, local rows without law, penalties without end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from xinlin.core.findings import Finding, found
from xinlin.core.forbidden import CONSENTED, DATA, PETTY, PRIVATE_LIFE, UNCONFIRMED, Forbidden
from xinlin.core.rulebooks import ORGANISATIONS, Kind, Rulebook, SourceRank
from xinlin.core.schemes import Basis
from xinlin.core.strict_yaml import Path
from xinlin.core.values import Text
from xinlin.core.web_items import ADDRESS, CAPTURE

NEEDED = {"document": "文书", "authority": "机关", "article": "依据", "class": "失信程度", "notice_on": "告知日期"}
"""What every negative record carries (深圳 69; 浙江 28; 国办发〔2020〕49号)."""
LAW: frozenset[SourceRank] = frozenset(
    {"law", "administrative_regulation", "judicial_interpretation", "department_rule", "state_document"}
)
"""Ranks on which a measure may rest: law, regulation, or a rule of the State (国办发〔2020〕49号)."""
LOCAL_LAW: frozenset[SourceRank] = LAW | {"local_regulation"}
"""Ranks on which a city may add a negative kind: these, or a local regulation (深圳 32–34; 上海 10; 浙江 12)."""
PENALTIES = ("行政处罚", "处罚决定", "罚款")
PROCEDURE = "procedure"
"""The field by which a penalty on a person says that it is no simple-procedure one."""
FINALITY = "finality"
"""The field by which a penalty on a person says how review and suit ended."""


def forbidden(
    matters: Iterable[Forbidden], texts: Iterable[str], path: Path, code: str, cure_zh: str, cure_en: str
) -> Iterator[Finding]:
    """A finding for each matter that the texts speak of."""
    listed = list(texts)
    for matter in matters:
        word = matter.word_in(listed)
        if word is not None:
            yield found(
                f"forbidden_{code}",
                path,
                (
                    f"“{word}”涉及{matter.name.zh}：{matter.reason.zh}",
                    f"{word!r} speaks of {matter.name.en}: {matter.reason.en}",
                ),
                (cure_zh, cure_en),
            )


def rests_on(rulebook: Rulebook, basis: Basis, ranks: frozenset[SourceRank]) -> bool:
    """Whether some citation is of a source of one of these ranks."""
    if isinstance(basis, str):
        return False
    return any(c.source in rulebook.sources and rulebook.sources[c.source].rank in ranks for c in basis)


def _texts(name: Text, code: str, more: Iterable[str] = ()) -> list[str]:
    return [name.zh, name.en, code.replace("_", " "), *more]


def kind_findings(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    """Everything in one kind that the law refuses."""
    path: Path = ("kinds", kind.code)
    cure = ("删去该目录项或字段", "remove the kind or the field")
    own = _texts(kind.name, kind.code)
    fields = [(at, field, _texts(field.label, field.code, field.aliases)) for at, field in enumerate(kind.fields)]
    yield from forbidden(DATA, own, path, "data", *cure)
    for at, _field, texts in fields:
        yield from forbidden(DATA, texts, (*path, "fields", at), "data", *cure)
    if "person" in kind.subject_kinds:
        yield from forbidden([CONSENTED], own, path, "without_consent", *cure)
        for at, _field, texts in fields:
            yield from forbidden([CONSENTED], texts, (*path, "fields", at), "without_consent", *cure)
        yield from _person(kind, path)
    if kind.occupational:
        for at, _field, texts in fields:
            yield from forbidden([PRIVATE_LIFE], texts, (*path, "fields", at), "private_life", *cure)
    if kind.source == "public_web":
        yield from _from_the_web(kind, path)
    yield from _manner(kind, path)
    if kind.sign == "negative" and kind.effect != "count":
        yield from forbidden(
            [UNCONFIRMED], own, path, "unconfirmed", "改为据生效裁判文书列入的名单", "use the list of judgment debtors"
        )
        yield from _negative_kind(rulebook, kind)
    if rulebook.kind_levels.get(kind.code, "national") != "national":
        yield from _local(rulebook, kind, path)


def _person(kind: Kind, path: Path) -> Iterator[Finding]:
    if kind.openness == "public":
        yield found(
            "published_person",
            (*path, "openness"),
            (
                "自然人信息不得公开（浙江省公共信用信息管理条例15；个人信息保护法25）",
                "records of natural persons are not published (Zhejiang 15; PIPL 25)",
            ),
            ("写 subject_only 或 government", "write subject_only or government"),
        )
    if kind.linking == "optional":
        yield found(
            "name_only",
            (*path, "linking"),
            (
                "自然人的记录只能凭身份证号关联（深圳24；河南16）",
                "a natural person's record is attached by exact identifier only (Shenzhen 24; Henan 16)",
            ),
            ("写 linking: exact", "write linking: exact"),
        )
    if kind.sign == "negative":
        yield from forbidden([PETTY], _texts(kind.name, kind.code), path, "petty", "删去该目录项", "remove the kind")
        yield from _penalty_of_person(kind, path)


def _penalty_of_person(kind: Kind, path: Path) -> Iterator[Finding]:
    """A penalty on a person must show that it went by ordinary procedure and that nothing is pending against it."""
    said = " ".join([kind.name.zh, *(field.label.zh for field in kind.fields)])
    if kind.effect == "list_entry" or not any(word in said for word in PENALTIES):
        return
    fields = {field.code: field for field in kind.fields}
    for code, admitted, name, law in (
        (PROCEDURE, {"ordinary"}, "处罚程序", "河南13；山东13；上海9（4）；浙江11（2）"),
        (FINALITY, {"not_contested", "upheld"}, "复议诉讼情况", "浙江11（2）；河南20（2）"),
    ):
        field = fields.get(code)
        if field is None or not field.required or set(field.codes or ()) - admitted or not field.codes:
            choices = ", ".join(sorted(admitted))
            yield found(
                f"penalty_{code}",
                (*path, "fields"),
                (
                    f"对自然人的处罚须有必填的{name}字段 {code}，且只收 {choices}（{law}）",
                    f"a penalty on a person needs the required field {code}, taking only {choices} ({law})",
                ),
                (
                    f"添加 code: {code}、required: true，codes 只含 {choices}",
                    f"add {code}, required, with only {choices}",
                ),
            )


def _negative_kind(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    path = ("kinds", kind.code)
    needed = dict(NEEDED)
    if kind.effect == "list_entry":
        del needed["class"]
        needed |= {"remedy": "救济途径", "ends_on": "期限届满日"}
    given = {field.role for field in kind.fields if field.required}
    for role, name in needed.items():
        if role not in given:
            yield found(
                "negative_without",
                (*path, "fields"),
                (
                    f"负面信息没有必填的{name}字段：没有它，任何人都不应承担后果",
                    f"a negative kind has no required field with the role {role}; nobody may bear anything without it",
                ),
                (f"添加 role: {role}、required: true 的字段", f"add a field with role: {role} and required: true"),
            )
    if kind.source == "public_web":
        yield found(
            "negative_from_the_web",
            (*path, "source"),
            (
                "公开网页上的信息没有最终文书，不能作为负面信息",
                "what stands on public pages is no final document and cannot be a negative record",
            ),
            ("写 sign: neutral，或由作出机关报送", "write sign: neutral, or let the deciding authority send it"),
        )
    if not rests_on(rulebook, kind.basis, LOCAL_LAW):
        yield found(
            "local_negative",
            (*path, "basis"),
            (
                "负面目录项须有法律、法规、国家规定或地方性法规依据（深圳32–34；上海10；浙江12）",
                "a negative kind rests on law, regulation, a State rule or a local regulation (Shenzhen 32–34, Zhejiang 12)",
            ),
            ("引用这样的依据，或删去该目录项", "cite such a source, or remove the kind"),
        )


def _manner(kind: Kind, path: Path) -> Iterator[Finding]:
    """A lead says nothing against anybody and is of organisations; what needs consent is a person's good deed."""
    if kind.lead and (kind.sign != "neutral" or set(kind.subject_kinds) - ORGANISATIONS or kind.effect != "record"):
        yield found(
            "lead_with_effect",
            (*path, "lead"),
            (
                "基层平台的线索只是请机关去看，不是文书：只能是关于组织的 sign: neutral 记录（国办发〔2020〕49号）",
                "a lead asks an office to look and is no document: it is a neutral record of organisations (State Council 49/2020)",
            ),
            (
                "写 sign: neutral 和组织类主体；结论由有权机关凭文书另报",
                "write sign: neutral and organisations; the authority sends its document",
            ),
        )
    if kind.with_consent and (kind.sign == "negative" or kind.subject_kinds != ["person"] or kind.effect != "record"):
        yield found(
            "consent_to_what",
            (*path, "with_consent"),
            (
                "凭本人同意才收的，只能是自然人的正面或中性记录",
                "what is kept with consent alone is a good or neutral record of a person",
            ),
            ("去掉 with_consent，或改为自然人的正面记录", "leave with_consent out, or make it a person's good record"),
        )


def _from_the_web(kind: Kind, path: Path) -> Iterator[Finding]:
    """What is captured from public pages is of organisations alone, and carries its address and the page's hash."""
    if set(kind.subject_kinds) - ORGANISATIONS:
        yield found(
            "person_from_the_web",
            (*path, "subject_kinds"),
            (
                "不从公开网页采集自然人的信息（个人信息保护法第六条、第二十七条）",
                "nothing about natural persons is captured from public pages (PIPL 6 and 27)",
            ),
            ("只写组织类主体", "name organisations only"),
        )
    texts = {spec.code for spec in kind.fields if spec.type == "text" and spec.required}
    roles = {spec.role for spec in kind.fields if spec.required}
    if {ADDRESS, CAPTURE} - texts or {"document", "authority"} - roles or kind.delivery != "additions":
        yield found(
            "web_without_capture",
            (*path, "fields"),
            (
                "采自公开网页的信息项须有必填的网页地址、网页哈希、标题（document）和发布单位（authority），按增量入库",
                "a kind from public pages needs its address, the page's hash, title (document) and publisher (authority), as additions",
            ),
            (
                f"添加 {ADDRESS}、{CAPTURE} 和带 role: document、role: authority 的字段，均为必填",
                f"add {ADDRESS}, {CAPTURE}, and fields with role: document and role: authority, all required",
            ),
        )


def _same(name: str) -> str:
    return re.sub(r"信息$|记录$|\s", "", name)


def _local(rulebook: Rulebook, kind: Kind, path: Path) -> Iterator[Finding]:
    """A row that a province or city adds: not one that stands above already; an edition of it was put to the public."""
    for other in rulebook.kinds.values():
        if rulebook.kind_levels.get(other.code) == "national" and _same(other.name.zh) == _same(kind.name.zh):
            yield found(
                "repeats_national",
                (*path, "name"),
                (
                    f"与国家目录的 {other.code} 重复（深圳32；浙江12）",
                    f"it repeats {other.code} of the national catalogue (Shenzhen 32; Zhejiang 12)",
                ),
                ("删去；需要收窄的，用国家目录的代码重述", "remove it; restate the national code to narrow it"),
            )
    edition = rulebook.editions.get(kind.edition or "")
    cited = not isinstance(kind.basis, str)
    if edition is not None and cited and not isinstance(edition.basis, str) and edition.consulted_from is None:
        yield found(
            "not_consulted",
            (*path, "edition"),
            (
                "地方补充目录批准前须公开征求意见（深圳33）",
                "a local catalogue is put to the public before it is approved (Shenzhen 33)",
            ),
            ("在该版本写 consulted_from", "give the edition's consulted_from"),
        )
