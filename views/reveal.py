"""Showing a masked value to a reader who asks for it: recorded, counted, and for this page only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import abort, flash, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from models import AccessEntry, current_actor, db
from models.access import AccessKind, record_access
from models.base import now
from models.need_to_know import masked_texts
from models.phones import HasPhone
from views.key_facts import phones_of
from views.page import wants_json
from views.revealed import reveal, take_tokens

if TYPE_CHECKING:
    from views.base import RecordView

# More than anybody needs for the work, and fewer than it takes to copy the customers out.
REVEALS_MOST = 100
WINDOW = timedelta(hours=1)


def answer(view: RecordView, row: Any) -> ResponseReturnValue:
    """Show the value that was asked for, as JSON to the page's script, else on the page that asked.

    Refused with 404 where nothing is masked, with 429 after too many within an hour.
    """
    name = request.form.get("column", "")
    names = {*view.shown_names(), *view.key_facts, *view.column_list}
    if name not in names or name not in masked_texts(row, [name]):
        abort(404)
    if _is_too_many():
        _record(AccessKind.THROTTLED, view, row, name)
        return _refuse(view, row)
    _record(AccessKind.REVEALED, view, row, name)
    token = reveal(row, name)
    if wants_json():
        numbers = phones_of(row) if name == "phone" and isinstance(row, HasPhone) else []
        return jsonify(
            text=getattr(row, name),
            token=token,
            numbers=[{"text": each.text, "dialled": each.dialled} for each in numbers],
        )
    return _page(view, row)


def _record(kind: AccessKind, view: RecordView, row: Any, name: str) -> None:
    record_access(
        kind, table=view.model.__tablename__, row_id=row.id, remote_address=request.remote_addr, column=name
    )
    db.session.commit()


def _is_too_many() -> bool:
    """Tell whether who acts now was shown all that an hour allows."""
    actor = current_actor()
    shown = (
        select(AccessEntry.id)
        .where(
            AccessEntry.actor_id == (actor.staff_id if actor else None),
            AccessEntry.kind == AccessKind.REVEALED,
            AccessEntry.at > now() - WINDOW,
        )
        .limit(REVEALS_MOST)
    )
    return (db.session.scalar(select(func.count()).select_from(shown.subquery())) or 0) >= REVEALS_MOST


def _refuse(view: RecordView, row: Any) -> ResponseReturnValue:
    sentence = _(
        "You were shown %(most)d masked values within an hour. Try again later, or ask your supervisor.",
        most=REVEALS_MOST,
    )
    if wants_json():
        return jsonify(message=sentence), 429
    flash(sentence, "warning")
    response = make_response(_page(view, row))
    response.status_code = 429
    return response


def _page(view: RecordView, row: Any) -> ResponseReturnValue:
    """Return the page that asked: the form with what was typed in it, or the record's page."""
    take_tokens(row)
    if "version" not in request.form:
        return view.show_details(row)
    if not view.is_allowed_on("edit", row):
        abort(403)
    response = make_response(view.show_form(view.form_for(row), row))
    response.status_code = 200
    return response
