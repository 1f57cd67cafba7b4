"""What seems wrong with a phone that somebody types, said at once: the page asks while the form is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask import Response, jsonify, request
from flask_admin import expose
from flask_babel import lazy_gettext as _

from views.fields import clean_line, phone_doubt
from views.page import PageForAll

TYPED_MOST = 200


class TypedPhoneView(PageForAll):
    """Answer what seems wrong with the numbers of a phone cell."""

    permission = "typed_phone"
    actions: ClassVar[Mapping[str, str]] = {"index": "read"}
    title = _("Phone")

    def __init__(self) -> None:
        super().__init__(name="typed_phone", endpoint="typed_phone", url="/typed-phone")

    @expose("/")
    def index(self) -> Response:
        """Answer one sentence, empty where nothing seems wrong."""
        return jsonify(doubt=phone_doubt(clean_line(request.args.get("text", "")[:TYPED_MOST])))
