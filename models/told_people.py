"""Who is told for whom: substitutes of today, supervisors of a region, and who stands above somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from models.absence import Absence, is_today
from models.base import db
from models.organisation import Position, Region, Role, Staff

# A circle of regions or positions must not turn for ever.
_STEPS_MOST = 20


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who is there, by id; the tree of regions and that of positions by the one above."""

    staff: Mapping[int, Staff]
    substitutes: Mapping[int, int]
    region_above: Mapping[int, int | None]
    position_above: Mapping[int, int | None]

    def standing_in(self, person: int | None) -> int | None:
        """Return who does a person's work today; None where nobody who is there does."""
        if person is None:
            return None
        substitute = self.substitutes.get(person)
        found = person if substitute is None or substitute not in self.staff else substitute
        return found if found in self.staff else None

    def supervisors_of(self, region_id: int | None) -> set[int]:
        """Return the supervisors of a region: the nearest ones of it and those above, else all there are.

        A centre without supervisors has its administrators told. Who is absent is told too.
        """
        supervisors = self._with(Role.SUPERVISOR)
        for region in _upwards(region_id, self.region_above):
            nearest = {key for key in supervisors if self.staff[key].region_id == region}
            if nearest:
                return self.present(nearest)
        central = {key for key in supervisors if self.staff[key].region_id is None}
        return self.present(central or supervisors or self._with(Role.ADMINISTRATOR))

    def above(self, person: int | None) -> set[int]:
        """Return who holds the first position above a person's that anybody holds."""
        found = self.staff.get(person or 0)
        positions = [] if found is None else [*_upwards(found.position_id, self.position_above)][1:]
        for position in positions:
            holders = {key for key, each in self.staff.items() if each.position_id == position}
            if holders:
                return self.present(holders)
        return set()

    def _with(self, role: Role) -> set[int]:
        return {key for key, each in self.staff.items() if role.value in each.role_names}

    def present(self, keys: set[int]) -> set[int]:
        """Return these, and beside each who is absent the one who does the work meanwhile."""
        return keys | {found for key in keys if (found := self.standing_in(key)) is not None}


def read_people() -> People:
    """Return who there is and who stands in for whom today; four queries."""
    staff = db.session.scalars(select(Staff).where(Staff.active))
    absences = db.session.execute(select(Absence.staff_id, Absence.substitute_id).where(is_today()))
    regions = db.session.execute(select(Region.id, Region.parent_id))
    positions = db.session.execute(select(Position.id, Position.parent_id))
    return People(
        {each.id: each for each in staff},
        {row.staff_id: row.substitute_id for row in absences},
        {row.id: row.parent_id for row in regions},
        {row.id: row.parent_id for row in positions},
    )


def _upwards(key: int | None, above: Mapping[int, int | None]) -> Iterator[int]:
    for _step in range(_STEPS_MOST):
        if key is None:
            return
        yield key
        key = above.get(key)
