"""Giving work of any kind to another person: shown first with the load that it adds to, all or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from jobs.handover import tell_of_given
from jobs.outbox import send_soon
from models import (
    CallRecord,
    Complaint,
    Customer,
    DepartmentTask,
    Record,
    Staff,
    WarrantyClaim,
    current_actor,
    db,
)
from models.centre import centre_facts
from models.due import DueItem, DueKind
from models.sql import labels_for
from models.team import CALLS, can_take, open_work_of, people_of_team
from views import changing, deletion, saving, sent_twice, undo
from views.constraint_refusals import Refusal
from views.fields import coerce_id
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView
    from views.team import Member, TeamView

# The types of which work can be given, in the order in which they are shown; tasks follow their complaint.
TYPES: Mapping[str, type[Record]] = {
    model.__tablename__: model for model in (Complaint, DepartmentTask, CallRecord, WarrantyClaim, Customer)
}
ITEMS_MOST = deletion.ROWS_MOST * len(TYPES)


@dataclass(frozen=True, slots=True)
class Pieces:
    """What of one type is to be given: `labels` and `owners` by the record's id."""

    view: RecordView
    rows: list[Any]
    labels: Mapping[int, str]
    owners: Mapping[int, str]
    # Cannot be given as it is, by the record's id.
    problems: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A person to whom it can go, with the number of complaints and customers that would lie there then."""

    member: Member
    complaints: int
    customers: int
    is_full: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing was given yet; with `can_insist` a tick does it all the same."""

    sentence: str
    can_insist: bool = False


def given_with(item: DueItem) -> str | None:
    """Return what is given where this thing to do is, as `table:id`; None where it lies with no person.

    Calls are made by the customer's agent: the customer is given, and all calls with it.
    """
    if item.kind in (DueKind.DECISION, DueKind.NOTICE, DueKind.ANSWER):
        # A notice goes with its complaint.
        return None
    if item.kind in CALLS - {DueKind.PROMISE} or item.kind is DueKind.CONFIRMED:
        return f"customer:{item.customer_id}" if item.customer_id is not None else None
    return f"{item.table}:{item.row_id}"


def show(page: TeamView) -> ResponseReturnValue:
    """Show the pieces of work and the people; give them once somebody is chosen and nothing is against it."""
    is_final = request.method == "POST"
    pieces = _pieces(is_final=is_final)
    if is_final and sent_twice.earlier_record_id() is not None:
        return redirect(url_for("team.index"))
    if not any(each.rows for each in pieces):
        flash(_("None of this can be given, or nothing is ticked."), "warning")
        return redirect(url_for("team.index"))
    receivers = _receivers(pieces)
    if not is_final:
        return _page(page, pieces, receivers, None)
    to = next((each for each in receivers if each.member.staff.id == _chosen_id()), None)
    problem = _problem(pieces, to)
    if problem is not None:
        status = 409 if _changed(pieces) else 422
        return _page(page, pieces, receivers, problem), status
    assert to is not None
    return _give(page, pieces, receivers, to.member.staff)


def _chosen_id() -> int | None:
    return coerce_id(request.form.get("responsible_id", ""))


def _asked() -> dict[type[Record], list[int]]:
    """Return the keys of what is named, or of all that lies with the person named."""
    person = coerce_id(request.args.get("from", "")) if request.method == "GET" else None
    if person is not None:
        return open_work_of(person, deletion.ROWS_MOST)
    asked: dict[type[Record], list[int]] = {}
    for raw in request.values.getlist("item")[:ITEMS_MOST]:
        table, _colon, key = raw.partition(":")
        number = coerce_id(key.partition(":")[0])
        if table in TYPES and number is not None:
            asked.setdefault(TYPES[table], []).append(number)
    return asked


def _pieces(*, is_final: bool) -> list[Pieces]:
    """Return what may be given of what was asked for, by type; three queries for each."""
    asked, found = _asked(), []
    for model in TYPES.values():
        view = view_of(model)
        if view is None or model not in asked:
            continue
        chosen = deletion.chosen_rows(view, [str(key) for key in asked[model]], is_final=is_final)
        rows = [row for row in chosen if "responsible_id" in view.changeable_names(row)]
        if len(rows) < len(chosen):
            left = len(chosen) - len(rows)
            flash(
                ngettext("%(num)d of them you can't give.", "%(num)d of them you can't give.", left),
                "warning",
            )
        labels = labels_for(model, [row.id for row in rows])
        owners = labels_for(Staff, {row.responsible_id for row in rows if row.responsible_id})
        found.append(
            Pieces(
                view,
                rows,
                {key: label.text for key, label in labels.items()},
                {row.id: owners[row.responsible_id].text for row in rows if row.responsible_id in owners},
            )
        )
    return [each for each in found if each.rows]


