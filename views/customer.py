"""The screen of customer files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from models import Customer, Staff
from models.centre import centre_facts, site_zone
from models.customer import FILE_DAYS, has_customers, lacking_in
from models.labels import FIELD_LABELS
from models.sql import labels_for
from views.came_back import BadAddressPanel, bad_address_panel
from views.clock import today
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.key_figures import KeyFigure, customer_figures
from views.menu import Area
from views.person import PersonView

FILE_TIME = timedelta(days=FILE_DAYS)


class CustomerView(PersonView):
    """Keep customer files."""

    singular, plural, new_label = _("Customer"), _("Customers"), _("New customer")
    area, icon = Area.CUSTOMERS, "customer"
    what_for = _(
        "Owners and companies, with their vehicles, visits and calls. Make a file at the first contact, or "
        "import the list that you have."
    )
    column_list = (
        "number",
        "name",
        "kind",
        "level",
        "phone",
        "dealer_id",
        "region_id",
        "responsible_id",
        "updated_at",
    )
    editable_columns = ("kind", "level", "phone", "responsible_id")
    brief_columns = ("number", "name", "kind", "level", "phone")
    key_facts = ("phone", "contact_person", "address", "kind", "level", "dealer_id", "responsible_id")
    due_key = "customer_id"
    cards = ("complaint", "vehicle", "service_receipt", "call_record", "letter")
    hint_columns = ("phone", "address")
    column_filters = (
        "kind",
        "level",
        "region_id",
        "responsible_id",
        "dealer_id",
        "first_contact_on",
        "source",
    )
    column_descriptions = per_field(
        phone=_("Several numbers with a slash between them; any digits of them find the customer."),
        email=_("Where the customer is written to, such as that a complaint was taken up."),
        level=_("Set by the office, by visits, money spent and length of the relation."),
        source=_("How the customer came to us, such as a fair or another customer."),
        responsible_id=_("The customer's agent; without one the customer lies in the region's pool."),
        are_promises_kept=_("Leave open until somebody has asked the customer."),
    )
    form_sections = (
        Section(_("Customer"), ("name", "kind", "level", "contact_person", "phone", "email", "address")),
        Section(
            _("Relation"),
            (
                "source",
                "first_contact_on",
                "dealer_id",
                "wished_service",
                "sale_promises",
                "are_promises_kept",
            ),
        ),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse to give a person more customers than the centre's cap; who approves may insist."""
        return self.check_together([(form, row)])

    def check_together(self, forms: Sequence[tuple[RecordForm, Any]]) -> Refusal | None:
        """Ask once for the person to whom all of them are to be given."""
        given = [
            field.data
            for form, row in forms
            if (field := form._fields.get("responsible_id")) is not None
            and field.data not in (None, row.responsible_id)
        ]
        if not given:
            return None
        most = centre_facts().customers_per_person
        if not has_customers(given[0], max(0, most - len(given) + 1)):
            return None
        can_insist = self.is_allowed("approve")
        told = {"name": labels_for(Staff, given[:1])[given[0]].text, "count": most}
        sentence = gettext(
            "%(name)s looks after %(count)d customers already, which is the most for one person.", **told
        )
        if len(given) > 1:
            sentence = gettext(
                "With these %(num)d more, %(name)s would look after more than %(count)d customers, which is"
                " the most for one person.",
                num=len(given),
                **told,
            )
        if not can_insist:
            sentence += " " + gettext("Choose somebody else, or ask a supervisor.")
        return Refusal("responsible_id", sentence, can_insist)

    def panel(self, row: Customer) -> BadAddressPanel | None:
        """Return what is to be said where mail to the address comes back."""
        return bad_address_panel(row.email)

    def figures(self, row: Any) -> list[KeyFigure]:
        """Return what is open, owned and last heard, and what the file still lacks."""
        if row.created_by_id is None or not (lacking := lacking_in(row)):
            # Imported files are completed as customers are met; nobody owes it by a day.
            return customer_figures(row)
        due_on = (row.first_contact_on or row.created_at.astimezone(site_zone()).date()) + FILE_TIME
        names = gettext(", ").join(str(FIELD_LABELS[name]) for name in lacking)
        own = KeyFigure(
            gettext("Customer file"),
            ngettext("%(num)d entry lacking", "%(num)d entries lacking", len(lacking)),
            gettext("%(fields)s; due on %(day)s", fields=names, day=due_on.isoformat()),
            tone="bad" if due_on < today() else "",
        )
        return [own, *customer_figures(row)]
