"""Taking the demo away: really, in one transaction, and nothing that people entered with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, inspect, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapper

from jobs.demo.people import CENTRE
from models import (
    AuditEntry,
    Base,
    Delivery,
    DemoRecord,
    Digest,
    ImportOrigin,
    LoginSession,
    Measure,
    Note,
    Record,
    Region,
    Staff,
    Summary,
    db,
    record_types,
)
from models.centre import find_centre
from models.digest import DeliveryState
from models.scope import WITH_DELETED
from models.sql import lock_tables

# Any number, the same for every release and removal; the migrations have one of their own.
SEED_LOCK = 727_002
SOURCE = "command:demo-remove"
_ALL = {WITH_DELETED: True, "synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Hold:
    """Demo records that stay, since so many records that people entered refer to them by this column."""

    table_name: str
    held_by: str
    ids: tuple[int, ...]


@dataclass(slots=True)
class Removal:
    """What goes, by table; how much of it people changed; and what stays, with the reason."""

    gone: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    kept: list[Hold] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A column by which rows of `child` point at rows of `parent`."""

    parent: type[Base]
    child: type[Base]
    condition: ColumnElement[bool]
    name: str


def was_removed() -> bool:
    """Tell whether the demo was once taken away: then no release makes it again."""
    found = select(AuditEntry.id).where(AuditEntry.source == SOURCE).limit(1)
    return db.session.scalars(found).first() is not None


def remove_demo() -> Removal:
    """Remove every demo record that nothing real hangs on; flushes, never commits.

    What real records refer to is kept and loses its mark. The audit log keeps all: nobody may change it.
    """
    db.session.execute(select(func.pg_advisory_xact_lock(SEED_LOCK)))
    # From here on nobody can enter anything that would refer to what goes.
    lock_tables([DemoRecord, Note, Digest, Summary, *record_types()])
    removal = Removal()
    _remove_digests()
    _forget_centre()
    removal.kept = list(_hold_back())
    removal.changed = _changed_by_people()
    _end_logins([key for hold in removal.kept if hold.table_name == Staff.__tablename__ for key in hold.ids])
    # Staff and regions point at each other.
    db.session.execute(update(Staff).where(_is_demo(Staff)).values(region_id=None), execution_options=_ALL)
    for model in _in_order():
        gone = db.session.execute(delete(model).where(_is_demo(model)), execution_options=_ALL)
        if number := gone.rowcount:  # type: ignore[attr-defined]  # a DELETE's result has it
            removal.gone[model.__tablename__] = number
    db.session.execute(delete(DemoRecord), execution_options=_ALL)
    db.session.expire_all()
    return removal


def _forget_centre() -> None:
    centre = find_centre()
    if centre.name == CENTRE:
        centre.name = centre.name_en = None


def _marks(model: type[Base]) -> ColumnElement[bool]:
    marked: ColumnElement[bool] = DemoRecord.table_name == model.__tablename__
    return marked


def _is_demo(model: type[Base]) -> ColumnElement[bool]:
    return _key(model).in_(select(DemoRecord.row_id).where(_marks(model)))


def _key(model: type[Base]) -> InstrumentedAttribute[int]:
    key: InstrumentedAttribute[int] = inspect(model).attrs["id"].class_attribute
    return key


def _marked_models() -> list[type[Base]]:
    names = set(db.session.scalars(select(DemoRecord.table_name).distinct()))
    return [mapper.class_ for mapper in _mappers() if mapper.class_.__tablename__ in names]


def _mappers() -> list[Mapper[Base]]:
    return [mapper for mapper in Base.registry.mappers if "id" in mapper.column_attrs]


def _in_order() -> list[type[Base]]:
    """Return the tables with demo records, each before those that it refers to."""
    ranks = {table.name: rank for rank, table in enumerate(Base.metadata.sorted_tables)}
    # Every record refers to a region and to people, by keys that the sorting leaves out.
    ranks |= {Region.__tablename__: -1, Staff.__tablename__: -2}
    return sorted(_marked_models(), key=lambda model: -ranks[model.__tablename__])


