"""The own account: the logins that are open, the second factor, and what asks for the password again."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from flask_security.utils import hash_password
from screens import edit
from second_factors import PASSWORD, Person, code_of, draft_on, give_password, key_on
from sqlalchemy import select
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models import LoginSession, RecoveryCode, SecondFactor, Staff
from models.base import now
from models.organisation import Role
from views.devices import device_of
from views.logins import FRESH_FOR

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
PAGE = "/account-security/"


def own_id(client: PanelClient) -> int:
    assert client.staff
    return client.staff.id


def another_login(session: Session, staff_id: int, number: int = 0, **attributes: object) -> LoginSession:
    login = LoginSession(token_hash=f"{number:064x}", staff_id=staff_id, user_agent=CHROME, **attributes)
    login.second_factor_at = now()
    session.add(login)
    session.commit()
    return login


def set_up(app: Flask, client: PanelClient) -> str:
    client.get(f"{PAGE}second-factor")
    secret = draft_on(client)
    answer = client.post(f"{PAGE}second-factor", data={"code": code_of(app, secret)})
    assert answer.status_code == 200, answer.text
    return secret


def let_the_password_age(client: PanelClient) -> None:
    with client.session_transaction() as cookie:
        cookie["fs_paa"] = time.time() - FRESH_FOR.total_seconds() - 1


def test_the_page_lists_the_own_logins_in_words(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    another_login(db_session, own_id(client), 1, remote_address="192.0.2.7")
    another_login(db_session, own_id(client), 2, ended_at=now())
    another_login(db_session, own_id(client), 3, last_seen_at=now() - timedelta(hours=13))
    another_login(db_session, own_id(login(Role.CLERK)), 4)
    page = BeautifulSoup(client.get(PAGE).text, "html.parser")
    rows = [row.get_text(" ", strip=True) for row in page.select("tbody tr")]
    assert len(rows) == 2
    assert "This one" in rows[0]
    assert "Chrome on Windows 192.0.2.7" in rows[1]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (f"{CHROME} Edg/140.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile MicroMessenger/8.0", "WeChat on Android"),
        ("curl/8.0", "Unknown device"),
        (None, "Unknown device"),
    ],
)
def test_a_device_is_told_in_words(app: Flask, user_agent: str | None, words: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert device_of(user_agent) == words


def test_ending_one_login_leaves_the_others(app: Flask, login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    other = app.test_client()
    assert isinstance(other, PanelClient)
    assert client.staff
    other.log_in(client.staff, db_session)
    third = another_login(db_session, own_id(client))
    page = client.get(PAGE).text
    handles = set(re.findall(r'name="login" value="(\w+)"', page))
    assert len(handles) == 2
    (handle,) = handles - {third.token_hash[:16]}
    client.post(f"{PAGE}end", data={"login": handle})
    assert other.get("/").status_code == 302
    assert client.get("/").status_code == 200
    db_session.refresh(third)
    assert third.ended_at is None


def test_all_others_end_at_once(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    others = [another_login(db_session, own_id(client), number) for number in range(3)]
    assert "3 logins have ended." in client.post(f"{PAGE}end-others", follow_redirects=True).text
    for other in others:
        db_session.refresh(other)
        assert other.ended_at
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("handle", ["", "0" * 15, "%" * 16, "0" * 64, "_" * 16])
def test_a_login_is_ended_by_its_own_name_only(login: Login, handle: str) -> None:
    assert login(Role.CLERK).post(f"{PAGE}end", data={"login": handle}).status_code == 400


def test_nobody_ends_the_login_of_another(login: Login, db_session: Session) -> None:
    other = another_login(db_session, own_id(login(Role.CLERK)))
    client = login(Role.ADMINISTRATOR)
    client.post(f"{PAGE}end", data={"login": other.token_hash[:16]})
    client.post(f"{PAGE}end-others")
    db_session.refresh(other)
    assert other.ended_at is None


def test_anybody_may_set_up_a_second_factor_and_all_other_logins_end(
    app: Flask, login: Login, db_session: Session
) -> None:
    client = login(Role.CLERK)
    other = another_login(db_session, own_id(client))
    page = client.get(f"{PAGE}second-factor")
    assert key_on(page.text)
    assert client.post(f"{PAGE}second-factor", data={"code": "x"}).status_code == 422
    set_up(app, client)
    db_session.refresh(other)
    assert other.ended_at
    assert db_session.get(SecondFactor, own_id(client))
    assert "10 recovery codes are left" in client.get(PAGE).text


def test_a_login_by_password_alone_goes_on_after_it_set_up_a_second_factor(
    app: Flask, client: PanelClient, make: Factory
) -> None:
    Person(app, make, Role.CLERK, has_factor=False)
    give_password(client)
    set_up(app, client)
    assert client.get("/").status_code == 200


def test_another_phone_takes_the_place_of_the_first(app: Flask, login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    first, second = set_up(app, client), set_up(app, client)
    assert first != second
    assert db_session.scalars(select(SecondFactor.secret)).all() == [second]
    assert len(db_session.scalars(select(RecoveryCode)).all()) == 10


def test_new_recovery_codes_are_shown_once(app: Flask, login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    assert client.get(f"{PAGE}recovery-codes").status_code == 302
    set_up(app, client)
    before = set(db_session.scalars(select(RecoveryCode.code_hash)))
    assert "Make new recovery codes?" in client.get(f"{PAGE}recovery-codes").text
    assert set(db_session.scalars(select(RecoveryCode.code_hash))) == before
    shown = client.post(f"{PAGE}recovery-codes").text
    assert len(re.findall(r"<code>\w{4}-\w{4}-\w{4}</code>", shown)) == 10
    assert not before & set(db_session.scalars(select(RecoveryCode.code_hash)))


def test_a_second_factor_that_is_no_must_can_be_removed(
    app: Flask, login: Login, db_session: Session
) -> None:
    client = login(Role.CLERK)
    set_up(app, client)
    other = another_login(db_session, own_id(client))
    assert "Turn your second factor off?" in client.get(f"{PAGE}remove").text
    client.post(f"{PAGE}remove")
    db_session.expire_all()
    assert db_session.get(SecondFactor, own_id(client)) is None
    assert not db_session.scalars(select(RecoveryCode)).all()
    assert other.ended_at
    assert client.get("/").status_code == 200


def test_who_administers_can_not_remove_the_own_one(app: Flask, login: Login, db_session: Session) -> None:
    client = login(Role.ADMINISTRATOR)
    set_up(app, client)
    assert f"{PAGE}remove" not in client.get(PAGE).text
    assert client.get(f"{PAGE}remove").status_code == 403
    assert client.post(f"{PAGE}remove").status_code == 403
    assert db_session.get(SecondFactor, own_id(client))


@pytest.mark.parametrize("page", ["second-factor", "recovery-codes", "remove"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_guarded_most_asks_for_the_password_again(
    app: Flask, login: Login, db_session: Session, page: str, method: str
) -> None:
    client = login(Role.CLERK, password="x")
    set_up(app, client)
    before = (
        db_session.scalars(select(SecondFactor.secret)).one(),
        set(db_session.scalars(select(RecoveryCode.code_hash))),
    )
    let_the_password_age(client)
    answer = client.open(PAGE + page, method=method)
    assert (answer.status_code, answer.location) == (302, f"/verify?next={PAGE}{page}")
    db_session.expire_all()
    after = (
        db_session.scalars(select(SecondFactor.secret)).one(),
        set(db_session.scalars(select(RecoveryCode.code_hash))),
    )
    assert after == before


def test_the_password_given_again_leads_back_and_is_forgiven_its_tries(
    app: Flask, login: Login, db_session: Session
) -> None:
    with app.app_context():
        password = hash_password(PASSWORD)
    client = login(Role.CLERK, password=password)
    let_the_password_age(client)
    away = client.get(f"{PAGE}second-factor").location
    for _ in range(12):
        back = client.post(away, data={"password": PASSWORD})
        assert (back.status_code, back.location) == (302, f"{PAGE}second-factor")
    assert client.get(back.location).status_code == 200
    evil = client.post("/verify?next=//evil.example/", data={"password": PASSWORD})
    assert evil.location is None


@pytest.mark.parametrize("way", ["change", "reset"])
def test_a_new_password_ends_every_other_login(
    app: Flask, client: PanelClient, make: Factory, db_session: Session, way: str
) -> None:
    with app.app_context():
        staff = make.staff(Role.CLERK, email="wang@example.com", password=hash_password(PASSWORD))
        token = generate_reset_password_token(staff)
    client.post("/login", data={"email": "wang@example.com", "password": PASSWORD})
    other = another_login(db_session, staff.id)
    new = "another good sentence"
    if way == "change":
        data = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
        assert client.post("/change", data=data).location == PAGE
    else:
        client.post(f"/reset/{token}", data={"password": new, "password_confirm": new})
    db_session.expire_all()
    assert other.ended_at
    still_open = select(LoginSession).where(
        LoginSession.staff_id == staff.id, LoginSession.ended_at.is_(None)
    )
    assert len(db_session.scalars(still_open).all()) == (1 if way == "change" else 0)
    assert client.get("/").status_code == (200 if way == "change" else 302)


def test_the_menu_leads_to_the_page(login: Login) -> None:
    assert f'href="{PAGE}"' in login(Role.CLERK).get("/").text


def test_another_s_address_is_changed_only_with_a_fresh_password(
    app: Flask, make: Factory, login: Login, db_session: Session
) -> None:
    staff = make.staff(Role.CLERK, email="li@example.com")
    client = login(Role.ADMINISTRATOR)
    let_the_password_age(client)
    refused = edit(client, "staff", staff.id, email="new@example.com", name="Another name")
    assert refused.status_code == 422
    at_field = refused.text.partition('id="email-error"')[2][:400]
    assert "Changing an address needs your password once more." in at_field
    assert 'href="/verify?next=/account-security/"' in at_field
    # The draft is kept, and nothing was saved.
    assert 'value="new@example.com"' in refused.text
    db_session.expire_all()
    assert db_session.get_one(Staff, staff.id).email == "li@example.com"
    assert edit(client, "staff", staff.id, name="Another name").status_code == 302
    with client.session_transaction() as cookie:
        cookie["fs_paa"] = time.time()
    assert edit(client, "staff", staff.id, email="new@example.com").status_code == 302
