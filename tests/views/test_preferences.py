"""What each person chooses for the own screen: language, light or dark, and how close lines stand."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import AuditEntry, Staff
from models.organisation import Density, Locale, Role, Theme

DARK = {"system": "screen and (prefers-color-scheme: dark)", "dark": "screen", "light": "not all"}


def head_of(client: FlaskClient, address: str) -> dict[str, Any]:
    """Return what a page tells the browser about its looks before anything is drawn."""
    page = BeautifulSoup(client.get(address, follow_redirects=True).text, "html.parser")
    root, sheet, scheme = (
        page.html,
        page.select_one("link[data-dark]"),
        page.select_one("meta[name=color-scheme]"),
    )
    assert isinstance(root, Tag)
    assert sheet is not None
    assert scheme is not None
    return {
        "theme": root["data-theme"],
        "density": root["data-density"],
        "dark": sheet["media"],
        "scheme": scheme["content"],
    }


def stored(make: Factory, client: PanelClient) -> Staff:
    assert client.staff is not None
    make.session.expire_all()
    staff = make.session.get(Staff, client.staff.id)
    assert staff is not None
    return staff


def test_the_language_is_kept_with_the_person(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert '<html lang="en"' in client.get("/").text
    response = client.post("/preferences/", data={"locale": "zh_Hans_CN", "next": "/customer/?search=1"})
    assert response.headers["Location"] == "/customer/?search=1"
    assert '<html lang="zh-Hans-CN"' in client.get("/").text
    assert stored(make, client).locale is Locale.CHINESE


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("address", ["/customer/", "/change", "/no-such-page"])
def test_the_theme_stands_in_each_page_before_it_is_drawn(theme: Theme, address: str, login: Login) -> None:
    client = login(Role.CLERK, theme=theme)
    scheme = "light dark" if theme is Theme.SYSTEM else theme.value
    assert head_of(client, address) == {
        "theme": theme,
        "density": "comfortable",
        "dark": DARK[theme],
        "scheme": scheme,
    }


def test_what_is_chosen_is_kept_and_pressed_and_nothing_else_changes(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.post("/preferences/", data={"theme": "dark", "next": "/part/"}).location == "/part/"
    assert client.post("/preferences/", data={"density": "dense"}).location == "/"
    staff = stored(make, client)
    assert (staff.theme, staff.density, staff.locale) == (Theme.DARK, Density.DENSE, Locale.ENGLISH)
    page = BeautifulSoup(client.get("/").text, "html.parser")
    pressed = {button["value"] for button in page.select(".choices [aria-pressed=true]")}
    assert pressed == {"dark", "dense"}
    assert head_of(client, "/")["density"] == "dense"


def test_a_script_gets_no_page(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    answer = client.post("/preferences/", data={"theme": "light"}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.text) == (204, "")
    assert stored(make, client).theme is Theme.LIGHT


@pytest.mark.parametrize(
    "data",
    [
        {"locale": "xx"},
        {"theme": "pink"},
        {"density": ""},
        {"theme": "dark", "density": "x"},
        {},
        {"active": "0"},
    ],
)
def test_what_cannot_be_chosen_is_refused_whole(data: dict[str, str], make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.post("/preferences/", data=data).status_code == 400
    staff = stored(make, client)
    assert (staff.theme, staff.locale, staff.active) == (Theme.SYSTEM, Locale.ENGLISH, True)


def test_one_person_s_choice_is_no_other_s(make: Factory, login: Login) -> None:
    mine, theirs = login(Role.CLERK), login(Role.CLERK)
    mine.post("/preferences/", data={"theme": "dark"})
    assert stored(make, theirs).theme is Theme.SYSTEM


def test_a_choice_needs_the_token_of_the_page(login: Login) -> None:
    assert login(Role.CLERK).post("/preferences/", data={"theme": "dark"}, csrf=False).status_code == 400


def test_before_the_login_pages_look_as_the_device_does(client: FlaskClient) -> None:
    assert head_of(client, "/login")["dark"] == DARK["system"]


def test_a_choice_is_in_the_history_and_disturbs_nobody_who_edits_the_person(
    make: Factory, login: Login
) -> None:
    client = login(Role.CLERK)
    before = stored(make, client).version
    client.post("/preferences/", data={"theme": "dark"})
    assert stored(make, client).version == before
    assert client.staff is not None
    key = client.staff.id
    found = select(AuditEntry).where(AuditEntry.table_name == "staff", AuditEntry.row_id == key)
    last = make.session.scalars(found.order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.actor_id, last.changes["theme"]) == (key, ["system", "dark"])


def own_form(client: PanelClient, **typed: str) -> TestResponse:
    page = BeautifulSoup(client.get("/preferences/own/").text, "html.parser")
    version = page.select_one(".record-form [name=version]")
    assert version is not None
    return client.post("/preferences/own/", data={"version": str(version["value"]), **typed})


def test_each_person_corrects_the_own_name_and_phone_and_nothing_else(make: Factory, login: Login) -> None:
    client = login(Role.CLERK, name="wang")
    answer = own_form(client, name="王小明", phone="０２１-5555 0199", email="x@example.com", active="")
    assert answer.location == "/preferences/own/"
    staff = stored(make, client)
    assert (staff.name, staff.phone, staff.active) == ("王小明", "021-5555 0199", True)
    assert staff.email != "x@example.com"
    assert "王小明" in client.get("/").text


@pytest.mark.parametrize(
    ("typed", "sentence"), [({"name": " "}, "Fill this in."), ({"name": "x" * 81}, "At most 80 characters")]
)
def test_a_name_that_is_none_stays_on_the_page_with_a_sentence(
    typed: dict[str, str], sentence: str, make: Factory, login: Login
) -> None:
    client = login(Role.AUDITOR, name="wang")
    answer = own_form(client, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert stored(make, client).name == "wang"


def test_the_own_name_is_not_put_over_what_somebody_else_has_just_set(make: Factory, login: Login) -> None:
    client = login(Role.CLERK, name="wang")
    data = {"version": "999", "name": "王小明", "phone": ""}
    answer = client.post("/preferences/own/", data=data)
    assert answer.status_code == 422
    assert "Somebody else has just changed this." in answer.text
    assert stored(make, client).name == "wang"
