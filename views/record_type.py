"""What a type of record is on screen: which columns it shows and asks for, how its rows are found and made.

A subclass says that in about 15 lines; what a browser may ask of it stands in views.base.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from flask import abort, request
from flask_admin.contrib.sqla import ModelView
from flask_babel import LazyString
from flask_babel import gettext as _
from sqlalchemy import ARRAY, Column, Date, DateTime, Integer, Numeric, select
from sqlalchemy.sql.base import ExecutableOption
from werkzeug.datastructures import MultiDict

from models import WITH_DELETED, Record, current_actor, db
from models.base import Reach
from models.need_to_know import masked_names, masked_texts, readable_label
from models.own_rights import allows_on
from models.permissions import allows
from models.phones import digits_of
from views.constraint_refusals import Refusal
from views.deletion import why_kept
from views.fields import clean_line, coerce_id
from views.filters import Filter, make_filter
from views.finding import SEARCH_MOST
from views.forms import RecordForm, Section, column_of, form_class, label_of, target_of
from views.key_facts import Term
from views.key_figures import KeyFigure
from views.page import Guarded
from views.prefill import address_values
from views.revealed import mask_fields
from views.task_filter import task_filters

# More own records at once are refused; a list page has no more.
OWN_ROWS_MOST = 100
# Columns on a record's page that every record has, after its own sections.
ORIGIN = ("created_at", "created_by_id", "updated_at")


class RecordType(Guarded, ModelView):
    """Say what is particular to the records of one type."""

    singular: ClassVar[LazyString]
    plural: ClassVar[LazyString]
    new_label: ClassVar[LazyString]
    # What the list is for and how one begins, where nothing stands in it; None leaves a general sentence.
    what_for: ClassVar[LazyString | None] = None
    column_list: ClassVar[tuple[str, ...]] = ()
    # Columns that are changed in the cells of the list, one at a time.
    editable_columns: ClassVar[tuple[str, ...]] = ()
    column_filters: ClassVar[tuple[str, ...]] = ()
    column_descriptions: ClassVar[Mapping[str, LazyString]] = {}
    column_labels: ClassVar[Mapping[str, LazyString]] = {}
    form_sections: ClassVar[tuple[Section, ...]] = ()
    # Checks beyond type and length, by field: WTForms validators.
    form_checks: ClassVar[Mapping[str, Sequence[Any]]] = {}
    required_fields: ClassVar[frozenset[str]] = frozenset()
    # What decides about a record: set by those alone who may approve such records.
    decided_by_approval: ClassVar[frozenset[str]] = frozenset()
    # What tells records of one label apart where they are looked up: plain columns.
    hint_columns: ClassVar[tuple[str, ...]] = ()
    # By relation: the fields that are filled in, while still empty, from the record chosen, and its column.
    fills: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    # Relations to small tables that are found by typing, as those to large ones are.
    typed_relations: ClassVar[tuple[str, ...]] = ()
    # On what a new record is entered.
    new_template: ClassVar[str] = "form.html"
    # Pages that belong to the list, by endpoint, with what the way there is called.
    pages_beside: ClassVar[Mapping[str, LazyString]] = {}
    default_sort: ClassVar[tuple[str, bool]] = ("id", True)
    # In the list's own order what has no such value yet comes first: it waits for somebody.
    starts_with_empty: ClassVar[bool] = False
    list_options: ClassVar[tuple[ExecutableOption, ...]] = ()
    is_tree: ClassVar[bool] = False
    # Who enters a new record answers for it, until it is given to somebody else.
    is_given_to_who_enters: ClassVar[bool] = False
    # What stands at the head of a record's page: columns, and of those that are days what they mean now.
    key_facts: ClassVar[tuple[str, ...]] = ()
    terms: ClassVar[Mapping[str, Term]] = {}
    # Under what name models.due looks for what is due about such a record; None: nothing can be.
    due_key: ClassVar[str | None] = None
    # The columns of these records on the page of another one; empty: the first of the list.
    brief_columns: ClassVar[tuple[str, ...]] = ()
    # Tables whose records stand on this one's page as short lists, in this order; others that name it, as
    # numbers that lead to their lists. None: all of them as short lists.
    cards: ClassVar[tuple[str, ...] | None] = None

    filters: dict[str, Filter]
    # Columns of the list whose heads stand to the right, as their numbers do.
    numbers: frozenset[str]

    def __init__(self, model: type[Record]) -> None:
        table = model.__tablename__
        self.permission = table
        self.title = self.plural
        super().__init__(model, db, name=table, endpoint=table, url=f"/{table.replace('_', '-')}")

    def _refresh_cache(self) -> None:
        # Flask-Admin builds forms, filters and flags here for all readers alike; ours depend on who asks.
        self.filters = {name: make_filter(self, name) for name in self.column_filters} | task_filters(self)
        self._sortable = frozenset(
            name
            for name in self.column_list
            if column_of(self.model, name) is not None and self._is_plain(name)
        )
        self.numbers = frozenset(name for name in self._sortable if self._is_number(name))
        self._forms: dict[tuple[tuple[str, ...], frozenset[str]], type[RecordForm]] = {}
        self.form_for_names(self.form_names)

    @property
    def column_searchable_list(self) -> tuple[str, ...]:
        """Return the attributes in which the list is searched; the model has the index for them."""
        model: type[Record] = self.model
        return model.searched

    def scaffold_auto_joins(self) -> list[Any]:
        """Join nothing: labels of other records come with one query for each table."""
        return []

    def _is_plain(self, name: str) -> bool:
        column = column_of(self.model, name)
        return target_of(self.model, name) is None and not isinstance(getattr(column, "type", None), ARRAY)

    def _is_number(self, name: str) -> bool:
        return isinstance(getattr(column_of(self.model, name), "type", None), (Integer, Numeric))

    @property
    def sortable(self) -> frozenset[str]:
        """Return the columns by which who acts now may sort: the order of masked values tells of them."""
        return self._sortable - masked_names(self.model).keys()

    def get_column_name(self, field: str) -> LazyString:
        """Return what people call a column."""
        return self.column_labels.get(field) or label_of(field)

    @cached_property
    def form_names(self) -> tuple[str, ...]:
        """Return every field of the form, in order."""
        return tuple(name for section in self.form_sections for name in section.names)

    def settable_names(self, row: Record | None) -> tuple[str, ...]:  # noqa: ARG002 - for subclasses
        """Return the fields that who acts now may set on `row` (None: on a new one)."""
        if self.is_allowed("approve"):
            return self.form_names
        return tuple(name for name in self.form_names if name not in self.decided_by_approval)

    def is_allowed(self, action: str) -> bool:
        """Tell whether who acts now may take `action` here; to restore takes two rights."""
        if action == "restore":
            return super().is_allowed("edit") and allows(current_actor(), "recycle_bin", "act")
        return super().is_allowed(action)

    def editable_names(self, row: Record) -> tuple[str, ...]:
        """Return the columns that who acts now may change in the row's own cells."""
        if not self.editable_columns or not self.is_allowed_on("edit", row):
            return ()
        return _whole(self.editable_columns, self.settable_names(row), tuple(masked_names(self.model)))

    @cached_property
    def changed_together(self) -> tuple[str, ...]:
        """Return the columns that can be changed in several records at once, who answers for them first."""
        names = [name for name in ("responsible_id",) if name in self.form_names]
        return tuple(dict.fromkeys((*names, *self.editable_columns)))

    def changeable_names(self, row: Record) -> tuple[str, ...]:
        """Return those that who acts now may set on this one, and reads whole there."""
        if not self.is_allowed_on("edit", row):
            return ()
        names = _whole(self.changed_together, self.settable_names(row), tuple(masked_names(self.model)))
        masked = masked_texts(row, names)
        return tuple(name for name in names if name not in masked)

    def is_accessible(self) -> bool:
        """Tell whether the menu shows the list."""
        return self.is_allowed("list")

    # Rights in a record

    def is_allowed_on(self, action: str, row: Record) -> bool:
        """Tell whether who acts now may take `action` on this record: by role, or because it is the own."""
        if action == "restore":
            return self.is_allowed(action)
        return allows_on(current_actor(), row, action)

    def is_allowed_on_request(self, action: str) -> bool:
        """Tell whether who acts now may take `action` on every record that the request names.

        All ids of address and form count, whichever of them the endpoint takes; one out of sight refuses all.
        """
        ids = {coerce_id(raw) for raw in request.values.getlist("id")}
        if None in ids or not 0 < len(ids) <= OWN_ROWS_MOST:
            return False
        # Who deletes a record twice by two clicks is told the same twice.
        options = {WITH_DELETED: action == "delete" and request.method == "POST"}
        statement = select(self.model).where(self.model.id.in_(ids))
        rows = db.session.scalars(statement, execution_options=options).all()
        return len(rows) == len(ids) and all(self.is_allowed_on(action, row) for row in rows)

    # Rows

    def get_one(self, id: object) -> Any:  # noqa: A002 - Flask-Admin's name
        """Return the visible record with this id; None for any other and for what is no id."""
        key = coerce_id(id)
        if key is None:
            return None
        # A fresh SELECT: what the session holds already would come back without the row limits.
        statement = select(self.model).where(self.model.id == key).execution_options(populate_existing=True)
        return db.session.scalars(statement).one_or_none()

    def record_or_404(self, action: str | None = None) -> Any:
        """Return the record that the URL names; refuse `action`, where one is given, if it is closed to it.

        Who may take an action on records of the type may still find this one archived.
        """
        row = self.get_one(request.args.get("id", ""))
        if row is None:
            abort(404)
        if action is not None and not self.is_allowed_on(action, row):
            abort(403)
        return row

    def label(self, row: Any) -> str:
        """Return by what people recognise a record."""
        column = self.model.label_column()
        if isinstance(column, Column):
            text = getattr(row, column.key)
        else:
            statement = select(column).select_from(self.model).where(self.model.id == row.id)
            text = db.session.scalar(statement)
        return readable_label(self.model, text) or str(row.id)

    # Forms

    def form_for_names(
        self, names: tuple[str, ...], required: frozenset[str] = frozenset()
    ) -> type[RecordForm]:
        """Return the form over these fields, made once; `required` must be filled in as well."""
        key = names, required
        if key not in self._forms:
            self._forms[key] = form_class(self, names, required)
        return self._forms[key]

    def form_for(self, row: Record | None, only: tuple[str, ...] = ()) -> RecordForm:
        """Return the form that who acts now may fill in, with what was sent or else what is stored.

        With `only` nothing but these fields is asked for and read.
        """
        make = self.form_for_names(self.settable_names(row))
        sent: MultiDict[str, str] | None = request.form if request.method == "POST" else None
        if row is not None:
            if only and sent is not None:
                asked = {*only, "version"}
                sent = MultiDict((key, value) for key, value in sent.items(multi=True) if key in asked)
            form = make(formdata=sent, obj=row)
            form.only = only
            mask_fields(form, row)
            return form
        return make(formdata=sent, data=self.new_values())

    def new_values(self) -> dict[str, Any]:
        """Return what stands in an empty form: the columns' defaults, and on opening it what the URL says."""
        values = self.defaults(self.form_names)
        values |= address_values(self) if request.method == "GET" else {}
        typed = clean_line(request.args.get("_typed", "")[:SEARCH_MOST]) if request.method == "GET" else ""
        name_typed = self.named_by(typed) if typed else None
        actor = current_actor()
        if self.is_given_to_who_enters and actor is not None:
            values["responsible_id"] = values.get("responsible_id") or actor.staff_id
        return values if name_typed is None else values | {name_typed: typed}

    def defaults(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the columns' own defaults, by name."""
        values: dict[str, Any] = {}
        for name in names:
            default: Any = getattr(column_of(self.model, name), "default", None)
            if default is not None:
                # SQLAlchemy wraps a function so that it takes a context.
                values[name] = default.arg(None) if default.is_callable else default.arg
        return values

    def named_by(self, typed: str) -> str | None:
        """Return the field of the form for what somebody typed to find a record; None where none suits."""
        plain = [
            name for name in self.column_searchable_list if name in self.form_names and self._is_plain(name)
        ]
        wanted = ("phone", "code") if digits_of(typed) else ("name",)
        return next((name for name in (*wanted, *plain) if name in plain), None)

    def new_row(self) -> Any:
        """Return an empty record, with what no person gives."""
        return self.model()

    def check(self, form: RecordForm, row: Any) -> Refusal | None:  # noqa: ARG002 - for subclasses
        """Return why the record can't be saved, before anything is set; None when nothing is against it."""
        return None

    def check_together(self, forms: Sequence[tuple[RecordForm, Any]]) -> Refusal | None:
        """Return why these can't be changed together, each by its form; None when nothing is against it."""
        return next((found for form, row in forms if (found := self.check(form, row)) is not None), None)

    def complete(self, row: Any) -> None:
        """Set on a new record what follows from what was filled in; runs before it is saved."""

    def on_save(self, form: RecordForm, row: Any, *, is_created: bool) -> None:
        """Do what belongs to saving; runs after the flush (a new row has its id), before the commit."""

    def after_commit(self, row: Any, *, is_created: bool) -> None:
        """Do what may only happen once the record is safe, such as waking a worker; it must not fail."""

    # Names

    @property
    def only_listed(self) -> tuple[str, ...]:
        """Return the columns of the list that no form sets, such as a number."""
        return tuple(name for name in self.column_list if name not in self.form_names and name not in ORIGIN)

    def shown_names(self) -> tuple[str, ...]:
        """Return the columns on a record's page."""
        return self.only_listed + self.form_names

    @property
    def happens(self) -> str | None:
        """Return the column that says when such a record happened: the day or instant that its list sorts by.

        None where the list sorts otherwise, or a record may be without it.
        """
        column = column_of(self.model, self.default_sort[0])
        is_time = column is not None and isinstance(column.type, (Date, DateTime)) and not column.nullable
        return self.default_sort[0] if is_time else None

    def figures(self, row: Any) -> list[KeyFigure]:  # noqa: ARG002 - for subclasses
        """Return the figures at the head of a record's page."""
        return []

    def pages_of(self, row: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - for subclasses
        """Return further pages about a record, each with what the way there is called, and its address."""
        return []

    def panel(self, row: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Return what stands above all else on a record's page, with its `template`; None for nothing."""
        return None

    @property
    def hides_regions(self) -> bool:
        """Tell whether who acts now sees the records of some regions only."""
        actor = current_actor()
        return self.model.reach is not Reach.EVERYONE and actor is not None and actor.region_ids is not None

    @property
    def search_names(self) -> str:
        """Return what the search looks through, in words."""
        return str(_(", ")).join(str(self.get_column_name(name)) for name in self.column_searchable_list)

    def why_not_delete(self, rows: list[Any]) -> list[str]:
        """Return why these records may not be deleted, beyond what hangs on them; nothing when they may."""
        return why_kept(self.model, [row.id for row in rows])


@lru_cache
def _whole(names: tuple[str, ...], settable: tuple[str, ...], masked: tuple[str, ...]) -> tuple[str, ...]:
    # Asked twice for each row of a list, with few different answers.
    return tuple(name for name in names if name in settable and name not in masked)
