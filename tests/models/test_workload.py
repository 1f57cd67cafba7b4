"""What the first page compares, where the lists are full."""

from __future__ import annotations

import pytest
from flask import Flask

from factories import Factory
from models import db
from models.workload import LINES_MOST, load_per_dealer, load_per_person


@pytest.fixture
def make(in_app: Flask) -> Factory:
    return Factory(db.session)


def test_complaints_without_a_dealer_take_no_line_from_one(make: Factory) -> None:
    dealers = [make.dealer().id for _ in range(LINES_MOST)]
    for dealer in (*dealers, dealers[0], None, None, None):
        make.complaint(dealer_id=dealer, responsible_id=None)
    found = load_per_dealer()
    assert {each.key for each in found} == set(dealers)
    assert (found[0].key, found[0].open) == (dealers[0], 2)
    (nobody,) = load_per_person()
    assert (nobody.key, nobody.label, nobody.open) == (None, None, LINES_MOST + 4)
