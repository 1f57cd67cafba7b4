"""Setting a record from a form and committing it, in one place; a refusal becomes a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, request
from flask_babel import gettext as _
from sqlalchemy.exc import DataError, IntegrityError

from models import db
from models.base import now
from views import sent_twice
from views.constraint_refusals import Refusal, refusal_of
from views.forms import RecordForm
from views.lines_field import LinesField
from views.relation_fields import ManyRelationsField

if TYPE_CHECKING:
    from views.base import RecordView

# Name of the tick in a form, whose value is the field.
INSIST = "_insist"


def save(view: RecordView, form: RecordForm, row: Any, *, is_created: bool) -> bool:
    """Save the record and commit; False, with the reason in the form, where that was refused.

    Raises:
        StaleDataError: when somebody else changed the row since it was read.
        SentTwiceError: when this very form has entered its record before.
    """
    refusal = view.check(form, row)
    if refusal is not None and not is_insisted_on(refusal):
        return refuse(form, refusal)
    try:
        sent = sent_twice.claim() if is_created else None
        set_fields(form, row)
        if is_created:
            view.complete(row)
        db.session.add(row)
        db.session.flush()
        if sent is not None:
            sent.record_id = row.id
        view.on_save(form, row, is_created=is_created)
        db.session.commit()
    except (IntegrityError, DataError) as error:
        db.session.rollback()
        return refuse(form, refusal_of(error))
    view.after_commit(row, is_created=is_created)
    return True


def is_insisted_on(refusal: Refusal) -> bool:
    """Tell whether the tick was set with which a warning is passed."""
    return refusal.can_insist and request.form.get(INSIST) == refusal.field


def changes_columns_only(form: RecordForm, row: Any) -> bool:
    """Tell whether the form changes something, and nothing in the rows of another table."""
    changed = [field for field in form.record_fields() if field.data != getattr(row, field.name)]
    return bool(changed) and not any(isinstance(f, (ManyRelationsField, LinesField)) for f in changed)


def set_fields(form: RecordForm, row: Any) -> None:
    """Set on the record what differs from it; a field that was not sent changes nothing."""
    for field in form.record_fields():
        if field.data != getattr(row, field.name):
            setattr(row, field.name, field.data)
            if isinstance(field, (ManyRelationsField, LinesField)):
                # Rows of another table alone would leave the record's version as it was.
                row.updated_at = now()


def refuse(form: RecordForm, refusal: Refusal) -> bool:
    """Say in the form why it could not be saved, at the field where it has one; return False."""
    field: Any = form._fields.get(refusal.field or "")
    if field is None:
        flash(refusal.sentence, "error")
    elif refusal.field not in form.asked_names:
        flash(_("%(field)s: %(sentence)s", field=field.label.text, sentence=refusal.sentence), "error")
    else:
        field.errors = [*field.errors, refusal.sentence]
        field.can_insist = refusal.can_insist
    return False
