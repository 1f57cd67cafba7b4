"""The workbook of a digest: its complaints, one a line, in one recipient's language."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from jobs import digest_wording as wording
from jobs.mail_message import Attached
from models.complaint import Severity, Step
from models.masking import plain_text
from models.organisation import Locale

WORKBOOK_TYPE = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Of each column, in signs.
WIDTHS = (17, 11, 16, 9, 9, 12, 9, 22, 26, 12, 80)


def digest_workbook(
    payload: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], locale: Locale
) -> Attached:
    """Return the workbook of the `rows` that were frozen with a digest."""
    # Loaded where it is needed: few processes ever write one.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill

    with force_locale(locale.value):
        workbook = Workbook(write_only=True)
        sheet = workbook.create_sheet(_("Complaints"))
        sheet.freeze_panes = "B2"
        for index, width in enumerate(WIDTHS):
            sheet.column_dimensions[chr(ord("A") + index)].width = width
        sheet.append([_head(WriteOnlyCell(sheet, title), Font, PatternFill) for title in _titles()])
        for row in rows:
            cells = [WriteOnlyCell(sheet, _written(value)) for value in _values(row)]
            for cell in cells:
                # What a customer wrote is text, also where it begins like a formula.
                if isinstance(cell.value, str):
                    cell.data_type = "s"
            cells[-1].alignment = Alignment(wrap_text=True, vertical="top")
            sheet.append(cells)
        name = f"{wording.name_of(payload['department'])}-{payload['week']}.xlsx"
    content = io.BytesIO()
    workbook.save(content)
    return Attached(name, content.getvalue(), WORKBOOK_TYPE)


def _titles() -> list[str]:
    return [
        _("Number"),
        _("Date"),
        _("Subject"),
        _("Severity"),
        _("Safety"),
        _("Step"),
        _("Unanswered"),
        _("Product"),
        _("Dealer"),
        _("Responsible person"),
        _("Description"),
    ]


def _values(row: Mapping[str, Any]) -> list[str | date | None]:
    severity = next(each for each in Severity if each.value == row["severity"])
    step = next(each for each in Step if each.value == row["step"])
    return [
        row["number"],
        date.fromisoformat(row["on"]),
        wording.name_of(row["subject"]),
        str(severity.label),
        _("yes") if row["is_safety_relevant"] else None,
        str(step.label),
        _("yes") if row["is_late"] else None,
        row["product"],
        row["dealer"],
        row["owner"],
        row["text"],
    ]


def _written(value: str | date | None) -> str | date | None:
    """Return a value that a cell takes: controls are refused."""
    return plain_text(value) if isinstance(value, str) else value


def _head(cell: Any, font: Any, fill: Any) -> Any:
    cell.font, cell.fill = font(bold=True), fill("solid", fgColor="E1F1F1")
    return cell
