"""Full lists (全量名单): each delivery is the whole list of a day, held against what stands on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from django.db import connection
from django.db.models import Q

from xinlin.core.hints import Hints
from xinlin.core.lists import document_identity
from xinlin.core.values import Problem, Text
from xinlin.office.actions import list_endings
from xinlin.office.actions.identities import decided_versions, off_by_decision, return_print, says_the_same
from xinlin.office.amendments import supersede
from xinlin.office.bulk import Stage, listed, members
from xinlin.office.models.batches import AbsentEntry, Batch
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, Refused, now

_OFF = [Record.Status.REPAIRED, Record.Status.WITHDRAWN]
_GONE_TODAY = """
SELECT DISTINCT s.fingerprint FROM staged_row s
JOIN record r ON r.kind = %s AND r.fingerprint = s.fingerprint WHERE r.status IN (%s, %s)
"""
_STAGED_OF = """
SELECT s.key, p.subject_id, s.document FROM staged_row s JOIN staged_party p ON p.party = s.subject WHERE p.subject_id IN {}
"""
_CHANGING = frozenset([Record.Status.ACTIVE.value, Record.Status.UNLINKED.value])
"""States in which an entry's details follow the list."""


class Held(NamedTuple):
    """A record that stands on the list under a key."""

    pk: int
    fingerprint: str
    status: str


@dataclass
class ListState:
    """What stands on a department's list before and while a new list is taken in."""

    batch: Batch
    open: dict[str, list[Held]]
    """Key of an entry -> its records that have not ended."""
    struck: set[str]
    """Keys of entries that were struck out, or taken off the list by a decision."""
    decided: set[int]
    """Records whose details a decided objection put right: no list puts them wrong again."""
    ends_missing: bool
    """False for corrected rows and single entries, which only add to their list."""
    met: set[str] = field(default_factory=set)
    confirmed: set[int] = field(default_factory=set)
    """Records that the list holds word for word."""
    fresh: dict[str, set[str]] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    """Key of an entry that stood -> fingerprints of the rows with which its details changed."""
    refused_cells: list[Sequence[str]] = field(default_factory=list)

    def meet(self, key: str, print_: str) -> Literal["stands", "held", "new", "other"]:
        """Note a row: its entry ``stands`` already, is ``new``, or is new but came before with ``other`` details.

        An entry whose details changed is ``new``, and the older version is closed at the end; one that is under objection,
        repaired or struck out is ``held`` as it is.
        """
        self.met.add(key)
        standing_ = self.open.get(key, [])
        same = [one for one in standing_ if says_the_same(one.fingerprint, print_)]
        self.confirmed.update(one.pk for one in same)
        if same:
            return "stands"
        held = any(one.status not in _CHANGING or one.pk in self.decided for one in standing_)
        if held or key in self.struck:
            self.confirmed.update(one.pk for one in standing_)
            return "held"
        seen = self.fresh.setdefault(key, set())
        state: Literal["new", "other"] = "other" if seen and print_ not in seen else "new"
        seen.add(print_)
        if standing_:
            self.changed.setdefault(key, []).append(print_)
        return state


def standing(batch: Batch, *, corrected: bool = False) -> ListState:
    """What stands on the list that ``batch`` renews, or to which it adds ``corrected`` rows.

    Raises `Refused` for a list older than the last one taken in.
    Corrected rows of such a list are refused too: the newer list has said since what stands.
    """
    lists = Batch.objects.filter(
        department=batch.department, kind=batch.kind, delivery="full_list", state=Batch.State.DONE
    )
    last: date | None = lists.exclude(pk=batch.pk).order_by("-valid_on").values_list("valid_on", flat=True).first()
    if last is not None and batch.valid_on < last:
        raise Refused(
            Problem(
                "list_older_than_last",
                "valid_on",
                Text(
                    zh=f"名单日期 {batch.valid_on} 早于已入库的 {last}",
                    en=f"The list of {batch.valid_on} is older than the one of {last} already taken in",
                ),
                Text(zh="请核对名单日期，或报送更新的名单", en="Check its day, or send a newer list"),
            )
        )
    open_entries: dict[str, list[Held]] = {}
    struck = set(off_by_decision(batch.kind, batch.department).values_list("key", flat=True))
    held = Record.objects.filter(kind=batch.kind, department=batch.department).exclude(status__in=list_endings.GONE)
    columns = ("key", "pk", "fingerprint", "status")
    for key, *rest in held.exclude(key="").values_list(*columns).iterator(chunk_size=5_000):
        one = Held(*rest)
        if one.status == Record.Status.WITHDRAWN:
            struck.add(key)
        else:
            open_entries.setdefault(key, []).append(one)
    decided = decided_versions(batch.kind)
    whole = batch.delivery == "full_list" and not corrected
    return ListState(batch, open_entries, struck, decided, ends_missing=whole)


