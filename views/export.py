"""A list as a file: all of its rows as searched and filtered, in the reader's language, safe to open.

Up to AT_ONCE_MOST rows it is the answer itself; longer ones are made by a worker (jobs.exports), by the same
functions and as the same person.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

import structlog
from flask import abort, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from redis.exceptions import RedisError
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from jobs.export_files import write_export
from jobs.exports import ExportTable, make_export
from jobs.queues import enqueue
from models import ExportRun, current_actor, db
from models.access import AccessKind, record_access
from models.exporting import ExportFormat, ExportState
from views import sent_twice
from views.clock import today
from views.counting import count_rows, first_rows, reached
from views.export_rows import export_columns, export_names, export_rows
from views.fields import member_of
from views.finding import search_for
from views.listing import ListRequest, list_url, offered_sort, read_request
from views.lookups import view_named

if TYPE_CHECKING:
    from views.base import RecordView

log = structlog.get_logger()
AT_ONCE_MOST = 5_000
# So many exports of one person are made at a time: a worker has other things to do.
RUNNING_MOST = 3
IN_MEMORY_MOST = 2 * 1024 * 1024


def answer(view: RecordView, export_type: str) -> ResponseReturnValue:
    """Answer with the list as a file, or where it is long begin to make one."""
    kind = member_of(ExportFormat, export_type)
    if kind is None:
        abort(404)
    wanted = read_request(view, request.args)
    is_whole = request.values.get("columns") != "list"
    search = search_for(view.model, wanted.search)
    near = reached(view, wanted, search)
    expected = count_rows(view, near, search, first_rows(view, near, search))
    # What a list searches in the newest records alone, a file has of all of them.
    if near is wanted and expected <= AT_ONCE_MOST:
        return _send(view, wanted, kind, is_whole=is_whole)
    if request.method == "GET":
        flash(_("This file is made in the background. Press “Export” for it."), "warning")
        return redirect(list_url(view, wanted))
    actor = current_actor()
    assert actor is not None
    # Where so many rows can't be sorted so, the list itself stands in its usual order.
    sort = offered_sort(view, wanted, expected)
    run = ExportRun(
        staff_id=actor.staff_id,
        table_name=view.permission,
        format=kind,
        is_whole=is_whole,
        args=[[key, value] for key, value in wanted.kept_args if key not in ("sort", "desc") or sort],
        rows_expected=expected,
    )
    return start(run, [(kind.value, request.query_string.decode())])


def start(run: ExportRun, said: Sequence[tuple[str, str]]) -> ResponseReturnValue:
    """Have an export made, once however often the form is sent; `said` tells it from others of its page."""
    is_new = sent_twice.earlier_record_id(said) is None
    if is_new and _running(run.staff_id) >= RUNNING_MOST:
        words = _("%(most)d of your exports are being made. Wait for one, or cancel it.", most=RUNNING_MOST)
        flash(words, "warning")
        return redirect(url_for("export_run.index"))
    key, is_new = sent_twice.do_once(lambda: _add(run), said)
    if is_new:
        try:
            enqueue(make_export, key)
        except RedisError as error:
            # The clock will find it.
            log.warning("queue_unreachable", error=type(error).__name__)
    return redirect(url_for("export_run.details", id=key))


def _running(staff_id: int) -> int:
    running = (ExportRun.staff_id == staff_id) & (ExportRun.state == ExportState.RUNNING)
    return db.session.scalar(select(func.count()).select_from(ExportRun).where(running)) or 0


def _add(run: ExportRun) -> int:
    db.session.add(run)
    db.session.flush()
    return run.id


def export_table(table: str, args: Sequence[Any], is_whole: bool) -> ExportTable | None:
    """Return what an export holds for who acts now, by the arguments of the list; None where not allowed."""
    view = view_named(table)
    if view is None or not view.is_allowed("export"):
        return None
    return _table(view, read_request(view, MultiDict([(key, value) for key, value in args])), is_whole)


def _table(view: RecordView, wanted: ListRequest, is_whole: bool) -> ExportTable:
    names = export_names(view, is_whole=is_whole)
    return ExportTable(str(view.plural), export_columns(view, names), export_rows(view, wanted, names))


def _send(
    view: RecordView, wanted: ListRequest, kind: ExportFormat, *, is_whole: bool
) -> ResponseReturnValue:
    """Answer with the whole file: one that is made while it is sent could break off in the middle."""
    table = _table(view, wanted, is_whole)
    file = SpooledTemporaryFile(max_size=IN_MEMORY_MOST)  # noqa: SIM115 - closed when the answer is sent
    try:
        written = write_export(cast("IO[bytes]", file), kind, table.title, table.columns, table.rows)
    except BaseException:
        file.close()
        raise
    record_export(view, wanted, kind, written)
    db.session.commit()
    size = file.tell()
    file.seek(0)
    return send(cast("IO[bytes]", file), size, kind, file_name(table.title, today(), kind))


def send(file: IO[bytes], size: int, kind: ExportFormat, name: str) -> ResponseReturnValue:
    """Answer with a file to keep."""
    response = send_file(file, kind.media_type, as_attachment=True, download_name=name)
    # Werkzeug would call every text UTF-8.
    response.content_type = kind.media_type
    response.content_length = size
    return response


def file_name(title: str, day: date, kind: ExportFormat) -> str:
    """Return the name of an export's file."""
    return f"{title}-{day.isoformat()}.{kind.suffix}"


def record_export(view: RecordView, wanted: ListRequest, kind: ExportFormat, rows: int) -> None:
    """Note in the access log that a list leaves the panel; who calls commits."""
    actor = current_actor()
    log.info("exported", table=view.permission, rows=rows, staff_id=actor.staff_id if actor else None)
    detail: dict[str, Any] = {"rows": rows, "format": kind.value, "narrowed": wanted.is_narrowed}
    if filters := told_filters(view, wanted):
        detail["filters"] = filters
    record_access(AccessKind.EXPORTED, table=view.permission, remote_address=request.remote_addr, **detail)


def told_filters(view: RecordView, wanted: ListRequest) -> list[str]:
    """Return by what a list was narrowed, in words, without a name or number that somebody typed."""
    drawn = {tuple(each.keys): each.drawn_as for each in view.filters.values()}
    args = dict(wanted.kept_args)
    said = [str(_("Search"))] if wanted.search else []
    for active in wanted.active:
        words = {
            "choices": active.words,
            "period": active.words,
            "relation": f"#{args.get(active.keys[0], '')}",
        }
        said.append(f"{active.label}: {words.get(drawn[active.keys], '…')}")
    return said


def csv_line(values: list[str]) -> bytes:
    """Return a line of a file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue().encode()
