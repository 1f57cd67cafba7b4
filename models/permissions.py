"""Who may do what, in one table; the row limits of scope.py come on top.

Letters: l list and search, r read one, c create, e edit, d delete, x export, t take the steps of a procedure
(settle, send, invite), a approve (decide), p disclose to a person all that is kept about him or her,
z erase a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from models.actor import Actor
from models.organisation import Role

ACTIONS = {
    "l": "list",
    "r": "read",
    "c": "create",
    "e": "edit",
    "d": "delete",
    "x": "export",
    "t": "act",
    "a": "approve",
    "p": "disclose",
    "z": "erase",
}

_READ = "lr"
_WORK = "lrcex"
_FULL = "lrcedx"

# Every role reads what stands here for "*"; the auditor reads everything, and the administrator may do all
# that anybody may.
PERMISSIONS: Mapping[str, Mapping[Role | str, str]] = {
    "customer": {
        Role.CLERK: _WORK,
        Role.FOLLOW_UP_AGENT: _WORK,
        Role.TOURING_ENGINEER: _READ,
        # Who approves gives a person more customers than the centre's cap.
        Role.SUPERVISOR: _FULL + "ap",
        Role.QUALITY_ENGINEER: _READ,
        Role.ADMINISTRATOR: _FULL + "pz",
    },
    "vehicle": {
        Role.CLERK: _WORK,
        Role.FOLLOW_UP_AGENT: _WORK,
        Role.TOURING_ENGINEER: _WORK,
        Role.SUPERVISOR: _FULL,
        Role.QUALITY_ENGINEER: _READ,
        Role.WAREHOUSE_KEEPER: _READ,
    },
    "service_receipt": {
        Role.CLERK: _WORK,
        Role.FOLLOW_UP_AGENT: _WORK,
        Role.TOURING_ENGINEER: _WORK,
        Role.SUPERVISOR: _FULL,
        Role.QUALITY_ENGINEER: _READ,
        Role.WAREHOUSE_KEEPER: _READ,
    },
    "call_record": {
        Role.CLERK: _WORK,
        Role.FOLLOW_UP_AGENT: _WORK,
        Role.TOURING_ENGINEER: _WORK,
        Role.SUPERVISOR: _FULL,
        Role.QUALITY_ENGINEER: _READ,
    },
    "warranty_claim": {
        Role.CLERK: _WORK,
        Role.TOURING_ENGINEER: _WORK,
        Role.WAREHOUSE_KEEPER: _WORK,
        # Who approves sets the outcome: nobody passes what he or she only entered.
        Role.QUALITY_ENGINEER: _FULL + "a",
        Role.SUPERVISOR: _FULL + "a",
        Role.FOLLOW_UP_AGENT: _READ,
    },
    "letter": {
        Role.CLERK: _WORK,
        Role.FOLLOW_UP_AGENT: _WORK,
        Role.TOURING_ENGINEER: _READ,
        Role.SUPERVISOR: _FULL,
    },
    "complaint": {
        Role.CLERK: _WORK + "t",
        Role.FOLLOW_UP_AGENT: _WORK + "t",
        Role.TOURING_ENGINEER: _WORK + "t",
        Role.SUPERVISOR: _FULL + "ta",
        Role.QUALITY_ENGINEER: "lrext",
        Role.WAREHOUSE_KEEPER: _READ,
    },
    # Made, decided and taken on the page of the complaint, by who may do that there.
    "proposal": {
        Role.CLERK: "lrx",
        Role.FOLLOW_UP_AGENT: "lrx",
        Role.TOURING_ENGINEER: "lrx",
        Role.SUPERVISOR: "lrx",
        Role.QUALITY_ENGINEER: "lrx",
        Role.WAREHOUSE_KEEPER: _READ,
    },
    "step_taken": {
        Role.CLERK: "lrx",
        Role.FOLLOW_UP_AGENT: "lrx",
        Role.TOURING_ENGINEER: "lrx",
        Role.SUPERVISOR: "lrx",
        Role.QUALITY_ENGINEER: "lrx",
        Role.WAREHOUSE_KEEPER: _READ,
    },
    # Written by the panel, answered by the link of its mail; "act" sends it again.
    "notice": {
        Role.CLERK: "lrxt",
        Role.FOLLOW_UP_AGENT: "lrxt",
        Role.TOURING_ENGINEER: "lrxt",
        Role.SUPERVISOR: "lrxt",
        Role.QUALITY_ENGINEER: "lrxt",
        Role.WAREHOUSE_KEEPER: _READ,
    },
    "department_task": {
        Role.CLERK: _WORK,
        Role.FOLLOW_UP_AGENT: _WORK,
        Role.TOURING_ENGINEER: _WORK,
        Role.SUPERVISOR: _FULL,
        Role.QUALITY_ENGINEER: "lrex",
        Role.WAREHOUSE_KEEPER: "lrex",
    },
    # "Act" reports one done or drops it, "approve" verifies.
    "measure": {"*": _READ + "x", Role.QUALITY_ENGINEER: _FULL + "ta", Role.SUPERVISOR: _FULL + "ta"},
    # The page of a week's quality meeting; "act" decides measures there.
    "quality_meeting": {Role.QUALITY_ENGINEER: _READ + "t", Role.SUPERVISOR: _READ + "t"},
    # The page of a month's or year's summaries; "act" writes and sends the centre's, and gives one back. Also
    # open to read to who has people at lower positions; the own one is written by everybody who has a role.
    "summary_meeting": {Role.SUPERVISOR: _READ + "t"},
    # The page of what waits for a decision; also open to whose position makes him or her decide.
    "decision": {Role.SUPERVISOR: _READ + "t"},
    # What bounds the approvers is not set by them.
    "compensation_rule": {"*": _READ, Role.ADMINISTRATOR: _FULL},
    "dealer": {"*": _READ, Role.TOURING_ENGINEER: _WORK, Role.SUPERVISOR: _FULL, Role.CLERK: _WORK},
    "supplier": {
        "*": _READ,
        Role.QUALITY_ENGINEER: _WORK,
        Role.WAREHOUSE_KEEPER: _WORK,
        Role.SUPERVISOR: _FULL,
    },
    "part": {"*": _READ, Role.QUALITY_ENGINEER: _WORK, Role.WAREHOUSE_KEEPER: _WORK, Role.SUPERVISOR: _FULL},
    "parts_shipment": {
        "*": _READ,
        Role.CLERK: _WORK,
        Role.WAREHOUSE_KEEPER: _WORK,
        Role.QUALITY_ENGINEER: "lrx",
        Role.SUPERVISOR: _FULL,
    },
    "parts_quality_record": {
        "*": _READ,
        Role.CLERK: _WORK,
        Role.TOURING_ENGINEER: _WORK,
        Role.WAREHOUSE_KEEPER: _WORK,
        Role.QUALITY_ENGINEER: _FULL,
        Role.SUPERVISOR: _FULL,
    },
    "product_model": {"*": _READ, Role.QUALITY_ENGINEER: _WORK, Role.SUPERVISOR: _FULL},
    "holiday": {"*": _READ, Role.SUPERVISOR: _FULL},
    # Everybody may look up how long is given for what.
    "deadline_rule": {"*": _READ},
    "subject": {"*": _READ, Role.SUPERVISOR: _WORK},
    "region": {"*": _READ},
    "department": {"*": _READ},
    "position": {"*": _READ},
    # A substitute is appointed; everybody may look up who does whose work.
    "absence": {"*": _READ, Role.SUPERVISOR: _FULL},
    # "Act" invites people.
    "staff": {"*": _READ, Role.ADMINISTRATOR: _FULL + "tpz"},
    "digest_recipient": {Role.SUPERVISOR: _FULL},
    "chat_group": {Role.SUPERVISOR: _FULL},
    # Pages: "read" opens them, "act" makes, sends and settles.
    "digest": {Role.SUPERVISOR: _READ + "t", Role.QUALITY_ENGINEER: _READ},
    "delivery": {Role.SUPERVISOR: _READ + "t"},
    # The team's work on one page, "act" gives it to others; also open to who has people at lower positions.
    "team": {Role.SUPERVISOR: _READ + "t"},
    # The team's days on one page; the own one is closed by everybody who has a role.
    "team_day": {Role.SUPERVISOR: _READ + "x"},
    # "Read" opens deleted records, "act" brings them and earlier values back where the type itself allows it.
    "recycle_bin": {Role.SUPERVISOR: _READ + "t"},
    # Who did what, and who was refused: for auditors and administrators alone.
    "audit_log": {Role.ADMINISTRATOR: _READ + "x"},
    # How the panel itself fares; "act" starts failed jobs again and sets them aside.
    "operations": {Role.ADMINISTRATOR: _READ + "t"},
    # Changes what the centre is: for administrators alone.
    "centre": {Role.ADMINISTRATOR: _FULL},
    # Imports only records that the role may create.
    "import_run": {Role.SUPERVISOR: _WORK},
    # "Edit" adjusts the rights in own records.
    "rights": {Role.SUPERVISOR: _READ},
}


# Written by the steps of a procedure: no form enters, changes or deletes them, an administrator's neither.
MADE_BY_STEPS = frozenset({"proposal", "step_taken", "notice"})


class OwnRights(NamedTuple):
    """Letters on top of the role's: in records that one has entered, and in those that one answers for."""

    creator: str
    responsible: str


