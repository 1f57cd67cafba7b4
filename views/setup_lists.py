"""Pasted lists of the assistant: kept as a draft until they are right, corrected cell by cell, taken in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from jobs.import_reader import ImportRefusedError
from jobs.invitation import invite_imported
from jobs.pasted_list import CELL_MOST, ORDERS, Cells, CheckedRow, check_rows, read_pasted, take_in
from models import Delivery, Department, Position, db
from models.centre import find_centre
from models.organisation import Role
from views.staff import NOT_GOING_OUT

# Lines of each kind that the page shows; the others are counted.
SHOWN_MOST = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """A list that waits: lines to be corrected with their numbers, and lines that are ready."""

    kind: str
    wrong: list[tuple[int, CheckedRow]]
    ready: list[Cells]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns, in their order."""
        return ORDERS[self.kind]


def find_draft(kind: str) -> Draft | None:
    """Return the list that waits, checked against what is in the panel now; None where there is none."""
    rows = find_centre().drafts.get(kind)
    if not rows:
        return None
    checked = check_rows(kind, rows)
    wrong = [(number, row) for number, row in enumerate(checked) if row.problems]
    return Draft(kind, wrong, [row.cells for row in checked if not row.problems])


def keep_draft(kind: str, rows: list[Cells]) -> None:
    """Keep lines for later, none to forget them; the caller commits."""
    centre = find_centre()
    others = {name: kept for name, kept in centre.drafts.items() if name != kind}
    centre.drafts = others | {kind: rows} if rows else others


def paste(kind: str) -> None:
    """Keep what was pasted as a draft, or say why it is no list."""
    try:
        keep_draft(kind, read_pasted(kind, request.form.get("text", "")))
    except ImportRefusedError as reason:
        flash(str(reason), "error")
        return
    db.session.commit()


def correct(kind: str) -> None:
    """Take over what was typed into the cells of the draft, and leave out the lines that were ticked."""
    rows: list[Cells] = [dict(row) for row in find_centre().drafts.get(kind, [])]
    dropped = set(request.form.getlist("drop"))
    for number, row in enumerate(rows):
        for column in ORDERS[kind]:
            name = f"{number}-{column}"
            if name in request.form:
                row[column] = _typed(name)
    keep_draft(kind, [row for number, row in enumerate(rows) if str(number) not in dropped])
    db.session.commit()


def _typed(name: str) -> str:
    plain = _(", ").join(request.form.getlist(name)).replace("\x00", "")
    return " ".join(plain.split())[:CELL_MOST]


def take(kind: str) -> None:
    """Take in the lines that are ready, invite new staff, and keep the others."""
    draft = find_draft(kind)
    if draft is None or not draft.ready:
        flash(_("No line is ready yet: correct the marked cells first."), "warning")
        return
    try:
        result = take_in(kind, draft.ready)
    except ImportRefusedError as reason:
        flash(str(reason), "error")
        return
    keep_draft(kind, [row.cells for _number, row in draft.wrong])
    db.session.commit()
    done = _(
        "New: %(new)s, filled in: %(changed)s, unchanged: %(unchanged)s.",
        new=result.new,
        changed=result.changed,
        unchanged=result.unchanged,
    )
    flash(done, "success")
    for _line, why, cells in result.first_rejected:
        flash(f"{cells[0]}: {why}", "error")
    if kind == "staff":
        tell_of_invitations(invite_imported(result.run_id))


def tell_of_invitations(deliveries: Sequence[Delivery]) -> None:
    """Say how many were invited, and where the links are when mails don't go out."""
    if deliveries:
        count = len(deliveries)
        flash(ngettext("%(num)d person was invited.", "%(num)d people were invited.", count), "success")
    if any(delivery.state in NOT_GOING_OUT for delivery in deliveries):
        flash(_("Some mails don't go out: the links to hand over stand on the people's pages."), "warning")


def choices(kind: str) -> dict[str, list[str]]:
    """Return what stands to choose from in the columns that name entries of the panel."""
    if kind != "staff":
        return {"is_key_part": [str(_("Yes")), str(_("No"))]}
    return {
        "department": list(db.session.scalars(select(Department.name).order_by(Department.name_sort))),
        "position": list(db.session.scalars(select(Position.name).order_by(Position.name_sort))),
        "roles": [str(role.label) for role in Role],
    }


def title(kind: str, column: str) -> str:
    """Return what people call a column, in their language."""
    from jobs.import_mapping import load_mapping
    from jobs.import_template import title_of
    from models.base import reads_english
    from models.organisation import Locale

    locale: Any = Locale.ENGLISH if reads_english() else Locale.CHINESE
    return title_of(load_mapping(kind), column, locale)
