"""Who gets in: every page of a screen as each role, and as nobody; test_every_address.py tries the rest."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from screens import TABLES, edit, path

from conftest import Login, PanelClient
from factories import Factory
from models.organisation import Role
from models.permissions import letters

# Page of a screen -> the letter of models.permissions that opens it.
LETTERS = {"": "l", "details": "r", "new": "c", "edit": "e", "delete": "d", "export/csv": "x"}
MAKERS = {table: table for table in TABLES}
SCOPED = (
    "customer",
    "vehicle",
    "dealer",
    "complaint",
    "parts_quality_record",
    "parts_shipment",
    "service_receipt",
    "warranty_claim",
    "letter",
)


def make_one(make: Factory, table: str, **attributes: object) -> int:
    if table == "digest_recipient":
        return int(make.digest_recipient(make.department()).id)
    if table == "region":
        return int(make.region().id)
    return int(getattr(make, MAKERS[table])(**attributes).id)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", list(Role))
def test_each_page_opens_for_exactly_the_roles_that_may(
    role: Role, table: str, make: Factory, login: Login
) -> None:
    # A role whose rows lie in a region: the record is its own.
    region = make.region()
    attributes = {"region": region} if table in SCOPED else {}
    key = make_one(make, table, **attributes)
    client = login(role, region=region)
    own = letters(role, table)
    for page, letter in LETTERS.items():
        # Where nothing opens a sentence is enough, its page is looked at elsewhere.
        with client.get(path(table, page, id=key), headers={"Accept": "application/json"}) as response:
            assert response.status_code == (200 if letter in own else 403), (page, own)


BETWEEN = frozenset({"/login/code", "/login/setup"})


def test_every_address_sends_nobody_to_the_login(app: Flask, client: FlaskClient, make: Factory) -> None:
    open_to_all = {
        "static",
        "health",
        "ready",
        "language.choose_before_login",
        "unsubscribe.ask",
        "invitation.accept",
        "answer.answer",
        # By the link of a mail; tried in test_point.py.
        "point.answer",
    }
    seen = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in open_to_all or rule.endpoint.startswith("security."):
            continue
        url = rule.build(dict.fromkeys(rule.arguments, "1"))
        assert url
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            response = client.open(f"{url[1]}?id=1", method=method)
            assert response.status_code == 302, (method, url[1])
            # The pages between password and code send who has given neither to the first page, and it there.
            to = "/" if url[1] in BETWEEN else "/login"
            assert response.headers["Location"].startswith(to), (method, url[1])
            seen += 1
    assert seen > 6 * len(TABLES)


@pytest.mark.parametrize(
    "url", ["/customer/?x=/login", "//customer/", "/customer%2f", "/customer/%2e%2e/login/"]
)
def test_how_an_address_is_written_opens_nothing(url: str, client: FlaskClient, make: Factory) -> None:
    customer = make.customer(name="Only for staff")
    assert customer.id
    assert "Only for staff" not in client.get(url, follow_redirects=True).text


def test_a_look_up_without_a_login_gets_no_page_but_a_refusal(client: FlaskClient) -> None:
    response = client.get("/complaint/ajax/lookup/?name=customer_id", headers={"Accept": "application/json"})
    assert response.status_code == 401


@pytest.mark.parametrize("table", SCOPED)
def test_a_list_and_its_count_and_export_hold_the_same_rows(table: str, make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    make_one(make, table, region=own)
    for _ in range(3):
        make_one(make, table, region=other)
    # A supervisor sees all regions; the clerk's own count must not betray the others'.
    client = login(Role.CLERK, region=own)
    page = client.get(path(table)).text
    assert '<span class="count">1</span>' in page
    if "x" in letters(Role.SUPERVISOR, table):
        with login(Role.SUPERVISOR).get(path(table, "export/csv")) as response:
            assert len(response.text.strip().splitlines()) == 1 + 4


def test_a_look_up_finds_only_what_the_reader_may_see(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    make.customer(name="张三本区", region=own)
    make.customer(name="张三外区", region=other)
    found = login(Role.CLERK, region=own).get("/complaint/ajax/lookup/?name=customer_id&query=张三").json
    assert [row["label"] for row in found] == ["张三本区"]


def test_a_filter_by_a_record_of_another_region_shows_no_name(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    hidden = make.customer(name="外区客户", region=other)
    page = login(Role.CLERK, region=own).get(f"/complaint/?flt_customer_id={hidden.id}").text
    assert "外区客户" not in page


def test_a_form_names_no_record_of_another_region_that_an_address_or_a_post_chooses(
    make: Factory, login: Login
) -> None:
    own, other = make.region(), make.region()
    hidden = make.customer(name="外区客户", region=other)
    client = login(Role.CLERK, region=own)
    assert "外区客户" not in client.get(path("complaint", "new", customer_id=hidden.id)).text
    refused = client.post(path("complaint", "new"), data={"customer_id": hidden.id, "customer_name": "x"})
    assert refused.status_code == 422
    assert "you may not use it" in refused.text
    assert "外区客户" not in refused.text
    mine = make.complaint(region=own)
    assert edit(client, "complaint", mine.id, customer_id=hidden.id).status_code == 422
    assert "外区客户" not in edit(client, "complaint", mine.id, customer_id=hidden.id).text
    shown = make.customer(name="本区客户", region=own)
    assert "本区客户" in client.get(path("complaint", "new", customer_id=shown.id)).text
    # What a visible record belongs to is named, also where that lies elsewhere.
    linked = make.complaint(region=own, customer_id=hidden.id)
    assert "外区客户" in client.get(path("complaint", "edit", id=linked.id)).text


def test_the_global_search_respects_role_and_region(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    make.customer(name="回声本区", region=own)
    make.customer(name="回声外区", region=other)
    page = login(Role.CLERK, region=own).get("/search/?q=回声").text
    assert "回声本区" in page
    assert "回声外区" not in page
    assert "回声本区" not in login(Role.WAREHOUSE_KEEPER, region=own).get("/search/?q=回声").text


def test_the_menu_shows_only_what_opens(make: Factory, login: Login) -> None:
    page = login(Role.WAREHOUSE_KEEPER).get("/").text
    assert 'href="/parts-quality-record/"' in page
    assert 'href="/customer/"' not in page
    assert 'href="/digest-recipient/"' not in page


def test_the_login_leads_back_to_a_path_of_the_panel_only(client: FlaskClient) -> None:
    location = client.get("/customer/?search=a%26b").headers["Location"]
    assert location == "/login?next=/customer/?search%3Da%2526b"


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_changing_the_language_never_leads_outside(target: str, login: Login) -> None:
    response = login(Role.CLERK).post("/preferences/", data={"locale": "en", "next": target})
    assert response.headers["Location"] == "/"


def test_a_person_without_any_role_sees_lists_of_nothing(make: Factory, login: Login) -> None:
    client: PanelClient = login()
    assert client.get("/").status_code == 200
    assert client.get("/customer/").status_code == 403
