"""Folders as strangers make them: what can be read is read alike by the engines, what cannot is refused by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from tests.scores.test_open_folder import AS_OF, lines, write
from xinlin import shelf
from xinlin.engine import folder, folder_consents, folder_records, hashes, numbering
from xinlin.engine.report import ENGINES, Engine, Order, Source, score_folder
from xinlin.engine.tables import FolderRefused

BOOK = shelf.read("dongtou")
RECORDS = "records/volunteer_service"
FULL = {"anna": 622, "李雷": 622}
"""Who is scored where nothing is odd: both have 25 hours."""
Change = Callable[[Path], object]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return write(
        tmp_path / "city",
        {
            "subjects": ["subject,kind,born_on", "anna,person,1990-01-01", "李雷,person,1980-02-29"],
            "consents": ["subject,given_on,withdrawn_on", "anna,2026-01-01,", "李雷,2026-01-01,"],
            RECORDS: lines(
                "volunteer_service", [("v1", "anna", 30, {"hours": "25"}), ("记录2", "李雷", 30, {"hours": "25"})]
            ),
        },
    )


def scored(city: Path, out: Path, engines: Sequence[Engine] = ("duckdb", "plain")) -> dict[str, int]:
    """Everybody's score, which all these engines give alike."""
    scheme = BOOK.scheme_at(AS_OF)
    assert scheme is not None
    found = []
    for engine in engines:
        score_folder(Order(BOOK, scheme, out / engine, engine, lines=True), Source(city), AS_OF)
        found.append(pq.read_table(out / engine / "scores.parquet").to_pylist())
    assert all(one == found[0] for one in found)
    return {row["subject"]: row["score"] for row in found[0]}


def bytewise(change: Callable[[bytes], bytes]) -> Change:
    """Every file changed so."""

    def make(city: Path) -> None:
        for path in city.rglob("*.csv"):
            path.write_bytes(change(path.read_bytes()))

    return make


def with_text(name: str, old: str, new: str) -> Change:
    def make(city: Path) -> None:
        path = city / f"{name}.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return make


def only_the_header(*names: str) -> Change:
    def make(city: Path) -> None:
        for name in names:
            path = city / f"{name}.csv"
            path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")

    return make


def as_parquet(city: Path) -> None:
    for path in list(city.rglob("*.csv")):
        table = pc.read_csv(path, convert_options=pc.ConvertOptions(strings_can_be_null=True))
        pq.write_table(table, path.with_suffix(".parquet"))
        path.unlink()


def with_column(name: str, column: str, values: pa.Array) -> Change:
    def make(city: Path) -> None:
        as_parquet(city)
        path = city / f"{name}.parquet"
        table = pq.read_table(path)
        pq.write_table(table.set_column(table.schema.get_field_index(column), column, values), path)

    return make


def with_file(name: str, change: Callable[[bytes], bytes]) -> Change:
    def make(city: Path) -> None:
        as_parquet(city)
        path = city / f"{name}.parquet"
        path.write_bytes(change(path.read_bytes()))

    return make


