"""Deciding by keyboard alone: on and back, approve, send back with a reason, leave."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from browser.conftest import Panel
from factories import Factory
from models import Proposal, acting_as, db, system_actor
from models.base import now
from models.complaint import FaultDegree, Step
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from models.proposal import ProposalState

pytestmark = pytest.mark.browser


def test_proposals_are_decided_by_keyboard_one_after_another(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        make.compensation_rule(fault_degree=FaultDegree.FULLY, value_most=100)
        keys = []
        for number in range(3):
            row = make.complaint(
                step=Step.PROPOSED, fault_degree=FaultDegree.FULLY, customer_name=f"C{number}"
            )
            make.deadline(row, kind=DeadlineKind.DECISION, due_at=now() + timedelta(hours=number + 1))
            proposer = make.staff(Role.CLERK)
            proposal = make.proposal(complaint_id=row.id, value=Decimal(80), created_by_id=proposer.id)
            keys.append(proposal.id)
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    shown = page.locator("#decided")
    page.goto("/decision/")
    expect(shown).to_contain_text("C0")
    page.keyboard.press("j")
    expect(shown).to_contain_text("C1")
    page.keyboard.press("k")
    expect(shown).to_contain_text("C0")

    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("C1")

    # The letters that are typed into the reason are letters.
    page.keyboard.press("r")
    expect(page.locator("[data-decide] textarea")).to_be_focused()
    page.keyboard.type("ask again")
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("C2")

    page.keyboard.press("Escape")
    page.wait_for_url(f"{panel.address}/")
    with panel.app.app_context(), acting_as(system_actor("tests")):
        found = [db.session.get_one(Proposal, key) for key in keys]
        assert [each.state for each in found] == [
            ProposalState.APPROVED,
            ProposalState.REFUSED,
            ProposalState.WAITING,
        ]
        assert found[1].decision_reason == "ask again"
        db.session.remove()
    assert panel.complaints == []
