"""Find the entries that rows name by a code or a name, such as a dealer; make those that a mapping may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from jobs.import_fields import python_value
from jobs.import_mapping import FieldRule, ImportMapping, target_of
from jobs.import_reader import Row
from jobs.import_values import RowConverter, Values
from models import ImportOrigin, Record, Supplier, SupplierAlias, db

# Of each lookup, what was found: None where nothing was.
_Found = dict[str, int | None]


class Lookups:
    """The entries that the rows of one import name."""

    def __init__(self, mapping: ImportMapping, converter: RowConverter) -> None:
        self._mapping = mapping
        self._converter = converter
        self._rules = [rule for rule in mapping.fields if rule.lookup]
        # Rules with the same look-up share what was found.
        self._found: dict[str, _Found] = {str(rule.lookup): {} for rule in self._rules}
        self._made: list[tuple[FieldRule, str]] = []
        # What was made, by the field that names it.
        self.made: dict[str, list[str]] = {}

    def resolve(self, rows: Sequence[Values]) -> None:
        """Look up what a chunk names and isn't known yet, in one query for each kind of entry."""
        for rule in self._rules:
            found = self._found[str(rule.lookup)]
            wanted = {value for row in rows if (value := row[rule.name]) and found.get(value) is None}
            if wanted:
                found |= dict.fromkeys(wanted) | self._ids(str(rule.lookup), wanted)

    def _ids(self, lookup: str, wanted: set[str]) -> _Found:
        model = target_of(lookup)
        column = getattr(model, lookup.split(".")[1])
        rows = db.session.execute(
            select(column, model.id).where(column.in_(wanted)).order_by(model.id.desc())
        )
        named = {str(value): int(key) for value, key in rows}
        spelled = _by_spelling(wanted) if lookup == "supplier.name" else {}
        return self._by_own_number(model, wanted) | spelled | named

    def _by_own_number(self, model: type[Record], wanted: set[str]) -> _Found:
        """Return the records that came from the same source under these keys: its own numbers for them."""
        rows = db.session.execute(
            select(ImportOrigin.external_key, ImportOrigin.row_id)
            .join(model, model.id == ImportOrigin.row_id)
            .where(
                ImportOrigin.source == self._mapping.source,
                ImportOrigin.table_name == model.__tablename__,
                ImportOrigin.external_key.in_(wanted),
            )
        )
        return {str(value): int(key) for value, key in rows}

    def missing(self, values: Values) -> Iterator[tuple[FieldRule, str]]:
        """Yield what a row names and can't have, with the rule that asks for it."""
        for rule in self._rules:
            value = values[rule.name]
            if value and rule.creates is None and self._found[str(rule.lookup)].get(value) is None:
                yield rule, value

    def id_of(self, rule: FieldRule, value: str, row: Row) -> int:
        """Return the id of an entry, having made it where the mapping says so.

        Raises:
            RowRejectedError: where the row doesn't hold what a new entry needs.
        """
        lookup = str(rule.lookup)
        found = self._found[lookup].get(value)
        if found is not None:
            return found
        model, column = target_of(lookup), lookup.split(".")[1]
        further = {
            name: python_value(model, name, text)
            for name, text in self._converter.new_entry(rule, row).items()
            if text
        }
        entry = model(**({column: value} | further))
        db.session.add(entry)
        db.session.flush()
        self._found[lookup][value] = entry.id
        self._made.append((rule, value))
        return entry.id

    def keep_made(self) -> None:
        """Note that what was made is there to stay."""
        for rule, value in self._made:
            self.made.setdefault(rule.name, []).append(value)
        self._made.clear()

    def forget_made(self) -> None:
        """Forget what was made since the last chunk: the database has taken it back."""
        for rule, value in self._made:
            self._found[str(rule.lookup)][value] = None
        self._made.clear()


def _by_spelling(wanted: set[str]) -> _Found:
    rows = db.session.execute(
        select(SupplierAlias.name, Supplier.id)
        .join(Supplier, Supplier.id == SupplierAlias.supplier_id)
        .where(SupplierAlias.name.in_(wanted))
    )
    return {str(name): int(key) for name, key in rows}