BOM = b"\xef\xbb\xbf"
READ: dict[str, tuple[Change, dict[str, int]]] = {
    "byte order mark": (bytewise(lambda text: BOM + text), FULL),
    "carriage returns": (bytewise(lambda text: text.replace(b"\n", b"\r\n")), FULL),
    "no last line break": (bytewise(lambda text: (BOM + text.replace(b"\n", b"\r\n")).rstrip()), FULL),
    "a handle with quotes and a comma": (with_text(RECORDS, "v1", '"v""1, x"'), FULL),
    "a handle over two lines": (with_text(RECORDS, "v1", '"v\n1"'), FULL),
    "spaces in the header": (with_text("subjects", "subject,kind", " subject , kind"), FULL),
    "no records": (only_the_header(RECORDS), {"anna": 600, "李雷": 600}),
    "nothing at all": (only_the_header("subjects", "consents", RECORDS), {}),
    "no folder of records": (lambda city: shutil.rmtree(city / "records"), {"anna": 600, "李雷": 600}),
    "other files": (lambda city: (city / "records" / "readme.txt").write_text("x"), FULL),
    "a record in year 1": (with_text(RECORDS, "2026-05-31", "0001-01-01"), {"anna": 600, "李雷": 622}),
    "a record in year 9999": (with_text(RECORDS, "2026-05-31", "9999-12-31"), {"anna": 600, "李雷": 622}),
    "many hours": (with_text(RECORDS, ",25", ",999999999999999999"), {"anna": 660, "李雷": 622}),
    "less than no hours": (with_text(RECORDS, ",25", ",-5"), {"anna": 600, "李雷": 622}),
    "an empty number": (with_text(RECORDS, ",25", ","), {"anna": 600, "李雷": 622}),
    "Parquet": (as_parquet, FULL),
    "days as text": (with_column("subjects", "born_on", pa.array(["1990-01-01"] * 2)), FULL),
    "small numbers": (with_column(RECORDS, "hours", pa.array([25, 25], pa.int8())), FULL),
    "the largest number": (with_column(RECORDS, "hours", pa.array([25, 2**63 - 1])), {"anna": 622, "李雷": 660}),
    "the least number": (with_column(RECORDS, "hours", pa.array([-(2**63), 25])), {"anna": 600, "李雷": 622}),
    "a column of nothing": (with_column(RECORDS, "hours", pa.nulls(2)), {"anna": 600, "李雷": 600}),
    "days at midnight": (with_column("subjects", "born_on", pa.array([date(1990, 1, 1)] * 2, pa.date64())), FULL),
    "long texts": (with_column(RECORDS, "record", pa.array(["v1", "v2"], pa.large_string())), FULL),
    "numbers as codes": (with_column(RECORDS, "hours", pa.array([25, 25]).dictionary_encode()), FULL),
    "whole decimals": (with_column(RECORDS, "hours", pa.array([Decimal(25)] * 2, pa.decimal128(38, 0))), FULL),
    "unsigned numbers": (with_column(RECORDS, "hours", pa.array([25, 25], pa.uint64())), FULL),
    "empty texts": (with_column(RECORDS, "class", pa.array(["", ""])), FULL),
    "no day as text": (with_column(RECORDS, "ends_on", pa.array(["", "2030-01-01"])), FULL),
    "a copy beside": (lambda city: shutil.copy(city / f"{RECORDS}.csv", city / f"{RECORDS}.csv.bak"), FULL),
    "texts as codes": (with_column(RECORDS, "record", pa.array(["v1", "v2"]).dictionary_encode()), FULL),
    "two consents of one": (with_column("consents", "subject", pa.array(["anna", "anna"])), {"anna": 622}),
}


@pytest.mark.parametrize("case", READ)
def test_what_can_be_read_is_read_alike(city: Path, tmp_path: Path, case: str) -> None:
    change, expected = READ[case]
    change(city)
    assert scored(city, tmp_path / "out") == expected


def renamed(name: str, to: str) -> Change:
    return lambda city: (city / name).rename(city / to)


def with_a_column_more(name: str, column: str) -> Change:
    def make(city: Path) -> None:
        as_parquet(city)
        path = city / f"{name}.parquet"
        table = pq.read_table(path)
        pq.write_table(table.append_column(column, pa.array(["1"] * len(table))), path)

    return make


def with_relation(role: str) -> Change:
    return lambda city: write(
        city, {"relations": ["organisation,person,role,from_on,until_on", f"firm,anna,{role},2020-01-01,"]}
    )


def empty_office(city: Path) -> None:
    with_relation("legal_representative")(city)
    with_column("relations", "role", pa.array([""]))(city)


