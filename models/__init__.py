"""The domain: tables, constraints and rules. Importing the package maps every table."""

from models.absence import Absence
from models.access import AccessEntry
from models.actor import Actor, acting_as, current_actor, set_actor, system_actor
from models.audit import AuditEntry
from models.bad_address import BadAddress
from models.base import Base, Record, db, record_types
from models.call_record import CallRecord
from models.centre import Centre, Invitation
from models.chat_group import ChatGroup
from models.compensation_rule import CompensationRule
from models.complaint import Complaint, Subject
from models.customer import Customer
from models.daily_close import DailyClose
from models.deadline import Deadline
from models.deadline_rule import DeadlineRule
from models.dealer import Dealer
from models.demo_record import DemoRecord
from models.department_task import DepartmentTask
from models.digest import Delivery, Digest, DigestRecipient
from models.exporting import ExportChunk, ExportRun
from models.holiday import Holiday
from models.importing import ImportOrigin, ImportRun
from models.incoming_mail import IncomingMail
from models.letter import Letter
from models.login import LoginAttempt, LoginSession
from models.mailbox import Mailbox
from models.measure import Measure
from models.note import Attachment, AttachmentContent, Note
from models.notice import Notice
from models.operating import FailedJob, SignOfLife
from models.organisation import Department, Position, Region, Staff
from models.own_rights import OwnRight
from models.part import Part, PartsQualityRecord, Supplier, SupplierAlias
from models.product_model import ProductModel
from models.proposal import Proposal
from models.second_factor import RecoveryCode, SecondFactor
from models.sent_form import SentForm
from models.service_receipt import ServiceReceipt
from models.shipment import PartsShipment
from models.step_taken import StepTaken
from models.summary import Summary
from models.told_once import ToldOnce
from models.vehicle import Vehicle
from models.warranty_claim import WarrantyClaim

# What is done by events of the session: named so that it is there.
from models import following  # isort: skip

# Last: it limits every table mapped above.
from models.scope import WITH_DELETED, visible  # isort: skip

__all__ = [
    "WITH_DELETED",
    "Absence",
    "AccessEntry",
    "Actor",
    "Attachment",
    "AttachmentContent",
    "AuditEntry",
    "BadAddress",
    "Base",
    "CallRecord",
    "Centre",
    "ChatGroup",
    "CompensationRule",
    "Complaint",
    "Customer",
    "DailyClose",
    "Deadline",
    "DeadlineRule",
    "Dealer",
    "Delivery",
    "DemoRecord",
    "Department",
    "DepartmentTask",
    "Digest",
    "DigestRecipient",
    "ExportChunk",
    "ExportRun",
    "FailedJob",
    "Holiday",
    "ImportOrigin",
    "ImportRun",
    "IncomingMail",
    "Invitation",
    "Letter",
    "LoginAttempt",
    "LoginSession",
    "Mailbox",
    "Measure",
    "Note",
    "Notice",
    "OwnRight",
    "Part",
    "PartsQualityRecord",
    "PartsShipment",
    "Position",
    "ProductModel",
    "Proposal",
    "Record",
    "RecoveryCode",
    "Region",
    "SecondFactor",
    "SentForm",
    "ServiceReceipt",
    "SignOfLife",
    "Staff",
    "StepTaken",
    "Subject",
    "Summary",
    "Supplier",
    "SupplierAlias",
    "ToldOnce",
    "Vehicle",
    "WarrantyClaim",
    "acting_as",
    "current_actor",
    "db",
    "following",
    "record_types",
    "set_actor",
    "system_actor",
    "visible",
]
