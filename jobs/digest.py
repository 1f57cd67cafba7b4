"""Making a weekly digest: one per department and closed week, however many ask for it at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import structlog
from flask.cli import with_appcontext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from jobs.group_outbox import put_digest_to_group
from jobs.outbox import put_digest, send_soon
from jobs.queues import job
from models import ChatGroup, Delivery, Department, Digest, DigestRecipient, acting_as, db, system_actor
from models.centre import site_zone
from models.digest import DeliveryState
from models.digest_content import digest_content
from models.digest_rows import digest_rows
from models.iso_week import IsoWeek
from models.mail_obstacle import answer_text
from models.sql import begin_snapshot

log = structlog.get_logger()


class WeekNotOverError(ValueError):
    """A digest was asked for a week that has not ended."""


@job(timeout_seconds=300, title=_l("Make a weekly digest"))
def make_digest(department_id: int, iso_year: int, iso_week: int, staff_id: int | None = None) -> None:
    """Make the digest of a department for a closed week, unless there is one; safe to run again.

    `staff_id` is who asked for it by hand, None where the clock did.
    """
    with acting_as(system_actor("job:digest", staff_id)):
        make(department_id, IsoWeek(iso_year, iso_week), staff_id)


def make(department_id: int, week: IsoWeek, staff_id: int | None = None) -> tuple[int, bool]:
    """Return the id of the department's digest for `week`, and whether this call made it; commits.

    Raises:
        WeekNotOverError: when the week has not ended yet.
        LookupError: when there is no such department.
    """
    found = digest_id(department_id, week)
    if found is not None:
        return found, False
    try:
        made = _make(department_id, week, site_zone(), staff_id)
    except DBAPIError as error:
        # Another was faster: the constraint let one through, or the snapshot could not be kept.
        db.session.rollback()
        found = digest_id(department_id, week)
        if found is None or not _is_race(error):
            raise
        return found, False
    send_soon(made.deliveries)
    log.info("digest_made", digest_id=made.id, week=str(week), deliveries=len(made.deliveries))
    return made.id, True


def digest_id(department_id: int, week: IsoWeek) -> int | None:
    """Return the id of the digest of a department for a week, None while there is none."""
    return db.session.scalar(
        select(Digest.id).where(
            Digest.department_id == department_id,
            Digest.iso_year == week.year,
            Digest.iso_week == week.week,
        )
    )


def _is_race(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) == "40001"


def _make(department_id: int, week: IsoWeek, zone: ZoneInfo, staff_id: int | None) -> Digest:
    """Make digest and deliveries in one transaction, over one snapshot, so that the figures agree."""
    begin_snapshot()
    cut_at = db.session.scalar(select(func.now()))
    assert cut_at is not None
    if not week.has_ended(cut_at, zone):
        db.session.rollback()
        raise WeekNotOverError(f"{week} has not ended yet.")
    department = db.session.get(Department, department_id, populate_existing=True)
    if department is None:
        db.session.rollback()
        raise LookupError(f"No department {department_id}")
    payload, rows = freeze(department, week, zone, cut_at)
    digest = Digest(
        department_id=department.id,
        iso_year=week.year,
        iso_week=week.week,
        starts_on=week.monday,
        ends_on=week.sunday,
        cut_at=cut_at,
        made_at=cut_at,
        made_by_id=staff_id,
        payload=payload,
        rows=rows,
    )
    db.session.add(digest)
    db.session.flush()
    if not (digest.payload["is_calm"] and department.skips_empty_digest):
        for recipient in active_recipients(department.id):
            put_digest(digest, recipient)
        for group in active_groups(department.id):
            put_digest_to_group(digest, group)
    db.session.commit()
    return digest


def freeze(
    department: Department, week: IsoWeek, zone: ZoneInfo, cut_at: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]] | None]:
    """Return what a department is told about a week, and the rows of the workbook that it wants with it."""
    payload = digest_content(department, week, zone, cut_at)
    if not department.attaches_workbook or not payload["new"]["this_week"]:
        return payload, None
    rows = digest_rows(department, week, zone)
    payload["workbook"] = "too_long" if rows is None else "attached"
    return payload, rows


def active_recipients(department_id: int) -> list[DigestRecipient]:
    """Return who gets the digest of a department by mail now."""
    return list(
        db.session.scalars(
            select(DigestRecipient)
            .where(DigestRecipient.department_id == department_id, DigestRecipient.is_active)
            .order_by(DigestRecipient.id)
        )
    )


def active_groups(department_id: int) -> list[ChatGroup]:
    """Return the chat groups that get the digest of a department now."""
    wanted = select(ChatGroup).where(ChatGroup.department_id == department_id, ChatGroup.is_active)
    return list(db.session.scalars(wanted.order_by(ChatGroup.id)))


def departments_with_digest(code: str | None = None) -> list[Department]:
    """Return the departments that get a digest, or the one with this code whether it does or not."""
    wanted = Department.code == code if code else Department.gets_digest
    return list(db.session.scalars(select(Department).where(wanted).order_by(Department.id)))


@click.command("digest")
@click.option("--week", "written", required=True, help="A closed ISO week, such as 2024-W10.")
@click.option("--department", "code", help="Code of one department; without it, all that get a digest.")
@with_appcontext
def digest_command(written: str, code: str | None) -> None:
    """Make the weekly digests of a past week, and say what was made and where it went."""
    try:
        week = IsoWeek.parse(written)
    except ValueError as error:
        raise click.BadParameter(f"{written} is not a week such as 2024-W10.", param_hint="--week") from error
    with acting_as(system_actor("command:digest")):
        departments = departments_with_digest(code)
        if not departments:
            raise click.BadParameter("No such department.", param_hint="--department")
        for department in departments:
            name = department.name
            try:
                key, is_new = make(department.id, week)
            except WeekNotOverError as error:
                raise click.BadParameter(f"{week} has not ended yet.", param_hint="--week") from error
            outcome = _("made") if is_new else _("was there already")
            click.echo(f"{week} {name}: {outcome}")
            for line in _whereabouts(key):
                click.echo(f"  {line}")


def _whereabouts(digest_id: int) -> list[str]:
    deliveries = db.session.scalars(
        select(Delivery).where(Delivery.digest_id == digest_id).order_by(Delivery.id)
    ).all()
    if not deliveries:
        return [_("Nobody gets it.")]
    lines = [deliveries[0].subject]
    for delivery in deliveries:
        why = answer_text(delivery.answer)
        # A value alone finds the member; mypy reads the constructor that makes one.
        state = DeliveryState(delivery.state).label  # type: ignore[call-arg]  # by its value
        lines.append(f"{delivery.recipient_name} <{delivery.recipient}>: {state}{f' ({why})' if why else ''}")
    return lines
