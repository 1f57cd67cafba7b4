"""The commands `flask --app app import complaints FILE --map NAME`, and so for each record type."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from jobs.import_history import OLD_AFTER
from jobs.import_mapping import names_by_table, recognise_mapping
from jobs.import_reader import ImportRefusedError
from jobs.import_rejected import save_rejected
from jobs.import_table import open_table
from jobs.imports import ImportResult, Progress, run_import
from models import Complaint, acting_as, system_actor

# The first line comes early, so that one knows it works.
FIRST_LINE_AFTER = 0.5
SECONDS_BETWEEN_LINES = 2.0
# Of tables whose plural has no "s".
PLURALS = {"staff": "staff"}

import_command = AppGroup("import", help="Import records from a file.")


def _add_command(table: str, names: list[str]) -> None:
    """Add the command that imports the records of one table."""
    plural = PLURALS.get(table, f"{table}s").replace("_", "-")
    what = plural.replace("-", " ")

    @import_command.command(
        plural, help=f"Import {what} from FILE, all that can be read or, when stopped half-way, none."
    )
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--map",
        "mapping_name",
        type=click.Choice(names),
        help="How to read the file; without it, its columns decide.",
    )
    @_history_option(table)
    def run(file: Path, mapping_name: str | None, history_until: datetime | None = None) -> None:
        until = history_until.date() if history_until else None
        try:
            with acting_as(system_actor("import")), file.open("rb") as source:
                mapping_name = mapping_name or _recognised(source, names)
                if table == Complaint.__tablename__ and until is None and can_ask():
                    until = _asked_history(source, file, mapping_name)
                with _progress(file) as on_progress:
                    result = run_import(source, file.name, mapping_name, on_progress, history_until=until)
        except ImportRefusedError as reason:
            raise click.ClickException(str(reason)) from reason
        _report(file, result)


def _history_option(table: str) -> Callable[[Any], Any]:
    """Return the option that only complaints have: nothing else becomes due by being imported."""
    if table != Complaint.__tablename__:
        return lambda command: command
    return click.option(
        "--history-until",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="DAY",
        help="Complaints registered up to this day are history: nothing of them becomes due. Without it, a"
        " terminal is asked where the file has old ones that are open.",
    )


def can_ask() -> bool:
    """Tell whether somebody sits before the command and can answer."""
    return sys.stdin.isatty()


def _asked_history(source: BinaryIO, file: Path, mapping_name: str) -> date | None:
    """Try the file, and ask about what would be late at once; return up to which day it is history."""
    with _progress(file) as on_progress:
        trial = run_import(source, file.name, mapping_name, on_progress, is_trial=True)
    if trial.rejected_file:
        trial.rejected_file.close()
    opened = trial.opened
    if not opened.old:
        return None
    click.echo(
        _(
            "%(old)s of %(all)s open complaints were registered more than %(days)s days ago: they would be"
            " late at once.",
            old=opened.old,
            all=opened.count,
            days=OLD_AFTER.days,
        )
    )
    question = _(
        "Are those registered up to %(day)s history, so that nothing of them becomes due?",
        day=opened.proposed_until.isoformat(),
    )
    return opened.proposed_until if click.confirm(question, default=opened.is_all_old) else None


def _recognised(source: BinaryIO, names: list[str]) -> str:
    with open_table(source) as table:
        return recognise_mapping(table.rows.header, names).name


for _table, _names in names_by_table().items():
    _add_command(_table, _names)


@contextmanager
def _progress(file: Path) -> Iterator[Progress]:
    """Show a bar in a terminal, and a line every few seconds anywhere else."""
    if sys.stderr.isatty():
        with click.progressbar(length=1000, label=file.name, file=sys.stderr) as bar:
            yield lambda _rows, share: bar.update(int(share * 1000) - bar.pos)
        return
    due = monotonic() + FIRST_LINE_AFTER

    def say(rows: int, share: float) -> None:
        nonlocal due
        if monotonic() >= due:
            due = monotonic() + SECONDS_BETWEEN_LINES
            click.echo(_("%(rows)s rows, %(share)s %%", rows=rows, share=int(share * 100)), err=True)

    yield say


def _report(file: Path, result: ImportResult) -> None:
    click.echo(
        _(
            "New: %(new)s. Changed: %(changed)s. Unchanged: %(unchanged)s. Rejected: %(rejected)s.",
            new=result.new,
            changed=result.changed,
            unchanged=result.unchanged,
            rejected=result.rejected,
        )
    )
    if result.repeated:
        click.echo(
            _("Rows that stand in the file twice, word for word: %(repeated)s.", repeated=result.repeated)
        )
    click.echo(
        _(
            "Encoding: %(encoding)s. Time: %(seconds)s s.",
            encoding=result.encoding,
            seconds=f"{result.seconds:.1f}",
        )
    )
    for remark in result.remarks:
        click.echo(remark)
    if result.notes.count:
        click.echo(_("Rows that were taken in and should be looked at: %(count)s.", count=result.notes.count))
        for line, note, _cells in result.notes.first:
            click.echo(_("  line %(line)s: %(note)s", line=line, note=note))
    if result.rejected_file:
        with result.rejected_file as rejected:
            click.echo(_("The rejected rows and why: %(path)s", path=save_rejected(rejected, file)))
