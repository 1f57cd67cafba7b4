"""Templates that people fill in for the imports of their own lists: a workbook whose cells are all text."""

from __future__ import annotations

import io
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ARRAY, Boolean, Enum

from jobs.import_mapping import FieldRule, ImportMapping
from jobs.workbook_text import NOTES_SHEETS
from models.organisation import Locale, Role

# Rows whose cells Excel is told to keep as they are typed, so that no number loses digits or zeros.
TEXT_ROWS = 2000
WIDTH = 20

_EXPLAINED = {
    "key": _l("The number by which you know the record; the same number again changes it."),
    "boolean": _l("Yes or no."),
    "date": _l("A date such as 2026-03-10."),
    "phone": _l("One number or several, with / between them."),
    "entry": _l("As it stands in the panel; it must be there already."),
    "made": _l("As it stands in the panel; what is not there yet is made."),
}


def make_template(mapping: ImportMapping, locale: Locale) -> bytes:
    """Return a workbook with the mapping's columns in a language, and a sheet that says what they hold."""
    from openpyxl import Workbook
    from openpyxl.styles import Font, PatternFill

    with force_locale(locale.value):
        workbook = Workbook()
        sheet = workbook.active
        assert sheet is not None
        sheet.title = mapping.title
        notes = workbook.create_sheet(NOTES_SHEETS[locale.value])
        notes.append([_("Column"), _("Must be filled"), _("What it holds")])
        columns = list(mapping.columns)
        for number, column in enumerate(columns, start=1):
            title = title_of(mapping, column, locale)
            needed = column not in mapping.optional
            cell = sheet.cell(1, number, f"{title}*" if needed else title)
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E1F1F1")
            sheet.column_dimensions[cell.column_letter].width = WIDTH
            for row in range(2, TEXT_ROWS + 2):
                sheet.cell(row, number).number_format = "@"
            notes.append([title, _("yes") if needed else "", _explain(mapping, column)])
        sheet.freeze_panes = "A2"
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def title_of(mapping: ImportMapping, column: str, locale: Locale) -> str:
    """Return a column's title: a mapping of our own gives the Chinese one first, then the English one."""
    return mapping.columns[column][0 if locale is Locale.CHINESE else 1]


def _explain(mapping: ImportMapping, column: str) -> str:
    rule = next((rule for rule in mapping.fields if column in rule.columns), None)
    if rule is None:
        return str(_EXPLAINED["key"]) if column in mapping.key else ""
    kind = mapping.record.__mapper__.column_attrs[rule.name].columns[0].type
    if isinstance(kind, Boolean):
        return str(_EXPLAINED["boolean"])
    if isinstance(kind, ARRAY):
        return str(_("Several of: %(words)s.", words=_words(Role)))
    if isinstance(kind, Enum):
        return _words(kind.enum_class)
    return str(_EXPLAINED.get(_kind_of(rule), ""))


def _words(values: Any) -> str:
    return str(_(", ")).join(str(value.label) for value in values)


def _kind_of(rule: FieldRule) -> str:
    if rule.lookup:
        return "entry" if rule.creates is None else "made"
    return "date" if rule.formats else rule.clean or ""
