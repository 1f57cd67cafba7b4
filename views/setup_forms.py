"""What the forms of the assistant save: the centre, departments with their addresses, subjects, key parts."""

from __future__ import annotations

import re
import secrets
import zoneinfo
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from babel.dates import get_timezone_location
from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from jobs.import_words import fold
from jobs.mail_message import is_address
from models import Department, DigestRecipient, Part, Staff, Subject, current_actor, db
from models.base import now
from models.centre import find_centre, site_zone
from models.organisation import Weekday
from views.deletion import references_to
from views.fields import clean_line
from views.trees import tree_order

FIRST_ZONE = "Asia/Shanghai"
# Zones by which people live; the others are technical or old names.
_LIVED_IN = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
NAME_MOST, PHONE_MOST = 80, 40
ADDRESSES_MOST = 50
CUSTOMERS_MOST = 100_000
LARGEST_KEY = 2**31 - 1

# What stands against a form, by the name of its field.
Problems = dict[str, str]


@cache
def zone_names() -> tuple[str, ...]:
    """Return the time zones to choose from, that of China first."""
    names = {name for name in zoneinfo.available_timezones() if name.split("/")[0] in _LIVED_IN}
    return (FIRST_ZONE, *sorted(names - {FIRST_ZONE}))


def zone_choices() -> list[tuple[str, str]]:
    """Return each zone with its place and the time that clocks show there now."""
    at = now()
    places = _places(str(get_locale()))
    return [
        (name, f"{places[name]} · {name} · {at.astimezone(zoneinfo.ZoneInfo(name)):%m-%d %H:%M}")
        for name in zone_names()
    ]


@cache
def _places(locale: str) -> Mapping[str, str]:
    return {name: str(get_timezone_location(name, locale=locale)) for name in zone_names()}


def save_centre() -> Problems:
    """Set what is said of the centre, what customers are written, and the name of who sets it up."""
    name, name_en = _line("name"), _line("name_en")
    own_name = _line("own_name")
    zone = request.form.get("timezone", "")
    problems = _wrong_names(own_name=own_name, name=name, name_en=name_en)
    if zone not in zone_names():
        problems["timezone"] = _("Choose a time zone of the list.")
    most = _cap_of_customers(problems)
    hotline = _line("hotline")
    if len(hotline) > PHONE_MOST:
        problems["hotline"] = _("At most %(count)s characters.", count=PHONE_MOST)
    if not problems:
        centre = find_centre()
        centre.name, centre.name_en, centre.timezone = name, name_en or None, zone
        if own_name:
            _own_record().name = own_name
        centre.customers_per_person = most or centre.customers_per_person
        # A form that does not ask changes nothing.
        if "is_acknowledged" in request.form:
            centre.is_acknowledged = "1" in request.form.getlist("is_acknowledged")
        if "hotline" in request.form:
            centre.hotline = hotline or None
    return problems


def _wrong_names(**names: str) -> Problems:
    problems: Problems = {}
    if not names["name"]:
        problems["name"] = _("Give the centre's name.")
    if "own_name" in request.form and not names["own_name"]:
        problems["own_name"] = _("Fill this in.")
    for field, text in names.items():
        if len(text) > NAME_MOST:
            problems[field] = _("At most %(count)s characters.", count=NAME_MOST)
    return problems


def _cap_of_customers(problems: Problems) -> int:
    """Return the number typed, 0 where none was; a problem is noted where it can't be one."""
    raw = _line("customers_per_person")
    most = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
    if raw and not 0 < most <= CUSTOMERS_MOST:
        problems["customers_per_person"] = _("Give a number from 1 to %(most)d.", most=CUSTOMERS_MOST)
    return most


def _own_record() -> Staff:
    actor = current_actor()
    assert actor is not None
    return db.session.get_one(Staff, actor.staff_id)


def own_name() -> str:
    """Return how the person is called who sets up; empty while that is only the beginning of the address."""
    row = _own_record()
    return "" if row.name == row.email.partition("@")[0] else row.name


def _line(name: str) -> str:
    return clean_line(request.form.get(name, "").replace("\x00", ""))


