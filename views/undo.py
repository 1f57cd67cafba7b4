"""Taking back what was just done, from the message that tells of it.

The message's form carries a signed token: for its person, for a day, and good only while the rows still stand
as they were left. The audit log shows both, what was done and that it was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError

from config import Settings
from models import WITH_DELETED, Attachment, AuditEntry, Note, current_actor, db
from models.audit import AuditAction
from models.note import may_remove
from views.coming_back import bring_back
from views.history import as_stored
from views.lookups import view_named
from views.page import PageForAll

if TYPE_CHECKING:
    from views.base import RecordView

LASTS_SECONDS = 24 * 3600
# Logins end and begin with these rows: a person's account is changed by its form alone.
_NOT_OFFERED = frozenset({"staff"})


def tell(words: str, done: Mapping[str, Any] | None) -> None:
    """Tell that something was done; with `done` the message can take it back, None: it can't."""
    actor = current_actor()
    if done is None or actor is None or done["table"] in _NOT_OFFERED:
        flash(words, "success")
    else:
        message = {"words": words, "undo": _serializer().dumps({**done, "who": actor.staff_id})}
        flash(message, "success")  # type: ignore[arg-type]  # kept as JSON, which a mapping is too


def deleted(view: RecordView, versions: Mapping[int, int]) -> dict[str, Any]:
    """Return what was done where records of these versions were deleted."""
    rows = [[key, version] for key, version in versions.items()]
    return {"what": "deleted", "table": view.model.__tablename__, "rows": rows}


def changed(*rows: Any) -> dict[str, Any]:
    """Return what was done where columns of records were changed, those of one type after another."""
    by_table: dict[str, list[list[int]]] = {}
    for row in rows:
        by_table.setdefault(row.__tablename__, []).append([row.id, row.version])
    first, *others = ({"table": table, "rows": versions} for table, versions in by_table.items())
    return {"what": "changed", **first, **({"and": others} if others else {})}


def removed(row: Any, notes: list[int], files: list[int]) -> dict[str, Any]:
    """Return what was done where notes or files on a record were removed."""
    return {"what": "removed", "table": row.__tablename__, "row": row.id, "notes": notes, "files": files}


def _serializer() -> URLSafeTimedSerializer:
    settings: Settings = current_app.extensions["settings"]
    return URLSafeTimedSerializer([*settings.secret_key_fallbacks, settings.secret_key], salt="undo")


