"""What people are told when something can't be shown or done: a sentence, and an id for the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_babel import LazyString, force_locale, format_time
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date

from models import current_actor, db
from views.kept_draft import KeptDraft, kept_draft
from views.no_room import NoRoomError
from views.refusals import record_refusal
from views.request_log import request_id
from views.throttle import Kind, TooManyTriesError
from views.too_large import read_oversized

log = structlog.get_logger()

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
    """Answer that a statement took longer than people wait; what was sent or searched is kept."""
    log.warning("statement_too_slow", endpoint=request.endpoint)
    db.session.rollback()
    title, narrow, again = _TOO_SLOW
    if request.method != "GET":
        return _answer(503, str(title), str(again), kept=kept_draft())
    return _answer(503, str(title), str(narrow), searched=request.args.get("search", ""))


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
    code: int,
    title: str,
    sentence: str,
    error_id: str | None = None,
    *,
    kept: KeptDraft | None = None,
    searched: str = "",
) -> Any:
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        answer = jsonify(error=sentence, error_id=error_id)
        answer.status_code = code
        return answer
    # Without anything from the database: it may be what failed.
    is_bare = error_id is not None or current_actor() is None
    kept = kept_draft() if error_id is not None else kept
    page = render_template(
        "error.html",
        title=title,
        sentence=sentence,
        error_id=error_id,
        is_bare=is_bare,
        kept=kept,
        searched=searched,
    )
    return Response(page, status=code)
