"""The types of a rulebook (规则册): everything that a lawyer may change, as data.

A rulebook is a folder of YAML; `xinlin.core.loading` turns its texts into one `Rulebook` or into problems,
`xinlin.core.lint` refuses what the law refuses.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from xinlin.core.catalogue import Assertion, CodeValidity, Connection, Edition, RowRule, SystemPart, Theme
from xinlin.core.deeds import DeedSort
from xinlin.core.figures import PublishedFigure
from xinlin.core.looks import LookAlarm, LookDelay
from xinlin.core.measures import Incentive, Memorandum, NationalMeasureRow, RegisteredMeasure, RelatedField, Topic
from xinlin.core.notices import NoticeTemplate
from xinlin.core.pledges import PledgeTemplate, SimplifiedItem
from xinlin.core.procedures import ObjectionProcedure, RepairClass
from xinlin.core.publicity import PublicSection
from xinlin.core.sample_cases import RecordClass, WorkedCase
from xinlin.core.schemes import Basis, Scheme, SchemeSubject
from xinlin.core.supervision import SupervisionGrade
from xinlin.core.values import Strict, Text

SubjectKind = Literal["person", "enterprise", "institution", "social_organisation", "government_body", "district"]
"""自然人, 企业, 事业单位, 社会组织, 政府机构, 区县 (which has counts, never records of anybody)."""

ORGANISATIONS: frozenset[str] = frozenset({"enterprise", "institution", "social_organisation", "government_body"})

FieldType = Literal[
    "text", "integer", "money", "date", "code", "boolean", "resident_id", "uscc", "identifier", "region"
]
"""``money`` is kept in 分 (integer); ``identifier`` is a resident id or a USCC; ``region`` a GB/T 2260 code."""

FieldRole = Literal[
    "subject", "subject_name", "occurred_on", "ends_on", "document", "authority", "article", "class",
    "notice_on", "remedy", "named_person", "representative", "representative_name", "key",
]  # fmt: skip
"""What a field means to the platform; a field without a role is the kind's own."""


RulebookLevel = Literal["national", "province", "city"]

SourceRank = Literal[
    "law", "administrative_regulation", "judicial_interpretation", "department_rule", "local_regulation",
    "local_rule", "state_document", "local_document", "publication",
]  # fmt: skip
"""法律, 行政法规, 司法解释, 部门规章, 地方性法规, 地方政府规章, 中央文件, 地方文件, 公开出版物."""


class Source(Strict):
    """A law, regulation, notice or published article that citations point to (依据)."""

    id: str
    title: Text
    issuer: Text
    rank: SourceRank
    number: str | None = None
    published_on: date | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    url: str | None = None
    verified: bool = False
    """True once a person has compared the entry with the official text."""


class Department(Strict):
    """An office that provides records, asks checks or carries out measures (部门)."""

    code: str
    name: Text
    authority_level: Literal["national", "province", "city", "county"] = "city"
    delivers: list[str] = []
    """Kinds of the rulebook above that this office delivers too. Entries of a list come from those alone whom the list names."""
    basis: Basis


_MONEY_UNIT = re.compile(r"\s*[（(][^（()）]*元[^（()）]*[)）]$")


class FieldSpec(Strict):
    """One column of a kind of record (信息项)."""

    code: str
    label: Text
    type: FieldType
    required: bool = False
    role: FieldRole | None = None
    codes: dict[str, Text] | None = None
    """The code list, for ``type: code``."""
    validity: dict[str, CodeValidity] = {}
    """Values of the code list that did not always hold."""
    code_set: Literal["industry"] | None = None
    """A list of codes that a standard gives: ``industry`` for GB/T 4754. Goes with ``type: text``."""
    aliases: list[str] = []
    """Other headers under which departments send this column."""
    unit: str | None = None
    """The unit in which the column comes where it is not the stored one: ``万元`` or ``元`` for money."""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    personal: bool = False
    """True where the value alone points at a natural person; such a value is sealed and never published."""

    @property
    def scored(self) -> bool:
        """Whether rules of a scheme may read it: the kind's own, and pointing at nobody."""
        return self.role is None and not self.personal

    @property
    def heading(self) -> Text:
        """The label without a unit of money: that is of the delivery, and what is kept and shown is in yuan."""
        if self.type != "money":
            return self.label
        return Text(zh=_MONEY_UNIT.sub("", self.label.zh), en=_MONEY_UNIT.sub("", self.label.en))


