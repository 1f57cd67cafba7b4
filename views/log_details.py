"""What an access was about, in words: the details that the access log keeps with an entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from models.exporting import ExportFormat
from models.labels import FIELD_LABELS
from models.retention import RetentionKind
from views.changes import TABLE_LABELS
from views.fields import member_of
from views.lookups import view_named

# What somebody tried, or made anew.
_WHAT = {
    "password": lazy_gettext("Password"),
    "code": lazy_gettext("Code from the phone"),
    "mail": lazy_gettext("Link in a mail"),
    "answer": lazy_gettext("Answer to a notice"),
    "recovery_codes": lazy_gettext("Recovery codes"),
}


def table_label(table: str) -> str:
    """Return what people call a table, or a page of the panel; its own name where nobody said."""
    view = view_named(table)
    if view is not None:
        return str(view.singular)
    page = next((page for page in current_app.extensions["pages"] if page.permission == table), None)
    return str(TABLE_LABELS.get(table) or (page.title if page is not None else table))


def told(detail: Mapping[str, Any]) -> list[str]:
    """Return what an access was about, in words where there are some."""
    if "finished" in detail:
        return _finished(detail["finished"])
    kind = member_of(RetentionKind, str(detail.get("kind")))
    if kind is not None:
        return [_counted(str(kind.label), detail.get("count"))]
    said = []
    for key, value in detail.items():
        if key == "counts":
            said += [_counted(table_label(table), number) for table, number in value.items()]
        elif key in _WORDS:
            said.append(_WORDS[key](value))
        elif key != "method":
            said.append(f"{key}: {value}")
    return said


def _finished(removed: Mapping[str, int]) -> list[str]:
    """Return what a whole run removed after its period."""
    kinds = {kind: removed[kind.value] for kind in RetentionKind if kind.value in removed}
    counts = [_counted(str(kind.label), number) for kind, number in kinds.items()]
    return (
        [_("The nightly run removed:"), *counts] if counts else [_("The nightly run had nothing to remove.")]
    )


def _counted(label: str, number: Any) -> str:
    return str(_("%(kind)s: %(count)s", kind=label, count=number))


def _columns(value: Any) -> str:
    columns = value if isinstance(value, list) else [value]
    return str(_(", ").join(str(FIELD_LABELS.get(each, each)) for each in columns))


def _format(value: str) -> str:
    kind = member_of(ExportFormat, value)
    return value if kind is None else str(kind.label)


def _page_title(endpoint: str) -> str:
    """Return what people call the page that an endpoint belongs to; the endpoint where it has no name."""
    blueprint = endpoint.partition(".")[0]
    page = next((page for page in current_app.extensions["pages"] if page.endpoint == blueprint), None)
    return endpoint if page is None else str(page.title)


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "rows": lambda value: str(ngettext("%(num)d record", "%(num)d records", value)),
    "papers": lambda value: str(ngettext("with %(num)d paper", "with %(num)d papers", value)),
    "format": _format,
    "filters": lambda value: str(_(", ")).join(value),
    "narrowed": lambda value: str(_("a part of the list") if value else _("the whole list")),
    "column": _columns,
    "endpoint": _page_title,
    "what": lambda value: str(_WHAT.get(value, value)),
    "reason": lambda value: str(_("Reason: %(reason)s", reason=value)),
    "count": lambda value: str(ngettext("%(num)d login", "%(num)d logins", value)),
}
