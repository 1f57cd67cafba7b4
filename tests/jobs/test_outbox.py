"""What is put into the outbox: whole messages, and where they may go."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from config import Environment, Settings
from factories import Factory
from jobs.delivery import obstacle
from jobs.digest_mail import LONGEST_HTML, digest_mail
from jobs.mail_message import Mail
from jobs.outbox import (
    Addressee,
    add_reminder_mail,
    put_account_mail,
    put_copy,
    put_digest,
    send_soon,
)
from models import Delivery, Department, Digest, db
from models.base import now
from models.complaint import Severity
from models.digest import DeliveryKind, DeliveryState
from models.digest_content import digest_content
from models.iso_week import IsoWeek
from models.mail_obstacle import Obstacle, answer_text
from models.organisation import Locale

WEEK = IsoWeek(2024, 10)
READER = Addressee("张经理", "reader@example.com", Locale.CHINESE)


@pytest.fixture
def make(in_app: Flask) -> Factory:
    return Factory(db.session)


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department("quality-test", name="品质部", name_en="Quality", gets_parts_quality=True)


def digest_of(department: Department, settings: Settings) -> Digest:
    digest = Digest(
        department_id=department.id,
        iso_year=WEEK.year,
        iso_week=WEEK.week,
        starts_on=WEEK.monday,
        ends_on=WEEK.sunday,
        cut_at=now(),
        payload=digest_content(department, WEEK, settings.timezone, now()),
    )
    db.session.add(digest)
    db.session.commit()
    return digest


@pytest.fixture
def digest(make: Factory, department: Department, settings: Settings) -> Digest:
    subject = make.subject(name="电机", name_en="Motor", departments=[department])
    start = WEEK.bounds(settings.timezone)[0]
    text = "行驶两个月后电机异响，上坡时<b>明显</b>抖动。"
    for _ in range(3):
        make.complaint(subject_id=subject.id, registered_at=start, description=text)
    make.complaint(subject_id=subject.id, registered_at=start, description=text, severity=Severity.SEVERE)
    part, supplier = make.part(name="控制器", name_en="Controller"), make.supplier(name="乙厂")
    make.parts_quality_record(
        part_id=part.id, supplier_id=supplier.id, found_on=WEEK.monday, quantity=6, production_batch="B-7"
    )
    return digest_of(department, settings)


def parsed(delivery: Delivery) -> EmailMessage:
    mail = message_from_bytes(delivery.message, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def body(delivery: Delivery, kind: str) -> str:
    part = parsed(delivery).get_body((kind,))
    assert part is not None
    found = part.get_content()
    assert isinstance(found, str)
    return found


def test_a_digest_stands_whole_in_the_outbox(digest: Digest) -> None:
    delivery = put_digest(digest, READER)
    mail = parsed(delivery)
    assert delivery.kind is DeliveryKind.DIGEST
    assert mail["Subject"] == delivery.subject == "[售后周报 W10·品质部] 新增投诉 4（严重 1）"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<weekly-digest.quality-test.localhost.localdomain>"
    assert mail["Reply-To"] == "huisheng@localhost.localdomain"
    assert mail["Message-ID"] == delivery.message_id
    assert re.fullmatch(r"<digest\.2024-W10\.[0-9a-f]{32}@localhost\.localdomain>", delivery.message_id)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_parts_tell_the_same(digest: Digest, kind: str) -> None:
    chinese = body(put_digest(digest, READER), kind)
    for said in ("品质部", "电机", "控制器", "乙厂", "B-7", "2024年3月4日"):
        assert said in chinese
    english = body(put_digest(digest, replace(READER, locale=Locale.ENGLISH, email="b@example.com")), kind)
    for said in ("Quality", "Motor", "Controller", "乙厂", "B-7", "Mar 4"):
        assert said in english
    # A name that has an English one is not left in Chinese; what customers said stays as it was said.
    assert "品质部" not in english
    assert "新投诉" not in english


def test_what_customers_wrote_is_text_in_the_html(digest: Digest) -> None:
    html = body(put_digest(digest, READER), "html")
    assert "<b>明显</b>" not in html
    assert "&lt;b&gt;明显&lt;/b&gt;" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "<link" not in html
    assert "prefers-color-scheme: dark" in html


def test_a_full_digest_stays_small(make: Factory, department: Department, settings: Settings) -> None:
    start = WEEK.bounds(settings.timezone)[0]
    for number in range(12):
        subject = make.subject(name=f"类别{number}" * 8, departments=[department])
        for _ in range(3):
            make.complaint(
                subject_id=subject.id, registered_at=start, severity=Severity.SEVERE, product="很长车型" * 10,
                description="行驶途中电机突然异响，然后断电无法启动，" * 60,
            )  # fmt: skip
        for batch in range(5):
            make.parts_quality_record(
                part_id=make.part(name="很长的配件名" * 10).id,
                found_on=WEEK.monday,
                production_batch=f"{batch}" * 50,
            )
    payload = digest_content(department, WEEK, settings.timezone, now())
    for locale in Locale:
        mail = digest_mail(payload, locale, settings, 1, "https://panel.example/unsubscribe/x")
        assert mail.html is not None
        assert len(mail.html.encode()) < LONGEST_HTML
    assert len(payload["needs_you"]["items"]) <= 10
    assert len(payload["parts"]["rows"]) <= 10


def test_a_calm_week_is_three_lines(department: Department, settings: Settings) -> None:
    delivery = put_digest(digest_of(department, settings), READER)
    text = body(delivery, "plain")
    paragraph = text.split("\n\n")[1]
    assert paragraph.count("\n") == 2
    assert delivery.subject == "[售后周报 W10·品质部] 新增投诉 0"


def test_the_same_copy_for_the_same_recipient_is_refused(digest: Digest) -> None:
    put_digest(digest, READER)
    db.session.commit()
    with pytest.raises(IntegrityError):
        put_digest(digest, READER)
    db.session.rollback()


def test_a_copy_by_hand_has_the_next_number_and_an_id_of_its_own(digest: Digest, make: Factory) -> None:
    staff = make.staff()
    first = put_digest(digest, READER)
    second = put_copy(first, staff.id)
    third = put_copy(first, staff.id)
    assert [copy.copy_number for copy in (first, second, third)] == [1, 2, 3]
    assert len({copy.message_id for copy in (first, second, third)}) == 3
    assert (second.created_by_id, first.created_by_id) == (staff.id, None)


def test_the_frozen_digest_is_sent_again_as_it_was(digest: Digest, make: Factory, settings: Settings) -> None:
    def told(copy: int) -> str:
        # Each copy has links of its own: they end as long after it as those of the first did.
        return re.sub(r"/point/[\w.=-]+", "/point/", body(put_digest(digest, READER, copy), "html"))

    first = told(1)
    make.complaint(registered_at=WEEK.bounds(settings.timezone)[0])
    assert told(2) == first


def test_without_a_mail_server_a_mail_is_kept(digest: Digest) -> None:
    delivery = put_digest(digest, READER)
    assert (delivery.state, delivery.answer) == (DeliveryState.KEPT, Obstacle.NO_SMTP_URL.value)
    assert delivery.finished_at is not None
    assert delivery.message


@pytest.mark.parametrize(
    ("environment", "allowed", "hindrance"),
    [
        (Environment.PRODUCTION, (), None),
        (Environment.LOCAL, (), Obstacle.NOT_ALLOWED),
        (Environment.TEST, ("other@example.com",), Obstacle.NOT_ALLOWED),
        (Environment.TEST, ("@ample.com", "@example.co"), Obstacle.NOT_ALLOWED),
        (Environment.LOCAL, ("reader@example.com",), None),
        (Environment.LOCAL, ("@example.com",), None),
    ],
)
def test_outside_production_only_allowed_addresses_get_mail(
    settings: Settings, environment: Environment, allowed: tuple[str, ...], hindrance: Obstacle | None
) -> None:
    settings = replace(settings, environment=environment, mail_allow=allowed, smtp_url="smtp://localhost")
    assert obstacle(settings, "Reader@Example.com") is hindrance


@pytest.fixture
def with_server(in_app: Flask, settings: Settings) -> Any:
    in_app.extensions["settings"] = replace(
        settings, smtp_url="smtp://localhost", mail_allow=("@example.com",)
    )
    yield
    in_app.extensions["settings"] = settings


@pytest.mark.usefixtures("with_server")
def test_a_mail_too_large_for_mail_servers_fails_at_once(
    in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.first_state.LARGEST_MESSAGE", 2000)
    small, large = (put_account_mail(Mail("s", text), READER) for text in ("x", "x" * 2000))
    assert small.state is DeliveryState.PENDING
    assert (large.state, large.answer) == (DeliveryState.FAILED, Obstacle.TOO_LARGE.value)


def test_a_copy_of_a_reminder_says_the_same_under_an_id_of_its_own(in_app: Flask, make: Factory) -> None:
    staff, mail = make.staff(), Mail("到期提醒" * 20, "正文\n.", "<p>正文</p>")
    first = add_reminder_mail(mail, READER)
    db.session.flush()
    second = put_copy(first, staff.id)
    assert (second.kind, second.created_by_id) == (DeliveryKind.REMINDER, staff.id)
    assert parsed(second)["Message-ID"] == second.message_id != first.message_id
    for name in ("Subject", "To", "From", "Reply-To", "Auto-Submitted", "Content-Type"):
        assert parsed(second).get_all(name) == parsed(first).get_all(name)
    assert len(parsed(second).get_all("Date")) == 1
    assert [body(second, kind) for kind in ("plain", "html")] == [
        body(first, kind) for kind in ("plain", "html")
    ]


@pytest.mark.usefixtures("with_server")
@pytest.mark.parametrize(
    ("address", "state", "answer"),
    [
        ("reader@example.com", DeliveryState.PENDING, None),
        ("real@customer.example", DeliveryState.KEPT, Obstacle.NOT_ALLOWED.value),
        ("no address\r\nBcc: x@example.com", DeliveryState.FAILED, Obstacle.BAD_ADDRESS.value),
    ],
)
def test_where_a_mail_may_not_go_it_says_why(
    digest: Digest, address: str, state: DeliveryState, answer: str | None
) -> None:
    delivery = put_digest(digest, replace(READER, email=address))
    assert (delivery.state, delivery.answer) == (state, answer)
    assert parsed(delivery)["Bcc"] is None


def test_an_account_mail_goes_the_same_way(in_app: Flask) -> None:
    delivery = put_account_mail(Mail("Reset", "Go to\nthe panel"), READER)
    assert (delivery.kind, delivery.digest_id, delivery.state) == (
        DeliveryKind.ACCOUNT,
        None,
        DeliveryState.KEPT,
    )
    assert body(delivery, "plain") == "Go to\nthe panel"


def test_an_answer_is_shown_in_words() -> None:
    assert answer_text("550 no such user") == "550 no such user"
    assert answer_text(None) is None
    assert "SMTP_URL" in str(answer_text(Obstacle.NO_SMTP_URL.value))


def test_a_queue_that_is_away_stops_nothing_and_is_said(
    in_app: Flask, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    change = replace(settings, redis_url="redis://127.0.0.1:1/0")
    with_other_queue(in_app, change, lambda: send_soon([Delivery(id=1, state=DeliveryState.PENDING)]))
    assert "queue_unreachable" in capsys.readouterr().err


def test_a_silent_queue_is_asked_once_for_all_mails(
    in_app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.queues.REDIS_TIMEOUT_SECONDS", 0.5)
    waiting = [Delivery(id=key, state=DeliveryState.PENDING) for key in range(1, 11)]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        change = replace(settings, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        with_other_queue(in_app, change, lambda: send_soon(waiting))
        assert time.monotonic() - began < 2.5


def with_other_queue(app: Flask, settings: Settings, do: Callable[[], None]) -> None:
    """Do something while the application has another queue."""
    before = app.extensions["settings"], app.extensions.pop("redis", None)
    app.extensions["settings"] = settings
    try:
        do()
    finally:
        app.extensions.pop("redis").close()
        app.extensions["settings"] = before[0]
        if before[1] is not None:
            app.extensions["redis"] = before[1]
