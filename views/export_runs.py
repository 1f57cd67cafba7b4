"""The exports of who is logged in: how far each is, and its file for as long as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, ClassVar, cast

from flask import Response, abort, current_app, flash, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from werkzeug.datastructures import MultiDict

from jobs.exports import make_export
from jobs.queues import progress
from models import ExportChunk, ExportRun, acting_as, current_actor, db, system_actor
from models.base import now
from models.centre import site_zone
from models.exporting import KEPT_FOR, ExportState, still_covers
from views.export import file_name, record_export, send, start
from views.listing import ListRequest, read_request
from views.lookups import view_named
from views.menu import Area
from views.notes import size_text
from views.page import PageForAll
from views.stored_mail import asked_key

if TYPE_CHECKING:
    from flask import Flask

    from views.base import RecordView

LISTED_MOST = 50
REPEATED_FROM = (ExportState.FAILED, ExportState.CANCELLED, ExportState.DONE)


class ExportRunView(PageForAll):
    """Show everybody the own exports, and nobody another's."""

    permission = "export_run"
    actions: ClassVar[Mapping[str, str]] = {
        "index": "read",
        "details": "read",
        "status": "read",
        "download": "read",
        "cancel": "act",
        "again": "act",
    }
    area, icon, title = Area.ORGANISATION, "download", lazy_gettext("Exports")

    def __init__(self) -> None:
        super().__init__(name="export_run", endpoint="export_run", url="/exports")

    def is_accessible(self) -> bool:
        """Tell whether the menu shows the page: to who may export the records of some list."""
        return any(view.is_allowed("export") for view in current_app.extensions["record_views"].values())

    @expose("/")
    def index(self) -> str:
        """List the own exports, newest first."""
        own = select(ExportRun).where(ExportRun.staff_id == own_id())
        runs = db.session.scalars(own.order_by(ExportRun.id.desc()).limit(LISTED_MOST))
        return self.render("exports.html", rows=[told(run) for run in runs])

    @expose("/details/")
    def details(self) -> str:
        """Show one export: how far it is, or its file."""
        return self.render("export.html", told=told(find_run(asked_key())), size_text=size_text)

    @expose("/status")
    def status(self) -> Response:
        """Answer how far an export is, for the script of its page."""
        run = find_run(asked_key())
        return jsonify(state=run.state.value, share=share_of(run))

    @expose("/download")
    def download(self) -> ResponseReturnValue:
        """Answer with the file, to who asked for it and still sees what was read then."""
        run = find_run(asked_key())
        shown = told(run)
        if shown.view is None or shown.wanted is None or not shown.is_to_fetch:
            flash(shown.why_not or _("There is no file to download."), "warning")
            return redirect(url_for(".details", id=run.id))
        record_export(shown.view, shown.wanted, run.format, run.rows_written or 0)
        run.fetched_at = now()
        db.session.commit()
        file = cast("IO[bytes]", StoredFile(run.id))
        return send(file, run.size or 0, run.format, shown.file_name)

    @expose("/cancel", methods=("POST",))
    def cancel(self) -> ResponseReturnValue:
        """Stop an export that is being made; the worker notices within a second."""
        run = find_run(asked_key())
        at = now()
        done = db.session.execute(
            update(ExportRun)
            .where(ExportRun.id == run.id, ExportRun.state == ExportState.RUNNING)
            .values(state=ExportState.CANCELLED, finished_at=at, expires_at=at + KEPT_FOR)
            .execution_options(synchronize_session=False)
        )
        assert isinstance(done, CursorResult)
        db.session.commit()
        if done.rowcount != 1:
            flash(_("It had come to its end before."), "warning")
        return redirect(url_for(".details", id=run.id))

    @expose("/again", methods=("POST",))
    def again(self) -> ResponseReturnValue:
        """Make the same export anew, with the records and the rights of now."""
        run = find_run(asked_key())
        if run.state not in REPEATED_FROM or not told(run).may_repeat:
            flash(_("This export can't be made again."), "warning")
            return redirect(url_for(".details", id=run.id))
        copied = ("staff_id", "table_name", "format", "is_whole", "args", "rows_expected")
        return start(ExportRun(**{name: getattr(run, name) for name in copied}), [("again", str(run.id))])


