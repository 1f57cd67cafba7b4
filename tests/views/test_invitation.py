from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from jobs.invitation import invite_all, link_of, people_to_invite
from models import Delivery, Invitation, Staff, db
from models.base import now
from models.digest import DeliveryState
from models.organisation import Locale, Role

PASSWORD = "a short sentence on tricycles"


@pytest.fixture
def invited(app: Flask, make: Factory, db_session: Session) -> tuple[int, str, str]:
    """Invite somebody, and return id, address and the link's path."""
    person = make.staff(Role.CLERK, name="Li <b>Na</b>")
    key, email = person.id, person.email
    db_session.commit()
    with app.app_context():
        invite_all([db.session.get_one(Staff, key)])
        path = link_of(db.session.get_one(Invitation, key)).removeprefix("http://localhost")
        db.session.remove()
    return key, email, path


def accept(client: FlaskClient, path: str, password: str = PASSWORD, again: str | None = None) -> int:
    data = {"password": password, "password_confirm": password if again is None else again}
    return client.post(path, data=data).status_code


def test_who_is_invited_sets_a_password_once_and_logs_in(
    client: PanelClient, invited: tuple[int, str, str], db_session: Session
) -> None:
    key, email, path = invited
    page = client.get(path)
    assert page.status_code == 200
    assert "Li &lt;b&gt;Na&lt;/b&gt;" in page.text
    assert accept(client, path) == 302
    assert db_session.get_one(Staff, key).invitation_state == "accepted"
    assert db_session.get_one(Invitation, key).accepted_at is not None
    logged_in = client.post("/login", data={"email": email, "password": PASSWORD})
    assert (logged_in.status_code, logged_in.headers["Location"]) == (302, "/")
    # Used up, also for who finds it in a mailbox later.
    assert accept(client.application.test_client(), path, "another sentence here") == 410


@pytest.mark.parametrize(
    ("password", "again"), [("short", None), (PASSWORD, "something else"), ("", None), ("password123", None)]
)
def test_a_password_that_will_not_do_is_said_and_the_link_still_works(
    client: PanelClient, invited: tuple[int, str, str], password: str, again: str | None
) -> None:
    assert accept(client, invited[2], password, again) == 422
    assert accept(client, invited[2]) == 302


def test_a_link_that_is_old_or_replaced_or_forged_opens_nothing(
    client: PanelClient, invited: tuple[int, str, str], db_session: Session, login: Login
) -> None:
    key, _email, path = invited
    for forged in ("/invitation/x", path[:-3] + "abc", path.replace("/invitation/", "/invitation/W")):
        assert client.get(forged).status_code == 410
    invitation = db_session.get_one(Invitation, key)
    invitation.sent_at = now() - timedelta(days=8)
    db_session.commit()
    assert client.get(path).status_code == 410
    administrator = login(Role.ADMINISTRATOR)
    assert "Expired" in administrator.get(f"/staff/details/?id={key}").text
    administrator.post("/staff/invite/", data={"id": key})
    db_session.expire_all()
    assert db_session.get_one(Staff, key).invitation_state == "invited"
    # The new mail has a link of its own; the first one stays worthless.
    assert accept(client, path) == 410


def test_a_closed_login_can_not_be_opened_by_an_invitation(
    client: PanelClient, invited: tuple[int, str, str], db_session: Session, login: Login
) -> None:
    db_session.get_one(Staff, invited[0]).active = False
    db_session.commit()
    assert accept(client, invited[2]) == 410
    answer = login(Role.ADMINISTRATOR).post("/staff/invite/", data={"id": invited[0]}, follow_redirects=True)
    assert "needs no invitation" in answer.text


def test_where_mail_does_not_go_out_the_link_is_shown_to_administrators_alone(
    invited: tuple[int, str, str], login: Login
) -> None:
    key, _email, path = invited
    page = login(Role.ADMINISTRATOR).get(f"/staff/details/?id={key}").text
    assert f"http://localhost{path}" in page
    for role in set(Role) - {Role.ADMINISTRATOR}:
        client = login(role)
        assert path not in client.get(f"/staff/details/?id={key}").text
        assert client.post("/staff/invite/", data={"id": key}).status_code == 403


def test_a_mail_that_waits_shows_no_link(
    invited: tuple[int, str, str], login: Login, db_session: Session
) -> None:
    key, email, path = invited
    delivery = db_session.scalars(select(Delivery).where(Delivery.recipient == email)).one()
    assert delivery.state is DeliveryState.KEPT
    delivery.state = DeliveryState.SENT
    db_session.commit()
    page = login(Role.ADMINISTRATOR).get(f"/staff/details/?id={key}").text
    assert path not in page
    assert "Invite again" in page


def test_the_list_tells_who_has_come(login: Login, make: Factory, invited: tuple[int, str, str]) -> None:
    make.staff(Role.CLERK, name="Never asked")
    make.staff(Role.CLERK, name="There already", password="x")
    page = login(Role.ADMINISTRATOR).get("/staff/").text
    for state in ("invited", "not_invited", "accepted"):
        assert f"invitation_state-{state}" in page
    assert invited[1] in page


def test_only_who_lacks_a_password_and_was_not_asked_is_to_be_invited(
    app: Flask, make: Factory, invited: tuple[int, str, str]
) -> None:
    make.staff(Role.CLERK, password="x")
    make.staff(Role.CLERK, active=False)
    make.staff(Role.CLERK, name="Yang", locale=Locale.CHINESE)
    with app.app_context():
        people = people_to_invite()
        assert [person.name for person in people] == ["Yang"]
        (delivery,) = invite_all(people)
        assert "/invitation/" in delivery.message.decode(errors="replace") or delivery.message
        assert delivery.subject == "回声登录邀请"
        db.session.remove()


def test_nobody_or_nothing_to_invite_is_not_found(login: Login) -> None:
    for wrong in ("", "999999999", "x", "1' OR 1=1"):
        assert login(Role.ADMINISTRATOR).post("/staff/invite/", data={"id": wrong}).status_code == 404
