"""The columns that stream out of the database hold what the records say one by one, byte for byte, whichever way they come."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection, transaction

from tests.scores.conftest import SYSTEM, Resident, make_record, make_subject
from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.rulebooks import FieldSpec
from xinlin.engine.snapshot import SnapshotWriter
from xinlin.office import streams
from xinlin.office.actions import scores
from xinlin.office.amendments import amend
from xinlin.office.consent_gate import terms_in_force
from xinlin.office.models.people import Consent, Relation, Subject
from xinlin.office.models.records import Record
from xinlin.office.queries import columns
from xinlin.office.queries.enrolment import enrolled
from xinlin.office.queries.histories import Past, People, horizon
from xinlin.office.queries.records import facts_of_kind
from xinlin.office.rulebook import current
from xinlin.office.scopes import now, today

ODD = ["", "it's", 'a "b"', "中文，％", "a\\b", "\u3000", "null", "1"]


def plan() -> Plan:
    scheme = current().scheme_at(today())
    assert scheme is not None
    return compile_scheme(scheme, today())


def value(spec: FieldSpec, chance: random.Random) -> Any:
    match spec.type:
        case "integer" | "money":
            return chance.choice([0, 1, -5, 10**15, chance.randrange(1000)])
        case "boolean":
            return chance.random() < 0.5
        case "date":
            return (today() - timedelta(days=chance.randrange(900))).isoformat()
        case "code":
            return chance.choice(sorted(spec.codes or {"x": None}))
        case _:
            return chance.choice(ODD)


def fill(people: list[Resident], firms: list[Subject], chance: random.Random, count: int) -> list[Record]:
    """Records of every kind that the scheme reads, with every state and every sort of field, some of them absent.

    A negative record that is in force names its document and its class: the database takes no other.
    """
    made = []
    for code in plan().kinds:
        kind = current().kinds[code]
        for _ in range(count):
            firm = chance.random() < 0.4
            own = {
                spec.code: value(spec, chance) for spec in kind.fields if spec.role is None and chance.random() < 0.8
            }
            status = chance.choice(["active", "active", "disputed", "repaired", "withdrawn"])
            nothing = [] if kind.sign == "negative" and status == "active" else [""]
            changes = {
                "status": status,
                "record_class": chance.choice([*nothing, "minor", "general", "serious"]),
                "ends_on": chance.choice([None, today() + timedelta(days=chance.randrange(-50, 400))]),
                "document": chance.choice([*nothing, "洞文〔2026〕1号"]),
                "named_person": chance.choice(people).subject if chance.random() < 0.6 else None,
                "fields": own,
            }
            subject = chance.choice(firms) if firm else chance.choice(people).subject
            made.append(make_record(subject, code, today() - timedelta(days=chance.randrange(-3, 900)), **changes))
    return made


@pytest.fixture
def city(resident: Callable[..., Resident]) -> tuple[list[Resident], list[Subject]]:
    """Residents, and firms whose representatives changed over the years."""
    people = [resident(f"居民{at}") for at in range(6)]
    firms = [make_subject(f"FIRM{at:014}X", "示例有限公司", kind="enterprise") for at in range(3)]
    for at, firm in enumerate(firms):
        since = today() - timedelta(days=800)
        for place in range(at + 1):
            stated = make_record(firm, "enterprise_registration", since)
            person = people[(at + place) % len(people)].subject
            Relation.objects.create(organisation=firm, person=person, from_on=since, record=stated)
            since += timedelta(days=200)
    return people, firms


def by_one(folder: Path, numbers: dict[int, int], people: People, past: Past) -> str:
    """The digest of the snapshot that comes of the records one by one."""
    asked, through = plan(), {i.kind for d in plan().dimensions for i in d.indicators if i.through}
    writer = SnapshotWriter(folder)
    writer.subjects(numbers.values())
    for code in asked.kinds:
        facts = facts_of_kind(current().kinds[code], code in through, people, past)
        writer.records(current().kinds[code], [scores._row(numbers[key], fact) for key, fact in facts])
    return writer.seal().sha256


def compare(
    city: tuple[list[Resident], list[Subject]], folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freeze as it was known before some records changed and others came: all ways give the same bytes."""
    people, firms = city
    chance = random.Random(seed)
    made = fill(people, firms, chance, 12)
    known = horizon()
    fill(people, firms, chance, 2)
    with transaction.atomic():
        for at, change in enumerate(
            [{"status": "disputed"}, {"ends_on": date(2020, 1, 1)}, {"record_class": "serious", "status": "repaired"}]
        ):
            changed = [record.pk for record in made if record.status == "active"][at::7]
            amend(actor=SYSTEM, records=changed, change=change, reason="corrected", happened_on=today())
        owner = {"subject_id": people[0].subject.pk}
        moved = [record.pk for record in made if record.subject_id == people[1].subject.pk][:3]
        amend(actor=SYSTEM, records=moved, change=owner, reason="merged", happened_on=today())
    Relation.objects.create(
        organisation=firms[0], person=people[5].subject, from_on=today() - timedelta(days=100),
        record=make_record(firms[0], "enterprise_registration", today()),
    )  # fmt: skip
    scored = Subject.objects.filter(pk__in=[person.subject.pk for person in people[:5]])
    numbers = dict(scored.values_list("pk", "number"))
    past, keys = Past.at(known), scored.values("pk")
    expected = by_one(folder / "by_one", numbers, People(keys, numbers.keys()), past)
    monkeypatch.setattr(columns, "SMALL", 0)
    for way, many in (("looked_up", 0), ("swept", 1 << 20)):
        monkeypatch.setattr(scores, "MANY", many)
        frozen = scores.freeze([plan()], folder / way, numbers, keys, past)
        assert frozen.rows > 50
        for path in sorted((folder / "by_one").rglob("*.parquet")):
            assert (folder / way / path.relative_to(folder / "by_one")).read_bytes() == path.read_bytes(), path.name
        assert frozen.sha256 == expected


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_columns_within_a_transaction_hold_what_the_records_say(
    city: tuple[list[Resident], list[Subject]], tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(city, tmp_path, seed, monkeypatch)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4, 6))
