"""What every table stands on: the session, column types, and the columns that each business record has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self

from flask_babel import LazyString, get_locale
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    String,
    Table,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column

from models.searching import index_search

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Map Python types to columns the same way in every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        date: Date(),
        str: Text(),
    }


class LimitedSession(Session):
    """The session of the panel: it hands out no record by its key that who acts now may not see.

    To give back a connection that the database has ended is no error of it: by then the answer is made.
    """

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """Return the row with this key, None where there is none for who acts now.

        What the session holds it would hand out without asking the database, and so past the row limits;
        somebody else may have read it, as the panel itself does for a moment in many requests.
        """
        found = super().get(entity, ident, **options)
        if not isinstance(found, Record) or found.reach is Reach.EVERYONE:
            return found
        model = type(found)
        is_seen = self.scalar(select(model.id).where(model.id == found.id)) is not None
        return found if is_seen else None

    def rollback(self) -> None:
        """Undo what is not committed; where the database is gone, it has done so."""
        with self._dead_connections_let_go():
            super().rollback()

    def close(self) -> None:
        """Give the connection back, or let it go where the database is gone."""
        with self._dead_connections_let_go():
            super().close()

    @contextmanager
    def _dead_connections_let_go(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self.invalidate()


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": LimitedSession})


class Labelled(StrEnum):
    """A closed list of stored values, each with the words that people read."""

    label: LazyString

    def __new__(cls, value: str, label: LazyString) -> Self:
        """Keep the stored value and its label together."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


def enum_type(values: type[Labelled], name: str | None = None) -> Enum:
    """Return a text column type that holds one of `values`, enforced by a CHECK constraint.

    `name` tells the constraint from that of another column of the same table with these values.
    """
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        name=name or values.__name__.lower(),
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def list_indexes(table: str, then: str, *columns: str) -> tuple[Index, ...]:
    """Return an index for each column by which a list is filtered or sorted, then by its own order."""
    return tuple(Index(f"ix_{table}_{column}_{then}", column, then) for column in columns)


def unique_among_kept(table: str, *columns: str) -> Index:
    """Return a unique index over the rows that are not deleted, so that a deleted name can be used again."""
    return Index(
        f"uq_{table}_{'_'.join(columns)}", *columns, unique=True, postgresql_where=text("deleted_at IS NULL")
    )


def reads_english() -> bool:
    """Tell whether the language of the moment is English: the reader's, or the one a mail is written in."""
    locale = get_locale()
    return locale is not None and bool(locale.language == "en")


def name_column(columns: Any) -> ColumnElement[str]:
    """Return the English name for who reads English, where there is one, else the Chinese."""
    return func.coalesce(columns.name_en, columns.name) if reads_english() else columns.name


def not_blank(column: str) -> CheckConstraint:
    """Return a constraint that refuses a text of nothing but blanks."""
    return CheckConstraint(f"{column} ~ '[^[:space:]]'", name=f"{column}_not_blank")


def number_column(prefix: str) -> MappedColumn[str]:
    """Return a column whose value, such as TS-2026-000123, the database draws and never gives twice."""
    return mapped_column(String(30), unique=True, server_default=text(f"next_number('{prefix}')"))


def now() -> datetime:
    """Return the present instant, aware and in UTC."""
    return datetime.now(UTC)


class Reach(StrEnum):
    """Say whose rows of a table an actor of one region sees."""

    REGION = "region"
    EVERYONE = "everyone"


class Record(Base):
    """A business record: key, version, who made it and when, who answers for it, and soft deletion."""

    __abstract__ = True

    reach: ClassVar[Reach] = Reach.REGION
    # Whether the people of a row's department see it in whatever region: the work is theirs.
    is_seen_by_department: ClassVar[bool] = False
    # Whether the table fits into one list and is kept in memory: an office fills it by hand.
    is_small: ClassVar[bool] = False
    # Rows that only tell of another record: they keep nobody from deleting it.
    is_log: ClassVar[bool] = False
    # The attributes in which people search these records: texts, and relations for what they refer to.
    searched: ClassVar[tuple[str, ...]] = ()
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, sort_order=-90)
    version: Mapped[int] = mapped_column(default=1, server_default="1", sort_order=90)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=now, sort_order=92)
    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=97)

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Give each table its indexes of deleted rows, for the recycle bin, and of what people search."""
        super().__init_subclass__(**arguments)
        table = cls.__table__
        assert isinstance(table, Table)
        deleted = text("deleted_at IS NOT NULL")
        Index(f"ix_{table.name}_deleted", table.c.deleted_at, table.c.id, postgresql_where=deleted)
        index_search(table, cls.searched)

    @declared_attr
    def created_by_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy passes the class
        """Staff who entered the record; None where a job, an import or a command did."""
        return mapped_column(ForeignKey("staff.id", use_alter=True), index=True, sort_order=93)

    @declared_attr
    def responsible_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy passes the class
        """Staff who follows the record up; None while nobody does."""
        return mapped_column(ForeignKey("staff.id", use_alter=True), index=True, sort_order=94)

    @declared_attr
    def department_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy passes the class
        """Department that the record belongs to; None where that is open."""
        return mapped_column(ForeignKey("department.id", use_alter=True), index=True, sort_order=95)

    @declared_attr
    def region_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy passes the class
        """Region that the record belongs to; None while it lies in the common pool."""
        return mapped_column(ForeignKey("region.id", use_alter=True), index=True, sort_order=96)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy passes the class
        """Count versions, so that two editors of one row can't overwrite each other unseen."""
        return {"version_id_col": cls.version, "eager_defaults": True}

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Return the SQL expression by which people recognise a row; a subclass says which."""
        raise NotImplementedError(cls.__name__)

    @classmethod
    def label_parts(cls) -> tuple[str, ...]:
        """Return the attributes that the label is put together from with " · ", where it is."""
        return ()

    @classmethod
    def sort_column(cls) -> ColumnElement[str]:
        """Return by what lists to choose from are sorted: the label, where no better key is kept."""
        return cls.label_column()


@cache
def record_types() -> tuple[type[Record], ...]:
    """Return every mapped record type, in the order of definition."""
    # The registry's mappers come as a set: in another order in each process.
    by_table = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    models = (by_table[table] for table in Base.metadata.tables.values() if table in by_table)
    return tuple(model for model in models if issubclass(model, Record))
