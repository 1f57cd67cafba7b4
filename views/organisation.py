"""The screens of regions, departments, positions and digest recipients."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from models import DigestRecipient
from views.base import RecordView
from views.came_back import BadAddressPanel, bad_address_panel
from views.forms import Section, per_field
from views.menu import Area
from views.tree_view import TreeView


class DepartmentView(RecordView):
    """Keep departments, and when each gets its digest."""

    singular, plural, new_label = _("Department"), _("Departments"), _("New department")
    area, icon = Area.ORGANISATION, "department"
    column_list = ("name", "code", "name_en", "gets_digest", "digest_weekday", "digest_hour", "updated_at")
    cards = ("staff",)
    column_filters = ("gets_digest",)
    default_sort = ("name", False)
    column_descriptions = per_field(
        gets_all_subjects=_("Otherwise only those whose subject names the department."),
        digest_hour=_("From 0 to 23, in the panel's time zone."),
    )
    form_sections = (
        Section(_("Department"), ("name", "name_en", "code")),
        Section(
            _("Weekly digest"),
            (
                "gets_digest",
                "gets_all_subjects",
                "gets_parts_quality",
                "gets_shipments",
                "gets_calls",
                "digest_figures",
                "digest_weekday",
                "digest_hour",
                "skips_empty_digest",
                "attaches_workbook",
            ),
        ),
    )


class RegionView(TreeView):
    """Keep the tree of regions."""

    singular, plural, new_label = _("Region"), _("Regions"), _("New region")
    area, icon = Area.ORGANISATION, "region"
    column_list = ("name", "updated_at")
    # All records of a region are no short list of it.
    cards = ("region",)
    column_filters = ("parent_id",)
    form_sections = (Section(_("Region"), ("name", "parent_id")),)


class PositionView(TreeView):
    """Keep the tree of positions."""

    singular, plural, new_label = _("Position"), _("Positions"), _("New position")
    area, icon = Area.ORGANISATION, "position"
    column_list = ("name", "updated_at")
    column_filters = ("parent_id",)
    form_sections = (
        Section(
            _("Position"),
            ("name", "parent_id"),
            _("Someone higher in the tree sees the work of those below."),
        ),
    )


class DigestRecipientView(RecordView):
    """Keep who gets a department's digest."""

    singular, plural, new_label = _("Digest recipient"), _("Digest recipients"), _("New digest recipient")
    area, icon = Area.DIGEST, "recipient"
    what_for = _(
        "Who gets a department's weekly digest by mail, without a login. Enter at least one for each "
        "department."
    )
    column_list = ("name", "email", "department_id", "locale", "is_active", "updated_at")
    editable_columns = ("is_active",)
    column_filters = ("department_id", "is_active", "locale")
    required_fields = frozenset({"department_id"})
    default_sort = ("name", False)
    column_descriptions = per_field(is_active=_("Untick for a while instead of deleting."))
    form_sections = (Section(_("Recipient"), ("name", "email", "department_id", "locale", "is_active")),)

    def panel(self, row: DigestRecipient) -> BadAddressPanel | None:
        """Return what is to be said where mail to the address comes back."""
        return bad_address_panel(row.email)
