"""Files that people attach: what they are is read from their content, never believed from their name."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass

import puremagic
from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

MEGABYTE = 1024 * 1024
FILE_MOST = 20 * MEGABYTE
# A phone's camera makes 12 to 50 million; what claims more is made to fill the memory.
PIXELS_MOST = 64_000_000
THUMBNAIL, PREVIEW = (280, 210), (1600, 1600)
PREVIEW_TYPE = "image/webp"
NAME_MOST = 120
TEXT_MOST_READ = 64 * 1024

IMAGES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}
_OPEN_XML = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_TEXTS = {"txt": "text/plain", "csv": "text/csv"}
# Extension -> media type of all that is taken; nothing that a browser or a double click would run.
TAKEN = {
    **IMAGES,
    "heic": "image/heic",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/x-wav",
    "amr": "audio/amr",
    **_TEXTS,
}
_SAME = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "heif": "heic"}
_PILLOW_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")

# The limit below stands in for Pillow's own, which warns first and refuses at twice the number.
Image.MAX_IMAGE_PIXELS = None


class FileRefusedError(Exception):
    """Say in the reader's words why a file is not taken."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that may be kept; `thumbnail` and `preview` are None where it is no image."""

    name: str
    media_type: str
    content: bytes
    thumbnail: bytes | None = None
    preview: bytes | None = None


def check_file(name: str, content: bytes) -> CheckedFile:
    """Return the file with a safe name and its real type.

    Raises:
        FileRefusedError: when it is empty, too large, of a type that is not taken, or a broken image.
    """
    shown = safe_name(name)
    if not content:
        raise FileRefusedError(_("“%(name)s” is empty.", name=shown))
    if len(content) > FILE_MOST:
        raise FileRefusedError(
            _("“%(name)s” is larger than %(most)d MB.", name=shown, most=FILE_MOST // MEGABYTE)
        )
    stem, _dot, ending = shown.rpartition(".")
    declared = _SAME.get(ending.lower(), ending.lower()) if stem else ""
    kind = kind_of(content, declared)
    if kind is None:
        raise FileRefusedError(
            _(
                "“%(name)s” is of a type that is not taken. Pictures, PDF, Word, Excel, PowerPoint, text,"
                " sound and video are.",
                name=shown,
            )
        )
    if kind != declared:
        shown = f"{stem if declared in TAKEN else shown}.{kind}"
    thumbnail, preview = _smaller(shown, content) if kind in IMAGES else (None, None)
    return CheckedFile(shown, TAKEN[kind], content, thumbnail, preview)


def kind_of(content: bytes, declared: str) -> str | None:
    """Return the extension that fits the content, `declared` where it does; None for what is not taken."""
    if declared in _TEXTS:
        return declared if is_text(content) else None
    try:
        found = [match.extension.lstrip(".").lower() for match in puremagic.magic_string(content)]
    except (puremagic.PureError, ValueError):
        return None
    kinds = [kind for each in found if (kind := _SAME.get(each, each)) in TAKEN]
    if content.startswith(b"PK"):
        kinds = _open_xml_kinds(content)
    if declared in kinds:
        return declared
    return kinds[0] if kinds else None


def _open_xml_kinds(content: bytes) -> list[str]:
    """Return what a ZIP archive is, going by its entries: an office document without macros, or nothing."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return []
    if "[Content_Types].xml" not in names or any(name.lower().endswith("vbaproject.bin") for name in names):
        return []
    return [kind for folder, kind in _OPEN_XML.items() if any(name.startswith(folder) for name in names)]


def is_text(content: bytes) -> bool:
    """Tell whether the bytes read as text in UTF-8 or GB18030."""
    head = content[:TEXT_MOST_READ]
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            # The cut may go through a character.
            text = (
                head.decode(encoding) if len(head) == len(content) else head[:-4].decode(encoding, "ignore")
            )
        except UnicodeDecodeError:
            continue
        return not any(unicodedata.category(c) == "Cc" and c not in "\t\r\n\f" for c in text)
    return False


def safe_name(raw: str) -> str:
    """Return a file's name without folders, without what hides its ending, and not too long."""
    name = unicodedata.normalize("NFC", raw).replace("\\", "/").rpartition("/")[2]
    # Cf holds the marks that turn the direction of writing: with them "gpj.exe" reads as "exe.jpg".
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .") or "file"
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:NAME_MOST]
    return f"{stem[: NAME_MOST - len(ending) - 1]}.{ending}"


def _smaller(name: str, content: bytes) -> tuple[bytes, bytes]:
    """Return thumbnail and preview of an image, made anew: nothing of the original's bytes is in them."""
    try:
        with Image.open(io.BytesIO(content), formats=_PILLOW_FORMATS) as image:
            if image.width * image.height > PIXELS_MOST:
                raise FileRefusedError(
                    _(
                        "The picture “%(name)s” has more than %(most)d million pixels.",
                        name=name,
                        most=PIXELS_MOST // 1_000_000,
                    )
                )
            # A JPEG is decoded right away at a size near to what is needed.
            image.draft("RGB", PREVIEW)
            turned = ImageOps.exif_transpose(image)
            picture = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise FileRefusedError(_("The picture “%(name)s” is damaged.", name=name)) from error
    return _shrunk(picture, THUMBNAIL), _shrunk(picture, PREVIEW)


def _shrunk(picture: Image.Image, most: tuple[int, int]) -> bytes:
    smaller = picture.copy()
    smaller.thumbnail(most)
    written = io.BytesIO()
    smaller.save(written, "WEBP", quality=80)
    return written.getvalue()
