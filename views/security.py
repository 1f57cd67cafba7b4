"""What every response carries and every request must pass: headers and hosts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Settings
from views.probes import ANY_HOST

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; object-src 'none'; manifest-src 'self'"
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def register(app: Flask) -> None:
    """Add the headers and the nonce for templates to `app`."""
    app.after_request(add_headers)
    app.before_request(refuse_trace)
    app.before_request(refuse_foreign_origin)
    app.register_error_handler(SecurityError, refuse_host)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    settings: Settings = app.extensions["settings"]
    if settings.proxy_count:
        # Before all that asks for the address; schemes and hosts are never taken from a header.
        count = settings.proxy_count
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=0, x_host=0)  # type: ignore[method-assign]  # as Flask says
    if settings.is_https:
        app.wsgi_app = over_https(app.wsgi_app)  # type: ignore[assignment,method-assign]  # as Flask's documentation does


def over_https(application: WSGIApplication) -> WSGIApplication:
    """Let every request count as one over TLS, which PUBLIC_URL says it is.

    What ends TLS before the panel passes plain HTTP on, and headers that tell so can be forged: without this,
    links in mails would begin with http.
    """

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return application(environ | {"wsgi.url_scheme": "https"}, start_response)

    return call


def trusted_hosts(settings: Settings) -> list[str]:
    """Return the Host headers that are answered; a forged one never reaches a link in a mail."""
    hosts = [settings.public_host.rpartition(":")[0] or settings.public_host, settings.public_host]
    return hosts if settings.is_production else [*hosts, "127.0.0.1", "localhost"]


def csp_nonce() -> str:
    """Return the number that this response's own scripts and styles carry."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def refuse_trace() -> None:
    """Refuse methods that no page has, whatever the server in front lets through."""
    if request.method in ("TRACE", "TRACK", "CONNECT"):
        abort(405)


def refuse_foreign_origin() -> None:
    """Refuse what another site's page sends, even with a token that it got hold of.

    Browsers name the origin with whatever changes something; what names none is no browser's, and has to
    bring a token all the same.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sent = request.headers.get("Origin") or request.headers.get("Referer")
    settings: Settings = current_app.extensions["settings"]
    own = (f"{request.scheme}://{request.host}", settings.public_url.rstrip("/"))
    if sent is not None and sent not in own and not sent.startswith(tuple(f"{each}/" for each in own)):
        raise CSRFError("Another site sent this.")


def refuse_host(_error: SecurityError) -> ResponseReturnValue:
    """Answer a foreign Host without a page: no address can be made where the host isn't ours."""
    if request.path in ANY_HOST and request.method == "GET":
        view = current_app.view_functions.get(request.path[1:])
        if view is not None:
            return cast("Response", view())
    return "This host is not served here.\n", 400, {"Content-Type": "text/plain; charset=utf-8"}


def add_headers(response: Response) -> Response:
    """Add the security headers; a view that set one of them itself keeps its own."""
    settings: Settings = current_app.extensions["settings"]
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _CONTENT_SECURITY_POLICY.format(nonce=csp_nonce()))
    if settings.is_https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint != "static":
        # One person's page must never come to another out of a cache.
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("Cookie")
    return response
