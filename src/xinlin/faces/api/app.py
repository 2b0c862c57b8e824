"""The API as Django serves it: its parts, its errors, its description at ``/api/v1/openapi.json``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path
from ninja import NinjaAPI

from xinlin.faces.api import batches, check_files, checks, holds, kinds, receipts, rows, uploads
from xinlin.faces.api.problems import PlainRenderer, StrictParser, add_handlers, as_api, no_such_address

api = NinjaAPI(
    title="Xinlin 信林 machine API",
    version="1",
    description=(
        "For departments' systems: send batches, ask checks, give feedback. Sign in by OAuth 2 client credentials at "
        "/identity/o/api/token. Every error is problem+json (RFC 9457) in Chinese and English. "
        "面向部门系统：报送数据、信用核查、结果反馈。"
    ),
    docs_url=None,
    urls_namespace="api",
    parser=StrictParser(),
    renderer=PlainRenderer(),
)
add_handlers(api)
api.add_router("", check_files.router)
api.add_router("", checks.router)
api.add_router("", holds.router)
api.add_router("", kinds.router)
api.add_router("", batches.router)
api.add_router("", rows.router)
api.add_router("", uploads.router)
api.add_router("", receipts.router)

_patterns, _app_name, _namespace = api.urls
for _pattern in _patterns:
    if isinstance(_pattern, URLPattern):
        _pattern.callback = as_api(_pattern.callback)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", (_patterns, _app_name, _namespace)),
    re_path(r"^.*$", no_such_address),
]