def strike_again(state: ListState) -> None:
    """Hold staged rows that are new by their words alone: their decision was taken off the list, or repaired, before.

    One decision is one however its number is punctuated, and whatever day of entry is told with it.
    """
    batch = state.batch
    by_act = Q(kind=batch.kind, department=batch.department, status__in=_OFF)
    off = Record.objects.filter(by_act | Q(pk__in=off_by_decision(batch.kind, batch.department).values("pk")))
    told = off.exclude(document="").exclude(subject=None).values_list("subject_id", "document")
    documents = {(subject, document_identity(document)) for subject, document in told}
    if not documents:
        return
    with connection.cursor() as cursor:
        cursor.execute(_STAGED_OF.format(members("bigint")), [listed({subject for subject, _ in documents})])
        rows = cursor.fetchall()
    again = {key for key, subject, document in rows if (subject, document_identity(document or "")) in documents}
    state.struck |= again - state.open.keys()


def come_back(batch: Batch) -> bool:
    """Give staged rows a print of their own that came before on this very day and have left since, so that they return.

    Returns whether there were any. A print holds entry, words and day, and no record is ever made twice under one.
    """
    same_day = Batch.objects.filter(department=batch.department, kind=batch.kind, valid_on=batch.valid_on)
    if not same_day.filter(state=Batch.State.DONE).exclude(pk=batch.pk).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(_GONE_TODAY, [batch.kind, *map(str, list_endings.GONE)])
        gone = [print_ for (print_,) in cursor.fetchall()]
        if not gone:
            return False
        back = Stage("staged_return", {"gone": "text", "fresh": "text"})
        back.put([gone, _unused(batch, gone)])
        cursor.execute("UPDATE staged_row SET fingerprint = b.fresh FROM staged_return b WHERE b.gone = fingerprint")
        back.drop()
    return True


def _unused(batch: Batch, prints: Sequence[str]) -> list[str]:
    """For each print the first one of its returns on the day of ``batch`` that no record bears."""
    fresh: dict[str, str] = {}
    left, count = list(prints), 0
    while left:
        count += 1
        tried = {print_: return_print(print_, batch.valid_on, count) for print_ in left}
        taken: set[str] = set()
        for start in range(0, len(left), 5_000):
            part = [tried[print_] for print_ in left[start : start + 5_000]]
            borne = Record.objects.filter(kind=batch.kind, fingerprint__in=part)
            taken.update(borne.values_list("fingerprint", flat=True))
        fresh |= {print_: one for print_, one in tried.items() if one not in taken}
        left = [print_ for print_ in left if print_ not in fresh]
    return [fresh[print_] for print_ in prints]


def keep_up(actor: Actor, state: ListState, findings: Hints) -> int:
    """Close the older versions of entries whose details changed: the newest row stands. Returns how many changed.

    Records that one key has beside one another are matched word for word; of the rest each new row closes one older one.
    """
    wanted = [print_ for prints in state.changed.values() for print_ in prints]
    stored: dict[str, int] = {}
    for start in range(0, len(wanted), 5_000):
        part = Record.objects.filter(kind=state.batch.kind, fingerprint__in=wanted[start : start + 5_000])
        stored.update(part.values_list("fingerprint", "pk"))
    versions: dict[int, int] = {}
    for key, prints in state.changed.items():
        older = [one.pk for one in state.open[key] if one.pk not in state.confirmed]
        for old, print_ in zip(older, dict.fromkeys(prints), strict=False):
            versions[old] = stored[print_]
            state.confirmed.add(old)
    closed = len(versions)
    supersede(actor=actor, versions=versions, reason="corrected", happened_on=state.batch.valid_on)
    why, keys = f"{state.batch.valid_on.isoformat()} 的名单中内容有变，见新版本", list(versions)
    for start in range(0, closed, 5_000):
        standing = ListEntry.objects.filter(record__in=keys[start : start + 5_000], removed_at__isnull=True)
        standing.update(removed_at=now(), removal_reason=why)
    if closed:
        findings.add("details_changed", "rows", count=closed)
    return closed


