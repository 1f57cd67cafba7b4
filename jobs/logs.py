"""What the panel says of itself: one line an event, with ids instead of people."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from structlog.typing import EventDict, Processor

from config import LogFormat
from models.actor import current_actor
from models.masking import mask

# Ids of requests as servers in front make them, hexadecimal or a UUID, and shorter ones of ours.
# Anything else might be a phone or a frame number.
_WELL_FORMED = re.compile(
    r"[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)
ROOT = Path(__file__).parents[1]
# Of one that calls itself a thousand times, both ends.
FRAMES_MOST = 40


def configure_logging(log_format: LogFormat = LogFormat.JSON) -> None:
    """Write one line an event to standard error: JSON, or for one's own terminal text to read.

    Event names are fixed, ids stand for people. Messages of exceptions may hold what people entered: only the
    text format shows them.
    """
    ends: tuple[Processor, ...]
    if log_format is LogFormat.JSON:
        ends = (tell_exception, structlog.processors.JSONRenderer(ensure_ascii=False))
    else:
        plain = structlog.dev.plain_traceback
        ends = (structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain),)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_actor,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *ends,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up at each line: a test, or a server that reopens its log, may exchange the stream.
        logger_factory=lambda *_args: structlog.PrintLogger(sys.stderr),
    )
    _take_over(log_format)


def well_formed_id(given: object) -> str | None:
    """Return the id of a request as it is written, None where it is none that may stand in a log."""
    return given.lower() if isinstance(given, str) and _WELL_FORMED.fullmatch(given) else None


def name_actor(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Add the id of who acts, where it is a person."""
    actor = current_actor()
    if actor is not None and actor.staff_id is not None:
        event.setdefault("actor_id", actor.staff_id)
    return event


def tell_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Put an exception as kinds and places: what it says may hold names, phones and tokens."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = told(error)
    return event


def kind_of(error: BaseException) -> str:
    """Return the name of an exception's class, with its module unless it is Python's own."""
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def told(error: BaseException) -> str:
    """Return what an exception is and where it was raised, line by line, and what it came from.

    Of the database's own the state and the constraint, which are names of ours.
    """
    return "\n".join(line for each in _with_causes(error) for line in _lines(each))


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        hidden = following.__cause__ is None and following.__suppress_context__
        following = None if hidden else following.__cause__ or following.__context__


def _lines(error: BaseException) -> Iterator[str]:
    original = error.orig if isinstance(error, DBAPIError) else error
    diagnosis = getattr(original, "diag", None)
    names = (getattr(original, "sqlstate", None), getattr(diagnosis, "constraint_name", None))
    # A warning is raised in tests alone, and says what a library thinks of our code.
    said = [str(error)] if isinstance(error, Warning) else []
    yield " ".join([kind_of(error), *(str(name) for name in names if name), *said])
    frames = traceback.extract_tb(error.__traceback__)
    if len(frames) > FRAMES_MOST:
        frames = traceback.StackSummary.from_list([*frames[: FRAMES_MOST // 2], *frames[-FRAMES_MOST // 2 :]])
    for frame in frames:
        yield f"  {_place(frame.filename)}:{frame.lineno} {frame.name}"


def _place(file_name: str) -> str:
    path = Path(file_name)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(ROOT))
    return "/".join(path.parts[-3:])


class OthersLines(logging.Handler):
    """Write what libraries and the server say by Python's own logging as lines of ours."""

    def __init__(self, log_format: LogFormat) -> None:
        super().__init__()
        self.is_plain = log_format is LogFormat.TEXT

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; in JSON without what was put into its words, which may be anything."""
        words = record.getMessage() if self.is_plain else mask(str(record.msg))
        log = structlog.get_logger()
        log.log(record.levelno, words, logger=record.name, exc_info=record.exc_info)


def _take_over(log_format: LogFormat) -> None:
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, OthersLines)]:
        root.removeHandler(handler)
    root.addHandler(OthersLines(log_format))
    for name in ("gunicorn.error", "gunicorn.access"):
        # Set up by the server before the panel is loaded, each with a handler of its own.
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
