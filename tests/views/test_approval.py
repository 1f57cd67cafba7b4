"""What decides about a record is set by those alone who may approve."""

from __future__ import annotations

import pytest
from screens import create, edit, form_of, page_of, path

from conftest import Login
from factories import Factory
from models import WarrantyClaim
from models.organisation import Role
from models.warranty_claim import ClaimOutcome

DECISION = ("outcome", "decided_on", "amount_passed", "decision_reason")
PASSED = {"outcome": "passed", "decided_on": "2026-03-05", "amount_passed": "80"}


@pytest.mark.parametrize("role", [Role.CLERK, Role.TOURING_ENGINEER, Role.WAREHOUSE_KEEPER])
def test_who_only_enters_claims_is_not_asked_for_the_outcome_and_can_not_set_it(
    role: Role, make: Factory, login: Login
) -> None:
    region = make.region()
    claim = make.warranty_claim(region=region)
    client = login(role, region=region)
    asked = form_of(client.get(path("warranty_claim", "edit", id=claim.id)))
    assert not set(DECISION) & set(asked)
    assert edit(client, "warranty_claim", claim.id, fault="异响加重", **PASSED).status_code == 302
    make.session.refresh(claim)
    assert (claim.fault, claim.outcome, claim.amount_passed) == ("异响加重", ClaimOutcome.OPEN, None)


def test_a_claim_is_not_entered_as_passed_by_who_may_not_approve(make: Factory, login: Login) -> None:
    dealer = make.dealer()
    fields = {"dealer_id": dealer.id, "claimed_on": "2026-03-01", "fault": "电机异响"}
    assert create(login(Role.CLERK), "warranty_claim", **fields, **PASSED).status_code == 302
    assert make.session.query(WarrantyClaim.outcome).scalar() is ClaimOutcome.OPEN


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.QUALITY_ENGINEER, Role.ADMINISTRATOR])
def test_who_may_approve_decides_a_claim(role: Role, make: Factory, login: Login) -> None:
    claim = make.warranty_claim()
    assert edit(login(role), "warranty_claim", claim.id, **PASSED).status_code == 302
    make.session.refresh(claim)
    assert claim.outcome is ClaimOutcome.PASSED


def test_the_outcome_is_shown_to_who_may_not_set_it(make: Factory, login: Login) -> None:
    claim = make.warranty_claim()
    assert "Undecided" in page_of(login(Role.CLERK), "warranty_claim", claim.id).text
