"""Tick and open the pages of what is due, and tell what it took; for bin/bench."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, any_, event, select

from app import create_app
from jobs.schedule import tick
from models import Staff, acting_as, db, system_actor
from models.organisation import Role
from views.logins import TOKEN_KEY, new_login

TIMES = 5
PAGES = {
    "my work, clerk": (Role.CLERK, "/due/"),
    "late alone, page 3": (Role.CLERK, "/due/?part=late&page=2"),
    "my work, everybody's": (Role.SUPERVISOR, "/due/"),
    "team": (Role.SUPERVISOR, "/team/"),
    "first page, clerk": (Role.CLERK, "/"),
    "numbers of the sidebar": (Role.CLERK, "/waiting/"),
}
# What was done, with its seconds, its statements, and the seconds that these took.
Figures = Mapping[str, tuple[float, int, float]]


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(measure(create_app())))


def measure(app: Flask, times: int = TIMES) -> Figures:
    """Return what ticks and pages took: the first tick tells of all, the second finds nothing to tell.

    Each page is opened once more than `times`, and the middle one of these counts.
    """
    with app.app_context(), acting_as(system_actor("command:bench")):
        engine = db.engine
        found = {name: timed(engine, tick) for name in ("first tick", "quiet tick")}
        clients = {role: client_of(app, role) for role in (Role.CLERK, Role.SUPERVISOR)}
    # Outside: each request has a context of its own.
    for name, (role, address) in PAGES.items():
        open_it = partial(open_page, clients[role], address)
        opened = [timed(engine, open_it) for _ in range(times + 1)][1:]
        found[name] = (
            statistics.median(each[0] for each in opened),
            opened[0][1],
            statistics.median(each[2] for each in opened),
        )
    return found


def client_of(app: Flask, role: Role) -> FlaskClient:
    """Return a browser in which somebody with this role is logged in."""
    has_role = any_(Staff.role_names) == role.value
    return logged_in(app, db.session.scalars(select(Staff).where(has_role).order_by(Staff.id).limit(1)).one())


def logged_in(app: Flask, staff: Staff) -> FlaskClient:
    """Return a browser in which this person is logged in."""
    token, login = new_login(staff)
    db.session.add(login)
    db.session.commit()
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = app.extensions["settings"].public_host
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = staff.fs_uniquifier, True
        cookie[TOKEN_KEY] = token
    return client


def open_page(client: FlaskClient, address: str) -> None:
    """Open a page to its end; one that can't be opened is an error."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.status
    answer.get_data()


def timed(engine: Engine, do: Callable[[], object]) -> tuple[float, int, float]:
    """Do it; return the seconds, the number of statements, and the seconds that these took."""
    with statements(engine) as taken:
        began = time.monotonic()
        do()
        spent = time.monotonic() - began
    return spent, len(taken), sum(taken)


@contextmanager
def statements(engine: Engine) -> Iterator[list[float]]:
    """Collect how many seconds each statement takes."""
    taken: list[float] = []
    begun: list[float] = []

    def begin(*_about: object) -> None:
        begun.append(time.monotonic())

    def end(*_about: object) -> None:
        taken.append(time.monotonic() - begun.pop())

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    try:
        yield taken
    finally:
        event.remove(engine, "before_cursor_execute", begin)
        event.remove(engine, "after_cursor_execute", end)


if __name__ == "__main__":
    main()
