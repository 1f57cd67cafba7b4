"""The head of a record's page: the few facts that whoever opens it wants to know first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask_babel import LazyString

from models.base import Labelled
from models.phones import HasPhone
from views.cells import Cell
from views.clock import today

if TYPE_CHECKING:
    from views.base import RecordView


@dataclass(frozen=True, slots=True)
class Term:
    """What a day means while it lies ahead, in the last days before it, and once it has passed.

    `while_state` keeps it to records in that state: what is done is late no more.
    """

    ended: LazyString
    running: LazyString | None = None
    ending: LazyString | None = None
    ending_days: int = 0
    while_state: Labelled | None = None

    def is_of(self, row: Any) -> bool:
        """Tell whether the day still means something for this record."""
        return self.while_state is None or row.state is self.while_state

    def state(self, day: date, now: date) -> Cell | None:
        """Return what `day` means on the day `now`, as a badge; None where there is nothing to say."""
        if day < now:
            return Cell(str(self.ended), "badge", value="term-ended")
        if self.ending is not None and day - now <= timedelta(days=self.ending_days):
            return Cell(str(self.ending), "badge", value="term-ending")
        return Cell(str(self.running), "badge", value="term-running") if self.running is not None else None


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number as people read it; `dialled` is None where it can't be called, as a masked one."""

    text: str
    dialled: str | None


@dataclass(frozen=True, slots=True)
class KeyFact:
    """One fact: column, what it is called, its value, what that means now, and of a phone the numbers."""

    name: str
    label: str
    cell: Cell
    state: Cell | None
    phones: list[Phone]


def key_facts(view: RecordView, row: Any, get_cell: Callable[[str], Cell]) -> list[KeyFact]:
    """Return the facts at the head of a record's page, in the order that its view gives; no query."""
    return [
        KeyFact(
            name,
            str(view.get_column_name(name)),
            shown,
            view.terms[name].state(value, today())
            if name in view.terms and value and view.terms[name].is_of(row)
            else None,
            phones_of(row) if name == "phone" and isinstance(row, HasPhone) and not shown.is_masked else [],
        )
        for name in view.key_facts
        for value, shown in ((getattr(row, name), get_cell(name)),)
    ]


def phones_of(row: Any) -> list[Phone]:
    """Return the numbers of a record: one as it was entered, several each as it is dialled."""
    numbers = row.phone_numbers
    return [
        Phone(
            row.phone if len(numbers) == 1 else number,
            number if number.removeprefix("+").isdigit() else None,
        )
        for number in numbers
    ]
