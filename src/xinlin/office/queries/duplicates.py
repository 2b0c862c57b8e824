"""The report of likely duplicates and of names that differ (疑似重复与名称不符报告): made by command, read by a person."""

from __future__ import annotations

import io
from collections.abc import Iterator

import xlsxwriter
from django.db.models import Q

from xinlin.core.names import fold, parts
from xinlin.engine.duplicates import Firm, Pair, likely_duplicates
from xinlin.office.models.people import Relation, Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.linking import QuestionLine, masked, question_lines, registered_name
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

SEES = frozenset({"reviewer", "operator", "system"})
PAIRS = ("likelihood ‰ 可能性", "code 代码", "name 名称", "code 代码", "name 名称")
NAMES = ("department 部门", "batch 批次", "row 行", "identifier 号码", "registered 登记名称", "sent 报送名称")


def firms() -> Iterator[Firm]:
    """Every organisation with what its newest registration says."""
    kinds = [kind.code for kind in current().kinds.values() if kind.effect == "register"]
    places = dict(
        Record.objects.filter(kind__in=kinds, subject__register=Subject.Register.ORGANISATION)
        .order_by("pk")
        .values_list("subject_id", "fields__address")
    )
    standing = Relation.objects.filter(until_on__isnull=True, role="legal_representative")
    holders = dict(standing.values_list("organisation_id", "person__pseudonym"))
    held = Subject.objects.filter(Q(register=Subject.Register.ORGANISATION), merged_into__isnull=True).order_by("pk")
    for pk, number, name, region in held.values_list("pk", "number", "public_name", "region").iterator():
        address = places.get(pk)
        yield Firm(number, fold(name), parts(name).brand, region, fold(address or ""), holders.get(pk, ""))


def workbook(*, actor: Actor) -> tuple[bytes, int, int]:
    """The report as XLSX with the number of pairs and of differing names. Raises `NotAllowed`; ImportError without Splink."""
    if actor.role not in SEES:
        raise NotAllowed("您的角色不能生成这份报告。Your role may not make this report.")
    pairs = likely_duplicates(list(firms()))
    differing = question_lines()
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    _sheet(book, "疑似重复 Duplicates", PAIRS, _pair_rows(pairs))
    _sheet(book, "名称不符 Names", NAMES, (_name_row(line) for line in differing))
    book.close()
    return stream.getvalue(), len(pairs), len(differing)


def _pair_rows(pairs: list[Pair]) -> Iterator[list[str]]:
    numbers = {number for pair in pairs for number in (pair.first, pair.second)}
    held = Subject.objects.filter(register=Subject.Register.ORGANISATION, number__in=numbers)
    shown = {one.number: [masked(one), registered_name(one)] for one in held}
    for pair in pairs:
        yield [str(pair.per_mille), *shown[pair.first], *shown[pair.second]]


def _name_row(line: QuestionLine) -> list[str]:
    sent = [line.registered_name, line.sent_name]
    return [line.department_name.zh, line.batch, str(line.row), line.masked_identifier, *sent]


def _sheet(book: xlsxwriter.Workbook, name: str, headers: tuple[str, ...], rows: Iterator[list[str]]) -> None:
    sheet = book.add_worksheet(name)
    for at, cells in enumerate([list(headers), *rows]):
        for column, cell in enumerate(cells):
            sheet.write_string(at, column, cell[:32_000])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(headers), 28)
