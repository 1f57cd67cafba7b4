"""The commands that make the demo, and that take it away."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from config import Settings
from jobs.demo import has_records, seed_demo
from jobs.demo.removal import SEED_LOCK, SOURCE, Removal, remove_demo
from models import DemoRecord, Staff, acting_as, db, system_actor

# Longer lists of what stays are cut; a clerk looks the records up by their table.
_SHOWN = 10


@click.command("demo-add")
@with_appcontext
def demo_add_command() -> None:
    """Fill an empty panel with the demo, also where it was taken away before."""
    settings: Settings = current_app.extensions["settings"]
    with acting_as(system_actor("command:demo-add")):
        db.session.execute(select(func.pg_advisory_xact_lock(SEED_LOCK)))
        if has_records():
            raise click.ClickException(
                "There are people or records already: demo data would get mixed with them."
            )
        seed_demo(settings)
        db.session.commit()
    click.echo("The demo is there. Its people: flask --app app demo-users")


@click.command("demo-remove")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def demo_remove_command(yes: bool) -> None:
    """Remove all demo records; what people entered themselves stays, with what it hangs on."""
    with acting_as(system_actor(SOURCE)):
        if db.session.scalars(select(DemoRecord.row_id).limit(1)).first() is None:
            click.echo("There are no demo records.")
            return
        if not yes:
            # Tried and taken back: the figures are those of the removal itself.
            _say(remove_demo(), "would go")
            db.session.rollback()
            click.confirm("Remove them for good?", abort=True)
        _say(remove_demo(), "gone")
        db.session.commit()
        if (
            db.session.scalars(
                select(Staff.id).where(Staff.active, Staff.password.is_not(None)).limit(1)
            ).first()
            is None
        ):
            click.echo("Nobody can log in now: start with ADMIN_EMAIL and ADMIN_PASSWORD set, once.")


def _say(removal: Removal, what: str) -> None:
    for table, number in sorted(removal.gone.items()):
        click.echo(f"{number:>8} {table}: {what}")
    if removal.changed:
        click.echo(f"{removal.changed:>8} of them were changed by people since")
    for hold in removal.kept:
        shown = ", ".join(str(key) for key in hold.ids[:_SHOWN]) + (" …" if len(hold.ids) > _SHOWN else "")
        click.echo(
            f"{len(hold.ids):>8} {hold.table_name}: kept, without the mark, because of {hold.held_by}: id {shown}"
        )
