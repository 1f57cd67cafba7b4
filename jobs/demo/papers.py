"""Letters to customers and dealers, and notes that colleagues left on complaints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jobs.demo.complaints import Heard
from jobs.demo.world import World
from models import Complaint, Letter, Note
from models.letter import LetterKind
from models.organisation import Role

LETTERS, NOTES = 400, 300
_REGARDING = {
    LetterKind.NOTICE: ("保养到期通知", "保修期即将届满的通知", "冬季用车注意事项", "维修网点变更通知"),
    LetterKind.INVITATION: ("免费检测周邀请", "客户联谊活动邀请", "以旧换新品鉴会邀请"),
    LetterKind.REPLY: ("关于{fault}问题的答复", "投诉处理结果答复", "关于{fault}的说明"),
}
_CONTENTS = {
    LetterKind.NOTICE: "尊敬的客户：您的车辆即将到期，请携带保修手册到就近网点办理，免费检查制动、灯光与线束。",
    LetterKind.INVITATION: "尊敬的客户：诚邀您参加本次活动，现场免费检测车辆，备有小礼品，凭此函领取。",
    LetterKind.REPLY: "尊敬的客户：您反映的问题我们已经核实，处理意见如下，如有疑问请随时来电。感谢您的监督。",
}
_REPLIES = ("已收到，谢谢", "按时参加", "同意处理意见", "希望再快一点")
_NOTES = (
    "已和客户通过电话，情绪平稳，等配件", "经销商说明天到货，到了先给他装", "客户白天在地里干活，晚上七点以后再打", "照片已收到，转技术部看", "和师傅核实过，确实修过两次",
    "客户要求书面答复，已起草", "旧件已寄回，单号让网点补", "此车同批次还有类似反映，留意", "客户同意先用临时件", "第二次联系，无人接听，明天再试", "主管已阅，按保修处理",
    "客户家里老人接的电话，说不清楚，约了晚上", "运费由我们承担，已和仓库说好",
)  # fmt: skip


def add_papers(world: World, complaints: list[Heard]) -> None:
    """Add letters, and notes on complaints."""
    rows = [_letter(world, world.chance.choice(complaints)) for _ in range(world.number(LETTERS))]
    kept = sorted((row for row in rows if row["sent_on"] < world.days.today), key=lambda row: row["sent_on"])
    world.store.add_by_year(Letter, "XH", "sent_on", kept, world.days)
    # Open ones first: there people look.
    noted = [heard for heard in complaints if heard.is_open][-world.number(NOTES) // 2 :]
    noted += world.chance.sample(complaints, min(len(complaints), world.number(NOTES) - len(noted)))
    notes = [_note(world, heard) for heard in noted]
    world.store.add(Note, sorted((row for row in notes if row["created_at"] < world.days.end), key=lambda row: row["created_at"]))  # fmt: skip


def _letter(world: World, heard: Heard) -> dict[str, Any]:
    chance, buyer = world.chance, world.buyer(heard.car)
    # What the panel itself writes is left to it.
    kind = chance.choice(list(_CONTENTS))
    sent_on = world.days.local(heard.at) + timedelta(days=chance.randrange(2, 15))
    replied_on = sent_on + timedelta(days=chance.randrange(3, 20))
    has_reply = chance.random() < 0.3 and replied_on < world.days.today
    agent = chance.choice(world.team.of(Role.FOLLOW_UP_AGENT, heard.car.shop.place.region))
    return {
        "kind": kind, "sent_on": sent_on, "sent_by_id": agent, "customer_id": buyer.id,
        "address": buyer.address, "regarding": chance.choice(_REGARDING[kind]).format(fault=heard.fault.short),
        "content": _CONTENTS[kind], "complaint_id": heard.id if kind is LetterKind.REPLY else None,
        "replied_on": replied_on if has_reply else None, "reply": chance.choice(_REPLIES) if has_reply else None,
        "responsible_id": agent, "created_by_id": agent, "region_id": heard.car.shop.region_id,
        "department_id": world.team.service,
        "created_at": world.days.at(min(sent_on, world.days.today - timedelta(days=1))),
    }  # fmt: skip


def _note(world: World, heard: Heard) -> dict[str, Any]:
    clerks = world.team.of(Role.CLERK, heard.car.shop.place.region)
    return {
        "table_name": Complaint.__tablename__,
        "row_id": heard.id,
        "body": world.chance.choice(_NOTES),
        "created_by_id": world.chance.choice([*clerks, world.team.supervisor]),
        "created_at": heard.at + timedelta(hours=world.chance.uniform(1, 90)),
    }
