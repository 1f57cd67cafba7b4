"""No address of a list or record that a person can type breaks a page."""

from __future__ import annotations

import pytest
from screens import path

from conftest import Login
from factories import Factory
from models.organisation import Role

NONSENSE = [
    "flt_kind=none_of_these",
    "flt_region_id=abc",
    "flt_region_id=1,2",
    "flt_region_id=99999999999999999999999",
    "flt_dealer_id=-1",
    "flt_dealer_id=%00",
    "flt_first_contact_on_from=2024-13-45",
    "flt_first_contact_on_from=0000-00-00",
    "flt_first_contact_on_to=9999-12-31",
    "flt_unknown=1",
    "flt0_0=1",
    "flt_=",
    "flt_source_contains=%00%25_",
    "sort=password",
    "sort=0",
    "sort=__class__",
    "sort=name;drop",
    "desc=-7",
    "page_size=-1",
    "page_size=100000",
    "page_size=abc",
    "limit=-1",
    "offset=-5",
    "search=%ff%fe",
    "=&=&&&",
    "page=-1&sort=-1&desc=x&search=%00&flt_kind=",
]


def test_no_query_breaks_a_list_or_an_export(make: Factory, login: Login) -> None:
    make.customer()
    client = login(Role.SUPERVISOR)
    for query in NONSENSE:
        assert client.get(f"/customer/?{query}").status_code == 200, query
        with client.get(f"/customer/export/csv/?{query}") as response:
            assert response.status_code == 200, query
            assert response.data, query


BAD_IDS = [
    "",
    "abc",
    "1,2",
    "-1",
    "0",
    "1.5",
    "%00",
    "99999999999999999999999",
    "9223372036854775807",
    "１２",
    "1 OR 1=1",
]


@pytest.mark.parametrize("page", ["details", "edit", "delete"])
def test_an_id_that_is_none_is_not_found(page: str, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    for key in BAD_IDS:
        assert client.get(path("customer", page, id=key)).status_code == 404, key


def test_an_id_that_is_none_deletes_nothing(login: Login) -> None:
    client = login(Role.SUPERVISOR)
    for key in BAD_IDS:
        assert client.post("/customer/delete/", data={"id": key}).status_code == 404, key
