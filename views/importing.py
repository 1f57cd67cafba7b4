"""The screen of imports: upload a file, see what it would change, import it, get back what was rejected."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import ClassVar

import structlog
from flask import Response, abort, current_app, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _
from redis.exceptions import RedisError
from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult

from jobs.import_mapping import ImportMapping, load_mapping, mapping_names
from jobs.import_rejected import WORKBOOKS
from jobs.import_steps import STEPS, mappings_for
from jobs.import_template import make_template
from jobs.queues import enqueue, progress
from models import ImportRun, Staff, current_actor, db
from models.importing import AT_WORK, ImportState
from models.organisation import Locale
from models.sql import labels_for
from views import sent_twice
from views.import_history import HistoryChoice, offer_history, read_history
from views.menu import Area
from views.page import Page
from views.stored_mail import asked_key

MEGABYTE = 1 << 20
# Below what the panel takes of any request, so that the sentence comes rather than the error page.
MOST_BYTES = 24 * MEGABYTE
PAGE_SIZE = 30
MOST_PAGES = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a reader must not take for a file of another kind, or a path.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\/]')

log = structlog.get_logger()


class ImportView(Page):
    """Bring files in; who may import which records is asked by record type as well."""

    permission = "import_run"
    actions: ClassVar[Mapping[str, str]] = {
        "index": "read",
        "details": "read",
        "status": "read",
        "template": "create",
        "upload": "create",
        "check": "create",
        "start": "create",
        "discard": "create",
        "rejected": "create",
    }
    area, icon, title = Area.ORGANISATION, "upload", _("Import")

    def __init__(self) -> None:
        super().__init__(name="import_run", endpoint="import_run", url="/import")

    @expose("/")
    def index(self) -> str:
        """Offer to upload a file, the templates, and list earlier imports, newest first."""
        page = asked_page()
        rows = db.session.scalars(
            select(ImportRun).order_by(ImportRun.id.desc()).limit(PAGE_SIZE + 1).offset(page * PAGE_SIZE)
        ).all()
        own, foreign = offered_mappings()
        return self.render(
            "imports.html",
            rows=rows[:PAGE_SIZE],
            has_more=len(rows) > PAGE_SIZE and page + 1 < MOST_PAGES,
            page=page,
            people=labels_for(Staff, [row.staff_id for row in rows if row.staff_id]),
            own=own,
            foreign=foreign,
            title_of=mapping_title,
            most_megabytes=MOST_BYTES // MEGABYTE,
        )

    @expose("/details/")
    def details(self) -> str:
        """Show one import: how far it is, what it would change, or what it has changed."""
        run = find_run(asked_key())
        return self.show(run, offer_history(run))

    def show(self, run: ImportRun, history: HistoryChoice | None) -> str:
        """Draw the page of one import."""
        return self.render(
            "import.html",
            run=run,
            history=history,
            title_of=mapping_title,
            people=labels_for(Staff, [run.staff_id] if run.staff_id else []),
            mappings=[each for group in offered_mappings() for each in group],
            may_handle=may_handle(run),
            share=share_of(run),
            is_at_work=run.state in AT_WORK,
        )

    @expose("/status")
    def status(self) -> Response:
        """Answer how far an import is, for the script of its page."""
        run = find_run(asked_key())
        return jsonify(state=run.state.value, share=share_of(run))

    @expose("/template")
    def template(self) -> ResponseReturnValue:
        """Answer with a workbook to fill in, in the language asked for."""
        name, locale = request.args.get("mapping", ""), request.args.get("locale", "")
        if name not in mappings_for(current_actor()) or locale not in {each.value for each in Locale}:
            abort(404)
        mapping = load_mapping(name)
        if not mapping.is_own:
            abort(404)
        content = make_template(mapping, Locale(locale))  # type: ignore[call-arg]  # a Labelled by its value
        title = mapping.titles[locale]
        return send_file(
            io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=f"{title}.xlsx"
        )

    @expose("/upload", methods=("POST",))
    def upload(self) -> ResponseReturnValue:
        """Keep a file and have it checked."""
        back = redirect(url_for(".index"))
        file = request.files.get("file")
        mapping = request.form.get("mapping", "")
        if mapping and mapping not in mappings_for(current_actor()):
            abort(403)
        content = b""
        if file is not None:
            content = file.stream.read(MOST_BYTES + 1)
            file.close()
        if file is None or not file.filename or not content:
            flash(_("Choose a file that holds something."), "error")
            return back
        if len(content) > MOST_BYTES:
            flash(_("The file is larger than %(size)s MB. Split it.", size=MOST_BYTES // MEGABYTE), "error")
            return back
        actor = current_actor()
        run = ImportRun(
            mapping=mapping,
            file_name=safe_name(file.filename),
            file_sha256=hashlib.sha256(content).hexdigest(),
            staff_id=actor.staff_id if actor else None,
            state=ImportState.CHECKING,
            content=content,
        )
        key, is_new = sent_twice.do_once(lambda: add_run(run), [(run.file_name, run.file_sha256)])
        if is_new:
            go_on(key, ImportState.CHECKING)
        return redirect(url_for(".details", id=key))

    @expose("/check", methods=("POST",))
    def check(self) -> ResponseReturnValue:
        """Have a file checked again, by another mapping."""
        run = find_run(asked_key(), to_change=True)
        mapping = request.form.get("mapping", "")
        if mapping and mapping not in mappings_for(current_actor()):
            abort(403)
        before = (ImportState.CHECKED, ImportState.REFUSED)
        return moved(run, before, ImportState.CHECKING, mapping=mapping, problem=None, preview=None)

    @expose("/start", methods=("POST",))
    def start(self) -> ResponseReturnValue:
        """Import a file that was checked."""
        run = find_run(asked_key(), to_change=True)
        choice = offer_history(run)
        until = read_history(choice)
        if choice and choice.error:
            return self.show(run, choice), 422
        return moved(run, (ImportState.CHECKED,), ImportState.RUNNING, history_until=until)

    @expose("/discard", methods=("POST",))
    def discard(self) -> ResponseReturnValue:
        """Let go of a file without importing it."""
        run = find_run(asked_key(), to_change=True)
        before = (ImportState.CHECKED, ImportState.REFUSED)
        return moved(run, before, ImportState.DISCARDED, content=None, preview=None)

    @expose("/rejected")
    def rejected(self) -> ResponseReturnValue:
        """Answer with the rejected rows, in the layout of the file."""
        run = find_run(asked_key(), to_change=True)
        content = db.session.scalar(select(ImportRun.rejected).where(ImportRun.id == run.id))
        if content is None:
            abort(404)
        name = PurePath(run.file_name)
        suffix = ".csv" if name.suffix.lower() in WORKBOOKS else name.suffix or ".csv"
        return send_file(
            io.BytesIO(content),
            # What is in it comes from anybody: a file to keep, never a page.
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=f"{name.stem.removesuffix('-rejected')}-rejected{suffix}",
        )


def offered_mappings() -> tuple[list[ImportMapping], list[ImportMapping]]:
    """Return what who acts now may import: the own lists in the order of the sidebar, then other sources."""
    mappings = [load_mapping(name) for name in mappings_for(current_actor())]
    place = {model: at for at, model in enumerate(current_app.extensions["record_views"])}
    own = sorted((each for each in mappings if each.is_own), key=lambda each: place[each.record])
    foreign = sorted((each for each in mappings if not each.is_own), key=lambda each: place[each.record])
    return own, foreign


def add_run(run: ImportRun) -> int:
    """Add an import, and return its key."""
    db.session.add(run)
    db.session.flush()
    return run.id


def find_run(key: int, *, to_change: bool = False) -> ImportRun:
    """Return an import, else 404; 403 where who acts now may not import what is in it and wants to."""
    run = db.session.scalars(
        select(ImportRun).where(ImportRun.id == key).execution_options(populate_existing=True)
    ).one_or_none()
    if run is None:
        abort(404)
    if to_change and not may_handle(run):
        abort(403)
    return run


def may_handle(run: ImportRun) -> bool:
    """Tell whether who acts now may see what is in the file, import it and let it go."""
    names = mappings_for(current_actor())
    actor = current_actor()
    if run.mapping:
        return run.mapping in names
    # Not recognised yet: it may hold anything.
    return actor is not None and run.staff_id == actor.staff_id and bool(names)


def moved(
    run: ImportRun, before: tuple[ImportState, ...], state: ImportState, **values: object
) -> ResponseReturnValue:
    """Bring a run to another state, unless somebody was faster, and go back to its page."""
    done = db.session.execute(
        update(ImportRun)
        .where(ImportRun.id == run.id, ImportRun.state.in_(before), ImportRun.content.is_not(None))
        .values(state=state, attempts=0, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    db.session.commit()
    if done.rowcount == 1:
        go_on(run.id, state)
    else:
        flash(_("Somebody has decided about this file already."), "warning")
    return redirect(url_for(".details", id=run.id))


def go_on(run_id: int, state: ImportState) -> None:
    """Wake a worker for the next step, if there is one; where the queue is away, the clock will."""
    if state not in STEPS:
        return
    try:
        enqueue(STEPS[state], run_id)
    except RedisError as error:
        log.warning("queue_unreachable", error=type(error).__name__)


def share_of(run: ImportRun) -> float | None:
    """Return how far the present step is, from 0 to 1; None where nothing is known."""
    return progress(STEPS[run.state], run.id) if run.state in STEPS else None


def mapping_title(name: str) -> str:
    """Return what people call a mapping; its name where it is gone, nothing where there is none yet."""
    mapping: ImportMapping | None = load_mapping(name) if name in mapping_names() else None
    return mapping.title if mapping else name


def safe_name(name: str) -> str:
    """Return the last part of a file's name, with nothing in it that could be a path or a header."""
    return _UNSAFE.sub("_", PurePath(name.replace("\\", "/")).name).strip(" .")[-200:] or "file"


def asked_page() -> int:
    """Return the number of the page, from 0."""
    raw = request.args.get("page", "")
    return min(int(raw), MOST_PAGES - 1) if raw.isascii() and raw.isdigit() and len(raw) < 6 else 0
