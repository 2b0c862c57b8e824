"""Proposals are shown and never applied; columns that no law lets anybody collect are refused at the door."""

from __future__ import annotations

import pytest

from tests.intake.conftest import CLERK, KINDS, Send, firm, resident, table
from xinlin.core.slips import proposal
from xinlin.office.models.records import Record
from xinlin.office.queries.batches import refused_rows

BY_CODE = {kind.code: kind for kind in KINDS}


def swapped(value: str) -> str:
    """Two unlike neighbours exchanged."""
    at = next(i for i in range(8, 16) if value[i] != value[i + 1])
    return value[:at] + value[at + 1] + value[at] + value[at + 2 :]


@pytest.mark.parametrize(
    ("kind", "field", "raw", "meant"),
    [
        ("firms", "uscc", firm(1).replace("0", "O"), firm(1)),
        ("firms", "uscc", swapped(firm(12)), firm(12)),
        ("deeds", "resident_id", resident(1).replace("0", "o"), resident(1)),
        ("deeds", "resident_id", resident(1)[:17], ""),
        ("firms", "uscc", f"统一代码：{firm(1)}", firm(1)),
        ("firms", "uscc", f"{firm(1)}（{firm(2)}）", ""),
        ("deeds", "resident_id", f"王小明{resident(1)}", resident(1)),
        ("deeds", "resident_id", f"王小明{resident(1)}1", ""),
        ("deeds", "sort", "公圆", ""),
        ("deeds", "sort", "道路上", "道路"),
        ("deeds", "occurred_on", "44317", "2021-05-01"),
        ("deeds", "occurred_on", "2O24-05-0l", "2024-05-01"),
        ("deeds", "occurred_on", "05/06/2024", ""),
    ],
)
def test_one_likely_slip_is_proposed_and_a_doubtful_one_is_not(kind: str, field: str, raw: str, meant: str) -> None:
    spec = next(spec for spec in BY_CODE[kind].fields if spec.code == field)
    assert proposal(BY_CODE[kind], spec, raw) == meant


def test_a_proposal_stands_beside_the_cell_and_nothing_is_stored(send: Send) -> None:
    batch = send("deeds", table("公民身份号码,姓名,发生日期", f"{resident(1).replace('0', 'O')},王小明,2024-05-01"))
    assert (batch.rows_accepted, Record.objects.count()) == (0, 0)
    problem = refused_rows(actor=CLERK, number=batch.number).rows[0].problems[0]
    assert problem["proposal"] == resident(1)


@pytest.mark.parametrize("column", ["宗教信仰", "指纹特征", "病史", "血型"])
def test_a_file_with_a_forbidden_column_is_refused_whole(send: Send, column: str) -> None:
    head = f"公民身份号码,姓名,发生日期,{column}"
    batch = send("deeds", table(head, f"{resident(1)},王小明,2024-05-01,无"))
    assert (batch.state, batch.findings[0]["code"], Record.objects.count()) == ("failed", "forbidden_column", 0)
    assert batch.findings[0]["cure"]["en"]
