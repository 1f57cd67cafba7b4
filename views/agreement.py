"""The signed agreement on a complaint's page: asked for with the step, and attached later where it lacked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import Complaint, Proposal
from models.agreement import AGREEMENT, keep_agreement, missing_agreement
from models.attached_file import IMAGES, CheckedFile
from models.complaint import Step
from views import sent_twice
from views.notes import check_files

if TYPE_CHECKING:
    from views.complaint import ComplaintView

# The pages of an agreement, photographed one by one.
FILES_MOST = 5
TAKEN = frozenset({*IMAGES.values(), "image/heic", "application/pdf"})


@dataclass(slots=True)
class AgreementField:
    """The field that takes the signed agreement: what was sent, and what is wrong with it."""

    files: list[CheckedFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # Whether something was chosen: a browser does not send it again by itself.
    is_sent: bool = False


def read_agreement() -> AgreementField:
    """Return the agreement as the request brings it, checked by what the files hold."""
    sent = [file for file in request.files.getlist(AGREEMENT) if file.filename]
    files, problems = check_files(sent, FILES_MOST)
    for file in files:
        if file.media_type not in TAKEN:
            problems.append(
                _(
                    "“%(name)s” is neither a picture nor a PDF: photograph the page, or scan it.",
                    name=file.name,
                )
            )
    return AgreementField([] if problems else files, problems, bool(sent))


def attach(view: ComplaintView, row: Complaint) -> ResponseReturnValue:
    """Attach the agreement that lacked when the customer agreed, or show what is wrong with the files."""
    if row.step is Step.CONFIRMED:
        abort(403)
    proposal, sent = missing_agreement(row), read_agreement()
    if not sent.files and not sent.problems:
        sent.problems.append(_("Choose a file."))
    hashes = [(file.name, hashlib.sha256(file.content).hexdigest()) for file in sent.files]
    if proposal is None and sent_twice.earlier_record_id(hashes) is None:
        flash(_("The signed agreement is there already."), "info")
        return redirect(view.page_url("details_view", id=row.id))
    if sent.problems:
        return view.show_details(row, panel=view.panel(row, sent)), 422
    sent_twice.do_once(lambda: keep_agreement(row, _present(proposal), sent.files), hashes)
    flash(_("The signed agreement was attached."), "success")
    return redirect(f"{view.page_url('details_view', id=row.id)}#notes")


def _present(proposal: Proposal | None) -> Proposal:
    assert proposal is not None
    return proposal
