"""The ways out: mail servers and text-message gateways, tried in the order in which the operator names them (通道)."""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings

SECONDS = 10
"""How long one gateway may take before the next one is tried."""


class NotDelivered(RuntimeError):
    """A gateway did not take the message; it may be tried again."""


@dataclass(frozen=True)
class Parcel:
    """What goes out: the message id is the same at every attempt, so that a gateway takes it once."""

    message_id: str
    address: str
    title: str
    text: str


@dataclass(frozen=True)
class Gateway:
    """One provider. ``name`` is its host, which alone is shown and kept."""

    url: str

    @property
    def parts(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.url)

    @property
    def name(self) -> str:
        """Scheme and host, without secrets."""
        return f"{self.parts.scheme}://{self.parts.hostname}"

    def send(self, parcel: Parcel) -> str:
        """Hand the parcel over; returns the provider's reference, if it gives one. Raises `NotDelivered`."""
        try:
            return self._mail(parcel) if self.parts.scheme in ("smtp", "smtps") else self._post(parcel)
        except (OSError, smtplib.SMTPException, urllib.error.URLError, ValueError) as error:
            raise NotDelivered(f"{self.name}: {type(error).__name__}: {error}"[:300]) from error

    def _mail(self, parcel: Parcel) -> str:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = settings.MAIL_FROM, parcel.address, parcel.title
        mail["Message-ID"] = f"<{parcel.message_id}@{settings.MAIL_FROM.rpartition('@')[2].rstrip('>')}>"
        mail.set_content(parcel.text)
        host, port = self.parts.hostname or "localhost", self.parts.port
        if self.parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port or 465, timeout=SECONDS, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, port or 25, timeout=SECONDS)
        with server:
            if self.parts.username:
                if self.parts.scheme == "smtp":
                    server.starttls(context=ssl.create_default_context())
                server.login(unquote(self.parts.username), unquote(self.parts.password or ""))
            server.send_message(mail)
        return str(mail["Message-ID"])

    def _post(self, parcel: Parcel) -> str:
        body = {"message_id": parcel.message_id, "to": parcel.address, "text": parcel.text}
        request = urllib.request.Request(
            self.url,
            data=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": parcel.message_id},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            said = answer.read(10_000).decode("utf-8", "replace")
        try:
            return str(json.loads(said).get("reference", ""))[:200]
        except (ValueError, AttributeError):
            return ""


def gateways(channel: str) -> list[Gateway]:
    """The providers for ``sms`` or ``email``, the preferred one first; none where the operator named none."""
    urls: list[str] = {"sms": settings.SMS_GATEWAYS, "email": settings.MAIL_GATEWAYS}.get(channel, [])
    return [Gateway(url) for url in urls]
