"""Why a job failed, in a sentence; where exactly stands in its details."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from jobs.worker import KILLED, REFUSED_KEY
from models import FailedJob

# By the last part of the exception's name.
CAUSES: dict[str, LazyString] = {
    KILLED: _l(
        "Its process was ended from outside, mostly for want of memory or because the machine stopped."
    ),
    "JobTimeoutException": _l("It took longer than it may."),
    "MemoryError": _l("It needed more memory than there is."),
    "OperationalError": _l("The database could not be reached, or ended what it was asked."),
    "TimeoutError": _l("All connections to the database were in use."),
    "IntegrityError": _l("The database refused what it wanted to write: it contradicts other records."),
    "DataError": _l("The database refused what it wanted to write: a value does not fit."),
    "ProgrammingError": _l("The database does not know what it was asked for; was the release run?"),
    "LookupError": _l("What it was about is not there any more."),
    "NoResultFound": _l("What it was about is not there any more."),
    "ConnectionError": _l("The queue or another server could not be reached."),
    "OSError": _l("A file or a connection of the machine failed."),
    "WeekNotOverError": _l("The week is not over yet."),
}


def cause_of(failed: FailedJob) -> str:
    """Return why a job failed, as people say it."""
    if failed.key == REFUSED_KEY:
        return str(
            _(
                "Something that is no job of the panel stood in the queue and was not run."
                " Somebody else can write to it."
            )
        )
    name = failed.error.rpartition(".")[2]
    known = CAUSES.get(name)
    return str(known) if known else str(_("The program met what it does not expect (%(error)s).", error=name))
