"""What an evidence file is, from its content: pictures newly drawn, documents counted, templates of bodies refused (证据文件).

Fingerprint, face and iris templates may not be kept by anybody here (个人信息保护法 28; 社会信用条例 of several cities), in whatever
wrapping they come. What is not on the list of kinds below is refused by name of what it is, where that can be told.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any, cast

from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject

from xinlin.office.files.archives import guard_archive, member_name
from xinlin.office.files.workbooks import declares_entities
from xinlin.office.layouts import FileRefused, refuse

MB = 1 << 20
LARGEST = {"picture": 20 * MB, "document": 50 * MB, "audio": 100 * MB, "video": 300 * MB}
"""Bytes that a file of each sort may have."""
MOST_PIXELS = 50_000_000
"""Of a picture; a telephone takes 12 to 50 million."""
_HEAD = 4096
_PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "BMP": "image/bmp", "WEBP": "image/webp"}
_BODIES = {
    b"FMR\0": "指纹细节点模板（ISO/IEC 19794-2、ANSI 378）",
    b"FIR\0": "指纹图像（ISO/IEC 19794-4）",
    b"FSP\0": "指纹模板（ISO/IEC 19794-3）",
    b"FSK\0": "指纹骨架模板（ISO/IEC 19794-8）",
    b"FAC\0": "人脸数据（ISO/IEC 19794-5）",
    b"IIR\0": "虹膜数据（ISO/IEC 19794-6、IREX）",
    b"VIR\0": "血管图像（ISO/IEC 19794-9）",
    b"HND\0": "手形数据（ISO/IEC 19794-10）",
    b"VDI\0": "声纹数据（ISO/IEC 19794-13）",
    b"DNA\0": "基因数据（ISO/IEC 19794-14）",
    b"\xff\xa0\xff": "指纹图像（WSQ）",
    b"1.001:": "生物特征交换文件（ANSI/NIST-ITL）",
    b"1.01:": "生物特征交换文件（ANSI/NIST-ITL）",
}
"""First bytes of records of fingerprints, faces, irises, veins, hands, voices and genes."""
_BODY_NAMES = frozenset("fmr fir fac iir wsq ist eft an2 nist bir cbeff fpt fmd xyt irex iso-fmr".split())  # noqa: SIM905  # reads better
_NO_EVIDENCE = {
    b"MZ": "EXE", b"\x7fELF": "ELF", b"#!/": "script", b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\x1f\x8b": "gzip", b"<": "HTML/XML/SVG",
    b"\x93NUMPY": "NumPy",
}  # fmt: skip
_OFFICE = {
    "word/": ("docx", "wordprocessingml.document"),
    "xl/": ("xlsx", "spreadsheetml.sheet"),
    "ppt/": ("pptx", "presentationml.presentation"),
}
_OLD_OFFICE = {
    "WordDocument": ("doc", "application/msword"),
    "Workbook": ("xls", "application/vnd.ms-excel"),
    "PowerPoint Document": ("ppt", "application/vnd.ms-powerpoint"),
}
_MACROS = ("_VBA_PROJECT", "VBA")
_ACTIVE = ("/JavaScript", "/EmbeddedFiles")


def inspect(source: Path, spool: IO[bytes], filename: str) -> dict[str, Any]:
    """What the file is: sort, type, extension, pages, width, height, active. A picture is written anew to ``spool``.

    Raises `FileRefused`: a template of somebody's body, a kind that is not taken, too large, or broken.
    """
    with source.open("rb") as stream:
        head = stream.read(_HEAD)
        size = stream.seek(0, 2)
    _refuse_bodies(head, filename)
    facts = {"pages": None, "width": None, "height": None, "active": False, "redrawn": False} | _look(
        source, spool, head, size
    )
    if size > LARGEST[facts["sort"]]:
        raise _too_large(facts["sort"])
    return facts


def _refuse_bodies(head: bytes, filename: str) -> None:
    """Raises `FileRefused` where the first bytes, or the name, are those of a biometric record."""
    found = next((name for magic, name in _BODIES.items() if head.startswith(magic)), "")
    suffix = filename.lower().rpartition(".")[2]
    if not found and suffix in _BODY_NAMES:
        found = f"生物特征模板（.{suffix}）"
    if found:
        raise refuse(
            "biometric_refused",
            f"这是{found}，任何人不得在此保存生物识别信息",
            "This is a record of somebody's body (biometric data), which nobody may keep here",
            "请勿上传；需要证明身份的，用文书或照片说明",
            "Do not upload it; show who somebody is by a document",
        )


def _look(source: Path, spool: IO[bytes], head: bytes, size: int) -> dict[str, Any]:
    if sort := _moving(head):
        return sort
    if head.startswith(b"%PDF-"):
        return _pdf(source)
    if head.startswith(b"PK\x03\x04"):
        return _packed(source)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _old_office(source)
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    ):
        if size > LARGEST["picture"]:
            raise _too_large("picture")
        return _picture(source, spool)
    shown = next((name for magic, name in _NO_EVIDENCE.items() if head.startswith(magic)), "")
    raise _not_taken(shown)


def _moving(head: bytes) -> dict[str, Any]:
    """Sound and film, by their first bytes."""
    brand = head[8:12]
    if head[4:8] == b"ftyp" and brand not in (b"heic", b"heix", b"mif1", b"avif", b"msf1", b"hevc"):
        return _sound("m4a", "audio/mp4") if brand in (b"M4A ", b"M4B ") else _film("mp4", "video/mp4")
    if head[:4] == b"RIFF" and brand == b"WAVE":
        return _sound("wav", "audio/wav")
    if head[:4] == b"RIFF" and brand == b"AVI ":
        return _film("avi", "video/x-msvideo")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _film("webm", "video/webm") if b"webm" in head[:64] else _film("mkv", "video/x-matroska")
    for magic, extension, media in (
        (b"ID3", "mp3", "audio/mpeg"), (b"OggS", "ogg", "audio/ogg"), (b"fLaC", "flac", "audio/flac"), (b"#!AMR", "amr", "audio/amr")
    ):  # fmt: skip
        if head.startswith(magic):
            return _sound(extension, media)
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # a frame of MPEG layer III begins at once
        return _sound("mp3", "audio/mpeg")
    return {}


def _sound(extension: str, media: str) -> dict[str, Any]:
    return {"sort": "audio", "type": media, "extension": extension}


def _film(extension: str, media: str) -> dict[str, Any]:
    return {"sort": "video", "type": media, "extension": extension}


def _picture(source: Path, spool: IO[bytes]) -> dict[str, Any]:
    """Draw the picture anew: nothing of place, camera or hidden parts survives, and a polyglot is a picture only."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(source, formats=list(_PICTURES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _too_many_pixels(picture.width, picture.height)
            if getattr(picture, "n_frames", 1) > 1:
                raise refuse(
                    "picture_moves", "这是动图", "This is a moving picture",
                    "请存为一张图片，或以视频上传", "Save it as one picture, or upload a film",
                )  # fmt: skip
            form = "JPEG" if picture.format in ("JPEG", "WEBP") else "PNG"
            upright = ImageOps.exif_transpose(picture)
            plain = upright.convert(
                "RGB"
                if form == "JPEG"
                else "RGBA"
                if "A" in upright.getbands() or "transparency" in upright.info
                else "RGB"
            )
            drawn = Image.frombytes(plain.mode, plain.size, plain.tobytes())
            drawn.save(spool, form, **({"quality": 92} if form == "JPEG" else {}))
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(0, 0) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise _broken("图片", error) from error
    spool.flush()
    extension = "jpg" if form == "JPEG" else "png"
    size = {"width": drawn.width, "height": drawn.height}
    return {"sort": "picture", "type": _PICTURES[form], "extension": extension, "redrawn": True, **size}


