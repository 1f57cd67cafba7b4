"""Who may do what, spelled out once more: whoever changes a right has to say so here as well."""

from __future__ import annotations

import pytest

from models.actor import Actor, system_actor
from models.organisation import Role
from models.permissions import ACTIONS, ALL_REGION_ROLES, PERMISSIONS, allows, grantable_roles

# Letters: list, read, create, edit, delete, export, act (t), approve, copy of a
# person's data (p), erase (z). One column for each role.
COLUMNS = (
    Role.CLERK,
    Role.FOLLOW_UP_AGENT,
    Role.TOURING_ENGINEER,
    Role.QUALITY_ENGINEER,
    Role.WAREHOUSE_KEEPER,
    Role.SUPERVISOR,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)
EXPECTED = {
    "customer": ("lrcex", "lrcex", "lr", "lr", "", "lrcedxap", "lrx", "lrcedxapz"),
    "vehicle": ("lrcex", "lrcex", "lrcex", "lr", "lr", "lrcedx", "lrx", "lrcedx"),
    "complaint": ("lrcext", "lrcext", "lrcext", "lrext", "lr", "lrcedxta", "lrx", "lrcedxta"),
    "proposal": ("lrx", "lrx", "lrx", "lrx", "lr", "lrx", "lrx", "lrx"),
    "step_taken": ("lrx", "lrx", "lrx", "lrx", "lr", "lrx", "lrx", "lrx"),
    "notice": ("lrxt", "lrxt", "lrxt", "lrxt", "lr", "lrxt", "lrx", "lrxt"),
    "department_task": ("lrcex", "lrcex", "lrcex", "lrex", "lrex", "lrcedx", "lrx", "lrcedx"),
    "measure": ("lrx", "lrx", "lrx", "lrcedxta", "lrx", "lrcedxta", "lrx", "lrcedxta"),
    "quality_meeting": ("", "", "", "lrt", "", "lrt", "lrx", "lrcedxt"),
    "summary_meeting": ("", "", "", "", "", "lrt", "lrx", "lrcedxt"),
    "compensation_rule": ("lr", "lr", "lr", "lr", "lr", "lr", "lrx", "lrcedx"),
    "dealer": ("lrcex", "lr", "lrcex", "lr", "lr", "lrcedx", "lrx", "lrcedx"),
    "supplier": ("lr", "lr", "lr", "lrcex", "lrcex", "lrcedx", "lrx", "lrcedx"),
    "part": ("lr", "lr", "lr", "lrcex", "lrcex", "lrcedx", "lrx", "lrcedx"),
    "parts_quality_record": ("lrcex", "lr", "lrcex", "lrcedx", "lrcex", "lrcedx", "lrx", "lrcedx"),
    "service_receipt": ("lrcex", "lrcex", "lrcex", "lr", "lr", "lrcedx", "lrx", "lrcedx"),
    "warranty_claim": ("lrcex", "lr", "lrcex", "lrcedxa", "lrcex", "lrcedxa", "lrx", "lrcedxa"),
    "call_record": ("lrcex", "lrcex", "lrcex", "lr", "", "lrcedx", "lrx", "lrcedx"),
    "letter": ("lrcex", "lrcex", "lr", "", "", "lrcedx", "lrx", "lrcedx"),
    "parts_shipment": ("lrcex", "lr", "lr", "lrx", "lrcex", "lrcedx", "lrx", "lrcedx"),
    "product_model": ("lr", "lr", "lr", "lrcex", "lr", "lrcedx", "lrx", "lrcedx"),
    "holiday": ("lr", "lr", "lr", "lr", "lr", "lrcedx", "lrx", "lrcedx"),
    "deadline_rule": ("lr", "lr", "lr", "lr", "lr", "lr", "lrx", "lrcedx"),
    "subject": ("lr", "lr", "lr", "lr", "lr", "lrcex", "lrx", "lrcedx"),
    "region": ("lr", "lr", "lr", "lr", "lr", "lr", "lrx", "lrcedx"),
    "department": ("lr", "lr", "lr", "lr", "lr", "lr", "lrx", "lrcedx"),
    "position": ("lr", "lr", "lr", "lr", "lr", "lr", "lrx", "lrcedx"),
    "staff": ("lr", "lr", "lr", "lr", "lr", "lr", "lrx", "lrcedxtpz"),
    "absence": ("lr", "lr", "lr", "lr", "lr", "lrcedx", "lrx", "lrcedx"),
    "decision": ("", "", "", "", "", "lrt", "lrx", "lrcedxt"),
    "digest_recipient": ("", "", "", "", "", "lrcedx", "lrx", "lrcedx"),
    "chat_group": ("", "", "", "", "", "lrcedx", "lrx", "lrcedx"),
    "digest": ("", "", "", "lr", "", "lrt", "lrx", "lrcedxt"),
    "team": ("", "", "", "", "", "lrt", "lrx", "lrcedxt"),
    "team_day": ("", "", "", "", "", "lrx", "lrx", "lrcedx"),
    "delivery": ("", "", "", "", "", "lrt", "lrx", "lrcedxt"),
    "recycle_bin": ("", "", "", "", "", "lrt", "lrx", "lrcedxt"),
    "audit_log": ("", "", "", "", "", "", "lrx", "lrcedx"),
    "operations": ("", "", "", "", "", "", "lrx", "lrcedxt"),
    "centre": ("", "", "", "", "", "", "lrx", "lrcedx"),
    "rights": ("", "", "", "", "", "lr", "lrx", "lrcedx"),
    "import_run": ("", "", "", "", "", "lrcex", "lrx", "lrcedx"),
}


