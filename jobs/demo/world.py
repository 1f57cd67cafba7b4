"""What the parts of the demo share while it is made."""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, timedelta

from jobs.demo.days import Days
from jobs.demo.network import Buyer, Customers, Shop
from jobs.demo.people import Team
from jobs.demo.products import Car, Products
from jobs.demo.store import Store
from jobs.demo.wording import Wording


@dataclass(slots=True)
class World:
    """People, dealers, customers and vehicles, to whom something happens."""

    store: Store
    chance: random.Random
    days: Days
    team: Team
    shops: list[Shop]
    customers: Customers
    products: Products
    cars: list[Car]
    # 1 for the whole demo; tests make do with less.
    size: float
    wording: Wording = field(init=False)
    _sold: list[date] = field(init=False)
    _buyers: dict[int, Buyer] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the vehicles by the day of their sale, so that a day finds those on the road."""
        self.wording = Wording(self.chance)
        self.cars.sort(key=lambda car: (car.sold_on, car.serial))
        self._buyers = {buyer.id: buyer for buyer in self.customers}
        self._sold = [car.sold_on for car in self.cars]

    def number(self, whole: int) -> int:
        """Return how many there are of what the whole demo has `whole`."""
        return max(1, round(whole * self.size))

    def car_on_road(self, day: date) -> Car:
        """Return a vehicle that was sold before the day, a newer one more often."""
        before = max(1, bisect_right(self._sold, day - timedelta(days=2)))
        return self.cars[int(before * self.chance.random() ** 0.75)]

    def buyer(self, car: Car) -> Buyer:
        """Return the vehicle's owner."""
        return self._buyers[car.customer]
