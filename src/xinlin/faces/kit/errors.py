"""Refusals and errors as pages: what happened, where, what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import get_language

from xinlin.core.values import Problem
from xinlin.office.scopes import NotAllowed, NotFound


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return render(request, "400.html", status=400)


def _one_language(sentence: str) -> str:
    """The half of a sentence said in Chinese and then in English that the page's language asks for."""
    chinese, stop, english = sentence.rpartition("。")
    if not stop or not english.strip():
        return sentence
    return chinese + stop if (get_language() or "zh-hans").startswith("zh") else english.strip()


def said(problem: Problem) -> str:
    """What is wrong and what to do, in the page's language: for a message above a page."""
    language = get_language() or "zh-hans"
    return f"{problem.what.in_language(language)} {problem.cure.in_language(language)}"


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403, with the sentence that the refusal carries."""
    return render(request, "403.html", {"problem": _one_language(str(exception or ""))}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; the same whether a thing does not exist or is not this visitor's."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, drawn without asking the database for anything."""
    return HttpResponse(loader.get_template("500.html").render({"request": request}), status=500)


class Refusals:
    """Middleware: the office's own refusals become pages (`NotAllowed` 403, `NotFound` 404, a `Problem` 422)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page for a refusal; anything else is left to Django."""
        if isinstance(exception, NotAllowed):
            return forbidden(request, exception)
        if isinstance(exception, NotFound):
            return not_found(request, exception)
        problem = getattr(exception, "problem", None)
        if isinstance(problem, Problem):
            return render(request, "kit/refusal.html", {"problem": problem}, status=422)
        return None
