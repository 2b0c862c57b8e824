"""Rows of a kind of record, filled field by field from what the rulebook says the field is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from xinlin.core.conditions import holds
from xinlin.core.row_rules import SUBJECT_KIND
from xinlin.core.rulebooks import FieldSpec, Kind, Rulebook
from xinlin.core.terms import add_term
from xinlin.demo.firms import Firm
from xinlin.demo.people import COMMUNITIES, STREETS, Resident, place_name

Value = str | int | date | None
Row = dict[str, Value]
"""Field code -> value; money is in yuan here, as offices write it."""

REMEDY = "可自收到本决定之日起六十日内申请行政复议，或六个月内提起行政诉讼"
CLASS_WEIGHTS = {"minor": 60, "general": 32, "serious": 8}
TRIES = 200
"""How often a row is drawn again where a rule of its kind would refuse it."""
TERMS = {"minor": "P3M", "general": "P1Y", "serious": "P3Y"}

RANGES: Mapping[str, tuple[int, int]] = {
    "hours": (1, 8),
    "months": (2, 12),
    "points": (20, 1_150),
    "balance": (20, 1_150),
}
"""Usual values of integer fields, by field code; others lie within 1 to 10."""
PARTICIPATION: Mapping[str, float] = {
    "volunteer_service": 0.18, "waste_sorting": 0.50, "charitable_donation": 0.07, "community_service": 0.14,
    "neighbourhood_points": 0.30, "firefighting_training": 0.16, "fulfilled_commitment": 0.03, "rescue": 0.02,
}  # fmt: skip
"""Which share of the adults ever takes part in a kind of good deed; others: a tenth."""

PHRASES: Mapping[str, tuple[str, ...]] = {
    "law": ("《劳动合同法》第三十条", "《安全生产法》第一百零一条", "《劳动法》第五十条", "《消防法》第六十条"),
    "summary": ("未按期支付工资", "作业现场未设安全警示", "未与劳动者订立书面合同", "消防通道堆放杂物"),
    "remarks": ("", "已责令改正", "复查中", ""),
    "office": ("城区分局", "澄澜中队", "望帆所", "白鸥所"),
    "item": ("一次性使用注射器", "生化试剂盒", "办公桌椅", "监控摄像机", "应急照明灯", "海塘维护服务"),
    "specification": ("5ml/支", "200人份/盒", "1400×700", "400万像素", "LED 3W", "年度服务"),
    "article": ("《条例》第十二条", "《办法》第二十条第一款", "《规定》第八条第二项"),
    "activity": ("海滩净滩", "社区义诊", "护学岗", "独居老人探访", "文明劝导", "防台值守"),
    "project": ("海滩净滩", "社区义诊", "护学岗", "独居老人探访", "文明劝导", "防台值守"),
    "organisation": ("澄澜志愿队", "白鸥义工社", "望帆青年站"),
    "recipient": ("澄澜助学金", "白鸥救助站", "望帆乡村书屋"),
    "hazard": ("疏散通道被占用", "电气线路私拉乱接", "灭火器过期未换", "临边无防护"),
    "commitment": ("容缺材料十日内补齐", "经营场所符合规定", "按期缴清土地出让款"),
    "conduct": ("乱扔垃圾", "占道经营", "不文明养犬", "违规停放"),
    "deed": ("下海救起落水者", "协助扑灭初起火灾", "救助迷路儿童"),
    "title": ("文明家庭", "优秀志愿者", "岗位能手", "最美邻里"),
    "ebike_violation.act": ("未佩戴安全头盔", "闯红灯", "逆向行驶", "违规载人", "在机动车道内行驶"),
    "act": ("未按规定公示价格", "超范围经营", "未按规定处置垃圾", "未建立安全台账"),
    "facts": ("经查，当事人于检查当日存在上述行为，事实清楚", "现场检查笔录和照片为证"),
    "administrative_penalty.content": ("罚款", "警告", "罚款并没收违法所得"),
    "administrative_licence.content": ("准予许可", "予以登记"),
    "document_name": ("准予行政许可决定书", "行政许可变更决定书"),
    "certificate": ("食品经营许可证", "排污许可证", "建筑施工许可证", "消防安全检查合格证"),
    "ground": ("有履行能力而拒不履行", "违反财产报告制度", "违反限制消费令"),
    "judgment": ("示例民初〔2023〕118号", "示例民初〔2024〕207号", "示例民终〔2024〕31号"),
    "site": ("厂房一层", "仓库东侧", "出租房楼道", "门店后厨"),
    "plan": ("CC20250110-2F6C01AB", "CC20240108-77E0A3D9"),
    "inspectors": ("王检查、李检查", "钱检查、孙检查"),
    "matters": ("明码标价", "许可证照与经营范围", "公示信息与实际是否一致", "安全台账和消防设施"),
    "findings": ("部分内容与实际不符", "台账不全", "未按规定张贴"),
    "form": ("注射剂", "盒装", "套", "件"),
    "course": ("消防疏散演练", "灭火器使用", "家庭防火"),
}
"""What text fields say, by field code or by ``kind.field``; other text fields stay empty, or repeat their label with a
number where they are required."""


@dataclass(frozen=True)
class Party:
    """Whom a row is about: a resident or a firm."""

    identifier: str
    name: str
    resident: Resident | None = None
    firm: Firm | None = None

    @classmethod
    def of(cls, bearer: Resident | Firm) -> Party:
        """The party that a resident or a firm is."""
        if isinstance(bearer, Resident):
            return cls(bearer.resident_id, bearer.name, resident=bearer)
        return cls(bearer.uscc, bearer.name, firm=bearer)

    @property
    def region(self) -> str:
        """GB/T 2260 code of where the party is registered."""
        bearer = self.resident or self.firm
        return bearer.region if bearer else ""


def broken(kind: Kind, row: Row, party: Party) -> bool:
    """Whether the row meets a condition on which its kind takes no row, or lacks what its other fields call for."""
    about = "person" if party.resident else "enterprise"

    def value_of(code: str) -> Value | None:
        return about if code == SUBJECT_KIND else row.get(code)

    return any(
        (rule.refused is not None and holds(rule.refused, value_of))
        or (rule.when is not None and holds(rule.when, value_of) and not all(map(row.get, rule.required or ())))
        for rule in kind.rules
    )


class Writer:
    """Writes rows of one rulebook's kinds; every choice comes from the one generator given."""

    def __init__(self, rng: Random, rulebook: Rulebook, as_of: date) -> None:
        self.rng = rng
        self.rulebook = rulebook
        self.as_of = as_of
        self._documents = 0

    def some_day(self, years: int = 3) -> date:
        """A day within the last ``years``, newer ones likelier."""
        back = int(365 * years * self.rng.random() ** 1.3)
        return self.as_of - timedelta(days=back + 1)

    def row(
        self,
        kind: Kind,
        party: Party,
        occurred_on: date,
        given: Mapping[str, Value] | None = None,
        department: str | None = None,
    ) -> Row:
        """One row about ``party`` by a department; ``given`` values stand, the rest is filled by role, then type."""
        for _ in range(TRIES):
            row = self._row(kind, party, occurred_on, dict(given or {}), department or kind.providers[0])
            if not broken(kind, row, party):
                break
        return row

    def _row(self, kind: Kind, party: Party, occurred_on: date, given: dict[str, Value], by: str) -> Row:
        row: Row = {}
        grade = self._grade(kind, given)
        for field in kind.fields:
            if field.code in given:
                row[field.code] = given[field.code]
            elif field.role is not None and field.role != "key":
                row[field.code] = self._by_role(kind, field, party, occurred_on, grade, by)
            else:
                row[field.code] = self._own(kind, field, party, occurred_on)
        return row

    def _grade(self, kind: Kind, given: Mapping[str, Value]) -> str:
        """The record class of the row, drawn with the usual weights from those the kind knows."""
        field = next((f for f in kind.fields if f.role == "class"), None)
        if field is None:
            return "general"
        if field.code in given:
            return str(given[field.code])
        known = [code for code in (field.codes or TERMS) if code in CLASS_WEIGHTS] or list(field.codes or TERMS)
        return self.rng.choices(known, weights=[CLASS_WEIGHTS.get(code, 10) for code in known])[0]

    def _by_role(self, kind: Kind, field: FieldSpec, party: Party, day: date, grade: str, by: str) -> Value:
        leader = party.firm.representative if party.firm else None
        department = self.rulebook.departments.get(by)
        match field.role:
            case "subject":
                known = kind.linking == "exact" or self.rng.random() < 0.5
                return party.identifier if known else None
            case "subject_name":
                return party.name
            case "occurred_on":
                return day
            case "document":
                self._documents += 1
                return f"示例{kind.code[:3].upper()}〔{day.year}〕{self._documents:05d}号"
            case "authority":
                return department.name.zh if department else "示例机关"
            case "article":
                return self.rng.choice(PHRASES["article"])
            case "class":
                return grade
            case "notice_on":
                return min(day + timedelta(days=self.rng.randint(0, 5)), self.as_of)
            case "remedy":
                return REMEDY
            case "ends_on":
                term = "P2Y" if kind.effect == "list_entry" else TERMS.get(grade, "P1Y")
                return add_term(day, term) if field.required or self.rng.random() < 0.7 else None
            case "named_person" | "representative":
                person = leader or (party.resident if field.role == "named_person" else None)
                return person.resident_id if person and (field.required or self.rng.random() < 0.8) else None
            case "representative_name":
                return leader.name if leader else None
            case _:
                return None

    def _own(self, kind: Kind, field: FieldSpec, party: Party, day: date) -> Value:
        """A value for a field that is the kind's own, by its type."""
        rng = self.rng
        if not field.required and field.role != "key" and rng.random() < 0.12:
            return None
        match field.type:
            case "integer":
                return self._integer(field)
            case "money":
                return rng.choice((20, 50, 100, 200, 500, 800, 1000, 2000, 5000, 12000))
            case "date":
                return min(day + timedelta(days=rng.randint(0, 20)), self.as_of)
            case "code":
                return rng.choice(tuple(field.codes or {"": None}))
            case "boolean":
                return rng.choice(("是", "否"))
            case "region":
                return party.region
            case "uscc" | "identifier":
                return party.identifier if party.firm else None
            case "resident_id":
                return party.resident.resident_id if party.resident else None
            case _:
                return self._text(kind, field, party)

    def _integer(self, field: FieldSpec) -> int:
        low, high = RANGES.get(field.code, (1, 10))
        low = max(low, field.minimum if field.minimum is not None else low)
        high = min(high, field.maximum if field.maximum is not None else high)
        return self.rng.randint(low, max(low, high))

    def _text(self, kind: Kind, field: FieldSpec, party: Party) -> str | None:
        rng = self.rng
        if field.code in ("address", "place") or "地址" in field.label.zh or "地点" in field.label.zh:
            if party.firm:
                return party.firm.address
            return f"{place_name(party.region)}{rng.choice(COMMUNITIES)}{rng.choice(STREETS)}{rng.randint(1, 199)}号"
        if field.code in ("name", "maker", "bidder"):
            return party.name
        phrases = PHRASES.get(f"{kind.code}.{field.code}") or PHRASES.get(field.code)
        if not phrases and not field.required:
            return None
        text = rng.choice(phrases) if phrases else f"{field.label.zh}{rng.randint(1, 40)}"
        if not text and field.required:
            text = next(phrase for phrase in phrases or (field.label.zh,) if phrase)
        return text[: field.max_length] if field.max_length else text


