"""What a customer's page says of a file that is not complete."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from screens import path

from conftest import Login
from factories import Factory
from models.base import now
from models.organisation import Role


@pytest.mark.parametrize(("days", "is_late"), [(9, True), (0, False)])
def test_the_page_names_what_the_file_lacks_and_until_when(
    make: Factory, login: Login, days: int, is_late: bool
) -> None:
    first = now() - timedelta(days=days)
    given = {"address": "徐州市解放路 1 号", "source": "展会", "region": make.region()}
    row = make.customer(**given, created_by_id=make.staff().id, first_contact_on=first.date())
    client = login(Role.SUPERVISOR)
    page = BeautifulSoup(client.get(path("customer", "details", id=row.id)).text, "html.parser")
    text = page.get_text(" ", strip=True)
    assert "1 entry lacking Service wished for; due on" in text
    assert f"due on {(first.date() + timedelta(days=2)).isoformat()}" in text
    listed = client.get("/customer/?flt_task=incomplete").text
    assert (row.name in listed) is is_late
    row.wished_service = "上门保养"
    make.session.commit()
    assert "lacking" not in client.get(path("customer", "details", id=row.id)).text
