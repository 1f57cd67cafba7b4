"""The screen of complaints: registering one, and carrying it through its steps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from flask import g, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from jobs.acknowledgements import acknowledge
from jobs.notices import tell_of_complaint, tell_of_raised
from jobs.outbox import send_soon
from models import Complaint, Record, current_actor
from models.complaint import Step
from models.complaint_procedure import may_decide, register
from models.notice_recipients import is_urgent, was_raised
from models.repeats import note_repeat
from views.agreement import AgreementField, attach
from views.archive import archive_of
from views.archive_pdf import send_pdf
from views.base import RecordView
from views.complaint_steps import ProcedurePanel, panel, take_step
from views.fields import coerce_id
from views.forms import RecordForm, Section, per_field
from views.menu import Area
from views.registration import beside, callers_found

# What the later steps set; nobody writes it into the form.
OUTCOME = ("spot_answer", "carried_out_at", "confirmed_by", "satisfaction", "confirmation", "times_reopened")
# What is known of a caller, or can be said later.
ASIDE = ("address", "dealer_id", "part_id", "channel", "registered_at", "repeats_id")
HANDLING = ("responsible_id", "department_id", "region_id")


class ComplaintView(RecordView):
    """Register complaints, and carry them from step to step on their page."""

    # Which step anybody may take is asked once more where it is taken: models.complaint_procedure.
    actions: ClassVar[Mapping[str, str]] = {
        **RecordView.actions,
        "step_view": "act",
        "agreement_view": "act",
        "archive_view": "read",
        "archive_pdf_view": "read",
        "callers_view": "create",
        "beside_view": "create",
    }
    new_template = "complaint_new.html"
    typed_relations = ("subject_id",)
    singular, plural, new_label = _("Complaint"), _("Complaints"), _("New complaint")
    area, icon = Area.COMPLAINTS, "complaint"
    what_for = _(
        "Each complaint stands here from the first word to the last call. Register one as soon as a customer"
        " is dissatisfied."
    )
    column_list = (
        "number",
        "registered_at",
        "customer_name",
        "subject_id",
        "description",
        "severity",
        "step",
        "responsible_id",
        "region_id",
    )
    editable_columns = ("subject_id", "severity", "responsible_id")
    key_facts = (
        "customer_name",
        "phone",
        "subject_id",
        "severity",
        "vehicle_id",
        "responsible_id",
        "description",
        "demand",
    )
    brief_columns = (
        "registered_at",
        "number",
        "customer_name",
        "subject_id",
        "description",
        "severity",
        "step",
    )
    hint_columns = ("customer_name", "phone")
    column_labels: ClassVar = {"created_by_id": _("Recorded by")}
    fills: ClassVar = {
        "customer_id": {
            "customer_name": "name",
            "phone": "phone",
            "address": "address",
            "dealer_id": "dealer_id",
            "region_id": "region_id",
        },
        "vehicle_id": {
            "customer_id": "customer_id",
            "product": "product_model_id",
            "production_on": "production_on",
            "production_batch": "production_batch",
            "in_use_since": "sold_on",
            "dealer_id": "dealer_id",
        },
    }
    column_filters = (
        "step",
        "severity",
        "subject_id",
        "registered_at",
        "channel",
        "is_safety_relevant",
        "cause",
        "department_id",
        "region_id",
        "responsible_id",
        "customer_id",
        "vehicle_id",
        "dealer_id",
        "part_id",
        "production_batch",
        "repeats_id",
    )
    is_given_to_who_enters = True
    default_sort = ("registered_at", True)
    column_descriptions = per_field(
        registered_at=_("When the customer told us; the time for the first answer runs from here."),
        subject_id=_("Decides which departments are told; take the one that fits best."),
        severity=_(
            "Severe: the vehicle can't be used, or it may become public. The weekly digest begins with the "
            "severe ones."
        ),
        cause=_("What the analysis found, not what the customer says."),
        is_demand_reasonable=_("Leave open while it is not known."),
        customer_id=_(
            "The customer's file, where there is one. Name and phone below are those of this complaint."
        ),
        repeats_id=_(
            "The earlier complaint of the same matter. Left empty, the panel takes an open or recent one of"
            " the same vehicle, or of the same customer and subject."
        ),
        demand=_("What would set it right in the customer's eyes: repair, exchange, money, an apology."),
        is_safety_relevant=_("Tick when somebody could be hurt; the supervisor sees it first."),
        is_confirmed_with_customer=_("The facts were read back to the customer, who agreed."),
        production_batch=_("As stamped beside the frame number."),
    )
    form_sections = (
        Section(
            _("1. Registered"),
            (
                "customer_id",
                "vehicle_id",
                "customer_name",
                "phone",
                "subject_id",
                "severity",
                "is_safety_relevant",
                "description",
                "demand",
                *ASIDE,
            ),
            _("What the customer says, in the customer's own words."),
            folded=ASIDE,
        ),
        Section(
            _("2. Verified"),
            (
                "verified_by",
                "is_confirmed_with_customer",
                "needs_investigation",
                "product",
                "specification",
                "production_on",
                "production_batch",
                "in_use_since",
                "brand_before",
                "fault",
                "recent_condition",
            ),
            _("What was found out with the customer about the product and its fault."),
        ),
        Section(
            _("3. Analysed"),
            (
                "cause",
                "fault_degree",
                "is_demand_reasonable",
                "has_long_relation",
                "will_buy_again",
                "word_of_mouth",
                "analysis",
            ),
            _("What is behind it, and how far the company is at fault."),
        ),
        Section(_("4. to 7. Outcome"), OUTCOME),
        Section(_("Handling"), HANDLING, folded=HANDLING),
    )

    def settable_names(self, row: Record | None) -> tuple[str, ...]:
        """Return the fields of registration, and those of the steps that lie behind: the others are taken."""
        step = row.step if isinstance(row, Complaint) else Step.REGISTERED
        return _reached(super().settable_names(row), step)

    def is_allowed_on(self, action: str, row: Record) -> bool:
        """Tell whether who acts now may take `action` on this complaint: a closed one is archived."""
        is_closed = isinstance(row, Complaint) and row.step is Step.CONFIRMED
        if is_closed and action in ("edit", "delete", "restore"):
            return False
        # Who stands higher may decide about a proposal where nobody else can, whatever the role.
        return super().is_allowed_on(action, row) or (
            action == "act" and isinstance(row, Complaint) and may_decide(row, current_actor())
        )

    def is_allowed_on_request(self, action: str) -> bool:
        """Let who only reads open the address of a step too: it leads to the complaint."""
        if request.method == "GET" and request.endpoint == f"{self.endpoint}.step_view":
            return self.is_allowed("read")
        return super().is_allowed_on_request(action)

    def pages_of(self, row: Complaint) -> list[tuple[str, str]]:
        """Return the way to the archive, which before the end is the course so far."""
        name = gettext("Archive") if row.step is Step.CONFIRMED else gettext("Course so far")
        return [(str(name), self.page_url("archive_view", id=row.id))]

    def panel(self, row: Complaint, late: AgreementField | None = None) -> ProcedurePanel:
        """Return where the complaint stands, and the next step as a form.

        `late` is an agreement that could not be attached.
        """
        return panel(row, late=late)

    def complete(self, row: Any) -> None:
        """Say which earlier complaint a new one repeats."""
        note_repeat(row)

    def on_save(self, form: RecordForm, row: Any, *, is_created: bool) -> None:  # noqa: ARG002 - as the base
        """Record who registered it, and write to the departments and the customer."""
        if is_created:
            register(row)
            g.notices = tell_of_complaint(row) + acknowledge(row)
        elif is_urgent(row) and was_raised(row):
            g.notices = [*g.get("notices", []), *tell_of_raised(row)]

    def after_commit(self, row: Any, *, is_created: bool) -> None:  # noqa: ARG002 - as the base
        """Have the notices sent."""
        send_soon(g.pop("notices", []))

    @expose("/callers/")
    def callers_view(self) -> ResponseReturnValue:
        """Answer who the caller may be, by what was typed so far."""
        return jsonify(callers_found(request.args.get("q", "")))

    @expose("/beside/")
    def beside_view(self) -> str:
        """Show what is known of the customer and the vehicle chosen."""
        keys = (coerce_id(request.args.get(name, "")) for name in ("customer_id", "vehicle_id", "subject_id"))
        return self.render("_registration.html", beside=beside(*keys))

    @expose("/step/", methods=("GET", "POST"))
    def step_view(self) -> ResponseReturnValue:
        """Take a step; who opens the address of one that was refused is led to the complaint."""
        row = self.record_or_404()
        if request.method == "GET":
            return redirect(self.page_url("details_view", id=row.id))
        return take_step(self, row)

    @expose("/archive/")
    def archive_view(self) -> str:
        """Show all there is about a complaint as one page to print: its archive, or its course so far."""
        row = self.record_or_404()
        return self.render("archive.html", row=row, label=row.number, archive=archive_of(self, row))

    @expose("/archive/pdf/")
    def archive_pdf_view(self) -> ResponseReturnValue:
        """Send the same as PDF."""
        return send_pdf(self, self.record_or_404())

    @expose("/agreement/", methods=("POST",))
    def agreement_view(self) -> ResponseReturnValue:
        """Attach the signed agreement that lacked when the customer agreed."""
        return attach(self, self.record_or_404("act"))


@cache
def _reached(names: tuple[str, ...], step: Step) -> tuple[str, ...]:
    # Asked twice for each row of a list.
    not_yet = _not_yet(step)
    return tuple(name for name in names if name not in not_yet)


def _not_yet(reached: Step) -> frozenset[str]:
    """Return the fields that no form sets at this step: those of later steps, and the outcome."""
    order = list(Step)
    own = zip(ComplaintView.form_sections[1:3], order[1:3], strict=True)
    ahead = [section for section, step in own if order.index(step) > order.index(reached)]
    return frozenset((*OUTCOME, *(name for section in ahead for name in section.names)))
