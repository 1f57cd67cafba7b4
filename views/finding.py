"""Finding records by what somebody types: a number, part of a phone, a plate, a name, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    any_,
    cast,
    func,
    literal,
    or_,
    select,
    tablesample,
    true,
)
from sqlalchemy.orm import aliased

from models import Customer, Record, db
from models.need_to_know import masked_names
from models.phones import HasPhone, digits_of, whole_number
from models.pinyin import keys_sounding_like
from models.scope import LIMITING
from models.searching import has_no_case, holds_pieces, indexed_names, pieces_in
from models.sql import by_bitmaps, estimated_rows, table_sizes
from views.fields import clean_line
from views.forms import column_of, target_of

TERMS_MOST = 6
SEARCH_MOST = 100
# Of the records referred to so many are found first, by their own index; of more each row asks by itself.
RELATED_MOST = 1000
# So many rows are read, the nearest first, before an index is asked for all that match: of what stands
# in every hundredth row they fill a page, and tell how many match; what is rarer the index finds at once.
WINDOW = 3000
# So many rows, drawn by chance, tell how many match where the newest say too little.
SAMPLE = 2000
# Where no index helps, as with a single sign, so many records are searched, the newest: to read all would
# take seconds.
REACH = 50_000
# Where each row asks the record that it refers to, which takes five times as long.
REACH_OF_RELATED = 10_000

_Related = Mapping[tuple[str, str], list[int] | None]


def escape_like(term: str) -> str:
    """Return `term` so that its own % and _ are found, not obeyed."""
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed to find records of a type: each word must stand in one of the attributes `names`.

    What the reader reads masked is found by its whole value alone: parts of it would tell the rest.
    `related` are the keys of the records referred to in which a word stands, by attribute and word; None
    where those are too many.
    """

    model: type[Record]
    names: tuple[str, ...]
    line: str
    terms: tuple[str, ...]
    related: _Related

    @property
    def is_served(self) -> bool:
        """Tell whether indexes find what matches, by one of the words at least."""
        unserved = {term for (_name, term), keys in self.related.items() if keys is None}
        return any(term not in unserved and pieces_in(term) for term in self.terms)

    @property
    def reach(self) -> int:
        """Return how many records, the newest, are searched where indexes find nothing."""
        return REACH_OF_RELATED if None in self.related.values() else REACH

    @property
    def has_digit(self) -> bool:
        """Tell whether part of a number may be meant."""
        return any(sign.isdigit() for sign in self.line)

    def condition(self, entity: Any = None, *, by_index: bool = True) -> ColumnElement[bool]:
        """Return the condition on rows of the model, or of an alias of it.

        `by_index` adds what the index of pieces answers; without it only what is read anyway is tried.
        """
        rows = _Rows(entity or self.model, self.model, self.names, self.related, by_index=by_index)
        found = and_(*(rows.holds(term) for term in self.terms))
        if len(self.terms) == 1:
            return found
        masked = [name for name in self.names if name in masked_names(self.model)]
        # A name that is written as it sounds, with blanks between the syllables.
        sounds = rows.sounds(self.line)
        return or_(
            found,
            *(rows.is_exactly(name, self.line) for name in masked),
            *([] if sounds is None else [sounds]),
        )


def search_for(model: type[Record], typed: str, names: Sequence[str] | None = None) -> Search | None:
    """Return the search for what was typed, in the attributes `names` (None: all searched); None for no word.

    One query for each type of records that these refer to, and each word.
    """
    names = tuple(model.searched if names is None else names)
    line = clean_line(typed[:SEARCH_MOST])
    # A number that is written with blanks is one word: of its parts, each stands in many others.
    number = whole_number(line) if " " in line else None
    terms = (number,) if number else tuple(line.split()[:TERMS_MOST])
    if not terms or not names:
        return None
    related = {
        (name, term): _keys_holding(target, term)
        for name in names
        if (target := _referred(model, name)) is not None
        for term in terms
    }
    return Search(model, names, line, terms, related)


def search_condition(
    model: type[Record], typed: str, names: Sequence[str] | None = None
) -> ColumnElement[bool] | None:
    """Return the condition that rows match what was typed; None for no word."""
    search = search_for(model, typed, names)
    return None if search is None else search.condition()


def is_exactly(model: type[Record], name: str, typed: str) -> ColumnElement[bool]:
    """Return the condition that an attribute is what was typed, a phone number one of those in its cell."""
    return _Rows(model, model, (name,), {}, by_index=False).is_exactly(name, typed)


def contains(model: type[Record], name: str, typed: str) -> ColumnElement[bool]:
    """Return the condition that a text contains what was typed; the index of searches serves where it can."""
    rows = _Rows(model, model, (name,), {}, by_index=name in model.searched)
    return rows.contains(name, typed)


@dataclass(frozen=True, slots=True)
class Matches:
    """The keys of the first rows that match a search, in the order of the statement over them.

    `tried` says of how many rows they are, the first ones; None where an index found them among all.
    """

    keys: Sequence[int]
    is_all: bool
    tried: int | None

    def estimate(self, statement: Select[Any]) -> int:
        """Return how many rows of the statement may match, by those that were tried."""
        assert self.tried is not None
        return len(self.keys) * estimated_rows(statement) // self.tried if self.keys else 0


