"""PostgreSQL killed while people save: what was acknowledged is there, and saving goes on by itself."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException

import pytest
from flask import Flask

from conftest import superuser
from embedded_services import Postgres
from factories import Factory
from models import db
from models.organisation import Role
from processes import wait_until
from web_server import Answer, Person, Web, customers_and_entries, logged_in, web_server

PEOPLE = 6
BACK_WITHIN_SECONDS = 30


@dataclass
class Work:
    """What people got who enter customers without a pause: the answer by the name that they entered."""

    web: Web
    person: Person
    is_over: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, Answer | None] = field(default_factory=dict)

    def enter_until_over(self, number: int) -> None:
        """Enter one customer after the other; None stands for a connection that ended unanswered."""
        turn = 0
        while not self.is_over.is_set():
            name = f"第{number}人的{turn}号"
            fields = {"name": name, "kind": "owner", "csrf_token": self.person.csrf}
            try:
                self.answers[name] = self.web.send("POST", "/customer/new/", self.person.cookie, fields)
            except (OSError, HTTPException):
                self.answers[name] = None
            turn += 1

    def saved(self) -> int:
        """Return how many were acknowledged so far."""
        return sum(is_saved(answer) for answer in list(self.answers.values()))

    def has_saved(self, number: int) -> bool:
        """Tell whether so many were acknowledged by now."""
        return self.saved() >= number


def is_saved(answer: Answer | None) -> bool:
    """Tell whether an answer leads to the record that was entered, and not to the login."""
    return answer is not None and answer.status == 302 and "/customer/" in (answer.location or "")


@pytest.mark.faults
def test_what_was_acknowledged_outlives_the_database_and_saving_goes_on(
    fresh_app: Flask, engines: Postgres
) -> None:
    name = fresh_app.extensions["settings"].database_url.rpartition("/")[2]
    with superuser(engines) as connection:
        # As in earnest: an answer follows what is on disk.
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = on")
    with fresh_app.app_context():
        person = logged_in(fresh_app, Factory(db.session()).staff(Role.SUPERVISOR), db.session())
        db.session.remove()
        db.engine.dispose()
    chance, back_after = random.Random(1), list[float]()
    with web_server(fresh_app.extensions["settings"]) as web, ThreadPoolExecutor(PEOPLE) as pool:
        work = Work(web, person)
        entering = [pool.submit(work.enter_until_over, number) for number in range(PEOPLE)]
        try:
            for _kill in range(20):
                enough = work.saved() + chance.randint(PEOPLE, PEOPLE * 4)
                assert wait_until(partial(work.has_saved, enough), BACK_WITHIN_SECONDS * 2)
                os.kill(engines.server.pid, signal.SIGKILL)
                before = work.saved()
                engines.server.restart()
                began = time.monotonic()
                assert wait_until(partial(work.has_saved, before + PEOPLE + 1), BACK_WITHIN_SECONDS)
                back_after.append(time.monotonic() - began)
        finally:
            work.is_over.set()
        for each in entering:
            each.result()

    rows, audited = customers_and_entries(fresh_app)
    statuses = Counter(answer and answer.status for answer in work.answers.values())
    saved = {name for name, answer in work.answers.items() if is_saved(answer)}
    print(  # noqa: T201 - the figures of the long dose
        f"{len(back_after)} kills: {statuses}, unacknowledged but saved {len(set(rows.values()) - saved)},"
        f" saving again {max(back_after):.1f} s after the database answered at most"
    )
    assert set(statuses) <= {302, 503}
    assert statuses[503] > 0
    assert saved <= set(rows.values())
    assert len(saved) == statuses[302], "somebody was sent to the login"
    assert sorted(audited) == sorted(rows)
    for name, answer in work.answers.items():
        if answer is not None and answer.status == 503:
            assert f"\n{name}</textarea>" in answer.text