def _receivers(pieces: Sequence[Pieces]) -> list[Receiver]:
    """Return the people to whom it can go, who has least to do in front."""
    from views.team import members_of

    actor = current_actor()
    assert actor is not None
    people = people_of_team(actor, is_own=False)
    if actor.staff_id not in {each.id for each in people}:
        people.append(db.session.get_one(Staff, actor.staff_id))
    most = centre_facts().customers_per_person
    receivers = []
    for member in members_of(people)[0]:
        if not can_take(member.staff, [each.view.model for each in pieces]):
            continue
        complaints, customers = (_added(pieces, model, member.staff.id) for model in (Complaint, Customer))
        after = member.load.customers + customers
        receivers.append(
            Receiver(member, member.load.open + complaints, after, bool(customers) and after > most)
        )
    return sorted(
        receivers,
        key=lambda each: (
            each.member.away is not None,
            each.member.load.late + each.member.load.today,
            each.member.load.open,
        ),
    )


def _added(pieces: Sequence[Pieces], model: type[Record], staff_id: int) -> int:
    rows = (row for each in pieces if each.view.model is model for row in each.rows)
    return sum(row.responsible_id != staff_id for row in rows)


def _problem(pieces: Sequence[Pieces], to: Receiver | None) -> Problem | None:
    """Return what is against giving it to this person as the page had shown it; None where nothing is."""
    if to is None:
        return Problem(_("Choose to whom it goes."))
    changed = _changed(pieces)
    if changed:
        names = _(", ").join(each.labels[row.id] for each, row in changed)
        return Problem(
            _("Somebody changed this meanwhile: %(names)s. Look at it, and give once more.", names=names)
        )
    for each in pieces:
        refusal: Refusal | None = each.view.check_together(_forms(each))
        if refusal is not None and not saving.is_insisted_on(refusal):
            return Problem(refusal.sentence, refusal.can_insist)
    return None


def _changed(pieces: Sequence[Pieces]) -> list[tuple[Pieces, Any]]:
    """Return what has another version than the page had shown."""
    seen = {raw.rpartition(":")[0]: raw.rpartition(":")[2] for raw in request.form.getlist("item")}
    return [
        (each, row)
        for each in pieces
        for row in each.rows
        if seen.get(f"{each.view.model.__tablename__}:{row.id}") != str(row.version)
    ]


def _forms(pieces: Pieces) -> list[Any]:
    return [(pieces.view.form_for(row, ("responsible_id",)), row) for row in pieces.rows]


def _give(
    page: TeamView, pieces: Sequence[Pieces], receivers: Sequence[Receiver], to: Staff
) -> ResponseReturnValue:
    """Give all of it in one transaction, tell the new person, and say how to take it back."""
    sent = sent_twice.claim()
    # Before any is given: a task that follows its complaint is given with it.
    meant = [
        (each, [(form, row) for form, row in _forms(each) if row.responsible_id != to.id]) for each in pieces
    ]
    for each, forms in meant:
        problems = changing.set_each(each.view, forms)
        if problems:
            db.session.rollback()
            problem = Problem(_(", ").join(sorted(set(problems.values()))))
            return _page(page, _pieces(is_final=False), receivers, problem), 422
    given = [(each.view, row) for each, forms in meant for _form, row in forms]
    if not given:
        flash(_("%(name)s had all of it already.", name=to.name), "info")
        return redirect(url_for("team.index"))
    if sent is not None:
        sent.record_id = to.id
    deliveries = tell_of_given(to, [row for _view, row in given])
    words = ngettext(
        "%(num)d piece of work was given to %(name)s.",
        "%(num)d pieces of work were given to %(name)s.",
        len(given),
        name=to.name,
    )
    undo.tell(words, undo.changed(*(row for _view, row in given)))
    db.session.commit()
    for view, row in given:
        view.after_commit(row, is_created=False)
    send_soon(deliveries)
    return redirect(url_for("team.index"))


def _page(
    page: TeamView, pieces: Sequence[Pieces], receivers: Sequence[Receiver], problem: Problem | None
) -> str:
    return page.render(
        "give.html",
        pieces=pieces,
        receivers=receivers,
        problem=problem,
        chosen_id=_chosen_id(),
        count=sum(len(each.rows) for each in pieces),
        most=deletion.ROWS_MOST,
        most_customers=centre_facts().customers_per_person,
    )
