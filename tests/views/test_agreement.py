"""The signed agreement: asked for where the customer agrees, an open point where it lacks, attached later."""

from __future__ import annotations

import io
from typing import Any

import pytest
from screens import error_at, path
from sqlalchemy import select
from test_notes import PDF, png
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from conftest import Login, PanelClient
from factories import Factory
from models import Attachment, Complaint, Note, Proposal
from models.base import now
from models.complaint import Step
from models.organisation import Role
from models.proposal import DecidedAs, ProposalState

File = tuple[bytes, str]
LATER = "客户电话同意，协议随后寄回"


def send(client: PanelClient, page: str, row: Complaint, *files: File, **fields: str) -> TestResponse:
    """Send a form of the complaint's page with files, as a browser would."""
    parts = [("agreement", FileStorage(io.BytesIO(content), name)) for content, name in files]
    boundary, data = encode_multipart(MultiDict([*fields.items(), *parts]))
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.post(path("complaint", page, id=row.id), data=data, content_type=content_type)


def agree(client: PanelClient, row: Complaint, *files: File, **fields: str) -> TestResponse:
    """Send the step with which the customer agrees."""
    return send(client, "step", row, *files, move="agree", version=str(row.version), **fields)


def approved(make: Factory, **attributes: Any) -> Complaint:
    """Make a complaint whose proposal is approved, so that the customer is to be asked."""
    row = make.complaint(step=Step.PROPOSED)
    boss = make.staff(Role.SUPERVISOR)
    decided = {"decided_at": now(), "decided_by_id": boss.id, "decided_as": DecidedAs.APPROVER}
    state = {"state": ProposalState.APPROVED, "created_by_id": make.staff(Role.CLERK).id, "told_at": now()}
    make.proposal(complaint_id=row.id, **state, **decided, **attributes)
    return row


def step_of(make: Factory, row: Complaint) -> Step:
    make.session.refresh(row)
    return row.step


def proposal_of(make: Factory) -> Proposal:
    make.session.expire_all()
    return make.session.scalars(select(Proposal)).one()


def test_what_the_customer_signed_is_kept_with_the_complaint_and_marked(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), approved(make)
    assert 'name="agreement"' in client.get(path("complaint", "details", id=row.id)).text
    pages = ((png(), "协议第1页.png"), (PDF, "协议.pdf"))
    assert agree(client, row, *pages, reply="同意", no_agreement_because=LATER).status_code == 302
    assert step_of(make, row) is Step.AGREED
    proposal = proposal_of(make)
    # A reason beside the paper is none.
    assert (proposal.reply, proposal.no_agreement_because) == ("同意", None)
    note = make.session.scalars(select(Note)).one()
    assert (note.table_name, note.row_id) == ("complaint", row.id)
    files = make.session.scalars(select(Attachment)).all()
    assert {file.agreement_of_id for file in files} == {proposal.id}
    page = client.get(path("complaint", "details", id=row.id)).text
    assert "协议.pdf" in page
    assert '<span class="badge">Signed agreement</span>' in page
    assert "still missing" not in page


def test_without_paper_and_reason_the_step_waits_and_keeps_what_was_typed(
    make: Factory, login: Login
) -> None:
    client, row = login(Role.CLERK), approved(make)
    answer = agree(client, row, reply="电话里同意了")
    assert answer.status_code == 422
    assert error_at(answer.text, "agreement").startswith("Attach the signed agreement, or say below")
    assert "电话里同意了" in answer.text
    assert step_of(make, row) is Step.PROPOSED


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ((b"MZ" + bytes(100), "协议.pdf"), "of a type that is not taken"),
        ((b"a,b\n1,2\n", "协议.csv"), "neither a picture nor a PDF"),
        ((b"", "协议.pdf"), "is empty"),
        ((b"\x89PNG\r\n\x1a\n" + bytes(40), "协议.png"), "damaged"),
    ],
)
def test_what_is_no_agreement_is_said_at_its_field_and_nothing_else_is_lost(
    file: File, sentence: str, make: Factory, login: Login
) -> None:
    client, row = login(Role.CLERK), approved(make)
    answer = agree(client, row, file, reply="同意，下周寄回")
    assert answer.status_code == 422
    assert sentence in error_at(answer.text, "agreement")
    assert "choose the files again" in error_at(answer.text, "agreement")
    assert "同意，下周寄回" in answer.text
    assert step_of(make, row) is Step.PROPOSED
    assert make.session.scalars(select(Attachment)).all() == []


@pytest.mark.parametrize("remedies", [["explanation"], ["refusal"], ["explanation", "refusal"]])
def test_what_is_only_said_needs_no_signature(remedies: list[str], make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), approved(make, remedies=remedies)
    assert 'name="agreement"' not in client.get(path("complaint", "details", id=row.id)).text
    assert agree(client, row, reply="明白了").status_code == 302
    assert "still missing" not in client.get(path("complaint", "details", id=row.id)).text


def test_a_paper_that_lacks_stays_an_open_point_until_it_is_attached(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), approved(make)
    assert agree(client, row, no_agreement_because=LATER).status_code == 302
    page = client.get(path("complaint", "details", id=row.id)).text
    assert "The signed agreement is still missing." in page
    assert LATER in page
    nothing = send(client, "agreement", row)
    assert (nothing.status_code, error_at(nothing.text, "agreement")) == (422, "Choose a file.")
    assert send(client, "agreement", row, (PDF, "协议.pdf")).status_code == 302
    assert proposal_of(make).no_agreement_because is None
    assert "still missing" not in client.get(path("complaint", "details", id=row.id)).text
    assert send(client, "agreement", row, (PDF, "b.pdf")).status_code == 302
    assert len(make.session.scalars(select(Attachment)).all()) == 1


def test_an_agreement_that_is_removed_lacks_again(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), approved(make)
    agree(client, row, (PDF, "协议.pdf"))
    note = make.session.scalars(select(Note)).one()
    assert (
        client.post(path("complaint", "notes/remove", id=row.id), data={"note": note.id}).status_code == 302
    )
    assert "still missing" in client.get(path("complaint", "details", id=row.id)).text


def test_nobody_but_who_takes_steps_attaches_one_and_nobody_to_what_is_closed(
    make: Factory, login: Login
) -> None:
    row = make.complaint(step=Step.AGREED)
    make.proposal(complaint_id=row.id, state=ProposalState.AGREED, decided_at=now())
    reader = login(Role.WAREHOUSE_KEEPER)
    assert "still missing" in reader.get(path("complaint", "details", id=row.id)).text
    assert send(reader, "agreement", row, (PDF, "协议.pdf")).status_code == 403
    row.step = Step.CONFIRMED
    make.session.commit()
    assert send(login(Role.CLERK), "agreement", row, (PDF, "协议.pdf")).status_code == 403
    assert make.session.scalars(select(Attachment)).all() == []
