"""The API as Django serves it: its parts, its errors, its description at ``/api/v1/openapi.json``."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path, re_path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from xinlin.faces.api import batches, check_files, checks, entries, holds, kinds, receipts, rows, rows_aside, uploads
from xinlin.faces.api.problems import MEDIA_TYPE, PlainRenderer, StrictParser, add_handlers, as_api, no_such_address

TEXT = {
    "type": "object",
    "required": ["zh", "en"],
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
}
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, where, and what to do (RFC 9457), in Chinese and English.",
    "required": ["type", "title", "status", "detail", "code", "what", "cure"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "where": {"type": "string"},
        "what": TEXT,
        "cure": TEXT,
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


class DescribedAPI(NinjaAPI):
    """The API with its errors in its description: any answer that is not the operation's own is a problem."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The description, one problem for every operation added."""
        described = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        described.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
        reference = {"$ref": "#/components/schemas/Problem"}
        for methods in described["paths"].values():
            for operation in methods.values():
                operation["responses"]["default"] = {
                    "description": "A problem",
                    "content": {MEDIA_TYPE: {"schema": reference}},
                }
        return described


api = DescribedAPI(
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
api.add_router("", entries.router)
api.add_router("", holds.router)
api.add_router("", kinds.router)
api.add_router("", batches.router)
api.add_router("", rows.router)
api.add_router("", rows_aside.router)
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
