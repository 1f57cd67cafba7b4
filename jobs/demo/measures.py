"""Corrective measures: decided in quality meetings, carried out or late, and verified by what followed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from jobs.demo.world import World
from models import Department, Measure, Subject, db
from models.iso_week import IsoWeek
from models.measure import MeasureState, Verdict
from models.measure_effect import WEEKS_LEAST, effects_of

_CHECKED = {
    Verdict.WORKED: "按完成前后的故障数核对，降幅超出偶然波动，予以关闭。",
    Verdict.DID_NOT: "完成后故障没有明显减少，已在质量例会上另行安排措施。",
    Verdict.TOO_EARLY: "数量太少，暂看不出效果，继续留意。",
}


@dataclass(frozen=True, slots=True)
class _Decided:
    """A measure as a meeting decided it, so many weeks before today; `done` is None while it is not.

    `due` and `done` are weeks after the meeting. `checked` says that somebody has verified it.
    """

    ago: int
    department: str
    subject: str
    part: str | None
    what: str
    owner: str
    due: int
    done: int | None = None
    report: str | None = None
    is_checked: bool = False
    dropped: str | None = None


_MEASURES = (
    _Decided(
        44, "technical", "front_shock_absorber", "KP-06", "前减震油封改用双唇结构，首批 500 套装车验证", "宋国栋", 6, 7,
        "图纸 A3 版已下发，顺泽按新版供货，旧库存 320 套退回。", is_checked=True,
    ),
    _Decided(
        36, "production", "wheel_rim", "KP-07", "轮辋焊缝增加首件剖检，每班两件，不合格停线", "孟祥军", 3, 3,
        "作业指导书已更新，班组已培训并签字。", is_checked=True,
    ),
    _Decided(
        30, "purchasing", "motor", "KP-01", "电机轴承由指定品牌供货，恒拓须逐批提供合格证", "葛丽华", 5, 6,
        "采购协议补充条款已签，到货检验单增加合格证一栏。", is_checked=True,
    ),
    _Decided(
        24, "warehouse", "parts_wrong", None, "配件出库扫码复核，编码不符不得打包", "史建军", 4, 4,
        "扫码枪 6 把到位，出库流程已改。", is_checked=True,
    ),
    _Decided(
        21, "technical", "rear_axle", "KP-03", "后桥油封处增加挡泥圈，并修改装配扭矩", "宋国栋", 6, 7,
        "工艺卡已更新，8 月起全部按新扭矩装配。",
    ),
    _Decided(
        17, "quality", "frame", "KP-05", "车架关键焊缝由抽检改为全检，检具三套", "魏春梅", 4, 5,
        "检具已验收，全检记录每日存档。",
    ),
    _Decided(
        9, "service", "service_attitude", None, "对评价低的网点逐家回访，并安排服务礼仪培训", "贺晓燕", 4, 4,
        "已培训 23 家网点 61 人，签到表存档。",
    ),
    _Decided(8, "sales", "broken_promise", None, "赠品、返利一律写入购车协议，口头承诺不作数", "梁志强", 5),
    _Decided(6, "quality", "controller", "KP-02", "控制器进水：对晶控该批次停止使用并复检在库品", "魏春梅", 3),
    _Decided(
        6, "production", "differential", "KP-04", "差速器装配线增加防错工装", "孟祥军", 4,
        dropped="供应商改为总成供货，本工序取消。",
    ),
    _Decided(4, "purchasing", "controller", "KP-02", "与晶控签订质量索赔协议，并开发第二供应商", "葛丽华", 6),
    _Decided(2, "technical", "controller", "KP-02", "控制器壳体增加密封圈，完成 IPX5 淋雨试验", "宋国栋", 5),
    _Decided(2, "warehouse", "shipping_delay", None, "急件当日 16 时前出库，超时由班长说明原因", "史建军", 1),
)  # fmt: skip


def add_measures(world: World) -> None:
    """Add the measures, and verify some by what the complaints and parts quality records tell."""
    departments = dict(db.session.execute(select(Department.code, Department.id)).all())
    subjects = dict(db.session.execute(select(Subject.code, Subject.id)).all())
    rows = [
        _row(world, each, departments[each.department], subjects[each.subject])
        for each in _MEASURES
        if each.department in departments and each.subject in subjects
    ]
    checked = {each.what for each in _MEASURES if each.is_checked}
    _verify(world, [row for row in rows if row["what"] in checked])
    world.store.add_by_year(Measure, "ZG", "due_on", rows, world.days)


def _row(world: World, decided: _Decided, department_id: int, subject_id: int) -> dict[str, Any]:
    met_on = world.days.today - timedelta(weeks=decided.ago)
    done_on = None if decided.done is None else met_on + timedelta(weeks=decided.done)
    state = (
        MeasureState.DONE if done_on else MeasureState.DROPPED if decided.dropped else MeasureState.DECIDED
    )
    return {
        "what": decided.what, "owner_name": decided.owner, "due_on": met_on + timedelta(weeks=decided.due),
        "state": state, "subject_id": subject_id, "part_id": world.products.parts.get(decided.part or ""),
        "meeting_week": str(IsoWeek.of(met_on).shifted(-1)), "decided_by": None, "done_on": done_on,
        "done_by": decided.owner if done_on else None, "report": decided.report,
        "dropped_because": decided.dropped, "department_id": department_id,
        "created_by_id": world.team.quality, "created_at": world.days.at(met_on),
    }  # fmt: skip


def _verify(world: World, rows: list[dict[str, Any]]) -> None:
    """Close rows with what was counted, before they are added: nobody has changed them since."""
    effects = effects_of([Measure(id=place, **row) for place, row in enumerate(rows)], world.days.today)
    for place, row in enumerate(rows):
        verdict = effects[place].verdict if place in effects else Verdict.TOO_EARLY
        row |= {
            "state": MeasureState.VERIFIED,
            "verdict": verdict,
            "verified_on": row["done_on"] + timedelta(weeks=WEEKS_LEAST + 2),
            "verified_by_id": world.team.supervisor,
            "verification": _CHECKED[verdict],
        }