# Who entered a record reads and corrects it, also once it has gone to another region, and takes it back
# within a day, while it can only be a mistake. Who answers for one works on it, whatever the role does with
# others.
_OWN = OwnRights(creator="red", responsible="re")
# Adjusted by administrators per type; a type that isn't named here knows no own rights: who may log in, where
# regions and departments lie and what the calendar says is nobody's own.
OWN_RIGHTS: Mapping[str, OwnRights] = {
    "customer": _OWN,
    "vehicle": _OWN,
    "service_receipt": _OWN,
    "call_record": _OWN,
    "warranty_claim": _OWN,
    "letter": _OWN,
    "complaint": OwnRights(creator="red", responsible="ret"),
    "measure": OwnRights(creator="red", responsible="ret"),
    "dealer": _OWN,
    "supplier": _OWN,
    "part": _OWN,
    "parts_shipment": _OWN,
    "parts_quality_record": _OWN,
    "product_model": _OWN,
}
# What a right in own records brings along: nobody changes what can't be read, nor deletes what can't be
# changed.
INCLUDES: Mapping[str, str] = {"e": "r", "t": "r", "d": "re"}
# What an administrator may give for own records. Never approval: nobody decides about the own. Nor may the
# responsible person delete: whoever may edit can make himself or herself responsible.
ADJUSTABLE = OwnRights(creator="redt", responsible="ret")