def _pdf(source: Path) -> dict[str, Any]:
    try:
        reader = PdfReader(source)
        if reader.is_encrypted and not reader.decrypt(""):
            raise refuse(
                "document_locked", "PDF 有密码", "The PDF is locked", "请取消密码后上传", "Remove the password and upload it",
            )  # fmt: skip
        root = cast(DictionaryObject, reader.trailer["/Root"].get_object())
        names = cast(DictionaryObject, root["/Names"].get_object()) if "/Names" in root else {}
        active = any(key in names for key in _ACTIVE) or "/OpenAction" in root or "/AA" in root
        pages = len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError, IndexError) as error:
        raise _broken("PDF", error) from error
    return {"sort": "document", "type": "application/pdf", "extension": "pdf", "pages": pages, "active": bool(active)}


def _packed(source: Path) -> dict[str, Any]:
    """An office document, and no archive; without programs, and without what may not be kept inside it."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = guard_archive(archive, source.stat().st_size)
            names = [entry.filename for entry in entries]
            for entry in entries:
                with archive.open(entry) as stream:
                    begins = stream.read(_HEAD)
                _refuse_bodies(begins, member_name(entry))
                if b"<!DOCTYPE" in begins.replace(b"\0", b"").upper():
                    raise declares_entities()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise _broken("文档", error) from error
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _has_programs()
    if "OFD.xml" in names:
        return {"sort": "document", "type": "application/ofd", "extension": "ofd"}
    for folder, (extension, suffix) in _OFFICE.items():
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            media = f"application/vnd.openxmlformats-officedocument.{suffix}"
            return {"sort": "document", "type": media, "extension": extension}
    raise _not_taken("ZIP")


def _old_office(source: Path) -> dict[str, Any]:
    content = source.read_bytes()
    if any(name.encode("utf-16-le") + b"\0\0" in content for name in _MACROS):
        raise _has_programs()
    for stream, (extension, media) in _OLD_OFFICE.items():
        if stream.encode("utf-16-le") in content:
            return {"sort": "document", "type": media, "extension": extension}
    raise _not_taken("OLE")


_KINDS_ZH = "可上传：图片（JPG、PNG、GIF、BMP、WEBP）、PDF、OFD、Word、Excel、PPT、音频、视频"
_KINDS_EN = "Taken are pictures (JPG, PNG, GIF, BMP, WEBP), PDF, OFD, Word, Excel, PowerPoint, sound and film"


def _not_taken(shown: str) -> FileRefused:
    zh, en = (f"（{shown}）", f" ({shown})") if shown else ("", "")
    return refuse("evidence_kind", f"不接收这类文件{zh}", f"This kind of file is not taken{en}", _KINDS_ZH, _KINDS_EN)


def _has_programs() -> FileRefused:
    return refuse(
        "document_has_programs",
        "文档里有宏程序",
        "The document holds programs (macros)",
        "请另存为不含宏的文档或 PDF",
        "Save it without macros, or as PDF",
    )


def _broken(what: str, error: BaseException) -> FileRefused:
    return refuse(
        "evidence_broken",
        f"{what}已损坏，打不开",
        f"The file is broken and does not open ({str(error)[:200]})",
        "请重新保存后上传",
        "Save it again and upload it",
    )


def _too_many_pixels(width: int, height: int) -> FileRefused:
    size = f"{width} × {height}" if width else ""
    return refuse(
        "picture_too_large",
        f"图片 {size} 超过 {MOST_PIXELS // 10_000} 万像素",
        f"The picture {size} has more than {MOST_PIXELS // 1_000_000} million pixels",
        "请缩小后上传",
        "Make it smaller and upload it",
    )


def _too_large(sort: str) -> FileRefused:
    most = LARGEST[sort] // MB
    return refuse(
        "evidence_too_large",
        f"文件超过 {most} MB",
        f"The file has more than {most} MB",
        "请压缩或拆开后上传",
        "Make it smaller or split it, and upload it",
    )
