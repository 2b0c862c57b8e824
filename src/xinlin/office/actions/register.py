"""The register of subjects: finding them by exact identifier, entering new ones, dated representatives (主体登记)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from django.db import connection
from django.db.models import Max

from xinlin.core import people
from xinlin.core.hints import Hints
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions.parties import NAMED, REPRESENTATIVE_ROLE, SUBJECT, Parties, Party
from xinlin.office.bulk import Stage, insert, listed, members
from xinlin.office.models.people import Relation, Subject
from xinlin.office.scopes import now

REPRESENTATIVE = "legal_representative"
NAME_DIFFERS = "name_differs"
"""The problem by which a row waits for a person to say whose it is."""
_NAME_DIFFERS = Text(
    zh="这个号码已在册，登记的名称与此处不同", en="The identifier is in the register under a different name"
)
_NAME_CURE = Text(
    zh="请核对号码与名称并更正重报；名称确已变更或登记有误的，信用中心会在关联核实中处理",
    en="Check both and correct the row; if the name did change or is registered wrongly, the credit centre decides",
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
_LOOK_UP = """
SELECT COALESCE(k.id, s.id), s.identifier_key, s.register, COALESCE(k.name_sealed, s.name_sealed),
    COALESCE(k.public_name, s.public_name), COALESCE(k.region, s.region)
FROM subject s LEFT JOIN subject k ON k.id = s.merged_into_id WHERE s.identifier_key IN {}
"""
"""Where everything of a subject now stands under another, that one is found by its number."""
_NAMES = "SELECT subject_id, name_key FROM subject_name WHERE subject_id IN {}"
_KEYS = "SELECT identifier_key, id FROM subject WHERE identifier_key IN {}"


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
    also: frozenset[str] = frozenset()
    """Keyed hashes of other names that a person accepted for it."""

    def is_called(self, name: str) -> bool:
        """Whether a name, as compared, is its registered one or was accepted for it. Without a name nothing differs."""
        return not name or not self.name or self.name == name or (bool(self.also) and name_key(name) in self.also)


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
    wanted = [identifier for identifier in identifiers if identifier]
    keys = dict(zip(vault.keyed_hashes(["identifier"], wanted), wanted, strict=True))
    known = {}
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_UP.format(members("text")), [listed(keys)])
        while found := cursor.fetchmany(5_000):
            for pk, key, register, sealed, public, region in found:
                person = register == Subject.Register.PERSON
                name = vault.unseal(sealed, "subject.name") if person and sealed else public
                known[keys[key]] = Known(key, keys[key], person, people.comparable_name(name), name, region, pk, region)
        cursor.execute(_NAMES.format(members("bigint")), [listed({entry.pk for entry in known.values()})])
        accepted: dict[int, set[str]] = {}
        for subject, name in cursor.fetchall():
            accepted.setdefault(subject, set()).add(name)
    for entry in known.values() if accepted else ():
        entry.also = frozenset(accepted.get(entry.pk or 0, ()))
    return known


def name_key(name: str) -> str:
    """Keyed hash of a name as it is compared."""
    return vault.keyed_hash("name", name)


def entry_of(party: Party) -> Known:
    """A subject that is new."""
    identifier, name = party.identifier, party.name
    person = people.looks_like_resident_id(identifier) and people.resident_id_problem(identifier) is None
    place = party.region or ("" if person else identifier[2:8])
    return Known(
        vault.identifier_key(identifier), identifier, person, people.comparable_name(name), name, place, None, place
    )


class Linking:
    """Whose the rows of a delivery are: by the exact identifier alone; the name can only speak against it.

    Lives inside the storing transaction.
    """

    def __init__(self, parties: Parties, register_kind: bool) -> None:
        """``register_kind``: the rows say where a subject is registered."""
        self._parties = parties
        self._register_kind = register_kind
        self._numbers = Numbering()
        self.refused: dict[int, Problem] = {}
        """By the party's number."""
        self.differing: dict[int, int] = {}
        """Of those refused for another name: the party's number -> key of the subject in the register."""
        self.unknown: set[int] = set()
        """Parties that are no subject, in roles that need not be one."""

    def foresee(self) -> None:
        """Find the parties that cannot be linked, before any is entered: where a row names two parties, neither enters
        the register if the row is refused for the other.
        """
        claimed: dict[str, int] = {}
        nameless: list[Party] = []
        for chunk in self._parties.chunks():
            known = look_up({party.identifier for party in chunk})
            for party in chunk:
                entry = known.get(party.identifier)
                if (
                    party.role == NAMED
                    or (entry is not None and self._fits(party, entry))
                    or party.number in self.refused
                ):
                    continue
                said = hash(people.comparable_name(party.name))
                if not party.name:
                    nameless.append(party)
                elif claimed.setdefault(party.identifier, said) != said:
                    self._differs(party)
        for party in nameless:
            if party.role == SUBJECT and party.identifier not in claimed:
                self.refused[party.number] = Problem("unknown_subject", "", _UNKNOWN, _UNKNOWN_CURE)

    def enter(self, table: Stage, used: AbstractSet[int] | None = None) -> None:
        """Put (party, subject) into ``table``; enter into the register whoever is new and has a name. ``used``: only these."""
        later: list[Party] = []
        for chunk in self._parties.chunks():
            known = look_up({party.identifier for party in chunk})
            linked: list[tuple[int, Known]] = []
            for party in chunk:
                if party.number in self.refused or (used is not None and party.number not in used):
                    continue
                entry = known.get(party.identifier)
                if not party.name and (entry is None or party.role == NAMED):
                    later.append(party)
                    continue
                if entry is None:
                    entry = known[party.identifier] = entry_of(party)
                elif not self._fits(party, entry):
                    continue
                elif self._register_kind and party.region:
                    entry.region = party.region
                linked.append((party.number, entry))
            store_new(known, self._numbers)
            table.put([[number for number, _ in linked], [entry.pk for _, entry in linked]])
        self._enter_nameless(table, later)

    def _enter_nameless(self, table: Stage, parties: list[Party]) -> None:
        """The parties of whom no name is told: whoever this delivery entered is in the register by now."""
        known = look_up({party.identifier for party in parties})
        there = [(party.number, known[party.identifier].pk) for party in parties if party.identifier in known]
        table.put([[number for number, _ in there], [pk for _, pk in there]])
        for party in parties:
            if party.identifier in known:
                continue
            if party.role == SUBJECT:
                self.refused[party.number] = Problem("unknown_subject", "", _UNKNOWN, _UNKNOWN_CURE)
            else:
                self.unknown.add(party.number)

    def _fits(self, party: Party, entry: Known) -> bool:
        named = people.comparable_name(party.name) if party.name else ""
        if entry.is_called(named):
            return True
        self._differs(party)
        if entry.pk is not None:
            self.differing[party.number] = entry.pk
        return False

    def _differs(self, party: Party) -> None:
        where = "representative" if party.role == REPRESENTATIVE_ROLE else ""
        self.refused[party.number] = Problem(NAME_DIFFERS, where, _NAME_DIFFERS, _NAME_CURE)


