"""Which records can't go because papers must be kept: by type, with what to tell who wants them gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, String, cast, or_, select

from models.actor import acting_as, system_actor
from models.base import Record, db
from models.complaint import Complaint, Step
from models.customer import Customer
from models.note import Attachment, Note
from models.service_receipt import ServiceReceipt
from models.vehicle import Vehicle
from models.warranty_claim import ClaimOutcome, WarrantyClaim

# What may be a paper or the picture of one: a signed agreement is mostly photographed.
_PAPER_TYPES = ("application/%", "image/%", "text/%")


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition under which records of a type are kept, and the sentence that says why and what to do."""

    condition: Callable[[], ColumnElement[bool]]
    sentence: LazyString


@dataclass(frozen=True, slots=True)
class Kept:
    """Records, by their ids, that one rule keeps."""

    ids: tuple[int, ...]
    sentence: LazyString


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


def _is_decided() -> ColumnElement[bool]:
    return WarrantyClaim.outcome != ClaimOutcome.OPEN


def _is_of_warranty() -> ColumnElement[bool]:
    in_warranty = select(Vehicle.id).where(
        Vehicle.id == ServiceReceipt.vehicle_id, Vehicle.warranty_until >= ServiceReceipt.came_in_on
    )
    # The vehicle asked about further out is another one.
    return or_(in_warranty.correlate(ServiceReceipt).exists(), _is_claimed())


def _is_claimed() -> ColumnElement[bool]:
    return select(WarrantyClaim.id).where(WarrantyClaim.service_receipt_id == ServiceReceipt.id).exists()


def _holds_kept(owner: type[Customer | Vehicle], key: str) -> Callable[[], ColumnElement[bool]]:
    """Return the condition that something which must be kept names the record in its column `key`."""

    def condition() -> ColumnElement[bool]:
        return or_(
            *(
                select(model.id)
                .where(getattr(model, key) == owner.id, or_(*(rule.condition() for rule in rules_of(model))))
                .exists()
                for model in (Complaint, ServiceReceipt, WarrantyClaim)
                if hasattr(model, key)
            )
        )

    return condition


_HOLDS_KEPT = _(
    "Papers hang on it that must be kept: closed complaints, decided claims, receipts within the warranty, or"
    " files. If it was entered twice, let them name the other record; otherwise keep it, and write a note."
)

RULES: Mapping[type[Record], tuple[Rule, ...]] = {
    Complaint: (
        Rule(
            _is_closed,
            _("A closed complaint stays archived with all its papers. Correct it, or write a note on it."),
        ),
    ),
    WarrantyClaim: (
        Rule(
            _is_decided,
            _("A decided claim is kept with its decision. Correct it, or write a note on it."),
        ),
    ),
    ServiceReceipt: (
        Rule(
            _is_of_warranty,
            _(
                "A receipt within the warranty, or one that was claimed, is the proof of a service and is"
                " kept. Correct it, or write a note on it."
            ),
        ),
    ),
    Customer: (Rule(_holds_kept(Customer, "customer_id"), _HOLDS_KEPT),),
    Vehicle: (Rule(_holds_kept(Vehicle, "vehicle_id"), _HOLDS_KEPT),),
}
_HAS_PAPERS = _(
    "Files hang on it that may be papers to be kept. Keep the record; or, if they need not be kept,"
    " remove them from it first."
)


def rules_of(model: type[Record]) -> tuple[Rule, ...]:
    """Return the rules that keep records of a type; papers keep a record of any."""
    return (*RULES.get(model, ()), Rule(lambda: has_papers(model), _HAS_PAPERS))


def kept_among(model: type[Record], ids: Sequence[int]) -> list[Kept]:
    """Return which of these records must be kept, by rule; one query for each rule of the type.

    The panel looks itself: papers in another region count too.
    """
    found = []
    with acting_as(system_actor("deletion")):
        for rule in rules_of(model):
            statement = select(model.id).where(model.id.in_(ids), rule.condition()).order_by(model.id)
            kept = tuple(db.session.scalars(statement))
            if kept:
                found.append(Kept(kept, rule.sentence))
    return found
