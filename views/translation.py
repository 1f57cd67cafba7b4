"""The reader's language, and one catalogue of messages for the panel and for every library it shows."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import flask_admin.translations
import flask_babel
import flask_security
import flask_wtf.i18n
import wtforms.i18n
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, abort, g, has_app_context, has_request_context, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from flask_login import current_user, user_logged_in
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from models import Staff
from models.centre import site_zone
from models.organisation import Locale
from views.preferences import own_path

FOLDER = Path(__file__).parent / "translations"
# The panel's own messages, then what the libraries' catalogues lack.
OWN_DOMAINS = ("messages", "libraries")
LIBRARIES = (
    (flask_admin.translations.__path__[0], "admin"),
    (wtforms.i18n.messages_path(), "wtforms"),
    (str(Path(str(flask_security.__file__)).parent / "translations"), "flask_security"),
)
LOCALE_KEY = "locale"
# More than there are, in two languages.
MESSAGES_KEPT = 20_000
LOCALES = frozenset(locale.value for locale in Locale)

language = Blueprint("language", __name__)


def register(app: Flask) -> None:
    """Let `app` speak the reader's language, its libraries included."""
    Babel(app, locale_selector=choose_locale, timezone_selector=lambda: site_zone().key)
    # Flask-Security, Flask-Admin and WTForms each bring a domain of their own; all of them ask this one
    # method for their messages, and Flask-WTF a function that looks nowhere else.
    flask_babel.Domain.get_translations = _get_translations
    flask_wtf.i18n._get_translations = _get_translations  # noqa: SLF001 - it offers no other way
    # Since all domains answer alike, any will do: to find the application's took longer than the message.
    domain = flask_babel.Domain()
    flask_babel.get_domain = lambda: domain
    app.jinja_env.globals.update({"gettext": _say, "_": _say})
    app.register_blueprint(language)
    user_logged_in.connect(keep_language, app)


def choose_locale() -> str | None:
    """Return the reader's language: the person's own, the one chosen before login, or the browser's.

    None stands for the default, and is the answer outside a request.
    """
    if not has_request_context():
        return None
    if request.endpoint != "static" and current_user.is_authenticated:
        return str(current_user.locale)
    chosen = session.get(LOCALE_KEY)
    if chosen in LOCALES:
        return str(chosen)
    wanted = request.accept_languages.best_match(["zh", "en"])
    return {"zh": Locale.CHINESE.value, "en": Locale.ENGLISH.value}.get(wanted or "")


def keep_language(_app: Flask, user: Staff, **_extra: Any) -> None:
    """Let the pages before the login is complete, and after its end, speak the person's language."""
    session[LOCALE_KEY] = str(user.locale)


@language.post("/login/language")
def choose_before_login() -> ResponseReturnValue:
    """Keep the language that somebody chose who is not logged in."""
    chosen = request.form.get("locale")
    if chosen not in LOCALES:
        abort(400)
    session[LOCALE_KEY] = chosen
    return redirect(own_path(request.form.get("next", "")))


def _get_translations(*_domain: Any) -> NullTranslations:
    """Return the messages in the language of now; asked some hundred times for a page."""
    if not has_app_context():
        return NullTranslations()
    # Each look into `g` through its proxy takes as long as finding the message, and Flask-Babel takes four.
    here = g._get_current_object()  # noqa: SLF001 - documented by Werkzeug
    locale = getattr(getattr(here, "_flask_babel", None), "babel_locale", None) or get_locale()
    kept = getattr(here, "messages_in_use", None)
    # To hash a locale takes longer than to find a message, too.
    if kept is None or kept[0] is not locale:
        kept = here.messages_in_use = (locale, translations_for(str(locale)))
    messages: NullTranslations = kept[1]
    return messages


@pass_eval_context
def _say(context: EvalContext, message: str, /, **values: Any) -> str:
    """Return a message of a template, as Jinja's own "new style" does, which looks each one up four times."""
    is_markup = bool(context.autoescape)
    if values:
        return _text_of(_get_translations(), message, is_markup) % values
    return _whole_text_of(_get_translations(), message, is_markup)


@lru_cache(MESSAGES_KEPT)
def _text_of(messages: NullTranslations, message: str, is_markup: bool) -> str:
    text = messages.gettext(message)
    return Markup(text) if is_markup else text  # noqa: S704 - our own words, and autoescape is on


@lru_cache(MESSAGES_KEPT)
def _whole_text_of(messages: NullTranslations, message: str, is_markup: bool) -> str:
    return _text_of(messages, message, is_markup) % {}


@cache
def translations_for(locale: str) -> NullTranslations:
    """Return every message in this language: the panel's own first, then each library's."""
    messages: NullTranslations = NullTranslations()
    own = [_read(locale, domain) for domain in OWN_DOMAINS]
    theirs = [Translations.load(folder, [locale], domain) for folder, domain in LIBRARIES]
    for catalogue in (*own, *theirs):
        messages.add_fallback(catalogue)
    return messages


def _read(locale: str, domain: str) -> NullTranslations:
    """Return the messages of a .po file, none where there is no file; fuzzy ones are left out."""
    path = FOLDER / locale / "LC_MESSAGES" / f"{domain}.po"
    if not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return Translations(compiled)
