"""Set the archive of a complaint as PDF, in a child: `python -m jobs.typeset FOLDER`.

The folder holds content.json and the papers that are taken over; archive.pdf is written beside them. It
imports nothing of the panel: its memory and time are limited, and the papers come from anybody.
"""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import pypdf
import typst
from PIL import Image

TEMPLATE = Path(__file__).with_name("archive.typ")
# Those of the machine differ from one to the next.
FONTS = typst.Fonts(include_system_fonts=False, font_paths=[pylopdf_fonts_zh_cn.sans_path().parent])
PICTURE_MOST = (1400, 1400)
# Of one paper; what has more is no letter, and stands in the panel as a file.
PAGES_MOST = 40
# A long run without a blank, such as an address, would leave the page.
_LONG_RUN = re.compile(r"[!-~]{40,}")
_RUN_PIECE = re.compile(r"(.{20})")
_BREAK = "\u200b"


def main(folder: Path) -> None:
    """Write the PDF."""
    content = _broken(json.loads((folder / "content.json").read_text(encoding="utf-8")))
    # Most of the time goes into pictures, and they are decoded beside each other.
    pictures = [paper for paper in content["papers"] if paper["picture"] is not None]
    with ThreadPoolExecutor(max_workers=2) as pool:
        names = list(pool.map(lambda paper: _smaller(folder / paper["picture"]), pictures))
    for paper, name in zip(pictures, names, strict=True):
        paper["picture"] = name
    for paper in content["papers"]:
        if paper["pdf"] is not None:
            _take_over(folder, paper, content["words"])
    (folder / "content.json").write_text(json.dumps(content), encoding="utf-8")
    pdf = _set(folder, TEMPLATE.read_bytes(), datetime.fromtimestamp(content["made_at"], UTC))
    (folder / "archive.pdf").write_bytes(pdf)


def _broken(value: Any) -> Any:
    """Return all texts so that the longest runs of signs can be broken."""
    if isinstance(value, dict):
        return {key: _broken(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_broken(each) for each in value]
    if isinstance(value, str):
        return _LONG_RUN.sub(lambda run: _RUN_PIECE.sub(rf"\1{_BREAK}", run[0]), value)
    return value


def _take_over(folder: Path, paper: dict[str, Any], words: dict[str, Any]) -> None:
    """Say how many pages of a PDF are set; one that can't be read says so in its remark."""
    try:
        pages = len(pypdf.PdfReader(folder / paper["pdf"]).pages)
        taken = min(pages, PAGES_MOST)
        # Two readers of PDF have to agree; the second is the one that takes the pages over.
        _set(folder, _trial(paper["pdf"], taken))
    except Exception:  # noqa: BLE001 - a broken file can break a reader in any way; the paper's line says it
        paper["remark"] = words["unreadable"]
        return
    paper["total"], paper["pages"] = pages, taken
    if taken < pages:
        paper["remark"] = words["cut"].replace("{most}", str(taken)).replace("{pages}", str(pages))


def _smaller(source: Path) -> str:
    """Return the name of a picture written anew as JPEG; WebP would be stored pixel by pixel."""
    written = source.with_suffix(".jpg")
    with Image.open(source) as picture:
        # Decoded once: a second look at the whole would take as long again.
        picture.thumbnail(PICTURE_MOST)
        flat = picture.convert("RGB")
        if picture.has_transparency_data:
            flat = Image.new("RGB", picture.size, "white")
            flat.paste(picture, mask=picture.convert("RGBA").getchannel("A"))
    flat.save(written, "JPEG", quality=80)
    return written.name


def _trial(name: str, pages: int) -> bytes:
    setting = "".join(f'#image("{name}", page: {number})\n' for number in range(1, pages + 1))
    return f"#set page(width: auto, height: auto)\n{setting}".encode()


def _set(folder: Path, template: bytes, made_at: datetime | None = None) -> bytes:
    # Beside what it names: nothing above the folder can be read.
    (folder / "main.typ").write_bytes(template)
    pdf = typst.compile(
        folder / "main.typ",
        root=folder,
        font_paths=FONTS,
        timestamp=made_at,
    )
    assert isinstance(pdf, bytes)
    return pdf


if __name__ == "__main__":
    main(Path(sys.argv[1]))
