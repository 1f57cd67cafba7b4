"""The summaries of the last month: handed in by most, begun by some, and the centre's as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from jobs.demo.store import Row
from jobs.demo.world import World
from models import Staff, Summary, db
from models.daily_close import closes_days
from models.organisation import Role
from models.summary import TEXTS
from models.summary_figures import person_figures
from models.summary_period import PeriodKind, SummaryPeriod

# So many of the people have only begun.
DRAFTS = 3
# By role what people write, part after part as TEXTS names them; "" where somebody says nothing.
_WRITTEN: Mapping[Role, tuple[tuple[str, str, str, str, str], ...]] = {
    Role.CLERK: (
        (
            "投诉全部当天登记，回执单没有积压；月底与各网点核对了一遍档案。",
            "部分网点的回执单要催两三次才寄来，里程和购车日期常漏填。",
            "下月初把常漏的三项做成样张发给网点，月中抽查一次。",
            "建议回执单上把“里程”“购车日期”印成红框，漏填的退回重填。",
            "",
        ),
        (
            "首次答复基本在时限内，配合品质部追查了几件控制器进水的投诉。",
            "雨后同类投诉集中，客户问得最多的是什么时候能换到新件。",
            "把控制器投诉单列一个清单，每天下班前更新进度。",
            "急件发货后把单号同步给内勤，客户来电时能马上答复。",
            "两个经销商反映，邻县有厂家把控制器保修延长到两年。",
        ),
        (
            "新客户档案在两天内建好，信函登记与邮局回执已全部对上。",
            "月中两天来电多，有几件投诉到晚上才补录完。",
            "与同事商量中午轮流值班，减少漏接。",
            "",
            "",
        ),
    ),
    Role.FOLLOW_UP_AGENT: (
        (
            "保修期内的回访按期完成，接通的客户大多满意，表扬主要是维修师傅上门快。",
            "上午十点前接通率低；有些号码已换人，只能请经销商核实。",
            "调整到下午和傍晚拨打，月底前把空号清理一遍。",
            "建议首次回访时顺便问清常用电话和方便接听的时间，记在客户档案里。",
            "不少客户问有没有带棚的车型，冬天接送孩子用。",
        ),
        (
            "二次回访的客户里，上月反映异响的多数已经解决。",
            "承诺的事情有两件因为缺件没有按时兑现，已向客户说明并道歉。",
            "缺件的客户每周主动打一次电话，不等客户来问。",
            "配件到货时系统里提醒回访人员，第一时间通知客户。",
            "",
        ),
        (
            "把满意度打三分以下的客户逐个回访，弄清了原因并转给相关部门。",
            "打低分的原因集中在等配件时间长，其次是解释不清楚。",
            "整理一份常见问题的说明话术，下月例会请大家提意见。",
            "",
            "有客户提到外地品牌在县城搞以旧换新，旧车折价高于我们经销商。",
        ),
    ),
    Role.TOURING_ENGINEER: (
        (
            "走访网点十余家，现场处理疑难故障，培训了后桥拆装和控制器防水处理。",
            "偏远网点缺专用工具，拆装后桥只能借用修理厂的。",
            "下月安排山区网点，重点检查上月返修多的车辆。",
            "给偏远网点配一套共用的专用工具，轮流使用。",
            "山区用户普遍加装货架，超载明显，轮辋和后桥容易早期损坏。",
        ),
        (
            "配合车间确认了前减震漏油的原因，旧件已按批次寄回。",
            "同一故障不同网点判断不一，有的直接换总成。",
            "编一页图文的判断步骤，发给网点并现场讲解。",
            "车架号铭牌位置太低容易被泥盖住，建议移到车把下方。",
            "当地推广锂电池换电，快递网点开始整批更换。",
        ),
    ),
    Role.SUPERVISOR: (
        (
            "组织四次品质例会，整改措施按期完成的占多数；团队日结坚持得比上月好。",
            "控制器进水仍是投诉第一位，供应商答复慢。",
            "盯住控制器整改的效果，下月底拿数字说话；给两位新人安排带教。",
            "建议采购合同里写明质量索赔的答复时限。",
            "行业协会通报：三轮车新国标征求意见，涉及灯光和制动。",
        ),
    ),
    Role.QUALITY_ENGINEER: (
        (
            "完成来料与市场故障件的对比分析，锁定控制器问题集中在同一生产批次。",
            "故障件寄回周期长，有的批次号已看不清。",
            "推动控制器壳体增加密封圈并做淋雨试验，跟踪首批装车。",
            "故障件寄回时拍下批次号照片一并上传，免得磨损后无从追溯。",
            "供应商介绍灌胶式控制器，成本每只增加约六元，防水等级可到 IPX7。",
        ),
    ),
    Role.WAREHOUSE_KEEPER: (
        (
            "发货差错比上月减少，扫码复核后没有再发错编码。",
            "月初急件多，打包人手不够，有三单当天没有发出。",
            "每天下午三点前截单，急件优先，备足常用件的安全库存。",
            "同类配件的包装盒用不同颜色的标签，老师傅拿货也不容易错。",
            "",
        ),
    ),
}
_CENTRE = (
    "全月投诉处理总体平稳，首次答复较上月有改善，保修期内回访按计划推进。",
    "控制器进水类投诉仍居首位，集中在一个生产批次；配件等待时间是客户不满的主要原因。",
    "一、跟踪控制器整改效果；二、缺件客户每周主动联系；三、下月走访返修率高的网点。",
    "",
    "",
)


def add_summaries(world: World) -> None:
    """Add last month's summaries; the present month is open."""
    period = SummaryPeriod.of(PeriodKind.MONTH, world.days.today).previous
    people = [each for each in db.session.scalars(select(Staff).order_by(Staff.id)) if _writes(each)]
    figures = person_figures(period, people)
    rows, told = list[Row](), dict[Role, int]()
    for place, person in enumerate(people):
        (role,) = person.roles
        round_, which = divmod(told.get(role, 0), len(_WRITTEN[role]))
        told[role] = told.get(role, 0) + 1
        # What one has suggested nobody suggests again.
        written = (*_WRITTEN[role][which][:3], *(("", "") if round_ else _WRITTEN[role][which][3:]))
        is_draft = place >= len(people) - DRAFTS
        rows.append(_row(world, period, person.id, written, None if is_draft else figures[person.id]))
    world.store.add(Summary, [*rows, _row(world, period, None, _CENTRE, None)])


def _writes(person: Staff) -> bool:
    return person.active and closes_days(person) and len(person.roles) == 1


def _row(
    world: World,
    period: SummaryPeriod,
    staff_id: int | None,
    written: tuple[str, ...],
    figures: dict[str, Any] | None,
) -> Row:
    """Return a row; with figures it was handed in on the first day after the period, as far as that is past."""
    day = min(period.last_on + timedelta(days=1), world.days.today)
    at = min(datetime.combine(day, time(8, world.chance.randrange(60)), world.days.zone), world.days.end)
    return {
        "kind": period.kind,
        "first_on": period.first_on,
        "staff_id": staff_id,
        "version": 1,
        **{name: text or None for name, text in zip(TEXTS, written, strict=True)},
        "figures": figures,
        "handed_in_at": None if figures is None else at,
    }
