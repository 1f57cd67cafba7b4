"""Parts of pages are kept for whom they are the same, and for nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale
from sqlalchemy.orm import Session

from conftest import Login
from factories import Factory
from models.organisation import Locale, Role

TEMPLATES = Path(__file__).parents[2] / "views" / "templates"
NAMED = re.compile(r'kept_part\("(\S+?)"')
DRAWS = re.compile(r'(?:include|from|import) "(\S+?)"')
# What differs from one request or reader to the next.
OF_ONE_REQUEST = re.compile(
    r"csrf_token|csp_nonce|current_user|request\b|session\b|form_key|get_flashed|display\(|shows_demo"
)


def parts() -> list[str]:
    """Return the templates that are kept, and those that they draw."""
    names = {name for path in TEMPLATES.rglob("*.html") for name in NAMED.findall(path.read_text())}
    more = {name for part in names for name in DRAWS.findall((TEMPLATES / part).read_text())}
    return sorted(names | more)


@pytest.mark.parametrize("name", parts())
def test_a_part_that_is_kept_holds_nothing_of_one_request(name: str) -> None:
    assert OF_ONE_REQUEST.findall((TEMPLATES / name).read_text()) == []


def test_the_menu_of_one_reader_is_not_shown_to_the_next(login: Login) -> None:
    pages = [
        set(re.findall(r'data-page="(\w+)"', login(role).get("/complaint/").text))
        for role in (Role.ADMINISTRATOR, Role.CLERK, Role.ADMINISTRATOR)
    ]
    assert pages[0] > pages[1]
    assert pages[0] == pages[2]


def test_a_part_speaks_the_language_of_each_reader(login: Login) -> None:
    assert "Next row" in login(Role.CLERK, locale=Locale.ENGLISH).get("/complaint/").text
    assert "下一行" in login(Role.CLERK, locale=Locale.CHINESE).get("/complaint/").text


def test_the_menu_says_which_page_is_open(login: Login) -> None:
    client = login(Role.CLERK)
    for page in ("complaint", "customer", "complaint"):
        found = re.findall(r'data-page="(\w+)" aria-current="page"', client.get(f"/{page}/").text)
        # Once in the sidebar, once in the sheet of phones.
        assert found == [page, page]


def test_a_filter_is_drawn_with_what_was_chosen_and_without_it(
    login: Login, make: Factory, db_session: Session
) -> None:
    subject = make.subject("Brakes")
    db_session.commit()
    ticked = f'name="flt_subject_id" value="{subject.id}" checked'
    client = login(Role.ADMINISTRATOR)
    assert ticked in client.get(f"/complaint/?flt_subject_id={subject.id}").text
    assert ticked not in client.get("/complaint/").text


@pytest.mark.parametrize(
    ("template", "drawn"),
    [
        ('{{ _("Search in %(columns)s", columns="<b>") }}', "Search in &lt;b&gt;"),
        (
            '{% autoescape false %}{{ _("Search in %(columns)s", columns="<b>") }}{% endautoescape %}',
            "Search in <b>",
        ),
        ('{{ _("%(count)s hits", count="100%") }}', "100% hits"),
        ("{% trans %}100%{% endtrans %}", "100%"),
        ('{% trans n="<i>" %}Page {{ n }}{% endtrans %}', "Page &lt;i&gt;"),
    ],
)
def test_a_message_in_a_template_is_escaped_where_html_is_written(
    app: Flask, template: str, drawn: str
) -> None:
    with app.test_request_context(), force_locale("en"):
        assert render_template_string(template) == drawn
