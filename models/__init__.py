"""The domain: tables, constraints and rules. Importing the package maps every table."""

from models.actor import Actor, acting_as, current_actor, set_actor, system_actor
from models.audit import AuditEntry
from models.base import Base, Record, db, record_types
from models.complaint import Complaint, Subject
from models.customer import Customer
from models.dealer import Dealer
from models.digest import Delivery, Digest, DigestRecipient
from models.importing import ImportOrigin, ImportRun
from models.organisation import Department, LoginAttempt, LoginSession, Position, Region, Staff
from models.part import Part, PartsQualityRecord, Supplier
from models.sent_form import SentForm
from models.vehicle import Vehicle

# Last: it limits every table mapped above.
from models.scope import WITH_DELETED, visible  # isort: skip

__all__ = [
    "WITH_DELETED",
    "Actor",
    "AuditEntry",
    "Base",
    "Complaint",
    "Customer",
    "Dealer",
    "Delivery",
    "Department",
    "Digest",
    "DigestRecipient",
    "ImportOrigin",
    "ImportRun",
    "LoginAttempt",
    "LoginSession",
    "Part",
    "PartsQualityRecord",
    "Position",
    "Record",
    "Region",
    "SentForm",
    "Staff",
    "Subject",
    "Supplier",
    "Vehicle",
    "acting_as",
    "current_actor",
    "db",
    "record_types",
    "set_actor",
    "system_actor",
    "visible",
]
