"""The State Council's notice of next year's holidays, read sentence by sentence; pure computation.

Such as "二、春节：2月15日（农历腊月二十八、周日）至23日（周一）放假调休，共9天。2月14日（周六）上班。"
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from models.holiday import HolidayKind

TEXT_MOST = 20_000
# No holiday is longer; what would be was misread.
_DAYS_MOST = 31
_WEEKDAYS = "一二三四五六日"
_YEAR = re.compile(r"(20\d\d)年")
# A copied page begins with the day on which the paper was written: its title says the year that it is about.
_TITLE = re.compile(r"(20\d\d)年(?:部分)?(?:节假日|放假)")
_ITEM = re.compile(r"^\s*(?:[一二三四五六七八九十]+、|\d+[.、])?\s*([^:\d]{1,20}):")
_DAY = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\(([^)]*)\))?")
_TO = re.compile(r"\s*(?:至|到|-|—|–|~)+\s*")
_AND = re.compile(r"\s*(?:、|,|和|及|与)?\s*")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_COUNT = re.compile(r"共?(\d{1,2})天")


class Misread(StrEnum):
    """Why a sentence that names days was not taken."""

    NO_NAME = "no_name"
    NO_SUCH_DAY = "no_such_day"
    WEEKDAY = "weekday"
    COUNT = "count"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """A day that the notice names: free, or worked at a weekend."""

    day: date
    kind: HolidayKind
    name: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A sentence of which nothing was taken; `why` is None where it names no day at all."""

    sentence: str
    why: Misread | None


@dataclass(slots=True)
class Notice:
    """What a notice says: its days in order, and the sentences that were left."""

    year: int
    days: list[NoticeDay] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    @property
    def problems(self) -> list[Unread]:
        """Return the sentences that name days and could not be taken."""
        return [each for each in self.unread if each.why is not None]


class _MisreadError(Exception):
    def __init__(self, why: Misread) -> None:
        super().__init__(why)
        self.why = why


def read_notice(text: str, year: int) -> Notice:
    """Return what a pasted notice says; the year of its title, else the first named, counts before `year`."""
    plain = unicodedata.normalize("NFKC", text[:TEXT_MOST]).replace("：", ":")
    named = _TITLE.search(plain) or _YEAR.search(plain)
    notice = Notice(int(named[1]) if named else year)
    found: dict[date, NoticeDay] = {}
    for name, sentence in _sentences(plain):
        if _dates_the_paper(sentence, notice.year):
            notice.unread.append(Unread(sentence, None))
            continue
        try:
            for day in _days_of(sentence, name, notice.year):
                found.setdefault(day.day, day)
        except _MisreadError as error:
            notice.unread.append(Unread(sentence, error.why))
        else:
            if _DAY.search(sentence) is None:
                notice.unread.append(Unread(sentence, None))
    notice.days = [found[day] for day in sorted(found)]
    return notice


def _sentences(plain: str) -> Iterator[tuple[str, str]]:
    """Yield each sentence with the name of the holiday under which it stands, empty for none."""
    name = ""
    for line in _lines(plain):
        item = _ITEM.match(line)
        name = item[1].strip() if item else name
        for part in re.split(r"[。;]", line[item.end() :] if item else line):
            if part.strip():
                yield name, part.strip()


def _lines(plain: str) -> list[str]:
    """Return the lines; one that a page broke off within a sentence is put together again."""
    lines: list[str] = []
    for line in plain.splitlines():
        if lines and lines[-1][-1] not in "。;:" and line.strip() and _ITEM.match(line) is None:
            lines[-1] += line.strip()
        elif line.strip():
            lines.append(line.rstrip())
    return lines


def _dates_the_paper(sentence: str, year: int) -> bool:
    """Tell whether a sentence says when the notice was written, such as its last line: in a year before."""
    named = _DAY.findall(sentence)
    is_about_days = any(word in sentence for word in ("放假", "休息", "上班"))
    return len(named) == 1 and not is_about_days and 0 < int(named[0][0] or 0) < year


def _days_of(sentence: str, name: str, year: int) -> list[NoticeDay]:
    """Return the days that a sentence names; raise _MisreadError where they can't be taken as they stand."""
    if _DAY.search(sentence) is None:
        return []
    is_off, is_worked = "放假" in sentence or "休息" in sentence, "上班" in sentence
    if is_off == is_worked:
        raise _MisreadError(Misread.NOT_UNDERSTOOD)
    if not name:
        raise _MisreadError(Misread.NO_NAME)
    days = _days_named(sentence, year)
    counted = _COUNT.search(sentence)
    if is_off and counted is not None and int(counted[1]) != len(days):
        raise _MisreadError(Misread.COUNT)
    kind = HolidayKind.PUBLIC_HOLIDAY if is_off else HolidayKind.WORKING_DAY
    return [NoticeDay(day, kind, name) for day in days]


def _days_named(sentence: str, year: int) -> list[date]:
    """Return the days in a sentence, ranges in full."""
    days: list[date] = []
    end = 0
    for found in _DAY.finditer(sentence):
        between = sentence[end : found.start()]
        day = _day(found, days[-1] if days else None, year)
        if days and _TO.fullmatch(between):
            if not 0 < (day - days[-1]).days <= _DAYS_MOST:
                raise _MisreadError(Misread.NO_SUCH_DAY)
            days += [days[-1] + timedelta(days=n) for n in range(1, (day - days[-1]).days + 1)]
        elif not days or _AND.fullmatch(between):
            days.append(day)
        else:
            raise _MisreadError(Misread.NOT_UNDERSTOOD)
        end = found.end()
    return days


def _day(found: re.Match[str], before: date | None, year: int) -> date:
    """Return a day; what it leaves out, month or year, is that of the day named before it."""
    named_year, named_month, day, remark = found.groups()
    if named_month is None and before is None:
        raise _MisreadError(Misread.NO_SUCH_DAY)
    month = int(named_month) if named_month else before.month if before else 0
    in_year = int(named_year) if named_year else before.year if before else year
    if named_year is None and before is not None and month < before.month:
        in_year += 1
    try:
        result = date(in_year, month, int(day))
    except ValueError:
        raise _MisreadError(Misread.NO_SUCH_DAY) from None
    weekday = _WEEKDAY.search(remark or "")
    if weekday is not None and _WEEKDAYS.index(weekday[1].replace("天", "日")) != result.weekday():
        raise _MisreadError(Misread.WEEKDAY)
    return result