def try_first(statement: Select[Any], search: Search) -> Matches:
    """Return what matches of the first WINDOW rows of an ordered statement over a model."""
    near = _tried(statement.limit(WINDOW), search)
    keys = func.array_agg(near.id).filter(search.condition(near, by_index=False))
    tried, found = db.session.execute(select(func.count(), keys).select_from(near)).one()
    return Matches(found or [], tried < WINDOW, tried)


def first_matches(statement: Select[Any], search: Search, enough: int, most: int) -> Matches:
    """Return the keys of the first rows of an ordered statement over a model that match a search.

    A word that is common is found in the first rows that one reads, `enough` of it, one that is rare by the
    index, of at most so many. The planner would have to guess which, and guesses wrong by far where signs
    come together more often than each of them lets expect.
    """
    first = try_first(statement, search)
    if first.is_all or len(first.keys) >= enough:
        return first
    with by_bitmaps():
        asked = statement.with_only_columns(search.model.id).where(search.condition()).limit(most)
        keys = db.session.scalars(asked).all()
    return Matches(keys, len(keys) < most, None)


def rows_found(statement: Select[Any], search: Search, most: int) -> list[Any]:
    """Return the first rows, at most so many, of an ordered statement over a model that match a search."""
    return rows_of(statement, search, first_matches(statement, search, most, most).keys[:most])


def rows_of(statement: Select[Any], search: Search, keys: Sequence[int]) -> list[Any]:
    """Return the rows of an ordered statement over a model that have these keys."""
    return list(db.session.scalars(statement.where(search.model.id.in_(keys)))) if keys else []


def searched_from(statement: Select[Any], search: Search, common_from: float = float("inf")) -> int | None:
    """Return the key of the first of the newest `reach` records, where only those can be searched in no time.

    None where all can: an index helps, the rows of the statement, which is over a model, are few, or what is
    searched for stands in more than `common_from` of them.
    """
    model = search.model
    if search.is_served or estimated_rows(statement) <= search.reach:
        return None
    newest = try_first(statement.order_by(model.id.desc()), search)
    if newest.is_all or newest.estimate(statement) > common_from:
        return None
    return db.session.scalar(select(model.id).order_by(model.id.desc()).offset(search.reach - 1).limit(1))


def estimate_by_chance(statement: Select[Any], search: Search) -> int:
    """Return how many rows of a statement over a model may match a search, by rows drawn from all of them.

    A sample tells of signs that come together what the planner, who knows each of them, can't.
    """
    model = search.model
    share = min(100.0, 100 * SAMPLE / max(1, table_sizes()[model.__tablename__]))
    drawn = aliased(model, tablesample(model.__table__, share))
    near = _tried(statement.where(model.id.in_(select(drawn.id))), search)
    found = func.count().filter(search.condition(near, by_index=False))
    seen, matching = db.session.execute(select(func.count(), found).select_from(near)).one()
    return matching * estimated_rows(statement) // max(1, seen)


def _tried(statement: Select[Any], search: Search) -> Any:
    """Return the rows of a statement over a model as another name of it, to be tried one by one.

    With the columns alone that a search or a limit of rows may ask: for all, to put it together takes longer.
    """
    stored = [name for name in search.names if column_of(search.model, name) is not None]
    beside = {"phone": "phone_numbers", "customer_name": "customer_id"}
    names = dict.fromkeys(["id", *stored, *(beside[name] for name in stored if name in beside), *LIMITING])
    columns = [getattr(search.model, name) for name in names]
    return aliased(search.model, statement.with_only_columns(*columns).subquery())


def _referred(model: type[Record], name: str) -> type[Record] | None:
    """Return the type of record that a searched attribute refers to; None where it is a text."""
    return None if column_of(model, name) is None else target_of(model, name)


def _keys_holding(target: type[Record], term: str) -> list[int] | None:
    """Return the visible records of a type in whose own texts a word stands.

    None where they are too many, or where all of many would be read to find them.
    """
    kept: dict[tuple[type[Record], str], list[int] | None] = g.setdefault("keys_holding", {})
    if (target, term) not in kept and not pieces_in(term) and estimated_rows(select(target)) > REACH:
        kept[target, term] = None
    if (target, term) not in kept:
        rows = _Rows(target, target, _plain_names(target), {}, by_index=True)
        statement = select(target.id).where(rows.holds(term)).limit(RELATED_MOST + 1)
        keys = list(db.session.scalars(statement))
        kept[target, term] = keys if len(keys) <= RELATED_MOST else None
    return kept[target, term]


