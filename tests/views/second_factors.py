"""What tests of logins share: people with a second factor, and the codes of their phones."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import Flask
from flask_security.utils import hash_password
from werkzeug.test import TestResponse

from conftest import PanelClient
from factories import Factory
from models import RecoveryCode, SecondFactor, second_factor
from models.base import now
from models.organisation import Role

PASSWORD = "correct horse battery"
EMAIL = "wang@example.com"


def code_of(app: Flask, secret: str, seconds: int = 0) -> str:
    at = now() + timedelta(seconds=seconds)
    return str(second_factor._totp(app.extensions["settings"], secret).generate(time=at).token)


class Person:
    """A person with a password, and perhaps a second factor."""

    def __init__(self, app: Flask, make: Factory, *roles: Role, has_factor: bool = True, **more: Any) -> None:
        self.app = app
        with app.app_context():
            self.staff = make.staff(*roles, email=EMAIL, password=hash_password(PASSWORD), **more)
            self.id = self.staff.id
            self.secret = second_factor.new_secret(app.extensions["settings"])
        self.codes: list[str] = []
        if has_factor:
            self.codes = [f"aaaa-bbbb-{number:04}" for number in range(2222, 2232)]
            settings = app.extensions["settings"]
            make.session.add(SecondFactor(staff_id=self.id, secret=self.secret, last_step=0))
            make.session.add_all(
                RecoveryCode(
                    staff_id=self.id,
                    code_hash=second_factor._code_hash(settings, second_factor.plain_code(code)),
                )
                for code in self.codes
            )
            make.session.commit()

    @property
    def code(self) -> str:
        return code_of(self.app, self.secret)


def draft_on(client: PanelClient) -> str:
    """Return the key that a browser is setting up."""
    with client.session_transaction() as cookie:
        return str(cookie["second_factor_draft"][1])


def set_up_at_login(app: Flask, client: PanelClient) -> None:
    """Set up the second factor without which who administers is not let in."""
    client.get("/login/setup")
    assert client.post("/login/setup", data={"code": code_of(app, draft_on(client))}).status_code == 200


def give_password(client: PanelClient, **query: str) -> TestResponse:
    return client.post("/login", data={"email": EMAIL, "password": PASSWORD}, query_string=query)


def give_code(client: PanelClient, code: str, **query: str) -> TestResponse:
    return client.post("/login/code", data={"code": code}, query_string=query)


def is_in(client: PanelClient) -> bool:
    return client.get("/").status_code == 200


def key_on(page: str) -> str:
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    return found[1]
