"""The log in public: signed head, tiles, bundles, key and proofs, at the addresses of C2SP tlog-tiles (公开日志)."""

from __future__ import annotations

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xinlin import verify_receipt
from xinlin.core.tree import parse_tile_path
from xinlin.office.queries import log
from xinlin.office.scopes import NotFound

TEXT = "text/plain; charset=utf-8"
FOR_EVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=1"


def _answer(content: str | bytes, kind: str, cache: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Cache-Control"] = cache
    # anybody's verifier may read the log from a page of its own
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest signed head; 404 before the first."""
    head = log.latest()
    if head is None:
        raise Http404(_("日志还没有签名树头。"))
    return _answer(head.note, TEXT, BRIEFLY)


@require_safe
def tile(_request: HttpRequest, address: str) -> HttpResponse:
    """A tile or a bundle of entries; 404 for what the newest signed head does not cover."""
    wanted = parse_tile_path(address)
    if wanted is None:
        raise Http404(_("没有这样的瓦片地址。"))
    level, number, width = wanted
    try:
        content = log.entries(number, width) if level is None else log.tile(level, number, width)
    except NotFound as error:
        raise Http404(_("签名树头尚未覆盖这块瓦片。")) from error
    return _answer(content, "application/octet-stream", FOR_EVER)


@require_safe
def key(_request: HttpRequest) -> HttpResponse:
    """The log's public key, one line."""
    return _answer(log.verification_key() + "\n", TEXT, BRIEFLY)


@require_safe
def proof(_request: HttpRequest, index: int) -> HttpResponse:
    """That leaf ``index`` is in the newest signed tree, as a .tlog-proof text; says nothing of what it stands for."""
    try:
        return _answer(log.leaf_proof(index), TEXT, BRIEFLY)
    except NotFound as error:
        raise Http404(_("签名树头尚未覆盖这一叶。")) from error


@require_safe
def verifier(_request: HttpRequest) -> HttpResponse:
    """The verifier that stands alone, as a file to read and to run."""
    answer = _answer(Path(verify_receipt.__file__).read_bytes(), "text/x-python; charset=utf-8", BRIEFLY)
    answer["Content-Disposition"] = 'attachment; filename="verify_receipt.py"'
    return answer


# included under log/, beside the page that shows the log to people
urlpatterns = [
    path("checkpoint", checkpoint, name="log_checkpoint"),
    path("tile/<path:address>", tile, name="log_tile"),
    path("key", key, name="log_key"),
    path("verify_receipt.py", verifier, name="log_verifier"),
    path("proof/<int:index>", proof, name="log_proof"),
]
