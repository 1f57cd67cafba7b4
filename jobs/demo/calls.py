"""Nine thousand calls: follow-ups in time and late, attempts that reached nobody, promises kept and not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from jobs.demo.complaints import Heard
from jobs.demo.products import Car
from jobs.demo.receipts import Visit
from jobs.demo.world import World
from models import CallRecord
from models.call_record import CallDirection, CallPurpose, CallResult, CallTopic
from models.complaint import Channel
from models.organisation import Role

# Of visits in and out of the warranty, how many are followed up.
_FOLLOWED, _FOLLOWED_LATER = 0.92, 0.05
# Days after which nobody leaves a promise open any more.
_REMEMBERED_DAYS = 60
_POINTS = (
    "车辆使用正常，{part}没有异常", "修好以后跑了{km}公里，没再犯", "说了冬天充电和停放的注意事项", "提醒按时保养、检查胎压", "介绍了以旧换新活动",
    "客户问电池多久换一次，已说明", "告知新开了维修点，地址已发短信", "讲解了雨天涉水注意事项", "询问货厢加高的事，已转技术部", "客户打算再买一台",
    "提醒不要超载，{part}容易坏", "核对了电话和住址", "说明了保修期到什么时候", "客户在外地，简单聊了几句",
)  # fmt: skip
_WISHES = (
    "希望村里能有流动服务车",
    "希望配件便宜点",
    "希望送一次免费检测",
    "想要带雨棚的款式",
    "希望{part}能改进",
    "希望周末也能修车",
    "想换锂电池，问价格",
    "希望维修快一点",
)
_PRAISE = (
    "师傅手艺好，态度也好",
    "上门很快，没收冤枉钱",
    "回访及时，感觉被重视",
    "车子有劲，省电",
    "店里老板实在",
    "换件快，当天就开走了",
)
_GRUMBLES = (
    "等了{days}才修好",
    "修完{part}还有点响",
    "店里人多，没人招呼",
    "电话打了{times}次才通",
    "上门费没有提前说",
    "换下来的旧件没给看",
    "座位太硬",
    "没给维修单",
)
_RUDE = (
    "师傅说话难听，嫌我问得多",
    "老板拍桌子，不讲理",
    "答应的事不算数，第{times}次了",
    "修了跟没修一样，还赶我走",
    "让我等了一天，最后说下班了",
)
_PROMISES = (
    "{part}到货后第一时间通知",
    "安排师傅上门检查",
    "把充电说明书寄过去",
    "跟经销商核实收费情况",
    "帮客户申请延长保修",
    "核实活动礼品",
    "请技术部回复{part}的问题",
)
_SPOKEN_WITH = ("本人", "本人", "本人", "本人", "爱人", "儿子", "女儿", "父亲", "同事")
_MARKS, _MARKS_WEAK = (0.4, 0.6, 3, 34, 62), (18, 20, 24, 24, 14)


def add_calls(world: World, visits: list[Visit], complaints: list[Heard]) -> None:
    """Add the calls of the time, oldest first."""
    rows = [row for visit in visits for row in _follow_ups(world, visit)]
    rows += [row for heard in complaints for row in _about(world, heard)]
    rows = [row for row in rows if row["called_at"] < world.days.end]
    rows += [_other(world, day) for day in world.days.draw(world.number(500))]
    rows.sort(key=lambda row: row["called_at"])
    world.store.add_by_year(CallRecord, "DH", "called_at", rows, world.days)


def _follow_ups(world: World, visit: Visit) -> list[dict[str, Any]]:
    """Return the first follow-up of a visit with its attempts, and perhaps the second."""
    chance, done_on = world.chance, visit.handed_over_on
    is_covered = done_on is not None and visit.car.is_in_warranty(done_on)
    if done_on is None or chance.random() > (_FOLLOWED if is_covered else _FOLLOWED_LATER):
        return []
    due_in = chance.randrange(8, 15) if chance.random() < 0.06 else chance.choice((3, 3, 4, 4, 5, 5, 6, 7))
    day = done_on + timedelta(days=due_in)
    if visit.entered_on > day:
        # The slip came late: then three days from its entry.
        day = visit.entered_on + timedelta(days=chance.randrange(1, 4))
    attempts = chance.choices((0, 1, 2, 3), (86, 8, 3, 3))[0]
    rows = [_unreached(world, visit, day + timedelta(days=nth)) for nth in range(attempts)]
    if attempts == 3:
        return rows
    first_on = day + timedelta(days=attempts)
    rows.append(
        _spoken(world, visit.car, first_on, CallPurpose.FIRST_FOLLOW_UP) | {"service_receipt_id": visit.id}
    )
    if is_covered and chance.random() < 0.12:
        second_on = first_on + timedelta(days=chance.randrange(8, 15))
        rows.append(
            _spoken(world, visit.car, second_on, CallPurpose.SECOND_FOLLOW_UP)
            | {"service_receipt_id": visit.id}
        )
    return rows


def _about(world: World, heard: Heard) -> list[dict[str, Any]]:
    """Return the calls about a complaint: the one in which it was heard, and an answer now and then."""
    rows = []
    if heard.channel is Channel.FOLLOW_UP:
        row = _spoken(world, heard.car, heard.at, CallPurpose.FIRST_FOLLOW_UP)
        rows.append(
            row
            | {
                "dissatisfaction": heard.description,
                "complaint_id": heard.id,
                "satisfaction": world.chance.choice((1, 2, 2, 3)),
            }
        )
    if world.chance.random() < 0.04:
        day = world.days.local(heard.at) + timedelta(days=world.chance.randrange(1, 9))
        rows.append(_spoken(world, heard.car, day, CallPurpose.COMPLAINT) | {"complaint_id": heard.id})
    return rows


def _other(world: World, day: date) -> dict[str, Any]:
    purpose = world.chance.choices(
        (CallPurpose.INQUIRY, CallPurpose.REMINDER, CallPurpose.INVITATION, CallPurpose.OTHER), (5, 4, 2, 1)
    )[0]
    row = _spoken(world, world.car_on_road(day), day, purpose)
    return row | {
        "direction": CallDirection.IN if purpose is CallPurpose.INQUIRY else CallDirection.OUT,
        "satisfaction": None,
    }


def _blank(world: World, car: Car, called_at: datetime, purpose: CallPurpose) -> dict[str, Any]:
    agents = world.team.of(Role.FOLLOW_UP_AGENT, car.shop.place.region)
    buyer, agent = world.buyer(car), agents[car.serial % len(agents)]
    return {
        "direction": CallDirection.OUT, "called_at": called_at, "minutes": None, "purpose": purpose,
        "result": CallResult.REACHED, "customer_id": car.customer, "vehicle_id": car.id,
        "service_receipt_id": None, "complaint_id": None, "spoke_with": None, "phone": buyer.phone,
        "phone_numbers": [buyer.phone], "topics": [], "points": None, "wishes": None, "praise": None,
        "dissatisfaction": None, "promise": None, "promised_until": None, "promise_kept_on": None,
        "satisfaction": None, "responsible_id": agent, "created_by_id": agent,
        "region_id": car.shop.region_id, "department_id": world.team.service, "created_at": called_at,
    }  # fmt: skip


def _unreached(world: World, visit: Visit, day: date) -> dict[str, Any]:
    results = (CallResult.NOT_REACHED, CallResult.CALL_BACK, CallResult.WRONG_NUMBER)
    row = _blank(world, visit.car, world.days.at(day), CallPurpose.FIRST_FOLLOW_UP)
    return row | {"result": world.chance.choices(results, (80, 17, 3))[0], "service_receipt_id": visit.id}


def _spoken(world: World, car: Car, when: date | datetime, purpose: CallPurpose) -> dict[str, Any]:
    chance, is_weak = world.chance, car.shop.is_weak
    called_at = when if isinstance(when, datetime) else world.days.at(when)
    mark = chance.choices((1, 2, 3, 4, 5), _MARKS_WEAK if is_weak else _MARKS)[0]
    topics = sorted(chance.sample(list(CallTopic), chance.choice((1, 2, 2, 3, 4))), key=list(CallTopic).index)
    grumble = chance.choice(_RUDE if is_weak else _GRUMBLES) if mark <= 3 else None
    return _blank(world, car, called_at, purpose) | {
        "minutes": chance.choice((1, 2, 2, 3, 3, 4, 5, 6, 8, 11)),
        "spoke_with": chance.choice(_SPOKEN_WITH),
        "topics": [topic.value for topic in topics],
        "points": "；".join(_say(world, each) for each in chance.sample(_POINTS, chance.choice((1, 2, 2, 3)))),
        "wishes": _say(world, chance.choice(_WISHES)) if chance.random() < 0.15 else None,
        "praise": chance.choice(_PRAISE) if mark == 5 and chance.random() < 0.3 else None,
        "dissatisfaction": _say(world, grumble) if grumble else None,
        "satisfaction": mark,
        **_promise(world, called_at, is_weak),
    }  # fmt: skip


def _promise(world: World, called_at: datetime, is_weak: bool) -> dict[str, Any]:
    """Return what was promised in a call: mostly kept in time, sometimes late, lately still open."""
    chance, days = world.chance, world.days
    if chance.random() > 0.14:
        return {}
    until = days.local(called_at) + timedelta(days=chance.randrange(1, 8))
    is_late = chance.random() < (0.5 if is_weak else 0.1)
    kept = (
        until + timedelta(days=chance.randrange(1, 9))
        if is_late
        else until - timedelta(days=chance.randrange(2))
    )
    # What was promised longer ago has been done, or somebody would have asked.
    is_old = (days.today - until).days > _REMEMBERED_DAYS
    return {
        "promise": _say(world, chance.choice(_PROMISES)),
        "promised_until": until,
        "promise_kept_on": kept if kept < days.today and (chance.random() < 0.985 or is_old) else None,
    }


def _say(world: World, text: str) -> str:
    return world.wording.fill(text, {}, None)
