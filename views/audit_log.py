"""The audit log: everything that was changed, and who came in, was refused, saw or took something out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any, ClassVar, cast

from flask import abort, current_app, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ScalarSelect, false, func, or_, select

from jobs.export_files import neutralise
from models import WITH_DELETED, Staff, db
from models.access import AccessKind, record_access
from models.audit import ChangeKind
from models.audit_log import NOBODY, LogPlace, LogQuery, read_log
from models.need_to_know import readable_label
from views.base import RecordView
from views.changes import TABLE_LABELS
from views.clock import show_instant, start_of_day, today
from views.days import parse_day
from views.export import IN_MEMORY_MOST, csv_line
from views.fields import clean_line, coerce_id, member_of
from views.finding import SEARCH_MOST
from views.forms import column_of
from views.log_details import table_label
from views.log_lines import LogLine, lines_from
from views.menu import Area
from views.page import Page

PAGE_SIZE = 50
CHUNK = 1000
ROWS_MOST = 50_000
RECORDS_MOST = 50
# By what people name a record of a type: each is found by an index.
NAMED_BY = ("number", "code", "frame_number", "plate_number", "email", "name")
ARGUMENTS = ("person", "kind", "table", "record", "from", "to", "text")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the query, what was typed, and what of it makes no sense."""

    query: LogQuery
    typed: dict[str, str]
    problems: list[str]

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a filter is at work."""
        return bool(self.typed)


class AuditLogView(Page):
    """Show auditors and administrators what was done, by whom."""

    permission = "audit_log"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "export": "export"}
    area, icon, title = Area.ORGANISATION, "clock", _("Audit log")

    def __init__(self) -> None:
        super().__init__(name="audit_log", endpoint="audit_log", url="/audit-log")

    @expose("/")
    def index(self) -> str:
        """Show a page of the log, newest first."""
        asked = read_asked(request.args)
        place = read_place(request.args.get("before", ""))
        entries, later = read_log(asked.query, place, PAGE_SIZE)
        return self.render(
            "audit_log.html",
            asked=asked,
            lines=lines_from(entries),
            earlier=f"{later.change or ''}~{later.access or ''}" if later else None,
            is_first=place == LogPlace(),
            people=people(),
            change_kinds=list(ChangeKind),
            access_kinds=list(AccessKind),
            tables=tables(),
            nobody=NOBODY,
            can_export=self.is_allowed("export"),
            since=asked.query.looked_at_since if asked.query.text else None,
        )

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> ResponseReturnValue:
        """Download what is asked for as a file, and write that down."""
        if export_type != "csv":
            abort(404)
        asked = read_asked(request.args)
        file = SpooledTemporaryFile(max_size=IN_MEMORY_MOST)  # noqa: SIM115 - closed when the answer is sent
        written = write(cast("IO[bytes]", file), asked.query)
        if written > ROWS_MOST:
            file.close()
            flash(
                gettext("These are more than %(most)d entries. Narrow the log first.", most=ROWS_MOST),
                "warning",
            )
            return redirect(url_for(".index", **cast("dict[str, Any]", asked.typed)))
        record_access(
            AccessKind.EXPORTED,
            table=self.permission,
            remote_address=request.remote_addr,
            rows=written,
            narrowed=asked.is_narrowed,
        )
        db.session.commit()
        size = file.tell()
        file.seek(0)
        name = f"{self.title}-{today().isoformat()}.csv"
        response = send_file(cast("IO[bytes]", file), "text/csv", as_attachment=True, download_name=name)
        response.content_length = size
        return response


def write(file: IO[bytes], query: LogQuery) -> int:
    """Write the lines of a query as CSV, and return their number; stop after one too many."""
    # The mark tells Excel that this is UTF-8.
    file.write(b"\xef\xbb\xbf")
    heads = (
        _("Time"),
        _("Who"),
        _("What happened"),
        _("Kind"),
        _("Record concerned"),
        _("Details"),
        _("Address"),
    )
    file.write(csv_line([str(head) for head in heads]))
    written = 0
    for line in itertools.islice(all_lines_of(query), ROWS_MOST + 1):
        file.write(csv_line(cells_of(line)))
        written += 1
    return written


def all_lines_of(query: LogQuery) -> Iterator[LogLine]:
    """Yield every line of a query, newest first."""
    place: LogPlace | None = LogPlace()
    while place is not None:
        entries, place = read_log(query, place, CHUNK)
        yield from lines_from(entries)
        # What was written already need not be kept.
        db.session.expunge_all()


def cells_of(line: LogLine) -> list[str]:
    """Return a line's cells, none of which a spreadsheet takes for a formula."""
    said = "; ".join(str(getattr(each, "text", each)) for each in line.said)
    texts = (line.who, line.kind_label, line.table_label, line.label, said, line.remote_address)
    return [show_instant(line.at), *(neutralise(text) for text in texts)]


