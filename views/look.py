"""What every template may use: the menu, the reader's language, addresses of static files."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from models.attached_file import FILE_MOST
from models.base import now, reads_english
from models.centre import centre_facts, site_zone
from models.need_to_know import readable_text
from models.organisation import Density, Locale, Theme
from views import addresses, demo_marks, kept_parts
from views.cells import show
from views.clock import show_instant
from views.guide import help_url
from views.keys import go_keys
from views.menu import menu, open_pages
from views.moments import dated_moment, moment
from views.preferences import display
from views.sent_twice import form_key
from views.too_large import REQUEST_MOST, TEXT_MOST


def register(app: Flask) -> None:
    """Give templates what they may use, and take the blank lines of their logic out of the pages."""
    app.after_request(let_browsers_keep)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(menu=menu, open_pages=open_pages, go_keys=go_keys)
    app.jinja_env.globals.update(asset=asset, language_tag=language_tag, locales=list(Locale))
    app.jinja_env.globals["centre_name"] = centre_name
    app.jinja_env.globals["help_url"] = help_url
    app.jinja_env.globals["site_zone"] = site_zone
    app.jinja_env.globals.update(display=display, themes=list(Theme), densities=list(Density))
    app.jinja_env.globals.update(present=now, form_key=form_key, show=show)
    app.jinja_env.globals["limits"] = {"text": TEXT_MOST, "file": FILE_MOST, "all": REQUEST_MOST}
    demo_marks.register(app)
    kept_parts.register(app)
    addresses.register(app)
    app.jinja_env.filters.update(readable=readable_text, grouped="{:,}".format)
    app.jinja_env.filters.update(instant=show_instant, moment=moment, dated_moment=dated_moment)


def centre_name() -> str:
    """Return what the centre calls itself in the reader's language, else the panel's own name.

    A page that says what went wrong bears it too: where the database can't be asked, the panel's name does.
    """
    name = None
    if not g.get("is_database_away"):
        try:
            name = centre_facts().shown_name(is_english=reads_english())
        except SQLAlchemyError:
            # Each further try would wait as long as the first.
            g.is_database_away = True
    return name or str(_("Huisheng"))


def language_tag() -> str:
    """Return the page's language as HTML names it, such as zh-Hans-CN."""
    return str(get_locale()).replace("_", "-")


def let_browsers_keep(response: Response) -> Response:
    """Say of a static file whose address bears the mark of its content that it never changes."""
    if request.endpoint == "static" and response.status_code == 200 and request.view_args:
        path = Path(str(current_app.static_folder)) / request.view_args["filename"]
        # Another mark asks for a version that this server does not have: a cache must not take it for that.
        if request.args.get("v") == _mark(path):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def asset(name: str) -> str:
    """Return the address of a static file, with a mark of its content: browsers keep it until it changes."""
    return _asset(request.script_root, name)


@cache
def _asset(script_root: str, name: str) -> str:  # noqa: ARG001 - the address begins with it
    # A page names two dozen: `url_for` for each would take a tenth of its time.
    return url_for("static", filename=name, v=_mark(Path(str(current_app.static_folder)) / name))


@cache
def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
