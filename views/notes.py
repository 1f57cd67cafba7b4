"""Notes and files on a record's page: written, shown, sent and removed; the record decides who may."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Response, abort, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from models import Attachment, AttachmentContent, Note, Staff, current_actor, db
from models.attached_file import FILE_MOST, PREVIEW_TYPE, CheckedFile, FileRefusedError, check_file
from models.base import now
from models.note import add_note, file_on, files_of, may_remove, note_on, notes_on
from models.sql import labels_for
from views import sent_twice, undo
from views.fields import clean_text, coerce_id
from views.kept_draft import is_only_shown

if TYPE_CHECKING:
    from views.base import RecordView

FILES_MOST = 10
BODY_MOST = 20_000
# A file is opened by its own program; should a browser open it after all, nothing in it runs.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
SMALLER = {"thumbnail": AttachmentContent.thumbnail, "preview": AttachmentContent.preview}
_KILOBYTE, _MEGABYTE = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class NoteEntry:
    """A note as the page shows it."""

    note: Note
    who: str
    files: list[Attachment]
    can_remove: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wrote that could not be taken, and why; both empty on a fresh page.

    `is_back` says that it comes from a page that told of an error.
    """

    body: str = ""
    problems: list[str] = field(default_factory=list)
    is_back: bool = False


def entries(view: RecordView, row: Any) -> list[NoteEntry]:
    """Return the notes on a record, newest first; three queries at most."""
    notes = notes_on(row)
    files = files_of(notes)
    names = labels_for(Staff, {note.created_by_id for note in notes if note.created_by_id is not None})
    actor = current_actor() if view.is_allowed_on("edit", row) else None
    return [
        NoteEntry(
            note,
            names[note.created_by_id].text if note.created_by_id in names else str(_("The panel")),
            files[note.id],
            may_remove(note, actor),
        )
        for note in notes
    ]


def size_text(size: int) -> str:
    """Return a size in bytes as people read it."""
    if size >= _MEGABYTE:
        return f"{size / _MEGABYTE:.1f} MB"
    return f"{max(1, round(size / _KILOBYTE))} KB"


def add(view: RecordView, row: Any) -> ResponseReturnValue:
    """Write the note and the files that were sent, all or nothing, and show them."""
    body = clean_text(request.form.get("body", ""))
    if is_only_shown():
        return view.show_details(row, Draft(body, is_back=True))
    sent = [file for file in request.files.getlist("files") if file.filename]
    files, problems = check_files(sent, FILES_MOST)
    if not body and not sent:
        problems.append(_("Write something, or choose a file."))
    if len(body) > BODY_MOST:
        problems.append(_("At most %(most)d characters; these are %(now)d.", most=BODY_MOST, now=len(body)))
    if problems:
        return view.show_details(row, Draft(body, problems)), 422
    hashes = [(file.name, hashlib.sha256(file.content).hexdigest()) for file in files]
    sent_twice.do_once(lambda: add_note(row, body or None, files).id, hashes)
    flash(_("The note was saved."), "success")
    return redirect(f"{view.page_url('details_view', id=row.id)}#notes")


def check_files(sent: list[FileStorage], most: int) -> tuple[list[CheckedFile], list[str]]:
    """Return the files that were sent, and why some of them are not taken; none where there are too many."""
    if len(sent) > most:
        return [], [_("At most %(most)d files at once.", most=most)]
    files, problems = [], []
    for file in sent:
        try:
            # One byte more tells that it is too large, without reading all of it.
            with file.stream as stream:
                files.append(check_file(file.filename or "", stream.read(FILE_MOST + 1)))
        except FileRefusedError as refused:
            problems.append(str(refused))
    return files, problems


def remove(view: RecordView, row: Any) -> ResponseReturnValue:
    """Mark a note, or one of its files, as deleted."""
    found: Note | Attachment | None
    if "file" in request.form:
        found = _file_or_404(row, request.form["file"])
        note = note_on(row, found.note_id)
    else:
        found = note = note_on(row, coerce_id(request.form.get("note", "")) or 0)
    if note is None or found is None:
        abort(404)
    if not may_remove(note, current_actor()):
        abort(403)
    found.deleted_at = now()
    is_empty = isinstance(found, Attachment) and note.body is None and not _has_other_files(note, found)
    if is_empty:
        note.deleted_at = now()
    files = [found.id] if isinstance(found, Attachment) else []
    done = undo.removed(row, [note.id] if is_empty or found is note else [], files)
    db.session.commit()
    undo.tell(_("It was removed."), done)
    return redirect(f"{view.page_url('details_view', id=row.id)}#notes")


def _has_other_files(note: Note, file: Attachment) -> bool:
    return any(other.id != file.id for other in files_of([note])[note.id])


def send(row: Any) -> Response:
    """Send a file to be saved, or one of the two smaller pictures of it to be shown."""
    file = _file_or_404(row, request.args.get("file", ""))
    wanted = request.args.get("as", "")
    column = SMALLER.get(wanted, AttachmentContent.content)
    content = db.session.scalar(select(column).where(AttachmentContent.attachment_id == file.id))
    if content is None:
        abort(404)
    is_smaller = wanted in SMALLER
    response = send_file(
        io.BytesIO(content),
        PREVIEW_TYPE if is_smaller else file.media_type,
        as_attachment=not is_smaller,
        download_name=None if is_smaller else file.file_name,
    )
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _file_or_404(row: Any, raw: str) -> Attachment:
    """Return the file with this id where it hangs on `row`: another record's id opens nothing."""
    file = file_on(row, coerce_id(raw) or 0)
    if file is None:
        abort(404)
    return file
