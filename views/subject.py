"""The screen of the subject tree."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import selectinload

from models import Subject
from views.forms import Section, per_field
from views.menu import Area
from views.tree_view import TreeView


class SubjectView(TreeView):
    """Keep the tree of what complaints are about."""

    singular, plural, new_label = _("Subject"), _("Subjects"), _("New subject")
    area, icon = Area.COMPLAINTS, "tree"
    what_for = _(
        "The tree of what complaints are about; it decides which departments are told. Enter the main "
        "branches first."
    )
    column_list = ("name", "code", "name_en", "also_called", "departments")
    cards = ("complaint", "subject")
    column_filters = ("parent_id",)
    list_options = (selectinload(Subject.departments),)
    column_descriptions = per_field(
        code=_("Short and lasting: imports and settings refer to it."),
        also_called=_(
            "Other words for it, such as what customers say, with commas between them: whoever types one"
            " finds the subject."
        ),
        departments=_("Where none is ticked, those of the subject above count."),
    )
    form_sections = (
        Section(_("Subject"), ("name", "name_en", "also_called", "code", "parent_id")),
        Section(_("Who is told"), ("departments",)),
    )
