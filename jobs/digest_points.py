"""The points of a frozen digest: what a department can answer, each under a key of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from jobs import digest_figure_wording as figures
from jobs import digest_wording as wording
from models.digest_version import current_shape
from models.measure_concern import Named


@dataclass(frozen=True, slots=True)
class Point:
    """One point in the words of the current language; `quote` is "" where nobody's words stand with it."""

    key: str
    heading: str
    details: str
    quote: str
    named: Named

    @property
    def text(self) -> str:
        """Return the point in one paragraph, as it is kept with a measure."""
        quote = f"“{self.quote}”" if self.quote else ""
        return " · ".join(part for part in (self.heading, self.details, quote) if part)


def points_of(payload: Mapping[str, Any]) -> list[Point]:
    """Return the points of a payload in the order of the mail, in the current language."""
    shaped = current_shape(payload)
    needs = [_need(item) for item in shaped["needs_you"]["items"]]
    subjects = [_subject(row, shaped["history_weeks"]) for row in shaped["subjects"]["top"]]
    missed = [_figure(figure) for figure in figures.shown(shaped) if figure["is_missed"]]
    found = shaped["parts"]
    parts = [_part(row, found["history_weeks"]) for row in found["rows"]] if found else []
    return [*needs, *subjects, *missed, *parts]


def need_key(item: Mapping[str, Any]) -> str:
    """Return the key of something that needs the department."""
    kind = item["kind"]
    own = {"measure": "measure_id", "task": "task_id", "decision": "proposal_id"}.get(kind, "complaint_id")
    return f"{kind}:{item[own]}"


def part_key(row: Mapping[str, Any]) -> str:
    """Return the key of a part and its supplier."""
    return f"part:{row['part']['code']}:{row['supplier'] or ''}"[:200]


def _need(item: Mapping[str, Any]) -> Point:
    if item["kind"] == "measure":
        heading = f"{_('Corrective measure')} {item['number']} {item['text']}"
        details = f"{wording.days_late(item)} · {item['owner']}"
        return Point(need_key(item), heading, details, "", Named(measure_id=item["measure_id"]))
    named = Named(complaint_id=item["complaint_id"])
    if item["kind"] == "task":
        heading = f"{_('Task')} {item['number']} {item['text']}"
        details = f"{wording.days_late(item)} · {item['owner'] or _('nobody responsible')}"
        return Point(need_key(item), heading, details, "", named)
    waiting = _("waiting %(time)s", time=wording.waiting(item))
    heading = f"{wording.name_of(item['subject'])} {item['number']}"
    if item["kind"] == "decision":
        return Point(
            need_key(item), heading, f"{_('Decision waiting')} · {waiting}", item["text"] or "", named
        )
    details = " · ".join((*wording.marks(item), waiting))
    return Point(need_key(item), heading, details, item["text"] or "", named)


def _subject(row: Mapping[str, Any], weeks: int) -> Point:
    return Point(
        f"subject:{row['id']}",
        _("%(name)s: %(count)d in the week", name=wording.name_of(row), count=row["this_week"]),
        wording.comparison(row, weeks),
        row["quotation"]["text"] if row["quotation"] else "",
        Named(subject_id=row["id"]),
    )


def _figure(figure: Mapping[str, Any]) -> Point:
    heading = f"{figures.name(figure)}{wording.colon()}{figures.value(figure)}"
    details = f"{figures.verdict(figure)} · {figures.details(figure)}"
    return Point(f"figure:{figure['key']}", heading, details, "", Named())


def _part(row: Mapping[str, Any], weeks: int) -> Point:
    part, supplier = wording.name_of(row["part"]), row["supplier"] or _("supplier unknown")
    return Point(
        part_key(row),
        _("%(name)s: %(count)d in the week", name=f"{part} · {supplier}", count=row["this_week"]),
        wording.comparison(row, weeks),
        "",
        Named(part_code=row["part"]["code"], supplier=row["supplier"]),
    )
