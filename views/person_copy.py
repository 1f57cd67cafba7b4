"""All that is kept about a person, as one file to hand out: a page to read or print, a workbook, the files.

The right to a copy (PIPL, article 45). Written as the panel itself, so that nothing of the person's own is
left out for lack of sight; who may ask for it is checked before.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

from flask import current_app, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from jobs.export_files import neutralise
from models import (
    AccessEntry,
    Attachment,
    AttachmentContent,
    AuditEntry,
    Delivery,
    LoginSession,
    Note,
    Record,
    acting_as,
    current_actor,
    db,
    system_actor,
)
from models.access import AccessKind, record_access
from models.attached_file import safe_name
from models.base import reads_english
from models.centre import centre_facts
from models.erasure import TABLES, model_of, rows_of_person
from models.organisation import Locale
from models.personal_data import ERASED
from models.scope import WITH_DELETED
from models.sql import labels_for
from views.cells import cell, fetch_labels
from views.clock import show_instant, today
from views.export import IN_MEMORY_MOST
from views.export_rows import export_names
from views.forms import column_of
from views.history import readable_values
from views.lookups import view_named
from views.record_type import ORIGIN

if TYPE_CHECKING:
    from views.base import RecordView

CHUNK = 500
SHEET_TITLE_MOST = 31
_NO_SHEET = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_ALL = {WITH_DELETED: True, "yield_per": CHUNK}


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind; `rows` reads them anew each time, a portion at once."""

    title: str
    columns: list[str]
    rows: Callable[[], Iterator[list[str]]]
    # Drawn line by line; else as a sheet for each record.
    is_table: bool = False


def send_copy(view: RecordView, row: Any, locale: Locale) -> ResponseReturnValue:
    """Answer with all that is kept about a person, in a language, and write down that it was given out."""
    actor = current_actor()
    file = SpooledTemporaryFile(max_size=IN_MEMORY_MOST)  # noqa: SIM115 - closed when the answer is sent
    try:
        with acting_as(system_actor("person-copy", actor.staff_id if actor else None)):
            with force_locale(locale.value):
                label = view.label(row)
                what = _("Personal data")
                name = safe_name(f"{label}-{what}-{today().isoformat()}.zip")
                counts = _write(cast("IO[bytes]", file), row, label)
            record_access(
                AccessKind.PERSON_EXPORTED,
                table=row.__tablename__,
                row_id=row.id,
                remote_address=request.remote_addr,
                counts=counts,
            )
        db.session.commit()
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    response = send_file(cast("IO[bytes]", file), "application/zip", as_attachment=True, download_name=name)
    response.content_length = size
    return response


def _write(file: IO[bytes], row: Record, label: str) -> dict[str, int]:
    """Write the archive, and return how many rows and files it holds."""
    own = {table: ids for table in TABLES if (ids := rows_of_person(row).own.get(table))}
    sections = [*_record_sections(own), *_other_sections(row, own)]
    files, what = _files_of(own), _("Personal data")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        page = current_app.jinja_env.get_template("person_copy.html").stream(
            label=label,
            sections=sections,
            files=[(_file_name(each), each) for each in files],
            centre=centre_facts().shown_name(is_english=reads_english()),
            day=today().isoformat(),
        )
        with archive.open(f"{what}.html", "w") as member:
            for part in page:
                member.write(part.encode())
        with archive.open(f"{what}.xlsx", "w") as member:
            _write_workbook(member, sections)
        for each in files:
            _write_file(archive, each)
    return {table: len(ids) for table, ids in own.items()} | {"attachment": len(files)}


def _write_file(archive: zipfile.ZipFile, file: Attachment) -> None:
    content = db.session.scalar(
        select(AttachmentContent.content).where(AttachmentContent.attachment_id == file.id)
    )
    # Pictures and office documents are packed already.
    archive.writestr(_file_name(file), content or b"", zipfile.ZIP_STORED)


def _file_name(file: Attachment) -> str:
    folder = _("Files")
    return f"{folder}/{file.id} {safe_name(file.file_name)}"


