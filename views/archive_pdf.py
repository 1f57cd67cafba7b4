"""The archive of a complaint as a file to download: searchable, with its papers as pages."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from jobs.archive_pdf import NotSetError, set_archive
from models import AttachmentContent, Complaint, db
from models.access import AccessKind, record_access
from models.base import now
from views.archive import Archive, archive_of
from views.archive_papers import Paper
from views.demo_marks import is_invented

if TYPE_CHECKING:
    from views.base import RecordView

MEGABYTE = 1 << 20
# What is taken over as pages; the rest is named, and stands in the panel as a file.
PICTURES_MOST = 60
PDF_BYTES_MOST = 60 * MEGABYTE


def send_pdf(view: RecordView, row: Complaint) -> ResponseReturnValue:
    """Answer with the archive as PDF, and write down that it was given out."""
    archive = archive_of(view, row)
    with TemporaryDirectory() as name:
        folder = Path(name)
        taken = _taken(archive.papers)
        _write(folder, archive.papers, taken)
        try:
            pdf = set_archive(folder, _content(archive, taken, is_demo=is_invented(row)))
        except NotSetError:
            flash(
                _("The PDF could not be made. Print this page instead, and tell who runs the panel."), "error"
            )
            return redirect(view.page_url("archive_view", id=row.id))
    record_access(
        AccessKind.EXPORTED,
        table=row.__tablename__,
        row_id=row.id,
        remote_address=request.remote_addr,
        papers=len(archive.papers),
    )
    db.session.commit()
    return send_file(
        io.BytesIO(pdf), "application/pdf", as_attachment=True, download_name=f"{archive.title}.pdf"
    )


def _taken(papers: list[Paper]) -> dict[int, str]:
    """Return the papers that become pages, by their number, each with the name of its file for the child."""
    taken = {each.number: f"paper-{each.number}.webp" for each in papers if each.is_picture}
    taken = dict(list(taken.items())[:PICTURES_MOST])
    left = PDF_BYTES_MOST
    for each in papers:
        if each.is_pdf and each.file.size <= left:
            left -= each.file.size
            taken[each.number] = f"paper-{each.number}.pdf"
    return taken


def _write(folder: Path, papers: list[Paper], taken: dict[int, str]) -> None:
    """Write the papers down for the child, one after the other: pictures as the panel made them."""
    names = {each.file.id: taken[each.number] for each in papers if each.number in taken}
    bytes_of = func.coalesce(AttachmentContent.preview, AttachmentContent.content)
    found = select(AttachmentContent.attachment_id, bytes_of).where(
        AttachmentContent.attachment_id.in_(names)
    )
    for key, content in db.session.execute(found, execution_options={"yield_per": 1}):
        (folder / names[key]).write_bytes(content)


def _content(archive: Archive, taken: dict[int, str], *, is_demo: bool) -> dict[str, Any]:
    """Return what the child sets: texts alone, in the reader's language."""
    locale = get_locale()
    withheld = (
        [_("Not open to you, and so not in here: %(kinds)s.", kinds=_(", ").join(archive.withheld))]
        if archive.withheld
        else []
    )
    demo = [_("Demo data: all of this is invented.")] if is_demo else []
    return {
        "lang": locale.language if locale else "zh",
        "region": "cn" if locale is None or locale.language == "zh" else None,
        "made_at": int(now().timestamp()),
        "number": archive.number,
        "title": archive.title,
        "kind": _("Archived") if archive.is_closed else _("Course so far"),
        "state": [*demo, archive.state, *withheld],
        "centre": archive.centre,
        "made": archive.made,
        "head": [asdict(line) for line in archive.head],
        "chapters": [asdict(chapter) for chapter in archive.chapters],
        "papers": [_paper(each, taken.get(each.number)) for each in archive.papers],
        "words": {
            "papers": _("Papers"),
            "paper": _("Paper"),
            "agreement": _("Signed agreement"),
            "none": _("None."),
            "unreadable": _("Can't be read as PDF, and so stands in the panel as a file only."),
            "cut": _("The first {most} of {pages} pages; all of them stand in the panel as a file."),
            "signatures": [_("Handled by"), _("Supervisor"), _("Customer")],
            "date": _("Date"),
        },
    }


def _paper(paper: Paper, name: str | None) -> dict[str, Any]:
    return {
        "number": paper.number,
        "name": paper.name,
        "about": f"{paper.owner_label} · {paper.about} · {paper.size}",
        "agreement": paper.is_agreement,
        "picture": name if paper.is_picture else None,
        "pdf": name if paper.is_pdf else None,
        "pages": 0,
        "total": 0,
        "remark": "" if name else _("Stands in the panel as a file only."),
    }
