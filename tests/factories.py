"""Rows for tests: each method makes one valid record, and takes what the test cares about."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

import exported
import what_came_back
from chat_groups import chat_group
from models import (
    Absence,
    Attachment,
    AttachmentContent,
    Base,
    CallRecord,
    ChatGroup,
    CompensationRule,
    Complaint,
    Customer,
    DailyClose,
    Deadline,
    DeadlineRule,
    Dealer,
    Delivery,
    DemoRecord,
    Department,
    DepartmentTask,
    Digest,
    DigestRecipient,
    FailedJob,
    Holiday,
    ImportOrigin,
    ImportRun,
    Letter,
    LoginAttempt,
    LoginSession,
    Measure,
    Note,
    Notice,
    OwnRight,
    Part,
    PartsQualityRecord,
    PartsShipment,
    Position,
    ProductModel,
    Proposal,
    Record,
    RecoveryCode,
    Region,
    SecondFactor,
    SentForm,
    ServiceReceipt,
    SignOfLife,
    Staff,
    StepTaken,
    Subject,
    Summary,
    Supplier,
    SupplierAlias,
    ToldOnce,
    Vehicle,
    WarrantyClaim,
    record_types,
)
from models.base import now
from models.centre import Centre, Invitation
from models.complaint import FaultDegree, Step
from models.deadline_rule import DeadlineKind
from models.digest import DeliveryKind
from models.letter import LetterKind
from models.operating import Sign
from models.organisation import Locale, Role
from models.step_taken import Move
from models.summary_period import PeriodKind
from models.told_once import ToldOf

B = TypeVar("B", bound=Base)
T = TypeVar("T", bound=Record)
_serial = itertools.count(1)

# What a complaint owes at which step.
STEP_OF = {
    DeadlineKind.FIRST_ANSWER: Step.REGISTERED,
    DeadlineKind.SOLVED: Step.ANALYSED,
    DeadlineKind.DECISION: Step.PROPOSED,
    DeadlineKind.TELL_CUSTOMER: Step.PROPOSED,
    DeadlineKind.CARRIED_OUT: Step.AGREED,
    DeadlineKind.CONFIRMED: Step.CARRIED_OUT,
}


class Factory:
    """Make records in a session, each committed and with an id."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def _add(self, record: B) -> B:
        self.session.add(record)
        self.session.commit()
        return record

    def _plain(self, model: type[T], defaults: dict[str, Any], attributes: dict[str, Any]) -> T:
        region = attributes.pop("region", None)
        if region is not None:
            attributes["region_id"] = region.id
        return self._add(model(**(defaults | attributes)))

    def _link(self, attributes: dict[str, Any], **parents: Callable[[], Base]) -> None:
        """Make what a record must belong to, where the test names none."""
        for name, make in parents.items():
            if name not in attributes:
                attributes[name] = make().id  # type: ignore[attr-defined]  # every parent has one

    def record(self, model: type[Record], **attributes: Any) -> Record:
        """Make a record of any type."""
        if model is DigestRecipient:
            return self.digest_recipient(self.department(), **attributes)
        made: Record = getattr(self, model.__tablename__)(**attributes)
        return made

    def region(self, name: str | None = None, parent: Region | None = None, **attributes: Any) -> Region:
        name = name or f"Region {next(_serial)}"
        return self._plain(Region, {"name": name, "parent_id": parent.id if parent else None}, attributes)

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
        self._link(attributes, product_model_id=self.product_model)
        return self._plain(Vehicle, {"frame_number": f"LHS{next(_serial):014}"}, attributes)

    def service_receipt(self, **attributes: Any) -> ServiceReceipt:
        self._link(attributes, customer_id=self.customer)
        return self._plain(ServiceReceipt, {"came_in_on": date(2026, 3, 2)}, attributes)

    def warranty_claim(self, **attributes: Any) -> WarrantyClaim:
        self._link(attributes, dealer_id=self.dealer)
        return self._plain(WarrantyClaim, {"claimed_on": date(2026, 3, 2), "fault": "电机异响"}, attributes)

    def call_record(self, **attributes: Any) -> CallRecord:
        self._link(attributes, customer_id=self.customer)
        called_at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
        return self._plain(CallRecord, {"called_at": called_at}, attributes)

    def letter(self, **attributes: Any) -> Letter:
        return self._plain(Letter, {"sent_on": date(2026, 3, 2), "regarding": "保养通知"}, attributes)

    def absence(self, **attributes: Any) -> Absence:
        days = {"starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 6)}
        names = {"staff_id", "substitute_id"}
        if names <= set(attributes):
            return self._plain(Absence, days, attributes)
        # The other one comes from the department of who is named.
        named = [self.session.get_one(Staff, attributes[name]) for name in names & set(attributes)]
        department_id = named[0].department_id if named else self.department().id
        for name in names - set(attributes):
            attributes[name] = self.staff(department_id=department_id).id
        return self._plain(Absence, days, attributes)

    def holiday(self, **attributes: Any) -> Holiday:
        falls_on = date(2031, 1, 1) + timedelta(days=next(_serial))
        return self._plain(Holiday, {"falls_on": falls_on, "name": "元旦"}, attributes)

    def deadline_rule(self, **attributes: Any) -> DeadlineRule:
        # The panel brings rules along that count since 2000.
        valid_from = date(2030, 1, 1) + timedelta(days=next(_serial))
        defaults = {"kind": DeadlineKind.CARRIED_OUT, "valid_from": valid_from, "time_given": 7}
        return self._plain(DeadlineRule, defaults, attributes)

    def deadline(self, complaint: Complaint | None = None, **attributes: Any) -> Deadline:
        self._link(attributes, rule_id=self.deadline_rule)
        defaults = {
            "complaint_id": (complaint or self.complaint()).id,
            "kind": DeadlineKind.FIRST_ANSWER,
            "started_at": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
            "due_at": datetime(2026, 3, 3, 9, 30, tzinfo=UTC),
        }
        return self._add(Deadline(**(defaults | attributes)))

    def daily_close(self, **attributes: Any) -> DailyClose:
        self._link(attributes, staff_id=self.staff)
        return self._add(DailyClose(**({"day": date(2026, 3, 2)} | attributes)))

    def summary(self, **attributes: Any) -> Summary:
        defaults = {"kind": PeriodKind.MONTH, "first_on": date(2026, 3, 1)}
        return self._add(Summary(**(defaults | attributes)))

    def supplier(self, **attributes: Any) -> Supplier:
        return self._plain(Supplier, {"name": f"供应商 {next(_serial)}"}, attributes)

    def supplier_alias(self, **attributes: Any) -> SupplierAlias:
        self._link(attributes, supplier_id=self.supplier)
        return self._add(SupplierAlias(**({"name": f"别名 {next(_serial)}"} | attributes)))

    def part(self, **attributes: Any) -> Part:
        serial = next(_serial)
        return self._plain(Part, {"code": f"P{serial:05}", "name": f"配件 {serial}"}, attributes)

    def parts_quality_record(self, **attributes: Any) -> PartsQualityRecord:
        self._link(attributes, part_id=self.part)
        return self._plain(
            PartsQualityRecord, {"fault": "电机异响", "found_on": date(2026, 3, 2)}, attributes
        )

    def parts_shipment(self, **attributes: Any) -> PartsShipment:
        self._link(attributes, part_id=self.part, dealer_id=self.dealer)
        return self._plain(PartsShipment, {"shipped_on": date(2026, 3, 2), "quantity": 10}, attributes)

    def subject(self, code: str | None = None, **attributes: Any) -> Subject:
        code = code or f"subject-{next(_serial)}"
        return self._plain(Subject, {"code": code, "name": f"类别 {code}"}, attributes)

    def complaint(self, **attributes: Any) -> Complaint:
        self._link(attributes, subject_id=self.subject)
        return self._plain(Complaint, {"customer_name": "张三", "description": "电机异响"}, attributes)

    def owing(
        self, kind: DeadlineKind, due_at: datetime, settled_at: datetime | None = None, **attributes: Any
    ) -> Complaint:
        """Make a complaint that owes something by then, or owed it until it was `settled_at`."""
        complaint = self.complaint(**{"step": STEP_OF[kind]} | attributes)
        key = self.session.scalars(select(DeadlineRule.id).where(DeadlineRule.kind == kind)).first()
        times = {"started_at": due_at - timedelta(days=1), "due_at": due_at, "settled_at": settled_at}
        self.session.add(Deadline(complaint_id=complaint.id, kind=kind, rule_id=key, **times))
        self.session.commit()
        return complaint

    def proposal(self, **attributes: Any) -> Proposal:
        offer = {"remedies": ["repair"], "details": "更换左前减震"}
        self._link(attributes, complaint_id=self.complaint)
        return self._plain(Proposal, offer, attributes)

    def step_taken(self, **attributes: Any) -> StepTaken:
        step = {"move": Move.REGISTER, "to_step": Step.REGISTERED}
        self._link(attributes, complaint_id=self.complaint)
        return self._plain(StepTaken, step, attributes)

    def department_task(self, **attributes: Any) -> DepartmentTask:
        self._link(attributes, department_id=self.department, complaint_id=self.complaint)
        task = {"what": "寄出补偿配件", "due_on": date(2026, 3, 9)}
        return self._plain(DepartmentTask, task, attributes)

    def notice(self, **attributes: Any) -> Notice:
        self._link(attributes, department_id=self.department, complaint_id=self.complaint)
        told = {"name": "李主任", "email": f"n{next(_serial)}@example.com", "locale": Locale.CHINESE}
        return self._plain(Notice, told, attributes)

    def measure(self, **attributes: Any) -> Measure:
        self._link(attributes, department_id=self.department)
        measure = {"what": "供应商改热处理工艺", "owner_name": "李主任", "due_on": date(2026, 3, 20)}
        return self._plain(Measure, measure, attributes)

    def compensation_rule(self, **attributes: Any) -> CompensationRule:
        if not {"subject_id", "fault_degree"} & set(attributes):
            attributes["subject_id"] = self.subject().id
        rule = {"fault_degree": FaultDegree.PARTLY, "remedies": ["repair"], "value_most": 100}
        return self._plain(CompensationRule, rule, attributes)

    def note(self, record: Record | None = None, **attributes: Any) -> Note:
        record = record or self.complaint()
        defaults = {"table_name": record.__tablename__, "row_id": record.id, "body": "已回电"}
        return self._add(Note(**(defaults | attributes)))

    def attachment(self, note: Note | None = None, content: bytes = b"a", **attributes: Any) -> Attachment:
        defaults = {
            "note_id": (note or self.note()).id,
            "file_name": "a.txt",
            "media_type": "text/plain",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        attachment = self._add(Attachment(**(defaults | attributes)))
        self._add(AttachmentContent(attachment_id=attachment.id, content=content))
        return attachment

    def digest_recipient(self, department: Department, **attributes: Any) -> DigestRecipient:
        serial = next(_serial)
        defaults = {
            "department_id": department.id,
            "name": f"收件人 {serial}",
            "email": f"r{serial}@example.com",
        }
        return self._plain(DigestRecipient, defaults, attributes)

    def chat_group(self, department: Department | None = None, **attributes: Any) -> ChatGroup:
        attributes["department_id"] = (department or self.department()).id
        return self._add(chat_group(next(_serial), attributes))

    def digest(self, department: Department | None = None, **attributes: Any) -> Digest:
        defaults = {
            "department_id": (department or self.department()).id,
            "iso_year": 2024,
            "iso_week": 10,
            "starts_on": date(2024, 3, 4),
            "ends_on": date(2024, 3, 10),
            "cut_at": datetime(2024, 3, 11, tzinfo=UTC),
            "payload": {},
        }
        return self._add(Digest(**(defaults | attributes)))

    def delivery(self, digest: Digest | None = None, **attributes: Any) -> Delivery:
        defaults = {
            "kind": DeliveryKind.DIGEST if digest else DeliveryKind.ACCOUNT,
            "digest_id": digest.id if digest else None,
            "recipient": "reader@example.com",
            "recipient_name": "读者",
            "locale": Locale.CHINESE,
            "message_id": f"<{next(_serial)}@example.com>",
            "subject": "主题",
            "message": b"",
        }
        return self._add(Delivery(**(defaults | attributes)))

    def demo_record(self, record: Record | None = None) -> DemoRecord:
        record = record or self.customer()
        return self._add(DemoRecord(table_name=record.__tablename__, row_id=record.id))

    def invitation(self, **attributes: Any) -> Invitation:
        self._link(attributes, staff_id=self.staff)
        return self._add(Invitation(**attributes))

    def own_right(self, **attributes: Any) -> OwnRight:
        defaults = {"table_name": "customer", "creator": "r", "responsible": "r"}
        return self._add(OwnRight(**(defaults | attributes)))

    def second_factor(self, staff: Staff, **attributes: Any) -> SecondFactor:
        return self._add(SecondFactor(**({"staff_id": staff.id, "secret": "0", "last_step": 0} | attributes)))

    def failed_job(self, **attributes: Any) -> FailedJob:
        defaults = {
            "key": f"jobs_delivery_deliver-{next(_serial)}", "function": "jobs.delivery.deliver",
            "arguments": [1], "error": "ValueError", "detail": "ValueError\n  jobs/delivery.py:1 deliver",
            "first_failed_at": now(), "last_failed_at": now(),
        }  # fmt: skip
        return self._add(FailedJob(**(defaults | attributes)))

    def one_of_each(self) -> None:
        """Make at least one row in every table that the application may write."""
        for model in record_types():
            self.record(model)
        # Beside another, which can be its earlier one.
        self.service_receipt(is_return_repair=True)
        self.letter(kind=LetterKind.ACKNOWLEDGEMENT, complaint_id=self.complaint().id)
        for make in (
            self.supplier_alias, self.demo_record, self.invitation, self.own_right, self.deadline,
            self.daily_close, self.summary, self.attachment, self.failed_job,
        ):  # fmt: skip
            make()
        self.session.merge(Centre(id=1))
        digest, staff = self.digest(), self.staff()
        self.session.add_all(what_came_back.one_of_each(self.delivery(digest)))
        self.subject(departments=[self.department()])
        run = self._add(ImportRun(mapping="own", file_name="a.csv", file_sha256="0" * 64))
        origin = {"source": "own", "table_name": "complaint", "external_key": "1", "row_id": 1, "values": {}}
        self._add(ImportOrigin(run_id=run.id, **origin))
        self._add(exported.piece_of(self._add(exported.ready(staff))))
        self._add(LoginSession(token_hash="0" * 64, staff_id=staff.id))
        self.session.add_all([LoginAttempt(key_hash="0" * 64), SentForm(content_hash="0" * 64)])
        self.second_factor(staff)
        self._add(RecoveryCode(staff_id=staff.id, code_hash="0" * 64))
        self.session.merge(SignOfLife(sign=Sign.TICK_FINISHED))
        self.session.commit()
        self._add(ToldOnce(told_of=ToldOf.DAY_OPEN, row_id=0, day=date(2026, 3, 2)))
