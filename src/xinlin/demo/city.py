"""The whole synthetic city: people, firms, cast, and every department's files; one seed, one city, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.demo.files import (
    ENDINGS,
    FORMATS,
    REFUSED_BREAKS,
    TAKEN_BREAKS,
    Break,
    Delivery,
    Format,
    Sheet,
    broken_encoding,
    delimited,
    encode,
    lay_out,
    titles_for,
    workbook,
)
from xinlin.demo.firms import Firm, make_firms
from xinlin.demo.lives import CastMember, cast_rows, make_cast, make_cast_firm
from xinlin.demo.people import Numbers, Resident, make_residents
from xinlin.demo.rows import Party, Row, Writer, fields_by_role, parties_of, register_row

VOLUMES: Mapping[str, int] = {
    "volunteer_service": 15_000, "waste_sorting": 20_000, "neighbourhood_points": 9_000, "ebike_violation": 2_000,
    "uncivil_conduct": 1_200, "civility_commendation": 900, "charitable_donation": 2_400, "honour": 1_100,
    "judgment_fulfilment": 320, "safe_riding_course": 900,
    "rescue": 60, "community_service": 4_000, "firefighting_training": 3_000, "fulfilled_commitment": 800,
    "unfulfilled_commitment": 260, "uncorrected_hazard": 420, "malicious_rotating_savings": 40,
    "administrative_penalty": 700, "administrative_licence": 1_500, "labour_law_violation": 240,
    "procurement_result": 600, "dishonest_judgment_debtor": 60, "serious_tax_violation": 55, "wage_arrears": 60,
}  # fmt: skip
"""Rows over three years in a district of 20,000; other kinds go by their sign."""
BY_SIGN = {"positive": 1_500, "negative": 300, "neutral": 300}
FULL_SIZE = 20_000
LONG_FILE = 5_000
CONSENTING = 0.6
ROWS_WORTH_A_FILE = 5
DECOY = "以下为人工试传用的问题文件，演示不会自动报送。\nFiles to try by hand; the demo never sends them.\n"


@dataclass(frozen=True)
class City:
    """A synthetic city. ``consenting`` are the identity numbers of adults who open a score at a counter."""

    as_of: date
    residents: list[Resident]
    firms: list[Firm]
    cast: dict[str, CastMember]
    consenting: list[str]
    deliveries: list[Delivery]
    by_hand: dict[str, bytes]


class Clerks:
    """Turns rows into the files of all departments, giving each file its own format, headers and faults."""

    def __init__(self, rulebook: Rulebook, seed: str, as_of: date) -> None:
        self.rulebook, self.seed, self.as_of = rulebook, seed, as_of
        self.deliveries: list[Delivery] = []
        self._names: set[str] = set()

    def send(
        self,
        kind: Kind,
        rows: Sequence[Row],
        *,
        department: str | None = None,
        part: str = "",
        valid_on: date | None = None,
        form: Format | None = None,
        breaks: Sequence[Break] | None = None,
    ) -> None:
        """Write one file and keep it among the deliveries, in the order in which departments send."""
        number = len(self.deliveries)
        rng = Random(f"{self.seed}:file:{number}:{kind.code}")
        form = form or ("tsv" if number == 4 else FORMATS[number % len(FORMATS)])
        department = department or kind.providers[0]
        office = (
            self.rulebook.departments[department].name.zh if department in self.rulebook.departments else department
        )
        titles = titles_for(form, office, kind.name.zh, valid_on or self.as_of)
        chosen = self._breaks(rng, len(rows)) if breaks is None else breaks
        sheet, broken = lay_out(rng, kind, rows, form, titles, chosen, self.as_of)
        filename = f"{office}_{kind.name.zh}{'_' + part if part else ''}.{ENDINGS[form]}".replace("/", "-")
        self.deliveries.append(
            Delivery(kind.code, department, filename, encode(sheet, form), len(sheet.rows), valid_on, broken)
        )

    def _breaks(self, rng: Random, size: int) -> list[Break]:
        """Which faults a file of so many rows has: long files have every sort, short ones one or two."""
        every: list[Break] = [*REFUSED_BREAKS, *TAKEN_BREAKS]
        if size >= 1_000:
            return every + rng.choices(every, k=4)
        return rng.sample(every, 4) if size >= 200 else rng.sample(every, 1 if size >= 20 else 0)


def volume(kind: Kind, scale: float) -> int:
    """How many rows of a kind a city of this scale has (1.0 is 20,000 residents)."""
    usual = VOLUMES.get(kind.code, 60 if kind.effect == "list_entry" else BY_SIGN[kind.sign])
    if kind.effect == "list_entry":
        return max(6, min(usual, int(usual * max(scale, 0.25))))
    return max(8, int(usual * scale))


def _registers(clerks: Clerks, residents: Sequence[Resident], firms: Sequence[Firm]) -> None:
    """The registers come first, people before firms: records and legal representatives attach to whoever stands there."""
    rng = Random(f"{clerks.seed}:registers")
    registers = [kind for kind in clerks.rulebook.kinds.values() if kind.effect == "register"]
    for kind in sorted(registers, key=lambda kind: "person" not in kind.subject_kinds):
        if "person" in kind.subject_kinds:
            rows = [register_row(kind, Party.of(person)) for person in residents]
            clerks.send(kind, rows, form="csv_gb18030")
        else:
            rows = [register_row(kind, Party.of(firm), firm is firms[0] or rng.random() < 0.97) for firm in firms]
            clerks.send(kind, rows, form="xlsx_one_title")


def _full_lists(clerks: Clerks, kind: Kind, rows: list[Row], fixed: list[Row], rng: Random) -> None:
    """The list as it stood at the start of last month and of this one: some entries gone, some new."""
    this_month = clerks.as_of.replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    when = fields_by_role(kind)["occurred_on"].code

    def known_by(row: Row, day: date) -> bool:
        occurred_on = row[when]
        return isinstance(occurred_on, date) and occurred_on < day

    then = [row for row in rows if known_by(row, last_month)]
    newer = [row for row in rows if not known_by(row, last_month) and known_by(row, this_month)]
    fresh = then[: max(1, len(then) // 12)]
    before = [row for row in then if row not in fresh] + fixed
    gone = {id(row) for row in rng.sample(before[: len(before) - len(fixed)], k=len(before) // 14)}
    now = [row for row in before if id(row) not in gone] + fresh + newer
    clerks.send(kind, before, part=f"{last_month:%Y年%m月}", valid_on=last_month)
    clerks.send(kind, now, part=f"{this_month:%Y年%m月}", valid_on=this_month, breaks=[])


def _additions(clerks: Clerks, kind: Kind, department: str, rows: list[Row], several: bool) -> None:
    """Long deliveries come year by year, short ones at once; each row stands in one file."""
    name = (
        clerks.rulebook.departments[department].name.zh if several and department in clerks.rulebook.departments else ""
    )
    if len(rows) < LONG_FILE:
        clerks.send(kind, rows, department=department, part=name)
        return
    when = fields_by_role(kind)["occurred_on"].code
    years: dict[int, list[Row]] = {}
    for row in rows:
        occurred_on = row[when]
        years.setdefault(occurred_on.year if isinstance(occurred_on, date) else 0, []).append(row)
    for year in sorted(years):
        clerks.send(kind, years[year], department=department, part=f"{year}年")


def _records(
    clerks: Clerks, kind: Kind, adults: Sequence[Resident], firms: Sequence[Firm], fixed: list[Row], scale: float
) -> None:
    """All files of one kind of record or list entry."""
    rng = Random(f"{clerks.seed}:kind:{kind.code}")
    writer = Writer(rng, clerks.rulebook, clerks.as_of)
    parties = parties_of(kind, adults, firms, rng, volume(kind, scale))
    if kind.delivery == "full_list":
        years = 1 if kind.retention in ("P1Y", "P12M") else 2
        _full_lists(clerks, kind, [writer.row(kind, party, writer.some_day(years)) for party in parties], fixed, rng)
        return
    departments = kind.providers[: max(1, len(parties) // ROWS_WORTH_A_FILE)]
    for number, (department, mine) in enumerate(_shares(clerks.rulebook, kind, departments, parties)):
        rows = [writer.row(kind, party, writer.some_day(), department=department) for party in mine]
        _additions(clerks, kind, department, rows + (fixed if number == 0 else []), len(departments) > 1)


def _shares(
    rulebook: Rulebook, kind: Kind, departments: Sequence[str], parties: Sequence[Party]
) -> Iterator[tuple[str, Sequence[Party]]]:
    """Each department with those of whom it writes: as many each; of what is published by a clock most come from a few offices."""
    timed = {code for section in rulebook.publicity.values() if section.clock for code in section.kinds}
    if kind.code not in timed:
        yield from ((department, parties[n :: len(departments)]) for n, department in enumerate(departments))
        return
    start = 0
    for number, department in enumerate(departments):
        rest = len(departments) - number - 1
        size = (
            len(parties) - start if not rest else max(1, min(len(parties) // (number + 3), len(parties) - start - rest))
        )
        yield department, parties[start : start + size]
        start += size


def _by_hand(rulebook: Rulebook, clerks: Clerks) -> dict[str, bytes]:
    """Files that are bad as a whole, for trying at the bench; their names say what they are."""
    files: dict[str, bytes] = {"说明.txt": DECOY.encode(), "空文件.csv": b""}
    kind = next((k for k in rulebook.kinds.values() if k.effect == "record" and "person" in k.subject_kinds), None)
    if kind is None:
        return files
    label = tuple(field.label.zh for field in kind.fields)
    rng = Random(f"{clerks.seed}:by-hand")
    writer = Writer(rng, rulebook, clerks.as_of)
    numbers = Numbers(rng, rulebook.divisions)
    people = make_residents(rng, numbers, 40, rulebook.divisions, clerks.as_of)
    rows = [writer.row(kind, Party.of(person), writer.some_day()) for person in people]
    sheet, _ = lay_out(rng, kind, rows, "csv_utf8", (), (), clerks.as_of)
    sheet = Sheet((), label, sheet.rows)
    files[f"编码混杂_前半UTF-8后半GB18030_{kind.name.zh}.csv"] = broken_encoding(sheet)
    extra = tuple(f"附加列{number}" for number in range(1, 41 - len(label)))
    wide = Sheet(
        ("某某局信息报送总表", "填报人：示例"), label + extra, [[*row, *([""] * len(extra))] for row in sheet.rows]
    )
    files[f"四十列两行标题_{kind.name.zh}.xlsx"] = workbook(wide)
    files["别的部门的文件_水费台账.csv"] = delimited(
        Sheet(
            (),
            ("户号", "表底", "用水量(吨)", "应收(元)"),
            [["0001", "120", "12", "36.00"], ["0002", "88", "9", "27.00"]],
        ),
        "gb18030",
    )
    return files


def make_city(rulebook: Rulebook, *, as_of: date, seed: int = 1, residents: int = 20_000, firms: int = 3_000) -> City:
    """Make a city of ``residents`` people (the cast among them) and ``firms`` firms, as of a day.

    Equal arguments give equal bytes. Raises ValueError for fewer than 50 residents or 5 firms, or no division.
    """
    if residents < 50 or firms < 5:
        raise ValueError("a demo city needs at least 50 residents and 5 firms")
    divisions = rulebook.divisions
    if not divisions:
        raise ValueError(f"the rulebook {rulebook.code} names no division for people to live in")
    rng = Random(f"{seed}:{rulebook.code}:people")
    numbers = Numbers(rng, rulebook.divisions)
    cast = make_cast(rng, numbers, rulebook, as_of)
    crowd = make_residents(rng, numbers, residents - len(cast), divisions, as_of)
    everybody = [member.resident for member in cast.values()] + crowd
    adults = [person for person in crowd if person.age_on(as_of) >= 18]
    rng.shuffle(adults)
    firm_rng = Random(f"{seed}:{rulebook.code}:firms")
    own = make_cast_firm(firm_rng, cast, set(), as_of)
    companies = [own, *(f for f in make_firms(firm_rng, firms, adults, as_of) if f.uscc != own.uscc)][:firms]

    clerks = Clerks(rulebook, f"{seed}:{rulebook.code}", as_of)
    _registers(clerks, everybody, companies)
    fixed = cast_rows(Writer(Random(f"{seed}:{rulebook.code}:cast"), rulebook, as_of), cast, own)
    scale = residents / FULL_SIZE
    for kind in rulebook.kinds.values():
        if kind.effect not in ("register", "count") and kind.source == "duty":
            _records(clerks, kind, adults, companies[1:], fixed.get(kind.code, []), scale)
    consenting = [member.resident.resident_id for member in cast.values() if member.consents]
    consent_rng = Random(f"{seed}:{rulebook.code}:consent")
    consenting += [person.resident_id for person in adults if consent_rng.random() < CONSENTING]
    return City(as_of, everybody, companies, cast, consenting, clerks.deliveries, _by_hand(rulebook, clerks))


def write_files(city: City, folder: Path) -> None:
    """Write every delivery to ``folder`` and the files for trying by hand to ``folder/试传``."""
    folder.mkdir(parents=True, exist_ok=True)
    for delivery in city.deliveries:
        (folder / delivery.filename).write_bytes(delivery.content)
    trying = folder / "试传"
    trying.mkdir(exist_ok=True)
    for name, content in city.by_hand.items():
        (trying / name).write_bytes(content)
