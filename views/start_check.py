"""Stop the start where a screen would fail later: a record without a label, a relation without a look-up."""

from __future__ import annotations

from sqlalchemy import Enum, inspect

from models.base import Labelled, Record, record_types
from models.labels import FIELD_LABELS, NEVER_SHOWN
from models.permissions import SENSITIVE
from views.base import RecordView
from views.forms import column_of, target_of


class IncompleteScreenError(Exception):
    """Name everything that a screen lacks."""


def check_screens(views: list[RecordView]) -> None:
    """Check every screen.

    Raises:
        IncompleteScreenError: with one line for each thing that is missing.
    """
    kept: set[type[Record]] = {view.model for view in views}
    problems = [problem for view in views for problem in _problems(view, kept)]
    if problems:
        raise IncompleteScreenError("\n".join(problems))


def _problems(view: RecordView, kept: set[type[Record]]) -> list[str]:
    where = type(view).__name__
    model = view.model
    records = set(record_types())
    problems = [
        f"{where}: column {name} has no label"
        for name in inspect(model).columns.keys()  # noqa: SIM118 - a collection of columns, not a mapping
        if name not in FIELD_LABELS and name not in NEVER_SHOWN
    ]
    if model.label_column.__func__ is Record.label_column.__func__:  # type: ignore[attr-defined]  # class methods
        problems.append(f"{where}: {model.__name__} has no label_column, by which people recognise a record")
    for name in {*view.form_names, *view.column_list, *view.column_filters}:
        target = target_of(model, name)
        if target is not None and target in records and not target.is_small and target not in kept:
            problems.append(
                f"{where}: {name} leads to {target.__name__}, which has no screen to look it up by"
            )
        problems += _enum_problems(where, view, name)
    problems += [
        f"{where}: {name} can't be changed in its cell, it is no column of the list and the form"
        for name in view.editable_columns
        if name not in view.form_names or name not in view.column_list or column_of(model, name) is None
    ]
    attributes = set(inspect(model).attrs.keys())
    problems += [
        f"{where}: {name} on a record's page is no column"
        for name in (*view.brief_columns, *view.key_facts, *view.terms)
        if name not in attributes
    ]
    problems += [
        f"{where}: {name} is masked for some, and a filter or the list's own order would tell of it"
        for name in SENSITIVE.get(model.__tablename__, ())
        if name in view.column_filters or name == view.default_sort[0]
    ]
    tables = {other.__tablename__ for other in kept}
    problems += [f"{where}: no screen keeps {table}" for table in view.cards or () if table not in tables]
    unknown = set(view.column_descriptions) - set(view.form_names)
    problems += [f"{where}: help for {name}, which is not in the form" for name in unknown]
    return problems


def _enum_problems(where: str, view: RecordView, name: str) -> list[str]:
    kind = getattr(column_of(view.model, name), "type", None)
    if isinstance(kind, Enum) and not (kind.enum_class and issubclass(kind.enum_class, Labelled)):
        return [f"{where}: the values of {name} have no labels"]
    return []
