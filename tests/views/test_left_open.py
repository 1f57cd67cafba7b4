"""A form left open for a day: it saves while its login lives, and asks for the password once it has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from screens import form_of, path
from sqlalchemy import select, update

from conftest import Login, PanelClient
from factories import Factory
from models import Customer, LoginSession, Note
from models.base import now
from models.dealer import Grade
from models.organisation import Role

DAY = timedelta(days=1)
FORMS = ["new", "edit", "cell", "note"]


def opened(client: PanelClient, form: str, key: int) -> tuple[str, dict[str, str]]:
    """Return where a form goes, and what somebody has filled in."""
    if form == "note":
        return path("customer", "notes", id=key), {"body": "未接通"}
    address, typed = {
        "new": (path("customer", "new"), {"name": "李四"}),
        "edit": (path("customer", "edit", id=key), {"address": "人民路一号"}),
        "cell": (path("customer", "edit", id=key, only="level"), {"level": "A"}),
    }[form]
    return address, form_of(client.get(address)).to_dict() | typed


def old_token(client: PanelClient, app: Flask) -> str:
    """Return the token of a page that was opened a day ago."""

    class Before(TimestampSigner):
        def get_timestamp(self) -> int:
            return int((now() - DAY).timestamp())

    client.csrf_token()
    with client.session_transaction() as cookie:
        raw = cookie["csrf_token"]
    return str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token", signer=Before).dumps(raw))


@pytest.mark.parametrize("form", FORMS)
def test_it_saves_while_its_login_lives(form: str, app: Flask, make: Factory, login: Login) -> None:
    client, key = login(Role.CLERK), make.customer(level=Grade.C).id
    address, values = opened(client, form, key)
    # The login is older than the page, and was used meanwhile in another window.
    make.session.execute(
        update(LoginSession).values(created_at=now() - 6 * DAY, last_seen_at=now() - DAY / 4),
        execution_options={"synchronize_session": False},
    )
    make.session.commit()
    sent = values | {"csrf_token": old_token(client, app)}
    assert client.post(address, data=sent, csrf=False).status_code == 302
    make.session.expire_all()
    row = make.session.get_one(Customer, key)
    names = make.session.scalars(select(Customer.name)).all()
    bodies = make.session.scalars(select(Note.body)).all()
    saved = {
        "new": "李四" in names,
        "edit": row.address == "人民路一号",
        "cell": row.level is Grade.A,
        "note": bodies == ["未接通"],
    }
    assert [name for name, is_saved in saved.items() if is_saved] == [form]


@pytest.mark.parametrize("ended", [{"last_seen_at": now() - DAY}, {"created_at": now() - 8 * DAY}])
def test_once_it_has_ended_nothing_is_saved_and_its_script_is_told(
    ended: dict[str, object], make: Factory, login: Login
) -> None:
    client, key = login(Role.CLERK), make.customer().id
    forms = [opened(client, form, key) for form in FORMS]
    make.session.execute(
        update(LoginSession).values(**ended), execution_options={"synchronize_session": False}
    )
    make.session.commit()
    for address, values in forms:
        # Before it sends anything, the script asks for the page: it holds the draft where that leads away.
        asked = client.get(path("customer", "details", id=key) if "notes" in address else address)
        assert (asked.status_code, asked.location.partition("?")[0]) == (302, "/login")
        assert client.post(address, data=values).status_code == 302
    make.session.expire_all()
    assert make.session.get_one(Customer, key).version == 1
    assert make.session.scalars(select(Note)).all() == []