def letters(role: Role, table_name: str) -> str:
    """Return the letters of what `role` may do with `table_name`; nothing where the table isn't named."""
    rights = PERMISSIONS.get(table_name, {})
    own = rights.get(role) or rights.get("*", "")
    if rights and role is Role.AUDITOR:
        own += _READ + "x"
    if rights and role is Role.ADMINISTRATOR:
        own = "".join(rights.values()) + ("" if table_name in MADE_BY_STEPS else _FULL)
    return "".join(letter for letter in ACTIONS if letter in own)


def allows(actor: Actor | None, table_name: str, action: str) -> bool:
    """Tell whether `actor` may do `action`, one of ACTIONS, by role."""
    if actor is None:
        return False
    if actor.is_system:
        return True
    return action in _actions(actor.roles, table_name)


@cache
def _actions(roles: frozenset[str], table_name: str) -> frozenset[str]:
    # Asked some hundred times for a page; there are as many answers as sets of roles and tables.
    return frozenset(
        ACTIONS[letter] for role in Role if role.value in roles for letter in letters(role, table_name)
    )


def grantable_roles(actor: Actor | None) -> list[Role]:
    """Return the roles that `actor` may give to others: an administrator all, nobody else any."""
    if actor is None:
        return []
    return list(Role) if actor.is_system or Role.ADMINISTRATOR.value in actor.roles else []