@dataclass(frozen=True, slots=True)
class ToldRun:
    """An export as its pages show it; `view` is None where its list is gone."""

    run: ExportRun
    view: RecordView | None
    title: str
    why_not: str | None
    share: float | None

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return file_name(self.title, self.run.asked_at.astimezone(site_zone()).date(), self.run.format)

    @property
    def is_to_fetch(self) -> bool:
        """Tell whether its file is there for who acts now."""
        return self.run.state is ExportState.DONE and self.why_not is None

    @property
    def may_repeat(self) -> bool:
        """Tell whether who acts now may have it made again."""
        return self.run.state in REPEATED_FROM and self.view is not None and self.view.is_allowed("export")

    @property
    def rows_done(self) -> int | None:
        """Return about how many rows are written by now; None where nothing is known."""
        return None if self.share is None else round(self.share * self.run.rows_expected)

    @property
    def wanted(self) -> ListRequest | None:
        """Return what was asked of the list; None where it is gone."""
        args = MultiDict([(key, value) for key, value in self.run.args])
        return None if self.view is None else read_request(self.view, args)

    @property
    def filters(self) -> list[str]:
        """Return by what the list was narrowed, as its reader typed it."""
        wanted = self.wanted
        if wanted is None:
            return []
        said = [f"“{wanted.search}”"] if wanted.search else []
        return said + [f"{each.label}: {each.words}" for each in wanted.active]


def told(run: ExportRun) -> ToldRun:
    """Return an export with what its pages say of it."""
    view = view_named(run.table_name)
    return ToldRun(run, view, str(view.plural if view else run.table_name), why_not(run), share_of(run))


def why_not(run: ExportRun) -> str | None:
    """Return why who acts now does not get the file of a run; None where nothing is against it."""
    actor, view = current_actor(), view_named(run.table_name)
    is_over = run.state is ExportState.DONE and (run.expires_at is None or run.expires_at < now())
    if run.state is not ExportState.DONE and run.problem is not None:
        return str(run.problem.label)
    if run.state is ExportState.EXPIRED or is_over:
        return str(_("A file is kept for a week; this one is gone."))
    if run.state is not ExportState.DONE:
        return None
    if view is None or actor is None or not view.is_allowed("export") or not still_covers(actor, run.scope):
        return str(_("What you may see has changed since this file was made, so you don't get it any more."))
    return None


def find_run(key: int) -> ExportRun:
    """Return an export of who acts now, else 404: also for another's."""
    own = select(ExportRun).where(ExportRun.id == key, ExportRun.staff_id == own_id())
    run = db.session.scalars(own.execution_options(populate_existing=True)).one_or_none()
    if run is None:
        abort(404)
    return run


def own_id() -> int | None:
    """Return who asks."""
    actor = current_actor()
    return None if actor is None else actor.staff_id


def share_of(run: ExportRun) -> float | None:
    """Return how far an export is, from 0 to 1; None where nothing is known."""
    return progress(make_export, run.id) if run.state is ExportState.RUNNING else None


class StoredFile:
    """The file of an export, read piece by piece while it is sent; no connection is held in between."""

    def __init__(self, run_id: int) -> None:
        """Begin before the first piece."""
        # The request has ended by the time most of it is read.
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's documented way
        self._run_id, self._position = run_id, 0

    def read(self, _size: int = -1) -> bytes:
        """Return the next piece, empty at the end."""
        piece = select(ExportChunk.content).where(
            ExportChunk.run_id == self._run_id, ExportChunk.position == self._position
        )
        self._position += 1
        with self._app.app_context(), acting_as(system_actor("download")):
            return db.session.scalar(piece) or b""