def departments() -> Sequence[Department]:
    """Return the departments, by name."""
    return db.session.scalars(select(Department).order_by(Department.name_sort, Department.id)).all()


def addresses_by_department() -> dict[int, list[str]]:
    """Return the addresses to which each department's digest goes."""
    found: dict[int, list[str]] = {}
    rows = db.session.execute(
        select(DigestRecipient.department_id, DigestRecipient.email)
        .where(DigestRecipient.is_active)
        .order_by(DigestRecipient.id)
    )
    for department_id, email in rows:
        found.setdefault(department_id or 0, []).append(email)
    return found


def save_departments() -> Problems:
    """Set the digests of the departments, and make the one that was typed; all of it or nothing."""
    return _all_or_nothing(_set_digests() | (_add_department() if _is_adding() else {}))


def _is_adding() -> bool:
    """Tell whether a new entry was asked for: by its name, whatever was pressed, or by its button."""
    return bool(_line("new_name")) or request.form.get("then") == "add"


def _all_or_nothing(problems: Problems) -> Problems:
    if problems:
        db.session.rollback()
    return problems


def _set_digests() -> Problems:
    """Set when each department gets its digest, and who gets it."""
    problems: Problems = {}
    rows = departments()
    asked = {row.id: typed_addresses(request.form.get(f"addresses-{row.id}", "")) for row in rows}
    for row in rows:
        if f"addresses-{row.id}" not in request.form:
            continue
        wrong = [text for text in asked[row.id] if not _is_mail(text)]
        hour, weekday = request.form.get(f"hour-{row.id}", ""), request.form.get(f"weekday-{row.id}", "")
        if wrong:
            problems[f"addresses-{row.id}"] = _("No e-mail address: %(texts)s", texts=_(", ").join(wrong))
        elif len(asked[row.id]) > ADDRESSES_MOST:
            problems[f"addresses-{row.id}"] = _("At most %(count)s addresses.", count=ADDRESSES_MOST)
        if hour not in {str(each) for each in range(24)} or weekday not in {each.value for each in Weekday}:
            problems[f"hour-{row.id}"] = _("Choose a day and an hour from 0 to 23.")
            continue
        row.gets_digest = f"gets-{row.id}" in request.form
        row.digest_weekday, row.digest_hour = Weekday(weekday), int(hour)  # type: ignore[call-arg]  # by its value
    if not problems:
        _set_recipients({key: found for key, found in asked.items() if f"addresses-{key}" in request.form})
    return problems


def typed_addresses(text: str) -> list[str]:
    """Return the addresses that somebody typed, with whatever between them, each once."""
    return list(dict.fromkeys(each.lower() for each in re.split(r"[\s,;、<>]+", fold(text)) if each))


def _is_mail(text: str) -> bool:
    return is_address(text) and "." in text.rpartition("@")[2]


def _set_recipients(wanted: Mapping[int, Sequence[str]]) -> None:
    """Make a recipient of each address, and take those out that were active and are no longer named."""
    known = db.session.scalars(select(DigestRecipient).where(DigestRecipient.department_id.in_(wanted))).all()
    by_address = {(row.department_id, row.email): row for row in known}
    for row in known:
        if row.is_active and row.email not in wanted[row.department_id or 0]:
            row.deleted_at = now()
    for department_id, addresses in wanted.items():
        for address in addresses:
            found = by_address.get((department_id, address))
            if found is None:
                name = address.partition("@")[0]
                db.session.add(DigestRecipient(name=name, email=address, department_id=department_id))
            elif not found.is_active:
                found.is_active = True


def _add_department() -> Problems:
    name, name_en = _line("new_name"), _line("new_name_en")
    if not name or max(len(name), len(name_en)) > NAME_MOST:
        return {"new": _("Give a name of at most %(count)s characters.", count=NAME_MOST)}
    if db.session.scalars(select(Department.id).where(Department.name == name)).first():
        return {"new": _("There is a department of this name.")}
    db.session.add(Department(code=_new_code(name_en), name=name, name_en=name_en or None))
    return {}


def _new_code(name_en: str) -> str:
    """Return a code that nothing has: people know departments and subjects by their names."""
    plain = re.sub(r"[^a-z0-9]+", "_", name_en.lower()).strip("_")[:30] or "own"
    return f"{plain}_{secrets.token_hex(3)}"


