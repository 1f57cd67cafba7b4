"""Filters of lists: each has a key in the URL made of field and operation, which never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import Boolean, ColumnElement, Date, DateTime, Enum, String, or_
from werkzeug.datastructures import MultiDict

from models import Record
from models.sql import labels_for
from views.clock import start_of_day, today
from views.days import parse_day
from views.fields import clean_line, coerce_id
from views.finding import contains
from views.forms import column_of, target_of
from views.lookups import small_options
from views.periods import PERIODS, period_named

if TYPE_CHECKING:
    from views.record_type import RecordType

VALUES_MOST = 30
NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter at work: its condition, and the words that say what it lets through."""

    condition: ColumnElement[bool]
    words: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a filter is drawn from: the values of each of its keys, what it offers, and a record's name."""

    values: tuple[tuple[str, ...], ...]
    options: tuple[tuple[str, str], ...] = ()
    words: str = ""

    def first(self, key: int) -> str:
        """Return the first value of a key, empty where there is none."""
        return next(iter(self.values[key]), "")


class Filter:
    """One way to narrow a list by one column; `drawn_as` names the macro that draws it."""

    drawn_as = "line"
    operations: tuple[str, ...] = ("",)

    def __init__(self, view: RecordType, name: str) -> None:
        self.name = name
        self.label = view.get_column_name(name)
        self.model = view.model
        self.column: Any = getattr(view.model, name)

    @property
    def keys(self) -> list[str]:
        """Return the keys that the filter has in the URL."""
        return [filter_arg(self.name, operation) for operation in self.operations]

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Return what the URL asks for, None for nothing; raise ValueError where it makes no sense."""
        raise NotImplementedError

    def options(self) -> list[tuple[str, str]]:
        """Return value and label of each choice, none where there is nothing to choose from."""
        return []

    def given(self, args: MultiDict[str, str]) -> Given:
        """Return what the filter is drawn from."""
        values = (tuple(args.getlist(key)[:VALUES_MOST]) for key in self.keys)
        return Given(tuple(values), tuple(self.options()))


def filter_arg(name: str, operation: str) -> str:
    """Return the key in the URL of one operation on one field, such as flt_found_on_from."""
    return f"flt_{name}_{operation}" if operation else f"flt_{name}"


class ChoiceFilter(Filter):
    """Let through the ticked values of a closed list."""

    drawn_as = "choices"

    def options(self) -> list[tuple[str, str]]:
        """Return value and label of each choice."""
        return [(member.value, str(member.label)) for member in self.column.type.enum_class]

    def convert(self, raw: str) -> Any:
        """Return the stored value for the URL's; raise ValueError for another."""
        return self.column.type.enum_class(raw)

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Read any number of values."""
        raw = [value for value in args.getlist(self.keys[0])[:VALUES_MOST] if value]
        if not raw:
            return None
        labels = dict(self.options())
        plain = [self.convert(value) for value in raw if value != NOTHING]
        parts = [self._is_among(plain)] if plain else []
        if NOTHING in raw:
            parts.append(self.column.is_(None))
        return Chosen(or_(*parts), _(", ").join(labels.get(value, value) for value in raw))

    def _is_among(self, values: list[Any]) -> ColumnElement[bool]:
        """Return the condition that the column has one of these values.

        Of all but one it says which it is not, as indexes over what is open do: those serve it then.
        """
        others = set(getattr(self.column.type, "enum_class", None) or ()) - set(values)
        is_among: ColumnElement[bool] = (
            self.column != others.pop() if len(others) == 1 else self.column.in_(values)
        )
        return is_among


class AnswerFilter(ChoiceFilter):
    """Let through yes or no."""

    def options(self) -> list[tuple[str, str]]:
        """Return the two answers."""
        return [("1", _("Yes")), ("0", _("No"))]

    def convert(self, raw: str) -> bool:
        """Return the answer."""
        return {"1": True, "0": False}[raw]

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Read the answers; anything else is nonsense."""
        try:
            return super().read(args)
        except KeyError as error:
            raise ValueError(str(error)) from error