def _plain_names(model: type[Record]) -> tuple[str, ...]:
    return tuple(name for name in model.searched if target_of(model, name) is None)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a model as a statement names them, and the conditions on them."""

    entity: Any
    model: type[Record]
    names: tuple[str, ...]
    related: _Related
    by_index: bool

    def holds(self, term: str) -> ColumnElement[bool]:
        """Return the condition that a word stands in one of the attributes."""
        table: Any = self.model.__table__
        indexed = indexed_names(table, self.model.searched)
        texts = [name for name in self.names if name in indexed]
        others = [name for name in self.names if name not in indexed]
        ways = [self._indexed([self._text(name, term) for name in texts], term)] if texts else []
        if "phone" in texts and (digits := self._digits(term)) is not None:
            is_masked = "phone" in masked_names(self.model)
            ways.append(self._indexed([self._number(digits, is_whole=is_masked)], digits))
        ways += [self._other(name, term) for name in others]
        sounds = self.sounds(term)
        return or_(*ways, *([] if sounds is None else [sounds]))

    def contains(self, name: str, typed: str) -> ColumnElement[bool]:
        """Return the condition that a text contains what was typed."""
        return self._indexed([_contains(getattr(self.entity, name), typed)], typed)

    def is_exactly(self, name: str, typed: str) -> ColumnElement[bool]:
        """Return the condition that a text is what was typed, a phone number one of those in its cell."""
        same = self._indexed([self._is(name, typed)], typed)
        digits = self._digits(typed) if name == "phone" else None
        if digits is None:
            return same
        return or_(same, self._indexed([self._number(digits, is_whole=True)], digits))

    def sounds(self, typed: str) -> ColumnElement[bool] | None:
        """Return the condition that a name, the own or the customer's, is typed as it sounds.

        None where it can't be, or is masked, or no name is searched.
        """
        if "name" in self.names:
            named, key = self.model, self.entity.id
        elif "customer_name" in self.names:
            # How the name sounds stands in the customer's file.
            named, key = Customer, self.entity.customer_id
        else:
            return None
        keys = None if "name" in masked_names(named) else keys_sounding_like(named, typed)
        if keys is None:
            return None
        # An array of keys, so that an index serves beside others.
        found: ColumnElement[bool] = key == any_(func.array(keys.scalar_subquery()))
        return found

    def _indexed(self, tried: list[ColumnElement[bool]], typed: str) -> ColumnElement[bool]:
        """Return the condition that one of those is so; the index, where it is used, knows of all of them."""
        found = or_(*tried)
        pieces = pieces_in(typed) if self.by_index else []
        if not pieces:
            return found
        table: Any = self.model.__table__
        names = indexed_names(table, self.model.searched)
        # As a number that is hardly ever 0: how rare the word is, the planner knows from its pieces already.
        is_so = cast(func.coalesce(found, False), Integer) != 0
        # The texts first: of a row that is read anyway they are compared sooner than cut into pieces.
        return and_(is_so, holds_pieces(self.entity, names, pieces))

    def _text(self, name: str, term: str) -> ColumnElement[bool]:
        if name in masked_names(self.model):
            return self._is(name, term)
        return _contains(getattr(self.entity, name), term)

    def _is(self, name: str, typed: str) -> ColumnElement[bool]:
        same: ColumnElement[bool] = getattr(self.entity, name).ilike(escape_like(typed), escape="\\")
        return same

    def _digits(self, typed: str) -> str | None:
        return digits_of(typed) if issubclass(self.model, HasPhone) else None

    def _number(self, digits: str, *, is_whole: bool) -> ColumnElement[bool]:
        numbers: Any = self.entity.phone_numbers
        if is_whole:
            return literal(digits) == any_(numbers)
        found: ColumnElement[bool] = func.array_to_string(numbers, " ").like(f"%{digits}%")
        return found

    def _other(self, name: str, term: str) -> ColumnElement[bool]:
        """Return the condition on an attribute that is no text of the row itself."""
        found: ColumnElement[bool]
        attribute = getattr(self.entity, name)
        target = target_of(self.model, name)
        if target is None:
            return _contains(attribute, term)
        if column_of(self.model, name) is None:
            found = attribute.any(_contains(attribute.property.mapper.class_.name, term))
            return found
        keys = self.related[name, term]
        if keys is not None:
            found = attribute == any_(cast(keys, ARRAY(BigInteger)))
            return found
        other = aliased(target)
        rows = _Rows(other, target, _plain_names(target), {}, by_index=False)
        # Not as EXISTS: for that the planner may read all that hold the word, which are many.
        asked = select(true()).where(other.id == attribute, rows.holds(term)).scalar_subquery()
        return func.coalesce(asked, False)


def _contains(column: Any, term: str) -> ColumnElement[bool]:
    """Return the condition that a word stands in a text, whatever its case, as cheaply as the word allows."""
    text = column if isinstance(column.type, String) else cast(column, String)
    pattern = f"%{escape_like(term)}%"
    found: ColumnElement[bool]
    if has_no_case(term):
        # Written small, each text that is tried would be copied first.
        found = text.like(pattern, escape="\\")
    else:
        # The alphabet alone is written small faster than by the rules of a language.
        small = text.collate("C") if all(sign.isascii() or has_no_case(sign) for sign in term) else text
        found = small.ilike(pattern, escape="\\")
    return found
