"""What one person may do, and why: role by role, with which records, and for one record given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import gettext as _
from sqlalchemy import or_, select

from models import Absence, Record, Region, Staff, acting_as, db, system_actor
from models.absence import is_today
from models.actor import Actor
from models.base import Reach
from models.organisation import Role
from models.own_rights import own_letters, own_rights
from models.permissions import ALL_REGION_ROLES, OWN_RIGHTS, letters
from models.scope import visible
from models.sight import actor_for
from models.sql import labels_for
from views.fields import coerce_id
from views.lookups import page_of, view_named
from views.rights_words import WORDS, subjects_of_rights

PEOPLE_MOST = 500
# What is about a type as a whole, not about one record of it.
_OF_TYPES = "lcx"


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that a person may do, and through what."""

    word: LazyString
    through: str


@dataclass(frozen=True, slots=True)
class TypeRights:
    """What a person may do with one type by role, and what comes on top in the own records, in words."""

    label: str
    rights: list[Right]
    creator: str
    responsible: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All about one person: rights by type, and sentences that say which records the person sees."""

    types: list[TypeRights]
    rows: list[str]


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """Whether a person sees one record, why, and what the person may do with it; no label: not found."""

    label: str | None
    url: str | None = None
    reasons: tuple[str, ...] = ()
    rights: tuple[Right, ...] = ()


def people_to_choose() -> list[tuple[int, str]]:
    """Return the people of the centre, by name."""
    found = select(Staff.id, Staff.name).order_by(Staff.name_sort, Staff.id).limit(PEOPLE_MOST)
    return [(key, name) for key, name in db.session.execute(found)]


def facts_of(staff: Staff) -> Facts:
    """Return what a person may do, through what, and with which records."""
    types = [_of_type(staff, each.table, each.label, each.letters) for each in subjects_of_rights()]
    return Facts(
        [each for each in types if each.rights or each.responsible], list(_rows(staff, actor_for(staff)))
    )


def _of_type(staff: Staff, table: str, label: str, known: str) -> TypeRights:
    creator = responsible = ""
    if table in OWN_RIGHTS and set(staff.roles) - {Role.AUDITOR}:
        creator, responsible = (_in_words(part) for part in own_rights()[table])
    if not any("c" in letters(role, table) for role in staff.roles):
        creator = ""
    return TypeRights(label, list(_by_role(staff, table, known)), creator, responsible)


def _in_words(given: str) -> str:
    return str(_(", ")).join(_within(letter) for letter in given)


def _within(letter: str) -> str:
    """Return the word for a right in own records, with the time after which it ends."""
    word = str(WORDS[letter].word)
    return _("%(right)s (within a day)", right=word) if letter == "d" else word


def _by_role(staff: Staff, table: str, known: str) -> Iterator[Right]:
    for letter in known:
        roles = [str(role.label) for role in staff.roles if letter in letters(role, table)]
        if roles:
            yield Right(WORDS[letter].word, str(_(", ")).join(roles))


def _rows(staff: Staff, actor: Actor) -> Iterator[str]:
    """Yield a sentence for each reason for which the person sees records."""
    if actor.region_ids is None:
        wide = [str(role.label) for role in staff.roles if role.value in ALL_REGION_ROLES]
        yield _("All records of all regions, through: %(roles)s.", roles=_(", ").join(wide))
    else:
        if actor.region_ids:
            yield _("Records of: %(regions)s.", regions=_names(Region, actor.region_ids))
        yield _("Records that lie in no region yet.")
        yield _("Records that the person has entered or answers for, in whatever region.")
    if actor.below_ids:
        yield _(
            "Records of people lower in the tree of positions: %(names)s.",
            names=_names(Staff, actor.below_ids),
        )
    absences = select(Absence).where(Absence.substitute_id == staff.id, is_today())
    for absence in db.session.scalars(absences) if actor.stands_in_for else ():
        name = _names(Staff, frozenset({absence.staff_id}))
        yield _("Records of %(name)s, who is away until %(day)s.", name=name, day=absence.ends_on)


def _names(model: type[Record], ids: frozenset[int]) -> str:
    return str(_(", ")).join(sorted(label.text for label in labels_for(model, ids).values()))


def answer_about(staff: Staff, table: str, named: str) -> RecordAnswer:
    """Return whether the person sees the record that is named so, and what the person may do with it."""
    view = view_named(table)
    row = _find(view.model, named) if view is not None and view.is_allowed("read") else None
    if view is None or row is None:
        return RecordAnswer(None)
    actor = actor_for(staff)
    reasons = tuple(_reasons(staff, actor, row))
    rights = tuple(_rights_in(staff, actor, row)) if reasons else ()
    return RecordAnswer(view.label(row), page_of(table, row.id), reasons, rights)


def _find(model: type[Record], named: str) -> Record | None:
    """Return the record with this label, number or id, of those that the reader sees."""
    conditions = [model.label_column() == named, model.id == (coerce_id(named) or 0)]
    if "number" in model.__table__.c:
        conditions.append(model.__table__.c.number == named)
    return db.session.scalars(select(model).where(or_(*conditions)).order_by(model.id).limit(1)).first()


def _reasons(staff: Staff, actor: Actor, row: Record) -> Iterator[str]:
    """Yield why the person sees the record; nothing where the limits of rows hide it."""
    model = type(row)
    with acting_as(system_actor("rights")):
        seen = db.session.scalar(select(model.id).where(model.id == row.id, visible(model, actor)))
    if seen is None:
        return
    if model.reach is Reach.EVERYONE:
        yield _("Everybody sees records of this type.")
        return
    if actor.region_ids is None:
        wide = [str(role.label) for role in staff.roles if role.value in ALL_REGION_ROLES]
        yield _("All records of all regions, through: %(roles)s.", roles=_(", ").join(wide))
    elif row.region_id is None:
        yield _("It lies in no region yet.")
    elif row.region_id in actor.region_ids:
        yield _("It lies in: %(region)s.", region=_names(Region, frozenset({row.region_id})))
    yield from _personal_reasons(staff, actor, row)


def _personal_reasons(staff: Staff, actor: Actor, row: Record) -> Iterator[str]:
    if row.created_by_id == staff.id:
        yield _("The person has entered it.")
    if row.responsible_id == staff.id:
        yield _("The person answers for it.")
    people = frozenset(key for key in (row.created_by_id, row.responsible_id) if key is not None)
    if people & actor.below_ids:
        yield _(
            "It is of somebody lower in the tree: %(names)s.", names=_names(Staff, people & actor.below_ids)
        )
    if people & actor.stands_in_for:
        yield _(
            "The person stands in today for %(names)s.", names=_names(Staff, people & actor.stands_in_for)
        )


def _rights_in(staff: Staff, actor: Actor, row: Record) -> Iterator[Right]:
    own = own_letters(
        actor,
        row.__tablename__,
        responsible_id=row.responsible_id,
        created_by_id=row.created_by_id,
        created_at=row.created_at,
    )
    by_role = {right.word: right for right in _by_role(staff, row.__tablename__, "".join(WORDS))}
    for letter, word in WORDS.items():
        if letter in _OF_TYPES:
            continue
        if word.word in by_role:
            yield by_role[word.word]
        elif letter in own:
            yield Right(word.word, _("own record, within a day") if letter == "d" else _("own record"))