# Roles whose work spans all regions; the others see their own region and what lies in the common pool.
ALL_REGION_ROLES = frozenset(
    role.value
    for role in (
        Role.SUPERVISOR,
        Role.QUALITY_ENGINEER,
        Role.WAREHOUSE_KEEPER,
        Role.AUDITOR,
        Role.ADMINISTRATOR,
    )
)


class Sensitive(StrEnum):
    """What of a record's values is shown whole only to those who need it."""

    PHONE = "phone"
    PLATE = "plate"
    FRAME_NUMBER = "frame_number"
    EMAIL = "email"


# By table the columns that are masked, unless the reader's roles need them whole.
SENSITIVE: Mapping[str, Mapping[str, Sensitive]] = {
    "customer": {"phone": Sensitive.PHONE, "email": Sensitive.EMAIL},
    "complaint": {"phone": Sensitive.PHONE},
    "call_record": {"phone": Sensitive.PHONE},
    "dealer": {"phone": Sensitive.PHONE},
    "staff": {"phone": Sensitive.PHONE},
    "vehicle": {"plate_number": Sensitive.PLATE, "frame_number": Sensitive.FRAME_NUMBER},
}
# Columns of that kind which everyone reads: a supplier's number is a company's, and colleagues and those who
# get notices and digests are written to at work.
SHOWN_TO_ALL = frozenset(
    {
        ("supplier", "phone"),
        ("supplier", "email"),
        ("staff", "email"),
        ("digest_recipient", "email"),
        ("notice", "email"),
    }
)

_CALLERS = frozenset(
    {Role.CLERK, Role.FOLLOW_UP_AGENT, Role.TOURING_ENGINEER, Role.SUPERVISOR, Role.ADMINISTRATOR}
)
WHOLE_FOR: Mapping[Sensitive, frozenset[Role]] = {
    Sensitive.PHONE: _CALLERS,
    Sensitive.PLATE: _CALLERS,
    Sensitive.EMAIL: _CALLERS,
    # By it the others trace a fault to its batch.
    Sensitive.FRAME_NUMBER: _CALLERS | {Role.QUALITY_ENGINEER, Role.WAREHOUSE_KEEPER},
}
# Beside them, in one table alone: the warehouse calls the dealers to whom it ships.
ALSO_WHOLE_FOR: Mapping[tuple[str, Sensitive], frozenset[Role]] = {
    ("dealer", Sensitive.PHONE): frozenset({Role.WAREHOUSE_KEEPER}),
}


@cache
def masked_kinds(roles: frozenset[str]) -> frozenset[Sensitive]:
    """Return the kinds that a person with these roles reads masked; any one role opens what it needs."""
    return frozenset(kind for kind, whole in WHOLE_FOR.items() if not roles & whole)


@cache
def masked_columns(roles: frozenset[str]) -> Mapping[str, Mapping[str, Sensitive]]:
    """Return by table the columns that a person with these roles reads masked; empty for whom none is."""
    masked = {
        table: {
            name: kind
            for name, kind in columns.items()
            if kind in masked_kinds(roles) and not roles & ALSO_WHOLE_FOR.get((table, kind), frozenset())
        }
        for table, columns in SENSITIVE.items()
    }
    return MappingProxyType({table: columns for table, columns in masked.items() if columns})