def test_columns_through_adbc_hold_what_the_records_say(
    city: tuple[list[Resident], list[Subject]], tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_by_cursor", None)
    compare(city, tmp_path, seed, monkeypatch)


@pytest.mark.django_db
@pytest.mark.parametrize("late", [False, True])
def test_a_record_that_changes_while_columns_are_read_is_there_once_as_it_was_known(
    city: tuple[list[Resident], list[Subject]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    people, firms = city
    made = fill(people, firms, random.Random(7), 12)
    scored = Subject.objects.filter(pk__in=[person.subject.pk for person in people])
    numbers, keys = dict(scored.values_list("pk", "number")), scored.values("pk")
    past = Past.at(horizon())
    expected = scores.freeze([plan()], tmp_path / "before", numbers, keys, past)
    rows_since, records = scores._rows_since, columns.records

    def change() -> None:
        active = [record.pk for record in made if record.status == "active"][::5]
        amend(actor=SYSTEM, records=active, change={"status": "disputed"}, reason="corrected", happened_on=today())

    def before_the_first(*asked: Any, **ways: Any) -> Iterator[pa.RecordBatch]:
        change()
        yield from records(*asked, **ways)

    def after_the_last(*asked: Any) -> Any:
        change()
        return rows_since(*asked)

    monkeypatch.setattr(*(scores, "_rows_since", after_the_last) if late else (columns, "records", before_the_first))
    frozen = scores.freeze([plan()], tmp_path / "meanwhile", numbers, keys, past)
    assert (frozen.rows, frozen.sha256) == (expected.rows, expected.sha256)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_frozen_and_a_broken_statement_says_why(tmp_path: Path) -> None:
    nobody = Subject.objects.none().values("pk")
    frozen = scores.freeze([plan()], tmp_path / "empty", {}, nobody, Past.at(horizon()))
    assert (frozen.people, frozen.rows) == (0, 0)
    with pytest.raises(streams.StreamBroken, match="no_such_table"):
        list(streams.batches("SELECT 1 AS place", "SELECT 1 FROM no_such_table"))


@pytest.mark.django_db(transaction=True)
def test_a_stream_that_breaks_off_is_not_taken_for_whole() -> None:
    broken = "abs(-9223372036854775807 - 1)" if connection.vendor == "sqlite" else "1 / 0"
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
    found = streams.batches(f"{numbers}SELECT CASE WHEN i = 299999 THEN {broken} ELSE i END AS place FROM n")
    with pytest.raises(streams.StreamBroken, match=r"overflow|division by zero"):
        sum(batch.num_rows for batch in found)


@pytest.mark.django_db(transaction=True)
def test_a_column_that_begins_with_many_gaps_keeps_its_type() -> None:
    gaps = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000) "
    found = pa.Table.from_batches(
        streams.batches(
            f"{gaps}SELECT 0 AS place, '' AS text UNION ALL "
            "SELECT i, CASE WHEN i > 69000 THEN CAST(i AS TEXT) END FROM n ORDER BY 1"
        )
    )
    assert found["text"].null_count == 69000
    assert found["text"][-1].as_py() == "70000"


def test_who_is_enrolled_is_read_in_proportion_to_how_many_they_are(db: None) -> None:
    """SQLite has no statistics unless somebody asks for them; counted are the steps of its machine."""
    if connection.vendor != "sqlite":
        pytest.skip("counts SQLite's steps")
    scheme, terms = plan().scheme, sorted(terms_in_force())[0]
    taken, steps = [], [0]

    def count() -> int:
        steps[0] += 1
        return 0

    for begin, end in ((0, 100), (100, 400)):
        made = Subject.objects.bulk_create(
            Subject(register="person", kind="person", number=n, pseudonym=f"p{n}", identifier_key=f"k{n}")
            for n in range(begin, end)
        )
        Consent.objects.bulk_create(
            Consent(number=f"C{s.number}", subject=s, step="score", notice={}, given_at=now(), terms_sha256=terms)
            for s in made
        )
        connection.connection.set_progress_handler(count, 50)
        steps[0] = 0
        assert len(enrolled(scheme)) == end
        taken.append(steps[0])
        connection.connection.set_progress_handler(None, 0)
    assert taken[1] < 8 * taken[0], "four times as many people"
