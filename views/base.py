"""The one screen on which records are kept: list, search, filters, details, form, deletion, export.

It opens nothing by itself: what a reader may do is asked at each request in `_handle_view`, which rows
there are is the business of models.scope, and a subclass says which columns are shown and asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from flask import abort, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql.base import ExecutableOption

from models import Record, db
from views import conflicts, deletion, export, notes, saving, sent_twice
from views.cells import cell, fetch_labels
from views.errors import Refusal
from views.fields import can_see, coerce_id
from views.filters import Filter, make_filter
from views.forms import RecordForm, Section, column_of, form_class, label_of, target_of
from views.history import history_of
from views.linked import linked_records
from views.listing import PAGE_SIZES, fetch_page, list_url, read_request
from views.lookups import is_small
from views.page import Guarded
from views.suggestions import NOTHING_FILLED, look_up

# Columns on a record's page that every record has, after its own sections.
ORIGIN = ("created_at", "created_by_id", "updated_at")
BACK_MOST = 1000


class RecordView(Guarded, ModelView):
    """Keep the records of one type; a subclass of about 15 lines says what is particular."""

    actions: ClassVar[Mapping[str, str]] = {
        "index_view": "list",
        "details_view": "read",
        "create_view": "create",
        "edit_view": "edit",
        "delete_view": "delete",
        "export": "export",
        "ajax_lookup": "list",
        "note_view": "edit",
        "remove_note_view": "edit",
        "attachment_view": "read",
    }
    # Stock endpoints that no screen uses: inline edits and bulk actions have their own holes.
    ajax_update = None
    action_view = None
    action_delete = None

    singular: ClassVar[LazyString]
    plural: ClassVar[LazyString]
    new_label: ClassVar[LazyString]
    column_list: ClassVar[tuple[str, ...]] = ()
    column_searchable_list: ClassVar[tuple[str, ...]] = ()
    column_filters: ClassVar[tuple[str, ...]] = ()
    column_descriptions: ClassVar[Mapping[str, LazyString]] = {}
    column_labels: ClassVar[Mapping[str, LazyString]] = {}
    form_sections: ClassVar[tuple[Section, ...]] = ()
    # Checks beyond type and length, by field: WTForms validators.
    form_checks: ClassVar[Mapping[str, Sequence[Any]]] = {}
    required_fields: ClassVar[frozenset[str]] = frozenset()
    # What tells records of one label apart where they are looked up: plain columns.
    hint_columns: ClassVar[tuple[str, ...]] = ()
    # By relation: the fields that are filled in, while still empty, from the record chosen, and its column.
    fills: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    default_sort: ClassVar[tuple[str, bool]] = ("id", True)
    list_options: ClassVar[tuple[ExecutableOption, ...]] = ()
    is_tree: ClassVar[bool] = False

    filters: dict[str, Filter]
    sortable: frozenset[str]

    def __init__(self, model: type[Record]) -> None:
        table = model.__tablename__
        self.permission = table
        self.title = self.plural
        super().__init__(model, db, name=table, endpoint=table, url=f"/{table.replace('_', '-')}")

    def _refresh_cache(self) -> None:
        # Flask-Admin builds forms, filters and flags here for all readers alike; ours depend on who asks.
        self.filters = {name: make_filter(self, name) for name in self.column_filters}
        self.sortable = frozenset(
            name
            for name in self.column_list
            if column_of(self.model, name) is not None and self._is_plain(name)
        )
        self._forms: dict[tuple[str, ...], type[RecordForm]] = {}
        self.form_for_names(self.form_names)

    def scaffold_auto_joins(self) -> list[Any]:
        """Join nothing: labels of other records come with one query for each table."""
        return []

    def _is_plain(self, name: str) -> bool:
        return target_of(self.model, name) is None and name != "role_names"

    def get_column_name(self, field: str) -> LazyString:
        """Return what people call a column."""
        return self.column_labels.get(field) or label_of(field)

    @property
    def form_names(self) -> tuple[str, ...]:
        """Return every field of the form, in order."""
        return tuple(name for section in self.form_sections for name in section.names)

    def settable_names(self, row: Record | None) -> tuple[str, ...]:  # noqa: ARG002 - for subclasses
        """Return the fields that who acts now may set on `row` (None: on a new one)."""
        return self.form_names

    def is_accessible(self) -> bool:
        """Tell whether the menu shows the list."""
        return self.is_allowed("list")

    # Rows

    def get_one(self, id: object) -> Any:  # noqa: A002 - Flask-Admin's name
        """Return the visible record with this id; None for any other and for what is no id."""
        key = coerce_id(id)
        if key is None:
            return None
        # A fresh SELECT: what the session holds already would come back without the row limits.
        statement = select(self.model).where(self.model.id == key).execution_options(populate_existing=True)
        return db.session.scalars(statement).one_or_none()

    def record_or_404(self) -> Any:
        """Return the record that the URL names."""
        row = self.get_one(request.args.get("id", ""))
        if row is None:
            abort(404)
        return row

    def label(self, row: Any) -> str:
        """Return by what people recognise a record."""
        statement = select(self.model.label_column()).select_from(self.model).where(self.model.id == row.id)
        return str(db.session.scalar(statement) or row.id)

    # Forms

    def form_for_names(self, names: tuple[str, ...]) -> type[RecordForm]:
        """Return the form over these fields, made once."""
        if names not in self._forms:
            self._forms[names] = form_class(self, names)
        return self._forms[names]

    def form_for(self, row: Record | None) -> RecordForm:
        """Return the form that who acts now may fill in, with what was sent or else what is stored."""
        make = self.form_for_names(self.settable_names(row))
        sent = request.form if request.method == "POST" else None
        if row is not None:
            return make(formdata=sent, obj=row)
        return make(formdata=sent, data=self.new_values())

    def new_values(self) -> dict[str, Any]:
        """Return what stands in an empty form: the columns' defaults, and on opening it what the URL says."""
        values: dict[str, Any] = {}
        for name in self.form_names:
            column = column_of(self.model, name)
            default: Any = getattr(column, "default", None)
            if default is not None:
                # SQLAlchemy wraps a function so that it takes a context.
                values[name] = default.arg(None) if default.is_callable else default.arg
            target = target_of(self.model, name)
            if request.method == "GET" and target is not None and column is not None:
                key = coerce_id(request.args.get(name, ""))
                # The form names what is chosen, so an address may choose only what its reader sees.
                values[name] = key if key is not None and can_see(target, key) else None
        return values

    def new_row(self) -> Any:
        """Return an empty record, with what no person gives."""
        return self.model()

    def check(self, form: RecordForm, row: Any) -> Refusal | None:  # noqa: ARG002 - for subclasses
        """Return why the record can't be saved, before anything is set; None when nothing is against it."""
        return None

    def on_save(self, form: RecordForm, row: Any, *, is_created: bool) -> None:
        """Do what belongs to saving; runs after the flush (a new row has its id), before the commit."""

    def after_commit(self, row: Any, *, is_created: bool) -> None:
        """Do what may only happen once the record is safe, such as waking a worker; it must not fail."""

    # Pages

    @property
    def back(self) -> str:
        """Return the query of the list from which the reader came, so that the way back keeps its filters."""
        return urlencode(parse_qsl(request.args.get("back", "")[:BACK_MOST]))

    def page_url(self, endpoint: str, **args: Any) -> str:
        """Return the address of one of the view's own pages."""
        return url_for(f"{self.endpoint}.{endpoint}", **args, back=self.back or None)

    @property
    def list_address(self) -> str:
        """Return the address of the list as the reader left it."""
        address = url_for(f"{self.endpoint}.index_view")
        return f"{address}?{self.back}" if self.back else address

    @expose("/")
    def index_view(self) -> str:
        """Show the list."""
        wanted = read_request(self, request.args)
        page = fetch_page(self, wanted)
        labels = fetch_labels(self, self.column_list, page.rows)
        return self.render(
            "list.html",
            wanted=wanted,
            page=page,
            page_sizes=PAGE_SIZES,
            get_cell=lambda row, name: cell(self, row, name, labels),
            get_url=lambda **changed: list_url(self, wanted, **changed),
            here=urlencode([(k, v) for k, v in request.args.items(multi=True) if k != "back"])[:BACK_MOST],
            can={action: self.is_allowed(action) for action in self.actions.values()},
        )

    @expose("/details/")
    def details_view(self) -> str:
        """Show one record whole, with what hangs on it and what was done to it."""
        return self.show_details(self.record_or_404())

    def show_details(self, row: Any, draft: notes.Draft | None = None) -> str:
        """Show a record's page; `draft` is a note that could not be taken, None where there is none."""
        names = (*self.shown_names(), *ORIGIN)
        labels = fetch_labels(self, names, [row])
        return self.render(
            "details.html",
            row=row,
            label=self.label(row),
            origin=ORIGIN,
            get_cell=lambda name: cell(self, row, name, labels),
            linked=linked_records(self, row),
            history=history_of(self, row, names),
            notes=notes.entries(self, row),
            draft=draft or notes.Draft(),
            size_text=notes.size_text,
            can={action: self.is_allowed(action) for action in self.actions.values()},
        )

    @expose("/notes/", methods=("POST",))
    def note_view(self) -> ResponseReturnValue:
        """Take a note and files on a record."""
        return notes.add(self, self.record_or_404())

    @expose("/notes/remove/", methods=("POST",))
    def remove_note_view(self) -> ResponseReturnValue:
        """Remove a note, or a file of it."""
        return notes.remove(self, self.record_or_404())

    @expose("/attachment/")
    def attachment_view(self) -> ResponseReturnValue:
        """Send a file that hangs on a record."""
        return notes.send(self.record_or_404())

    @property
    def only_listed(self) -> tuple[str, ...]:
        """Return the columns of the list that no form sets, such as a number."""
        return tuple(name for name in self.column_list if name not in self.form_names and name not in ORIGIN)

    def shown_names(self) -> tuple[str, ...]:
        """Return the columns on a record's page."""
        return self.only_listed + self.form_names

    @property
    def search_names(self) -> str:
        """Return what the search looks through, in words."""
        return str(_(", ")).join(str(self.get_column_name(name)) for name in self.column_searchable_list)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Enter a record."""
        form = self.form_for(None)
        if request.method == "POST" and form.validate():
            row = self._enter(form)
            if row is not None:
                flash(_("%(record)s was saved.", record=self.label(row)), "success")
                return redirect(
                    self.page_url("create_view") if "_add_another" in request.form else self.record_url(row)
                )
        return self.show_form(form, None)

    def _enter(self, form: RecordForm) -> Any:
        """Return the record that the form enters, or entered when it was sent before; None where refused."""
        before = sent_twice.earlier_record_id()
        if before is None:
            row = self.new_row()
            try:
                return row if saving.save(self, form, row, is_created=True) else None
            except sent_twice.SentTwiceError:
                before = sent_twice.earlier_record_id()
        return self.get_one(before)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Change a record, unless somebody else changed it since the form was opened."""
        row = self.record_or_404()
        form = self.form_for(row)
        conflict = None
        if request.method == "POST":
            try:
                if form.seen_version == row.version and form.validate() and self._save_changes(form, row):
                    return redirect(self.record_url(row))
            except StaleDataError:
                db.session.rollback()
                row = self.record_or_404()
            if form.seen_version != row.version:
                conflict = conflicts.conflict_of(self, form, row)
        form.version.data = str(row.version)
        return self.show_form(form, row, conflict)

    def _save_changes(self, form: RecordForm, row: Any) -> bool:
        if not saving.save(self, form, row, is_created=False):
            return False
        flash(_("%(record)s was saved.", record=self.label(row)), "success")
        return True

    def record_url(self, row: Any) -> str:
        """Return where to go after saving: the record's page, where it is still visible, else the list."""
        return self.page_url("details_view", id=row.id) if self.get_one(row.id) else self.list_address

    def show_form(
        self, form: RecordForm, row: Any, conflict: conflicts.Conflict | None = None
    ) -> ResponseReturnValue:
        """Show the form; with status 422 or 409 where what was sent could not be saved."""
        form.fetch_labels()
        label = self.label(row) if row is not None else None
        key = sent_twice.form_key() if row is None else None
        page = self.render("form.html", form=form, row=row, label=label, conflict=conflict, form_key=key)
        if request.method == "GET":
            return page
        return page, 409 if conflict else 422

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> ResponseReturnValue:
        """Ask whether the records named should go, and let them go once that is confirmed."""
        is_final = request.method == "POST"
        ids = (request.form if is_final else request.args).getlist("id")
        rows = deletion.chosen_rows(self, ids, is_final=is_final)
        if not rows:
            abort(404)
        references = deletion.references_to(self.model, [row.id for row in rows])
        if is_final and not references and not self.why_not_delete(rows):
            deletion.delete(rows)
            flash(
                ngettext("%(num)d record was deleted.", "%(num)d records were deleted.", len(rows)), "success"
            )
            return redirect(self.list_address)
        page = self.render(
            "delete.html",
            rows=rows,
            labels={row.id: self.label(row) for row in rows},
            references=references,
            reason=self.why_not_delete(rows),
        )
        return (page, 409) if is_final else page

    def why_not_delete(self, rows: list[Any]) -> str | None:  # noqa: ARG002 - for subclasses
        """Return why these records may not be deleted, beyond what hangs on them; None when they may."""
        return None

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> ResponseReturnValue:
        """Download the list, as searched and filtered, as a file."""
        if export_type != "csv":
            abort(404)
        wanted = read_request(self, request.args)
        written = export.write_csv(self, wanted)
        if written is None:
            most = export.ROWS_MOST
            flash(_("These are more than %(most)d records. Narrow the list first.", most=most), "warning")
            return redirect(list_url(self, wanted))
        file, size = written
        name = export.file_name(self)
        response = send_file(file, "text/csv", as_attachment=True, download_name=name)
        response.content_length = size
        return response

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> ResponseReturnValue:
        """Answer a relation field that asks which records match what is typed."""
        name = request.args.get("name", "")
        target = target_of(self.model, name) if name in {*self.form_names, *self.column_filters} else None
        if target is None or column_of(self.model, name) is None or is_small(target):
            abort(404)
        fills = self.fills.get(name, NOTHING_FILLED)
        return jsonify(look_up(target, request.args.get("query", ""), fills))