class Kind(Strict):
    """A kind of record in the catalogue (目录信息项): what may be sent, by whom, on what basis, for what purpose."""

    code: str
    name: Text
    effect: Literal["register", "record", "list_entry", "count"] = "record"
    """``register`` creates or updates subjects; ``list_entry`` puts a subject on a statutory list; ``count`` is worked
    out by the platform from the records of ``counts`` and never delivered."""
    statutory_list: str | None = None
    counts: str | None = None
    """For ``effect: count``: the kind whose records of organisations are counted by district and month."""
    providers: Annotated[list[str], Field(min_length=1)]
    subject_kinds: Annotated[list[SubjectKind], Field(min_length=1)]
    linking: Literal["exact", "optional"] = "exact"
    """``optional``: rows without an identifier are kept unlinked, have no effect, and may only ask a person."""
    delivery: Literal["additions", "full_list"] = "additions"
    sign: Literal["positive", "negative", "neutral"]
    purpose: Text
    openness: Literal["subject_only", "government", "public"]
    retention: str
    update_interval: str
    fields: Annotated[list[FieldSpec], Field(min_length=1)]
    refusable: bool = False
    """A person may refuse to have records of this kind kept (深圳经济特区社会信用条例 39)."""
    source: Literal["duty", "public_web"] = "duty"
    """Where it comes from: an office doing its duty, or pages that anybody can read, which two people verify first."""
    with_consent: bool = False
    """Only rows of people who have opened the score are kept (邻里积分等): no duty obliges an office to send them."""
    lead: bool = False
    """What a grass-roots platform noticed (线索): it asks an office to look, and counts for nothing anywhere."""
    occupational: bool = False
    """About professional acts alone (重点职业人群): it holds nothing of anybody's private life."""
    edition: str | None = None
    """The edition of the catalogue in which it stands; without one it stands in every edition."""
    effective_from: date | None = None
    effective_to: date | None = None
    """First day on which it is no longer taken in."""
    identity: list[str] | None = None
    """Fields that, with the subject, say which fact a row is about: a later row with the same ones corrects it.

    Left out, a negative kind goes by its document, any other knows no corrections."""
    rules: list[RowRule] = []
    assertions: list[Assertion] = []
    basis: Basis

    def identity_fields(self) -> list[str] | None:
        """The fields by which a fact is known again, or None where every other row is another fact."""
        if self.identity is not None or self.delivery == "full_list":
            return self.identity
        if self.sign != "negative" or self.linking != "exact":
            return None
        return [spec.code for spec in self.fields if spec.role == "document"] or None


class StatutoryList(Strict):
    """A list that the law allows to be kept (名单): entry and exit rules, authority, measures."""

    code: str
    name: Text
    colour: Literal["red", "black"]
    """红名单 for conduct that opens incentives, 黑名单 for what the law ties measures to."""
    level: Literal["national", "province", "city"]
    severity: RecordClass | None = None
    """Class of a black list (轻微, 一般, 严重); a red one has none."""
    seen_by: Literal["public", "government", "subject_only"]
    """Who may see an entry beside its subject. ``public`` never means natural persons (DESIGN right 8)."""
    publicity_term: str
    """Calendar term for which an entry may be published, where it may be; publication ends by itself."""
    fields: Annotated[list[RelatedField], Field(min_length=1)]
    """Fields of life to which its cause is related; no measure reaches beyond them."""
    authority: str
    subject_kinds: Annotated[list[SubjectKind], Field(min_length=1)]
    longest_term: str
    """Calendar term after which an entry ends at the latest, counted from the decision document's date."""
    entry_rule: Text
    exit_rule: Text
    objection: Text
    repair: Text
    fix: Text
    """What its subject can do at once to end it, said first on every hold."""
    basis: Basis


class ListMeasure(Strict):
    """A measure that stands in the national basic list (失信惩戒措施): what, on whom, by whom, on which article."""

    code: str
    statutory_list: str
    name: Text
    force: Literal["must", "may"]
    field: RelatedField
    """The field of life that it touches; one of its list's own."""
    object: Text
    """On whom it falls."""
    scope: Text
    """How far it reaches, and where it stops (proportionality)."""
    departments: Annotated[list[str], Field(min_length=1)]
    items: list[str] = []
    """Approval items of the rulebook at which the measure may be used; service items are linked to it one by one."""
    notice: Text
    remedy: Text
    national_row: str
    """The row of the national basic list of measures on which it stands."""
    basis: Basis


class ApprovalItem(Strict):
    """Something a department decides on application (审批事项), at which a check may be asked."""

    code: str
    name: Text
    department: str
    subject_kinds: Annotated[list[SubjectKind], Field(min_length=1)]
    purpose: Text
    look_delay: LookDelay | None = None
    """Where the law lets the person be told later that they were checked: by which article, and until when at most."""
    basis: Basis


class Merchant(Strict):
    """A shop or office that gives offers (商家)."""

    code: str
    name: Text
    place: Text
    trade: Text
    basis: Basis


