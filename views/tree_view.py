"""Screens of records that form a tree."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import select

from models import db
from views.base import RecordView
from views.constraint_refusals import Refusal
from views.forms import RecordForm
from views.trees import would_circle


class TreeView(RecordView):
    """Keep records that stand under each other; the list reads as a tree."""

    is_tree: ClassVar[bool] = True
    default_sort: ClassVar[tuple[str, bool]] = ("name", False)

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse to put a record under itself, at whatever depth."""
        field = form._fields.get("parent_id")
        if row.id is None or field is None or field.data is None or "parent_id" not in form.asked_names:
            return None
        model: Any = self.model
        parents: dict[int, int | None] = dict(db.session.execute(select(model.id, model.parent_id)).all())
        if would_circle(parents, row.id, field.data):
            return Refusal("parent_id", _("A record can't stand under itself."))
        return None
