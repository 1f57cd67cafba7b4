"""What stands on one record's page around the record itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import request

from views.cells import Cell
from views.forms import Section
from views.key_facts import KeyFact, key_facts
from views.key_figures import KeyFigure
from views.linked import LinkedRecords, linked_records
from views.notes import NoteEntry
from views.record_due import DueCard, due_card
from views.timeline import Timeline, kinds_of, timeline

if TYPE_CHECKING:
    from views.base import RecordView


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What stands around a record; `due` and `timeline` are None where they are not shown.

    `sections` are those of its file that are shown: below a head only those that say something.
    """

    facts: list[KeyFact]
    figures: list[KeyFigure]
    due: DueCard | None
    linked: LinkedRecords
    has_timeline: bool
    timeline: Timeline | None
    sections: list[Section]


def record_page(
    view: RecordView, row: Any, get_cell: Callable[[str], Cell], notes: list[NoteEntry]
) -> RecordPage:
    """Return what stands around a record, as lists or, where the address asks for it, as one timeline."""
    is_asked = request.method == "GET" and request.args.get("show") == "timeline"
    linked = linked_records(view, row, with_rows=not is_asked)
    # One kind alone is its list already.
    has_timeline = len(kinds_of(linked.listed, notes)) > 2
    course = None
    if is_asked and has_timeline:
        args = {name: request.args.get(name, "") for name in ("kind", "before")}
        course = timeline(row, linked.listed, notes, **args)
    facts = key_facts(view, row, get_cell)
    return RecordPage(
        facts=facts,
        figures=view.figures(row),
        due=due_card(view, row),
        linked=linked,
        has_timeline=has_timeline,
        timeline=course,
        sections=[each for each in view.form_sections if not facts or _says_something(each, get_cell)],
    )


def _says_something(section: Section, get_cell: Callable[[str], Cell]) -> bool:
    # A tick that nobody set is no answer.
    return any(get_cell(name).drawn_as not in ("empty", "no") for name in section.names)
