"""Whether a credit report is genuine: anybody may ask, and learns nothing but that and the date (报告核验)."""

from __future__ import annotations

import hashlib

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit import paper
from xinlin.office.printing.seal import certificate
from xinlin.office.queries import reports
from xinlin.office.scopes import now


@csrf_exempt
def verify(request: HttpRequest) -> HttpResponse:
    """``/verify/``: a code, and if wished the file, which is compared and not kept.

    Anybody may send a file here, so it is read in memory alone, and one that does not fit there is left unread. The handler
    must be chosen before anything reads the form; the token is checked right after.
    """
    request.upload_handlers = [MemoryFileUploadHandler(request)]
    return _verify(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
def _verify(request: HttpRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    code, file, unchanged = given.get("code", "").strip()[:40], request.FILES.get("file"), None
    found = reports.genuine(code) if code else None
    if found and file is not None:
        unchanged = hashlib.sha256(file.read()).hexdigest() == found.sha256
    context = {"code": code, "asked": bool(code), "found": found, "unchanged": unchanged, "sent": file is not None}
    return render(request, "public/verify.html", context)


@require_safe
def seal_certificate(request: HttpRequest) -> HttpResponse:
    """``/verify/certificate.pem``: the seal's certificate, for checking papers with other software."""
    return paper.download(certificate(now()).decode("ascii"), "seal.pem", "application/x-pem-file")
