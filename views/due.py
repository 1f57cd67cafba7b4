"""My work: what is due first, late, today and coming, each line with the way to do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import update

from models import CallRecord, Region, Staff, current_actor, db
from models.base import Labelled, now
from models.centre import site_zone
from models.due import NOBODY, DueItem, DueKind, Wanted, Window, due_lists
from models.due_kinds import RULES, kinds_shown
from models.organisation import Role
from models.own_rights import own_letters
from models.permissions import ACTIONS, allows
from models.phones import phone_numbers_in
from models.sight import regions_under
from models.sql import labels_for
from views.absence import standing_in
from views.clock import today
from views.fields import coerce_id, member_of
from views.giving import given_with
from views.lookups import page_of, small_options, view_named, view_of
from views.menu import Area
from views.page import Page

if TYPE_CHECKING:
    from views.base import RecordView

WEEKS = 4
# Lines of each part on the page, and of one part alone.
PART_MOST, PAGE_MOST = 15, 50
PAGES_MOST = 40


class Part(Labelled):
    """A part of the page, by when its lines are due."""

    FIRST_LATE = "first_late", lazy_gettext("First of all: severe or safety relevant, and late")
    FIRST = "first", lazy_gettext("First of all: severe or safety relevant")
    LATE = "late", lazy_gettext("Late")
    TODAY = "today", lazy_gettext("Today")
    WEEK = "week", lazy_gettext("This week")
    LATER = "later", lazy_gettext("In the next 4 weeks")


class Person(Labelled):
    """Whose work is shown."""

    MINE = "mine", lazy_gettext("Mine and nobody's")
    OWN = "own", lazy_gettext("Only mine")
    NOBODY = "nobody", lazy_gettext("Nobody's")
    ALL = "all", lazy_gettext("Everybody's")


@dataclass(frozen=True, slots=True)
class Way:
    """How a line is done: an address to go to, or with `is_post` one to send a form to."""

    label: str
    url: str
    is_post: bool = False
    # Where on that page.
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A thing to do on the page: `url` is its record's page, `who_url` the customer's or the dealer's."""

    item: DueItem
    url: str | None
    who_url: str | None
    vehicle_url: str | None
    # As one dials them.
    phones: list[str]
    # Too early yet: the customer would be called before the time for it has begun.
    is_ahead: bool
    way: Way | None
    # Of an absent colleague for whom the reader stands in.
    is_for_absent: bool = False
    # What is given to somebody else with it, as `table:id`; None where it lies with no person.
    given_with: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of the page with its lines; `is_more` where there are further ones."""

    part: Part
    lines: list[Line]
    is_more: bool


class DueView(Page):
    """Show what is due, and let it be done."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read", "kept_view": "keep"}
    title = lazy_gettext("My work")
    permission = "due"
    area, icon = Area.TODAY, "clock"

    def __init__(self) -> None:
        super().__init__(name="due", endpoint="due", url="/due")

    def is_allowed(self, action: str) -> bool:
        """Let in who may read of anything that can be due, and keep a promise who may change calls."""
        actor = current_actor()
        if action == "keep":
            return allows(actor, CallRecord.__tablename__, "edit")
        return bool(kinds_shown(actor))

    @expose("/")
    def index(self) -> str:
        """Show what is due, as the address narrows it."""
        chosen = _Chosen.read()
        parts = [chosen.part] if chosen.part else list(Part)
        most = PAGE_MOST if chosen.part else PART_MOST
        found = due_lists(
            [window_of(part) for part in parts],
            chosen.wanted(),
            zone=site_zone(),
            # One more tells that there are further ones.
            limit=most + 1,
            offset=chosen.page * PAGE_MOST,
        )
        return self.render(
            "due.html",
            chosen=chosen,
            shown=[
                Shown(part, [line_of(item) for item in items[:most]], len(items) > most)
                for part, items in zip(parts, found, strict=True)
            ],
            kinds=kinds_shown(current_actor()),
            people=list(Person),
            regions=small_options(Region),
            standing_in=standing_in(),
            of_person=chosen.name(),
            can_give=_can_give(),
        )

    @expose("/promise-kept/", methods=("POST",))
    def kept_view(self) -> ResponseReturnValue:
        """Note that the promise of a call was kept today."""
        key = coerce_id(request.form.get("id", ""))
        if key is None:
            abort(404)
        kept = db.session.execute(
            update(CallRecord)
            .where(
                CallRecord.id == key, CallRecord.promise.is_not(None), CallRecord.promise_kept_on.is_(None)
            )
            .values(promise_kept_on=today(), updated_at=now(), version=CallRecord.version + 1)
            .returning(CallRecord.number)
        ).scalar_one_or_none()
        db.session.commit()
        if kept is None:
            flash(_("This promise was kept already, or is not there any more."), "warning")
        else:
            flash(_("The promise of %(record)s is noted as kept today.", record=kept), "success")
        return redirect(_Chosen.read().url())


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the address narrows the page to; `staff_id` is one person's work, in place of `person`."""

    person: Person
    staff_id: int | None
    kind: DueKind | None
    region_id: int | None
    part: Part | None
    page: int

    @classmethod
    def read(cls) -> _Chosen:
        """Read the address; what makes no sense narrows nothing."""
        args = request.args
        part = member_of(Part, args.get("part", ""))
        page = (coerce_id(args.get("page", "")) or 0) if part else 0
        return cls(
            member_of(Person, args.get("person", "")) or default_person(),
            coerce_id(args.get("staff", "")),
            member_of(DueKind, args.get("kind", "")),
            coerce_id(args.get("region", "")),
            part,
            min(page, PAGES_MOST),
        )

    def wanted(self) -> Wanted:
        """Return what to look for."""
        one = None if self.staff_id is None else [self.staff_id]
        return Wanted(
            responsible_ids=one or people_of(self.person),
            department_id=None if one else department_of(self.person),
            region_ids=None if self.region_id is None else regions_under(self.region_id),
            kinds=None if self.kind is None else [self.kind],
        )

    def name(self) -> str | None:
        """Return the name of the one person whose work is shown; None where it is not one person's."""
        found = labels_for(Staff, [self.staff_id]) if self.staff_id is not None else {}
        return found[self.staff_id].text if self.staff_id in found else None

    def url(self, **changed: Any) -> str:
        """Return the address of the page with these choices changed, from its first lines on."""
        values: dict[str, Any] = {
            "person": self.person if self.person is not default_person() and not self.staff_id else None,
            "staff": self.staff_id,
            "kind": self.kind,
            "region": self.region_id,
            "part": self.part,
            "page": None,
        }
        return url_for("due.index", **{k: v for k, v in (values | changed).items() if v is not None})


