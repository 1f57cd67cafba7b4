"""Rows for tests: each method makes one valid record, and takes what the test cares about."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from models import (
    Complaint,
    Customer,
    Dealer,
    Department,
    DigestRecipient,
    Holiday,
    Letter,
    Part,
    PartsQualityRecord,
    PartsShipment,
    Position,
    ProductModel,
    Record,
    Region,
    ServiceReceipt,
    Staff,
    Subject,
    Supplier,
    Vehicle,
    WarrantyClaim,
)
from models.organisation import Locale, Role

T = TypeVar("T", bound=Record)
_serial = itertools.count(1)


class Factory:
    """Make records in a session, each committed and with an id."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def _add(self, record: T) -> T:
        self.session.add(record)
        self.session.commit()
        return record

    def _plain(self, model: type[T], defaults: dict[str, Any], attributes: dict[str, Any]) -> T:
        region = attributes.pop("region", None)
        if region is not None:
            attributes["region_id"] = region.id
        return self._add(model(**(defaults | attributes)))

    def region(self, name: str | None = None, parent: Region | None = None) -> Region:
        return self._add(
            Region(name=name or f"Region {next(_serial)}", parent_id=parent.id if parent else None)
        )

    def department(self, code: str | None = None, **attributes: Any) -> Department:
        code = code or f"department-{next(_serial)}"
        return self._plain(Department, {"code": code, "name": f"部门 {code}", "name_en": code}, attributes)

    def position(self, **attributes: Any) -> Position:
        return self._plain(Position, {"name": f"Position {next(_serial)}"}, attributes)

    def staff(
        self, *roles: Role, region: Region | None = None, locale: Locale = Locale.ENGLISH, **attributes: Any
    ) -> Staff:
        serial = next(_serial)
        defaults = {
            "name": f"Staff {serial}",
            "email": f"staff{serial}@example.com",
            "role_names": [role.value for role in roles],
            "region_id": region.id if region else None,
            "locale": locale,
            "fs_uniquifier": f"uniquifier-{serial}",
        }
        return self._plain(Staff, defaults, attributes)

    def dealer(self, **attributes: Any) -> Dealer:
        serial = next(_serial)
        return self._plain(Dealer, {"code": f"D{serial:05}", "name": f"经销商 {serial}"}, attributes)

    def customer(self, **attributes: Any) -> Customer:
        return self._plain(Customer, {"name": f"客户 {next(_serial)}", "phone": "13800000000"}, attributes)

    def product_model(self, **attributes: Any) -> ProductModel:
        code = f"HS-{next(_serial)}"
        return self._plain(ProductModel, {"code": code, "name": f"{code} 加长版"}, attributes)

    def vehicle(self, **attributes: Any) -> Vehicle:
        if "product_model_id" not in attributes:
            attributes["product_model_id"] = self.product_model().id
        return self._plain(Vehicle, {"frame_number": f"LHS{next(_serial):014}"}, attributes)

    def service_receipt(self, **attributes: Any) -> ServiceReceipt:
        if "customer_id" not in attributes:
            attributes["customer_id"] = self.customer().id
        return self._plain(ServiceReceipt, {"came_in_on": date(2026, 3, 2)}, attributes)

    def warranty_claim(self, **attributes: Any) -> WarrantyClaim:
        if "dealer_id" not in attributes:
            attributes["dealer_id"] = self.dealer().id
        return self._plain(WarrantyClaim, {"claimed_on": date(2026, 3, 2), "fault": "电机异响"}, attributes)

    def letter(self, **attributes: Any) -> Letter:
        return self._plain(Letter, {"sent_on": date(2026, 3, 2), "regarding": "保养通知"}, attributes)

    def holiday(self, **attributes: Any) -> Holiday:
        falls_on = date(2026, 1, 1) + timedelta(days=next(_serial))
        return self._plain(Holiday, {"falls_on": falls_on, "name": "元旦"}, attributes)

    def supplier(self, **attributes: Any) -> Supplier:
        return self._plain(Supplier, {"name": f"供应商 {next(_serial)}"}, attributes)

    def part(self, **attributes: Any) -> Part:
        serial = next(_serial)
        return self._plain(Part, {"code": f"P{serial:05}", "name": f"配件 {serial}"}, attributes)

    def parts_quality_record(self, **attributes: Any) -> PartsQualityRecord:
        if "part_id" not in attributes:
            attributes["part_id"] = self.part().id
        return self._plain(
            PartsQualityRecord, {"fault": "电机异响", "found_on": date(2026, 3, 2)}, attributes
        )

    def parts_shipment(self, **attributes: Any) -> PartsShipment:
        if "part_id" not in attributes:
            attributes["part_id"] = self.part().id
        if "dealer_id" not in attributes:
            attributes["dealer_id"] = self.dealer().id
        return self._plain(PartsShipment, {"shipped_on": date(2026, 3, 2), "quantity": 10}, attributes)

    def subject(self, code: str | None = None, **attributes: Any) -> Subject:
        code = code or f"subject-{next(_serial)}"
        return self._plain(Subject, {"code": code, "name": f"类别 {code}"}, attributes)

    def complaint(self, **attributes: Any) -> Complaint:
        if "subject_id" not in attributes:
            attributes["subject_id"] = self.subject().id
        return self._plain(Complaint, {"customer_name": "张三", "description": "电机异响"}, attributes)

    def digest_recipient(self, department: Department, **attributes: Any) -> DigestRecipient:
        serial = next(_serial)
        defaults = {
            "department_id": department.id,
            "name": f"收件人 {serial}",
            "email": f"r{serial}@example.com",
        }
        return self._plain(DigestRecipient, defaults, attributes)
