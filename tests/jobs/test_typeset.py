"""How the archive of a complaint is set: where its pages end, whatever stands on them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from jobs.typeset import TEMPLATE, _set

WORDS = {"papers": "Papers", "paper": "Paper", "agreement": "Signed", "none": "None.", "date": "Date"}


def content(lines: int, papers: int) -> dict[str, Any]:
    """Return an archive with so many lines in its one chapter, and so many papers in its list."""
    chapter = {"title": "Course", "about": "", "columns": [], "rows": [], "entries": [], "nothing": ""}
    paper = {"agreement": False, "remark": "", "picture": None, "pages": 0}
    return {
        **dict.fromkeys(("kind", "centre", "made"), ""),
        "title": "TS-1",
        "lang": "en",
        "region": None,
        "state": [],
        "head": [],
        "chapters": [chapter | {"lines": [{"label": "said", "text": f"Line {n}"} for n in range(lines)]}],
        "papers": [
            paper | {"number": n, "name": f"paper {n}.csv", "about": f"about {n}"}
            for n in range(1, papers + 1)
        ],
        "words": WORDS | {"signatures": ["Handled by", "Supervisor", "Customer"]},
    }


def pages_of(folder: Path, lines: int, papers: int) -> list[str]:
    (folder / "content.json").write_text(json.dumps(content(lines, papers)), encoding="utf-8")
    pdf = PdfReader(io.BytesIO(_set(folder, TEMPLATE.read_bytes())))
    return [page.extract_text() for page in pdf.pages]


@pytest.mark.parametrize(("papers", "last"), [(0, "None."), (2, "paper 2.csv"), (60, "paper 60.csv")])
def test_the_signatures_never_stand_alone_on_a_page(tmp_path: Path, papers: int, last: str) -> None:
    ends = set()
    for lines in range(18, 42, 2):
        pages = pages_of(tmp_path, lines, papers)
        (signed,) = [page for page in pages if "Handled by" in page]
        assert last in signed, lines
        assert "Supervisor" in signed
        assert "Customer" in signed
        # A heading does not end a page either.
        assert not any(page.rstrip().endswith("Papers") for page in pages)
        ends.add(len(pages))
    # The end of the page was passed: else nothing was tried.
    assert len(ends) > 1
