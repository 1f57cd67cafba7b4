"""The one screen on which records are kept: list, search, filters, details, form, deletion, export.

It opens nothing by itself: what a reader may do is asked at each request in `_handle_view`, which rows
there are is the business of models.scope, and a subclass says which columns are shown and asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from flask import abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm.exc import StaleDataError

from models import db
from models.exporting import ExportFormat
from views import (
    changing,
    coming_back,
    conflicts,
    deletion,
    export,
    notes,
    restoring,
    reveal,
    saving,
    sent_twice,
    undo,
)
from views.cells import cell, fetch_labels
from views.fields import coerce_id
from views.forms import RecordForm, column_of, target_of
from views.kept_draft import is_only_shown
from views.list_rows import RowDrawer
from views.listing import PAGE_SIZES, fetch_page, list_url, page_urls, read_request
from views.page import wants_json
from views.record_history import history_of, newest_of
from views.record_page import record_page
from views.record_type import ORIGIN, RecordType
from views.suggestions import NOTHING_FILLED, OWNERS, look_up, look_up_small

BACK_MOST = 1000


class RecordView(RecordType):
    """Keep the records of one type; a subclass of about 15 lines says what is particular."""

    actions: ClassVar[Mapping[str, str]] = {
        "index_view": "list",
        "details_view": "read",
        "create_view": "create",
        "edit_view": "edit",
        "delete_view": "delete",
        "change_view": "edit",
        "export": "export",
        "ajax_lookup": "list",
        "note_view": "edit",
        "remove_note_view": "edit",
        "attachment_view": "read",
        "restore_view": "restore",
        "reveal_view": "read",
    }
    # Stock endpoints that no screen uses: inline edits and bulk actions have their own holes.
    ajax_update = None
    action_view = None
    action_delete = None

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
        here = urlencode([(k, v) for k, v in request.args.items(multi=True) if k != "back"])[:BACK_MOST]
        drawer = RowDrawer(self, page.rows, here, wanted.search)
        return self.render(
            "list.html",
            wanted=wanted,
            page=page,
            rows=[drawer.row(row, page.depths.get(row.id, 0)) for row in page.rows],
            ways=drawer.ways,
            urls=page_urls(self, wanted, page),
            page_sizes=PAGE_SIZES,
            get_url=lambda **changed: list_url(self, wanted, **changed),
            here=here,
            export_formats=list(ExportFormat),
            at_once_most=export.AT_ONCE_MOST,
            can={action: self.is_allowed(action) for action in self.actions.values()},
        )

    @expose("/details/")
    def details_view(self) -> str:
        """Show one record whole, with what hangs on it and what was done to it."""
        return self.show_details(self.record_or_404())

    def show_details(self, row: Any, draft: notes.Draft | None = None, panel: Any = None) -> str:
        """Show a record's page; `draft` is a note that could not be taken, `panel` a form that was not.

        Both are None where there is none.
        """
        names = (*self.shown_names(), *ORIGIN)
        labels = fetch_labels(self, names, [row])
        # Asked for more than once: by the head, by what the sections say, and by those that are drawn.
        get_cell = cache(lambda name: cell(self, row, name, labels))
        entries = notes.entries(self, row)
        is_history = request.method == "GET" and request.args.get("show") == "history"
        return self.render(
            "details.html",
            row=row,
            label=self.label(row),
            origin=ORIGIN,
            get_cell=get_cell,
            page=record_page(self, row, get_cell, entries),
            history=history_of(self, row) if is_history else None,
            newest=[] if is_history else newest_of(self, row),
            notes=entries,
            draft=draft or notes.Draft(),
            panel=panel or self.panel(row),
            size_text=notes.size_text,
            can={action: self.is_allowed_on(action, row) for action in self.actions.values()},
        )

    @expose("/notes/", methods=("POST",))
    def note_view(self) -> ResponseReturnValue:
        """Take a note and files on a record."""
        return notes.add(self, self.record_or_404("edit"))

    @expose("/notes/remove/", methods=("POST",))
    def remove_note_view(self) -> ResponseReturnValue:
        """Remove a note, or a file of it."""
        return notes.remove(self, self.record_or_404("edit"))

    @expose("/attachment/")
    def attachment_view(self) -> ResponseReturnValue:
        """Send a file that hangs on a record."""
        return notes.send(self.record_or_404())

    @expose("/reveal/", methods=("POST",))
    def reveal_view(self) -> ResponseReturnValue:
        """Show a masked value of a record to who asks for it, and record that."""
        return reveal.answer(self, self.record_or_404())

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Enter a record."""
        form = self.form_for(None)
        if request.method == "POST" and not is_only_shown() and form.validate():
            row = self._enter(form)
            if row is not None and wants_json():
                # Entered in a dialog, for the field that is to refer to it.
                return jsonify(id=row.id, label=self.label(row)), 201
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
        row = self.record_or_404("edit")
        only = self._only_asked(row)
        form = self.form_for(row, only)
        conflict = conflicts.since_listed(self, form, row) if request.method == "GET" and only else None
        if is_only_shown():
            return self.show_form(form, row)
        if request.method == "POST":
            try:
                if form.seen_version == row.version:
                    conflicts.choose(form, row)
                    if form.validate() and self._save_changes(form, row):
                        return self._saved(row, only)
            except StaleDataError:
                db.session.rollback()
                row = self.record_or_404()
            if conflicts.is_saved_already(form, row):
                return self._saved(row, only)
            if form.seen_version != row.version:
                conflict = conflicts.conflict_of(self, form, row)
        form.version.data = str(row.version)
        return self.show_form(form, row, conflict)

    def _only_asked(self, row: Any) -> tuple[str, ...]:
        """Return the one field that the cell of a list asks for; empty where it is the whole form."""
        name = request.args.get("only")
        if name is None:
            return ()
        if name not in self.editable_names(row):
            abort(403)
        return (name,)

    def _saved(self, row: Any, only: tuple[str, ...]) -> ResponseReturnValue:
        if wants_json():
            return jsonify(id=row.id, label=self.label(row))
        return redirect(self.list_address if only else self.record_url(row))

    def _save_changes(self, form: RecordForm, row: Any) -> bool:
        can_undo = saving.changes_columns_only(form, row)
        if not saving.save(self, form, row, is_created=False):
            return False
        done = undo.changed(row) if can_undo else None
        undo.tell(_("%(record)s was saved.", record=self.label(row)), done)
        return True

    def record_url(self, row: Any) -> str:
        """Return where to go after saving: the record's page, where it is still visible, else the list.

        Who came from what is due goes on with the next there.
        """
        if request.args.get("then") == "due":
            return url_for("due.index")
        return self.page_url("details_view", id=row.id) if self.get_one(row.id) else self.list_address

    def show_form(
        self, form: RecordForm, row: Any, conflict: conflicts.Conflict | None = None
    ) -> ResponseReturnValue:
        """Show the form; with status 422 or 409 where what was sent could not be saved."""
        form.fetch_labels()
        label = self.label(row) if row is not None else None
        is_draft = is_only_shown()
        page = self.render(
            "form.html" if row is not None else self.new_template,
            form=form,
            row=row,
            label=label,
            conflict=conflict,
            is_draft=is_draft,
        )
        if request.method == "GET" or is_draft:
            return page
        return page, 409 if conflict else 422

    @expose("/restore/", methods=("GET", "POST"))
    def restore_view(self) -> ResponseReturnValue:
        """Show what a record was like earlier, and bring that back."""
        return restoring.show(self, self.record_or_404("restore"))

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> ResponseReturnValue:
        """Ask whether the records named should go, and let them go once that is confirmed."""
        is_final = request.method == "POST"
        ids = (request.form if is_final else request.args).getlist("id")
        rows = deletion.chosen_rows(self, ids, is_final=is_final)
        if not rows and is_final and sent_twice.earlier_record_id() is not None:
            # The second of two clicks.
            gone = coming_back.deleted_rows(self, deletion.keys_of(ids))
            return self._deleted({row.id: row.version for row in gone})
        if not rows:
            abort(404)
        references = deletion.references_to(self.model, [row.id for row in rows])
        reasons = self.why_not_delete(rows)
        changed = deletion.changed_since(rows, request.form.getlist("seen"))
        if is_final and not references and not reasons and not changed:
            return self._deleted(deletion.delete(rows))
        page = self.render(
            "delete.html",
            rows=rows,
            labels={row.id: self.label(row) for row in rows},
            references=references,
            reasons=reasons,
            changed={row.id for row in changed},
        )
        return (page, 409) if is_final else page

    def _deleted(self, versions: Mapping[int, int]) -> ResponseReturnValue:
        words = ngettext("%(num)d record was deleted.", "%(num)d records were deleted.", len(versions))
        undo.tell(words, undo.deleted(self, versions))
        return redirect(self.list_address)

    @expose("/change/", methods=("GET", "POST"))
    def change_view(self) -> ResponseReturnValue:
        """Change one column of the records named, after they were shown with what stands there now."""
        return changing.show(self)

    @expose("/export/<export_type>/", methods=("GET", "POST"))
    def export(self, export_type: str) -> ResponseReturnValue:
        """Download the list, as searched and filtered, as a file; a long one is made in the background."""
        return export.answer(self, export_type)

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> ResponseReturnValue:
        """Answer a relation field that asks which records match what is typed."""
        name = request.args.get("name", "")
        target = target_of(self.model, name) if name in {*self.form_names, *self.column_filters} else None
        if target is None or column_of(self.model, name) is None:
            abort(404)
        if target.is_small:
            if name not in self.typed_relations:
                abort(404)
            return jsonify(look_up_small(target, request.args.get("query", "")))
        fills = self.fills.get(name, NOTHING_FILLED)
        only = coerce_id(request.args["id"]) if "id" in request.args else None
        if "id" in request.args and only is None:
            abort(404)
        owners = {
            owner: key
            for owner in OWNERS
            if owner != name and (key := coerce_id(request.args.get(owner, ""))) is not None
        }
        return jsonify(look_up(target, request.args.get("query", ""), fills, only, owners))
