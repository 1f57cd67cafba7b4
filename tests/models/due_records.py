"""Records that owe something to somebody, for tests of what is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from factories import STEP_OF, Factory
from models import Notice, ServiceReceipt
from models.call_record import CallResult
from models.digest import DeliveryKind, DeliveryState
from models.due import DueItem, DueKind, due_items
from models.measure import MeasureState
from models.notice import NoticeState

ZONE = ZoneInfo("Asia/Shanghai")


def day(distance: int) -> date:
    return datetime.now(ZONE).date() + timedelta(days=distance)


def noon(distance: int) -> datetime:
    return datetime.combine(day(distance), datetime.min.time(), ZONE).astimezone(UTC) + timedelta(hours=12)


def handed_over(make: Factory, distance: int, **attributes: Any) -> ServiceReceipt:
    """Make a receipt that was entered on the day on which the vehicle was handed over."""
    attributes.setdefault("created_at", noon(distance))
    return make.service_receipt(came_in_on=day(distance - 1), handed_over_on=day(distance), **attributes)


def call(
    make: Factory, receipt: ServiceReceipt, distance: int, result: CallResult, **attributes: Any
) -> None:
    make.call_record(
        customer_id=receipt.customer_id,
        service_receipt_id=receipt.id,
        called_at=noon(distance),
        result=result,
        **attributes,
    )


def undelivered(make: Factory, **attributes: Any) -> Notice:
    """Make a notice whose mail came to nothing."""
    mail = make.delivery(kind=DeliveryKind.NOTICE, state=DeliveryState.FAILED)
    return make.notice(delivery_id=mail.id, **attributes)


def answered(make: Factory, **attributes: Any) -> Notice:
    """Make a notice with an answer that nobody has read."""
    said = {"state": NoticeState.ANSWERED, "answered_at": noon(-1), "answered_by": "李主任", "answer": "已换"}
    return make.notice(has_new_answer=True, **said, **attributes)


def one_of_each(make: Factory, **attributes: Any) -> dict[DueKind, Any]:
    """Make a record for each kind, and return the record by its kind."""
    customer_id = attributes.pop("customer_id", None) or make.customer(**attributes).id
    shared = {"customer_id": customer_id, **attributes}
    second = handed_over(make, -8, **shared)
    call(make, second, -4, CallResult.REACHED, region_id=attributes.get("region_id"))
    return {
        **{DueKind[kind.name]: make.owing(kind, noon(1), **shared) for kind in STEP_OF},
        DueKind.DEPARTMENT_TASK: make.department_task(due_on=day(1), **attributes),
        DueKind.NOTICE: undelivered(make, **attributes),
        DueKind.ANSWER: answered(make, **attributes),
        DueKind.LETTER: make.letter(sent_on=None, created_at=noon(1), **shared),
        DueKind.PROMISE: make.call_record(promise="寄", promised_until=day(1), **shared),
        DueKind.FIRST_FOLLOW_UP: handed_over(make, -3, **shared),
        DueKind.SECOND_FOLLOW_UP: second,
        DueKind.MAINTENANCE: make.vehicle(next_maintenance_on=day(9), **shared),
        DueKind.WARRANTY_END: make.vehicle(warranty_until=day(9), **shared),
        DueKind.WARRANTY_CLAIM: make.warranty_claim(claimed_on=day(-2), **attributes),
        DueKind.MEASURE: make.measure(due_on=day(1), **attributes),
        DueKind.MEASURE_CHECK: make.measure(
            due_on=day(-70), state=MeasureState.DONE, done_on=day(-55), report="已换新批次", **attributes
        ),
    }


def due(distance: int = 60, **wanted: Any) -> list[DueItem]:
    return due_items(day(distance), zone=ZONE, **wanted)


def only(kind: DueKind, distance: int = 60) -> DueItem | None:
    found = due(distance, kinds=[kind])
    assert len(found) <= 1
    return found[0] if found else None
