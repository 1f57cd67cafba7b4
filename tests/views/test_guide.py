"""The guide in the panel: who reads it, in which language, how one finds something in it."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from screens import TABLES, path
from werkzeug.test import TestResponse

from conftest import Login, count_queries
from factories import Factory
from models.organisation import Locale, Role
from views.guide import ABOUT
from views.guide_pages import NAMES, guide
from views.guide_search import search, split_pairs, split_words

ZH, EN = Locale.CHINESE.value, Locale.ENGLISH.value


def soup(answer: TestResponse) -> BeautifulSoup:
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def main_of(answer: TestResponse) -> Tag:
    found = soup(answer).find("main")
    assert isinstance(found, Tag)
    return found


@pytest.mark.parametrize("role", list(Role))
def test_everyone_who_is_logged_in_reads_the_guide(role: Role, login: Login) -> None:
    client = login(role)
    assert client.get("/guide/").status_code == 200
    assert client.get("/guide/complaints").status_code == 200


def test_nobody_else_does(client: FlaskClient) -> None:
    for address in ("/guide/", "/guide/complaints", "/guide/no-such-page"):
        answer = client.get(address)
        assert (answer.status_code, answer.location.split("?")[0]) == (302, "/login"), address


@pytest.mark.parametrize("name", ["no-such-page", "..%2fen%2fcomplaints", "complaints.md", "%00"])
def test_a_page_that_there_is_not_is_not_found(name: str, login: Login) -> None:
    assert login(Role.CLERK).get(f"/guide/{name}").status_code == 404


@pytest.mark.parametrize("locale", list(Locale))
def test_the_contents_name_every_page_in_the_order_of_the_guide(locale: Locale, login: Login) -> None:
    index = soup(login(Role.CLERK, locale=locale).get("/guide/")).select_one(".guide-index")
    assert index is not None
    pages = guide(locale.value)
    assert [(link["href"], link.get_text()) for link in index.select("li a")] == [
        (f"/guide/{name}", pages[name].title) for name in NAMES
    ]


def test_every_link_on_every_page_leads_somewhere(app: Flask, login: Login) -> None:
    client = login(Role.CLERK)
    pages = {f"/guide/{name}": main_of(client.get(f"/guide/{name}")) for name in NAMES}
    screens = set()
    for own, page in pages.items():
        for link in page.select("a[href]"):
            address, _sign, anchor = str(link["href"]).partition("#")
            address = (address or own).partition("?")[0]
            if address in pages:
                assert not anchor or pages[address].find(id=anchor) is not None, link
            else:
                screens.add(address)
    assert {"/guide/", "/complaint/", "/import/"} <= screens
    for address in screens:
        app.url_map.bind("localhost").match(address)


def test_a_page_tells_what_stands_on_it_and_what_comes_before_and_after(login: Login) -> None:
    page = main_of(login(Role.CLERK).get("/guide/vehicles"))
    headings = {f"#{heading['id']}": heading.get_text() for heading in page.select("article h2")}
    assert {link["href"]: link.get_text() for link in page.select(".on-this-page a")} == headings
    assert [link["href"] for link in page.select(".guide-around a")] == [
        "/guide/customers",
        "/guide/service-receipts",
    ]
    current = page.select_one(".guide-contents [aria-current]")
    assert current is not None
    assert current["href"] == "/guide/vehicles"


@pytest.mark.parametrize(("name", "ends"), [(NAMES[0], {"next"}), (NAMES[-1], {"prev"})])
def test_the_guide_has_two_ends(name: str, ends: set[str], login: Login) -> None:
    page = main_of(login(Role.CLERK).get(f"/guide/{name}"))
    assert {link["rel"][0] for link in page.select(".guide-around a")} == ends


def test_a_reader_sees_the_own_language_and_can_turn_to_the_other_one(login: Login) -> None:
    client = login(Role.CLERK, locale=Locale.CHINESE)
    own = main_of(client.get("/guide/calls"))
    assert own.select_one("article[lang=zh-Hans-CN] h1").get_text() == guide(ZH)["calls"].title
    turn = own.select_one("a.other-language")
    assert turn is not None
    other = main_of(client.get(str(turn["href"])))
    assert other.select_one("article[lang=en] h1").get_text() == guide(EN)["calls"].title
    # Whoever turned to it stays in it, and finds the way back.
    assert all("locale=en" in str(link["href"]) for link in other.select("article a[href^='/guide/letters']"))
    back = other.select_one("a.other-language")
    assert back is not None
    assert back["href"] == "/guide/calls"


@pytest.mark.parametrize("asked", ["fr", "", "en'", "zh"])
def test_a_language_that_there_is_not_shows_the_readers_own(asked: str, login: Login) -> None:
    page = login(Role.CLERK, locale=Locale.CHINESE).get("/guide/calls", query_string={"locale": asked})
    assert guide(ZH)["calls"].title in page.text


def test_a_page_asks_the_database_no_more_than_any_other(app: Flask, login: Login) -> None:
    client = login(Role.CLERK)
    client.get("/guide/calls")
    with count_queries(app) as of_guide:
        client.get("/guide/?q=batch")
    with count_queries(app) as of_search:
        client.get("/search/")
    assert len(of_guide) <= len(of_search)


# Help about the screen at hand


def help_link(client: FlaskClient, address: str) -> str:
    link = soup(client.get(address)).select_one(".help-link")
    assert link is not None
    return str(link["href"])


def test_the_question_mark_opens_the_page_about_the_screen(login: Login, make: Factory) -> None:
    client = login(Role.ADMINISTRATOR)
    customer = make.customer()
    for address, page in {
        "/": "/guide/home",
        "/customer/": "/guide/customers",
        f"/customer/details/?id={customer.id}": "/guide/customers",
        "/complaint/": "/guide/complaints",
        "/complaint/new/": "/guide/complaints#register",
        "/import/": "/guide/import",
        "/guide/calls": "/guide/",
    }.items():
        assert help_link(client, address) == page


def test_every_list_has_a_page_about_it() -> None:
    assert set(TABLES) - set(ABOUT) == set()


def test_what_helps_is_there() -> None:
    for about in ABOUT.values():
        name, _sign, anchor = about.partition("#")
        anchors = {heading.anchor for heading in guide(EN)[name].headings}
        assert not anchor or anchor in anchors, about


# Lists in which nothing stands yet, and help at the field


def test_an_empty_list_says_what_it_is_for_and_leads_to_the_guide(app: Flask, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    for view in app.extensions["record_views"].values():
        if view.what_for is None:
            continue
        # What the test's own login needs stands in the one, what a migration brought in the other.
        empty = main_of(client.get(path(view.permission))).select_one(".nothing")
        if empty is None:
            assert view.permission in {"staff", "deadline_rule"}
            continue
        assert str(view.what_for) in empty.get_text()
        link = empty.select_one("a[href^='/guide/']")
        assert link is not None
        assert link["href"] == help_link(client, path(view.permission))


def test_an_empty_list_without_a_sentence_of_its_own_keeps_the_general_one(login: Login) -> None:
    page = login(Role.ADMINISTRATOR).get("/region/").text
    assert "The first record is entered in a minute." in page
    assert "The first record is entered in a minute." not in login(Role.ADMINISTRATOR).get("/letter/").text


def test_every_field_that_is_explained_stands_on_its_form(app: Flask) -> None:
    for view in app.extensions["record_views"].values():
        assert set(view.column_descriptions) <= set(view.form_names), view.permission


# Search


def test_a_search_shows_where_it_stands_with_the_word_marked(login: Login) -> None:
    page = main_of(login(Role.CLERK).get("/guide/?q=full-width"))
    first = page.select_one(".guide-hits li")
    assert first is not None
    assert first.select_one("a")["href"] == "/guide/entering#dates"
    assert {mark.get_text().lower() for mark in first.select("mark")} == {"full", "width"}


@pytest.mark.parametrize(
    ("locale", "typed", "page", "anchor"),
    [
        (ZH, "返修", "service-receipts", "return-repair"),
        (ZH, "撤销", "deleting", "undo"),
        (ZH, "粘贴 截图", "notes", "paste"),
        (ZH, "怎么粘贴截图", "notes", "paste"),
        (ZH, "返修怎么勾选？", "service-receipts", "return-repair"),
        (ZH, "ＥＸＣＥＬ", "export", ""),
        (EN, "return repairs", "service-receipts", "return-repair"),
        (EN, "PASTE", "notes", "paste"),
        (EN, "how to paste screenshots zzzz", "notes", "paste"),
    ],
)
def test_what_people_type_leads_to_the_part_about_it(locale: str, typed: str, page: str, anchor: str) -> None:
    best = search(locale, typed)[0]
    assert (best.page.name, best.anchor) == (page, anchor)


def test_a_heading_weighs_more_than_the_text() -> None:
    hits = search(EN, "batch")
    in_heading = [bool(re.search("batch", hit.heading, re.IGNORECASE)) for hit in hits]
    assert in_heading[0]
    assert in_heading == sorted(in_heading, reverse=True)


def test_a_word_is_found_from_its_beginning_only() -> None:
    assert split_words("Parts Ｑuality") == ["part", "quality"]
    assert all(
        re.search(
            r"\bpart", f"{hit.page.title} {hit.heading} {''.join(p.text for p in hit.snippet)}", re.IGNORECASE
        )
        for hit in search(EN, "part")
    )


def test_long_chinese_questions_fall_into_pairs() -> None:
    assert split_pairs(["怎么删除记录", "excel", "批号"]) == ["删除", "除记", "记录", "excel", "批号"]


@pytest.mark.parametrize("typed", ["", "  ", "？！", "怎么", "%", "\\", "(", "a" * 500, "\x00", "𝔘" * 90])
def test_odd_searches_harm_nothing(typed: str, login: Login) -> None:
    assert login(Role.CLERK).get("/guide/", query_string={"q": typed}).status_code == 200


def test_a_search_that_finds_nothing_says_what_to_do(login: Login) -> None:
    page = main_of(login(Role.CLERK).get("/guide/?q=zzz"))
    assert "The guide has nothing on this." in page.get_text()
    assert page.select_one("a[href='/search/?q=zzz']") is not None


def test_what_was_typed_is_shown_as_text(login: Login) -> None:
    assert "<b>" not in login(Role.CLERK).get("/guide/?q=<b>x").text


def test_a_search_in_the_other_language_stays_in_it(login: Login) -> None:
    page = main_of(login(Role.CLERK, locale=Locale.CHINESE).get("/guide/?q=paste&locale=en"))
    first = page.select_one(".guide-hits a")
    assert first is not None
    assert first["href"] == "/guide/notes?locale=en#paste"
