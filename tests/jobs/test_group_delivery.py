"""A digest on its way to a chat group: once, by the same ledger as mail, and never with its key in sight."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from robot_server import RobotServer, robot_server
from sqlalchemy import delete, func, select, text, update
from structlog.testing import capture_logs

import embedded_services
from chat_groups import wecom_address
from config import Settings
from conftest import own_app
from factories import Factory
from jobs import robots
from jobs.delivery import CLAIM_LASTS, claim_delivery, deliver
from jobs.digest import make
from jobs.group_delivery import group_obstacle
from jobs.group_outbox import GroupGoneError, put_digest_to_group
from jobs.outbox import put_copy
from jobs.schedule import mark_abandoned
from mail_server import Sink, mail_server
from models import AuditEntry, ChatGroup, Delivery, Digest, acting_as, db, system_actor
from models.base import now
from models.digest import DeliveryState
from models.iso_week import IsoWeek
from models.mail_obstacle import Obstacle
from models.robot import Channel

WEEK = IsoWeek(2024, 10)
ALLOWED = ("@qyapi.weixin.qq.com", "@example.com")


@pytest.fixture
def service() -> Iterator[RobotServer]:
    with robot_server() as server:
        yield server


@pytest.fixture(scope="module")
def application(app: Flask, settings: Settings, engines: embedded_services.Postgres) -> Iterator[Flask]:
    with own_app(settings, engines) as own:
        yield own


@pytest.fixture
def panel(application: Flask, service: RobotServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Return an application whose robots are those of the service here."""
    monkeypatch.setattr(robots, "send", partial(robots.send, find_route=service.route))
    settings = replace(application.extensions["settings"], mail_allow=ALLOWED, smtp_url=None)
    application.extensions["settings"] = settings
    with application.app_context():
        yield application
        db.session.remove()


def put(**attributes: object) -> int:
    """Make the digest of a department that has a group; return its delivery."""
    factory = Factory(db.session())
    department = factory.department()
    factory.chat_group(department, **attributes)
    digest_id, _is_new = make(department.id, WEEK)
    return db.session.scalars(select(Delivery.id).where(Delivery.digest_id == digest_id)).one()


def stored(key: int) -> Delivery:
    return db.session.get_one(Delivery, key, populate_existing=True)


def make_due(key: int) -> None:
    db.session.execute(update(Delivery).where(Delivery.id == key).values(next_attempt_at=func.now()))
    db.session.commit()


def test_a_digest_goes_once_to_the_group_and_once_by_mail(
    panel: Flask, service: RobotServer, tmp_path: Path
) -> None:
    sink = Sink(tmp_path)
    factory = Factory(db.session())
    department = factory.department()
    factory.digest_recipient(department, email="reader@example.com")
    factory.chat_group(department, is_active=False)
    factory.chat_group(department, name="品质群")
    with mail_server(sink) as port:
        settings = panel.extensions["settings"]
        panel.extensions["settings"] = replace(settings, smtp_url=f"smtp://localhost:{port}")
        for _ in range(2):
            digest_id, _is_new = make(department.id, WEEK)
            for key in db.session.scalars(select(Delivery.id).where(Delivery.digest_id == digest_id)):
                deliver(key)
                deliver(key)
    rows = db.session.get_one(Digest, digest_id, populate_existing=True).deliveries
    assert [(row.channel, row.recipient_name, row.state) for row in rows] == [
        (Channel.MAIL, rows[0].recipient_name, DeliveryState.SENT),
        (Channel.WECOM, "品质群", DeliveryState.SENT),
    ]
    assert len(sink.messages()) == len(service.requests) == 1
    assert service.requests[0].body == rows[1].message
    assert rows[1].answer == "0 ok"


def test_of_two_workers_one_calls(panel: Flask, service: RobotServer) -> None:
    key = put()
    start = threading.Barrier(2)

    def work() -> None:
        with panel.app_context(), acting_as(system_actor("test")):
            start.wait()
            deliver(key)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(service.requests) == 1
    assert (stored(key).state, stored(key).attempts) == (DeliveryState.SENT, 1)


def test_a_claim_without_an_end_is_shown_to_a_person_and_never_sent_again(
    panel: Flask, service: RobotServer
) -> None:
    key = put()
    assert claim_delivery(key) is not None
    mark_abandoned(now() + CLAIM_LASTS + timedelta(seconds=5))
    db.session.commit()
    deliver(key)
    assert (stored(key).state, stored(key).answer) == (DeliveryState.UNKNOWN, Obstacle.CUT_OFF.value)
    assert service.requests == []


