"""The register of subjects: finding them by exact identifier, entering new ones, dated representatives (主体登记)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Max

from xinlin.core import people
from xinlin.core.batches import JudgedRow
from xinlin.core.hints import Hints
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.bulk import insert
from xinlin.office.models.people import Relation, Subject
from xinlin.office.scopes import now

REPRESENTATIVE = "legal_representative"
_NAME_DIFFERS = Text(
    zh="这个号码已在册，登记的名称与此处不同", en="The identifier is in the register under a different name"
)
_NAME_CURE = Text(
    zh="请核对号码与名称；如已更名，请先由登记部门更正登记信息",
    en="Check both; if the name was changed, have the registering office correct the register first",
)
_UNKNOWN = Text(
    zh="这个号码不在册，行内也没有名称", en="The identifier is not in the register and the row gives no name"
)
_UNKNOWN_CURE = Text(zh="请补填名称，或先报送登记信息", en="Give the name, or deliver the registration first")
_COLUMNS = (
    "register",
    "kind",
    "number",
    "pseudonym",
    "identifier_key",
    "identifier_sealed",
    "name_sealed",
    "public_name",
    "born_on",
    "region",
    "entered_at",
)


@dataclass(slots=True)
class Known:
    """A subject as linking needs it. ``pk`` is None until it is stored; ``name`` is as compared."""

    key: str
    identifier: str
    person: bool
    name: str
    shown_name: str = ""
    region: str = ""
    pk: int | None = None
    stored_region: str = ""


@dataclass
class Numbering:
    """The next dense number of each register; valid while the storing lock is held."""

    following: dict[str, int] = field(default_factory=dict)

    def take(self, register: str) -> int:
        """The next number."""
        if register not in self.following:
            highest = Subject.objects.filter(register=register).aggregate(top=Max("number"))["top"]
            self.following[register] = 1 if highest is None else highest + 1
        number = self.following[register]
        self.following[register] = number + 1
        return number


def look_up(identifiers: Iterable[str]) -> dict[str, Known]:
    """Those of ``identifiers`` that are in the register."""
    keys = {vault.identifier_key(identifier): identifier for identifier in identifiers if identifier}
    found = Subject.objects.filter(identifier_key__in=list(keys)).values_list(
        "pk", "identifier_key", "register", "name_sealed", "public_name", "region"
    )
    known = {}
    for pk, key, register, sealed, public, region in found:
        person = register == Subject.Register.PERSON
        name = vault.unseal(sealed, "subject.name") if person and sealed else public
        comparable = people.comparable_name(name)
        known[keys[key]] = Known(key, keys[key], person, comparable, name, region, pk, region)
    return known


def _enter(known: dict[str, Known], identifier: str, name: str, region: str) -> Known:
    person = people.looks_like_resident_id(identifier) and people.resident_id_problem(identifier) is None
    place = region or ("" if person else identifier[2:8])
    entry = Known(
        vault.identifier_key(identifier), identifier, person, people.comparable_name(name), name, place, None, place
    )
    known[identifier] = entry
    return entry


def _differs(code: str, where: str) -> Problem:
    return Problem(code, where, _NAME_DIFFERS, _NAME_CURE)


def link(rows: list[JudgedRow], known: dict[str, Known], register_kind: bool) -> dict[int, Problem]:
    """Say for each row (by position) why it cannot be linked; enter unknown subjects into ``known``, not yet stored.

    A subject is found by its exact identifier alone; the name can only speak against it.
    """
    refused: dict[int, Problem] = {}
    for position, row in enumerate(rows):
        if not row.identifier:
            continue
        entry = known.get(row.identifier)
        named = people.comparable_name(row.name) if row.name else ""
        if entry is None and not named:
            refused[position] = Problem("unknown_subject", "", _UNKNOWN, _UNKNOWN_CURE)
            continue
        if entry is not None and named and entry.name and entry.name != named:
            refused[position] = _differs("name_differs", "")
            continue
        holder = known.get(row.representative) if row.representative else None
        other = people.comparable_name(row.representative_name) if row.representative_name else ""
        if holder is not None and other and holder.name and holder.name != other:
            refused[position] = _differs("name_differs", "representative")
            continue
        if entry is None:
            entry = _enter(known, row.identifier, row.name, row.region)
        elif register_kind and row.region:
            entry.region = row.region
        if row.representative and holder is None and row.representative_name:
            _enter(known, row.representative, row.representative_name, "")
    return refused


def store_new(known: dict[str, Known], numbers: Numbering) -> int:
    """Store the entries that have no row yet and give them their keys; keep changed regions. Returns how many are new."""
    fresh = [entry for entry in known.values() if entry.pk is None]
    entered = now()
    insert(Subject, _COLUMNS, [_row(entry, numbers, entered) for entry in fresh])
    keys = dict(Subject.objects.filter(identifier_key__in=[e.key for e in fresh]).values_list("identifier_key", "pk"))
    for entry in fresh:
        entry.pk = keys[entry.key]
    moved = [e for e in known.values() if e.region != e.stored_region]
    if moved:
        Subject.objects.bulk_update([Subject(pk=e.pk, region=e.region) for e in moved], ["region"], batch_size=400)
        for entry in moved:
            entry.stored_region = entry.region
    return len(fresh)


def _row(entry: Known, numbers: Numbering, entered: object) -> tuple[object, ...]:
    register = Subject.Register.PERSON if entry.person else Subject.Register.ORGANISATION
    return (
        register.value,
        "person" if entry.person else people.subject_kind_of_uscc(entry.identifier),
        numbers.take(register.value),
        secrets.token_hex(16),
        entry.key,
        vault.seal(entry.identifier, "subject.identifier"),
        vault.seal(entry.shown_name, "subject.name") if entry.person else "",
        "" if entry.person else entry.shown_name,
        people.born_on(entry.identifier) if entry.person else None,
        entry.region,
        entered,
    )


def keep_representatives(
    rows: list[tuple[int, JudgedRow, int]], known: dict[str, Known], valid_on: date, findings: Hints
) -> None:
    """Keep who represents whom since when. ``rows``: (row number, row, primary key of its record).

    The first relation of an organisation runs from its registration, a later one from ``valid_on``, the day for which the
    delivery speaks; it ends the one before.
    """
    wanted = [(number, row, record) for number, row, record in rows if row.representative and row.identifier]
    if not wanted:
        return
    standing: dict[int, Relation] = {}
    organisations = {known[row.identifier].pk for _, row, _ in wanted}
    current = Relation.objects.filter(organisation__in=organisations, role=REPRESENTATIVE, until_on__isnull=True)
    for relation in current.order_by("from_on"):
        standing[relation.organisation_id] = relation
    new: list[Relation] = []
    ended: dict[int, Relation] = {}
    for number, row, record in wanted:
        organisation, person = known[row.identifier], known.get(row.representative)
        if person is None or person.pk is None or organisation.pk is None:
            findings.add("representative_without_name", "representative", row=number)
            continue
        before = standing.get(organisation.pk)
        if before is not None and before.person_id == person.pk:
            continue
        if before is not None and valid_on <= before.from_on:
            findings.add("older_representative", "representative", row=number)
            continue
        starts = valid_on if before is not None else (row.occurred_on or valid_on)
        if before is not None:
            before.until_on = starts
            if before.pk:
                ended[before.pk] = before
        relation = Relation(
            organisation_id=organisation.pk, person_id=person.pk, role=REPRESENTATIVE, from_on=starts, record_id=record
        )
        new.append(relation)
        standing[organisation.pk] = relation
    Relation.objects.bulk_update(ended.values(), ["until_on"], batch_size=400)
    Relation.objects.bulk_create(new, batch_size=100)
