"""Every error of the API in one form: problem+json (RFC 9457), in Chinese and English, with what to do."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, RawPostDataException
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from xinlin.core.values import Problem, Text
from xinlin.office.scopes import Conflict, NotAllowed, NotFound, Refused

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)

TITLES = {
    400: Text(zh="请求无法读取", en="The request cannot be read"),
    401: Text(zh="未登录", en="Not signed in"),
    403: Text(zh="不被允许", en="Not allowed"),
    404: Text(zh="没有找到", en="Not found"),
    405: Text(zh="不支持此方法", en="Method not served"),
    409: Text(zh="与此前的操作相抵触", en="It stands against something done before"),
    413: Text(zh="内容过大", en="Too large"),
    415: Text(zh="不支持此内容类型", en="Content type not served"),
    422: Text(zh="内容有误", en="The content is wrong"),
    429: Text(zh="请求过多", en="Too many requests"),
    500: Text(zh="系统出错", en="The system failed"),
    503: Text(zh="暂时繁忙", en="Busy for the moment"),
}


class ApiRefused(Exception):
    """A request that ends here with ``status`` and a `Problem`."""

    def __init__(self, status: int, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.what.en)
        self.status = status
        self.problem = problem
        self.headers = dict(headers or {})


def problem_of(code: str, what: tuple[str, str], cure: tuple[str, str], where: str = "", raw: str = "") -> Problem:
    """A problem from (Chinese, English) pairs."""
    return Problem(code, where, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]), raw)


def problem_response(
    status: int, problem: Problem, errors: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The problem as a response; ``errors`` lists every part of the input that is wrong."""
    title = TITLES.get(status, TITLES[400 if status < 500 else 500])
    body: dict[str, Any] = {
        "type": f"urn:xinlin:problem:{problem.code}",
        "title": f"{title.zh} {title.en}",
        "status": status,
        "detail": f"{problem.what.zh} {problem.what.en}",
        **problem.as_dict(),
    }
    if errors:
        body["errors"] = [error.as_dict() for error in errors]
    response = HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


class PlainRenderer(JSONRenderer):
    """JSON with Chinese as Chinese."""

    json_dumps_params = {"ensure_ascii": False}


class StrictParser(Parser):
    """Takes JSON as RFC 8259 means it: UTF-8, no key twice, no NaN, and nothing that is not declared as JSON."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body as Python values. Raises `ApiRefused` with 400 or 415."""
        if request.content_type != "application/json":
            raise ApiRefused(415, NOT_JSON)
        try:
            parsed: dict[str, Any] = json.loads(
                request.body.decode(), object_pairs_hook=_no_key_twice, parse_constant=_no_constant
            )
        except RecursionError:
            raise ApiRefused(400, _bad_json("嵌套过深", "nested too deeply")) from None
        except UnicodeDecodeError as error:
            raise ApiRefused(
                400, _bad_json(f"第 {error.start} 字节不是 UTF-8", f"byte {error.start} is not UTF-8")
            ) from None
        except json.JSONDecodeError as error:
            place = (
                f"第 {error.lineno} 行第 {error.colno} 列",
                f"line {error.lineno}, column {error.colno}: {error.msg}",
            )
            raise ApiRefused(400, _bad_json(*place)) from None
        except ValueError as error:
            raise ApiRefused(400, _bad_json(str(error), str(error))) from None
        return parsed


NOT_JSON = problem_of(
    "not_json",
    ("此接口只接收 application/json", "This address takes application/json only"),
    ("请设置 Content-Type: application/json", "Send it with Content-Type: application/json"),
    "Content-Type",
)


def _bad_json(chinese: str, english: str) -> Problem:
    return problem_of(
        "bad_json",
        (f"正文不是有效的 JSON：{chinese}", f"The body is not valid JSON: {english}"),
        ("请以 UTF-8 编码的 JSON 重新发送", "Send valid JSON in UTF-8"),
        "body",
    )


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{twice[:40]!r} ×2")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_WRONG = {
    "missing": (("缺少此项", "This is missing"), ("请补上", "Add it")),
    "extra_forbidden": (
        ("没有这一项", "There is no such field"),
        ("请删去，或核对拼写", "Remove it, or check its spelling"),
    ),
    "string_type": (("应为文本", "This must be text"), ("请用引号括起", "Put it in quotes")),
    "string_too_short": (("内容为空或过短", "This is empty or too short"), ("请填写", "Fill it in")),
    "string_too_long": (("内容过长", "This is too long"), ("请缩短", "Shorten it")),
    "string_pattern_mismatch": (
        ("含有不允许的字符", "It has characters that may not stand here"),
        ("请更正", "Correct it"),
    ),
    "string_unicode": (
        ("不是有效的 Unicode 文本", "This is not valid Unicode text"),
        ("请更正编码", "Correct the encoding"),
    ),
    "too_short": (("至少须有一项", "At least one is needed"), ("请补上", "Add it")),
    "too_long": (("项数过多", "There are too many"), ("请分批发送", "Send them in parts")),
    "list_type": (("应为数组", "This must be an array"), ("请更正", "Correct it")),
}
_WRONG_ELSE = (
    ("格式或取值不符", "Form or value does not fit"),
    ("请对照接口说明更正", "Correct it by the API description"),
)


def _validation_problem(error: Mapping[str, Any]) -> Problem:
    """One finding of the validator, without echoing the value: it may be somebody's identifier."""
    what, cure = _WRONG.get(str(error.get("type")), _WRONG_ELSE)
    path = [str(step) for step in error.get("loc", ()) if step not in ("body", "payload")]
    english = f"{what[1]} ({error['msg']})" if what is _WRONG_ELSE[0] and error.get("msg") else what[1]
    return problem_of(str(error.get("type", "invalid")), (what[0], english), cure, where=".".join(path) or "body")


