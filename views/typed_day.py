"""How a date that somebody types is read, said at once: the page asks while the form is still open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask import Response, jsonify, request
from flask_admin import expose
from flask_babel import lazy_gettext as _

from views.clock import show_instant
from views.days import parse_day, parse_instant
from views.page import PageForAll

TYPED_MOST = 60


class TypedDayView(PageForAll):
    """Answer what a typed date means."""

    permission = "typed_day"
    actions: ClassVar[Mapping[str, str]] = {"index": "read"}
    title = _("Date")

    def __init__(self) -> None:
        super().__init__(name="typed_day", endpoint="typed_day", url="/typed-day")

    @expose("/")
    def index(self) -> Response:
        """Answer the date, and with kind=instant the time, as a field shows it, or what is wrong with it."""
        typed = request.args.get("text", "")[:TYPED_MOST]
        try:
            if request.args.get("kind") == "instant":
                instant = parse_instant(typed)
                return jsonify(value=show_instant(instant) if instant else "")
            day = parse_day(typed)
            return jsonify(value=day.isoformat() if day else "")
        except ValueError as error:
            return jsonify(error=str(error))
