"""Import records from foreign tables: one path, for the command and for the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from time import monotonic
from typing import IO, Any, BinaryIO

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import Date, DateTime, Enum, func, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from jobs.import_mapping import FieldRule, ImportMapping, RowConverter, RowRejectedError, load_mapping
from jobs.import_reader import DelimitedFile, FileForm, ImportRefusedError, Row, examine
from jobs.import_rejected import RejectedRows
from models import ImportOrigin, ImportRun, Record, current_actor, db, record_types
from models.base import now
from models.labels import FIELD_LABELS

CHUNK = 500

# Takes the rows done so far, and the share of the file that is, from 0 to 1.
Progress = Callable[[int, float], None]
# A row's values in their stored form: texts, dates in ISO form, codes.
Values = dict[str, str | None]


class Fate(StrEnum):
    """What became of a row; a repeated one stands in the file twice, word for word."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file; `repeated` rows are among the unchanged.

    `rejected_file` has the layout and encoding of the input, and is None where no row was rejected.
    """

    run_id: int
    new: int
    changed: int
    unchanged: int
    repeated: int
    rejected: int
    encoding: str
    seconds: float
    rejected_file: IO[bytes] | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: Row
    key: str
    values: Values


def run_import(
    source: BinaryIO, file_name: str, mapping_name: str, on_progress: Progress | None = None
) -> ImportResult:
    """Import every row of `source` that can be read, as the current actor, in one transaction, and commit.

    A row that is known by its key changes only what changed at the source since it was last seen there;
    a record that staff have deleted stays deleted. Killed half-way, it leaves nothing behind.

    Raises:
        ImportRefusedError: where the file as a whole can't be read, with a sentence for the user.
    """
    started = monotonic()
    mapping = load_mapping(mapping_name)
    form = examine(source)
    table = DelimitedFile(source, form)
    try:
        importer = _Importer(mapping, form, table, file_name)
        rows = iter(table)
        while chunk := list(islice(rows, CHUNK)):
            importer.take(chunk)
            if on_progress:
                on_progress(importer.rows, table.bytes_read / form.size)
        importer.finish()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        table.release()
    counts = importer.counts
    return ImportResult(
        run_id=importer.run_id,
        new=counts[Fate.NEW],
        changed=counts[Fate.CHANGED],
        unchanged=counts[Fate.UNCHANGED] + counts[Fate.REPEATED],
        repeated=counts[Fate.REPEATED],
        rejected=counts[Fate.REJECTED],
        encoding=form.encoding,
        seconds=monotonic() - started,
        rejected_file=importer.rejections.close(),
    )


class _Importer:
    """One import of one file, chunk by chunk."""

    def __init__(self, mapping: ImportMapping, form: FileForm, table: DelimitedFile, file_name: str) -> None:
        """Open the run; refuse it while another one reads from the same source."""
        self.mapping = mapping
        self.converter = RowConverter(mapping, table.header, current_app.extensions["settings"].timezone)
        lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"import:{mapping.source}", 0))
        if not db.session.scalar(select(lock)):
            raise ImportRefusedError(
                _("Another import from this source is running. Try again when it has finished.")
            )
        actor = current_actor()
        self.run = ImportRun(
            mapping=mapping.name,
            file_name=file_name[-255:],
            file_sha256=form.sha256,
            staff_id=actor.staff_id if actor else None,
        )
        db.session.add(self.run)
        db.session.flush()
        self.run_id = self.run.id
        self.ids = {rule.name: _ids_by_value(rule.lookup) for rule in mapping.fields if rule.lookup}
        self.rejections = RejectedRows(table, form.codec)
        self.counts: Counter[Fate] = Counter()
        self.rows = 0

    def take(self, rows: Sequence[Row]) -> None:
        """Store a chunk at once; where the database refuses it, row by row, so that only one fails."""
        self.rows += len(rows)
        candidates = [candidate for row in rows if (candidate := self._read(row))]
        try:
            with db.session.begin_nested():
                fates = self._store(candidates)
        except (DataError, IntegrityError):
            for candidate in candidates:
                self._take_alone(candidate)
        else:
            self._count(candidates, fates)

    def finish(self) -> None:
        """Write the counts into the run."""
        self.run.rows_new = self.counts[Fate.NEW]
        self.run.rows_changed = self.counts[Fate.CHANGED]
        self.run.rows_unchanged = self.counts[Fate.UNCHANGED] + self.counts[Fate.REPEATED]
        self.run.rows_rejected = self.counts[Fate.REJECTED]
        self.run.finished_at = now()

    def _take_alone(self, candidate: _Candidate) -> None:
        try:
            with db.session.begin_nested():
                fates = self._store([candidate])
        except (DataError, IntegrityError) as error:
            self._reject(candidate.row, _sentence(error))
        else:
            self._count([candidate], fates)

    def _count(self, candidates: Sequence[_Candidate], fates: Sequence[Fate]) -> None:
        for candidate, fate in zip(candidates, fates, strict=True):
            if fate is Fate.REJECTED:
                self._reject(
                    candidate.row,
                    _("%(key)s stands in this file twice, with different content.", key=candidate.key),
                )
            else:
                self.counts[fate] += 1

    def _reject(self, row: Row, reason: str) -> None:
        self.counts[Fate.REJECTED] += 1
        self.rejections.add(row, reason)

    def _read(self, row: Row) -> _Candidate | None:
        """Return what the row says; None where it was rejected."""
        try:
            key, values = self.converter.convert(row)
            self._require_entries(values)
        except RowRejectedError as reason:
            self._reject(row, str(reason))
            return None
        return _Candidate(row, key, values)

    def _require_entries(self, values: Values) -> None:
        for name, ids in self.ids.items():
            if values[name] is not None and values[name] not in ids:
                raise RowRejectedError(
                    _(
                        "%(field)s: there is no entry with the code “%(code)s” in this panel.",
                        field=FIELD_LABELS.get(name, name),
                        code=values[name],
                    )
                )

    def _store(self, candidates: Sequence[_Candidate]) -> list[Fate]:
        """Write the chunk and return what became of each row."""
        origins = self._origins([candidate.key for candidate in candidates])
        known = self._known_records(candidates, origins)
        seen: dict[str, Values] = {}
        fates: list[Fate] = []
        added: list[tuple[_Candidate, Record]] = []
        for candidate in candidates:
            origin = origins.get(candidate.key)
            before = seen.get(candidate.key)
            if before is None and origin is not None and origin.run_id == self.run_id:
                before = origin.values
            seen[candidate.key] = before or candidate.values
            if before is not None:
                fates.append(Fate.REPEATED if before == candidate.values else Fate.REJECTED)
            elif origin is None:
                added.append((candidate, self._new_record(candidate.values)))
                fates.append(Fate.NEW)
            else:
                fates.append(self._update(origin, known.get(origin.row_id), candidate.values))
        self._add(added)
        return fates

    def _origins(self, keys: Sequence[str]) -> dict[str, ImportOrigin]:
        found = db.session.scalars(
            select(ImportOrigin).where(
                ImportOrigin.source == self.mapping.source,
                ImportOrigin.table_name == self.mapping.record.__tablename__,
                ImportOrigin.external_key.in_(keys),
            )
        )
        return {origin.external_key: origin for origin in found}

    def _known_records(
        self, candidates: Sequence[_Candidate], origins: Mapping[str, ImportOrigin]
    ) -> dict[int, Record]:
        """Return the records behind the rows that differ from when they were last seen, locked."""
        ids = [
            origin.row_id
            for candidate in candidates
            if (origin := origins.get(candidate.key)) and origin.values != candidate.values
        ]
        model = self.mapping.record
        statement = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
        found = db.session.scalars(statement, execution_options={"populate_existing": True}) if ids else ()
        return {record.id: record for record in found}

    def _new_record(self, values: Values) -> Record:
        # What the row leaves open gets the column's own default.
        given = {
            rule.name: self._python(rule, value)
            for rule in self.mapping.fields
            if (value := values[rule.name])
        }
        return self.mapping.record(**given)

    def _add(self, added: Iterable[tuple[_Candidate, Record]]) -> None:
        added = list(added)
        db.session.add_all(record for _candidate, record in added)
        db.session.flush()
        db.session.add_all(
            ImportOrigin(
                source=self.mapping.source,
                table_name=self.mapping.record.__tablename__,
                external_key=candidate.key,
                row_id=record.id,
                run_id=self.run_id,
                values=candidate.values,
            )
            for candidate, record in added
        )
        db.session.flush()

    def _update(self, origin: ImportOrigin, record: Record | None, values: Values) -> Fate:
        """Change what changed at the source; `record` is None where nothing did, or staff deleted it."""
        origin.run_id = self.run_id
        if record is None or self._is_older(values, origin.values):
            return Fate.UNCHANGED
        for rule in self.mapping.fields:
            value = values[rule.name]
            if value == origin.values.get(rule.name) or (
                rule.forward_only and self._is_behind(rule, value, record)
            ):
                continue
            setattr(record, rule.name, self._python(rule, value))
        origin.values = dict(values)
        return Fate.CHANGED if db.session.is_modified(record) else Fate.UNCHANGED

    def _is_older(self, values: Values, last: Values) -> bool:
        """Tell whether the row shows an earlier state than the one last seen: nothing of it is news."""
        return any(
            self._rank(rule, values[rule.name]) < self._rank(rule, last.get(rule.name))
            for rule in self.mapping.fields
            if rule.forward_only
        )

    def _is_behind(self, rule: FieldRule, value: str | None, record: Record) -> bool:
        return self._rank(rule, value) <= self._rank(rule, getattr(record, rule.name))

    def _rank(self, rule: FieldRule, value: str | None) -> int:
        return self.mapping.order(rule.name).index(value) if value else -1

    def _python(self, rule: FieldRule, value: str | None) -> Any:
        """Return a stored form as what the record's attribute holds."""
        kind = self.mapping.record.__table__.c[rule.name].type
        if value is None:
            return None
        if rule.lookup:
            return self.ids[rule.name][value]
        if isinstance(kind, Enum) and kind.enum_class:
            return kind.enum_class(value)
        if isinstance(kind, DateTime):
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if isinstance(kind, Date) else value


def _ids_by_value(lookup: str) -> dict[str, int]:
    """Return the ids of the rows that a "table.column" names, by their values there."""
    table, column = lookup.split(".")
    model = next(model for model in record_types() if model.__tablename__ == table)
    rows = db.session.execute(select(getattr(model, column), model.id))
    return {str(value): int(key) for value, key in rows}


def _sentence(error: DBAPIError) -> str:
    """Return in the user's words why the database refused a row."""
    diagnosis = getattr(error.orig, "diag", None)
    column = getattr(diagnosis, "column_name", None) or ""
    match getattr(error.orig, "sqlstate", None):
        case "23502":
            sentence = _("%(field)s must not be empty.", field=FIELD_LABELS.get(column, column))
        case "23505":
            detail = getattr(diagnosis, "message_detail", "")
            sentence = _("Another record already has this value: %(value)s", value=detail)
        case _other:
            rule = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "message_primary", "")
            sentence = _("The row breaks a rule of the database: %(rule)s", rule=rule)
    return str(sentence)
