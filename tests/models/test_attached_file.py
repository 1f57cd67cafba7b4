from __future__ import annotations

import io
import zipfile
import zlib
from struct import pack

import pytest
from flask import Flask
from PIL import Image

from models import attached_file
from models.attached_file import (
    FILE_MOST,
    NAME_MOST,
    PIXELS_MOST,
    PREVIEW,
    THUMBNAIL,
    FileRefusedError,
    check_file,
    safe_name,
)


@pytest.fixture(autouse=True)
def _in_app(app: Flask) -> object:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        yield


def picture(
    kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: object
) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, 120).save(written, kind, **options)
    return written.getvalue()


def office(folder: str, *more: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in ("[Content_Types].xml", f"{folder}/document.xml", *more):
            archive.writestr(name, "<x/>")
    return written.getvalue()


OLE = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1024
TAKEN = {
    "照片.jpg": picture("JPEG"),
    "photo.JPEG": picture("JPEG"),
    "截图.png": picture("PNG"),
    "a.gif": picture("GIF", mode="P"),
    "a.webp": picture("WEBP"),
    "合同.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "回执单.docx": office("word"),
    "名单.xlsx": office("xl"),
    "a.pptx": office("ppt"),
    "旧.doc": OLE,
    "旧.xls": OLE,
    "a.txt": "电机异响".encode(),
    "a.csv": "编号,名称\r\n1,电机\r\n".encode("gb18030"),
    "录音.mp3": b"ID3\x03\x00" + b"\0" * 200,
    "a.amr": b"#!AMR\n" + b"\0" * 50,
    "a.mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2mp41" + b"\0" * 50,
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_an_office_works_with_is_taken_as_what_it_is(name: str) -> None:
    file = check_file(name, TAKEN[name])
    assert file.name == name
    ending = name.rpartition(".")[2].lower().replace("jpeg", "jpg")
    assert file.media_type == attached_file.TAKEN[ending]
    assert file.content == TAKEN[name]


REFUSED = {
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "image.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "run.exe": b"MZ" + b"\0" * 200,
    "script.js": b"alert(1)",
    "run.sh": b"#!/bin/sh\nrm -rf /\n",
    "a.zip": office("other"),
    "macro.docx": office("word", "word/vbaProject.bin"),
    "unknown": b"\x01\x02\x03\x04",
    "binary.txt": b"abc\x00\x01\x02",
    "binary.csv": bytes(range(256)),
    "broken.docx": b"PK\x03\x04" + b"\0" * 100,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_runs_or_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(FileRefusedError, match=f"“{name}” is of a type that is not taken"):
        check_file(name, REFUSED[name])


@pytest.mark.parametrize(
    ("name", "source", "kept"),
    [
        ("run.exe", "截图.png", "run.exe.png"),
        ("page.html", "合同.pdf", "page.html.pdf"),
        ("a.jpg", "截图.png", "a.png"),
        ("a.pdf", "截图.png", "a.png"),
        ("a.docx", "名单.xlsx", "a.xlsx"),
        ("picture", "截图.png", "picture.png"),
    ],
)
def test_a_name_that_says_otherwise_gets_the_ending_of_its_content(name: str, source: str, kept: str) -> None:
    assert check_file(name, TAKEN[source]).name == kept


@pytest.mark.parametrize("name", ["page.jpg", "page.pdf", "page.docx", "page.mp4"])
def test_a_page_under_another_name_is_still_a_page(name: str) -> None:
    with pytest.raises(FileRefusedError):
        check_file(name, REFUSED["page.html"])


def test_an_empty_file_and_one_that_is_too_large_are_refused_with_the_limit() -> None:
    with pytest.raises(FileRefusedError, match="is empty"):
        check_file("a.txt", b"")
    with pytest.raises(FileRefusedError, match="larger than 20 MB"):
        check_file("a.txt", b"a" * (FILE_MOST + 1))
    assert check_file("a.txt", b"a" * FILE_MOST).media_type == "text/plain"


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("现场照片（一）.jpg", "现场照片（一）.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\王\\合同.pdf", "合同.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("\x00.pdf", "pdf"),
        ("...", "file"),
        ("", "file"),
        ('a"b<c>|?*.png', "a_b_c____.png"),
        ("con.txt", "_con.txt"),
        (".htaccess", "htaccess"),
        ("长" * 300 + ".pdf", "长" * (NAME_MOST - 4) + ".pdf"),
    ],
)
def test_a_name_is_safe_on_every_disk_and_in_every_header(raw: str, kept: str) -> None:
    assert safe_name(raw) == kept


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_pictures_get_a_thumbnail_and_a_preview_made_anew(kind: str) -> None:
    content = picture(kind, (3000, 1000), "P" if kind == "GIF" else "RGB")
    file = check_file(f"a.{kind.lower()}", content + b"<script>alert(1)</script>")
    assert file.thumbnail
    assert file.preview
    for made, most in ((file.thumbnail, THUMBNAIL), (file.preview, PREVIEW)):
        assert b"script" not in made
        with Image.open(io.BytesIO(made)) as image:
            assert image.format == "WEBP"
            assert image.width <= most[0]
            assert image.height <= most[1]
            assert abs(image.width / image.height - 3) < 0.1


def test_a_small_picture_is_not_blown_up_and_a_photo_stands_upright() -> None:
    small = check_file("a.png", picture(size=(12, 9))).preview
    assert small
    assert Image.open(io.BytesIO(small)).size == (12, 9)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = check_file("a.jpg", picture("JPEG", (100, 50), exif=exif)).preview
    assert turned
    assert Image.open(io.BytesIO(turned)).size == (50, 100)


def test_the_place_where_a_photo_was_taken_is_not_in_its_preview() -> None:
    exif = Image.Exif()
    exif[0x010F] = "secret-camera"
    file = check_file("a.jpg", picture("JPEG", exif=exif))
    assert b"secret-camera" in file.content
    assert file.preview
    assert b"secret-camera" not in file.preview


def test_transparency_stays() -> None:
    made = check_file("a.png", picture(mode="RGBA")).preview
    assert made
    assert Image.open(io.BytesIO(made)).mode == "RGBA"


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def test_a_picture_that_would_fill_the_memory_is_not_unpacked() -> None:
    with pytest.raises(FileRefusedError, match="more than 64 million pixels"):
        check_file("a.png", bomb(50_000, 50_000))
    assert PIXELS_MOST < 50_000 * 50_000


@pytest.mark.parametrize("content", [picture()[:-40], picture("JPEG", (900, 900))[:700], bomb(100, 100)])
def test_a_damaged_picture_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefusedError, match="is damaged"):
        check_file("a.png" if content[:1] == b"\x89" else "a.jpg", content)
