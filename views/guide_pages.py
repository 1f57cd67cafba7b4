"""The user guide: which pages there are, in which order, and each as its Markdown file says it.

The pages are the repository's own files, views/guide/<locale>/<name>.md. A heading carries its anchor,
`## Register a complaint {#register}`, the same in every language. A link goes to another page
(`calls.md#promises`) or to a screen of the panel (`screen:complaint`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from models.organisation import Locale

FOLDER = Path(__file__).parent / "guide"
SCREEN = "screen:"
# Chapters and their pages, in the order in which they are read.
CHAPTERS: tuple[tuple[LazyString, tuple[str, ...]], ...] = (
    (_("To begin with"), ("first-day", "account", "home", "finding", "entering", "keyboard", "words")),
    (
        _("Customers and complaints"),
        ("customers", "vehicles", "service-receipts", "calls", "letters", "complaints"),
    ),
    (_("Dealers and parts"), ("dealers", "warranty-claims", "parts-quality", "shipments")),
    (_("Files and records"), ("import", "export", "notes", "two-editors", "deleting")),
    (_("Looking after the panel"), ("digest", "supervisors", "administrators", "personal-data")),
)
NAMES = tuple(name for _title, names in CHAPTERS for name in names)
_ANCHOR = re.compile(r"\s*\{#([a-z0-9-]+)\}$")
# Raw HTML stays off: what looks like it is shown as it stands.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")

# Takes a page's name and an anchor, either of them empty for none.
PageUrl = Callable[[str, str], str]
ScreenUrl = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading with its anchor, and the plain text beneath it up to the next one."""

    title: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class GuidePage:
    """A page of the guide in one language."""

    name: str
    title: str
    tokens: Sequence[Token]
    # The part before the first heading comes first, under the page's title and without an anchor.
    sections: tuple[Heading, ...]

    @property
    def headings(self) -> tuple[Heading, ...]:
        """Return what "On this page" lists."""
        return tuple(section for section in self.sections if section.anchor)

    def html(self, page_url: PageUrl, screen_url: ScreenUrl) -> Markup:
        """Return the page's text; the functions say where its links lead."""
        env = {"page_url": page_url, "screen_url": screen_url, "page": self.name}
        return Markup(_MARKDOWN.renderer.render(self.tokens, _MARKDOWN.options, env))  # noqa: S704 - our own files, raw HTML off


@cache
def guide(locale: str) -> Mapping[str, GuidePage]:
    """Return every page in this language, in order."""
    folder = FOLDER / locale
    return {name: read_page(name, (folder / f"{name}.md").read_text(encoding="utf-8")) for name in NAMES}


def read_all() -> None:
    """Read every page in every language, so that a page which lacks something stops the start."""
    for locale in Locale:
        guide(locale.value)


def read_page(name: str, source: str) -> GuidePage:
    """Return the page that this Markdown is.

    Raises:
        ValueError: when it does not begin with a title, or a heading has no anchor.
    """
    tokens = _MARKDOWN.parse(source)
    if not tokens or tokens[0].tag != "h1":
        raise ValueError(f"{name}: the first line is no title")
    title, anchor = "", ""
    texts: list[str] = []
    sections: list[Heading] = []
    for place, token in enumerate(tokens):
        if token.type == "inline" and tokens[place - 1].type == "heading_open":
            if place > 1:
                sections.append(Heading(title, anchor, " ".join(texts)))
                anchor = _take_anchor(name, tokens[place - 1], token)
            title, texts = plain_text(token), []
        elif token.type == "inline":
            texts.append(plain_text(token))
    sections.append(Heading(title, anchor, " ".join(texts)))
    return GuidePage(name, sections[0].title, tokens, tuple(sections))


def _take_anchor(name: str, opening: Token, heading: Token) -> str:
    """Move the anchor from a heading's text to the heading itself, and return it."""
    last = (heading.children or [])[-1]
    found = _ANCHOR.search(last.content)
    if found is None:
        raise ValueError(f"{name}: the heading “{heading.content}” has no anchor")
    last.content = last.content[: found.start()]
    opening.attrSet("id", found[1])
    return found[1]


def plain_text(token: Token) -> str:
    """Return the words of an inline token."""
    return "".join(
        " " if child.type in {"softbreak", "hardbreak"} else child.content for child in token.children or ()
    )


def _open_link(
    renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    """Write a link to another page, or to a screen, with the address that this request needs."""
    href = str(tokens[place].attrGet("href") or "")
    if href.startswith(SCREEN):
        address = env["screen_url"](href.removeprefix(SCREEN))
    else:
        target, _sign, anchor = href.partition("#")
        address = env["page_url"](target.removesuffix(".md") or env["page"], anchor)
    linked = Token("link_open", "a", 1, attrs={"href": address})
    return renderer.renderToken([linked], 0, options, env)


def _open_table(*_args: Any) -> str:
    """Let a wide table scroll by itself, not the page."""
    return '<div class="guide-table"><table>\n'


def _close_table(*_args: Any) -> str:
    return "</table></div>\n"


_MARKDOWN.add_render_rule("link_open", _open_link)
_MARKDOWN.add_render_rule("table_open", _open_table)
_MARKDOWN.add_render_rule("table_close", _close_table)
