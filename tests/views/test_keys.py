"""The keys that lead to pages: each letter once, each for who may open its page."""

from __future__ import annotations

import re

import pytest

from conftest import Login
from models.organisation import Role
from models.permissions import letters
from views.keys import LETTERS


@pytest.mark.parametrize("role", list(Role))
def test_a_letter_is_named_to_who_may_open_its_page(role: Role, login: Login) -> None:
    page = login(role).get("/").text
    named = dict(re.findall(r'data-letter="(\w)" data-url="/([\w-]*)', page))
    right = {letter: endpoint for endpoint, letter in LETTERS.items()}
    assert named.pop("h") == ""
    # Each role may list something that can be due.
    assert named.pop("u") == "due"
    assert {right[letter]: address.replace("-", "_") for letter, address in named.items()} == {
        endpoint: endpoint
        for endpoint in LETTERS
        if endpoint != "due" and ("r" if endpoint == "digest" else "l") in letters(role, endpoint)
    }


def test_no_letter_stands_for_two_pages() -> None:
    assert len({*LETTERS.values(), "h"}) == len(LETTERS) + 1