@pytest.mark.parametrize(
    ("code", "state"),
    [(45009, DeliveryState.PENDING), (93000, DeliveryState.FAILED)],
)
def test_a_refusal_waits_or_fails_with_the_services_words(
    panel: Flask, service: RobotServer, code: int, state: DeliveryState
) -> None:
    key = put()
    service.answers(errcode=code, errmsg="no")
    deliver(key)
    row = stored(key)
    assert (row.state, row.answer) == (state, f"{code} no")
    service.answers(errcode=0, errmsg="ok")
    make_due(key)
    deliver(key)
    assert stored(key).state is (
        DeliveryState.SENT if state is DeliveryState.PENDING else DeliveryState.FAILED
    )


def test_a_dropped_request_is_uncertain_and_not_repeated(panel: Flask, service: RobotServer) -> None:
    key = put()
    service.behaves = "drop"
    deliver(key)
    service.behaves = ""
    make_due(key)
    deliver(key)
    assert stored(key).state is DeliveryState.UNKNOWN
    assert len(service.requests) == 1


def test_a_robot_that_was_replaced_or_deleted_is_not_called(panel: Flask, service: RobotServer) -> None:
    replaced, gone, sealed = put(), put(), put()
    for key, values in ((replaced, {"webhook": wecom_address(10**9)}), (gone, {"deleted_at": now()})):
        group = db.session.get_one(ChatGroup, stored(key).chat_group_id)
        for name, value in values.items():
            setattr(group, name, value)
    db.session.execute(
        update(ChatGroup).where(ChatGroup.id == stored(sealed).chat_group_id).values(webhook=text("'x'"))
    )
    db.session.commit()
    for key in (replaced, gone, sealed):
        deliver(key)
    assert [(stored(key).state, stored(key).answer) for key in (replaced, gone, sealed)] == [
        (DeliveryState.FAILED, Obstacle.ROBOT_GONE.value),
        (DeliveryState.FAILED, Obstacle.ROBOT_GONE.value),
        (DeliveryState.FAILED, Obstacle.ROBOT_UNREADABLE.value),
    ]
    assert service.requests == []


@pytest.mark.parametrize(
    ("allowed", "is_free"),
    [
        ((), False),
        (("@open.feishu.cn",), False),
        (("00000002@qyapi.weixin.qq.com",), False),
        (("@qyapi.weixin.qq.com",), True),
        (("00000001@qyapi.weixin.qq.com",), True),
    ],
)
def test_outside_production_only_robots_that_are_named_are_called(
    app: Flask, allowed: tuple[str, ...], is_free: bool
) -> None:
    settings = replace(app.extensions["settings"], mail_allow=allowed)
    found = group_obstacle(settings, "qyapi.weixin.qq.com/…00000001")
    assert found is (None if is_free else Obstacle.NOT_ALLOWED)


def test_what_is_not_allowed_is_kept(panel: Flask, service: RobotServer) -> None:
    panel.extensions["settings"] = replace(panel.extensions["settings"], mail_allow=())
    key = put()
    deliver(key)
    assert (stored(key).state, stored(key).answer) == (DeliveryState.KEPT, Obstacle.NOT_ALLOWED.value)
    assert service.requests == []


def test_a_copy_by_hand_goes_to_the_same_group_or_says_that_it_is_gone(
    panel: Flask, service: RobotServer
) -> None:
    key = put()
    deliver(key)
    copy = put_copy(stored(key), None)
    db.session.commit()
    deliver(copy.id)
    assert (stored(copy.id).copy_number, len(service.requests)) == (2, 2)
    db.session.execute(delete(ChatGroup))
    db.session.commit()
    assert stored(key).chat_group_id is None
    with pytest.raises(GroupGoneError):
        put_copy(stored(key), None)


def test_the_key_stands_nowhere_but_in_the_request(panel: Flask, service: RobotServer) -> None:
    address = wecom_address(4242)
    service.answers(errcode=93000, errmsg=f"invalid {address}")
    with capture_logs() as logs:
        key = put(webhook=address)
        deliver(key)
        group = db.session.get_one(ChatGroup, stored(key).chat_group_id)
        group.webhook = wecom_address(4243)
        db.session.commit()
    held = str(logs)
    for table in (ChatGroup, Delivery, Digest, AuditEntry):
        held += str(db.session.execute(select(*table.__table__.columns).select_from(table)).all())
    assert address.rpartition("=")[2] in service.requests[0].line
    assert address.rpartition("=")[2] not in held
    changes = select(AuditEntry.changes).where(
        AuditEntry.table_name == "chat_group", AuditEntry.row_id == group.id
    )
    assert all(row["webhook"] == ["***", "***"] for row in db.session.scalars(changes))


def test_two_groups_of_a_department_get_it_each_and_nobody_twice(panel: Flask, service: RobotServer) -> None:
    factory = Factory(db.session())
    department = factory.department()
    groups = [factory.chat_group(department) for _ in range(2)]
    digest_id, _is_new = make(department.id, WEEK)
    digest = db.session.get_one(Digest, digest_id)
    assert len(digest.deliveries) == 2
    with pytest.raises(Exception, match="uq_delivery_digest_id_recipient_copy_number"):
        put_digest_to_group(digest, groups[0])
    db.session.rollback()