def store_new(known: dict[str, Known], numbers: Numbering) -> int:
    """Store the entries that have no row yet and give them their keys; keep changed regions. Returns how many are new."""
    fresh = [entry for entry in known.values() if entry.pk is None]
    entered = now()
    identifiers = vault.seal_all([entry.identifier for entry in fresh], "subject.identifier")
    names = iter(vault.seal_all([entry.shown_name for entry in fresh if entry.person], "subject.name"))
    pseudonyms = secrets.token_hex(16 * len(fresh))
    insert(
        Subject,
        _COLUMNS,
        [
            _row(
                entry, numbers, pseudonyms[32 * at : 32 * at + 32], sealed, next(names) if entry.person else "", entered
            )
            for at, (entry, sealed) in enumerate(zip(fresh, identifiers, strict=True))
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(_KEYS.format(members("text")), [listed(entry.key for entry in fresh)])
        keys = dict(cursor.fetchall())
    for entry in fresh:
        entry.pk = keys[entry.key]
    moved = [e for e in known.values() if e.region != e.stored_region]
    if moved:
        Subject.objects.bulk_update([Subject(pk=e.pk, region=e.region) for e in moved], ["region"], batch_size=400)
        for entry in moved:
            entry.stored_region = entry.region
    return len(fresh)


def _row(
    entry: Known, numbers: Numbering, pseudonym: str, identifier: str, name: str, entered: object
) -> tuple[object, ...]:
    register = Subject.Register.PERSON if entry.person else Subject.Register.ORGANISATION
    return (
        register.value,
        "person" if entry.person else people.subject_kind_of_uscc(entry.identifier),
        numbers.take(register.value),
        pseudonym,
        entry.key,
        identifier,
        name,
        "" if entry.person else entry.shown_name,
        people.born_on(entry.identifier) if entry.person else None,
        entry.region,
        entered,
    )


def keep_representatives(
    rows: Iterable[tuple[int, int, int | None, date | None, int]], valid_on: date, findings: Hints
) -> None:
    """Keep who represents whom since when. ``rows``: (row number, organisation, person, day of registration, record).

    The first relation of an organisation runs from its registration, a later one from ``valid_on``, the day for which the
    delivery speaks; it ends the one before.
    """
    rows = list(rows)
    standing: dict[int, Relation] = {}
    current = Relation.objects.filter(
        organisation__in={organisation for _, organisation, *_ in rows}, role=REPRESENTATIVE, until_on__isnull=True
    )
    for relation in current.order_by("from_on"):
        standing[relation.organisation_id] = relation
    new: list[Relation] = []
    ended: dict[int, Relation] = {}
    for number, organisation, person, registered_on, record in rows:
        if person is None:
            findings.add("representative_without_name", "representative", row=number)
            continue
        before = standing.get(organisation)
        if before is not None and before.person_id == person:
            continue
        if before is not None and valid_on <= before.from_on:
            findings.add("older_representative", "representative", row=number)
            continue
        starts = valid_on if before is not None else (registered_on or valid_on)
        if before is not None:
            before.until_on = starts
            if before.pk:
                ended[before.pk] = before
        relation = Relation(
            organisation_id=organisation, person_id=person, role=REPRESENTATIVE, from_on=starts, record_id=record
        )
        new.append(relation)
        standing[organisation] = relation
    Relation.objects.bulk_update(ended.values(), ["until_on"], batch_size=400)
    Relation.objects.bulk_create(new, batch_size=100)
