"""Checks as a stream: a file of applicants of any length goes in, an answer for each comes out as it is found (批量核查文件)."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import IO, Annotated

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Header, Query, Router, Schema
from pydantic import StringConstraints

from xinlin.core.checks import Applicant
from xinlin.core.values import Problem
from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.faces.api.checks import PLAIN
from xinlin.faces.api.problems import ApiRefused, problem_of
from xinlin.office.actions import checks as actions
from xinlin.office.actions.deliveries import measured
from xinlin.office.scopes import Actor, NotAllowed, Refused

router = Router(tags=["checks"])
PIECE = 1 << 16
"""Bytes that are read at once."""
IN_MEMORY = 1 << 20
"""Bytes of a file that are held in memory; a longer one lies on disk, without a name, while it is answered."""
PART = 1_000
"""Applicants that are judged and stored together; a broken line costs at most so many answers, and a repetition gives them."""
LONGEST_LINE = 4_096


class StreamQuery(Schema):
    """What the whole file is asked for."""

    item: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]
    officer: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]


_TYPES = ("text/csv", "application/x-ndjson")


@router.post("/checks/stream", auth=MachineAuth("checks:ask"), summary="Ask a check by a file", response={200: None})
def stream(
    request: HttpRequest,
    asked: Query[StreamQuery],
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")
    ],
) -> StreamingHttpResponse:
    """Send ``text/csv`` (header identifier,name) or ``application/x-ndjson``; get one JSON line for each check of 1,000
    applicants, in their order, each as `POST /checks` answers. The same file under the same key gives the same lines.
    """
    actor = machine_actor(request, "checks:ask")
    if request.content_type not in _TYPES:
        what = ("此接口接收 text/csv 或 application/x-ndjson", "This address takes text/csv or application/x-ndjson")
        cure = ("请设置 Content-Type", "Set the Content-Type")
        raise ApiRefused(415, problem_of("not_a_table", what, cure, "Content-Type"))
    file = _taken(request)
    applicants = _rows(file) if request.content_type == "text/csv" else _lines(file)
    lines = _answers(actor, asked, applicants, idempotency_key)
    return StreamingHttpResponse(lines, content_type="application/x-ndjson; charset=utf-8")


def _taken(request: HttpRequest) -> IO[bytes]:
    """The whole body, on disk where it is long, before the first answer.

    Most clients send all before they read anything: answered meanwhile, both sides would wait for each other for ever.
    Raises `Refused` for one that is longer than any file may be.
    """
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # goes with the answer that reads it
    for piece in measured(iter(lambda: request.read(PIECE), b"")):
        file.write(piece)
    file.seek(0)
    return file


def _answers(actor: Actor, asked: StreamQuery, applicants: Iterator[Applicant], key: str) -> Iterator[bytes]:
    """One line for each part; a part that cannot be answered ends the stream with a line that says why."""
    number = 0
    try:
        while part := list(islice(applicants, PART)):
            number += 1
            text = actions.answer_as_json(
                actor=actor,
                item=asked.item,
                purpose=asked.purpose,
                officer=asked.officer,
                applicants=part,
                idempotency_key=f"{key}/{number}",
                channel="file",
            )
            yield text.encode() + b"\n"
    except Refused as refused:
        yield _said(refused.problem, number)
    except NotAllowed as refused:
        what = (str(refused), str(refused))
        yield _said(problem_of("not_allowed", what, ("请核对部门与事项", "Check department and item")), number)


def _said(problem: Problem, part: int) -> bytes:
    return json.dumps({"part": part, "problem": problem.as_dict()}, ensure_ascii=False).encode() + b"\n"


def _broken(line: int, zh: str, en: str) -> Refused:
    what, cure = (f"第 {line} 行：{zh}", f"line {line}: {en}"), ("请更正后重新发送", "Correct it and send again")
    return Refused(problem_of("line_unreadable", what, cure, f"line {line}"))


def _texts(file: IO[bytes]) -> Iterator[str]:
    """The file line by line; no more of a line is read than may stand in one."""
    for number, raw in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
        if len(raw) > LONGEST_LINE:
            raise _broken(number, "行过长", "the line is too long")
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise _broken(number, "不是 UTF-8", "not UTF-8") from None


def _rows(file: IO[bytes]) -> Iterator[Applicant]:
    reader = csv.reader(_texts(file))
    header = [name.strip() for name in next(reader, [])]
    if header != ["identifier", "name"]:
        raise _broken(1, "表头应为 identifier,name", "the header must be identifier,name")
    begun = reader.line_num + 1
    for row in reader:
        line, begun = begun, reader.line_num + 1
        if not any(row):
            continue
        if len(row) != 2:
            raise _broken(line, "应有两列", "two columns are expected")
        if reader.line_num > line:
            raise _broken(line, "引号没有闭合", "a quotation mark is not closed")
        yield Applicant(row[0].strip(), row[1].strip())


def _lines(file: IO[bytes]) -> Iterator[Applicant]:
    for number, text in enumerate(_texts(file), 1):
        if not text.strip():
            continue
        try:
            said = json.load(io.StringIO(text))
        except ValueError:
            raise _broken(number, "不是 JSON", "not JSON") from None
        known = isinstance(said, dict) and set(said) <= {"identifier", "name"}
        if not known or not all(isinstance(value, str) for value in said.values()):
            raise _broken(number, "应为 {identifier, name} 两项文本", "two texts, identifier and name, are expected")
        yield Applicant(said.get("identifier", ""), said.get("name", ""))