def subjects() -> list[tuple[Subject, int, set[int], set[int]]]:
    """Return the subjects as a tree reads: each with its depth, own departments, and inherited ones."""
    rows = db.session.scalars(
        select(Subject).options(selectinload(Subject.departments)).order_by(Subject.id)
    ).all()
    by_id = {row.id: row for row in rows}
    own = {row.id: {each.id for each in row.departments} for row in rows}
    told: dict[int, set[int]] = {}
    lines = []
    for key, depth in tree_order((row.id, row.parent_id) for row in rows):
        row = by_id[key]
        above = told.get(row.parent_id or 0, set())
        told[key] = own[key] or above
        lines.append((row, depth, own[key], set() if own[key] else above))
    return lines


def save_subjects() -> Problems:
    """Set the subjects that were sent, and make the one that was typed; all of it or nothing."""
    return _all_or_nothing(_set_subjects() | (_add_subject() if _is_adding() else {}))


def _set_subjects() -> Problems:
    """Set names and departments of the subjects, and take out what was ticked for that."""
    known = {row.id: row for row in departments()}
    problems: Problems = {}
    gone = []
    for row, _depth, own, _inherited in subjects():
        if f"name-{row.id}" not in request.form:
            continue
        name = _line(f"name-{row.id}")
        if not name or len(name) > NAME_MOST:
            problems[f"name-{row.id}"] = _("Give a name of at most %(count)s characters.", count=NAME_MOST)
            continue
        row.name = name
        wanted = _keys(f"told-{row.id}") & known.keys()
        if wanted != own:
            row.departments = [known[key] for key in sorted(wanted)]
            # Rows of another table alone would leave the record's version as it was.
            row.updated_at = now()
        if f"gone-{row.id}" in request.form:
            gone.append(row)
    return problems | _take_out(gone)


def _take_out(rows: Sequence[Subject]) -> Problems:
    """Delete subjects, unless complaints or subjects that stay hang on them."""
    references = references_to(Subject, [row.id for row in rows]) if rows else []
    if references:
        held = _(", ").join(f"{each.type_label} {each.count}" for each in references)
        return {"gone": _("Still used, so it can't be taken out: %(held)s.", held=held)}
    for row in rows:
        row.deleted_at = now()
    return {}


def _keys(name: str) -> set[int]:
    raws = request.form.getlist(name)
    return {int(raw) for raw in raws if raw.isascii() and raw.isdigit() and int(raw[:12]) <= LARGEST_KEY}


def _add_subject() -> Problems:
    """Make a subject of a name, under another one or at the top."""
    name, name_en = _line("new_name"), _line("new_name_en")
    if not name or max(len(name), len(name_en)) > NAME_MOST:
        return {"new": _("Give a name of at most %(count)s characters.", count=NAME_MOST)}
    known = {row.id for row, *_rest in subjects()}
    parent = next(iter(_keys("new_parent") & known), None)
    db.session.add(Subject(code=_new_code(name_en), name=name, name_en=name_en or None, parent_id=parent))
    return {}


def key_parts() -> Sequence[Part]:
    """Return the parts that are watched, by code."""
    return db.session.scalars(select(Part).where(Part.is_key_part).order_by(Part.code)).all()


def save_key_parts() -> Problems:
    """Let those that lost their tick be watched no longer."""
    kept = _keys("key")
    for row in key_parts():
        if row.id not in kept:
            row.is_key_part = False
    return {}


def context_of(step: str) -> dict[str, Any]:
    """Return what the page of a step shows."""
    if step == "centre":
        zone = site_zone().key
        return {
            "centre": find_centre(),
            "own_name": own_name(),
            "zones": zone_choices(),
            "site_zone_name": zone,
        }
    if step == "departments":
        return {
            "departments": departments(),
            "addresses": addresses_by_department(),
            "weekdays": list(Weekday),
            "hours": list(range(24)),
        }
    if step == "subjects":
        return {"subjects": subjects(), "departments": departments()}
    return {"key_parts": key_parts()} if step == "parts" else {}
