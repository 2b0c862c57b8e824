"""Five hundred files in every encoding that departments use, and some that nobody should: right, or refused with a sample."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from xinlin.office.layouts import FileRefused
from xinlin.office.sheets import open_sheet

from .conftest import KINDS, Send, firm, resident, table

DEEDS = next(kind for kind in KINDS if kind.code == "deeds")
PLAIN = ["王小明", "李华", "张伟", "欧阳修", "司马光", "陈静", "刘洋", "赵敏"]
RARE = ["𠮷田", "㐂子", "䶮", "朱镕基", "翟喆", "龘"]
"""Some need four bytes in GB18030, some are in no older set."""
FOREIGN = ["Müller", "Élodie", "Αθήνα", "Иванов", "阿卜杜·热合曼"]
TRADITIONAL = ["陳靜儀", "劉德華", "張學友", "鄭麗文"]
WAYS = [
    ("utf-8", b"", PLAIN + RARE + FOREIGN),
    ("utf-8", b"\xef\xbb\xbf", PLAIN + RARE + FOREIGN),
    ("utf-16-le", b"\xff\xfe", PLAIN + RARE + FOREIGN),
    ("utf-16-be", b"\xfe\xff", PLAIN + RARE + FOREIGN),
    ("gbk", b"", PLAIN),
    ("gb18030", b"", PLAIN + RARE),
    ("gb18030", b"\x84\x31\x95\x33", PLAIN + RARE),
    ("big5", b"", TRADITIONAL),
    ("mixed", b"", PLAIN),
    ("nul", b"", PLAIN),
]
ALWAYS_READ = {"utf-8", "utf-16-le", "utf-16-be", "gbk", "gb18030"}


def _file(chance: random.Random, encoding: str, mark: bytes, names: list[str]) -> tuple[bytes, list[list[str]]]:
    delimiter = chance.choice([",", "\t", ";"])
    end = chance.choice(["\n", "\r\n"])
    rows = [["公民身份號碼", "姓名", "發生日期"] if encoding == "big5" else ["公民身份号码", "姓名", "发生日期"]]
    for number in range(chance.choice([1, 3, 40])):
        rows.append([resident(number + 1), chance.choice(names), "2024-05-01"])
    lines = [delimiter.join(row) + end for row in rows]
    if encoding == "mixed":
        whole = [line.encode(chance.choice(["utf-8", "gbk"])) for line in lines]
        whole[:2] = lines[0].encode("utf-8"), lines[1].encode("gbk")
        return b"".join(whole), rows
    if encoding == "nul":
        return "".join(lines).replace("姓", "\0姓").encode(), rows
    return mark + "".join(lines).encode(encoding), rows


@pytest.mark.parametrize("way", range(len(WAYS)), ids=[f"{name}{'-marked' if mark else ''}" for name, mark, _ in WAYS])
def test_fifty_files_are_right_or_refused_with_a_sample(tmp_path: Path, way: int) -> None:
    encoding, mark, names = WAYS[way]
    right = refused = 0
    for seed in range(50):
        content, rows = _file(random.Random(seed), encoding, mark, names)
        path = tmp_path / f"{seed}.csv"
        path.write_bytes(content)
        try:
            sheet = open_sheet(path, DEEDS)
        except FileRefused as refusal:
            problem = refusal.problem
            assert problem.code.startswith(("encoding_", "not_text")), problem
            assert problem.raw or problem.code == "not_text"
            assert problem.cure.zh and problem.cure.en
            refused += 1
            continue
        read = [list(cells) for _, cells in sheet.rows()]
        if encoding in ("mixed", "nul"):
            told = {finding.code for finding in sheet.layout.findings}
            kept = [row for row in read if not any("\udc80" <= c <= "\udcff" for cell in row for c in cell)]
            assert encoding == "nul" or "bytes_not_utf8" in told, (
                "a row that cannot be read is never passed over in silence"
            )
            assert all(row in rows for row in kept if "\0" not in "".join(row))
        else:
            assert [sheet.layout.headers, *read] == rows, (seed, sheet.layout.encoding)
        right += 1
    assert right + refused == 50
    if encoding in ALWAYS_READ:
        assert refused == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "厦门测试有限公司".encode("gbk").decode("latin-1"),
        "厦门测试有限公司".encode().decode("gbk", "replace"),
        "厦门有限公司".encode().decode("latin-1"),
    ],
)
def test_a_name_that_was_garbled_before_it_came_is_refused(name: str, send: Send) -> None:
    batch = send(
        "firms",
        table(
            "统一社会信用代码,企业名称,注册日期",
            f"{firm(1)},{name},2024-01-01",
            f"{firm(2)},Größe Handels GmbH,2024-01-01",
        ),
    )
    assert (batch.rows_accepted, batch.rows_refused) == (1, 1)
    assert [problem["code"] for row in batch.refused_rows.all() for problem in row.problems] == ["encoding_broken"]
