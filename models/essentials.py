"""What no centre can do without, to begin with: departments, subjects, key parts, holidays, rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from models.actor import acting_as, system_actor
from models.announced_holidays import announced_days, announced_years
from models.base import Record, db, now
from models.centre import site_zone
from models.compensation_rule import CompensationRule
from models.complaint import FaultDegree, Subject
from models.figure_kind import USUAL_FIGURES, FigureKind
from models.holiday import Holiday
from models.organisation import Department, Position
from models.part import Part
from models.proposal import Remedy
from models.scope import WITH_DELETED

T = TypeVar("T", bound=Record)


@dataclass(frozen=True, slots=True)
class _Department:
    code: str
    name: str
    name_en: str
    gets_all_subjects: bool = False
    gets_parts_quality: bool = False
    gets_shipments: bool = False
    gets_calls: bool = False
    figures: tuple[FigureKind, ...] = USUAL_FIGURES


@dataclass(frozen=True, slots=True)
class _Subject:
    """A subject; `departments` are codes, and none means those of the subject above it."""

    code: str
    name: str
    name_en: str
    departments: tuple[str, ...] = ()
    children: tuple[_Subject, ...] = ()
    also_called: str | None = None


_F = FigureKind
_PARTS_FIGURES = (_F.SATISFACTION, _F.RETURN_REPAIRS, _F.SUPPLIER_CLAIMS_PASSED)

DEPARTMENTS = (
    _Department(
        "quality",
        "品质检验部",
        "Quality inspection",
        gets_parts_quality=True,
        figures=(_F.SATISFACTION, _F.RETURN_REPAIRS, _F.CLAIMS_PASSED, _F.SUPPLIER_CLAIMS_PASSED),
    ),
    _Department("production", "生产部", "Production", figures=(_F.SATISFACTION, _F.RETURN_REPAIRS)),
    _Department("technical", "技术部", "Technical department", figures=(_F.SATISFACTION, _F.RETURN_REPAIRS)),
    _Department("purchasing", "采购部", "Purchasing", gets_parts_quality=True, figures=_PARTS_FIGURES),
    _Department(
        "warehouse", "仓储部", "Warehousing", gets_shipments=True, figures=(_F.SATISFACTION, _F.SHIPPED_RIGHT)
    ),
    _Department("sales", "销售部", "Sales", gets_calls=True),
    _Department("marketing", "市场部", "Marketing", gets_calls=True),
    _Department("service", "客服部", "Customer service", gets_calls=True, figures=tuple(_F)),
    _Department(
        "management",
        "管理层",
        "Management",
        gets_all_subjects=True,
        gets_parts_quality=True,
        figures=tuple(_F),
    ),
)

# Each below the one before it.
POSITIONS = ("总监", "经理", "主管", "专员")

# Parts also tell quality inspection and purchasing; other faults tell who designed and who built the product.
_PART = ("quality", "purchasing", "technical", "production")

SUBJECTS = (
    _Subject(
        "product_quality",
        "产品质量",
        "Product quality",
        ("technical", "production", "quality"),
        (
            _Subject("motor", "电机", "Motor", _PART, also_called="马达、电动机"),
            _Subject("controller", "控制器", "Controller", _PART, also_called="电控、ECU"),
            _Subject(
                "battery",
                "电池及电源管理",
                "Battery and power management",
                _PART,
                also_called="电瓶、蓄电池、锂电池",
            ),
            _Subject("charger", "充电器", "Charger", _PART, also_called="充电机"),
            _Subject("rear_axle", "后桥", "Rear axle", _PART, also_called="后轴"),
            _Subject("differential", "差速器", "Differential", _PART, also_called="差速包、牙包"),
            _Subject("frame", "车架", "Frame", also_called="大梁、车梁"),
            _Subject(
                "front_shock_absorber",
                "前减震",
                "Front shock absorber",
                _PART,
                also_called="前叉、避震、减振器",
            ),
            _Subject("suspension", "悬挂及车桥", "Suspension and axles", _PART),
            _Subject("wheel_rim", "轮辋", "Wheel rim", _PART, also_called="轮圈、钢圈、轮毂"),
            _Subject("wheels", "轮胎和车轮", "Tyres and wheels", _PART),
            _Subject("brakes", "制动系统", "Brakes", _PART, also_called="刹车、制动"),
            _Subject("steering", "转向系统", "Steering", _PART, also_called="方向、车把"),
            _Subject("engine", "发动机", "Engine", _PART),
            _Subject("transmission", "传动系统", "Transmission", _PART, also_called="变速箱、链条"),
            _Subject("clutch", "离合器", "Clutch", _PART),
            _Subject("body", "车身", "Body", also_called="货箱、车厢、驾驶室"),
            _Subject("accessories", "车身附件", "Body fittings and accessories"),
            _Subject("electrics", "电气设备", "Electrics", _PART, also_called="电路、灯光、仪表、线束"),
            _Subject("restraints", "安全带和气囊", "Seat belts and airbags", _PART),
        ),
    ),
    _Subject(
        "parts_supply",
        "配件供应",
        "Parts supply",
        ("warehouse", "purchasing"),
        (
            _Subject("parts_shortage", "配件缺货", "Parts out of stock"),
            _Subject("parts_wrong", "配件发错", "Wrong part delivered", ("warehouse",)),
            _Subject(
                "parts_dispute", "配件争议", "Dispute over parts", ("warehouse", "quality", "purchasing")
            ),
        ),
    ),
    _Subject(
        "service",
        "售后服务",
        "Service",
        ("service", "sales"),
        (
            _Subject("service_attitude", "服务态度", "Attitude"),
            _Subject("service_skill", "维修技术", "Repair skill"),
            _Subject("service_charges", "服务收费", "Charges"),
            _Subject("service_process", "服务流程", "Service procedure"),
        ),
    ),
    _Subject(
        "sales",
        "销售",
        "Sales",
        ("sales", "marketing", "service"),
        (
            _Subject("broken_promise", "承诺不兑现", "Promise not kept"),
            _Subject("misleading_sale", "虚假宣传与销售欺诈", "Misleading sale"),
            _Subject("price", "价格变动", "Price"),
        ),
    ),
    _Subject(
        "shipping",
        "发货运输",
        "Shipping",
        ("warehouse",),
        (
            _Subject("shipping_damage", "运输损坏", "Damage in transport"),
            _Subject("shipping_delay", "发货延误", "Late delivery"),
        ),
    ),
    _Subject("other", "其他", "Other", ("service",)),
)

KEY_PARTS = (
    ("KP-01", "电机", "Motor"),
    ("KP-02", "控制器", "Controller"),
    ("KP-03", "后桥", "Rear axle"),
    ("KP-04", "差速器", "Differential"),
    ("KP-05", "车架", "Frame"),
    ("KP-06", "前减震", "Front shock absorber"),
    ("KP-07", "轮辋焊合", "Wheel rim weldment"),
)

_SAID_OR_GIVEN = (Remedy.EXPLANATION, Remedy.REFUSAL, Remedy.GIFT)
_MADE_GOOD = (Remedy.REPAIR, Remedy.REPLACEMENT, Remedy.GOODS, Remedy.MONEY)
# By degree of fault what may be offered, up to which value in yuan, on complaints about whatever subject.
COMPENSATION = (
    (FaultDegree.NONE, 100, _SAID_OR_GIVEN),
    (FaultDegree.PARTLY, 500, (*_SAID_OR_GIVEN, *_MADE_GOOD)),
    (FaultDegree.FULLY, 3000, (*_SAID_OR_GIVEN, *_MADE_GOOD, Remedy.RETURN, Remedy.REFUND)),
)


def seed_essentials() -> None:
    """Add what is missing; whatever a centre has renamed, moved or deleted stays as it is."""
    with acting_as(system_actor("essentials")):
        _seed_departments()
        _seed_positions()
        _seed_subjects()
        _seed_key_parts()
        _seed_holidays()
        _seed_compensation_rules()
        db.session.flush()


def _existing(model: type[T]) -> list[T]:
    return list(db.session.scalars(select(model), execution_options={WITH_DELETED: True}))


def _seed_departments() -> None:
    existing = _existing(Department)
    taken = {row.code for row in existing} | {row.name for row in existing}
    for item in DEPARTMENTS:
        if taken.isdisjoint((item.code, item.name)):
            db.session.add(
                Department(
                    code=item.code,
                    name=item.name,
                    name_en=item.name_en,
                    gets_all_subjects=item.gets_all_subjects,
                    gets_parts_quality=item.gets_parts_quality,
                    gets_shipments=item.gets_shipments,
                    gets_calls=item.gets_calls,
                    digest_figures=[kind.value for kind in item.figures],
                )
            )


def _seed_positions() -> None:
    # Positions have no code by which to know a renamed one again, so they are a beginning only.
    if _existing(Position):
        return
    above: Position | None = None
    for name in POSITIONS:
        position = Position(name=name, parent_id=above.id if above else None)
        db.session.add(position)
        db.session.flush()
        above = position


def _seed_subjects() -> None:
    db.session.flush()
    departments = {row.code: row for row in _existing(Department) if row.deleted_at is None}
    subjects = {row.code: row for row in _existing(Subject)}

    def seed(item: _Subject, parent: Subject | None) -> None:
        subject = subjects.get(item.code)
        if subject is None and (parent is None or parent.deleted_at is None):
            subject = Subject(
                code=item.code,
                name=item.name,
                name_en=item.name_en,
                also_called=item.also_called,
                parent_id=parent.id if parent else None,
                departments=[departments[code] for code in item.departments if code in departments],
            )
            db.session.add(subject)
            db.session.flush()
        for child in item.children if subject else ():
            seed(child, subject)

    for item in SUBJECTS:
        seed(item, None)


def _seed_key_parts() -> None:
    taken = {row.code for row in _existing(Part)}
    for code, name, name_en in KEY_PARTS:
        if code not in taken:
            db.session.add(Part(code=code, name=name, name_en=name_en, is_key_part=True))


def _seed_holidays() -> None:
    # A year in which anything stands, deleted or not, is the centre's own.
    taken = {row.falls_on.year for row in _existing(Holiday)}
    this_year = now().astimezone(site_zone()).year
    for year in announced_years(site_zone()):
        if year >= this_year - 1 and year not in taken:
            db.session.add_all(
                Holiday(falls_on=each.day, kind=each.kind, name=each.name) for each in announced_days(year)
            )


def _seed_compensation_rules() -> None:
    # Where a centre has rules of its own, an old default must not come back beside them.
    if _existing(CompensationRule):
        return
    managers = db.session.scalar(select(Position.id).where(Position.name == POSITIONS[1]).limit(1))
    for degree, value_most, remedies in COMPENSATION:
        rule = CompensationRule(fault_degree=degree, value_most=value_most, position_id=managers)
        rule.remedies = [remedy.value for remedy in remedies]
        db.session.add(rule)
