"""What people are told when something can't be done: sentences at fields, pages with an id for the log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_babel import LazyString, force_locale, format_time
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy import CheckConstraint, Enum, Table, inspect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.schema import ColumnCollectionConstraint
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date

from models import Base, Record, current_actor, db, record_types
from models.labels import FIELD_LABELS
from views.kept_draft import KeptDraft, kept_draft
from views.no_room import NoRoomError
from views.refusals import record_refusal
from views.request_log import request_id
from views.throttle import Kind, TooManyTriesError
from views.too_large import read_oversized

log = structlog.get_logger()

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


_TITLES = {
    400: (
        _l("This could not be read"),
        _l("The address or the form holds something that the panel can't read."),
    ),
    401: (_l("Please log in"), _l("Your login has ended.")),
    403: (
        _l("Not open to you"),
        _l("Your role does not include this. A supervisor or administrator can help."),
    ),
    404: (_l("Not found"), _l("The record does not exist, was deleted, or lies outside your region.")),
    405: (_l("Not this way"), _l("This address can't be used like that.")),
    413: (_l("Too large"), _l("What was sent is larger than the panel takes.")),
    429: (_l("Too many tries"), _l("Please wait a little, then try again.")),
    503: (
        _l("Too busy"),
        _l("The panel can't reach its database just now. Try again in a moment."),
    ),
}
_CSRF = (
    _l("The form was not accepted"),
    _l("It was open for too long, or your login has changed. Go back, reload the page, and send it again."),
)
_NO_ROOM = (
    _l("No room left"),
    _l("The server has no room left to save this. Tell whoever runs the panel, and try again later."),
)
_UNEXPECTED = (
    _l("Something went wrong"),
    _l("Please pass on the number below if it happens again."),
)
_TOO_SLOW = (
    _l("This takes too long"),
    _l(
        "So much would have to be read that it was broken off. Narrow it: type two signs or more of a word or"
        " number, choose a filter, or sort by another column."
    ),
    _l("It was broken off, and nothing was saved. Try again in a moment."),
)
_DISK_FULL = "53100"
_BROKEN_OFF = "57014"
# Whether a commit had its effect can't be known where the connection is lost in it, nor by the draft's page.
_NOT_TWICE = _l("It is not certain whether what you sent was saved. To send it again saves nothing twice.")


def register(app: Flask) -> None:
    """Answer every error of `app` with a page in the reader's language."""
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(OperationalError, show_unreachable)
    app.register_error_handler(PoolTimeoutError, show_unreachable)
    app.register_error_handler(Exception, show_unexpected)


def show_http_error(error: HTTPException) -> Any:
    """Answer an error that has a status of its own."""
    if error.response is not None or (error.code or 500) < 400:
        return error
    code = error.code or 500
    if code == 403:
        record_refusal()
    title, sentence = _CSRF if isinstance(error, CSRFError) else _TITLES.get(code, _TITLES[400])
    if isinstance(error, TooManyTriesError):
        answer = _answer(code, str(title), _too_many_tries(error))
        answer.headers["Retry-After"] = http_date(error.until)
        return answer
    if code == 413:
        return _too_large(str(title), str(sentence))
    if isinstance(error, NoRoomError):
        return _answer(code, str(_NO_ROOM[0]), str(_NO_ROOM[1]), _record(error))
    return _answer(code, str(title), str(sentence))


def _too_large(title: str, sentence: str) -> Any:
    """Answer with what was too large, and with the rest of what was filled in."""
    found = read_oversized() if current_actor() is not None else None
    if found is None:
        return _answer(413, title, sentence)
    said = " ".join(found.sentences) or sentence
    return _answer(413, title, said, kept=kept_draft(found.fields, can_repeat=False))


def _too_many_tries(error: TooManyTriesError) -> str:
    # Up to the next minute: at the one that is named it works.
    at = format_time(error.until + timedelta(minutes=1), "HH:mm")
    if error.kind in (Kind.MAIL, Kind.ANSWER):
        return str(_("From %(at)s on you can try again here.", at=at))
    return str(
        _(
            "From %(at)s on you can try again here. Until then a browser works in which you have logged in "
            "before, and so does another place.",
            at=at,
        )
    )


def show_unreachable(error: Exception) -> Any:
    """Answer that the database can't be reached, or that all its connections are in use."""
    state = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    if state.startswith("22"):
        return show_unexpected(error)
    if state == _BROKEN_OFF:
        return _show_too_slow()
    error_id = _record(error)
    title, sentence = _NO_ROOM if state == _DISK_FULL else _TITLES[503]
    # Nothing on the page may ask the database again, not even who is logged in and in which language.
    g.is_database_away = True
    _login_manager()._update_request_context_with_user()  # noqa: SLF001 - sets nobody
    with force_locale(request.accept_languages.best_match(["en"]) or "zh_Hans_CN"):
        return _answer(503, str(title), _with_doubt(sentence), error_id)


def _show_too_slow() -> Any:
    """Answer that a statement took longer than people wait; what was sent is kept."""
    log.warning("statement_too_slow", endpoint=request.endpoint)
    db.session.rollback()
    title, narrow, again = _TOO_SLOW
    is_read = request.method == "GET"
    return _answer(503, str(title), str(narrow if is_read else again), kept=None if is_read else kept_draft())


def show_unexpected(error: Exception) -> Any:
    """Answer an error that nobody foresaw: an id for the person, the whole of it for the log."""
    error_id = _record(error)
    title, sentence = _UNEXPECTED
    return _answer(500, str(title), _with_doubt(sentence), error_id)


def _with_doubt(sentence: LazyString) -> str:
    if request.method == "GET":
        return str(sentence)
    return str(_("%(first)s %(second)s", first=_NOT_TWICE, second=sentence))


def _login_manager() -> Any:
    # Flask-Login hangs itself on the application, where types know nothing of it.
    app: Any = current_app
    return app.login_manager


def _record(error: Exception) -> str:
    # The request's own id: every line about it in the log bears it, and so does the answer's header.
    error_id = request_id()
    # The parameters of a statement are people's data, which no log may hold.
    if isinstance(error, DBAPIError):
        error.hide_parameters = True
    log.error("unexpected_error", endpoint=request.endpoint, exc_info=error)
    db.session.rollback()
    return error_id


def _answer(
    code: int, title: str, sentence: str, error_id: str | None = None, kept: KeptDraft | None = None
) -> Any:
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        answer = jsonify(error=sentence, error_id=error_id)
        answer.status_code = code
        return answer
    # Without anything from the database: it may be what failed.
    is_bare = error_id is not None or current_actor() is None
    kept = kept_draft() if error_id is not None else kept
    page = render_template(
        "error.html", title=title, sentence=sentence, error_id=error_id, is_bare=is_bare, kept=kept
    )
    return Response(page, status=code)
