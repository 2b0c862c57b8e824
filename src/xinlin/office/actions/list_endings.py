"""What ends on a full list, and when (名单条目的结束): what is missing from the list, once all of its tables were taken in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from xinlin.core import people
from xinlin.core.hints import Hints
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.amendments import amend
from xinlin.office.bulk import lock_storing
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import AbsentEntry, Batch
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, Refused, now

GONE = [Record.Status.ENDED, Record.Status.SUPERSEDED]
SHRINKS_TO_PERCENT = 50
"""A list that keeps less than this share of its entries waits for a person: it may be half a file, or another list."""
WAITS = "list_waits"
"""The finding by which a full list waits for other tables of its file."""
_UNREAD = ("second_sheet", "second_table")
"""Findings that name a table of the file which was not read."""
_FEWEST_COLUMNS = 3
"""A table with fewer has no room for who, by which document and since when: it is a note, not a part of a list."""


def confirm_list(*, actor: Actor, batch: Batch) -> None:
    """A person says that no other table belongs to the list: what is missing from it ends. In the caller's transaction."""
    lock_storing()
    held = Batch.objects.select_for_update().get(pk=batch.pk)
    if not held.awaits:
        return
    ended = take_off(actor, held, absent_from(held))
    facts = {"tables": held.awaits["tables"], "entries_ended": ended}
    settle(held)
    Batch.objects.filter(pk=held.pk).update(entries_ended=held.entries_ended + ended)
    write_leaf(actor=actor, action="batches.confirm_list", table="batch", key=held.number, facts=facts)


def waiting_lists(batch: Batch) -> QuerySet[Batch]:
    """The full list of the same department and kind that waits for tables."""
    lists = Batch.objects.filter(department=batch.department, kind=batch.kind, delivery="full_list")
    return lists.filter(state=Batch.State.DONE).exclude(pk=batch.pk).exclude(awaits={}).order_by("-pk")


def absent_from(whole: Batch) -> dict[int, str]:
    """Records that are missing from a list so far and stand, with the keys of their entries."""
    standing = AbsentEntry.objects.filter(batch=whole).exclude(record__status__in=[*GONE, Record.Status.WITHDRAWN])
    return dict(standing.values_list("record_id", "record__key"))


def settle(whole: Batch) -> None:
    """The list waits no more."""
    AbsentEntry.objects.filter(batch=whole).delete()
    Batch.objects.filter(pk=whole.pk).update(awaits={})


def tables_to_come(batch: Batch, findings: Hints) -> list[str]:
    """Tables that may be part of the list and were not read with it: those of the file that were not left out the last time,
    and those that were part of the list the last time and are not in the file.

    Where tables bear other names than the last time, as those of a month do, they stand for the ones that are not there.
    """
    lists = Batch.objects.filter(department=batch.department, kind=batch.kind, delivery="full_list")
    whole = lists.filter(state=Batch.State.DONE, replays=None, replayed_rows=None).exclude(pk=batch.pk)
    last = whole.order_by("-valid_on", "-pk").first()
    if last is None:
        return []
    parts = Batch.objects.filter(department=batch.department, kind=batch.kind, delivery="additions", sha256=last.sha256)
    taken = parts.filter(state=Batch.State.DONE, valid_on=last.valid_on).exclude(part="").values_list("part", flat=True)
    members = {*taken, *last.awaits.get("tables", [])}
    left_out = set(_unread(last.findings)) - members
    unread = [name for name in _unread(findings.as_list()) if name not in left_out]
    columns = {one["name"]: one.get("columns", _FEWEST_COLUMNS) for one in batch.layout.get("tables", [])}
    known = [name for name in unread if name in members]
    other = [name for name in unread if name not in members and columns.get(name, 0) >= _FEWEST_COLUMNS]
    if batch.layout.get("sheet") in members:
        members.add(last.layout.get("sheet", ""))
    gone = sorted(members - columns.keys())
    return [*known, *other, *(gone if len(gone) > len(other) else [])]


