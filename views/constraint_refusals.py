"""What the database refuses of a record, as sentences at fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Enum, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import ColumnCollectionConstraint

from models import Base, Record, db, record_types
from models.labels import FIELD_LABELS

# Constraints that speak for themselves by name; `%(field)s` is the label of the column.
_BY_ENDING = {
    "repeats_id": _l("A complaint can't repeat itself."),
    "own_parent": _l("A record can't stand under itself."),
    "email_lower": _l("Write the address in small letters."),
    "digest_hour": _l("Give an hour from 0 to 23."),
    "roles_known": _l("Choose from the list."),
    "quantity": _l("Give at least 1."),
    "customers_per_person": _l("Give at least 1."),
    "contract_term": _l("The contract ends before it begins."),
    "department": _l("Fill this in."),
    "wrong_because": _l("Say what was wrong, and why."),
    "handed_over_on": _l("This lies before the day on which the vehicle came in."),
    "arrived_at": _l("This lies before the engineer was asked for."),
    "done_at": _l("This lies before the engineer arrived."),
    "earlier_receipt_id": _l("A receipt can't come before itself."),
    "is_return_repair": _l("Tick this where an earlier receipt is named."),
    "needs_dealer": _l("Name the dealer who claims."),
    "needs_supplier": _l("Name the supplier from whom we claim."),
    "decided_on": _l("A decided claim needs the day of the decision, an undecided one has none."),
    "decided_later": _l("This lies before the day of the claim."),
    "decision_reason": _l("Say why the claim is rejected."),
    "replied_unsent": _l("A letter that was not sent has no reply."),
    "replied_on": _l("This lies before the day on which the letter was sent."),
    "warranty_months": _l("Give 0 to 240 months."),
    "maintenance_interval_months": _l("Give 1 to 120 months."),
    "topics_known": _l("Choose from the list."),
    "figures_known": _l("Choose from the list."),
    "satisfaction": _l("Give 1 to 5."),
    "promise_kept_on": _l("Say above what was promised."),
    "promised_until": _l("Say above what was promised."),
    "own_proposal": _l("Nobody decides about a proposal of his or her own."),
    "refusal_reason": _l("Say why it is sent back."),
    "remedies_chosen": _l("Choose at least one."),
    "remedies_known": _l("Choose from the list."),
    "undecided": _l("A decision has its instant, and what is undecided has none."),
    "when_done": _l("What is closed has its instant, and what is open has none."),
    "task_report": _l("Say what was done."),
    "point_of_digest": _l("A point belongs to its digest, and a digest is named with its point."),
    "meeting_week": _l("Give a week such as 2026-W10."),
    "measure_done": _l("What is done has its day, and what is not has none."),
    "measure_report": _l("Say what was done."),
    "verified": _l("What is verified has its day and a verdict, and what is not has none."),
    "verified_by_other": _l("Nobody verifies what he or she reported done."),
    "dropped_because": _l("Say why it is dropped."),
    "otherwise_because": _l("Say why you judge otherwise than measured."),
    "own_substitute": _l("Nobody stands in for himself or herself."),
    "time_given": _l("Give 0 to 1000."),
    "pause_days_most": _l("Give 0 to 365 days."),
    "absence_ends_on": _l("This lies before the first day."),
    "substitute_department": _l("Choose somebody of the same department."),
    "absence_overlap": _l("This person is away on some of these days already."),
}
_COLUMN_OF_ENDING = {
    "own_parent": "parent_id",
    "email_lower": "email",
    "roles_known": "role_names",
    "department": "department_id",
    "needs_dealer": "dealer_id",
    "needs_supplier": "supplier_id",
    "decided_later": "decided_on",
    "replied_unsent": "replied_on",
    "contract_term": "contract_until",
    "topics_known": "topics",
    "figures_known": "digest_figures",
    "own_proposal": "decided_by_id",
    "refusal_reason": "decision_reason",
    "remedies_chosen": "remedies",
    "remedies_known": "remedies",
    "undecided": "decided_at",
    "when_done": "state",
    "task_report": "report",
    "point_of_digest": "point_key",
    "measure_done": "done_on",
    "measure_report": "report",
    "verified": "verdict",
    "verified_by_other": "verified_by_id",
    "own_substitute": "substitute_id",
    "absence_ends_on": "ends_on",
    "substitute_department": "substitute_id",
    "absence_overlap": "starts_on",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the database did not take a record: a sentence, at a field where it is about one (else None).

    `can_insist` says that who acts now may save it all the same, with a tick at the field.
    """

    field: str | None
    sentence: str
    can_insist: bool = False