def read_asked(args: Mapping[str, str]) -> Asked:
    """Return what the address asks for; what makes no sense is told and left out."""
    typed = {name: text for name in ARGUMENTS if (text := clean_line(args.get(name, "")[:SEARCH_MOST]))}
    problems: list[str] = []
    first, last = (_read_day(typed, name, problems) for name in ("from", "to"))
    kind = typed.get("kind", "")
    table = typed.get("table") if typed.get("table") in dict(tables()) else None
    query = LogQuery(
        person=NOBODY if typed.get("person") == str(NOBODY) else coerce_id(typed.get("person", "")),
        kind=member_of(ChangeKind, kind) or member_of(AccessKind, kind),
        table=table,
        records=find_records(typed["record"], table) if "record" in typed else None,
        since=start_of_day(first) if first else None,
        until=start_of_day(last + timedelta(days=1)) if last else None,
        text=typed.get("text", ""),
    )
    return Asked(query, typed, problems)


def _read_day(typed: Mapping[str, str], name: str, problems: list[str]) -> date | None:
    try:
        return parse_day(typed.get(name, ""))
    except ValueError as error:
        problems.append(str(error))
        return None


def read_place(raw: str) -> LogPlace:
    """Return the place at which the page begins; the newest where the address names none."""
    change, _sign, access = raw.partition("~")
    return LogPlace(coerce_id(change), coerce_id(access))


def find_records(typed: str, table: str | None) -> tuple[tuple[str, int], ...]:
    """Return table and id of the records that bear this number, code or name, deleted ones too; one query.

    #5 is the record with that id, where a table is named.
    """
    views: Mapping[Any, RecordView] = current_app.extensions["record_views"]
    key = coerce_id(typed.removeprefix("#")) if typed.startswith("#") else None
    if key is not None:
        return ((table, key),) if table else ()
    asked = [view for view in views.values() if table in (None, view.model.__tablename__)]
    if not asked:
        return ()
    parts = (_bearing(view, typed) for view in asked)
    found = db.session.execute(select(*parts), execution_options={WITH_DELETED: True}).one()
    named = [
        (view.model.__tablename__, key) for view, keys in zip(asked, found, strict=True) for key in keys or ()
    ]
    return tuple(named[:RECORDS_MOST])


def _bearing(view: RecordView, typed: str) -> ScalarSelect[Any]:
    """Return the ids of a type's records that are called like that, as one value."""
    model = view.model
    names = [name for name in NAMED_BY if hasattr(model, name) and column_of(model, name) is not None]
    matches = or_(*(getattr(model, name) == typed for name in names), false())
    return select(func.array_agg(model.id)).where(matches).scalar_subquery()


def people() -> list[tuple[int, str]]:
    """Return id and name of everybody who may have done something, those who left too."""
    statement = select(Staff.id, Staff.name).order_by(Staff.name_sort, Staff.id)
    return [
        (key, readable_label(Staff, name))
        for key, name in db.session.execute(statement, execution_options={WITH_DELETED: True})
    ]


def tables() -> list[tuple[str, str]]:
    """Return name and label of what entries can be about."""
    views: Mapping[Any, RecordView] = current_app.extensions["record_views"]
    names = [view.model.__tablename__ for view in views.values()]
    return [(name, table_label(name)) for name in (*names, *TABLE_LABELS)]
