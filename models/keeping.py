"""Which records can't go because papers must be kept: by type, with what to tell who wants them gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, String, cast, func, or_, select

from models.actor import acting_as, system_actor
from models.base import Record, db
from models.call_record import CallRecord
from models.complaint import Complaint, Step
from models.customer import Customer
from models.department_task import DepartmentTask
from models.letter import Letter
from models.note import Attachment, Note
from models.service_receipt import ServiceReceipt
from models.vehicle import Vehicle
from models.warranty_claim import ClaimOutcome, WarrantyClaim

# What may be a paper or the picture of one: a signed agreement is mostly photographed.
_PAPER_TYPES = ("application/%", "image/%", "text/%")


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition under which records of a type are kept, and the sentence that says why and what to do.

    `plural` is what people call several of them, where they keep the customer or the vehicle that they name.
    """

    condition: Callable[[], ColumnElement[bool]]
    sentence: LazyString
    plural: LazyString | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps a record by naming it: how many of one kind, and the first of them."""

    model: type[Record]
    plural: LazyString
    count: int
    first_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """Records, by their ids, that one rule keeps; the sentence has a gap for what of `held` keeps them."""

    ids: tuple[int, ...]
    sentence: LazyString
    held: tuple[Held, ...] = ()


def has_papers(model: type[Record]) -> ColumnElement[bool]:
    """Return the condition that a file hangs on a record which may be a paper."""
    papers = (
        select(Attachment.id)
        .join(Note, Note.id == Attachment.note_id)
        .where(
            Note.table_name == model.__tablename__,
            Note.row_id == model.id,
            Note.deleted_at.is_(None),
            Attachment.deleted_at.is_(None),
            or_(*(cast(Attachment.media_type, String).like(kind) for kind in _PAPER_TYPES)),
        )
    )
    return papers.exists()


def _is_closed() -> ColumnElement[bool]:
    return Complaint.step == Step.CONFIRMED


def _is_of_closed(model: type[CallRecord | DepartmentTask | Letter]) -> ColumnElement[bool]:
    return select(Complaint.id).where(Complaint.id == model.complaint_id, _is_closed()).exists()


def _was_sent_for_closed() -> ColumnElement[bool]:
    # What never went out is no paper.
    return Letter.sent_on.is_not(None) & _is_of_closed(Letter)


def _is_decided() -> ColumnElement[bool]:
    return WarrantyClaim.outcome != ClaimOutcome.OPEN


def _is_of_warranty() -> ColumnElement[bool]:
    in_warranty = select(Vehicle.id).where(
        Vehicle.id == ServiceReceipt.vehicle_id, Vehicle.warranty_until >= ServiceReceipt.came_in_on
    )
    # The vehicle asked about further out is another one.
    return in_warranty.correlate(ServiceReceipt).exists()


def _is_claimed() -> ColumnElement[bool]:
    return select(WarrantyClaim.id).where(WarrantyClaim.service_receipt_id == ServiceReceipt.id).exists()


# What is kept for as long as something that must be kept names it, each by the column that does.
_OWNERS: Mapping[type[Record], str] = {Customer: "customer_id", Vehicle: "vehicle_id"}
# Of what keeps a record so many are named.
NAMED_MOST = 3


def _keepers(owner: type[Record]) -> list[type[Complaint | ServiceReceipt | WarrantyClaim]]:
    return [model for model in (Complaint, ServiceReceipt, WarrantyClaim) if hasattr(model, _OWNERS[owner])]


def _holds_kept(owner: type[Record]) -> Callable[[], ColumnElement[bool]]:
    """Return the condition that something which must be kept names the record."""

    def condition() -> ColumnElement[bool]:
        return or_(
            *(
                select(model.id)
                .where(
                    getattr(model, _OWNERS[owner]) == owner.id,
                    or_(*(rule.condition() for rule in rules_of(model))),
                )
                .exists()
                for model in _keepers(owner)
            )
        )

    return condition


def _held_by(owner: type[Record], ids: Sequence[int]) -> tuple[Held, ...]:
    """Return what keeps these customers or vehicles, kind by kind; a query for each kind that could."""
    found = []
    for model in _keepers(owner):
        for rule in rules_of(model):
            statement = (
                select(model.id, func.count().over())
                .where(getattr(model, _OWNERS[owner]).in_(ids), rule.condition())
                .order_by(model.id.desc())
                .limit(NAMED_MOST)
            )
            rows = db.session.execute(statement).all()
            if rows and rule.plural is not None:
                found.append(Held(model, rule.plural, rows[0][1], tuple(key for key, _count in rows)))
    return tuple(found)


_HOLDS_KEPT = _(
    "Papers hang on it that must be kept: %(held)s. If it was entered twice, let them name the other record;"
    " otherwise keep it, and write a note."
)

_PAPER_OF_CLOSED = _("It belongs to a closed complaint, which stays archived with all its papers.")

RULES: Mapping[type[Record], tuple[Rule, ...]] = {
    Complaint: (
        Rule(
            _is_closed,
            _("A closed complaint stays archived with all its papers. Reopen it to change something."),
            _("closed complaints"),
        ),
    ),
    WarrantyClaim: (
        Rule(
            _is_decided,
            _("A decided claim is kept with its decision. Correct it, or write a note on it."),
            _("decided warranty claims"),
        ),
    ),
    ServiceReceipt: (
        Rule(
            _is_of_warranty,
            _(
                "The vehicle came in within its warranty: the receipt is the proof of the service and is"
                " kept. Correct it, or write a note on it."
            ),
            _("receipts within the warranty"),
        ),
        Rule(
            _is_claimed,
            _(
                "A warranty claim names this receipt as the proof of the service, so it is kept. Correct it,"
                " or write a note on it."
            ),
            _("receipts named in a warranty claim"),
        ),
    ),
    CallRecord: (Rule(lambda: _is_of_closed(CallRecord), _PAPER_OF_CLOSED),),
    DepartmentTask: (Rule(lambda: _is_of_closed(DepartmentTask), _PAPER_OF_CLOSED),),
    Letter: (Rule(_was_sent_for_closed, _PAPER_OF_CLOSED),),
    Customer: (Rule(_holds_kept(Customer), _HOLDS_KEPT),),
    Vehicle: (Rule(_holds_kept(Vehicle), _HOLDS_KEPT),),
}
_WITH_FILES: Mapping[type[Record], LazyString] = {
    Complaint: _("complaints with files"),
    ServiceReceipt: _("receipts with files"),
    WarrantyClaim: _("warranty claims with files"),
}
_HAS_PAPERS = _(
    "Files hang on it that may be papers to be kept. Keep the record; or, if they need not be kept,"
    " remove them from it first."
)


def rules_of(model: type[Record]) -> tuple[Rule, ...]:
    """Return the rules that keep records of a type; papers keep a record of any."""
    return (*RULES.get(model, ()), Rule(lambda: has_papers(model), _HAS_PAPERS, _WITH_FILES.get(model)))


def kept_among(model: type[Record], ids: Sequence[int]) -> list[Kept]:
    """Return which of these records must be kept, by rule; one query a rule, more for what others keep.

    The panel looks itself: papers in another region count too.
    """
    found = []
    with acting_as(system_actor("deletion")):
        for rule in rules_of(model):
            statement = select(model.id).where(model.id.in_(ids), rule.condition()).order_by(model.id)
            kept = tuple(db.session.scalars(statement))
            if kept:
                held = _held_by(model, kept) if rule.sentence is _HOLDS_KEPT else ()
                found.append(Kept(kept, rule.sentence, held))
    return found
