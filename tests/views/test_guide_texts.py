"""The texts of the guide: both languages tell the same, and name only what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from flask import Flask
from markdown_it.token import Token

from models.organisation import Locale
from views.catalogue import catalogue_path, strings_of
from views.guide_pages import FOLDER, NAMES, SCREEN, GuidePage, guide, read_page

LOCALES = [locale.value for locale in Locale]
PAGES = [(locale, name) for locale in LOCALES for name in NAMES]
HAN = re.compile(r"[\u4e00-\u9fff]")


def inline(page: GuidePage) -> Iterator[Token]:
    for token in page.tokens:
        yield from token.children or ()


def links(page: GuidePage) -> list[str]:
    return [str(token.attrGet("href")) for token in inline(page) if token.type == "link_open"]


def labels(page: GuidePage) -> list[str]:
    """Return what stands in bold: nothing but labels of the screens does."""
    tokens = list(inline(page))
    return [
        tokens[place + 1].content for place, token in enumerate(tokens[:-1]) if token.type == "strong_open"
    ]


def shape(page: GuidePage) -> list[tuple[str, str]]:
    """Return the blocks of a page, without its words."""
    return [
        (token.type, str(token.attrGet("id") or ""))
        for token in page.tokens
        if token.type.endswith("_open") and token.type != "paragraph_open"
    ]


def messages() -> list[Message]:
    with catalogue_path("zh_Hans_CN").open("rb") as source:
        return [message for message in read_po(source) if message.id]


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """Return every message of the panel, by language."""
    english = {
        text
        for message in messages()
        for text in ([message.id] if isinstance(message.id, str) else message.id)
    }
    chinese = {text for message in messages() for text in strings_of(message)}
    return {"en": english, "zh_Hans_CN": chinese}


@pytest.mark.parametrize("locale", LOCALES)
def test_the_folder_holds_the_pages_of_the_contents_and_no_other(locale: str) -> None:
    assert sorted(path.stem for path in (FOLDER / locale).iterdir()) == sorted(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_headings_lists_and_steps(name: str) -> None:
    chinese, english = (guide(locale)[name] for locale in LOCALES)
    assert shape(chinese) == shape(english)
    assert [links(chinese).count(each) for each in sorted(set(links(chinese)))] == [
        links(english).count(each) for each in sorted(set(links(chinese)))
    ]
    assert set(links(chinese)) == set(links(english))


@pytest.mark.parametrize(("locale", "name"), PAGES)
def test_every_link_leads_to_a_page_a_heading_or_a_screen(app: Flask, locale: str, name: str) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    for link in links(guide(locale)[name]):
        if link.startswith(SCREEN):
            screen = link.removeprefix(SCREEN)
            assert (screen if "." in screen else f"{screen}.index_view") in endpoints, link
            continue
        target, _sign, anchor = link.partition("#")
        page = guide(locale)[target.removesuffix(".md") or name]
        assert not anchor or anchor in {heading.anchor for heading in page.headings}, link


@pytest.mark.parametrize(("locale", "name"), PAGES)
def test_every_label_stands_on_a_screen(known: dict[str, set[str]], locale: str, name: str) -> None:
    assert [label for label in labels(guide(locale)[name]) if label not in known[locale]] == []


def test_the_check_of_labels_sees_a_wrong_one(known: dict[str, set[str]]) -> None:
    page = read_page("x", "# Title\n\nPress **Save** and **Zave**.")
    assert [label for label in labels(page) if label not in known["en"]] == ["Zave"]


@pytest.mark.parametrize(("locale", "name"), PAGES)
def test_no_sign_of_markdown_is_left_over(locale: str, name: str) -> None:
    page = guide(locale)[name]
    text = page.html(lambda *_where: "", lambda _screen: "")
    # Bold that ends in a punctuation mark before a Chinese character stays as asterisks.
    assert not re.search(r"\*\*|\{#|\]\(|&lt;", text)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "words"])
def test_a_page_speaks_its_own_language(name: str) -> None:
    english = guide("en")[name]
    text = " ".join([english.title, *(part.title + part.text for part in english.sections)]).replace(
        "中文", ""
    )
    assert HAN.findall(text) == []
    chinese = guide("zh_Hans_CN")[name]
    assert all(HAN.search(part.title) for part in chinese.sections)


@pytest.mark.parametrize(("locale", "name"), PAGES)
def test_no_anchor_stands_on_a_page_twice(locale: str, name: str) -> None:
    anchors = [heading.anchor for heading in guide(locale)[name].headings]
    assert anchors
    assert len(set(anchors)) == len(anchors)


@pytest.mark.parametrize(
    ("source", "why"),
    [("no title", "no title"), ("", "no title"), ("# Title\n\n## Heading\n", "no anchor")],
)
def test_a_page_that_lacks_something_stops_the_start(source: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_page("x", source)


def test_raw_html_is_shown_and_not_obeyed() -> None:
    page = read_page(
        "x", '# A <b>b</b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert)\n\n<i class="x">'
    )
    text = page.html(lambda *_where: "#", lambda _screen: "#")
    assert not re.search(r"<(b|script|i|a)\b", text)
    assert "&lt;script&gt;" in text
