"""The web processes killed while people save: what was acknowledged is there, nothing without its audit."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest
from flask import Flask

from factories import Factory
from models import db
from models.organisation import Role
from processes import is_gone, wait_until
from web_server import Person, Web, customers_and_entries, logged_in, web_server

AT_ONCE = 3


def enter(web: Web, person: Person, name: str) -> int | None:
    """Enter a customer; return the status, None where the connection ended without an answer."""
    fields = {"name": name, "kind": "owner", "csrf_token": person.csrf}
    try:
        return web.send("POST", "/customer/new/", person.cookie, fields).status
    except (OSError, HTTPException):
        return None


def kill_workers(web: Web) -> None:
    """Kill everything that answers, and wait until the master has started it anew."""
    killed = web.workers()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: all(map(is_gone, killed)))
    assert wait_until(lambda: len({pid for pid in web.workers() if not is_gone(pid)}) >= 2, 30)


@pytest.mark.parametrize("kills", [5, pytest.param(500, marks=pytest.mark.faults)])
def test_what_was_acknowledged_is_there_and_nothing_without_its_audit(kills: int, fresh_app: Flask) -> None:
    with fresh_app.app_context():
        person = logged_in(fresh_app, Factory(db.session()).staff(Role.SUPERVISOR), db.session())
        db.session.remove()
    chance, ends = random.Random(1), dict[str, int | None]()
    with web_server(fresh_app.extensions["settings"]) as web, ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(2):
            # The first one of a process takes longer.
            began = time.monotonic()
            assert enter(web, person, "先试") == 302
            usual = time.monotonic() - began
        longest = usual * 2 * AT_ONCE
        for turn in range(kills):
            names = [f"第{turn}次{number}" for number in range(AT_ONCE)]
            sent = [pool.submit(enter, web, person, name) for name in names]
            time.sleep(chance.uniform(0, longest))
            kill_workers(web)
            got = [each.result() for each in sent]
            ends |= dict(zip(names, got, strict=True))
            # Whatever else the machine does: some kills come before the commit, some after the answer.
            longest *= 0.5 if None not in got else 1.5 if 302 not in got else 1.0
    rows, audited = customers_and_entries(fresh_app)
    cut = {name for name, status in ends.items() if status is None}
    print(  # noqa: T201 - the figures of the long dose
        f"{kills} kills: {Counter(ends.values())}, of those cut off {len(cut & set(rows.values()))} saved"
    )
    assert set(ends.values()) <= {302, None}
    assert None in ends.values()
    assert {name for name, status in ends.items() if status == 302} <= set(rows.values())
    assert sorted(audited) == sorted(rows)