def end_missing(
    actor: Actor, batch: Batch, state: ListState, positions: dict[str, int], confirmed: bool, findings: Hints
) -> tuple[int, int]:
    """End the entries that the list no longer has, on the day for which it speaks. Returns (added, ended) entries.

    An entry that a refused row may be stays, and so does one that came by itself for a later day than the list's.
    A list of whose file other tables may be part waits for them, and nothing ends before, unless its sender ``confirmed`` it.
    Raises `Refused` where too few entries remain and nobody confirmed it.
    ``positions``: column of ``identifier``, ``document`` and ``name`` in the file, or -1.
    """
    added = sum(1 for key in state.fresh if key not in state.open)
    if not state.ends_missing:
        return added, _joined(actor, batch, state, positions, confirmed, findings)
    absent = {one.pk: key for key, held in state.open.items() if key not in state.met for one in held}
    later = Record.objects.filter(kind=batch.kind, department=batch.department, batch__valid_on__gt=batch.valid_on)
    for pk in later.exclude(status__in=list_endings.GONE).values_list("pk", flat=True):
        absent.pop(pk, None)
    tables = [] if confirmed else list_endings.tables_to_come(batch, findings)
    for older in list_endings.waiting_lists(batch):
        list_endings.settle(older)
    if not tables and not confirmed:
        remaining = sum(1 for key in state.open if key in state.met)
        list_endings.must_not_shrink(len(state.open), len(state.met), remaining, len(state.refused_cells))
    ending = list_endings.without_spared(absent, state.refused_cells, positions, findings)
    if tables:
        batch.awaits = {"tables": tables, "entries": len(state.open)}
        Batch.objects.filter(pk=batch.pk).update(awaits=batch.awaits)
        AbsentEntry.objects.bulk_create([AbsentEntry(batch=batch, record_id=pk) for pk in ending], batch_size=5_000)
        for table in tables:
            findings.add(list_endings.WAITS, table, count=len(set(ending.values())))
        return added, 0
    return added, list_endings.take_off(actor, batch, ending)


def _joined(
    actor: Actor, batch: Batch, state: ListState, positions: dict[str, int], confirmed: bool, findings: Hints
) -> int:
    """What was missing from a list that waits and has come since is missing no longer; with its last table, the rest ends.

    Returns how many entries ended. Raises `Refused` as `end_missing` does.
    """
    whole = list_endings.waiting_lists(batch).first()
    if whole is None:
        return 0
    absent = list_endings.absent_from(whole)
    unmet = {pk: key for pk, key in absent.items() if key not in state.met}
    left = list_endings.without_spared(unmet, state.refused_cells, positions, findings)
    here = batch.sha256 == whole.sha256 and batch.valid_on == whole.valid_on
    tables = [table for table in whole.awaits["tables"] if not (here and table == batch.part)]
    if tables:
        come = list(absent.keys() - left.keys())
        for start in range(0, len(come), 5_000):
            AbsentEntry.objects.filter(record__in=come[start : start + 5_000]).delete()
        Batch.objects.filter(pk=whole.pk).update(awaits={**whole.awaits, "tables": tables})
        return 0
    if not confirmed:
        before, missing = whole.awaits["entries"], len(set(left.values()))
        on_it = len(state.open.keys() | state.met) - missing
        list_endings.must_not_shrink(before, on_it, before - missing, 0)
    list_endings.settle(whole)
    return list_endings.take_off(actor, whole, left)