def _unread(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    return [finding["where"] for finding in findings if finding["code"] in _UNREAD]


def must_not_shrink(before: int, here: int, remaining: int, refused: int) -> None:
    """Raises `Refused` where too few of the entries that stood ``before`` remain, even if each refused row is one."""
    if before and (remaining + refused) * 100 < before * SHRINKS_TO_PERCENT:
        raise Refused(_half_file(before, here + refused, remaining))


def without_spared(
    absent: dict[int, str], refused: list[Sequence[str]], positions: dict[str, int], findings: Hints
) -> dict[int, str]:
    """What is missing, without the entries that a refused row may be.

    ``positions``: column of ``identifier``, ``document`` and ``name`` in the file, or -1.
    """
    spared = _spared(absent, refused, positions) if absent and refused else set()
    keys = {absent[pk] for pk in spared}
    if keys:
        findings.add("not_ended", count=len(keys))
    return {pk: key for pk, key in absent.items() if key not in keys}


def take_off(actor: Actor, batch: Batch, ending: Mapping[int, str]) -> int:
    """End these records on the list's day. Returns how many entries they are."""
    moment, reason = now(), f"{batch.valid_on.isoformat()} 的名单中没有此条目"
    keys = list(ending)
    for start in range(0, len(keys), 5_000):
        part = keys[start : start + 5_000]
        _end(actor, part, batch)
        entries = ListEntry.objects.filter(record__in=part, removed_at__isnull=True)
        entries.update(removed_at=moment, removal_reason=reason)
    return len(set(ending.values()))


def _end(actor: Actor, keys: list[int], batch: Batch) -> None:
    """End these records on the list's day, or on their own end where that came first."""
    day, ended = batch.valid_on, {"status": Record.Status.ENDED.value}
    earlier = set(Record.objects.filter(pk__in=keys, ends_on__lt=day).values_list("pk", flat=True))
    amend(actor=actor, records=earlier, change=ended, reason="left_list", happened_on=day)
    rest = [pk for pk in keys if pk not in earlier]
    amend(actor=actor, records=rest, change={**ended, "ends_on": day}, reason="left_list", happened_on=day)


def _half_file(before: int, now_: int, remaining: int) -> Problem:
    return Problem(
        "list_shrank",
        "file",
        Text(
            zh=f"上次名单有 {before} 条，这次 {now_} 条，其中只有 {remaining} 条是原有的，可能是半个文件或别的名单",
            en=(
                f"The last list had {before} entries, this one has {now_} and only {remaining} of them were there; it may "
                "be half a file, or another list"
            ),
        ),
        Text(
            zh="请核对文件；确实减少的，请确认后再入库。在此之前没有任何条目结束",
            en="Check the file; confirm it if the list really shrank. Nothing has ended so far",
        ),
    )


def _spared(missing: dict[int, str], refused: list[Sequence[str]], positions: dict[str, int]) -> set[int]:
    """Records among ``missing`` that a refused row may be: by its identifier where that can be read, else by its document
    or name.
    """
    keys: set[str] = set()
    documents: set[str] = set()
    names: set[str] = set()
    for cells in refused:
        told = {name: cells[at] if 0 <= at < len(cells) else "" for name, at in positions.items()}
        identifier = people.normalise_identifier(told["identifier"])
        if identifier and people.identifier_problem(identifier) is None:
            keys.add(vault.identifier_key(identifier))
            continue
        documents.add(told["document"].strip())
        names.add(people.comparable_name(told["name"]))
    spared = set()
    held = Record.objects.filter(pk__in=list(missing)).values_list(
        "pk", "document", "subject__identifier_key", "subject__public_name", "fields"
    )
    for pk, document, key, public_name, fields in held:
        called = {people.comparable_name(str(value)) for value in [public_name or "", *fields.values()]}
        if key in keys or (document and document in documents) or (names - {""}) & called:
            spared.add(pk)
    return spared
