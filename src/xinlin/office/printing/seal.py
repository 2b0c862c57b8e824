"""The installation's seal on a PDF: a certificate made at first use, which a city may replace by its own (电子签章)."""

from __future__ import annotations

import io
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from pyhanko import keys
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from xinlin.office.signing import log_key

LASTS = timedelta(days=3650)
FIELD = "Xinlin"


class SealDamaged(ValueError):
    """The file ``keys/seal.pem`` does not hold a private key and its certificate."""


def _path() -> Path:
    return Path(settings.DATA) / "keys" / "seal.pem"


def _make(path: Path, at: datetime) -> None:
    """Write key and certificate once; of two processes at the same time the first wins."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Xinlin {log_key().name}"[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"seal.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(pem)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


@lru_cache(maxsize=4)
def _signer(path: Path, stamp: int) -> signers.SimpleSigner:
    raw = path.read_bytes()
    try:
        certificates = x509.load_pem_x509_certificates(raw)
        key = serialization.load_pem_private_key(raw, password=None)
    except (ValueError, TypeError) as error:
        raise SealDamaged(
            f"{path} must hold a private key and its certificate chain in PEM, the seal's own first"
        ) from error
    loaded = [
        next(keys.load_certs_from_pemder_data(certificate.public_bytes(serialization.Encoding.PEM)))
        for certificate in certificates
    ]
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signers.SimpleSigner(
        signing_cert=loaded[0],
        signing_key=keys.load_private_key_from_pemder_data(private, passphrase=None),
        cert_registry=SimpleCertificateStore.from_certs(loaded),  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    )


def _own(at: datetime) -> signers.SimpleSigner:
    path = _path()
    if not path.exists():
        _make(path, at)
    return _signer(path, path.stat().st_mtime_ns)


class _Undated(IncrementalPdfFileWriter):
    """Adds to a document without writing a clock or chance into it: its date and identity are those it was set with."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__(io.BytesIO(pdf), strict=False)
        first = self.prev.trailer["/ID"][0]
        self._document_id = generic.ArrayObject([first, first])

    def _update_meta(self) -> None:
        return None


class _Dated(signers.PdfSigner):
    """Signs as of the document's own moment, so that the same document is signed to the same bytes."""

    def __init__(self, about: signers.PdfSignatureMetadata, signer: signers.Signer, at: datetime) -> None:
        super().__init__(about, signer=signer)
        self.at = at

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.at
        return session


def certificate(at: datetime) -> bytes:
    """The seal's certificate in PEM, for whoever checks a document with other software. Raises `SealDamaged`."""
    _own(at)
    return x509.load_pem_x509_certificate(_path().read_bytes()).public_bytes(serialization.Encoding.PEM)


def seal(pdf: bytes, at: datetime, reason: str) -> bytes:
    """The document with the installation's signature over all of it (PAdES). The same input gives the same bytes.

    Raises `SealDamaged`.
    """
    out = io.BytesIO()
    about = signers.PdfSignatureMetadata(
        field_name=FIELD, reason=reason, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    signer = _Dated(about, _own(at), at)
    with ThreadPoolExecutor(max_workers=1) as apart:  # pyHanko runs an event loop, and a thread can have but one
        apart.submit(signer.sign_pdf, _Undated(pdf), output=out).result()
    return out.getvalue()
