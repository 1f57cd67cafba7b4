"""What every page of the panel stands on: who may open it, where it stands in the menu, how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_babel import LazyString
from werkzeug.wrappers import Response as WerkzeugResponse

from models import current_actor
from models.permissions import allows
from views.logins import waiting
from views.menu import Area


class Guarded:
    """Ask for permission before any endpoint of a view runs; what is not named may be done by nobody."""

    # The name under which models.permissions knows the page.
    permission: str
    # Method of the view -> action that it takes. A method that isn't named here is refused.
    actions: ClassVar[Mapping[str, str]] = {}
    area: ClassVar[Area | None] = None
    icon: ClassVar[str] = "page"
    title: LazyString

    def is_allowed(self, action: str) -> bool:
        """Tell whether who acts now may take `action` here; asked at each request, never kept."""
        return allows(current_actor(), self.permission, action)

    def _handle_view(self, name: str, **_kwargs: Any) -> ResponseReturnValue | None:
        actor = current_actor()
        if actor is None or actor.staff_id is None:
            return ask_for_login()
        action = self.actions.get(name)
        if action is None or not (self.is_allowed(action) or self.is_allowed_on_request(action)):
            abort(403)
        return None

    def is_allowed_on_request(self, action: str) -> bool:  # noqa: ARG002 - for pages of records
        """Tell whether who acts now may take `action` on just what the request names, beyond the role."""
        return False

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin calls again with other arguments on TypeError, and so hides the real one.
        return fn(self, *args, **kwargs)

    def render(self, template: str, **context: Any) -> str:
        """Return a page; templates get the view as `view`."""
        return render_template(template, view=self, **context)


class Page(Guarded, BaseView):
    """A page that is no list of records: a subclass names permission, actions, area and title."""

    def is_accessible(self) -> bool:
        """Tell whether the page may be opened at all; Flask-Admin's menu asks."""
        return self.is_allowed("read")


class PageForAll(Page):
    """A page that everyone may open who is logged in; what stands on it asks for its own permission."""

    def is_allowed(self, action: str) -> bool:  # noqa: ARG002 - each action alike
        """Let everyone in who is logged in."""
        return current_actor() is not None


def wants_json() -> bool:
    """Tell whether a script of a page asks, and not a person who opens one."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def ask_for_login() -> WerkzeugResponse:
    """Send a person who is not logged in to the login page, and back here afterwards; refuse a script."""
    if wants_json():
        return Response(status=401)
    # A path of our own, never an address from outside; a change is not repeated after the login.
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(login_endpoint(), next=wanted if wanted != "/" else None))


def login_endpoint() -> str:
    """Return the page that comes next for somebody who is not, or not wholly, logged in."""
    waited = waiting()
    return "security.login" if waited is None else f"second_factor.{waited.stage.value}"
