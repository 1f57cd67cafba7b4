"""Servers of mail and of group robots that refuse, put off or drop five hundred times each, or are away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from robot_server import RobotServer, robot_server
from sqlalchemy import func, select, update

from conftest import PanelClient
from factories import Factory
from jobs import robots
from jobs.delivery import MOST_ATTEMPTS, deliver
from jobs.digest import make as make_digest
from jobs.group_outbox import put_copy_to_group
from jobs.mail_message import Mail
from jobs.outbox import Addressee, put_account_mail
from jobs.schedule import due_deliveries, mark_abandoned
from mail_server import Sink, free_port, mail_server
from models import Delivery, db
from models.digest import DeliveryState
from models.iso_week import IsoWeek
from models.organisation import Locale, Role
from views.delivery import PAGE_SIZE

DAY, OUTAGE = timedelta(hours=24), timedelta(minutes=30)
pytestmark = pytest.mark.faults


@dataclass
class Bad:
    """How a server behaves, how many get that, and how each of them has to end."""

    dose: int
    state: DeliveryState
    attempts: int
    taken: bool = False


# Eight tries each: 504 answers.
PUT_OFF = Bad(63, DeliveryState.FAILED, MOST_ATTEMPTS)
REFUSED = Bad(250, DeliveryState.FAILED, 1)
DROPPED = Bad(500, DeliveryState.UNKNOWN, 1, taken=True)
# At once, then after 1, 6, 21 and 81 minutes: the fifth try is the first that finds the server.
AWAY = Bad(100, DeliveryState.SENT, 5, taken=True)


@pytest.fixture
def service() -> Iterator[RobotServer]:
    with robot_server() as server:
        yield server


@pytest.fixture
def panel(
    fresh_app: Flask, sink: Sink, service: RobotServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """Return an application whose mail server and robots are those here."""
    monkeypatch.setattr(robots, "send", partial(robots.send, find_route=service.route))
    with mail_server(sink) as port, fresh_app.app_context():
        point_to(fresh_app, port)
        yield fresh_app
        db.session.remove()


def point_to(app: Flask, port: int) -> None:
    app.extensions["settings"] = replace(
        app.extensions["settings"],
        smtp_url=f"smtp://localhost:{port}",
        mail_allow=("@example.com", "@qyapi.weixin.qq.com"),
    )


def nothing(_passed: timedelta) -> None:
    """Leave the servers as they are."""


def clock() -> datetime:
    at = db.session.scalar(select(func.now()))
    db.session.rollback()
    assert at is not None
    return at


def deliver_all(at_round: Callable[[timedelta], None] = nothing) -> timedelta:
    """Send what is due until nothing waits, and let time pass in between; return how much passed."""
    passed = timedelta()
    while True:
        at_round(passed)
        at = clock()
        for key in due_deliveries(at):
            deliver(key)
        is_waiting = Delivery.state == DeliveryState.PENDING
        earliest = db.session.scalar(select(func.min(Delivery.next_attempt_at)).where(is_waiting))
        if earliest is None:
            return passed
        moved = max(earliest - at, timedelta())
        db.session.execute(
            update(Delivery).where(is_waiting).values(next_attempt_at=Delivery.next_attempt_at - moved)
        )
        db.session.commit()
        passed += moved


def held(app: Flask, bad: Bad) -> None:
    """Fail unless each delivery ended as it has to, stays so, and is where a person looks."""
    mark_abandoned(clock() + DAY)
    assert due_deliveries(clock() + DAY) == []
    ends = select(Delivery.state, Delivery.attempts, func.count()).group_by(Delivery.state, Delivery.attempts)
    assert [tuple(row) for row in db.session.execute(ends)] == [(bad.state, bad.attempts, bad.dose)]
    db.session.rollback()
    client = app.test_client()
    assert isinstance(client, PanelClient)
    make = Factory(db.session())
    # Mails about logins are shown to nobody else.
    staff = make.staff(Role.ADMINISTRATOR, locale=Locale.ENGLISH)
    client.log_in(staff, db.session())
    make.second_factor(staff)
    page = client.get(f"/delivery/?state={bad.state.value}").text
    assert page.count('data-label="State"') == min(bad.dose, PAGE_SIZE)
    assert (f"{bad.dose} mails need a person" in page) == (bad.state is DeliveryState.UNKNOWN)


def put_mails(dose: int) -> None:
    for number in range(dose):
        put_account_mail(Mail("主题", "正文"), Addressee("读者", f"r{number}@example.com", Locale.CHINESE))
    db.session.commit()


SMTP: dict[str, tuple[Bad, Callable[[Sink], None]]] = {
    "421 for the recipient": (
        PUT_OFF,
        lambda sink: sink.rcpt_answers.extend(["421 4.3.2 closing"] * 9999),
    ),
    "451 after the message": (
        PUT_OFF,
        lambda sink: sink.data_answers.extend(["451 4.3.0 later"] * 9999),
    ),
    "550 for the recipient": (
        REFUSED,
        lambda sink: sink.rcpt_answers.extend(["550 5.1.1 nobody"] * 9999),
    ),
    "552 after the message": (REFUSED, lambda sink: sink.data_answers.extend(["552 5.2.2 full"] * 9999)),
    "dropped after the message": (DROPPED, lambda sink: setattr(sink, "drop_after_data", True)),
}


@pytest.mark.parametrize("case", SMTP)
def test_what_a_mail_server_refuses_puts_off_or_drops_ends_once(panel: Flask, sink: Sink, case: str) -> None:
    bad, misbehave = SMTP[case]
    put_mails(bad.dose)
    misbehave(sink)
    assert deliver_all() < DAY
    held(panel, bad)
    assert len(sink.recipients()) == len(set(sink.recipients())) == bad.dose * bad.taken


def test_a_mail_server_that_is_away_for_30_minutes_delays_and_loses_nothing(panel: Flask, sink: Sink) -> None:
    put_mails(AWAY.dose)
    port, nobody = int(panel.extensions["settings"].smtp_url.rpartition(":")[2]), free_port()
    # Refused connections at first; then it is there, and takes nothing yet.
    sink.rcpt_answers.extend(["451 4.3.2 not yet"] * AWAY.dose)

    def at_round(passed: timedelta) -> None:
        point_to(panel, nobody if passed < OUTAGE / 2 else port)

    assert OUTAGE < deliver_all(at_round) < timedelta(hours=2)
    held(panel, AWAY)
    assert sink.rcpt_answers == []
    assert len(sink.recipients()) == len(set(sink.recipients())) == AWAY.dose


def put_messages(dose: int) -> None:
    """Put a digest for one group into the outbox, and as many copies of it as are wanted."""
    factory = Factory(db.session())
    department = factory.department()
    factory.chat_group(department)
    digest_id, _is_new = make_digest(department.id, IsoWeek(2024, 10))
    first = db.session.scalars(select(Delivery).where(Delivery.digest_id == digest_id)).one()
    for copy_number in range(2, dose + 1):
        put_copy_to_group(first, copy_number, None)
    db.session.commit()


ROBOT: dict[str, tuple[Bad, Callable[[RobotServer], None]]] = {
    "asked too often": (
        PUT_OFF,
        lambda service: service.answers(errcode=45009, errmsg="freq out of limit"),
    ),
    "503": (PUT_OFF, lambda service: service.answers(503)),
    "no such robot": (
        REFUSED,
        lambda service: service.answers(errcode=93000, errmsg="invalid webhook url"),
    ),
    "404": (REFUSED, lambda service: service.answers(404)),
    "dropped after the message": (DROPPED, lambda service: setattr(service, "behaves", "drop")),
}


@pytest.mark.parametrize("case", ROBOT)
def test_what_a_robot_refuses_puts_off_or_drops_ends_once(
    panel: Flask, service: RobotServer, case: str
) -> None:
    bad, misbehave = ROBOT[case]
    put_messages(bad.dose)
    misbehave(service)
    assert deliver_all() < DAY
    held(panel, bad)
    assert len(service.requests) == bad.dose * bad.attempts


def test_robots_that_are_away_for_30_minutes_delay_and_lose_nothing(
    panel: Flask, service: RobotServer
) -> None:
    put_messages(AWAY.dose)
    port, nobody = service.port, free_port()

    def at_round(passed: timedelta) -> None:
        service.port = nobody if passed < OUTAGE else port

    assert OUTAGE < deliver_all(at_round) < timedelta(hours=2)
    held(panel, AWAY)
    assert len(service.requests) == AWAY.dose
