"""The user guide in the panel: its pages, its search, and which of them is about the screen at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import abort, request, url_for
from flask_admin import expose
from flask_babel import get_locale
from flask_babel import lazy_gettext as _

from models.organisation import Locale
from views.fields import clean_line, member_of
from views.guide_pages import CHAPTERS, NAMES, GuidePage, guide, read_all
from views.guide_search import search
from views.page import PageForAll

SEARCH_MOST = 100
# The screen (an endpoint, or all of a view by its name) -> the page about it, with an anchor after "#".
ABOUT: Mapping[str, str] = {
    "home": "home",
    "due": "calls#due",
    "close_day": "home#close",
    "summary": "home#summary",
    "summary_meeting": "supervisors#summaries",
    "operations": "administrators#operations",
    "team": "supervisors#team",
    "team_day": "supervisors#days",
    "decision": "supervisors#decisions",
    "search": "finding#everywhere",
    "preferences": "first-day#look",
    "account_security": "account",
    "complaint": "complaints",
    "complaint.create_view": "complaints#register",
    "proposal": "complaints#propose",
    "compensation_rule": "complaints#propose",
    "department_task": "complaints#carry-out",
    "notice": "complaints#notices",
    "step_taken": "complaints#steps",
    "subject": "supervisors#subjects",
    "customer": "customers",
    "vehicle": "vehicles",
    "product_model": "vehicles#models",
    "service_receipt": "service-receipts",
    "call_record": "calls",
    "letter": "letters",
    "dealer": "dealers",
    "warranty_claim": "warranty-claims",
    "parts_quality_record": "parts-quality",
    "part": "parts-quality#parts",
    "supplier": "parts-quality#suppliers",
    "parts_shipment": "shipments",
    "import_run": "import",
    "export_run": "export",
    "digest": "digest",
    "digest_recipient": "digest#recipients",
    "chat_group": "digest#groups",
    "digest_settings": "digest#settings",
    "measure": "digest#measures",
    "quality_meeting": "digest#measures",
    "delivery": "administrators#mails",
    "staff": "supervisors#people",
    "department": "supervisors#departments",
    "position": "supervisors#departments",
    "region": "supervisors#departments",
    "absence": "supervisors#absences",
    "rights": "administrators#roles",
    "holiday": "supervisors#calendar",
    "deadline_rule": "administrators#deadlines",
    "deadline_preview": "administrators#deadlines",
    "office_calendar": "supervisors#calendar",
    "working_hours": "administrators#hours",
    "recycle_bin": "deleting#recycle-bin",
    "audit_log": "administrators#audit-log",
}


class GuideView(PageForAll):
    """Show everyone the guide, in the reader's language or the other one."""

    permission = "guide"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "page": "read"}
    title = _("Guide")

    def __init__(self) -> None:
        read_all()
        super().__init__(name="guide", endpoint="guide", url="/guide")

    @expose("/")
    def index(self) -> str:
        """Show the contents, or what was found in the guide."""
        typed = clean_line(request.args.get("q", "")[:SEARCH_MOST])
        return self._show(None, typed=typed, hits=search(shown_locale(), typed))

    @expose("/<page>")
    def page(self, page: str) -> str:
        """Show one page."""
        if page not in NAMES:
            abort(404)
        return self._show(guide(shown_locale())[page])

    def _show(self, page: GuidePage | None, **context: Any) -> str:
        pages = guide(shown_locale())
        around = _neighbours(page.name) if page else (None, None)
        return self.render(
            "guide.html",
            page=page,
            text=page.html(page_url, screen_url) if page else None,
            pages=pages,
            chapters=CHAPTERS,
            previous=pages.get(around[0] or ""),
            following=pages.get(around[1] or ""),
            locale=shown_locale(),
            other=next(locale for locale in Locale if locale.value != shown_locale()),
            page_url=page_url,
            **context,
        )


def shown_locale() -> str:
    """Return the language of the guide: the one that the address asks for, else the reader's."""
    asked = member_of(Locale, request.args.get("locale", ""))
    return asked.value if asked else str(get_locale())


def page_url(name: str, anchor: str = "", locale: str | None = None) -> str:
    """Return the address of a page, of the contents where `name` is empty; it keeps the language shown."""
    locale = locale or shown_locale()
    args: dict[str, Any] = {"locale": locale} if locale != str(get_locale()) else {}
    if name:
        args["page"] = name
    return url_for("guide.page" if name else "guide.index", _anchor=anchor or None, **args)


def screen_url(endpoint: str) -> str:
    """Return the address of a screen's first page."""
    return url_for(endpoint if "." in endpoint else f"{endpoint}.index_view")


def help_url() -> str:
    """Return the page of the guide about the screen at hand; the contents where none is about it."""
    about = ABOUT.get(request.endpoint or "") or ABOUT.get(request.blueprint or "", "")
    name, _sign, anchor = about.partition("#")
    return page_url(name, anchor)


def _neighbours(name: str) -> tuple[str | None, str | None]:
    place = NAMES.index(name)
    return NAMES[place - 1] if place else None, NAMES[place + 1] if place + 1 < len(NAMES) else None
