"""Corrections (更正报送): a row about a fact that is held already closes the older version; nothing comes in beside it.

A fact is known by its subject and the kind's identity fields (`Kind.identity_fields`), whichever department sends it and
however many cells differ. While it is under objection, or once it was struck out or repaired, no file changes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from xinlin.core.hints import Hints
from xinlin.core.values import Problem, Text
from xinlin.office.actions.identities import decided_versions
from xinlin.office.amendments import supersede
from xinlin.office.bulk import listed, members
from xinlin.office.models.batches import Batch
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor

_TWICE_TOLD = """
SELECT s.row, s.key, s.fingerprint FROM staged_row s JOIN
    (SELECT key FROM staged_row WHERE key <> '' GROUP BY key HAVING COUNT(DISTINCT fingerprint) > 1) t ON t.key = s.key
ORDER BY s.row
"""
_HELD = """
SELECT s.row, r.id, r.status, r.department
FROM staged_row s JOIN record r ON r.kind = %s AND r.key = s.key AND r.status <> %s AND r.fingerprint <> s.fingerprint
WHERE s.key <> '' ORDER BY s.row
"""
_NEW_FACTS = """
SELECT s.row FROM staged_row s WHERE NOT EXISTS
    (SELECT 1 FROM record r WHERE r.kind = %s AND r.key = s.key AND s.key <> '') ORDER BY s.row
"""
_OLDER = """
SELECT s.row FROM staged_row s JOIN record r ON r.kind = %s AND r.fingerprint = s.fingerprint AND r.status = %s
WHERE s.key <> '' ORDER BY s.row
"""
_STORED = """
SELECT s.row, r.id, r.batch_id FROM staged_row s JOIN record r ON r.kind = %s AND r.fingerprint = s.fingerprint
WHERE s.row IN {}
"""


class _Held(NamedTuple):
    row: int
    pk: int
    status: str
    department: str


class Versions:
    """What the staged rows of one delivery do to the facts that are held; lives inside the storing transaction."""

    def __init__(self, batch: Batch, findings: Hints) -> None:
        """Of a delivery whose kind knows corrections."""
        self._batch, self._findings = batch, findings
        self._closing: dict[int, int] = {}
        """Row with a new version -> the record that it closes."""

    def refusals(self) -> dict[int, Problem]:
        """Rows that must not come in beside what is held, each with the reason."""
        refused = dict.fromkeys(self._told_twice(), _TWICE)
        older = {row for (row,) in _rows(_OLDER, [self._batch.kind, Record.Status.SUPERSEDED.value])}
        for row in sorted(older):
            self._findings.add("older_version", "rows", row=row)
        decided = decided_versions(self._batch.kind)
        for held in map(_Held._make, _rows(_HELD, [self._batch.kind, Record.Status.SUPERSEDED.value])):
            if held.row in refused or held.row in older:
                continue
            problem = _DECIDED if held.pk in decided else self._problem(held)
            if problem is not None:
                refused[held.row] = problem
        if self._batch.delivery == "corrections":
            refused |= {row: _NO_EARLIER for (row,) in _rows(_NEW_FACTS, [self._batch.kind]) if row not in refused}
        return refused

    @staticmethod
    def _told_twice() -> Iterator[int]:
        """Rows about a fact of which an earlier row of the file said something else."""
        first: dict[str, str] = {}
        for row, key, print_ in _rows(_TWICE_TOLD, []):
            if first.setdefault(key, print_) != print_:
                yield row

    def _problem(self, held: _Held) -> Problem | None:
        if held.department != self._batch.department:
            return _ANOTHERS
        if held.status == Record.Status.DISPUTED:
            return _DISPUTED
        if held.status != Record.Status.ACTIVE:
            return _CLOSED
        self._closing[held.row] = held.pk
        return None

    def close(self, actor: Actor) -> None:
        """Close the older versions of what has just been stored, on both clocks."""
        stored = self._stored()
        versions = {old: stored[row] for row, old in self._closing.items() if row in stored}
        closed = supersede(actor=actor, versions=versions, reason="corrected", happened_on=self._batch.valid_on)
        if closed:
            self._findings.add("corrected", "rows", count=closed)

    def _stored(self) -> Mapping[int, int]:
        if not self._closing:
            return {}
        # asked for this delivery's records alone, a database that has not counted them yet expects one and compares all with all
        told = _rows(_STORED.format(members("bigint")), [self._batch.kind, listed(self._closing)])
        return {row: pk for row, pk, batch in told if batch == self._batch.pk}


def _rows(statement: str, given: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())


def _problem(code: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Problem:
    return Problem(code, "", Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en))


_TWICE = _problem(
    "fact_twice",
    "同一主体、同一文书在文件里出现两次且内容不同",
    "The same document of the same subject stands twice in the file, with different details",
    "请只保留正确的一行；一份文书有几项内容的，写在同一行",
    "Keep the right one; put what one document says into one row",
)
_NO_EARLIER = _problem(
    "nothing_to_correct",
    "没有找到要更正的记录",
    "There is no record that this row could correct",
    "请核对号码和文书号；新的事实请按增量报送",
    "Check identifier and document; send new facts as additions",
)
_ANOTHERS = _problem(
    "fact_of_another_department",
    "同一文书已由另一部门报送，内容不同",
    "Another department sent the same document, with other details",
    "请与该部门核对，由作出决定的部门更正",
    "Settle it with that department; the one that decided sends the correction",
)
_DISPUTED = _problem(
    "fact_disputed",
    "这条记录正在异议中，期间不能用报送改写",
    "The record is under objection and no file changes it meanwhile",
    "请在异议办理中答复更正内容；办结后可重报本行",
    "Answer the objection with the correction; the row can be sent again once it is closed",
)
_DECIDED = _problem(
    "fact_decided",
    "这条记录已经异议办理更正，报送不能再改",
    "An objection was decided and the record put right; no file changes it again",
    "请按更正后的内容修改来源系统；确需再改的，请联系信用中心",
    "Correct your own system accordingly; ask the credit centre if it must change again",
)
_CLOSED = _problem(
    "fact_closed",
    "这条记录已修复、删除或撤回，不能用报送恢复",
    "The record was repaired, struck out or withdrawn; no file brings it back",
    "确有新的决定的，请以新的文书报送",
    "If there is a new decision, send it under its own document",
)