class SmallRelationFilter(ChoiceFilter):
    """Let through what belongs to the ticked records of a small table."""

    def __init__(self, view: RecordType, name: str, target: type[Record]) -> None:
        super().__init__(view, name)
        self.target = target

    def options(self) -> list[tuple[str, str]]:
        """Return id and label of each record, and an option for none."""
        return [*small_options(self.target), (NOTHING, _("None"))]

    def convert(self, raw: str) -> int:
        """Return the id."""
        key = coerce_id(raw)
        if key is None:
            raise ValueError(raw)
        return key

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Read the ids, and name the records."""
        chosen = super().read(args)
        return chosen and Chosen(chosen.condition, chosen.words.replace("\u3000", ""))


class RelationFilter(Filter):
    """Let through what belongs to one record, which is looked up."""

    drawn_as = "relation"

    def __init__(self, view: RecordType, name: str, target: type[Record]) -> None:
        super().__init__(view, name)
        self.target = target

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Read an id."""
        raw = args.get(self.keys[0], "").strip()
        if not raw:
            return None
        if raw == NOTHING:
            return Chosen(self.column.is_(None), _("None"))
        key = coerce_id(raw)
        if key is None:
            raise ValueError(raw)
        return Chosen(self.column == key, self.words(args))

    def given(self, args: MultiDict[str, str]) -> Given:
        """Return what the filter is drawn from, the record's name too."""
        return replace(super().given(args), words=self.words(args))

    def words(self, args: MultiDict[str, str]) -> str:
        """Return the label of the record that the URL names; its id where the reader may not open it."""
        key = coerce_id(args.get(self.keys[0], ""))
        label = None if key is None else labels_for(self.target, [key]).get(key)
        return label.text if label and label.is_visible else str(key or "")


class PeriodFilter(Filter):
    """Let through what lies between two days, both included."""

    drawn_as = "period"
    operations = ("from", "to", "in")
    presets = PERIODS

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Read a period by its name, which goes before days, or one or two days."""
        name = args.get(self.keys[2], "")
        if name:
            period = period_named(name)
            condition = self._condition(period.first(today()), period.last(today()))
            return Chosen(condition, str(period.label))
        first, last = (parse_day(args.get(key, "")) for key in self.keys[:2])
        if first is None and last is None:
            return None
        return Chosen(self._condition(first, last), f"{first or '…'} – {last or '…'}")

    def _condition(self, first: date | None, last: date | None) -> ColumnElement[bool]:
        is_instant = isinstance(self.column.type, DateTime)
        low = start_of_day(first) if first and is_instant else first
        high = start_of_day(last + timedelta(days=1)) if last and is_instant else last
        parts = [] if low is None else [self.column >= low]
        if high is not None:
            parts.append(self.column < high if is_instant else self.column <= high)
        condition: ColumnElement[bool] = parts[0] if len(parts) == 1 else parts[0] & parts[1]
        return condition


class ContainsFilter(Filter):
    """Let through what contains a text."""

    operations = ("contains",)

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Read the text."""
        text = clean_line(args.get(self.keys[0], "")[:100])
        if not text:
            return None
        return Chosen(contains(self.model, self.name, text), f"“{text}”")


def make_filter(view: RecordType, name: str) -> Filter:
    """Return the filter that suits a column's type."""
    target = target_of(view.model, name)
    if target is not None:
        return (SmallRelationFilter if target.is_small else RelationFilter)(view, name, target)
    column = column_of(view.model, name)
    kind = None if column is None else column.type
    if isinstance(kind, Enum):
        return ChoiceFilter(view, name)
    if isinstance(kind, Boolean):
        return AnswerFilter(view, name)
    if isinstance(kind, (Date, DateTime)):
        return PeriodFilter(view, name)
    if isinstance(kind, String):
        return ContainsFilter(view, name)
    raise TypeError(f"{type(view).__name__}: no filter suits {name}")


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter at work as the page shows it: what it is called, what it lets through, and its URL keys."""

    label: str
    words: str
    keys: tuple[str, ...]


def read_filters(
    filters: Mapping[str, Filter], args: MultiDict[str, str]
) -> tuple[list[ColumnElement[bool]], list[ActiveFilter], list[str]]:
    """Return conditions, what is shown of them, and the labels of filters whose value makes no sense."""
    conditions: list[ColumnElement[bool]] = []
    active: list[ActiveFilter] = []
    nonsense: list[str] = []
    for each in filters.values():
        try:
            chosen = each.read(args)
        except ValueError:
            nonsense.append(str(each.label))
            continue
        if chosen is not None:
            conditions.append(chosen.condition)
            active.append(ActiveFilter(str(each.label), chosen.words, tuple(each.keys)))
    return conditions, active, nonsense
