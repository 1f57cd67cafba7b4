"""What the form of the digest settings sets: on the department, on the subjects, and the centre's targets."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from jobs.import_words import fold
from models import Department, Subject, db
from models.base import reads_english
from models.centre import find_centre
from models.figure_kind import DEFAULT_TARGETS, FigureKind
from models.organisation import Weekday
from views.trees import tree_order

# What stands against a form, by the name of its field.
Problems = dict[str, str]

# Ticks about sending, and about what is told.
FLAGS = ("gets_digest", "skips_empty_digest", "attaches_workbook")
TOLD = ("gets_all_subjects", "gets_parts_quality", "gets_shipments", "gets_calls")


@dataclass(slots=True)
class SubjectLine:
    """A subject as the department gets it: by what it names itself, or by what stands above it."""

    subject: Subject
    depth: int
    told: set[int]
    is_own: bool

    @property
    def name(self) -> str:
        """Return the subject's name in the reader's language."""
        return (self.subject.name_en if reads_english() else None) or self.subject.name


def effective_subjects(department: Department) -> list[tuple[SubjectLine, bool]]:
    """Return the subjects as a tree reads, each with whether the department is told of it."""
    return [(line, department.id in line.told) for line in _lines()]


def _lines() -> list[SubjectLine]:
    rows = db.session.scalars(
        select(Subject).options(selectinload(Subject.departments)).order_by(Subject.id)
    ).all()
    by_id = {row.id: row for row in rows}
    told: dict[int, set[int]] = {}
    lines = []
    for key, depth in tree_order((row.id, row.parent_id) for row in rows):
        row = by_id[key]
        own = {each.id for each in row.departments}
        told[key] = own or told.get(row.parent_id or 0, set())
        lines.append(SubjectLine(row, depth, told[key], bool(own)))
    return lines


def apply(department: Department) -> Problems:
    """Set what was sent on the department, the subjects and the targets, without a flush."""
    problems: Problems = {}
    with db.session.no_autoflush:
        for name in (*FLAGS, *TOLD):
            setattr(department, name, name in request.form)
        weekday, hour = request.form.get("digest_weekday", ""), request.form.get("digest_hour", "")
        if weekday in {each.value for each in Weekday} and hour in {str(each) for each in range(24)}:
            department.digest_weekday = Weekday(weekday)  # type: ignore[call-arg]  # by its value
            department.digest_hour = int(hour)
        else:
            problems["digest_hour"] = _("Choose a day and an hour from 0 to 23.")
        asked = set(request.form.getlist("figure"))
        department.digest_figures = [kind.value for kind in FigureKind if kind.value in asked]
        if not department.gets_all_subjects and "subjects" in request.form:
            problems |= _set_subjects(department)
        problems |= _set_targets()
    return problems


def _set_subjects(department: Department) -> Problems:
    """Tell the department of the ticked subjects and of no other; what others are told of stays."""
    ticked = set(request.form.getlist("subject"))
    known = {row.id: row for row in db.session.scalars(select(Department))}
    told: dict[int, set[int]] = {}
    problems: Problems = {}
    for line in _lines():
        row = line.subject
        above = told.get(row.parent_id or 0, set())
        wanted = set(line.told)
        (set.add if str(row.id) in ticked else set.discard)(wanted, department.id)
        told[row.id] = wanted
        if wanted == line.told and (line.is_own or wanted == above):
            continue
        if not wanted and above:
            problems[f"subject-{row.id}"] = _("Another department must be told of it first.")
            continue
        # What is the same as above follows it, also later.
        own = set() if wanted == above else wanted
        row.departments = [known[key] for key in sorted(own) if key in known]
    return problems


def _set_targets() -> Problems:
    """Set the centre's targets where they differ from the usual ones."""
    centre = find_centre()
    targets, problems = dict(centre.figure_targets), {}
    for kind in FigureKind:
        name = f"target-{kind.value}"
        typed = request.form.get(name)
        if typed is None:
            continue
        percent = _percent(typed)
        if percent is None:
            problems[name] = _("Give a percentage from 0 to 100.")
        elif percent == DEFAULT_TARGETS[kind]:
            targets.pop(kind.value, None)
        else:
            targets[kind.value] = percent
    if not problems and centre.figure_targets != targets:
        centre.figure_targets = targets
    return problems


def _percent(typed: str) -> float | None:
    """Return a percentage with at most two decimals, None for what is none."""
    text = fold(typed).strip().rstrip("%").strip().replace(",", ".")
    whole, _dot, decimals = text.partition(".")
    if not (whole + decimals).isdecimal() or not whole.isascii() or len(whole) > 3 or len(decimals) > 2:
        return None
    number = float(text)
    return number if 0 <= number <= 100 else None
