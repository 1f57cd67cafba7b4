"""The days that the demo's people have closed, so that the team's day has something to show."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import islice

from sqlalchemy import select

from jobs.demo.store import Row
from jobs.demo.world import World
from models import DailyClose, Staff, db
from models.daily_close import closes_days, working_days_back
from models.day_figures import figures_of

CLOSED_DAYS = 5
_COMPLETED = (
    None,
    "协助车间核对了两张回执单的里程。",
    "与经销商对账，补齐了上周的回执单。",
    "整理了客户来信，已按区域转交。",
    "参加了品质例会。",
)
_OPEN_POINTS = (
    None,
    "有一位客户约明天上午再联系。",
    "等配件库确认到货日期后回复客户。",
    "经销商的照片还没有传来，明天催一次。",
)


def add_closes(world: World) -> None:
    """Add the last working days before today as closed, but for one person who still owes the latest."""
    yesterday = world.days.today - timedelta(days=1)
    people = [each.id for each in _people() if closes_days(each)]
    for place, day in enumerate(islice(working_days_back(yesterday), CLOSED_DAYS)):
        figures = figures_of(people, day)
        closing = people if place else people[:-1]
        world.store.add(DailyClose, [_closed(world, key, day, figures[key]) for key in closing])


def _people() -> list[Staff]:
    return list(db.session.scalars(select(Staff).where(Staff.active).order_by(Staff.id)))


def _closed(world: World, staff_id: int, day: date, figures: dict[str, int]) -> Row:
    closed_at = time(17, world.chance.randrange(5, 55))
    return {
        "staff_id": staff_id,
        "day": day,
        "figures": figures,
        "completed": world.chance.choice(_COMPLETED),
        "open_points": world.chance.choice(_OPEN_POINTS),
        "closed_at": datetime.combine(day, closed_at, world.days.zone),
    }
