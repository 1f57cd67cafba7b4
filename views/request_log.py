"""What is told of each request: an id that stands in the answer, one line in the log, and figures.

Of what was asked for only the endpoint: paths hold tokens, queries what people looked for.
"""

from __future__ import annotations

import secrets
from time import perf_counter

import structlog
from flask import Flask, Response, current_app, g, request

from jobs.logs import well_formed_id

HEADER = "X-Request-ID"
# Asked for all the time by machines and browsers, and alike each time.
QUIET = frozenset({"static", "health", "ready", "metrics"})
UNKNOWN = "none"
# Short enough to be read out.
OWN_LENGTH = 16

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Give each request of `app` its id and its line; call it after all else that acts before requests."""
    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    # The first one that is registered runs last: it sees the answer as it goes out.
    app.after_request_funcs.setdefault(None, []).insert(0, finish)
    app.teardown_request(forget)


def request_id() -> str:
    """Return the id of this request: the one that a server in front gave it, or else one made now."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        taken = well_formed_id(given) if len(given) > OWN_LENGTH else None
        g.request_id = taken or secrets.token_hex(OWN_LENGTH // 2)
    return str(g.request_id)


def begin() -> None:
    """Let every line of the log that is written for this request bear its id."""
    g.began = perf_counter()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def forget(_error: BaseException | None) -> None:
    """Let no line of another request, nor of none, bear this one's id."""
    structlog.contextvars.clear_contextvars()


def finish(response: Response) -> Response:
    """Put the id into the answer, and tell of the request."""
    response.headers[HEADER] = request_id()
    endpoint = request.endpoint or UNKNOWN
    seconds = perf_counter() - g.get("began", perf_counter())
    figures = current_app.extensions.get("request_figures")
    if figures is not None:
        figures.count(endpoint, response.status_code, seconds)
    if endpoint not in QUIET:
        log.info(
            "request",
            method=request.method if request.method in _METHODS else UNKNOWN,
            endpoint=endpoint,
            status=response.status_code,
            ms=round(seconds * 1000),
        )
    return response


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
