"""A screen that lacks something stops the start, and says what."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from models import Customer, Dealer, Record, Region
from views.base import RecordView
from views.customer import CustomerView
from views.filters import make_filter
from views.forms import Section
from views.start_check import IncompleteScreenError, check_screens


def test_the_panels_own_screens_lack_nothing(app: Flask) -> None:
    check_screens(list(app.extensions["record_views"].values()))


def test_a_relation_that_nobody_can_look_up_is_named(app: Flask) -> None:
    views = [view for model, view in app.extensions["record_views"].items() if model is not Dealer]
    with pytest.raises(IncompleteScreenError, match="CustomerView: dealer_id leads to Dealer"):
        check_screens(views)


def test_a_column_without_a_label_is_named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(__import__("models.labels").labels.FIELD_LABELS, "wished_service")
    with pytest.raises(IncompleteScreenError, match="CustomerView: column wished_service has no label"):
        check_screens([app.extensions["record_views"][Customer], *app.extensions["record_views"].values()])


def test_a_record_by_which_nobody_would_recognise_it_is_named(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Customer, "label_column", Record.label_column)
    with pytest.raises(IncompleteScreenError, match="CustomerView: Customer has no label_column"):
        check_screens(list(app.extensions["record_views"].values()))


def test_help_for_a_field_that_is_not_there_is_named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CustomerView, "column_descriptions", {"nothing": "x"})
    with pytest.raises(IncompleteScreenError, match="help for nothing"):
        check_screens(list(app.extensions["record_views"].values()))


@pytest.mark.parametrize("name", ["id", "version", "number", "created_by_id", "deleted_at"])
def test_a_form_cannot_ask_for_what_the_panel_keeps(name: str, app: Flask) -> None:
    class Greedy(CustomerView):
        form_sections = (Section("All", (name,)),)

    with pytest.raises(ValueError, match=name):
        Greedy(Customer)


def test_a_screen_names_its_columns_or_has_none() -> None:
    class Empty(RecordView):
        singular = plural = new_label = "Nothing"

    # Customers have tasks, of which each list of theirs has the filter.
    view: Any = Empty(Region)
    assert (view.form_names, view.filters, view.sortable) == ((), {}, frozenset())


def test_a_column_that_no_filter_suits_is_refused(app: Flask) -> None:
    view = app.extensions["record_views"][Customer]
    with pytest.raises(TypeError, match="no filter suits version"):
        make_filter(view, "version")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("brief_columns", ("nothing",), "nothing on a record's page is no column"),
        ("key_facts", ("nothing",), "nothing on a record's page is no column"),
        ("cards", ("nothing",), "no screen keeps nothing"),
    ],
)
def test_what_a_page_shows_must_be_there(
    name: str, value: tuple[str, ...], sentence: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CustomerView, name, value)
    with pytest.raises(IncompleteScreenError, match=sentence):
        check_screens(list(app.extensions["record_views"].values()))
