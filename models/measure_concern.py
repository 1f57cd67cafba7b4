"""What the points of digests and measures are about, and which measures concern the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select

from models.base import db
from models.complaint import Complaint
from models.measure import OPEN_STATES, Measure, MeasureState
from models.part import Part, Supplier

# So many measures of all departments stand beside the points of a week.
MEASURES_MOST = 400


@dataclass(frozen=True, slots=True)
class Concern:
    """What a point is about; None where it is about nothing of that kind."""

    subject_id: int | None = None
    part_id: int | None = None
    supplier_id: int | None = None
    # The point asks for this measure itself.
    measure_id: int | None = None

    def is_of(self, measure: Measure) -> bool:
        """Tell whether a measure is about the same part, or where no part is known the same subject."""
        if self.measure_id is not None:
            return self.measure_id == measure.id
        if self.part_id is not None and measure.part_id is not None:
            return self.part_id == measure.part_id
        return self.subject_id is not None and self.subject_id == measure.subject_id


@dataclass(frozen=True, slots=True)
class Named:
    """What a frozen payload names: by key, but a part by its code and a supplier by its name."""

    subject_id: int | None = None
    complaint_id: int | None = None
    measure_id: int | None = None
    part_code: str | None = None
    supplier: str | None = None


def concerns_of(named: Mapping[str, Named]) -> dict[str, Concern]:
    """Return what each point is about today; four queries, however many there are."""
    measures = _measures({each.measure_id for each in named.values() if each.measure_id})
    complaints = _complaints({each.complaint_id for each in named.values() if each.complaint_id})
    codes = {each.part_code for each in named.values() if each.part_code}
    names = {each.supplier for each in named.values() if each.supplier}
    of_parts = select(Part.code, Part.id).where(Part.code.in_(codes))
    of_suppliers = select(Supplier.name, Supplier.id).where(Supplier.name.in_(names))
    parts = {code: key for code, key in db.session.execute(of_parts)}  # noqa: C416 - rows, not pairs
    suppliers = {name: key for name, key in db.session.execute(of_suppliers)}  # noqa: C416 - rows, not pairs
    return {
        key: measures.get(each.measure_id or 0)
        or complaints.get(each.complaint_id or 0)
        or Concern(each.subject_id, parts.get(each.part_code or ""), suppliers.get(each.supplier or ""))
        for key, each in named.items()
    }


def _complaints(ids: Collection[int]) -> dict[int, Concern]:
    columns = (Complaint.id, Complaint.subject_id, Complaint.part_id)
    found = db.session.execute(select(*columns).where(Complaint.id.in_(ids)))
    return {key: Concern(subject_id, part_id) for key, subject_id, part_id in found}


def _measures(ids: Collection[int]) -> dict[int, Concern]:
    columns = (Measure.id, Measure.subject_id, Measure.part_id, Measure.supplier_id)
    found = db.session.execute(select(*columns).where(Measure.id.in_(ids)))
    return {
        key: Concern(subject_id, part_id, supplier_id, key) for key, subject_id, part_id, supplier_id in found
    }


def measures_about(department_ids: Collection[int], concerns: Iterable[Concern]) -> list[Measure]:
    """Return the departments' open and verified measures about any of these, the latest due first."""
    known = list(concerns)
    subjects = {each.subject_id for each in known if each.subject_id}
    parts = {each.part_id for each in known if each.part_id}
    own = {each.measure_id for each in known if each.measure_id}
    return list(
        db.session.scalars(
            select(Measure)
            .where(
                Measure.department_id.in_(department_ids),
                Measure.state.in_((*OPEN_STATES, MeasureState.VERIFIED)),
                or_(Measure.subject_id.in_(subjects), Measure.part_id.in_(parts), Measure.id.in_(own)),
            )
            .order_by(Measure.due_on.desc(), Measure.id.desc())
            .limit(MEASURES_MOST)
        )
    )


def measures_at(digest_ids: Collection[int]) -> list[Measure]:
    """Return the measures that were decided at points of these digests, the first first."""
    at_points = select(Measure).where(Measure.digest_id.in_(digest_ids)).order_by(Measure.id)
    return list(db.session.scalars(at_points.limit(MEASURES_MOST)))
