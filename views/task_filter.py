"""The filter behind the figures of the first page: a list shows exactly the records that a figure counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import or_
from werkzeug.datastructures import MultiDict

from models.tasks import Task, tasks_of
from views.filters import VALUES_MOST, Chosen, Filter

if TYPE_CHECKING:
    from views.record_type import RecordType

NAME = "task"
KEY = f"flt_{NAME}"


class TaskFilter(Filter):
    """Let through what one of the ticked tasks asks for."""

    drawn_as = "choices"

    def __init__(self, tasks: dict[str, Task]) -> None:
        self.name = NAME
        self.label: LazyString = lazy_gettext("To do")
        self.tasks = tasks

    def options(self) -> list[tuple[str, str]]:
        """Return name and words of each task."""
        return [(name, str(task.label)) for name, task in self.tasks.items()]

    def read(self, args: MultiDict[str, str]) -> Chosen | None:
        """Read any number of names; raise ValueError for another."""
        names = [name for name in args.getlist(KEY)[:VALUES_MOST] if name]
        if not names:
            return None
        if any(name not in self.tasks for name in names):
            raise ValueError(names)
        tasks = [self.tasks[name] for name in names]
        return Chosen(or_(*(task.condition() for task in tasks)), _(", ").join(str(t.label) for t in tasks))


def task_filters(view: RecordType) -> dict[str, Filter]:
    """Return the filter by tasks of a list, by its name; empty where its records ask for nothing."""
    tasks = tasks_of(view.model)
    return {NAME: TaskFilter(tasks)} if tasks else {}
