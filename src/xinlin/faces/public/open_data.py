"""Open data: what is public as CSV and JSON Lines, and a feed of changes by which a third site stays right (开放数据)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from xinlin.core.readings import inert
from xinlin.core.values import Text
from xinlin.office.queries import publicity, publicity_figures
from xinlin.office.queries.publicity import PublicRecord

AT_ONCE = 50_000
"""Records in one file at most; the next begins where it ends (header ``Link``)."""
PART = 1_000
MOST_CHANGES = 1_000
BOM = "\ufeff"
COLUMNS = (
    ("reference", "公示编号"),
    ("section", "栏目"),
    ("name", "主体名称"),
    ("uscc", "统一社会信用代码"),
    ("title", "标题"),
    ("document", "文书号"),
    ("authority", "机关"),
    ("article", "依据"),
    ("class", "失信程度"),
    ("decided_on", "决定日期"),
    ("published_on", "公示日期"),
    ("until", "公示截止（当日起不再公示）"),
    ("disputed", "异议处理中"),
    ("corrected", "更正后版本"),
    ("details", "内容"),
    ("page", "网页"),
)


def _plain(value: str | Text) -> str:
    return value.zh if isinstance(value, Text) else value


def as_data(record: PublicRecord, site: str) -> dict[str, Any]:
    """A published record as open data; ``until`` is the first day on which nobody may show it any more."""
    return {
        "reference": record.reference,
        "section": record.section.code,
        "name": record.body.name,
        "uscc": record.body.uscc,
        "title": record.title.zh,
        "document": record.document,
        "authority": record.authority,
        "article": record.article,
        "class": record.record_class,
        "decided_on": record.decided_on.isoformat(),
        "published_on": record.published_on.date().isoformat(),
        "until": record.ends_on.isoformat(),
        "disputed": record.disputed,
        "corrected": record.corrected,
        "details": {label.zh: _plain(value) for label, value in record.fields},
        "page": site + reverse("public:public_record", args=[record.reference]),
    }


def _records(code: str, first: publicity.Page, last: int | None) -> Iterator[PublicRecord]:
    page = first
    yield from page.records
    while page.following is not None:
        page = publicity.in_order(code, int(page.following), PART, last=last)
        yield from page.records


def _csv(records: Iterator[PublicRecord], site: str) -> Iterator[str]:
    held = io.StringIO()
    writer = csv.writer(held)
    held.write(BOM)
    writer.writerow([header for _, header in COLUMNS])
    for record in records:
        data = as_data(record, site)
        data["details"] = "；".join(f"{label}：{value}" for label, value in data["details"].items())
        data["disputed"], data["corrected"] = ("是" if data[name] else "" for name in ("disputed", "corrected"))
        writer.writerow([inert(str(data[name])) for name, _ in COLUMNS])
        if held.tell() > 64 * 1024:
            yield held.getvalue()
            held.seek(0)
            held.truncate()
    yield held.getvalue()


def _json_lines(records: Iterator[PublicRecord], site: str) -> Iterator[str]:
    for record in records:
        yield json.dumps(as_data(record, site), ensure_ascii=False) + "\n"


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else otherwise


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """``/publicity/data/``: what there is and how to follow it."""
    context = {"figures": publicity_figures.figures(), "cursor": publicity.newest_cursor(), "at_once": AT_ONCE}
    return render(request, "public/open_data.html", context)


def _download(request: HttpRequest, code: str, kind: str) -> HttpResponseBase:
    site = f"{request.scheme}://{request.get_host()}"
    after = _whole(request.GET.get("after"), 0)
    last, cursor = publicity.last_key(code, after, AT_ONCE), publicity.newest_cursor()
    records = _records(code, publicity.in_order(code, after, PART, last=last), last)
    stream = _csv(records, site) if kind == "csv" else _json_lines(records, site)
    types = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
    answer = StreamingHttpResponse(stream, content_type=types[kind])
    answer["Content-Disposition"] = f'attachment; filename="{code}.{kind}"'
    answer["X-Robots-Tag"] = "noindex"
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Xinlin-Cursor"] = str(cursor)
    if last is not None:
        answer["Link"] = f'<{site}{request.path}?after={last}>; rel="next"'
    return answer


@require_safe
def as_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """``/publicity/data/<section>.csv?after=``: UTF-8 with BOM; no cell is taken for a formula."""
    return _download(request, code, "csv")


@require_safe
def as_json_lines(request: HttpRequest, code: str) -> HttpResponseBase:
    """``/publicity/data/<section>.jsonl?after=``: one JSON object on each line."""
    return _download(request, code, "jsonl")


@require_safe
def changes(request: HttpRequest) -> JsonResponse:
    """``/publicity/data/changes?after=&limit=``: put or delete, in order; ``next`` is the cursor to go on from."""
    after = _whole(request.GET.get("after"), 0)
    limit = max(1, min(_whole(request.GET.get("limit"), 500), MOST_CHANGES))
    site = f"{request.scheme}://{request.get_host()}"
    words = publicity.changes(after, limit)
    listed = [
        {
            "cursor": word.cursor,
            "op": "put" if word.record is not None else "delete",
            "reference": word.reference,
            "reason": word.reason,
            "at": word.at.isoformat(),
            "record": as_data(word.record, site) if word.record is not None else None,
        }
        for word in words
    ]
    body = {"changes": listed, "next": words[-1].cursor if words else after, "more": len(words) == limit}
    answer = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    answer["X-Robots-Tag"] = "noindex"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


urlpatterns = [
    path("data/", data, name="open_data"),
    path("data/changes", changes, name="open_changes"),
    path("data/<slug:code>.csv", as_csv, name="open_csv"),
    path("data/<slug:code>.jsonl", as_json_lines, name="open_json_lines"),
]