def register_row(kind: Kind, party: Party, led: bool = True) -> Row:
    """The row of a register kind about a resident or a firm; not ``led``: without its legal representative."""
    person, firm = party.resident, party.firm
    known: Row = {}
    if person:
        known = {
            "resident_id": person.resident_id,
            "name": person.name,
            "region": person.region,
            "registered_on": person.registered_on,
            "address": person.address,
            "community": person.community,
        }
    elif firm:
        leader = firm.representative
        known = {
            "uscc": firm.uscc,
            "name": firm.name,
            "registered_on": firm.registered_on,
            "enterprise_type": firm.enterprise_type,
            "capital": firm.capital,
            "business_scope": firm.business_scope,
            "address": firm.address,
            "province": "",
            "region": firm.region,
            "representative_id": leader.resident_id if led else None,
            "representative_name": leader.name if led else None,
        }
    return {field.code: known.get(field.code) for field in kind.fields}


def fields_by_role(kind: Kind) -> Mapping[str, FieldSpec]:
    """The fields that carry a role, by role."""
    return {field.role: field for field in kind.fields if field.role is not None}


def participants(kind: Kind, adults: Sequence[Resident], rng: Random) -> list[Resident]:
    """Who may appear in a kind: everybody alike where it is no good deed, else a share of the adults.

    ``adults`` come most public-spirited first; chance has its part, so those who do one thing mostly do others too.
    """
    if kind.sign != "positive":
        return list(adults)
    size = max(1, len(adults))
    order = sorted(range(len(adults)), key=lambda rank: 0.5 * rank / size + 0.5 * rng.random())
    return [adults[rank] for rank in order[: max(5, int(size * PARTICIPATION.get(kind.code, 0.1)))]]


def parties_of(kind: Kind, adults: Sequence[Resident], firms: Sequence[Firm], rng: Random, count: int) -> list[Party]:
    """``count`` parties that the kind may speak of. A few people do much, many do little, as everywhere.

    Where a kind takes persons and organisations, about two in three rows are about firms.
    """
    people = participants(kind, adults, rng) if "person" in kind.subject_kinds else []
    organisations = any(k != "person" for k in kind.subject_kinds) and firms
    parties: list[Party] = []
    for _ in range(count):
        if organisations and (not people or rng.random() < 0.66):
            parties.append(Party.of(firms[int(len(firms) * rng.random())]))
        elif people:
            skew = 1.3 if kind.sign == "positive" else 1.0
            parties.append(Party.of(people[int(len(people) * rng.random() ** skew)]))
    return parties