def window_of(part: Part) -> Window:
    """Return the days of a part; the week ends on Sunday."""
    day = today()
    sunday = day + timedelta(days=7 - day.isoweekday())
    last = day + timedelta(weeks=WEEKS)
    return {
        # A part of their own, so that however many are late, those that came in today are seen.
        Part.FIRST_LATE: Window(day - timedelta(days=1), is_urgent=True),
        # Also what is due in some days: where somebody could be hurt, nobody waits for the last hour.
        Part.FIRST: Window(last, day, is_urgent=True),
        Part.LATE: Window(day - timedelta(days=1), is_urgent=False),
        Part.TODAY: Window(day, day, is_urgent=False),
        Part.WEEK: Window(sunday, day + timedelta(days=1), is_urgent=False),
        Part.LATER: Window(last, max(sunday, day) + timedelta(days=1), is_urgent=False),
    }[part]


def default_person() -> Person:
    """Return whose work a person sees first: supervisors everybody's, others their own and what lies open."""
    actor = current_actor()
    wide = {Role.SUPERVISOR.value, Role.ADMINISTRATOR.value, Role.AUDITOR.value}
    return Person.ALL if actor is None or actor.roles & wide else Person.MINE


def people_of(person: Person) -> list[int] | None:
    """Return whose things to do are meant; None for everybody's."""
    actor = current_actor()
    # Of absent colleagues too, for whom the person stands in today.
    own = [] if actor is None else sorted(actor.queue_ids)
    return {
        Person.MINE: [*own, NOBODY],
        Person.OWN: own,
        Person.NOBODY: [NOBODY],
        Person.ALL: None,
    }[person]