def with_consent_to(*schemes: str) -> Change:
    """The consents of both, each to one of these scores."""

    def make(city: Path) -> None:
        path = city / "consents.csv"
        rows = zip(path.read_text(encoding="utf-8").splitlines(), ("scheme", *schemes), strict=True)
        path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")

    return make


def in_parts(city: Path) -> None:
    """A folder of parts, as clusters write a table."""
    as_parquet(city)
    (city / RECORDS).mkdir()
    (city / f"{RECORDS}.parquet").rename(city / RECORDS / "part-0.parquet")


def records_as_a_file(city: Path) -> None:
    shutil.rmtree(city / "records")
    (city / "records").write_text("record,subject\n")


REFUSED: dict[str, tuple[Change, str]] = {
    "another encoding": (bytewise(lambda text: text.decode().encode("gb18030")), "subjects.csv: the file cannot"),
    "an empty file": (with_file(RECORDS, lambda _bytes: b""), "volunteer_service.parquet: the file cannot be read"),
    "half a file": (with_file(RECORDS, lambda whole: whole[: len(whole) // 2]), "volunteer_service.parquet: the file"),
    "no folder": (shutil.rmtree, "no such folder"),
    "no consents": (lambda city: (city / "consents.csv").unlink(), "no consents.csv"),
    "a folder for a file": (lambda city: (city / "subjects.parquet").mkdir(), "both a CSV and a Parquet"),
    "a short row": (with_text("consents", "01-01,\n", "01-01\n"), "Line: 2 Expected Number of Columns: 3 Found: 2"),
    "a long row": (with_text("consents", "01-01,\n", "01-01,,x\n"), "Line: 2 Expected Number of Columns: 3 Found: 4"),
    "a header twice": (with_text("subjects", "subject,kind", "subject,subject"), "the column 'subject' stands twice"),
    "another separator": (bytewise(lambda text: text.replace(b",", b";")), "separated by ';'; commas are needed"),
    "tabulators": (bytewise(lambda text: text.replace(b",", b"\t")), "commas are needed"),
    "a column by another name": (
        with_text("subjects", "subject,kind", "Subject,kind"),
        "missing: subject; the file has Subject",
    ),
    "no such day": (with_text("subjects", "1980-02-29", "1981-02-29"), "in row 2 below the header, '1981-02-29'"),
    "a far day": (
        with_column(RECORDS, "occurred_on", pa.array([1, 4000000], pa.int32()).cast(pa.date32())),
        "in row 2 below the header, the day '12921-08-18' lies outside the years 1 to 9999",
    ),
    "a moment": (with_column("subjects", "born_on", pa.array([datetime(1990, 1, 1)] * 2)), "type TIMESTAMP; DATE"),  # noqa: DTZ001 as strangers write it
    "a broken number": (with_text(RECORDS, ",25", ",1e3"), "'1e3' is not of the needed form"),
    "too large a number": (with_text(RECORDS, ",25", ",9223372036854775808"), "at most 18 digits"),
    "too large an unsigned number": (
        with_column(RECORDS, "hours", pa.array([25, 2**64 - 1], pa.uint64())),
        "in row 2 below the header, '18446744073709551615' is not",
    ),
    "fractions": (with_column(RECORDS, "hours", pa.array([25.0, 3.5])), "type DOUBLE; BIGINT is needed"),
    "numbers for names": (with_column(RECORDS, "record", pa.array([1, 2])), "type BIGINT; VARCHAR is needed"),
    "an unknown class": (
        with_column(RECORDS, "class", pa.array(["grave", None])),
        "in row 1 below the header, there is no class 'grave'",
    ),
    "no state": (with_column(RECORDS, "status", pa.array([None, "active"])), "in row 1 below the header, a cell is"),
    "no subject": (with_column(RECORDS, "subject", pa.array(["anna", None])), "in row 2 below the header, a cell is"),
    **{
        f"an empty text as {name}:{column}": (
            with_column(name, column, pa.array(values)),
            f":{column}: in row 2 below the header, a cell is empty",
        )
        for name, column, values in [
            (RECORDS, "record", ["v1", ""]),
            (RECORDS, "subject", ["anna", ""]),
            (RECORDS, "status", ["active", ""]),
            ("subjects", "subject", ["anna", ""]),
            ("subjects", "kind", ["person", ""]),
            ("consents", "subject", ["anna", ""]),
        ]
    },
    "an empty text as an office": (empty_office, "relations.parquet:role: in row 1 below the header, a cell is empty"),
    "an ending in capitals": (renamed(f"{RECORDS}.csv", f"{RECORDS}.CSV"), "Call it volunteer_service.csv"),
    "a name in capitals": (renamed(f"{RECORDS}.csv", "records/Volunteer_Service.csv"), "Call it volunteer_service.csv"),
    "packed": (renamed(f"{RECORDS}.csv", f"{RECORDS}.csv.gz"), "not compressed"),
    "in parts": (in_parts, "volunteer_service: this would not be read"),
    "relations that nobody reads": (lambda city: (city / "relations.CSV").touch(), "Call it relations.csv"),
    "records in a file": (records_as_a_file, "records is a file; it has to be a folder"),
    "an unknown kind in capitals": (renamed(f"{RECORDS}.csv", "records/other.CSV"), "no such kind of record"),
    "a column twice": (with_a_column_more(RECORDS, "hours"), "the column 'hours' stands twice"),
    "a column twice but for its letters": (with_a_column_more("subjects", "Subject"), "'Subject' stands twice"),
    "decimals": (with_column(RECORDS, "hours", pa.array([Decimal("25.0")] * 2)), "DECIMAL(3,1); BIGINT is needed"),
    "bytes": (with_column(RECORDS, "record", pa.array([b"v1", b"v2"])), "type BLOB; VARCHAR is needed"),
    "a record twice": (with_text(RECORDS, "记录2", "v1"), "in row 2 below the header, the record 'v1' stands twice"),
    "a subject twice": (with_text("subjects", "李雷,person", "anna,person"), "the subject 'anna' stands twice"),
    "an unknown subject": (with_text(RECORDS, "v1,anna", "v1,nobody"), "the subject 'nobody' is not in subjects"),
    "a role that no rule asks for": (
        with_relation("legal_representatve"),
        "in row 1 below the header, there is no role 'legal_rep",
    ),
    "a consent to no score": (with_consent_to("", "bus"), "in row 2 below the header, there is no trade's score 'bus'"),
    "a consent to the city's own score by its code": (
        with_consent_to("", "dongtou"),
        "Leave it empty for the city's own score",
    ),
    "an unknown kind of subject": (
        with_text("subjects", "person", "Person"),
        "there is no kind of subject 'Person'. Use one of person, enterprise",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_and_nothing_written(city: Path, tmp_path: Path, case: str) -> None:
    change, said = REFUSED[case]
    change(city)
    for engine in ENGINES:
        with pytest.raises(FolderRefused) as refusal:
            scored(city, tmp_path / "out", [engine])
        assert said in str(refusal.value)
        assert list((tmp_path / "out" / engine).iterdir()) == []


def test_records_of_a_kind_that_the_scheme_does_not_score_change_nothing(city: Path, tmp_path: Path) -> None:
    scheme = BOOK.scheme_at(AS_OF)
    assert scheme is not None
    used = {indicator.kind for dimension in scheme.dimensions for indicator in dimension.indicators}
    other = next(code for code in sorted(BOOK.kinds) if code not in used | {rule.kind for rule in scheme.class_rules})
    write(city, {f"records/{other}": lines(other, [("x1", "anna", 3, {})])})
    assert scored(city, tmp_path / "out") == FULL


def test_subjects_with_one_hash_are_told_apart(city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_letter(texts: pa.Array, salt: int = 0) -> hashes.Hashes:
        return hashes.hashed(texts if salt else pa.array([text.as_py()[:1] for text in texts], pa.string()), salt)

    for module in (folder, folder_consents, folder_records, numbering):
        monkeypatch.setattr(module, "hashed", first_letter)
    lines = [*(city / "subjects.csv").read_text("utf-8").splitlines(), "anton,person,1990-01-01"]
    write(city, {"subjects": lines})
    given = [*(city / "consents.csv").read_text("utf-8").splitlines(), "anton,2026-01-01,"]
    write(city, {"consents": given})
    assert scored(city, tmp_path / "out") == FULL | {"anton": 600}
    write(city, {"subjects": [*lines, "anton,person,1990-01-01"]})
    with pytest.raises(FolderRefused, match="stands twice"):
        scored(city, tmp_path / "out")


@pytest.mark.parametrize("rising", [True, False])
def test_whoever_consented_is_scored_however_large_the_registers_are(city: Path, tmp_path: Path, rising: bool) -> None:
    """Registers of many row groups are read by several threads at once; every person keeps their own consent."""
    people = [f"{number:06}" for number in range(200_000)]
    people = people if rising else people[::-1]
    consenting = people[::3]
    born, given = date(1990, 1, 1), date(2026, 1, 1)
    for name in ("subjects", "consents"):
        (city / f"{name}.csv").unlink()
    (city / f"{RECORDS}.csv").unlink()
    subjects = {"subject": people, "kind": ["person"] * len(people), "born_on": [born] * len(people)}
    pq.write_table(pa.table(subjects), city / "subjects.parquet", row_group_size=2048)
    consents = pa.table({"subject": consenting, "given_on": [given] * len(consenting)})
    consents = consents.append_column("withdrawn_on", pa.nulls(len(consenting), pa.date32()))
    pq.write_table(consents, city / "consents.parquet", row_group_size=2048)
    assert list(scored(city, tmp_path / "out", ["duckdb"])) == sorted(consenting)


def test_a_snapshot_holds_what_rules_read_and_all_else_is_checked_all_the_same(city: Path, tmp_path: Path) -> None:
    """A project has a name for people to read; no rule reads the hours of a course, and a broken one is refused."""
    scheme = BOOK.scheme_at(AS_OF)
    assert scheme is not None
    write(city, {RECORDS: lines("volunteer_service", [("v1", "anna", 30, {"hours": "25", "project": "河道"})])})
    order = Order(BOOK, scheme, tmp_path / "out")
    score_folder(order, Source(city, store=tmp_path / "store"), AS_OF)
    kept = pq.read_schema(next((tmp_path / "store").glob(f"*/{RECORDS}.parquet"))).names
    assert [name for name in kept if name.startswith("f_")] == ["f_hours"]
    write(city, {"records/safe_riding_course": lines("safe_riding_course", [("c1", "anna", 9, {"hours": "1e3"})])})
    with pytest.raises(FolderRefused, match="'1e3' is not of the needed form"):
        score_folder(order, Source(city), AS_OF)


@pytest.mark.parametrize("name", ["subjects", RECORDS])
def test_a_page_that_is_torn_far_into_a_file_is_refused(city: Path, tmp_path: Path, name: str) -> None:
    as_parquet(city)
    path = city / f"{name}.parquet"
    row = pq.read_table(path).slice(0, 1)
    handles = pa.array([f"{number:06}" for number in range(300_000)])
    table = row.take(pa.array([0] * len(handles)))
    pq.write_table(table.set_column(0, row.schema.names[0], handles), path, row_group_size=1 << 16)
    last = pq.read_metadata(path).row_group(4).column(0)
    whole = bytearray(path.read_bytes())
    whole[last.data_page_offset : last.data_page_offset + 40] = bytes(40)
    path.write_bytes(whole)
    with pytest.raises(FolderRefused, match=f"{path.name}: the file cannot be read"):
        scored(city, tmp_path / "out", ["duckdb"])