def _references() -> Iterator[_Reference]:
    """Yield every way in which a row can hang on a demo record: keys, and notes and origins by table and id."""
    marked = {model.__tablename__: model for model in _marked_models()}
    for mapper in _mappers():
        child = mapper.class_
        for attribute in mapper.column_attrs:
            for key in attribute.columns[0].foreign_keys:
                parent = marked.get(key.column.table.name)
                if parent is not None and key.ondelete != "CASCADE":
                    condition = attribute.class_attribute == DemoRecord.row_id
                    yield _Reference(parent, child, condition, f"{child.__tablename__}.{attribute.key}")
    for child in (Note, ImportOrigin):
        for parent in marked.values():
            condition = (child.table_name == parent.__tablename__) & (child.row_id == DemoRecord.row_id)
            yield _Reference(parent, child, condition, child.__tablename__)


def _hold_back() -> Iterator[Hold]:
    """Take the mark from what real rows hang on, and then from what that hangs on, until nothing changes."""
    references = list(_references())
    while True:
        found = [hold for reference in references for hold in _unmark(reference)]
        if not found:
            return
        yield from found


def _unmark(reference: _Reference) -> Iterator[Hold]:
    other = DemoRecord.__table__.alias()
    is_demo_itself = (
        select(literal(1))
        .where(other.c.table_name == reference.child.__tablename__, other.c.row_id == _key(reference.child))
        .exists()
    )
    held = select(_key(reference.child)).where(reference.condition, ~is_demo_itself).exists()
    ids = db.session.scalars(
        delete(DemoRecord).where(_marks(reference.parent), held).returning(DemoRecord.row_id),
        execution_options=_ALL,
    ).all()
    if ids:
        yield Hold(reference.parent.__tablename__, reference.name, tuple(sorted(ids)))


def _changed_by_people() -> int:
    """Count the demo records that somebody changed and that go all the same."""
    return sum(
        db.session.scalar(
            select(func.count()).select_from(model).where(_is_demo(model), model.version > 1),
            execution_options=_ALL,
        )
        or 0
        for model in _marked_models()
        if issubclass(model, Record)
    )


def _end_logins(kept_staff: list[int]) -> None:
    """Let nobody log in as a person of the demo who stays because of what was entered under that name."""
    db.session.execute(
        update(Staff).where(Staff.id.in_(kept_staff)).values(active=False, password=None),
        execution_options=_ALL,
    )
    db.session.execute(
        delete(LoginSession).where(LoginSession.staff_id.in_(kept_staff)), execution_options=_ALL
    )


def _remove_digests() -> None:
    """Remove the digests that tell of the demo, unless one of their mails left the house."""
    sent = select(Delivery.digest_id).where(
        Delivery.digest_id.is_not(None),
        Delivery.state.in_((DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.SENDING)),
    )
    about_demo = Digest.payload["is_demo"].as_boolean() & Digest.id.not_in(sent)
    ids = select(Digest.id).where(about_demo)
    # A measure says itself what it answers, and stays.
    db.session.execute(
        update(Measure).where(Measure.digest_id.in_(ids)).values(digest_id=None, point_key=None),
        execution_options=_ALL,
    )
    db.session.execute(delete(Delivery).where(Delivery.digest_id.in_(ids)), execution_options=_ALL)
    # Nor do mails of its summaries that never left the house keep these here.
    kept_here = Delivery.state.in_((DeliveryState.PENDING, DeliveryState.KEPT, DeliveryState.FAILED))
    summaries = select(DemoRecord.row_id).where(_marks(Summary))
    db.session.execute(
        delete(Delivery).where(Delivery.summary_id.in_(summaries), kept_here), execution_options=_ALL
    )
    db.session.execute(delete(Digest).where(about_demo), execution_options=_ALL)
