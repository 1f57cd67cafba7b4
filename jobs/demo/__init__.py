"""An invented after-sales centre of eighteen months, so that a first start shows what the panel does."""

from __future__ import annotations

import random
from datetime import date

from config import Settings
from jobs.demo.calls import add_calls
from jobs.demo.closes import add_closes
from jobs.demo.complaints import add_complaints
from jobs.demo.course import add_course
from jobs.demo.days import Days
from jobs.demo.measures import add_measures
from jobs.demo.network import CUSTOMERS, add_customers, add_dealers
from jobs.demo.papers import add_papers
from jobs.demo.parts import add_parts_records
from jobs.demo.people import DEMO_PEOPLE, add_people, demo_password, has_records
from jobs.demo.products import VEHICLES, Products, add_vehicles
from jobs.demo.receipts import add_receipts
from jobs.demo.store import Store
from jobs.demo.summaries import add_summaries
from jobs.demo.world import World
from models.base import now
from models.centre import site_zone

__all__ = ["DEMO_PEOPLE", "demo_password", "has_records", "seed_demo"]

SEED = 20260302


def seed_demo(settings: Settings, today: date | None = None) -> World:
    """Add the demo's people, network, vehicles and all that happened to them; flushes, never commits.

    The same day gives the same data; `today` None is the site's own.
    """
    size = settings.demo_size / 100
    chance = random.Random(SEED)  # noqa: S311 - invented data, the same on each first start
    days = Days(chance, today or now().astimezone(site_zone()).date(), site_zone())
    store = Store()
    team = add_people(store, settings, chance)
    shops = add_dealers(store, days, team)
    customers = add_customers(store, days, team, shops, max(1, round(CUSTOMERS * size)))
    products = Products(store, chance, days.today)
    cars = add_vehicles(store, products, days, customers, max(1, round(VEHICLES * size)))
    world = World(store, chance, days, team, shops, customers, products, cars, size)
    complaints = add_complaints(world)
    visits = add_receipts(world)
    add_calls(world, visits, complaints)
    add_parts_records(world, visits, complaints)
    add_papers(world, complaints)
    add_measures(world)
    add_course(world)
    add_closes(world)
    add_summaries(world)
    return world
