"""The numbers in the sidebar."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup
from flask import Flask

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Complaint, ImportRun
from models.base import now
from models.complaint import Step
from models.digest import DeliveryState
from models.importing import ImportState
from models.organisation import Role

# Further back than any time zone reaches.
YESTERDAY = now().date() - timedelta(days=1)


def waiting(client: PanelClient, address: str) -> str | None:
    """Return what the sidebar says of the page at `address`; None where nothing waits."""
    sidebar = BeautifulSoup(client.get("/guide/").text, "html.parser").select_one("nav.sidebar")
    assert sidebar is not None
    link = sidebar.find("a", href=address)
    if link is None:
        return None
    found = client.get(str(sidebar["data-waiting"])).json.get(link["data-page"])
    return f"{found[0]}: {found[1]}" if found else None


def test_nothing_is_said_where_nothing_waits(make: Factory, login: Login) -> None:
    make.complaint(step=Step.VERIFIED)
    assert login(Role.ADMINISTRATOR).get("/waiting/").json == {}


def test_complaints_without_an_answer_are_counted(make: Factory, login: Login) -> None:
    make.complaint()
    make.complaint(deleted_at=now())
    assert waiting(login(Role.CLERK), "/complaint/") == "1: 1 complaint waits for an answer"
    assert waiting(login(Role.AUDITOR), "/complaint/") is None


def test_the_numbers_stay_within_the_region(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    for region in (own, other, other):
        make.complaint(region=region)
        make.call_record(promise="寄", promised_until=YESTERDAY, region=region)
    client = login(Role.CLERK, region=own)
    assert waiting(client, "/complaint/") == "1: 1 complaint waits for an answer"
    assert waiting(client, "/due/") == "1: 1 thing is due or late"


def test_calls_of_one_s_own_and_of_nobody_are_counted(make: Factory, login: Login) -> None:
    client = login(Role.FOLLOW_UP_AGENT)
    assert client.staff is not None
    for person in (client.staff.id, None, make.staff().id):
        make.call_record(promise="寄", promised_until=YESTERDAY, responsible_id=person)
    make.call_record(promise="寄", promised_until=now().date() + timedelta(days=3))
    assert waiting(client, "/due/") == "2: 2 things are due or late"


def test_who_only_reads_calls_has_none_to_do(make: Factory, login: Login) -> None:
    make.call_record(promise="寄", promised_until=YESTERDAY)
    for role in (Role.QUALITY_ENGINEER, Role.AUDITOR, Role.WAREHOUSE_KEEPER):
        client = login(role)
        assert waiting(client, "/due/") is None, role
        assert client.get("/due/").status_code == 200, role


def test_mails_and_imports_that_need_a_person_are_counted(make: Factory, login: Login) -> None:
    make.delivery(state=DeliveryState.UNKNOWN)
    make.delivery(state=DeliveryState.UNKNOWN, settled_by_id=make.staff().id)
    make.delivery(state=DeliveryState.SENT)
    for state in (ImportState.CHECKED, ImportState.DONE):
        make.session.add(ImportRun(mapping="", file_name="a.csv", file_sha256="", state=state))
    make.session.commit()
    client = login(Role.SUPERVISOR)
    assert waiting(client, "/delivery/") == "1: 1 mail needs a person"
    assert waiting(client, "/import/") == "1: 1 import waits for a yes"
    assert waiting(login(Role.CLERK), "/delivery/") is None


def test_nobody_counts_beyond_99(make: Factory, login: Login) -> None:
    subject = make.complaint().subject_id
    make.session.add_all(Complaint(customer_name="x", subject_id=subject) for _ in range(99))
    make.session.commit()
    assert waiting(login(Role.CLERK), "/complaint/") == "99+: 99+ complaints wait for an answer"


def test_all_numbers_come_with_one_statement_for_which_no_page_waits(
    make: Factory, login: Login, app: Flask
) -> None:
    client = login(Role.SUPERVISOR)

    def counting(address: str) -> int:
        with count_queries(app) as queries:
            client.get(address)
        return sum("delivery" in query and "complaint" in query for query in queries)

    assert (counting("/subject/"), counting("/waiting/")) == (0, 1)
