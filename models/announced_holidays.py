"""Holidays and make-up days of China as they were announced, from the package chinesecalendar."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from chinese_calendar import constants

from models.holiday import HolidayKind
from models.holiday_notice import NoticeDay

# Where these days count.
CHINESE_ZONES = frozenset({"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC"})


def announced_years(zone: ZoneInfo) -> list[int]:
    """Return the years whose days are known; none where other holidays count."""
    return sorted({day.year for day in constants.workdays}) if zone.key in CHINESE_ZONES else []


def announced_days(year: int) -> Iterator[NoticeDay]:
    """Yield the holidays and make-up days of a year, as the notice of the State Council named them."""
    names = {holiday.value: holiday.chinese for holiday in constants.Holiday}
    kinds = (
        (constants.holidays, HolidayKind.PUBLIC_HOLIDAY),
        (constants.workdays, HolidayKind.WORKING_DAY),
    )
    for days, kind in kinds:
        for day, name in days.items():
            if day.year == year:
                yield NoticeDay(day, kind, names[name])