def _write_workbook(file: IO[bytes], sections: list[Section]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    workbook = Workbook(write_only=True)
    for section in sections:
        sheet = workbook.create_sheet(section.title.translate(_NO_SHEET)[:SHEET_TITLE_MOST])
        sheet.append(section.columns)
        for values in section.rows():
            sheet.append([neutralise(ILLEGAL_CHARACTERS_RE.sub(" ", value)) for value in values])
    workbook.save(file)


def _record_sections(own: dict[str, list[int]]) -> Iterator[Section]:
    for table, ids in own.items():
        view = view_named(table)
        assert view is not None
        names = (
            *export_names(view, is_whole=True),
            *(name for name in ORIGIN if name not in export_names(view, is_whole=True)),
        )
        columns = [*(str(view.get_column_name(name)) for name in names), _("Deleted at")]
        yield Section(str(view.plural), columns, partial(_records, view, names, ids))


def _records(view: RecordView, names: tuple[str, ...], ids: list[int]) -> Iterator[list[str]]:
    model = view.model
    found = select(model).where(model.id.in_(ids)).order_by(model.id).options(*view.list_options)
    for rows in db.session.scalars(found, execution_options=_ALL).partitions():
        labels = fetch_labels(view, names, rows)
        for row in rows:
            deleted = show_instant(row.deleted_at) if row.deleted_at else ""
            yield [*(cell(view, row, name, labels).text for name in names), deleted]


def _other_sections(row: Record, own: dict[str, list[int]]) -> Iterator[Section]:
    earlier = [_("Belongs to"), _("Changed at"), _("Field"), _("Value before")]
    yield Section(_("Earlier values"), earlier, lambda: _earlier_values(own), is_table=True)
    noted = [_("Belongs to"), _("Written at"), _("Note"), _("Deleted at")]
    yield Section(_("Notes"), noted, lambda: _notes(own), is_table=True)
    email = getattr(row, "email", None)
    if email is None:
        return
    mailed = [_("Written at"), _("Mail subject"), _("State")]
    yield Section(_("Mails"), mailed, lambda: _mails(str(email)), is_table=True)
    logged_in = [_("Login at"), _("Last used at"), _("Ended at"), _("Network address"), _("Browser")]
    yield Section(_("Logins"), logged_in, lambda: _logins(row.id), is_table=True)
    entered = [_("Access at"), _("Kind of access"), _("Network address")]
    yield Section(_("Accesses"), entered, lambda: _accesses(row.id), is_table=True)


def _earlier_values(own: dict[str, list[int]]) -> Iterator[list[str]]:
    for table, ids in own.items():
        view = view_named(table)
        assert view is not None
        labels = labels_for(model_of(table), ids)
        columns = {
            column.name: name
            for name in view.shown_names()
            if (column := column_of(view.model, name)) is not None
        }
        found = select(AuditEntry).where(AuditEntry.table_name == table, AuditEntry.row_id.in_(ids))
        entries = db.session.scalars(found.order_by(AuditEntry.id), execution_options={"yield_per": CHUNK})
        for portion in entries.partitions():
            readable = readable_values(view, list(portion), columns)
            for entry in portion:
                for key, (before, _after) in entry.changes.items():
                    if key in columns and before not in (None, "", [], ERASED):
                        field = str(view.get_column_name(columns[key]))
                        where = f"{view.singular} {labels[entry.row_id].text}"
                        yield [where, show_instant(entry.at), field, readable(columns[key], before)]


def _notes(own: dict[str, list[int]]) -> Iterator[list[str]]:
    for table, ids in own.items():
        view, labels = view_named(table), labels_for(model_of(table), ids)
        found = select(Note).where(Note.table_name == table, Note.row_id.in_(ids), Note.body.is_not(None))
        for note in db.session.scalars(found.order_by(Note.id), execution_options={"yield_per": CHUNK}):
            where = f"{view.singular if view else table} {labels[note.row_id].text}"
            yield [where, show_instant(note.created_at), note.body or "", _shown(note.deleted_at)]


def _files_of(own: dict[str, list[int]]) -> list[Attachment]:
    """Return the files on the person's records, without their content; erased ones have none any more."""
    files: list[Attachment] = []
    for table, ids in own.items():
        found = (
            select(Attachment)
            .join(Note, Note.id == Attachment.note_id)
            .join(AttachmentContent, AttachmentContent.attachment_id == Attachment.id)
            .where(Note.table_name == table, Note.row_id.in_(ids))
        )
        files += db.session.scalars(found.order_by(Attachment.id))
    return files


def _mails(email: str) -> Iterator[list[str]]:
    found = select(Delivery).where(Delivery.recipient == email).order_by(Delivery.id)
    for mail in db.session.scalars(found, execution_options={"yield_per": CHUNK}):
        yield [show_instant(mail.created_at), mail.subject, str(mail.state.label)]


def _logins(staff_id: int) -> Iterator[list[str]]:
    found = select(LoginSession).where(LoginSession.staff_id == staff_id).order_by(LoginSession.created_at)
    for login in db.session.scalars(found, execution_options={"yield_per": CHUNK}):
        times = (login.created_at, login.last_seen_at, login.ended_at)
        yield [*(_shown(each) for each in times), str(login.remote_address or ""), login.user_agent or ""]


def _accesses(staff_id: int) -> Iterator[list[str]]:
    found = select(AccessEntry).where(AccessEntry.actor_id == staff_id).order_by(AccessEntry.id)
    for entry in db.session.scalars(found, execution_options={"yield_per": CHUNK}):
        yield [show_instant(entry.at), str(entry.kind.label), str(entry.remote_address or "")]


def _shown(instant: datetime | None) -> str:
    return show_instant(instant) if instant else ""
