"""Chinese is complete: the panel's own messages and those of every library that it shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import flask_admin
import flask_admin.babel
import flask_security
import pytest
import wtforms
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, get_locale, gettext
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired

from conftest import Login
from models.organisation import Locale, Role
from views.catalogue import (
    TRANSLATED,
    catalogue_path,
    extract_messages,
    read_catalogue,
    strings_of,
    untranslated,
)
from views.translation import FOLDER, LOCALE_KEY, translations_for

# The same in both languages.
SAME = {"A", "B", "C", "ID", ", ", " and "}
PLACEHOLDER = re.compile(r"%(?:\(\w+\)[\d.]*[sdf]|%)")
HAN = re.compile(r"[\u4e00-\u9fff]")

Ids = tuple[str, ...]


def ids_of(message: Message) -> Ids:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def library_messages() -> Iterator[Ids]:
    """Yield every message that the libraries may show."""
    for package, template in (
        (flask_security, "translations/flask_security.pot"),
        (wtforms, "locale/wtforms.pot"),
    ):
        with (Path(str(package.__file__)).parent / template).open("rb") as source:
            yield from (ids_of(message) for message in read_po(source) if message.id)
    keywords = DEFAULT_KEYWORDS | {"lazy_gettext": None}
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    folder = Path(str(flask_admin.__file__)).parent
    for _file, _line, message, _comments, _context in extract_from_dir(folder, methods, keywords=keywords):
        ids = message if isinstance(message, tuple) else (message,)
        if PLACEHOLDER.sub("", ids[0]).strip():
            yield ids


def test_every_message_of_the_sources_stands_in_the_catalogue_and_no_other() -> None:
    wanted = {ids_of(message) for message in extract_messages() if message.id}
    for locale in TRANSLATED:
        catalogue = read_catalogue(catalogue_path(locale), locale)
        present = {ids_of(message) for message in catalogue if message.id}
        assert sorted(wanted - present) == [], "run: python -m views.catalogue, and translate"
        assert sorted(present - wanted) == [], "run: python -m views.catalogue"


@pytest.mark.parametrize("domain", ["messages", "libraries"])
@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_message_is_translated(locale: str, domain: str) -> None:
    catalogue = read_catalogue(catalogue_path(locale, domain), locale)
    assert [message.id for message in untranslated(catalogue)] == []
    for message in catalogue:
        if not message.id:
            continue
        for string in strings_of(message):
            # The plural of the source has every placeholder; the singular may spell the number out.
            assert sorted(PLACEHOLDER.findall(string)) == sorted(PLACEHOLDER.findall(ids_of(message)[-1]))
            # What only puts other texts together has no word of its own.
            has_words = re.search("[A-Za-z]", PLACEHOLDER.sub("", string))
            assert HAN.search(string) or not has_words or message.id in SAME, message.id


def test_every_message_of_a_library_is_chinese() -> None:
    chinese = translations_for(Locale.CHINESE.value)
    english = [
        ids
        for ids in library_messages()
        if not HAN.search(chinese.gettext(ids[0]) if len(ids) == 1 else chinese.ngettext(*ids[:2], 2))
    ]
    assert english == []


def test_no_message_is_kept_that_no_library_has_any_more() -> None:
    known = {ids[0] for ids in library_messages()}
    for locale in TRANSLATED:
        catalogue = read_catalogue(catalogue_path(locale, "libraries"), locale)
        assert sorted({ids_of(message)[0] for message in catalogue if message.id} - known) == []


def test_no_compiled_catalogue_is_kept() -> None:
    assert list(FOLDER.rglob("*.mo")) == []


class _Form(FlaskForm):
    name = StringField(validators=[DataRequired()])


def test_every_library_asks_the_one_catalogue(app: Flask) -> None:
    with app.test_request_context("/login", method="POST"):
        for locale, expected in (
            ("zh_Hans_CN", ("两步验证登录", "保存记录失败。", "此项必填。", "投诉")),
            ("en", ("Two-Factor Login", "Failed to save record.", "This field is required.", "Complaint")),
        ):
            with force_locale(locale):
                form = _Form(meta={"csrf": False})
                form.validate()
                assert expected == (
                    app.extensions["security"].i18n_domain.gettext("Two-Factor Login"),
                    flask_admin.babel.gettext("Failed to save record."),
                    form.name.errors[0],
                    gettext("Complaint"),
                )


@pytest.mark.parametrize(
    ("header", "chosen", "expected"),
    [
        (None, None, "zh_Hans_CN"),
        ("fr-FR", None, "zh_Hans_CN"),
        ("en-US,en;q=0.9", None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", None, "zh_Hans_CN"),
        ("en-US", "zh_Hans_CN", "zh_Hans_CN"),
        ("zh-CN", "en", "en"),
        ("en", "../../etc", "en"),
    ],
)
def test_before_login_the_choice_counts_then_the_browser_then_chinese(
    client: FlaskClient, header: str | None, chosen: str | None, expected: str
) -> None:
    with client.session_transaction() as cookie:
        if chosen:
            cookie[LOCALE_KEY] = chosen
    with client:
        client.get("/login", headers={"Accept-Language": header} if header else {})
        assert str(get_locale()) == expected


def test_a_person_is_answered_in_the_persons_own_language(login: Login) -> None:
    for locale in Locale:
        client = login(Role.CLERK, locale=locale)
        with client:
            client.get("/", headers={"Accept-Language": "fr"})
            assert str(get_locale()) == locale.value


def test_the_language_can_be_chosen_before_login(client: FlaskClient) -> None:
    before = "/login?next=/complaint/?q=a"
    answer = client.post("/login/language", data={"locale": "en", "next": before})
    assert (answer.status_code, answer.location) == (302, before)
    away = client.post("/login/language", data={"locale": "en", "next": "//elsewhere.example"})
    assert (away.status_code, away.location) == (302, "/")
    with client:
        client.get("/login")
        assert str(get_locale()) == "en"
    assert client.post("/login/language", data={"locale": "tlh"}).status_code == 400
    assert client.post("/login/language", data={"locale": "en"}, csrf=False).status_code == 400
    assert client.get("/login/language").status_code == 405


def test_outside_a_request_the_panel_speaks_chinese(app: Flask) -> None:
    with app.app_context():
        assert gettext("Complaint") == "投诉"


def test_messages_are_asked_for_by_names_that_the_catalogue_looks_for() -> None:
    names = {"_", "_l", "gettext", "lazy_gettext", "ngettext", "lazy_ngettext"}
    root = Path(__file__).parents[1]
    sources = [path for folder in ("models", "jobs", "views") for path in (root / folder).rglob("*.py")]
    imported = {
        (path.name, alias.asname or alias.name)
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "flask_babel"
        for alias in node.names
        if "gettext" in alias.name
    }
    assert {name for _file, name in imported} >= {"_", "gettext"}
    assert [each for each in sorted(imported) if each[1] not in names] == []
