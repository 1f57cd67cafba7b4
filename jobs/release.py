"""What a release does before the new code serves: migrate, seed the essentials, make first logins."""

from __future__ import annotations

import secrets
import time

import click
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import force_locale
from flask_migrate import upgrade
from flask_security.utils import hash_password
from sqlalchemy import any_, func, literal, select
from sqlalchemy.exc import OperationalError

from config import SettingError, Settings
from jobs.demo import DEMO_PEOPLE, demo_password, has_records, seed_demo
from jobs.demo.removal import SEED_LOCK, was_removed
from models import Staff, acting_as, db, system_actor
from models.essentials import seed_essentials
from models.organisation import Locale, Role
from models.passwords import normal_password, password_problem

# Tries of a migration that finds a table in use; each waits no longer than writers may be stalled.
MOST_TRIES = 10
PAUSE = 3.0  # seconds between two tries, in which those who waited get on


@click.command("release")
@with_appcontext
def release_command() -> None:
    """Migrate the database, and fill what is missing; safe to run at each release."""
    settings: Settings = current_app.extensions["settings"]
    click.echo("Bringing the database up to date …")
    migrate()
    with acting_as(system_actor("command:release")):
        # Released by the commit: of two releases at once, the second finds all in its place.
        db.session.execute(select(func.pg_advisory_xact_lock(SEED_LOCK)))
        seed_essentials()
        if settings.admin_email and settings.admin_password:
            create_first_administrator(settings.admin_email, settings.admin_password)
        if settings.demo_data and not has_records() and not was_removed():
            click.echo("Filling in demo data …")
            seed_demo(settings)
        db.session.commit()
        if db.session.scalars(select(Staff.id).limit(1)).first() is None:
            click.echo("Nobody can log in yet: set ADMIN_EMAIL and ADMIN_PASSWORD, and run this again.")


@click.command("demo-users")
@with_appcontext
def demo_users_command() -> None:
    """Print role, e-mail and password of each demo user that exists, separated by tabs."""
    settings: Settings = current_app.extensions["settings"]
    with acting_as(system_actor("command:demo-users")):
        existing = set(db.session.scalars(select(Staff.email).where(Staff.active)))
    for person in DEMO_PEOPLE:
        if settings.demo_data and person.email in existing:
            click.echo(f"{person.role.value}\t{person.email}\t{demo_password(settings)}")


def migrate(revision: str = "head") -> None:
    """Run the migrations up to `revision`, again and again while somebody uses the tables that one needs.

    Raises:
        click.ClickException: when the tables stay in use; what was migrated before stays so.
    """
    for tries in range(1, MOST_TRIES + 1):
        try:
            upgrade(revision=revision)
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
                raise
            if tries < MOST_TRIES:
                click.echo(f"A table is in use that is to be changed; trying again in {PAUSE:.0f} s …")
                time.sleep(PAUSE)
        else:
            return
    raise click.ClickException(
        f"A table stayed in use during {MOST_TRIES} tries, so the database is not up to date. Look for a long"
        " transaction (an import, a forgotten psql), then run the release again."
    )


def create_first_administrator(email: str, password: str) -> None:
    """Create the first administrator; does nothing once any administrator exists.

    Raises:
        SettingError: when the password is one that no person could choose either.
    """
    administrators = select(Staff.id).where(literal(Role.ADMINISTRATOR.value) == any_(Staff.role_names))
    if db.session.scalars(administrators.limit(1)).first() is not None:
        return
    administrator = Staff(
        name=email.partition("@")[0],
        email=email.lower(),
        password=hash_password(normal_password(password)),
        role_names=[Role.ADMINISTRATOR.value],
        fs_uniquifier=secrets.token_hex(32),
    )
    problem = password_problem(password, administrator)
    if problem is not None:
        with force_locale(Locale.ENGLISH.value):
            raise SettingError(f"ADMIN_PASSWORD is wrong: {problem}")
    db.session.add(administrator)
    db.session.flush()
