"""Who did something, and values as the audit log keeps them, in the words of the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Boolean, Date, DateTime, Enum, Numeric, select

from models import AuditEntry, Base, Record, Staff, db
from models.need_to_know import readable
from models.personal_data import ERASED
from models.sql import Label, labels_for
from views.clock import show_instant
from views.fields import member_of
from views.forms import column_of, labelled, target_of

if TYPE_CHECKING:
    from views.base import RecordView

ENTRIES_MOST = 50
# Who acted where no person did, by the first word of the audit's source.
SOURCES = {
    "import": lazy_gettext("An import"),
    "command": lazy_gettext("A command on the server"),
    "essentials": lazy_gettext("The first set-up"),
    "login": lazy_gettext("The login pages"),
    "answer": lazy_gettext("The department, by the link in a mail"),
    "unsubscribe": lazy_gettext("The recipient, by the link in a mail"),
    "database": lazy_gettext("The database's own prompt"),
    "job": lazy_gettext("The panel itself"),
}
# Of what a person did, in what way, where that was not a form.
_WAYS = {"import": lazy_gettext("by an import"), "restore": lazy_gettext("brought back from the history")}


def entries_of(row: Record, newest: int = ENTRIES_MOST) -> list[AuditEntry]:
    """Return the newest audit entries of a row that its reader may see, newest first."""
    statement = (
        select(AuditEntry)
        .where(AuditEntry.table_name == row.__tablename__, AuditEntry.row_id == row.id)
        .order_by(AuditEntry.id.desc())
        .limit(min(newest, ENTRIES_MOST))
    )
    return list(db.session.scalars(statement))


def who_did(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Return the name of who made each entry, by the entry's id."""
    kept = list(entries)
    people = {key for entry in kept for key in (entry.actor_id, entry.on_behalf_of_id) if key is not None}
    names = labels_for(Staff, people)

    return {
        entry.id: name_of(names, entry.actor_id, entry.on_behalf_of_id) or _the_panel(entry) for entry in kept
    }


def name_of(names: Mapping[int, Label], actor_id: int | None, on_behalf_of_id: int | None) -> str:
    """Return the name of who acted, and for whom; nothing where no person did."""
    if actor_id is None or actor_id not in names:
        return ""
    name = names[actor_id].text
    if on_behalf_of_id is None or on_behalf_of_id not in names:
        return name
    return str(_("%(who)s for %(absent)s", who=name, absent=names[on_behalf_of_id].text))


def in_what_way(entry: AuditEntry) -> str:
    """Return in what way a person made a change; nothing where by a form, or where no person did."""
    way = _WAYS.get(entry.source.partition(":")[0])
    return str(way) if way is not None and entry.actor_id is not None else ""


def _the_panel(entry: AuditEntry) -> str:
    kind = entry.source.partition(":")[0]
    return str(SOURCES.get(kind, SOURCES["job"]))


def readable_values(view: RecordView, entries: list[AuditEntry], columns: dict[str, str]) -> Any:
    """Return what turns a stored value of an attribute into words; `columns`: attribute by column."""
    wanted: dict[type[Record], set[int]] = {}
    for entry in entries:
        for key, pair in entry.changes.items():
            target = target_of(view.model, columns[key]) if key in columns else None
            if target is not None:
                wanted.setdefault(target, set()).update(value for value in pair if isinstance(value, int))
    labels = {target: labels_for(target, ids) for target, ids in wanted.items()}

    def readable(name: str, stored: Any) -> str:
        target = target_of(view.model, name)
        if target is not None and stored is not None:
            label = labels[target].get(stored)
            return label.text if label else str(stored)
        return show_stored(view.model, name, stored)

    return readable


def show_stored(model: type[Base], name: str, stored: Any) -> str:
    """Return a value of the audit log, which is JSON, as people read it."""
    kind = getattr(column_of(model, name), "type", None)
    if stored is None or stored == ERASED:
        return "" if stored is None else str(_("erased"))
    if isinstance(kind, Enum):
        member = member_of(labelled(kind), stored)
        return str(member.label) if member else str(stored)
    if isinstance(kind, Boolean):
        return str(_("Yes") if stored else _("No"))
    if isinstance(kind, DateTime):
        return show_instant(datetime.fromisoformat(stored))
    if isinstance(stored, list):
        values = getattr(column_of(model, name), "info", {}).get("values", ())
        labels = {member.value: str(member.label) for member in values}
        return str(_(", ").join(labels.get(each, str(each)) for each in stored))
    return f"{Decimal(str(stored)):,.2f}" if isinstance(kind, Numeric) else readable(model, name, str(stored))


def as_stored(kind: Any, value: Any) -> Any:
    """Return a value of the audit log, which is JSON, as a column of this type holds it."""
    if value is None:
        return None
    if isinstance(kind, Enum):
        return member_of(labelled(kind), value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return Decimal(str(value)) if isinstance(kind, Numeric) else value
