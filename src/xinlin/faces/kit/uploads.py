"""Who may send a file at all, and how large: asked before the first byte is spooled to disk (文件上传)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.utils.translation import gettext

from xinlin.office.actions.deliveries import LARGEST_FILE

FORM_BESIDE = 1 << 20
"""Bytes that the rest of a form may have."""


class KnownSender(FileUploadHandler):
    """First of the handlers: lets nobody fill the disk who has not signed in, and nobody beyond the largest delivery.

    A form is read as soon as anything asks for one of its fields, the check against forged requests among the first,
    long before a page asks who sends it.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803  # as the framework names it
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """Raises RequestDataTooBig for more than the largest delivery."""
        if content_length > LARGEST_FILE + FORM_BESIDE:
            raise RequestDataTooBig(f"the form has {content_length} bytes, more than {LARGEST_FILE}")

    def new_file(self, *given: Any, **named: Any) -> None:
        """A file begins. Raises PermissionDenied for an unknown sender; a form without a file may be anybody's."""
        super().new_file(*given, **named)
        request: HttpRequest | None = self.request
        user = getattr(request, "user", None)
        # a machine has shown its token before its form is read: xinlin.faces.api.auth
        if not (user is not None and user.is_authenticated) and getattr(request, "_machine", None) is None:
            raise PermissionDenied(gettext("请先登录，再上传文件。"))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass everything on to the handlers that keep it."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Keep nothing."""
        return