def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [_validation_problem(one) for one in error.errors[:100]]
    summary = problem_of(
        "invalid_input",
        (f"有 {len(error.errors)} 处不符合要求", f"{len(error.errors)} part(s) of the input are wrong"),
        ("请按 errors 逐项更正后重新发送", "Correct what errors lists and send again"),
        where=found[0].where if found else "body",
    )
    return problem_response(422, summary, found)


_BY_STATUS = {
    400: problem_of(
        "bad_request", ("请求无法读取", "The request cannot be read"), ("请更正后重发", "Correct it and send again")
    ),
    401: problem_of(
        "no_token",
        ("缺少有效的访问令牌", "There is no valid access token"),
        ("请以客户端凭据换取令牌后重试", "Get a token with your client credentials and try again"),
        "Authorization",
    ),
    429: problem_of("too_many_requests", ("请求过于频繁", "Too many requests"), ("请稍后重试", "Try again later")),
}


def _http_error(_: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, ApiRefused):
        return _api_refused(_, error.__cause__)
    if error.status_code == 401:
        return problem_response(401, _BY_STATUS[401], headers={"WWW-Authenticate": 'Bearer realm="xinlin"'})
    problem = _BY_STATUS.get(error.status_code) or problem_of(
        "refused", (str(error), str(error)), ("请更正后重试", "Correct it and try again")
    )
    return problem_response(error.status_code, problem)


def _api_refused(_: HttpRequest, error: ApiRefused) -> HttpResponse:
    return problem_response(error.status, error.problem, headers=error.headers)


def _sentences(error: Exception, code: str, cure: tuple[str, str]) -> Problem:
    """A problem from an exception that carries a Chinese sentence followed by an English one."""
    words = str(error)
    split = max(words.rfind("。", 0, -1), words.rfind("；", 0, -1)) + 1
    return problem_of(code, (words[:split] or words, words[split:].strip() or words), cure)


def _not_allowed(_: HttpRequest, error: NotAllowed) -> HttpResponse:
    cure = (
        "请核对部门与事项；如确需权限，请联系信用中心",
        "Check department and item; if you need the right, ask the credit centre",
    )
    return problem_response(403, _sentences(error, "not_allowed", cure))


def _not_found(_: HttpRequest, error: NotFound) -> HttpResponse:
    return problem_response(404, _sentences(error, "not_found", ("请核对编号", "Check the number")))


def _refused(_: HttpRequest, error: Refused) -> HttpResponse:
    return problem_response(409 if isinstance(error, Conflict) else 422, error.problem)


def no_such_address(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """404 for addresses that the API does not have."""
    what = (f"接口中没有地址 {request.path[:200]}", f"The API has no address {request.path[:200]}")
    cure = ("地址见 /api/v1/openapi.json", "The addresses stand in /api/v1/openapi.json")
    return problem_response(404, problem_of("no_such_address", what, cure))


def _http404(request: HttpRequest, _: Http404) -> HttpResponse:
    return no_such_address(request)


def _too_large(_: HttpRequest, __: RequestDataTooBig) -> HttpResponse:
    what = ("正文超过允许的大小", "The body is larger than allowed")
    return problem_response(413, problem_of("too_large", what, ("请分批发送", "Send it in parts"), "body"))


def _unreadable(_: HttpRequest, __: Exception) -> HttpResponse:
    return problem_response(400, _BY_STATUS[400])


def _wrong_type(_: HttpRequest, __: RawPostDataException) -> HttpResponse:
    return problem_response(415, NOT_JSON)


def _busy(_: HttpRequest, error: OperationalError) -> HttpResponse:
    log.error("the database did not answer: %s", error)
    what = (
        "数据库暂时无法完成操作，未写入任何内容",
        "The database could not do it for the moment; nothing was written",
    )
    cure = ("请稍后以同一幂等键原样重试", "Repeat it unchanged, with the same idempotency key")
    return problem_response(503, problem_of("busy", what, cure), headers={"Retry-After": "2"})


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    what = ("系统出错，未写入任何内容", "The system failed; nothing was written")
    cure = ("请稍后重试；仍如此请告知运维人员", "Try again later; if it stays, tell the operators")
    return problem_response(500, problem_of("failed", what, cure))


def add_handlers(api: NinjaAPI) -> None:
    """Make the API answer every error in this form."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        Exception: _failed,
        OperationalError: _busy,
        Http404: _http404,
        HttpError: _http_error,
        ValidationError: _invalid,
        ApiRefused: _api_refused,
        NotAllowed: _not_allowed,
        NotFound: _not_found,
        Refused: _refused,
        RequestDataTooBig: _too_large,
        SuspiciousOperation: _unreadable,
        MultiPartParserError: _unreadable,
        RawPostDataException: _wrong_type,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def as_api(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of the API: nothing it says is kept by caches, and its 405 is a problem too.

    The framework answers 405 before any handler is asked.
    """

    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        if response.status_code != 405:
            return response
        what = (f"此地址不支持 {request.method}", f"This address does not serve {request.method}")
        cure = (f"可用：{response['Allow']}", f"Served: {response['Allow']}")
        return problem_response(405, problem_of("method", what, cure), headers={"Allow": response["Allow"]})

    answered.csrf_exempt = True  # type: ignore[attr-defined]  # machines sign in by token, never by cookie
    return answered