class Offer(Strict):
    """A benefit opened by consent and tier or mark (信易+ 权益). Never a basic public service."""

    code: str
    merchant: str
    name: Text
    benefit: Literal["discount", "free_parking", "deposit_waiver", "fee_relief", "deferred_documents", "in_kind"]
    terms: Text
    opens_at: str
    """Code of the tier or mark from which the offer opens."""
    scene: str
    valid_from: date
    valid_until: date
    basis: Basis


class Scene(Strict):
    """Where a score may be used after a second consent (应用场景): who receives what, for what, how long."""

    code: str
    name: Text
    recipient: Text
    contact: str
    purpose: Text
    leaves: Literal["yes_or_no", "tier", "score"] = "yes_or_no"
    lasts: str
    kinds: list[str] = []
    basis: Basis


class Clock(Strict):
    """A period that an office has (时限)."""

    code: str
    name: Text
    working_days: int | None = None
    calendar_days: int | None = None
    basis: Basis


class Notice(Strict):
    """The text a person agrees to (告知书); a change of text is a new version and is asked anew."""

    version: str
    controller: Text
    contact: str
    purpose: Text
    method: Text
    kinds: Text
    retention: Text
    rights: Text
    basis: Basis


class Words(Strict):
    """How a city calls things."""

    product: Text
    city: Text
    score: Text
    centre: Text
    slogan: Text
    mark: str
    """One or two characters for the emblem."""
    rules_title: Text | None = None
    """How the city calls its published list of scored rules; ``{n}`` stands for their number."""


class Rulebook(Strict):
    """A whole rulebook, its own entries together with those it inherits."""

    code: str
    name: Text
    level: RulebookLevel
    extends: str | None = None
    time_zone: str = "Asia/Shanghai"
    divisions: list[str] = []
    """GB/T 2260 codes of the territory."""
    words: Words | None = None
    notice: Notice | None = None
    sources: dict[str, Source] = {}
    departments: dict[str, Department] = {}
    editions: dict[str, Edition] = {}
    themes: dict[str, Theme] = {}
    connections: dict[str, Connection] = {}
    system_parts: dict[str, SystemPart] = {}
    kinds: dict[str, Kind] = {}
    kind_levels: dict[str, RulebookLevel] = {}
    """At which level each kind was set: the nation, a province or a city."""
    lists: dict[str, StatutoryList] = {}
    national_measures: dict[str, NationalMeasureRow] = {}
    measures: dict[str, ListMeasure] = {}
    approval_items: dict[str, ApprovalItem] = {}
    schemes: list[Scheme] = []
    merchants: dict[str, Merchant] = {}
    offers: dict[str, Offer] = {}
    scenes: dict[str, Scene] = {}
    clocks: dict[str, Clock] = {}
    published_figures: dict[str, PublishedFigure] = {}
    procedures: dict[str, ObjectionProcedure] = {}
    repair_classes: dict[str, RepairClass] = {}
    notice_templates: dict[str, NoticeTemplate] = {}
    incentives: dict[str, Incentive] = {}
    topics: dict[str, Topic] = {}
    memoranda: dict[str, Memorandum] = {}
    measure_register: dict[str, RegisteredMeasure] = {}
    pledges: dict[str, PledgeTemplate] = {}
    simplified_items: dict[str, SimplifiedItem] = {}
    look_alarms: dict[str, LookAlarm] = {}
    supervision_grades: dict[str, SupervisionGrade] = {}
    publicity: dict[str, PublicSection] = {}
    """What is shown to everybody, of organisations only."""
    deeds: dict[str, DeedSort] = {}
    objection_procedure: str | None = None
    """Which of ``procedures`` holds here; the national rulebook has them all and chooses none."""
    cases: list[WorkedCase] = []

    def in_force(self, kind: Kind, day: date) -> bool:
        """Whether records of the kind may be taken in on the day: its own dates, and those of its edition, hold it."""
        begun = kind.effective_from is None or kind.effective_from <= day
        edition = self.editions.get(kind.edition or "")
        return (
            begun
            and (kind.effective_to is None or day < kind.effective_to)
            and (edition is None or edition.in_force(day))
        )

    def scheme_at(self, day: date, subject: SchemeSubject = "person") -> Scheme | None:
        """The newest scheme for ``subject`` in force on ``day``, or None where the city judges nobody."""
        standing = [s for s in self.schemes if s.subject == subject and s.effective_from <= day and s.extends is None]
        return max(standing, key=lambda s: s.effective_from, default=None)

    def trade_schemes_at(self, day: date) -> list[Scheme]:
        """The newest version of each trade's score (行业信用分) in force on ``day``, by code."""
        trades = [s for s in self.schemes if s.extends is not None and s.effective_from <= day]
        newest = {s.code: s for s in sorted(trades, key=lambda s: s.effective_from)}
        return [newest[code] for code in sorted(newest)]
