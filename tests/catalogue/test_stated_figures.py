"""Figures published elsewhere: entered or loaded as they stand, held against their parts and against what the platform counts."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.intake.conftest import Send, resident, table
from xinlin.cli import main
from xinlin.office.actions import stated_figures as actions
from xinlin.office.models.figures import StatedFigure
from xinlin.office.models.log import Leaf
from xinlin.office.models.staff import Account
from xinlin.office.queries.stated_figures import Told, stated_figures
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused

from .conftest import REVIEWER

CLERK = Actor(handle="account:1", name="报送员", role="clerk", department="office")
AUDITOR = Actor(handle="account:7", name="审计员", role="auditor")
DAY = date(2019, 12, 31)
SOURCE = "白云区诚信建设报道"
ACCOUNT = [
    "编号,来源,公布日期,计什么,数字,属于,关系",
    f"rows,{SOURCE},2019-12-31,个人基础信息,187736,,",
    f"files,{SOURCE},2019-12-31,居民诚信档案,187155,rows,其中的一项",
    f"minors,{SOURCE},2019-12-31,未满十八周岁,300,rows,与各项之差的原因",
    f"twice,{SOURCE},2019-12-31,重复登记,200,rows,与各项之差的原因",
    f"elsewhere,{SOURCE},2019-12-31,非本区户籍,81,rows,与各项之差的原因",
    f"all,{SOURCE},2019-12-31,十八岁以上居民诚信档案,187155,,",
    f"star,{SOURCE},2019-12-31,星级诚信,1407,all,",
    f"honest,{SOURCE},2019-12-31,诚信,185586,all,",
    f"warned,{SOURCE},2019-12-31,失信预警,28,all,",
    f"dishonest,{SOURCE},2019-12-31,失信,133,all,",
]


def told(name: str) -> Told:
    (found,) = (one for one in stated_figures(actor=REVIEWER).reconciled if one.table.name.zh == name)
    return found


@pytest.mark.django_db
def test_the_published_account_is_loaded_and_shows_its_gaps() -> None:
    done = actions.load(actor=REVIEWER, chunks=["\n".join(ACCOUNT).encode("gb18030")])
    assert (done.read, done.entered, done.refused) == (10, 10, [])
    rows = told("个人基础信息").table
    assert (rows.total, rows.remainder, rows.unexplained) == (187_736, 581, 0)
    assert [cause.value for cause in rows.causes] == [300, 200, 81]
    classes = told("十八岁以上居民诚信档案").table
    assert (classes.summed, classes.remainder, classes.unexplained) == (187_154, 1, 1)
    again = actions.load(actor=REVIEWER, chunks=["\n".join(ACCOUNT).encode()])
    assert (again.entered, again.unchanged) == (0, 10)
    assert Leaf.objects.filter(action="stated_figures.enter").count() == 10


@pytest.mark.django_db
def test_a_list_of_figures_as_json_keeps_numbers_and_tells_what_is_none(shared: Any) -> None:
    content = (shared / "data/published_figures/figures.json").read_bytes()
    value = {figure["id"]: figure["value"] for figure in json.loads(content)}
    done = actions.load(actor=REVIEWER, chunks=[content], stated_on=DAY)
    whole = {code for code, number in value.items() if isinstance(number, int | float) and number == int(number) >= 0}
    assert set(StatedFigure.objects.values_list("code", flat=True)) == whole
    assert done.read == len(value) and len(done.refused) == len(value) - len(whole)
    assert StatedFigure.objects.get(code="baiyun.basic_records").value == 187_736


@pytest.mark.django_db
def test_a_figure_is_held_against_what_the_platform_counts(send: Send) -> None:
    head = "公民身份号码,姓名,行政区划代码,登记日期"
    send("residents", table(head, *(f"{resident(n)},王小明,330305,2024-01-01" for n in (1, 2, 3))))
    said = {
        "source": "公报",
        "stated_on": "2026-01-31",
        "name": "建档人数",
        "value": "5",
        "code": "p",
        "measure": "people",
    }
    assert actions.enter_row(actor=REVIEWER, said=said)
    cause = {
        "source": "公报",
        "stated_on": "2026-01-31",
        "name": "上月迁出",
        "value": "1",
        "of": "p",
        "role": "platform_cause",
    }
    actions.enter_row(actor=REVIEWER, said=cause)
    people = told("建档人数").table
    assert (people.total, people.parts[0].value, people.remainder, people.unexplained) == (5, 3, 2, 1)
    kinds = {**said, "code": "k", "name": "居民登记", "value": "3", "measure": "kind:residents"}
    actions.enter_row(actor=REVIEWER, said=kinds)
    assert told("居民登记").table.remainder == 0


@pytest.mark.django_db
def test_a_figure_said_anew_replaces_the_old_one_and_its_leaf_says_so() -> None:
    said = {"source": "公报", "name": "记录", "value": "10", "code": "r", "stated_on": "2026-01-31"}
    assert actions.enter_row(actor=REVIEWER, said=said)
    assert not actions.enter_row(actor=REVIEWER, said=said)
    assert actions.enter_row(actor=REVIEWER, said={**said, "value": "12"})
    assert StatedFigure.objects.get().value == 12
    assert Leaf.objects.filter(action="stated_figures.enter").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        {"value": "二十多"},
        {"value": "-1"},
        {"source": ""},
        {"measure": "kind:nothing"},
        {"measure": "weather"},
        {"of": "nobody", "role": "part"},
        {"role": "part"},
    ],
)
def test_what_is_no_figure_is_refused_with_a_cure(said: dict[str, str]) -> None:
    whole = {"source": "公报", "name": "记录", "value": "10", "stated_on": "2026-01-31", **said}
    with pytest.raises(Refused) as refused:
        actions.enter_row(actor=REVIEWER, said=whole)
    assert refused.value.problem.cure.zh and StatedFigure.objects.count() == 0


@pytest.mark.django_db
def test_only_the_credit_centre_enters_and_only_what_nothing_belongs_to_is_removed() -> None:
    actions.load(actor=REVIEWER, chunks=["\n".join(ACCOUNT).encode()])
    for actor in (CLERK, AUDITOR):
        with pytest.raises(NotAllowed):
            actions.load(actor=actor, chunks=[b""])
    with pytest.raises(NotAllowed):
        stated_figures(actor=CLERK)
    assert not stated_figures(actor=AUDITOR).may_write
    with pytest.raises(Refused):
        actions.remove(actor=REVIEWER, code="rows")
    actions.remove(actor=REVIEWER, code="twice")
    assert told("个人基础信息").table.unexplained == 200
    with pytest.raises(NotFound):
        actions.remove(actor=REVIEWER, code="twice")


@pytest.mark.django_db
def test_a_table_without_the_columns_says_which_are_missing() -> None:
    with pytest.raises(Refused) as refused:
        actions.load(actor=REVIEWER, chunks=["甲,乙\n1,2\n".encode()])
    assert "来源" in refused.value.problem.what.zh


@pytest.mark.django_db
def test_on_the_page(client: Client) -> None:
    account = Account.objects.create(username="r", role="reviewer", display_name="审核员", department="credit_centre")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = "/bench/quality/reconciliation/"
    file = SimpleUploadedFile("数字.csv", "\n".join([*ACCOUNT, f"x,{SOURCE},2019-12-31,单位,20+,,"]).encode())
    shown = client.post(f"{page}figures/load/", {"file": file, "stated_on": "2019-12-31"}).content.decode()
    assert "没有登记的行" in shown and "20+" in shown
    shown = client.get(page).content.decode()
    assert "187736" in shown and "581" in shown and "187155" in shown
    said = {"source": SOURCE, "stated_on": "2019-12-31", "name": "未分类", "value": "1", "of": "all", "role": "cause"}
    assert client.post(f"{page}figures/", said).status_code == 302
    assert told("十八岁以上居民诚信档案").table.unexplained == 0
    assert client.post(f"{page}figures/", {**said, "value": "许多"}).status_code == 422
    assert 'value="187736"' in client.get(f"{page}?code=rows").content.decode()
    assert client.post(f"{page}figures/remove/", {"code": "star"}).status_code == 302
    assert told("十八岁以上居民诚信档案").table.unexplained == 1407


@pytest.mark.django_db
def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.csv"
    file.write_text("\n".join([ACCOUNT[0], f"x,{SOURCE},2019-12-31,单位,-1,,"]))
    assert main(["figures", "load", str(file)]) == 0
    assert "数值不得小于 0" in capsys.readouterr().out
    file.write_text("\n".join(line.rsplit(",", 2)[0] for line in ACCOUNT))
    assert main(["figures", "load", str(file)]) == 0
    assert main(["figures", "reconcile"]) == 0
    said = capsys.readouterr().out
    assert "读到的行与入库的记录" in said and "Rows of the register, and people" in said
    assert "登记的 10 个数字都没有标明" in said
    file.write_text("\n".join(ACCOUNT))
    assert main(["figures", "load", str(file)]) == 0
    assert main(["figures", "reconcile"]) == 0
    said = capsys.readouterr().out
    for words in (
        "187736",
        "差额 remainder 581",
        "未满十八周岁 300",
        "重复登记 200",
        "非本区户籍 81",
        "差额 remainder 1\n",
    ):
        assert words in said
    assert main(["figures", "reconcile", "--json"]) == 0
    rows = {row["name"]["zh"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["个人基础信息"]["unexplained"] == 0 and rows["十八岁以上居民诚信档案"]["unexplained"] == 1


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00bad,\x00\n1,2\n", b"", b"\x00" * 200, b"PK\x03\x04broken", b'"open\n1,2\n', b"\xff" * 50]
)
def test_a_file_that_is_no_table_is_refused_with_a_cure(content: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        actions.load(actor=REVIEWER, chunks=[content])
    assert refusal.value.problem.cure.zh
