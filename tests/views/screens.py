"""What tests of screens share: their addresses, and reading a form as a browser would."""

from __future__ import annotations

from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup, Tag
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from conftest import PanelClient
from models.permissions import MADE_BY_STEPS
from views import SCREENS

TABLES = [model.__tablename__ for _screen, model in SCREENS]
# What people enter and change by a form; the others are written by the steps of a procedure.
ENTERED = [table for table in TABLES if table not in MADE_BY_STEPS]


def path(table: str, page: str = "", **args: Any) -> str:
    """Return the address of a screen's page."""
    query = "&".join(f"{key}={value}" for key, value in args.items())
    return f"/{table.replace('_', '-')}/{page}{'/' if page else ''}{'?' + query if query else ''}"


def page_of(client: PanelClient, table: str, key: int, **args: Any) -> BeautifulSoup:
    """Open a record's page."""
    response = client.get(path(table, "details", id=key, **args))
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def present_day() -> date:
    """Return the present day of the panel's people."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: MultiDict[str, str] = MultiDict()
        self.forms = 0
        self._select: str | None = None
        self._text: str | None = None
        self._is_in = False

    def handle_starttag(self, tag: str, raw: list[tuple[str, str | None]]) -> None:
        attrs = dict(raw)
        name = attrs.get("name") or ""
        if tag == "form":
            self._is_in = "record-form" in (attrs.get("class") or "")
        if not self._is_in:
            return
        if tag == "input" and name and (attrs.get("type") not in ("checkbox", "radio") or "checked" in attrs):
            self.values.add(name, attrs.get("value") or "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            # A browser sends the first option where none is selected.
            if "selected" in attrs or self._select not in self.values:
                self.values[self._select] = attrs.get("value") or ""
        elif tag == "textarea":
            self._text = name
            self.values.add(name, "")

    def handle_data(self, data: str) -> None:
        if self._text:
            self.values[self._text] = data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._is_in = False


def form_of(response: TestResponse) -> MultiDict[str, str]:
    """Return what a browser would send back of the record form on a page."""
    reader = _FormReader()
    reader.feed(response.text)
    reader.values.pop("csrf_token", None)
    return reader.values


def error_at(page: str, field: str) -> str:
    """Return the sentence that stands at a field."""
    return page.partition(f'id="{field}-error">')[2].partition("</p>")[0].strip()


def edit(client: PanelClient, table: str, key: int, **changes: Any) -> TestResponse:
    """Open a record's form, change some fields, and send it."""
    address = path(table, "edit", id=key)
    values = form_of(client.get(address))
    for name, value in changes.items():
        values.setlist(name, value if isinstance(value, list) else [value])
    return client.post(address, data=values)


def create(client: PanelClient, table: str, **fields: Any) -> TestResponse:
    """Open the form for a new record, fill in some fields, and send it."""
    address = path(table, "new")
    values = form_of(client.get(address))
    for name, value in fields.items():
        values.setlist(name, value if isinstance(value, list) else [value])
    return client.post(address, data=values)


def difference_of(response: TestResponse, name: str) -> Tag:
    """Return what a page shows of the two versions of a field."""
    page = BeautifulSoup(response.text, "html.parser")
    found = page.select_one(f"fieldset.difference:has(input[name=_take_{name}])")
    assert found is not None
    return found


def their_version(response: TestResponse, name: str) -> str:
    """Return what the other person saved in a field, as a conflict shows it."""
    value = difference_of(response, name).select_one(".version-value")
    assert value is not None
    return value.get_text()


def version_before(response: TestResponse, name: str) -> str:
    """Return what stood in a field before, as a conflict shows it."""
    value = difference_of(response, name).select_one(".before p")
    assert value is not None
    return value.get_text()


def chosen_version(response: TestResponse, name: str) -> str:
    """Return which version of a field counts, as the page shows it."""
    (radio,) = difference_of(response, name).select("input[type=radio][checked]")
    return str(radio["value"])


def rows_of(response: TestResponse) -> list[str]:
    """Return the first cell of each row of a list, as text."""
    reader = _TitleReader()
    reader.feed(response.text)
    return reader.titles


class _TitleReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str] = []
        self._is_in = False

    def handle_starttag(self, tag: str, raw: list[tuple[str, str | None]]) -> None:
        if tag == "td" and "title" in (dict(raw).get("class") or "").split():
            self._is_in = True
            self.titles.append("")

    def handle_data(self, data: str) -> None:
        if self._is_in:
            self.titles[-1] += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._is_in = False
