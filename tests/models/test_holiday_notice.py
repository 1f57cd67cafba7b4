"""The State Council's notices as they were written, and what must not be taken from a text."""

from __future__ import annotations

from datetime import date

import pytest
from chinese_calendar import constants

from models.holiday import HolidayKind
from models.holiday_notice import Misread, read_notice

NOTICE_2026 = """
国务院办公厅关于2026年部分节假日安排的通知
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
"""


def off(text: str, year: int = 2026) -> list[str]:
    days = read_notice(text, year).days
    return [str(each.day) for each in days if each.kind is HolidayKind.PUBLIC_HOLIDAY]


def test_a_whole_notice_gives_the_days_that_are_known_of_its_year() -> None:
    notice = read_notice(NOTICE_2026, 2030)
    assert notice.year == 2026
    by_kind = {kind: {each.day for each in notice.days if each.kind is kind} for kind in HolidayKind}
    assert by_kind[HolidayKind.PUBLIC_HOLIDAY] == {day for day in constants.holidays if day.year == 2026}
    assert by_kind[HolidayKind.WORKING_DAY] == {day for day in constants.workdays if day.year == 2026}
    assert {each.name for each in notice.days if each.day == date(2026, 2, 14)} == {"春节"}
    assert notice.problems == []
    assert [each.sentence for each in notice.unread][-1].startswith("节假日期间")


def test_a_copied_page_says_when_it_was_written_without_being_asked_about_it() -> None:
    above = "成文日期：2025年11月04日\n发布日期：2025年11月04日"
    page = f"{above}\n{NOTICE_2026.strip()}\n国务院办公厅\n2025年11月4日\n"
    notice, alone = read_notice(page, 2030), read_notice(NOTICE_2026, 2030)
    assert (notice.year, notice.days, notice.problems) == (2026, alone.days, [])
    # A day of the year itself of which nothing is said is asked about.
    assert [each.why for each in read_notice("元旦：2026年1月1日", 2026).problems] == [Misread.NOT_UNDERSTOOD]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("元旦：1月1日放假1天。", ["2026-01-01"]),
        ("元旦：2025年12月31日至2026年1月2日放假，共3天。", ["2025-12-31", "2026-01-01", "2026-01-02"]),
        ("元旦：12月31日至1月2日放假。", ["2026-12-31", "2027-01-01", "2027-01-02"]),
        ("劳动节: 5月1日(星期五)-3日(星期天)放假", ["2026-05-01", "2026-05-02", "2026-05-03"]),
        ("劳动节：5月1日（周五）至\n3日（周日）放假，\n共3天。", ["2026-05-01", "2026-05-02", "2026-05-03"]),
        ("国庆节：１０月１日、2日和４日放假", ["2026-10-01", "2026-10-02", "2026-10-04"]),
    ],
)
def test_a_sentence_is_read_as_people_write_it(text: str, days: list[str]) -> None:
    assert off(text) == days


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("劳动节：5月1日（周六）放假。", Misread.WEEKDAY),
        ("劳动节：5月1日至5日放假，共4天。", Misread.COUNT),
        ("劳动节：2月30日放假。", Misread.NO_SUCH_DAY),
        ("劳动节：1日放假。", Misread.NO_SUCH_DAY),
        ("劳动节：5月5日至1日放假。", Misread.NO_SUCH_DAY),
        ("劳动节：1月1日至12月31日放假。", Misread.NO_SUCH_DAY),
        ("劳动节：5月1日另行通知。", Misread.NOT_UNDERSTOOD),
        ("劳动节：5月1日放假5月9日上班。", Misread.NOT_UNDERSTOOD),
        ("劳动节：5月1日如遇雨顺延至次日的5月2日放假。", Misread.NOT_UNDERSTOOD),
        ("5月1日放假。", Misread.NO_NAME),
    ],
)
def test_what_is_not_sure_is_named_and_not_taken(text: str, why: Misread) -> None:
    notice = read_notice(text, 2026)
    assert notice.days == []
    assert [each.why for each in notice.unread] == [why]


@pytest.mark.parametrize("text", ["", "  \n", "你好", "9" * 30_000, "1月" * 9000, "：" * 100])
def test_any_text_is_survived(text: str) -> None:
    assert read_notice(text, 2026).days == []
