"""The agreement that a customer signs: asked for with the step, else an open point until it is attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models.attached_file import CheckedFile
from models.base import db
from models.complaint import Complaint, Step
from models.note import Attachment, Note, add_note
from models.proposal import Proposal, ProposalState
from models.refused_step import RefusedStepError

# The field of the step's form that takes it; no column.
AGREEMENT = "agreement"
# The column of the proposal that says why it is not there.
NO_AGREEMENT = "no_agreement_because"


def check_agreement(proposal: Proposal, given: Mapping[str, Any], papers: Sequence[CheckedFile]) -> None:
    """Refuse a customer's consent that nothing proves.

    Raises:
        RefusedStepError: when the proposal is one to be signed, and neither paper nor reason was given.
    """
    if proposal.needs_agreement and not papers and not given.get(NO_AGREEMENT):
        raise RefusedStepError(_("Attach the signed agreement, or say below why it is not there."), AGREEMENT)


def keep_agreement(complaint: Complaint, proposal: Proposal, papers: Sequence[CheckedFile]) -> int:
    """Attach what the customer signed to the complaint, and return the key of its note; flushes."""
    proposal.no_agreement_because = None
    return add_note(complaint, None, papers, agreement_of_id=proposal.id).id


def missing_agreement(complaint: Complaint) -> Proposal | None:
    """Return the proposal in force that the customer agreed to and has not signed; None where nothing lacks.

    One query; one that was agreed before the complaint was taken up again is not in force any more.
    """
    if complaint.step not in (Step.AGREED, Step.CARRIED_OUT, Step.CONFIRMED):
        return None
    is_signed = (
        select(Attachment.id)
        .join(Note, Note.id == Attachment.note_id)
        .where(
            Attachment.agreement_of_id == Proposal.id,
            Attachment.deleted_at.is_(None),
            Note.deleted_at.is_(None),
        )
    )
    newest = (
        select(Proposal, is_signed.exists())
        .where(Proposal.complaint_id == complaint.id, Proposal.state == ProposalState.AGREED)
        .order_by(Proposal.id.desc())
        .limit(1)
    )
    found = db.session.execute(newest).one_or_none()
    if found is None or found[1] or not found[0].needs_agreement:
        return None
    proposal: Proposal = found[0]
    return proposal