class UndoView(PageForAll):
    """Take back what a token names, where nothing has happened since."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read"}
    title = lazy_gettext("Undo")
    permission = "undo"

    def __init__(self) -> None:
        super().__init__(name="undo", endpoint="undo", url="/undo")

    @expose("/", methods=("POST",))
    def index(self) -> ResponseReturnValue:
        """Take it back, or say why not."""
        actor = current_actor()
        try:
            done = _serializer().loads(request.form.get("token", ""), max_age=LASTS_SECONDS)
        except BadSignature:
            flash(_("This can't be undone any more."), "warning")
            return redirect(url_for("home.index"))
        view = view_named(done["table"])
        if actor is None or view is None or done["who"] != actor.staff_id:
            abort(403)
        return _UNDO[done["what"]](view, done)


def _refuse(view: RecordView) -> ResponseReturnValue:
    db.session.rollback()
    flash(_("It was changed since, or is not there any more; so it can't be undone."), "warning")
    return redirect(url_for(f"{view.endpoint}.index_view"))


def _rows(view: RecordView, done: Mapping[str, Any]) -> list[Any] | None:
    """Return the rows, locked; None where one was changed since or is out of sight."""
    versions = dict(done["rows"])
    statement = select(view.model).where(view.model.id.in_(versions)).with_for_update()
    rows = list(
        db.session.scalars(statement, execution_options={WITH_DELETED: True, "populate_existing": True})
    )
    return rows if {row.id: row.version for row in rows} == versions else None


def _restore(view: RecordView, done: Mapping[str, Any]) -> ResponseReturnValue:
    rows = _rows(view, done)
    if rows is None:
        return _refuse(view)
    if not all(view.is_allowed_on("delete", row) for row in rows):
        abort(403)
    if bring_back(view, rows):
        # Another record bears the name or number by now, or what they belong to is gone.
        return _refuse(view)
    db.session.commit()
    flash(ngettext("%(num)d record is back.", "%(num)d records are back.", len(rows)), "success")
    address = (
        url_for(f"{view.endpoint}.details_view", id=rows[0].id)
        if len(rows) == 1 and view.is_allowed_on("read", rows[0])
        else url_for(f"{view.endpoint}.index_view")
    )
    return redirect(address)


def _change_back(view: RecordView, done: Mapping[str, Any]) -> ResponseReturnValue:
    parts = [done, *(each | {"who": done["who"]} for each in done.get("and", []))]
    found: list[tuple[Any, AuditEntry]] = []
    # All are looked at before one is set: what follows one of them may be another.
    for part in parts:
        own = _own_changes(view_named(part["table"]) or view, part)
        if own is None:
            return _refuse(view)
        found += own
    for row, entry in found:
        for name, column in row.__mapper__.columns.items():
            if column.name in entry.changes:
                setattr(row, name, as_stored(column.type, entry.changes[column.name][0]))
    try:
        db.session.commit()
    except IntegrityError:
        return _refuse(view)
    if len(found) > 1:
        flash(_("%(num)d records are as they were before.", num=len(found)), "success")
        return redirect(url_for("team.index" if len(parts) > 1 else f"{view.endpoint}.index_view"))
    row = found[0][0]
    flash(_("%(record)s is as it was before.", record=view.label(row)), "success")
    return redirect(url_for(f"{view.endpoint}.details_view", id=row.id))


def _own_changes(view: RecordView, done: Mapping[str, Any]) -> list[tuple[Any, AuditEntry]] | None:
    """Return the records of one type with how each was changed; None where one has gone on since."""
    rows = _rows(view, done)
    if rows is not None and not all(view.is_allowed_on("edit", row) for row in rows):
        abort(403)
    entries = _newest_entries(done)
    if rows is None or not all(
        row.deleted_at is None and _is_own_change(entries.get(row.id), done["who"]) for row in rows
    ):
        return None
    return [(row, entries[row.id]) for row in rows]


def _newest_entries(done: Mapping[str, Any]) -> dict[int, AuditEntry]:
    """Return the newest entry of the audit log about each row, by the row's id; one query."""
    ids = [key for key, _version in done["rows"]]
    newest = (
        select(AuditEntry)
        .where(AuditEntry.table_name == done["table"], AuditEntry.row_id.in_(ids))
        .ext(distinct_on(AuditEntry.row_id))
        .order_by(AuditEntry.row_id, AuditEntry.id.desc())
    )
    return {entry.row_id: entry for entry in db.session.scalars(newest)}


def _is_own_change(entry: AuditEntry | None, staff_id: int) -> bool:
    return entry is not None and entry.action is AuditAction.UPDATE and entry.actor_id == staff_id


def _put_back(view: RecordView, done: Mapping[str, Any]) -> ResponseReturnValue:
    row = view.get_one(done["row"])
    if row is None or not view.is_allowed_on("edit", row):
        abort(403)
    notes = list(db.session.scalars(select(Note).where(Note.id.in_(done["notes"])).with_for_update()))
    files = list(
        db.session.scalars(select(Attachment).where(Attachment.id.in_(done["files"])).with_for_update())
    )
    found: list[Note | Attachment] = [*notes, *files]
    if len(found) != len(done["notes"]) + len(done["files"]) or any(
        each.deleted_at is None for each in found
    ):
        return _refuse(view)
    holders = {note.id: note for note in (*notes, *_notes_of(files))}
    if not all(may_remove(note, current_actor()) for note in holders.values()):
        abort(403)
    for each in found:
        each.deleted_at = None
    if any(note.deleted_at is not None for note in holders.values()):
        # The note on which a file hung was removed after it.
        return _refuse(view)
    db.session.commit()
    flash(_("It is back."), "success")
    return redirect(f"{url_for(f'{view.endpoint}.details_view', id=row.id)}#notes")


def _notes_of(files: list[Attachment]) -> list[Note]:
    return list(db.session.scalars(select(Note).where(Note.id.in_({file.note_id for file in files}))))


_UNDO: Mapping[str, Callable[[RecordView, Mapping[str, Any]], ResponseReturnValue]] = {
    "deleted": _restore,
    "changed": _change_back,
    "removed": _put_back,
}
