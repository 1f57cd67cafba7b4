from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from factories import Factory
from models import ProductModel, Vehicle
from models.vehicle import add_months


@pytest.fixture
def model(make: Factory) -> ProductModel:
    return make.product_model(warranty_months=12, maintenance_interval_months=6)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 12, 5), 1, date(2025, 1, 5)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 5, 31), 0, date(2024, 5, 31)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2024, 3, 15), 240, date(2044, 3, 15)),
    ],
)
def test_months_are_added_as_people_count_them(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_warranty_and_maintenance_follow_from_model_and_day_of_sale(
    make: Factory, model: ProductModel
) -> None:
    vehicle = make.vehicle(product_model_id=model.id, sold_on=date(2026, 3, 31))
    assert vehicle.warranty_until == date(2027, 3, 31)
    assert vehicle.next_maintenance_on == date(2026, 9, 30)


def test_the_vehicles_own_interval_goes_first(make: Factory, model: ProductModel) -> None:
    vehicle = make.vehicle(product_model_id=model.id, sold_on=date(2026, 3, 1), maintenance_interval_months=3)
    assert vehicle.next_maintenance_on == date(2026, 6, 1)


def test_nothing_follows_while_something_is_open(make: Factory, model: ProductModel) -> None:
    unsold = make.vehicle(product_model_id=model.id)
    assert (unsold.warranty_until, unsold.next_maintenance_on) == (None, None)
    unknown = make.vehicle(sold_on=date(2026, 3, 1))
    assert (unknown.warranty_until, unknown.next_maintenance_on) == (None, None)


def test_derived_days_follow_a_corrected_sale_and_another_model(
    make: Factory, model: ProductModel, db_session: Session
) -> None:
    vehicle = make.vehicle(product_model_id=model.id, sold_on=date(2026, 3, 1))
    vehicle.sold_on = date(2026, 4, 1)
    db_session.commit()
    assert vehicle.warranty_until == date(2027, 4, 1)
    vehicle.product_model_id = make.product_model(warranty_months=24).id
    db_session.commit()
    assert vehicle.warranty_until == date(2028, 4, 1)
    # The new model names no interval.
    assert vehicle.next_maintenance_on is None
    vehicle.sold_on = None
    db_session.commit()
    assert vehicle.warranty_until is None


def test_a_day_that_somebody_set_stays(make: Factory, model: ProductModel, db_session: Session) -> None:
    own = date(2030, 1, 1)
    vehicle = make.vehicle(product_model_id=model.id, sold_on=date(2026, 3, 1), warranty_until=own)
    assert vehicle.warranty_until == own
    vehicle.sold_on = date(2026, 5, 1)
    db_session.commit()
    assert vehicle.warranty_until == own
    assert vehicle.next_maintenance_on == date(2026, 11, 1)
    vehicle.warranty_until = None
    db_session.commit()
    # Emptied, it follows again.
    assert vehicle.warranty_until == date(2027, 5, 1)


def test_a_day_set_together_with_the_sale_is_kept(
    make: Factory, model: ProductModel, db_session: Session
) -> None:
    vehicle = make.vehicle(product_model_id=model.id)
    vehicle.sold_on, vehicle.warranty_until = date(2026, 3, 1), date(2026, 12, 31)
    db_session.commit()
    assert vehicle.warranty_until == date(2026, 12, 31)


def test_other_changes_leave_the_days_alone(make: Factory, model: ProductModel, db_session: Session) -> None:
    vehicle = make.vehicle(product_model_id=model.id, sold_on=date(2026, 3, 1))
    model.warranty_months = 36
    vehicle.mileage_km = 100
    db_session.commit()
    # What was promised at the sale holds, whatever the model says since.
    assert vehicle.warranty_until == date(2027, 3, 1)


def test_several_vehicles_in_one_flush_each_follow_their_own_model(
    make: Factory, model: ProductModel, db_session: Session
) -> None:
    other = make.product_model(warranty_months=6)
    vehicles = [
        Vehicle(frame_number=f"LHS{at}", product_model_id=each.id, sold_on=date(2026, 1, 1))
        for at, each in enumerate((model, other, model))
    ]
    db_session.add_all(vehicles)
    db_session.commit()
    assert [vehicle.warranty_until for vehicle in vehicles] == [
        date(2027, 1, 1),
        date(2026, 7, 1),
        date(2027, 1, 1),
    ]
