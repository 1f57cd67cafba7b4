"""Write the rows of one import: new records, changes of known ones, and why a row was rejected."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import DataError, IntegrityError

from jobs.import_fields import fill_gaps, new_values, python_value
from jobs.import_history import OpenComplaints
from jobs.import_lookups import Lookups
from jobs.import_mapping import FieldRule, ImportMapping
from jobs.import_notes import RowNotes
from jobs.import_reader import ImportRefusedError, Row
from jobs.import_rejected import RejectedRows, sentence_of
from jobs.import_table import Table
from jobs.import_values import RowConverter, RowRejectedError, Values
from models import Complaint, ImportOrigin, ImportRun, Record, Supplier, SupplierAlias, current_actor, db
from models.base import now
from models.centre import site_zone
from models.importing import ImportState
from models.labels import FIELD_LABELS
from models.owed_by_step import owe_by_step
from models.part import alias_conflict, release_aliases


class ImportBusyError(ImportRefusedError):
    """Another import from the same source is running: this one can come later."""


class Fate(StrEnum):
    """What became of a row; a repeated one stands in the file twice, word for word."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: Row
    key: str
    values: Values


class Importer:
    """One import of one file, chunk by chunk."""

    def __init__(
        self,
        mapping: ImportMapping,
        table: Table,
        file_name: str,
        run: ImportRun | None,
        *,
        is_trial: bool,
        history_until: date | None = None,
    ) -> None:
        """Open the run; refuse it while another one reads from the same source."""
        self.mapping = mapping
        self.is_trial = is_trial
        self.converter = RowConverter(mapping, table.rows.header, site_zone())
        lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"import:{mapping.source}", 0))
        if not db.session.scalar(select(lock)):
            raise ImportBusyError(
                _("Another import from this source is running. Try again when it has finished.")
            )
        self.run = run or self._begin(table, file_name, history_until)
        if not is_trial:
            self.run.mapping = mapping.name
        db.session.flush()
        self.run_id = self.run.id
        self.lookups = Lookups(mapping, self.converter)
        self.rejections = RejectedRows(table.rows, table.codec)
        self.notes = RowNotes(mapping)
        self.counts: Counter[Fate] = Counter()
        self.rows = 0
        self.opened = OpenComplaints(now().astimezone(site_zone()).date())
        # Known complaints that a chunk brings to another step.
        self._moved: list[Complaint] = []

    def _begin(self, table: Table, file_name: str, history_until: date | None) -> ImportRun:
        actor = current_actor()
        run = ImportRun(
            mapping=self.mapping.name,
            file_name=file_name[-255:],
            file_sha256=table.sha256,
            staff_id=actor.staff_id if actor else None,
            history_until=history_until,
        )
        db.session.add(run)
        return run

    @property
    def made(self) -> dict[str, list[str]]:
        """Return what had to be made because rows name it, by the field that does, such as a region."""
        return self.lookups.made

    def take(self, rows: Sequence[Row]) -> None:
        """Store a chunk at once; where the database refuses it, row by row, so that only one fails."""
        self.rows += len(rows)
        read = [candidate for row in rows if (candidate := self._read(row))]
        self.lookups.resolve([candidate.values for candidate in read])
        candidates = [candidate for candidate in read if self._has_entries(candidate)]
        try:
            with db.session.begin_nested():
                fates = self._store(candidates)
        except (DataError, IntegrityError, RowRejectedError):
            self.lookups.forget_made()
            for candidate in candidates:
                self._take_alone(candidate)
        else:
            self.lookups.keep_made()
            self._count(candidates, fates)

    def finish(self) -> None:
        """Write the counts into the run; a trial leaves it alone, for others to write to."""
        if self.is_trial:
            return
        self.run.rows_new = self.counts[Fate.NEW]
        self.run.rows_changed = self.counts[Fate.CHANGED]
        self.run.rows_unchanged = self.counts[Fate.UNCHANGED] + self.counts[Fate.REPEATED]
        self.run.rows_rejected = self.counts[Fate.REJECTED]
        self.run.finished_at = now()
        self.run.state = ImportState.DONE

    def _take_alone(self, candidate: _Candidate) -> None:
        try:
            with db.session.begin_nested():
                fates = self._store([candidate])
        except (DataError, IntegrityError, RowRejectedError) as error:
            self.lookups.forget_made()
            reason = str(error) if isinstance(error, RowRejectedError) else sentence_of(error)
            self._reject(candidate.row, reason)
        else:
            self.lookups.keep_made()
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
                if fate in (Fate.NEW, Fate.CHANGED):
                    self.notes.look_at(candidate.row, candidate.values)

    def _reject(self, row: Row, reason: str) -> None:
        self.counts[Fate.REJECTED] += 1
        self.rejections.add(row, reason)

    def _read(self, row: Row) -> _Candidate | None:
        """Return what the row says; None where it was rejected."""
        try:
            key, values = self.converter.convert(row)
        except RowRejectedError as reason:
            self._reject(row, str(reason))
            return None
        return _Candidate(row, key, values)

    def _has_entries(self, candidate: _Candidate) -> bool:
        """Reject a row that names an entry which neither exists nor may be made."""
        for rule, code in self.lookups.missing(candidate.values):
            reason = _(
                "%(field)s: there is no entry with the code “%(code)s” in this panel.",
                field=FIELD_LABELS.get(rule.name, rule.name),
                code=code,
            )
            self._reject(candidate.row, reason)
            return False
        return True

    def _store(self, candidates: Sequence[_Candidate]) -> list[Fate]:
        """Write the chunk, with what complaints owe, and return what became of each row."""
        self._moved = []
        fates, added = self._match(candidates)
        self._add(added)
        new = [record for _candidate, record in added if isinstance(record, Complaint)]
        owe_by_step(new, self._moved, now(), self.run.history_until)
        self.opened.add(new)
        return fates

    def _match(self, candidates: Sequence[_Candidate]) -> tuple[list[Fate], list[tuple[_Candidate, Record]]]:
        """Change the records that rows mean; return what becomes of each row, and what is to be added."""
        origins = self._origins([candidate.key for candidate in candidates])
        known = self._known_records(candidates, origins)
        by_hand = self._entered_by_hand(candidates, origins)
        seen: dict[str, Values] = {}
        fates: list[Fate] = []
        added: list[tuple[_Candidate, Record]] = []
        for candidate in candidates:
            origin = origins.get(candidate.key)
            before = seen.get(candidate.key)
            if before is None and origin is not None and origin.run_id == self.run_id:
                before = origin.values
            seen[candidate.key] = before or candidate.values
            own = by_hand.get(candidate.values[self.mapping.match] or "") if self.mapping.match else None
            if before is not None:
                same = self._said(candidate.values, before) == before
                fates.append(Fate.REPEATED if same else Fate.REJECTED)
            elif origin is not None and origin.is_erased:
                # The person asked to be forgotten: what a file still says is not taken in again.
                fates.append(Fate.UNCHANGED)
            elif origin is not None:
                fates.append(self._update(origin, known.get(origin.row_id), candidate))
            elif own is not None:
                fates.append(self._adopt(own, candidate))
                added.append((candidate, own))
            else:
                record = self._new_record(candidate)
                added.append((candidate, record))
                fates.append(Fate.NEW)
                if self.mapping.match:
                    # A further row of this chunk may mean it too.
                    by_hand[candidate.values[self.mapping.match] or ""] = record
        return fates, added

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
            if (origin := origins.get(candidate.key))
            and self._said(candidate.values, origin.values) != origin.values
        ]
        model = self.mapping.record
        statement = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
        found = db.session.scalars(statement, execution_options={"populate_existing": True}) if ids else ()
        return {record.id: record for record in found}

    def _entered_by_hand(
        self, candidates: Sequence[_Candidate], origins: Mapping[str, ImportOrigin]
    ) -> dict[str, Record]:
        """Return the records that rows mean though they came from elsewhere, by their match, locked."""
        match = self.mapping.match
        if match is None:
            return {}
        wanted = {candidate.values[match] for candidate in candidates if candidate.key not in origins}
        model = self.mapping.record
        column = getattr(model, match)
        statement = select(model).where(column.in_(wanted - {None})).order_by(model.id).with_for_update()
        found = db.session.scalars(statement, execution_options={"populate_existing": True})
        return {getattr(record, match): record for record in found}

    def _adopt(self, record: Record, candidate: _Candidate) -> Fate:
        """Fill what stands open in a record that came from elsewhere."""
        is_filled = fill_gaps(record, self._plain(candidate))
        is_spelling = self.mapping.key_is_alias and self._has_new_spelling(record, candidate.key)
        return Fate.CHANGED if is_filled or is_spelling else Fate.UNCHANGED

    def _has_new_spelling(self, record: Record, spelling: str) -> bool:
        return isinstance(record, Supplier) and spelling not in {
            record.name,
            *(alias.name for alias in record.aliases),
        }

    def _new_record(self, candidate: _Candidate) -> Record:
        record = self.mapping.record(**new_values(self.mapping.record), **self._plain(candidate))
        if self.is_trial and "number" in self.mapping.record.__table__.c:
            # A trial must draw no numbers: those that the database gave would be missing for ever.
            record.number = f"?{secrets.token_hex(12)}"  # type: ignore[attr-defined]  # just asked
        return record

    def _plain(self, candidate: _Candidate) -> dict[str, Any]:
        """Return what the row says of each field; what it leaves open gets the column's own default."""
        return {
            rule.name: self._python(rule, value, candidate.row)
            for rule in self.mapping.fields
            if (value := candidate.values[rule.name])
        }

    def _add(self, added: Iterable[tuple[_Candidate, Record]]) -> None:
        added = list(added)
        db.session.add_all(record for _candidate, record in added)
        db.session.flush()
        for candidate, record in added:
            if isinstance(record, Supplier):
                self._add_spelling(record, candidate.key)
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

    def _add_spelling(self, record: Supplier, spelling: str) -> None:
        """Note a row's key as a spelling of the supplier, where the mapping says so."""
        is_new = self.mapping.key_is_alias and self._has_new_spelling(record, spelling)
        names = [record.name, spelling] if is_new else [record.name]
        release_aliases(names)
        taken = alias_conflict(names, record.id)
        if taken:
            raise RowRejectedError(_("“%(name)s” means another supplier already.", name=taken))
        if is_new:
            record.aliases.append(SupplierAlias(name=spelling))

    def _said(self, values: Values, last: Values) -> Values:
        """Return the values, with what was said last where the row says nothing."""
        return {
            rule.name: last.get(rule.name)
            if not self.converter.is_known(rule)
            or (rule.default_yields and values[rule.name] == rule.default)
            else values[rule.name]
            for rule in self.mapping.fields
        }

    def _update(self, origin: ImportOrigin, record: Record | None, candidate: _Candidate) -> Fate:
        """Change what changed at the source; `record` is None where nothing did, or staff deleted it."""
        origin.run_id = self.run_id
        values = self._said(candidate.values, origin.values)
        if record is None or self._is_older(values, origin.values):
            return Fate.UNCHANGED
        for rule in self.mapping.fields:
            value = values[rule.name]
            if value == origin.values.get(rule.name) or (
                rule.forward_only and self._is_behind(rule, value, record)
            ):
                continue
            setattr(record, rule.name, self._python(rule, value, candidate.row))
        origin.values = dict(values)
        if isinstance(record, Complaint) and inspect(record).attrs.step.history.has_changes():
            self._moved.append(record)
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

    def _python(self, rule: FieldRule, value: str | None, row: Row) -> Any:
        if value is not None and rule.lookup:
            return self.lookups.id_of(rule, value, row)
        return python_value(self.mapping.record, rule.name, value)
