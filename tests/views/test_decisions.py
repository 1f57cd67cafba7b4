"""Deciding one proposal after another: what waits for whom, and what follows each decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from screens import error_at, path
from sqlalchemy import select
from test_waiting import waiting
from werkzeug.test import TestResponse

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Delivery, Position, Proposal
from models.base import now
from models.complaint import FaultDegree, Step
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from models.proposal import ProposalState

LIST = "/decision/"


def rule(make: Factory, most: int = 100, position: Position | None = None) -> None:
    make.compensation_rule(
        fault_degree=FaultDegree.FULLY, value_most=most, position_id=position.id if position else None
    )


def proposed(make: Factory, due_at: datetime | None = None, value: int = 80, **attributes: Any) -> Proposal:
    row = make.complaint(step=Step.PROPOSED, fault_degree=FaultDegree.FULLY, **attributes)
    if due_at is not None:
        make.deadline(row, kind=DeadlineKind.DECISION, due_at=due_at)
    proposer = make.staff(Role.CLERK, name="提案人")
    return make.proposal(complaint_id=row.id, value=Decimal(value), created_by_id=proposer.id)


def decide(client: PanelClient, proposal: Proposal, move: str, reason: str = "") -> TestResponse:
    """Send a decision as the page would, with the version that was seen there."""
    data = {"id": proposal.id, "move": move, "version": "1", "decision_reason": reason}
    return client.post(f"{LIST}decide/", data=data)


def test_what_is_due_first_is_shown_with_all_that_a_decision_needs(make: Factory, login: Login) -> None:
    rule(make)
    vehicle = make.vehicle()
    before = make.complaint(vehicle_id=vehicle.id, step=Step.CONFIRMED)
    make.proposal(
        complaint_id=before.id,
        value=Decimal(55),
        state=ProposalState.AGREED,
        decided_at=now(),
        remedies=["gift"],
    )
    proposed(make, now() + timedelta(days=1))
    first = proposed(
        make,
        now() - timedelta(days=1),
        customer_name="李四",
        vehicle_id=vehicle.id,
        demand="换新电机",
        analysis="油封质量差",
        is_safety_relevant=True,
        is_demand_reasonable=True,
    )
    proposed(make)
    page = login(Role.SUPERVISOR).get(LIST).text
    assert "1 of 3" in page
    assert f'name="id" value="{first.id}"' in page
    for said in (
        "李四",
        "换新电机",
        "油封质量差",
        "提案人",
        "80",
        "worth up to 100",
        "Late",
        "be taken back here",
    ):
        assert said in page
    assert before.number in page
    assert "Gift · 55" in page


def test_after_a_decision_the_next_comes_up_until_nothing_waits(make: Factory, login: Login) -> None:
    rule(make)
    one, two = proposed(make, now()), proposed(make, now() + timedelta(days=1))
    client = login(Role.SUPERVISOR)
    answer = decide(client, one, "approve")
    assert answer.location == f"{LIST}?at={two.id}"
    assert "1 of 1" in client.get(answer.location).text
    assert decide(client, two, "refuse", "先查批次").location == LIST
    assert "Nothing waits for your decision" in client.get(LIST).text
    make.session.expire_all()
    assert (one.state, two.state) == (ProposalState.APPROVED, ProposalState.REFUSED)
    assert two.decision_reason == "先查批次"


def test_sending_back_without_a_reason_is_refused_at_its_place(make: Factory, login: Login) -> None:
    rule(make)
    proposed(make, now())
    other = proposed(make, now() + timedelta(days=1))
    answer = decide(login(Role.SUPERVISOR), other, "refuse")
    assert answer.status_code == 422
    assert error_at(answer.text, "decision_reason") == "Fill this in."
    assert "2 of 2" in answer.text


def test_what_somebody_else_has_decided_meanwhile_is_said(make: Factory, login: Login) -> None:
    rule(make)
    proposal = proposed(make)
    assert decide(login(Role.SUPERVISOR), proposal, "approve").status_code == 302
    late = login(Role.SUPERVISOR)
    assert decide(late, proposal, "refuse", "太贵").location == LIST
    assert "does not wait for you any more. Not saved: “太贵”" in late.get(LIST).text
    make.session.refresh(proposal)
    assert proposal.state is ProposalState.APPROVED


def test_what_goes_beyond_the_reader_s_power_names_who_can(make: Factory, login: Login) -> None:
    high = make.position()
    chief = make.staff(name="总监王", position_id=high.id)
    rule(make, most=10, position=high)
    proposal = proposed(make)
    client = login(Role.SUPERVISOR)
    page = client.get(LIST).text
    assert "Nothing waits for your decision" in page
    assert chief.name in page.partition("What others decide")[2]
    # Nor does a number call for what another one decides; the complaint's own page says who that is.
    assert waiting(client, LIST) is None
    assert (
        f"Can decide: {chief.name}<"
        in client.get(path("complaint", "details", id=proposal.complaint_id)).text
    )
    assert decide(client, proposal, "approve").location == LIST
    make.session.refresh(proposal)
    assert proposal.state is ProposalState.WAITING


def test_a_higher_position_decides_here_whatever_the_role(make: Factory, login: Login) -> None:
    high = make.position()
    rule(make, most=10, position=high)
    proposal = proposed(make)
    chief, clerk = login(Role.QUALITY_ENGINEER, position_id=high.id), login(Role.QUALITY_ENGINEER)
    assert clerk.get(LIST).status_code == 403
    assert "1 of 1" in chief.get(LIST).text
    answer = decide(chief, proposal, "approve")
    assert answer.location == path("complaint", "details", id=proposal.complaint_id)
    assert chief.get(LIST).status_code == 403


def test_the_menu_asks_what_waits_only_for_who_has_a_position(
    app: Flask, make: Factory, login: Login
) -> None:
    for position, is_asked in ((make.position().id, True), (None, False)):
        client = login(Role.QUALITY_ENGINEER, position_id=position)
        with count_queries(app) as queries:
            client.get(path("guide"))
        assert any("FROM proposal" in query for query in queries) is is_asked


def test_a_higher_position_is_told_in_the_panel_and_by_mail_at_once(
    app: Flask, make: Factory, login: Login
) -> None:
    high = make.position()
    rule(make, most=10, position=high)
    chief = login(Role.CLERK, position_id=high.id, region=make.region())
    handler = login(Role.CLERK, region=make.region(), position_id=make.position().id)
    assert chief.staff is not None
    row = make.complaint(step=Step.ANALYSED, fault_degree=FaultDegree.FULLY, region_id=chief.staff.region_id)
    data = {"move": "propose", "version": "1", "remedies": "repair", "value": "500", "details": "换车"}
    assert waiting(chief, LIST) is None
    assert path("decision") not in chief.get("/").text
    proposer = login(Role.CLERK, region_id=chief.staff.region_id)
    answer = proposer.post(path("complaint", "step", id=row.id), data=data)
    assert answer.status_code == 302
    (mail,) = make.session.scalars(select(Delivery)).all()
    assert (mail.recipient, mail.subject) == (
        chief.staff.email,
        f"Complaint {row.number} waits for your decision",
    )
    assert waiting(chief, LIST) == "1: 1 proposal waits for a decision"
    # Who stands above nobody is not asked about it at each page.
    with count_queries(app) as queries:
        assert waiting(handler, LIST) is None
    assert not any("compensation_rule.value_most" in query for query in queries)


def test_nobody_finds_the_own_proposal_among_what_to_decide(make: Factory, login: Login) -> None:
    rule(make)
    client = login(Role.SUPERVISOR)
    assert client.staff is not None
    row = make.complaint(step=Step.PROPOSED, fault_degree=FaultDegree.FULLY)
    make.proposal(complaint_id=row.id, created_by_id=client.staff.id)
    page = client.get(LIST).text
    assert "Nothing waits for your decision" in page
    assert waiting(client, LIST) is None


def test_only_decisions_are_taken_here(make: Factory, login: Login) -> None:
    rule(make)
    proposal, client = proposed(make), login(Role.SUPERVISOR)
    for move in ("", "tell", "withdraw", "nonsense"):
        assert decide(client, proposal, move).status_code == 400
    assert client.post(f"{LIST}decide/", data={"id": "x", "move": "approve"}).location == LIST
    assert client.get(f"{LIST}?at=nonsense").status_code == 200


def test_the_sidebar_and_the_first_page_say_how_many_wait(make: Factory, login: Login) -> None:
    rule(make)
    proposed(make)
    proposed(make, deleted_at=now())
    client = login(Role.SUPERVISOR)
    assert waiting(client, LIST) == "1: 1 proposal waits for a decision"
    assert '<a href="/decision/"><strong>1</strong>' in client.get("/").text


def test_many_wait_as_cheaply_as_one(app: Flask, make: Factory, login: Login) -> None:
    high = make.position()
    make.staff(position_id=high.id)
    rule(make, position=high)
    client = login(Role.SUPERVISOR)

    def furnish() -> None:
        for value in (80, 500):
            proposed(make, now(), value)

    furnish()
    client.get(LIST)
    with count_queries(app) as few:
        client.get(LIST)
    for _number in range(4):
        furnish()
    # New regions and subjects are read once.
    client.get(LIST)
    with count_queries(app) as many:
        assert "1 of 5" in client.get(LIST).text
    assert len(many) == len(few)


def test_the_address_of_a_refused_decision_or_step_leads_back_to_its_page(
    make: Factory, login: Login
) -> None:
    client, row = login(Role.SUPERVISOR), make.complaint()
    assert client.get("/decision/decide/").location == LIST
    assert client.get(path("complaint", "step", id=row.id)).location == path(
        "complaint", "details", id=row.id
    )
