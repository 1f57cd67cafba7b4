"""What an address says of a new record."""

from __future__ import annotations

from screens import form_of

from conftest import Login
from factories import Factory
from models.organisation import Role


def test_an_address_chooses_from_closed_lists(login: Login) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get("/call-record/new/?purpose=reminder&direction=in&result=zzz"))
    assert (values["purpose"], values["direction"], values["result"]) == ("reminder", "in", "reached")


def test_an_address_puts_no_words_into_a_form(login: Login) -> None:
    values = form_of(
        login(Role.CLERK).get("/call-record/new/?points=x&phone=1&minutes=3&promised_until=2026-01-01")
    )
    for name in ("points", "phone", "minutes", "promised_until"):
        assert values[name] == ""


def test_a_choice_by_address_fills_in_what_a_choice_by_hand_does(make: Factory, login: Login) -> None:
    region = make.region()
    customer = make.customer(contact_person="王嫂", phone="13900001111", region=region)
    client = login(Role.CLERK, region=region)
    values = form_of(client.get(f"/call-record/new/?customer_id={customer.id}"))
    assert (values["spoke_with"], values["phone"]) == ("王嫂", "13900001111")
    assert values["region_id"] == str(region.id)


def test_a_vehicle_by_address_fills_in_its_customer_and_what_that_fills_in(
    make: Factory, login: Login
) -> None:
    customer = make.customer(name="周建国", phone="13900001111")
    vehicle = make.vehicle(customer_id=customer.id)
    values = form_of(login(Role.CLERK).get(f"/complaint/new/?vehicle_id={vehicle.id}"))
    assert values["customer_id"] == str(customer.id)
    assert (values["customer_name"], values["phone"]) == ("周建国", "13900001111")


def test_what_the_address_says_itself_goes_first(make: Factory, login: Login) -> None:
    customer, other = make.customer(), make.customer()
    receipt = make.service_receipt(customer_id=customer.id, vehicle_id=make.vehicle().id)
    client = login(Role.CLERK)
    address = f"/call-record/new/?service_receipt_id={receipt.id}"
    assert form_of(client.get(address))["customer_id"] == str(customer.id)
    values = form_of(client.get(f"{address}&customer_id={other.id}"))
    assert values["customer_id"] == str(other.id)
    assert values["vehicle_id"] == str(receipt.vehicle_id)


def test_an_address_chooses_and_fills_in_nothing_out_of_sight(make: Factory, login: Login) -> None:
    customer = make.customer(contact_person="外区的人", region=make.region())
    page = login(Role.CLERK, region=make.region()).get(f"/call-record/new/?customer_id={customer.id}")
    assert form_of(page)["customer_id"] == ""
    assert "外区的人" not in page.text


def test_what_was_sent_is_not_mixed_with_the_address(login: Login) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get("/call-record/new/"))
    values["purpose"] = "inquiry"
    answer = client.post("/call-record/new/?purpose=reminder", data=values)
    assert answer.status_code == 422
    assert form_of(answer)["purpose"] == "inquiry"
