"""What the browser gets: the screens, registered on one Flask-Admin."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme

from jobs.exports import SOURCE
from models import (
    Absence,
    CallRecord,
    ChatGroup,
    CompensationRule,
    Complaint,
    Customer,
    DeadlineRule,
    Dealer,
    Department,
    DepartmentTask,
    DigestRecipient,
    Holiday,
    Letter,
    Measure,
    Notice,
    Part,
    PartsQualityRecord,
    PartsShipment,
    Position,
    ProductModel,
    Proposal,
    Record,
    Region,
    ServiceReceipt,
    Staff,
    StepTaken,
    Subject,
    Supplier,
    Vehicle,
    WarrantyClaim,
)
from views import errors, look, setup
from views.absence import AbsenceView
from views.account_security import AccountSecurityView
from views.audit_log import AuditLogView
from views.base import RecordView
from views.call_record import CallRecordView
from views.came_back import BadAddressView
from views.chat_group import ChatGroupView
from views.compensation_rule import CompensationRuleView
from views.complaint import ComplaintView
from views.customer import CustomerView
from views.daily_close import CloseDayView, TeamDayView
from views.deadline_preview import DeadlinePreviewView
from views.deadline_rule import DeadlineRuleView
from views.dealer import DealerView
from views.decisions import DecisionsView
from views.delivery import DeliveryView
from views.department_task import DepartmentTaskView
from views.digest import DigestView
from views.digest_settings import DigestSettingsView
from views.due import DueView
from views.export import export_table
from views.export_runs import ExportRunView
from views.guide import GuideView
from views.holiday import HolidayView
from views.home import HomeView
from views.importing import ImportView
from views.letter import LetterView
from views.measure import MeasureView
from views.notice import NoticeView
from views.office_calendar import OfficeCalendarView, WorkingHoursView
from views.operations import OperationsView
from views.organisation import DepartmentView, DigestRecipientView, PositionView, RegionView
from views.page import Page
from views.part import PartView
from views.parts_quality import PartsQualityView
from views.preferences import PreferencesView
from views.product_model import ProductModelView
from views.proposal import ProposalView
from views.quality_meeting import QualityMeetingView
from views.recycle_bin import RecycleBinView
from views.retention import RetentionView
from views.rights import RightsView
from views.search import SearchView
from views.sender import SenderView
from views.service_receipt import ServiceReceiptView
from views.setup import SetupView
from views.shipment import PartsShipmentView
from views.staff import StaffView
from views.start_check import check_screens
from views.step_taken import StepTakenView
from views.subject import SubjectView
from views.summary import SummaryView
from views.summary_meeting import SummaryMeetingView
from views.supplier import SupplierView
from views.team import TeamView
from views.typed_day import TypedDayView
from views.typed_phone import TypedPhoneView
from views.undo import UndoView
from views.vehicle import VehicleView
from views.waiting import WaitingView
from views.warranty_claim import WarrantyClaimView

# In the order of the sidebar, within their areas.
SCREENS: tuple[tuple[type[RecordView], type[Record]], ...] = (
    (ComplaintView, Complaint),
    (ProposalView, Proposal),
    (DepartmentTaskView, DepartmentTask),
    (NoticeView, Notice),
    (StepTakenView, StepTaken),
    (SubjectView, Subject),
    (CustomerView, Customer),
    (VehicleView, Vehicle),
    (ServiceReceiptView, ServiceReceipt),
    (CallRecordView, CallRecord),
    (LetterView, Letter),
    (ProductModelView, ProductModel),
    (DealerView, Dealer),
    (WarrantyClaimView, WarrantyClaim),
    (PartsQualityView, PartsQualityRecord),
    (PartsShipmentView, PartsShipment),
    (PartView, Part),
    (SupplierView, Supplier),
    (MeasureView, Measure),
    (DigestRecipientView, DigestRecipient),
    (ChatGroupView, ChatGroup),
    (StaffView, Staff),
    (DepartmentView, Department),
    (PositionView, Position),
    (RegionView, Region),
    (AbsenceView, Absence),
    (HolidayView, Holiday),
    (DeadlineRuleView, DeadlineRule),
    (CompensationRuleView, CompensationRule),
)
# Pages that are no lists of records.
PAGES: tuple[type[Page], ...] = (
    DueView,
    DecisionsView,
    TeamView,
    CloseDayView,
    TeamDayView,
    SummaryView,
    UndoView,
    DigestView,
    QualityMeetingView,
    SummaryMeetingView,
    DigestSettingsView,
    DeliveryView,
    BadAddressView,
    ImportView,
    ExportRunView,
    SetupView,
    OfficeCalendarView,
    WorkingHoursView,
    DeadlinePreviewView,
    OperationsView,
    SenderView,
    RetentionView,
    RecycleBinView,
    AuditLogView,
    RightsView,
    SearchView,
    PreferencesView,
    AccountSecurityView,
    GuideView,
    TypedDayView,
    TypedPhoneView,
    WaitingView,
)


def register(app: Flask) -> None:
    """Add every screen, the error pages and what templates need to `app`; stop if one lacks something."""
    home = HomeView(name="home", endpoint="home", url="/")
    admin = Admin(
        app, name="Huisheng", url="/", index_view=home, theme=Theme(folder="", base_template="layout.html")
    )
    screens = {model: screen(model) for screen, model in SCREENS}
    pages = [page() for page in PAGES]
    app.extensions["record_views"] = screens
    app.extensions[SOURCE] = export_table
    app.extensions["pages"] = [*pages, *screens.values()]
    for view in app.extensions["pages"]:
        admin.add_view(view)
    look.register(app)
    errors.register(app)
    setup.register(app)
    check_screens(list(screens.values()))