def department_of(person: Person) -> int | None:
    """Return the department whose tasks are among what is meant; None where none's are."""
    actor = current_actor()
    return actor.department_id if actor is not None and person is Person.MINE else None


def line_of(item: DueItem) -> Line:
    """Return a thing to do with where it leads and how it is done."""
    actor = current_actor()
    who = ("customer", item.customer_id) if item.customer_id else ("dealer", item.dealer_id)
    return Line(
        item,
        page_of(item.table, item.row_id),
        page_of(*who),
        page_of("vehicle", item.vehicle_id),
        phone_numbers_in(item.phone),
        item.starts_on is not None and item.starts_on > today(),
        way_to_do(item),
        actor is not None and item.responsible_id in actor.stands_in_for,
        given_with(item),
    )


def _can_give() -> bool:
    """Tell whether the reader leads people, and gives work from one to the other."""
    pages: list[Page] = current_app.extensions["pages"]
    return any(page.endpoint == "team" and page.is_allowed("act") for page in pages)


def way_to_do(item: DueItem) -> Way | None:
    """Return how who acts now does it with one click; None where that is for others to do."""
    if item.kind is DueKind.PROMISE:
        is_allowed = allows(current_actor(), CallRecord.__tablename__, "edit")
        return Way(_("Kept"), url_for("due.kept_view"), is_post=True) if is_allowed else None
    if item.kind is DueKind.NOTICE:
        return _send_again(item)
    if item.kind in _STEPS:
        return _step(item, _STEPS[item.kind])
    if item.kind in _EDITED:
        return _edit(item, _EDITED[item.kind])
    calls = view_of(CallRecord)
    if calls is None or not calls.is_allowed("create"):
        return None
    receipt = item.row_id if item.table == "service_receipt" else None
    url = url_for(
        f"{calls.endpoint}.create_view",
        customer_id=item.customer_id,
        vehicle_id=item.vehicle_id,
        service_receipt_id=receipt,
        purpose=item.kind.value if receipt else "reminder",
    )
    return Way(_("Record the call"), url)


# What is done on the complaint's page, as a step of the procedure, and what the button says.
_STEPS: Mapping[DueKind, LazyString] = {
    DueKind.FIRST_ANSWER: lazy_gettext("Record the answer"),
    DueKind.SOLVED: lazy_gettext("Go on"),
    DueKind.DECISION: lazy_gettext("Decide"),
    DueKind.TELL_CUSTOMER: lazy_gettext("Record that the customer was told"),
    DueKind.CARRIED_OUT: lazy_gettext("Note it as carried out"),
    DueKind.CONFIRMED: lazy_gettext("Record the reply"),
    # Likewise on its page: to print it, and to note that it went out.
    DueKind.LETTER: lazy_gettext("Print and send"),
    DueKind.ANSWER: lazy_gettext("Read the answer"),
    DueKind.MEASURE: lazy_gettext("Report it done"),
    DueKind.MEASURE_CHECK: lazy_gettext("Verify"),
}
# What is done in the record's own form.
_EDITED: Mapping[DueKind, LazyString] = {
    DueKind.DEPARTMENT_TASK: lazy_gettext("Report it done"),
    DueKind.WARRANTY_CLAIM: lazy_gettext("Decide"),
}


def _step(item: DueItem, label: LazyString) -> Way | None:
    view = view_named(item.table)
    if view is None or not _may(view, item):
        return None
    return Way(str(label), url_for(f"{view.endpoint}.details_view", id=item.row_id), anchor="#step")


def _send_again(item: DueItem) -> Way | None:
    view = view_named(item.table)
    if view is None or not view.is_allowed("act"):
        return None
    return Way(_("Send again"), url_for(f"{view.endpoint}.details_view", id=item.row_id))


def _edit(item: DueItem, label: LazyString) -> Way | None:
    view = view_named(item.table)
    if view is None or not _may(view, item):
        return None
    return Way(str(label), url_for(f"{view.endpoint}.edit_view", id=item.row_id))


def _may(view: RecordView, item: DueItem) -> bool:
    own = own_letters(current_actor(), item.table, responsible_id=item.responsible_id)
    may = {ACTIONS[letter] for letter in own}
    needed = [action for _model, action in RULES[item.kind].done_by]
    return all(view.is_allowed(each) or each in may for each in needed)
