"""The catalogue leaves as JSON and XLSX, and another installation accepts it; the page can be searched by level."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from xinlin import shelf
from xinlin.core import lint
from xinlin.core.catalogue_file import NotACatalogue, exported, folder_of, read
from xinlin.core.loading import load

DAY = date(2026, 11, 26)
PARENT = shelf.open_folder(shelf.ROOT, "national")


def book(code: str) -> Any:
    return shelf.open_folder(shelf.ROOT, code).rulebook


@pytest.mark.parametrize("code", [name for name in shelf.names() if name != "national"])
def test_a_second_installation_accepts_what_the_first_exported(code: str) -> None:
    first = exported(book(code), DAY)
    texts = folder_of(read(json.dumps(first, ensure_ascii=False)), "second", PARENT.rulebook)
    loaded = load("second", texts, PARENT)
    assert lint.findings(loaded.rulebook, loaded.places) == []
    assert exported(loaded.rulebook, DAY)["version"] == first["version"], "the same rows have the same version"


def test_a_changed_file_is_not_accepted() -> None:
    data = exported(book("dongtou"), DAY)
    data["kinds"]["volunteer_service"]["retention"] = "P99Y"
    with pytest.raises(NotACatalogue) as refused:
        read(json.dumps(data))
    assert refused.value.problem.code == "catalogue_changed"
    with pytest.raises(NotACatalogue):
        read("[]")


def test_the_commands_export_and_accept(xinlin: Any, tmp_path: Path) -> None:
    told = xinlin("rulebook", "export", "xiamen", "--day", "2026-11-26")
    assert told.returncode == 0, told.stderr
    file = tmp_path / "catalogue.json"
    file.write_text(told.stdout, encoding="utf-8")
    done = xinlin("rulebook", "accept", str(file), "second", "--root", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "second" / "kinds" / "uncivil_conduct.yaml").is_file()
    assert xinlin("rulebook", "lint", "second", "--root", str(tmp_path)).returncode == 0
    assert xinlin("rulebook", "accept", str(file), "second", "--root", str(tmp_path)).returncode == 1, "it is there"
    data = json.loads(told.stdout)
    file.write_text(json.dumps({**data, "version": "0" * 64}), encoding="utf-8")
    again = xinlin("rulebook", "accept", str(file), "third", "--root", str(tmp_path))
    assert again.returncode == 1
    assert not (tmp_path / "third").exists(), "nothing is written of what is refused"


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """The city's own catalogue instead of the small one."""
    monkeypatch.setattr("xinlin.shelf.read", lambda code: shelf.read_with_places(code).rulebook)


@pytest.mark.django_db
@pytest.mark.usefixtures("real")
def test_the_page_is_searched_by_level_and_exports_both_ways(client: Client) -> None:
    page = client.get("/catalogue/?level=national").content.decode()
    assert 'id="administrative_penalty"' in page
    assert 'id="volunteer_service"' not in page
    data = client.get("/catalogue.json").json()
    assert data["kinds"]["administrative_penalty"]["edition"] == "national_basic"
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/catalogue.xlsx").content))
    rows = sheets.get_sheet_by_name("目录 Catalogue").to_python()
    assert len(rows) == len(data["kinds"]) + 1
    (penalty,) = (dict(zip(rows[0], row, strict=True)) for row in rows if row[0] == "administrative_penalty")
    assert (penalty["信息性质 Nature"], penalty["覆盖范围 Level"]) == ("失信", "国家")
    assert (
        penalty["共享属性与披露方式 Openness"] == "依法公示（自然人除外）" and "P" not in penalty["更新周期 Interval"]
    )
    legend = sheets.get_sheet_by_name("代码 Codes").to_python()
    assert ["信息性质 Nature", "negative", "失信", "dishonest"] in legend
    fields = sheets.get_sheet_by_name("信息项 Fields").to_python()
    assert any(row[0] == "administrative_penalty" and row[4] == "uscc" for row in fields)


@pytest.mark.django_db
def test_nine_themes_with_owners_and_the_same_again_when_worked_out_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.scores.conftest import make_record, make_subject, resident_id
    from xinlin.office.queries.catalogue import theme_digest, themes
    from xinlin.office.scopes import today

    from .conftest import REVIEWER

    monkeypatch.setattr("xinlin.shelf.read", lambda _code: book("baiyun"))
    subject = make_subject(resident_id(date(1990, 1, 1), 5), "林海", born=date(1990, 1, 1))
    for _ in range(12):
        make_record(subject, "volunteer_service", today(), department="youth_league")
    shown = {theme.code: theme for theme in themes()}
    assert len(shown) == 9
    assert (shown["volunteering"].records, shown["commitments"].records) == (12, 0)
    page = client.get("/catalogue/themes/").content.decode()
    assert "志愿服务库" in page
    first = theme_digest(actor=REVIEWER, code="volunteering")
    assert first == theme_digest(actor=REVIEWER, code="volunteering")
    assert first[0] == 12
