"""Taking the steps of a complaint on its page: what is asked, what is refused, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import edit, error_at, form_of, path
from sqlalchemy import select
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import Complaint, Proposal, StepTaken
from models.base import now
from models.complaint import FaultDegree, Severity, Step
from models.organisation import Role
from models.step_taken import Move

VERIFIED = {"verified_by": "phone", "fault": "减震漏油"}


def take(
    client: PanelClient, row: Complaint, move: str, version: int | None = None, **data: Any
) -> TestResponse:
    """Send a step as the page of the complaint would."""
    sent = {"move": move, "version": str(version or row.version), **data}
    return client.post(path("complaint", "step", id=row.id), data=sent)


def moves(make: Factory) -> list[Move]:
    return list(make.session.scalars(select(StepTaken.move).order_by(StepTaken.id)))


def test_who_registers_a_complaint_is_on_record(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    subject = make.subject()
    sent = {"customer_name": "王建国", "subject_id": subject.id, "channel": "phone", "severity": "normal"}
    assert client.post(path("complaint", "new"), data=sent).status_code == 302
    taken = make.session.scalars(select(StepTaken)).one()
    assert client.staff is not None
    assert (taken.move, taken.to_step, taken.created_by_id) == (
        Move.REGISTER,
        Step.REGISTERED,
        client.staff.id,
    )


def test_the_page_asks_for_what_the_next_step_needs_and_takes_it(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), make.complaint()
    page = client.get(path("complaint", "details", id=row.id)).text
    assert 'value="verify"' in page
    assert 'name="cause"' not in page
    sent = form_of(client.get(path("complaint", "details", id=row.id)))
    for name, value in {**VERIFIED, "move": "verify"}.items():
        sent[name] = value
    assert client.post(path("complaint", "step", id=row.id), data=sent).status_code == 302
    make.session.refresh(row)
    assert (row.step, row.fault) == (Step.VERIFIED, "减震漏油")
    assert 'value="analyse"' in client.get(path("complaint", "details", id=row.id)).text


def test_what_the_vehicle_says_stands_in_the_verification(make: Factory, login: Login) -> None:
    model = make.product_model(name="HS-9 加长版")
    vehicle = make.vehicle(product_model_id=model.id, production_batch="2602-L2")
    row = make.complaint(vehicle_id=vehicle.id)
    form = form_of(login(Role.CLERK).get(path("complaint", "details", id=row.id)))
    assert (form["product"], form["production_batch"]) == ("HS-9 加长版", "2602-L2")


def test_another_step_is_asked_for_by_its_link(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), make.complaint()
    page = client.get(path("complaint", "details", id=row.id, step="answer_on_the_spot")).text
    assert 'name="spot_answer"' in page
    assert 'value="verify"' not in page


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), make.complaint()
    answer = take(client, row, "verify", fault="减震漏油", brand_before="另一品牌")
    assert answer.status_code == 422
    assert error_at(answer.text, "verified_by") == "Fill this in."
    assert "另一品牌" in answer.text
    make.session.refresh(row)
    assert row.step is Step.REGISTERED


def test_one_button_does_not_ask_for_what_the_other_needs(make: Factory, login: Login) -> None:
    row = make.complaint(step=Step.PROPOSED, fault_degree=FaultDegree.FULLY)
    make.compensation_rule(fault_degree=FaultDegree.FULLY)
    make.proposal(complaint_id=row.id, created_by_id=make.staff(Role.CLERK).id)
    boss = login(Role.SUPERVISOR)
    refused = take(boss, row, "refuse", decision_reason="")
    assert error_at(refused.text, "decision_reason") == "Fill this in."
    assert take(boss, row, "approve", decision_reason="").status_code == 302
    assert moves(make) == [Move.APPROVE]


def test_the_second_of_two_is_told_and_keeps_the_draft(make: Factory, login: Login) -> None:
    one, other, row = login(Role.CLERK), login(Role.CLERK), make.complaint()
    seen = row.version
    assert take(one, row, "verify", **VERIFIED).status_code == 302
    answer = take(other, row, "verify", seen, verified_by="visit", fault="前叉变形")
    assert answer.status_code == 422
    assert "gone on with this complaint" in answer.text
    assert "前叉变形" in answer.text
    make.session.refresh(row)
    assert row.fault == "减震漏油"


def test_a_second_click_takes_a_step_once(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), make.complaint()
    seen = row.version
    assert take(client, row, "verify", seen, **VERIFIED).status_code == 302
    assert take(client, row, "verify", seen, **VERIFIED).status_code == 302
    assert moves(make) == [Move.VERIFY]
    # The same step from another page, with other words.
    answer = take(client, row, "verify", seen, **VERIFIED | {"fault": "前叉变形"})
    assert answer.status_code == 422
    assert "前叉变形" in answer.text


@pytest.mark.parametrize("move", ["", "nonsense", "register", "step", "VERIFY"])
def test_what_is_no_step_is_refused(move: str, make: Factory, login: Login) -> None:
    row = make.complaint()
    assert take(login(Role.CLERK), row, move).status_code == 400
    assert moves(make) == []


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.WAREHOUSE_KEEPER])
def test_a_reader_is_offered_no_step_and_a_forged_one_is_refused(
    role: Role, make: Factory, login: Login
) -> None:
    client, row = login(role), make.complaint()
    assert "step-form" not in client.get(path("complaint", "details", id=row.id)).text
    assert take(client, row, "verify", **VERIFIED).status_code == 403
    assert moves(make) == []


def test_who_only_reads_is_led_from_the_address_of_a_step_to_the_complaint(
    make: Factory, login: Login
) -> None:
    client, row = login(Role.AUDITOR), make.complaint()
    answer = client.get(path("complaint", "step", id=row.id))
    assert (answer.status_code, answer.location) == (302, path("complaint", "details", id=row.id))
    assert take(client, row, "verify", **VERIFIED).status_code == 403


def test_who_holds_a_higher_position_may_decide_whatever_the_role(make: Factory, login: Login) -> None:
    director = make.position()
    boss = login(Role.AUDITOR, position_id=director.id)
    proposer = make.staff(Role.SUPERVISOR, position_id=make.position(parent_id=director.id).id)
    row = make.complaint(step=Step.PROPOSED, fault_degree=FaultDegree.FULLY)
    make.compensation_rule(fault_degree=FaultDegree.FULLY)
    make.proposal(complaint_id=row.id, created_by_id=proposer.id)
    assert take(boss, row, "approve").status_code == 302
    assert moves(make) == [Move.APPROVE]


def test_a_forged_field_changes_nothing(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), make.complaint()
    forged = {
        "step": "confirmed",
        "severity": "severe",
        "responsible_id": "1",
        "verified_at": "2020-01-01 08:00",
    }
    assert take(client, row, "verify", **VERIFIED, **forged).status_code == 302
    make.session.refresh(row)
    assert (row.step, row.severity, row.responsible_id) == (Step.VERIFIED, Severity.NORMAL, None)
    assert row.verified_at is not None
    assert row.verified_at.year > 2020


def test_the_form_of_a_complaint_can_not_move_it(make: Factory, login: Login) -> None:
    row = make.complaint()
    client = login(Role.ADMINISTRATOR)
    assert (
        edit(client, "complaint", row.id, step="confirmed", cause="transport", satisfaction="5").status_code
        == 302
    )
    make.session.refresh(row)
    assert (row.step, row.cause, row.satisfaction) == (Step.REGISTERED, None, None)


def test_each_task_that_is_waited_for_stands_with_its_department(make: Factory, login: Login) -> None:
    row = make.complaint(step=Step.AGREED)
    warehouse = make.department(name="仓储部", name_en="Warehousing")
    make.department_task(complaint_id=row.id, department_id=warehouse.id, what="寄出车罩")
    page = BeautifulSoup(login(Role.CLERK).get(path("complaint", "details", id=row.id)).text, "html.parser")
    (task,) = page.select(".tasks li")
    assert "Warehousing 寄出车罩" in " ".join(task.get_text(" ").split())


def test_whether_the_customer_is_satisfied_is_asked_anew_after_each_round(
    make: Factory, login: Login
) -> None:
    row = make.complaint(step=Step.CARRIED_OUT, confirmed_by="phone", satisfaction=2, confirmation="又异响了")
    client = login(Role.FOLLOW_UP_AGENT)
    sent = form_of(client.get(path("complaint", "details", id=row.id)))
    assert not {sent.get(name) for name in ("confirmed_by", "satisfaction", "confirmation")} - {None, ""}
    sent["move"], sent["confirmed_by"], sent["satisfaction"] = "confirm", "phone", "5"
    assert client.post(path("complaint", "step", id=row.id), data=sent).status_code == 302
    make.session.refresh(row)
    assert (row.step, row.satisfaction, row.confirmation) == (Step.CONFIRMED, 5, None)
    assert make.session.scalars(select(StepTaken)).one().remark is None


def test_a_closed_complaint_is_archived(make: Factory, login: Login) -> None:
    row = make.complaint(step=Step.CONFIRMED)
    boss = login(Role.SUPERVISOR)
    assert boss.get(path("complaint", "edit", id=row.id)).status_code == 403
    assert boss.get(path("complaint", "restore", id=row.id)).status_code == 403
    note = boss.post(path("complaint", "notes", id=row.id), data={"body": "补记"})
    assert note.status_code == 403
    assert "stays archived" in boss.get(path("complaint", "delete", id=row.id)).text
    assert take(boss, row, "reopen").status_code == 422
    assert take(boss, row, "reopen", remark="客户再次来电").status_code == 302
    make.session.refresh(row)
    assert (row.step, row.times_reopened) == (Step.ANALYSED, 1)
    assert "Reopened once" in boss.get(path("complaint", "details", id=row.id)).text


def test_who_proposed_reads_why_nobody_but_others_may_decide(make: Factory, login: Login) -> None:
    boss = login(Role.SUPERVISOR)
    row = make.complaint(step=Step.PROPOSED)
    assert boss.staff is not None
    make.proposal(complaint_id=row.id, created_by_id=boss.staff.id)
    page = boss.get(path("complaint", "details", id=row.id)).text
    assert 'value="approve"' not in page
    assert 'value="withdraw"' in page
    answer = take(boss, row, "approve")
    assert "of his or her own" in answer.text
    assert make.session.scalars(select(Proposal.decided_at)).one() is None


def test_what_goes_beyond_the_rules_is_said_before_anybody_decides(make: Factory, login: Login) -> None:
    row = make.complaint(step=Step.PROPOSED, fault_degree=FaultDegree.FULLY)
    make.compensation_rule(fault_degree=FaultDegree.FULLY, value_most=50)
    clerk = make.staff(Role.CLERK)
    make.proposal(complaint_id=row.id, created_by_id=clerk.id, value=60, remedies=["repair", "gift"])
    page = login(Role.SUPERVISOR).get(path("complaint", "details", id=row.id)).text
    assert "Not foreseen here: Gift." in page
    assert "Worth more than the 50.00 that may be given here." in page
    assert 'value="approve"' not in page


@pytest.mark.parametrize(
    ("step", "move", "sent", "wrong"),
    [
        (Step.REGISTERED, "verify", VERIFIED | {"production_on": "二〇三〇年13月"}, "production_on"),
        (Step.ANALYSED, "propose", {"remedies": "repair", "details": "维修", "value": "五百块"}, "value"),
        (Step.ANALYSED, "propose", {"remedies": "money", "details": "补偿", "value": ""}, "value"),
        (Step.ANALYSED, "propose", {"remedies": "gift", "details": "雨衣", "value": "0"}, "value"),
        (Step.CARRIED_OUT, "confirm", {"confirmed_by": "phone", "satisfaction": "2"}, "satisfaction"),
        (Step.CARRIED_OUT, "confirm", {"confirmed_by": "phone", "satisfaction": "很好"}, "satisfaction"),
        (
            Step.CARRIED_OUT,
            "reject",
            {"confirmed_by": "phone", "satisfaction": "4", "confirmation": "异响"},
            "satisfaction",
        ),
    ],
)
def test_what_can_not_be_read_or_does_not_fit_is_refused_at_its_field(
    step: Step, move: str, sent: dict[str, str], wrong: str, make: Factory, login: Login
) -> None:
    client, row = login(Role.CLERK), make.complaint(step=step)
    answer = take(client, row, move, **sent)
    assert answer.status_code == 422
    assert error_at(answer.text, wrong)
    make.session.expire_all()
    assert row.step is step
    assert moves(make) == []


def test_an_opened_complaint_asks_for_its_analysis_anew_and_each_stage_names_who_did_it(
    make: Factory, login: Login
) -> None:
    clerk, agent = login(Role.CLERK, name="Wang"), login(Role.FOLLOW_UP_AGENT, name="Li")
    row = make.complaint(step=Step.VERIFIED)
    analysed = {"cause": "poor_quality", "fault_degree": "fully", "analysis": "虚焊"}
    assert take(clerk, row, "analyse", **analysed).status_code == 302
    make.session.refresh(row)
    row.step = Step.CARRIED_OUT
    make.session.commit()
    rejected = {"confirmed_by": "phone", "satisfaction": "1", "confirmation": "又断电"}
    assert take(agent, row, "reject", **rejected).status_code == 302
    answer = clerk.get(path("complaint", "details", id=row.id))
    page = BeautifulSoup(answer.text, "html.parser")
    assert [each["value"] for each in page.select("#step button[name=move]")] == ["analyse"]
    assert form_of(answer)["analysis"] == "虚焊"
    now_at = page.select_one(".stages [aria-current=step]")
    assert now_at is not None
    assert "Wang" in now_at.text
    make.session.expire_all()
    assert take(clerk, row, "analyse", **analysed).status_code == 302
    page = BeautifulSoup(clerk.get(path("complaint", "details", id=row.id)).text, "html.parser")
    assert [each["value"] for each in page.select("#step button[name=move]")] == ["propose"]


@pytest.mark.parametrize(
    ("attributes", "marks"),
    [
        ({"is_safety_relevant": True}, ["Safety relevant"]),
        ({"severity": Severity.SEVERE}, ["Severe"]),
        ({}, []),
    ],
)
def test_what_is_grave_is_marked_at_the_head(
    attributes: dict[str, Any], marks: list[str], make: Factory, login: Login
) -> None:
    row = make.complaint(**attributes)
    page = BeautifulSoup(login(Role.CLERK).get(path("complaint", "details", id=row.id)).text, "html.parser")
    assert [each.text for each in page.select(".grave .badge")] == marks


def test_the_stage_of_a_proposal_names_who_made_and_who_approved_it_whoever_told_the_customer(
    make: Factory, login: Login
) -> None:
    clerk, boss = login(Role.CLERK, name="Wang"), login(Role.SUPERVISOR, name="Zhou")
    make.compensation_rule(fault_degree=FaultDegree.FULLY)
    row = make.complaint(step=Step.ANALYSED, fault_degree=FaultDegree.FULLY)
    assert take(clerk, row, "propose", remedies="repair", details="维修").status_code == 302
    for client, move, sent in ((boss, "approve", {}), (login(Role.CLERK), "tell", {"told_by": "phone"})):
        make.session.refresh(row)
        assert take(client, row, move, **sent).status_code == 302
    for name in ("details", "archive"):
        page = " ".join(clerk.get(path("complaint", name, id=row.id)).text.split())
        assert "Wang, approved by Zhou" in page, name


def test_a_supervisor_who_opens_a_closed_complaint_is_asked_for_its_analysis(
    make: Factory, login: Login
) -> None:
    boss, row = login(Role.SUPERVISOR), make.complaint(step=Step.CONFIRMED, analysed_at=now())
    assert take(boss, row, "reopen", remark="客户再次来电").status_code == 302
    page = BeautifulSoup(boss.get(path("complaint", "details", id=row.id)).text, "html.parser")
    assert [each["value"] for each in page.select("#step button[name=move]")] == ["analyse"]