def person(*roles: str) -> Actor:
    return Actor(1, "request", frozenset(roles), frozenset({1}), 1)


def allowed(actor: Actor | None, table: str) -> set[str]:
    return {letter for letter, action in ACTIONS.items() if allows(actor, table, action)}


def test_every_table_of_rights_stands_here() -> None:
    assert set(PERMISSIONS) == set(EXPECTED)
    assert set(COLUMNS) == set(Role)


@pytest.mark.parametrize("role", COLUMNS)
@pytest.mark.parametrize("table", EXPECTED)
def test_a_role_may_do_what_the_table_says_and_no_more(table: str, role: Role) -> None:
    assert allowed(person(role.value), table) == set(EXPECTED[table][COLUMNS.index(role)])


@pytest.mark.parametrize("table", EXPECTED)
def test_several_roles_add_up(table: str) -> None:
    clerk, engineer = EXPECTED[table][0], EXPECTED[table][3]
    both = person(Role.CLERK.value, Role.QUALITY_ENGINEER.value)
    assert allowed(both, table) == set(clerk) | set(engineer)


@pytest.mark.parametrize("role", Role)
def test_a_table_without_rights_is_closed_to_all(role: Role) -> None:
    for table in ("audit_entry", "login_session", "login_attempt", "sent_form", "nonsense"):
        assert allowed(person(role.value), table) == set()


@pytest.mark.parametrize("action", ["", "LIST", "l", "drop", "*"])
def test_an_action_that_nobody_named_is_refused(action: str) -> None:
    assert not allows(person(Role.ADMINISTRATOR.value), "customer", action)


def test_a_role_that_does_not_exist_gives_no_right() -> None:
    assert allowed(person("root", "ADMINISTRATOR", "*"), "dealer") == set()


def test_jobs_and_commands_may_do_all() -> None:
    assert allowed(system_actor("job:digest"), "customer") == set(ACTIONS)


@pytest.mark.parametrize("role", Role)
def test_only_an_administrator_gives_roles(role: Role) -> None:
    expected = list(Role) if role is Role.ADMINISTRATOR else []
    assert grantable_roles(person(role.value)) == expected


def test_nobody_gives_no_role_and_the_first_start_gives_any() -> None:
    assert grantable_roles(None) == []
    assert grantable_roles(system_actor("command:release")) == list(Role)


def test_who_works_in_one_region_sees_one_region() -> None:
    assert set(Role) - {Role(name) for name in ALL_REGION_ROLES} == {
        Role.CLERK,
        Role.FOLLOW_UP_AGENT,
        Role.TOURING_ENGINEER,
    }
