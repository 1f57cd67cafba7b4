"""The page on which the centre says how long it keeps what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from models import db
from models.retention import (
    COUNTED_MOST,
    PERIODS,
    RetentionKind,
    choices_for,
    expired_count,
    last_run,
    periods,
    set_periods,
)
from views.menu import Area
from views.page import Page

FOR_EVER = "for-ever"
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A kind with the periods that may be chosen, and what the next run would remove of it."""

    kind: RetentionKind
    why: str
    choices: list[tuple[str, str]]
    chosen: str
    default: str
    goes: str


class RetentionView(Page):
    """Let administrators set retention periods, and see what the next run would remove."""

    permission = "centre"
    actions: ClassVar[Mapping[str, str]] = dict.fromkeys(("index", "save"), "edit")
    area, icon, title = Area.ORGANISATION, "clock", _("Retention periods")

    def __init__(self) -> None:
        super().__init__(name="retention", endpoint="retention", url="/retention")

    def is_accessible(self) -> bool:
        """Tell whether the menu shows the page: to administrators."""
        return self.is_allowed("edit")

    @expose("/")
    def index(self) -> str:
        """Show the periods, why they are what they are, and what is past them."""
        return self._page()

    @expose("/save", methods=("POST",))
    def save(self) -> ResponseReturnValue:
        """Set the periods, all of them or none."""
        wanted: dict[RetentionKind, int | None] = {}
        for kind in RetentionKind:
            allowed = {value_of(each): each for each in choices_for(kind)}
            sent = request.form.get(kind.value, "")
            if sent not in allowed:
                return self._page(kind), 422
            wanted[kind] = allowed[sent]
        set_periods(wanted)
        db.session.commit()
        flash(gettext("Saved. The next run keeps to it."), "success")
        return redirect(url_for(".index"))

    def _page(self, wrong: RetentionKind | None = None) -> str:
        set_now = periods()
        rows = [
            Row(
                kind,
                str(period.why),
                [(value_of(each), in_words(each)) for each in choices_for(kind)],
                value_of(set_now[kind]),
                in_words(period.months),
                counted(expired_count(kind)),
            )
            for kind, period in PERIODS.items()
        ]
        return self.render("retention.html", rows=rows, wrong=wrong, last=last_run())


def value_of(months: int | None) -> str:
    """Return how a period is sent by the form."""
    return FOR_EVER if months is None else str(months)


def in_words(months: int | None) -> str:
    """Return a period as people say it."""
    if months is None:
        return str(gettext("for ever"))
    if months % _YEAR:
        return str(ngettext("%(num)d month", "%(num)d months", months))
    return str(ngettext("%(num)d year", "%(num)d years", months // _YEAR))


def counted(number: int) -> str:
    """Return a count, or that it is more than anybody counts."""
    return str(gettext("%(count)s or more", count=number)) if number >= COUNTED_MOST else str(number)
