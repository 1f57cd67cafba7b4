"""How many jobs ended, how, and how long they took: counted in the queue, since workers answer nobody.

Lost with the queue, which whoever reads counters allows for: they begin at zero again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app
from redis import Redis
from rq.utils import as_text

from jobs.queues import connect, title_of

KEY = "huisheng:job-figures"
LOOK_SECONDS = 1.0
SECONDS = "seconds"
# What is no job of the panel has one name for all: somebody else chose it.
FOREIGN = "foreign"


@dataclass
class JobFigures:
    """What became of the jobs of one name."""

    outcomes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def count_job(connection: Redis, name: str, outcome: str, seconds: float) -> None:
    """Count a job that ended.

    Raises:
        RedisError: when the queue can't be reached.
    """
    known = name if title_of(name) is not None else FOREIGN
    with connection.pipeline(transaction=False) as pipeline:
        pipeline.hincrby(KEY, f"{known} {outcome}", 1)
        pipeline.hincrbyfloat(KEY, f"{known} {SECONDS}", seconds)
        pipeline.execute()


def job_figures() -> dict[str, JobFigures]:
    """Return what was counted, by name of the job.

    Raises:
        RedisError: when the queue can't be reached.
    """
    connection = connect(current_app.extensions["settings"], LOOK_SECONDS)
    try:
        counted = connection.hgetall(KEY)
    finally:
        connection.close()
    found: dict[str, JobFigures] = {}
    for raw, value in counted.items():
        name, _blank, what = as_text(raw).partition(" ")
        figures = found.setdefault(name, JobFigures())
        if what == SECONDS:
            figures.seconds = float(value)
        else:
            figures.outcomes[what] = int(value)
    return found
