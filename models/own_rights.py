"""What people may do with their own records, whatever their role: by rule, or as an administrator set it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, String, event, select
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from models.actor import Actor
from models.base import Base, Record, db, now
from models.organisation import Role
from models.permissions import ACTIONS, ADJUSTABLE, INCLUDES, OWN_RIGHTS, OwnRights, allows, letters

# Who entered a record by mistake takes it back within a day; later others may have built on it.
CREATOR_DELETES_WITHIN = timedelta(days=1)
_KNOWN = "own_rights"


class OwnRight(Base):
    """What an administrator set for one record type in place of the rule; letters of models.permissions."""

    __tablename__ = "own_right"
    __table_args__ = (
        CheckConstraint("creator ~ '^[redt]*$'", name="creator"),
        # Whoever may edit can name a person responsible: deleting would come with the pen.
        CheckConstraint("responsible ~ '^[ret]*$'", name="responsible"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(63), unique=True)
    creator: Mapped[str] = mapped_column(String(8))
    responsible: Mapped[str] = mapped_column(String(8))


def own_rights() -> Mapping[str, OwnRights]:
    """Return the rights in own records by table, of the types that have any; read once in a transaction."""
    session = db.session()
    if _KNOWN not in session.info:
        stored = select(OwnRight.table_name, OwnRight.creator, OwnRight.responsible)
        with session.no_autoflush:
            rows = session.execute(stored).all()
        session.info[_KNOWN] = {
            **OWN_RIGHTS,
            **{table: _whole(OwnRights(*rest)) for table, *rest in rows if table in OWN_RIGHTS},
        }
    known: Mapping[str, OwnRights] = session.info[_KNOWN]
    return known


def _whole(given: OwnRights) -> OwnRights:
    """Return these rights with what they bring along, in the order of ACTIONS."""
    parts = ({*part, *(more for letter in part for more in INCLUDES.get(letter, ""))} for part in given)
    return OwnRights(*("".join(letter for letter in ACTIONS if letter in part) for part in parts))


def adjustable(table_name: str) -> OwnRights:
    """Return the letters that may be given for own records: never more than an administrator has."""
    most = letters(Role.ADMINISTRATOR, table_name)
    creator, responsible = ("".join(each for each in part if each in most) for part in ADJUSTABLE)
    return OwnRights(creator, responsible)


def set_own_rights(table_name: str, wanted: OwnRights) -> None:
    """Set the rights in own records of a type, and forget the setting where it is the rule again; flushes.

    A right brings along what it includes.

    Raises:
        KeyError: when nobody has own rights in records of this type.
    """
    most, rule = adjustable(table_name), OWN_RIGHTS[table_name]
    wanted = _whole(
        OwnRights(*("".join(set(one) & set(other)) for one, other in zip(wanted, most, strict=True)))
    )
    row = db.session.scalars(select(OwnRight).where(OwnRight.table_name == table_name)).one_or_none()
    is_rule = all(set(one) == set(other) for one, other in zip(wanted, rule, strict=True))
    if is_rule and row is not None:
        db.session.delete(row)
    elif row is not None:
        row.creator, row.responsible = wanted
    elif not is_rule:
        db.session.add(
            OwnRight(table_name=table_name, creator=wanted.creator, responsible=wanted.responsible)
        )
    db.session.flush()


def own_letters(
    actor: Actor | None,
    table_name: str,
    *,
    responsible_id: int | None,
    created_by_id: int | None = None,
    created_at: datetime | None = None,
) -> str:
    """Return what `actor` may do with a record that is the own one; no query where it is not.

    A substitute has what the absent colleague has as the responsible person. An auditor changes nothing, and
    who has no role may do nothing.
    """
    if actor is None or not actor.roles - {Role.AUDITOR.value} or table_name not in OWN_RIGHTS:
        return ""
    is_creator = created_by_id is not None and created_by_id == actor.staff_id
    is_responsible = responsible_id in actor.queue_ids
    found = ""
    if is_creator:
        found = own_rights()[table_name].creator
        if created_at is None or now() - created_at > CREATOR_DELETES_WITHIN:
            found = found.replace("d", "")
    if is_responsible:
        found += own_rights()[table_name].responsible
    return found


def allows_on(actor: Actor | None, row: Record, action: str) -> bool:
    """Tell whether `actor` may do `action` with this record, by role or because it is the own one."""
    table_name = row.__tablename__
    if allows(actor, table_name, action):
        return True
    own = own_letters(
        actor,
        table_name,
        responsible_id=row.responsible_id,
        created_by_id=row.created_by_id,
        created_at=row.created_at,
    )
    return any(ACTIONS[letter] == action for letter in own)


@event.listens_for(Session, "after_transaction_end")
def _forget_at_end(session: Session, _transaction: SessionTransaction) -> None:
    session.info.pop(_KNOWN, None)


@event.listens_for(Session, "after_flush")
def _forget_at_change(session: Session, _flush_context: Any) -> None:
    if any(isinstance(row, OwnRight) for row in (*session.dirty, *session.new, *session.deleted)):
        session.info.pop(_KNOWN, None)