def refusal_of(error: DBAPIError) -> Refusal:
    """Return the sentence for what the database refused; never its own words, which hold SQL and values."""
    diagnosis = getattr(error.orig, "diag", None)
    constraint = str(getattr(diagnosis, "constraint_name", None) or "")
    column = getattr(diagnosis, "column_name", None)
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if constraint:
        return constraint_refusal(constraint)
    if state == "23502":
        table = str(getattr(diagnosis, "table_name", None) or "")
        return Refusal(_field_of(table, column), _("Fill this in."))
    if state == "22001":
        return Refusal(None, _("One of the texts is too long."))
    if state == "22003":
        return Refusal(None, _("One of the numbers is too large."))
    return Refusal(None, _("The record could not be saved as it is."))


def constraint_refusal(name: str) -> Refusal:
    """Return the sentence for a constraint by its name in the database."""
    table, columns = _constraints().get(name, (None, ()))
    refusal = _refusal_by_kind(name, table, columns)
    return replace(refusal, field=_field_of(table, refusal.field))


def _refusal_by_kind(name: str, table: str | None, columns: tuple[str, ...]) -> Refusal:
    kind = name.partition("_")[0]
    if kind == "uq":
        labels = _(" and ").join(str(FIELD_LABELS.get(column, column)) for column in columns)
        return Refusal(
            columns[-1] if columns else None,
            _("There is already a record with the same: %(fields)s.", fields=labels),
        )
    if kind == "fk":
        return Refusal(columns[0] if columns else None, _("This record is not there any more."))
    return _check_refusal(name.removeprefix(f"ck_{table}_") if table else name, columns)


def _check_refusal(ending: str, columns: tuple[str, ...]) -> Refusal:
    if ending.endswith("_not_blank"):
        return Refusal(ending.removesuffix("_not_blank"), _("Fill this in."))
    if ending in _BY_ENDING:
        return Refusal(_COLUMN_OF_ENDING.get(ending, ending), str(_BY_ENDING[ending]))
    if columns:
        return Refusal(columns[0], _("Choose from the list."))
    if ending in FIELD_LABELS:
        return Refusal(ending, _("Give a number that is not negative."))
    return Refusal(None, _("The record could not be saved as it is."))


@cache
def _constraints() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return table and columns of each constraint and unique index, by name (of a CHECK those of a list)."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for table in Base.metadata.tables.values():
        for index in table.indexes:
            if index.unique:
                found[str(index.name)] = (table.name, tuple(column.name for column in index.columns))
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint):
                found[_database_name(table, constraint)] = (table.name, _listed_columns(table, constraint))
            elif isinstance(constraint, ColumnCollectionConstraint):
                found[_database_name(table, constraint)] = (
                    table.name,
                    tuple(column.name for column in constraint.columns),
                )
    return found


def _field_of(table: str | None, column: str | None) -> str | None:
    """Return the form's field that a column is about: of rows that hang on a record, the one for them."""
    if table in _held_by():
        return _held_by()[table]
    model = next((model for model in record_types() if model.__tablename__ == table), None)
    found = None if model is None or column is None else model.__table__.columns.get(column)
    return column if model is None or found is None else inspect(model).get_property_by_column(found).key


@cache
def _held_by() -> dict[str | None, str]:
    """Return by table without a form of its own the attribute of the record in whose form its rows stand."""
    found: dict[str | None, str] = {}
    for model in record_types():
        for relation in inspect(model).relationships:
            table: Any = relation.mapper.local_table if relation.secondary is None else relation.secondary
            if relation.secondary is not None or not issubclass(relation.mapper.class_, Record):
                found[table.name] = relation.key
    return found


def _database_name(table: Table, constraint: Any) -> str:
    rendered = db.engine.dialect.identifier_preparer.format_constraint(constraint)
    return str(rendered).strip('"') if rendered else f"{table.name}_{constraint.name}"


def _listed_columns(table: Table, constraint: CheckConstraint) -> tuple[str, ...]:
    # SQLAlchemy makes this CHECK from the column's type, and names it after the type.
    return tuple(
        column.name
        for column in table.columns
        if isinstance(column.type, Enum) and str(constraint.name).endswith(str(column.type.name))
    )
