"""Evidence that means harm, and formulas in text files: refused, drawn anew, or kept from doing anything."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from xinlin.core.people import normalise_identifier
from xinlin.core.readings import inert, restored
from xinlin.office.confinement import Answer, confined
from xinlin.office.layouts import FileRefused

from .conftest import Send, resident, table
from .test_hostile import FORMULAS, LAUGHS, MOST_KB, packed, peaks

__all__ = ["peaks"]
PLACE = b"27.83N 121.15E"
OFFICE = ("[Content_Types].xml", b"<Types/>")


def looked_at(tmp_path: Path, content: bytes, name: str = "a.jpg") -> Answer:
    path = tmp_path / "file"
    path.write_bytes(content)
    return confined("evidence", path, {"filename": name})


def refusal(tmp_path: Path, content: bytes, name: str = "a.jpg") -> str:
    with pytest.raises(FileRefused) as refused:
        looked_at(tmp_path, content, name)
    problem = refused.value.problem
    assert problem.what.zh and problem.what.en and problem.cure.zh and problem.cure.en
    return problem.code


def picture(form: str, **more: object) -> bytes:
    """A small picture."""
    held = io.BytesIO()
    Image.new("RGB", (40, 20), (10, 200, 30)).save(held, form, **more)
    return held.getvalue()


def with_place(form: str) -> bytes:
    """A picture that says where it was taken, in every manner that the form has."""
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[2] = (27.0, 49.0, 48.0)
    exif.get_ifd(0x8825)[29] = PLACE.decode()
    return picture(form, exif=exif, **({"comment": PLACE} if form == "JPEG" else {}), icc_profile=PLACE)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_keeps_nothing_of_its_place_nor_of_what_hangs_on_it(tmp_path: Path, form: str) -> None:
    """Also where the same bytes are an archive or a page: what is kept is the picture alone."""
    for tail in (b"", packed(("a.csv", b"a,b")), b"<script>alert(1)</script>"):
        content = with_place(form) + tail
        assert PLACE in content
        answer = looked_at(tmp_path, content)
        answer.spool.seek(0)
        drawn = answer.spool.read()
        answer.spool.close()
        assert answer.facts["redrawn"] and (answer.facts["width"], answer.facts["height"]) == (40, 20)
        assert PLACE not in drawn and (not tail or tail not in drawn) and b"PK\x03\x04" not in drawn
        with Image.open(io.BytesIO(drawn)) as seen:
            assert not seen.getexif() and not {"comment", "icc_profile", "exif", "xmp"} & set(seen.info)


def chunk(name: bytes, content: bytes) -> bytes:
    """One part of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def flood(width: int, height: int, *parts: bytes) -> bytes:
    """A PNG of a few bytes that says it is so wide and high."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    squeezed = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(parts) + chunk(b"IDAT", squeezed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(65_000, 65_000), (2**31 - 1, 1), (8_000, 8_000)])
def test_a_flood_of_pixels_is_refused_by_what_it_declares(
    tmp_path: Path, peaks: list[int], size: tuple[int, int]
) -> None:
    assert refusal(tmp_path, flood(*size)) in ("picture_too_large", "evidence_broken")
    assert max(peaks) < MOST_KB


def test_words_in_a_picture_that_unpack_without_end(tmp_path: Path, peaks: list[int]) -> None:
    words = b"Comment\0\0" + zlib.compress(b"a" * (400 << 20), 9)
    assert len(words) < 500_000
    assert refusal(tmp_path, flood(40, 20, chunk(b"zTXt", words))) == "evidence_broken"
    assert max(peaks) < MOST_KB


def test_a_picture_that_moves_is_none(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
    held = io.BytesIO()
    frames[0].save(held, "GIF", save_all=True, append_images=frames[1:])
    assert refusal(tmp_path, held.getvalue()) == "picture_moves"


@pytest.mark.parametrize(
    "content",
    [
        *(b'<svg xmlns="http://www.w3.org/2000/svg"/>', b"<html><script>", b"#!/bin/sh\n", b"MZ\x90", b"\x7fELF"),
        *(b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08"),
        packed(("a.csv", b"a,b")),
    ],
    ids=["svg", "page", "script", "exe", "elf", "rar", "7z", "gzip", "zip"],
)
def test_what_is_no_evidence_is_refused_whatever_it_is_called(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content, "a.pdf") == "evidence_kind"


@pytest.mark.parametrize("magic", [b"FMR\0 20\0", b"FAC\x00010\x00", b"IIR\0", b"\xff\xa0\xff\xa4", b"1.001:123"])
def test_records_of_bodies_are_refused_also_inside_documents(tmp_path: Path, magic: bytes) -> None:
    assert refusal(tmp_path, magic + b"\0" * 64) == "biometric_refused"
    assert refusal(tmp_path, packed(OFFICE, ("word/media/a.bin", magic + b"\0" * 64))) == "biometric_refused"
    assert refusal(tmp_path, picture("PNG"), "finger.fmr") == "biometric_refused"


def test_documents_that_mean_harm(tmp_path: Path, peaks: list[int]) -> None:
    body = ("word/document.xml", b"<w:document/>")
    assert looked_at(tmp_path, packed(OFFICE, body)).facts["extension"] == "docx"
    declared = ("word/document.xml", b'<?xml version="1.0"?>' + LAUGHS.encode() + b"<w:document>&a11;</w:document>")
    outside = ("word/settings.xml", "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>".encode("utf-16"))
    for part in (declared, outside):
        assert (
            refusal(tmp_path, packed(OFFICE, body, part) if part is outside else packed(OFFICE, part))
            == "declares_entities"
        )
    assert refusal(tmp_path, packed(OFFICE, body, ("word/vbaProject.bin", b"x"))) == "document_has_programs"
    assert refusal(tmp_path, packed(OFFICE, body, ("word/media/a.bin", b"0" * (300 << 20)))) == "unpacks_too_large"
    assert refusal(tmp_path, packed(OFFICE, ("word/../../x.xml", b"x"))) == "archive_tricks"
    assert refusal(tmp_path, b"%PDF-1.7\n" + b"[" * 100_000) in ("evidence_broken", "file_too_demanding")
    assert max(peaks) < MOST_KB
    held = io.BytesIO()
    paper = PdfWriter()
    paper.add_blank_page(100, 100)
    alert = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    paper.root_object[NameObject("/OpenAction")] = DictionaryObject(alert)
    paper.write(held)
    assert looked_at(tmp_path, held.getvalue()).facts["active"] is True


@pytest.mark.django_db
def test_a_text_file_that_was_exported_says_what_it_said(send: Send) -> None:
    """An apostrophe keeps a spreadsheet from calculating; read again it is gone, and a true one stays."""
    from xinlin.office.models.records import Record

    told = [*(one.strip() for one in FORMULAS), "''=1", "'tis", "plain"]
    assert all(inert(one)[0] not in "=+-@\t\r＝＋－＠" and restored(inert(one)) == one for one in told)
    quoted = [inert(one).replace('"', '""') for one in told]
    batch = send(
        "deeds",
        table(
            "公民身份号码,姓名,发生日期,联系电话",
            *[f'="{resident(n)}",王小明,2024-05-01,"{one}"' for n, one in enumerate(quoted, 1)],
        ),
    )
    assert batch.rows_accepted == len(told), [row.problems for row in batch.refused_rows.all()]
    from xinlin.office import vault

    kept = [vault.unseal(record.fields["phone"], vault.RECORD_FIELDS) for record in Record.objects.order_by("row")]
    assert kept == told


def test_identifiers_lose_what_exports_put_round_them() -> None:
    for written in (f'="{resident(1)}"', f"'{resident(1)}", f"\t{resident(1)}", f"‘{resident(1)}’", f'"{resident(1)}"'):
        assert normalise_identifier(written) == resident(1)
