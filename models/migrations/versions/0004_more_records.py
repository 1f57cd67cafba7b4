"""more records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from models.migrations.rights import AUDIT_FUNCTION, audit_trigger
from models.phones import phone_numbers_in
from models.pinyin import pinyin_key

NAMED = (
    "customer",
    "dealer",
    "department",
    "part",
    "position",
    "product_model",
    "region",
    "staff",
    "subject",
    "supplier",
)
WITH_PHONES = ("complaint", "customer", "dealer", "staff", "supplier")
CHUNK = 5_000

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database forward."""
    op.create_table(
        "holiday",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("falls_on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "public_holiday",
                "working_day",
                name="holidaykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="public_holiday",
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_holiday_name_not_blank")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_holiday_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_holiday_department_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_holiday_region_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["staff.id"], name=op.f("fk_holiday_responsible_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday")),
    )
    op.create_index(op.f("ix_holiday_created_by_id"), "holiday", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_holiday_department_id"), "holiday", ["department_id"], unique=False)
    op.create_index(op.f("ix_holiday_region_id"), "holiday", ["region_id"], unique=False)
    op.create_index(op.f("ix_holiday_responsible_id"), "holiday", ["responsible_id"], unique=False)
    op.create_index(
        "uq_holiday_falls_on",
        "holiday",
        ["falls_on"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "product_model",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "cargo",
                "passenger",
                "express",
                "special",
                "other",
                name="vehiclekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="cargo",
            nullable=False,
        ),
        sa.Column("warranty_months", sa.Integer(), nullable=True),
        sa.Column("maintenance_interval_months", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False),
        sa.CheckConstraint("code ~ '[^[:space:]]'", name=op.f("ck_product_model_code_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_product_model_name_not_blank")),
        sa.CheckConstraint(
            "maintenance_interval_months BETWEEN 1 AND 120",
            name=op.f("ck_product_model_maintenance_interval_months"),
        ),
        sa.CheckConstraint(
            "warranty_months BETWEEN 0 AND 240", name=op.f("ck_product_model_warranty_months")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_product_model_created_by_id")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_product_model_department_id")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_product_model_region_id")),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["staff.id"], name=op.f("fk_product_model_responsible_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_model")),
    )
    op.create_index(op.f("ix_product_model_created_by_id"), "product_model", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_product_model_department_id"), "product_model", ["department_id"], unique=False)
    op.create_index(op.f("ix_product_model_name_sort"), "product_model", ["name_sort"], unique=False)
    op.create_index(op.f("ix_product_model_region_id"), "product_model", ["region_id"], unique=False)
    op.create_index(
        op.f("ix_product_model_responsible_id"), "product_model", ["responsible_id"], unique=False
    )
    op.create_index(
        "uq_product_model_code",
        "product_model",
        ["code"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "supplier_alias",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_supplier_alias_name_not_blank")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_supplier_alias_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_alias")),
        sa.UniqueConstraint("name", name=op.f("uq_supplier_alias_name")),
    )
    op.create_index(op.f("ix_supplier_alias_supplier_id"), "supplier_alias", ["supplier_id"], unique=False)
    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("body ~ '[^[:space:]]'", name=op.f("ck_note_body_not_blank")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_note_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_created_by_id"), "note", ["created_by_id"], unique=False)
    op.create_index("ix_note_row", "note", ["table_name", "row_id", "id"], unique=False)
    op.create_table(
        "parts_shipment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('FH')"), nullable=False
        ),
        sa.Column("shipped_on", sa.Date(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("production_batch", sa.String(length=60), nullable=True),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_right", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("wrong_because", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "is_right OR coalesce(wrong_because, '') ~ '[^[:space:]]'",
            name=op.f("ck_parts_shipment_wrong_because"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parts_shipment_quantity")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff.id"], name=op.f("fk_parts_shipment_created_by_id")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_shipment_dealer_id")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_parts_shipment_department_id")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_parts_shipment_part_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_parts_shipment_region_id")),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["staff.id"], name=op.f("fk_parts_shipment_responsible_id")
        ),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_parts_shipment_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_shipment")),
        sa.UniqueConstraint("number", name=op.f("uq_parts_shipment_number")),
    )
    op.create_index(
        op.f("ix_parts_shipment_created_by_id"), "parts_shipment", ["created_by_id"], unique=False
    )
    op.create_index(op.f("ix_parts_shipment_dealer_id"), "parts_shipment", ["dealer_id"], unique=False)
    op.create_index(
        op.f("ix_parts_shipment_department_id"), "parts_shipment", ["department_id"], unique=False
    )
    op.create_index(
        "ix_parts_shipment_part_id_shipped_on", "parts_shipment", ["part_id", "shipped_on"], unique=False
    )
    op.create_index(
        op.f("ix_parts_shipment_production_batch"), "parts_shipment", ["production_batch"], unique=False
    )
    op.create_index(op.f("ix_parts_shipment_region_id"), "parts_shipment", ["region_id"], unique=False)
    op.create_index(
        op.f("ix_parts_shipment_responsible_id"), "parts_shipment", ["responsible_id"], unique=False
    )
    op.create_index("ix_parts_shipment_shipped_on", "parts_shipment", ["shipped_on", "id"], unique=False)
    op.create_index(op.f("ix_parts_shipment_supplier_id"), "parts_shipment", ["supplier_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=180), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("has_preview", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("file_name ~ '[^[:space:]]'", name=op.f("ck_attachment_file_name_not_blank")),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachment_size")),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_attachment_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_note_id"), "attachment", ["note_id"], unique=False)
    op.create_table(
        "service_receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('SH')"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "repair",
                "maintenance",
                "inspection",
                "inquiry",
                "on_site",
                name="servicekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="repair",
            nullable=False,
        ),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=True),
        sa.Column("dealer_id", sa.BigInteger(), nullable=True),
        sa.Column("came_in_on", sa.Date(), nullable=False),
        sa.Column("handed_over_on", sa.Date(), nullable=True),
        sa.Column("mileage_km", sa.Integer(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("work_done", sa.Text(), nullable=True),
        sa.Column("parts_replaced", sa.Text(), nullable=True),
        sa.Column("cost", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("is_return_repair", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("earlier_receipt_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("engineer_id", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=300), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("arrived_at >= asked_at", name=op.f("ck_service_receipt_arrived_at")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_service_receipt_cost")),
        sa.CheckConstraint("done_at >= arrived_at", name=op.f("ck_service_receipt_done_at")),
        sa.CheckConstraint("earlier_receipt_id <> id", name=op.f("ck_service_receipt_earlier_receipt_id")),
        sa.CheckConstraint("handed_over_on >= came_in_on", name=op.f("ck_service_receipt_handed_over_on")),
        sa.CheckConstraint(
            "is_return_repair OR earlier_receipt_id IS NULL", name=op.f("ck_service_receipt_is_return_repair")
        ),
        sa.CheckConstraint("mileage_km >= 0", name=op.f("ck_service_receipt_mileage_km")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff.id"], name=op.f("fk_service_receipt_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_service_receipt_customer_id")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_service_receipt_dealer_id")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_service_receipt_department_id")
        ),
        sa.ForeignKeyConstraint(
            ["earlier_receipt_id"], ["service_receipt.id"], name=op.f("fk_service_receipt_earlier_receipt_id")
        ),
        sa.ForeignKeyConstraint(["engineer_id"], ["staff.id"], name=op.f("fk_service_receipt_engineer_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_service_receipt_region_id")),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["staff.id"], name=op.f("fk_service_receipt_responsible_id")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_service_receipt_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_receipt")),
        sa.UniqueConstraint("number", name=op.f("uq_service_receipt_number")),
    )
    op.create_index("ix_service_receipt_came_in_on", "service_receipt", ["came_in_on", "id"], unique=False)
    op.create_index(
        op.f("ix_service_receipt_created_by_id"), "service_receipt", ["created_by_id"], unique=False
    )
    op.create_index(
        "ix_service_receipt_customer_id_came_in_on",
        "service_receipt",
        ["customer_id", "came_in_on"],
        unique=False,
    )
    op.create_index(op.f("ix_service_receipt_dealer_id"), "service_receipt", ["dealer_id"], unique=False)
    op.create_index(
        op.f("ix_service_receipt_department_id"), "service_receipt", ["department_id"], unique=False
    )
    op.create_index(
        op.f("ix_service_receipt_earlier_receipt_id"), "service_receipt", ["earlier_receipt_id"], unique=False
    )
    op.create_index(op.f("ix_service_receipt_engineer_id"), "service_receipt", ["engineer_id"], unique=False)
    op.create_index(
        op.f("ix_service_receipt_handed_over_on"), "service_receipt", ["handed_over_on"], unique=False
    )
    op.create_index(op.f("ix_service_receipt_region_id"), "service_receipt", ["region_id"], unique=False)
    op.create_index(
        op.f("ix_service_receipt_responsible_id"), "service_receipt", ["responsible_id"], unique=False
    )
    op.create_index(
        "ix_service_receipt_vehicle_id_came_in_on",
        "service_receipt",
        ["vehicle_id", "came_in_on"],
        unique=False,
    )
    op.create_table(
        "attachment_content",
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=True),
        sa.Column("preview", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_attachment_content_attachment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_attachment_content")),
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('XH')"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "notice",
                "invitation",
                "reply",
                name="letterkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="notice",
            nullable=False,
        ),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("sent_by_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("dealer_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("regarding", sa.String(length=160), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("complaint_id", sa.BigInteger(), nullable=True),
        sa.Column("replied_on", sa.Date(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("regarding ~ '[^[:space:]]'", name=op.f("ck_letter_regarding_not_blank")),
        sa.CheckConstraint("replied_on >= sent_on", name=op.f("ck_letter_replied_on")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_letter_complaint_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_letter_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_letter_customer_id")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_letter_dealer_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_letter_department_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_letter_region_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["staff.id"], name=op.f("fk_letter_responsible_id")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["staff.id"], name=op.f("fk_letter_sent_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("number", name=op.f("uq_letter_number")),
    )
    op.create_index(op.f("ix_letter_complaint_id"), "letter", ["complaint_id"], unique=False)
    op.create_index(op.f("ix_letter_created_by_id"), "letter", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_letter_customer_id"), "letter", ["customer_id"], unique=False)
    op.create_index(op.f("ix_letter_dealer_id"), "letter", ["dealer_id"], unique=False)
    op.create_index(op.f("ix_letter_department_id"), "letter", ["department_id"], unique=False)
    op.create_index(op.f("ix_letter_region_id"), "letter", ["region_id"], unique=False)
    op.create_index(op.f("ix_letter_responsible_id"), "letter", ["responsible_id"], unique=False)
    op.create_index(op.f("ix_letter_sent_by_id"), "letter", ["sent_by_id"], unique=False)
    op.create_index("ix_letter_sent_on", "letter", ["sent_on", "id"], unique=False)
    op.create_table(
        "warranty_claim",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('SP')"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "from_dealer",
                "on_supplier",
                name="claimkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="from_dealer",
            nullable=False,
        ),
        sa.Column("claimed_on", sa.Date(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger(), nullable=True),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("service_receipt_id", sa.BigInteger(), nullable=True),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=True),
        sa.Column("part_id", sa.BigInteger(), nullable=True),
        sa.Column("production_batch", sa.String(length=60), nullable=True),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("amount_passed", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "open",
                "passed",
                "rejected",
                name="claimoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="open",
            nullable=False,
        ),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'open') = (decided_on IS NULL)", name=op.f("ck_warranty_claim_decided_on")
        ),
        sa.CheckConstraint("fault ~ '[^[:space:]]'", name=op.f("ck_warranty_claim_fault_not_blank")),
        sa.CheckConstraint(
            "kind <> 'from_dealer' OR dealer_id IS NOT NULL", name=op.f("ck_warranty_claim_needs_dealer")
        ),
        sa.CheckConstraint(
            "kind <> 'on_supplier' OR supplier_id IS NOT NULL", name=op.f("ck_warranty_claim_needs_supplier")
        ),
        sa.CheckConstraint(
            "outcome <> 'rejected' OR coalesce(decision_reason, '') ~ '[^[:space:]]'",
            name=op.f("ck_warranty_claim_decision_reason"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_warranty_claim_amount")),
        sa.CheckConstraint("amount_passed >= 0", name=op.f("ck_warranty_claim_amount_passed")),
        sa.CheckConstraint("decided_on >= claimed_on", name=op.f("ck_warranty_claim_decided_later")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_warranty_claim_quantity")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff.id"], name=op.f("fk_warranty_claim_created_by_id")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_warranty_claim_dealer_id")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_warranty_claim_department_id")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_warranty_claim_part_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_warranty_claim_region_id")),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["staff.id"], name=op.f("fk_warranty_claim_responsible_id")
        ),
        sa.ForeignKeyConstraint(
            ["service_receipt_id"], ["service_receipt.id"], name=op.f("fk_warranty_claim_service_receipt_id")
        ),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_warranty_claim_supplier_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_warranty_claim_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warranty_claim")),
        sa.UniqueConstraint("number", name=op.f("uq_warranty_claim_number")),
    )
    op.create_index("ix_warranty_claim_claimed_on", "warranty_claim", ["claimed_on", "id"], unique=False)
    op.create_index(
        op.f("ix_warranty_claim_created_by_id"), "warranty_claim", ["created_by_id"], unique=False
    )
    op.create_index(op.f("ix_warranty_claim_dealer_id"), "warranty_claim", ["dealer_id"], unique=False)
    op.create_index("ix_warranty_claim_decided_on", "warranty_claim", ["decided_on", "kind"], unique=False)
    op.create_index(
        op.f("ix_warranty_claim_department_id"), "warranty_claim", ["department_id"], unique=False
    )
    op.create_index(op.f("ix_warranty_claim_part_id"), "warranty_claim", ["part_id"], unique=False)
    op.create_index(
        op.f("ix_warranty_claim_production_batch"), "warranty_claim", ["production_batch"], unique=False
    )
    op.create_index(op.f("ix_warranty_claim_region_id"), "warranty_claim", ["region_id"], unique=False)
    op.create_index(
        op.f("ix_warranty_claim_responsible_id"), "warranty_claim", ["responsible_id"], unique=False
    )
    op.create_index(
        op.f("ix_warranty_claim_service_receipt_id"), "warranty_claim", ["service_receipt_id"], unique=False
    )
    op.create_index(op.f("ix_warranty_claim_supplier_id"), "warranty_claim", ["supplier_id"], unique=False)
    op.create_index(op.f("ix_warranty_claim_vehicle_id"), "warranty_claim", ["vehicle_id"], unique=False)
    op.add_column(
        "complaint",
        sa.Column("phone_numbers", sa.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
    )
    op.create_index(
        "ix_complaint_phone_numbers", "complaint", ["phone_numbers"], unique=False, postgresql_using="gin"
    )
    op.add_column(
        "customer", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False)
    )
    op.add_column(
        "customer",
        sa.Column("phone_numbers", sa.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
    )
    op.create_index(op.f("ix_customer_name_sort"), "customer", ["name_sort"], unique=False)
    op.create_index(
        "ix_customer_phone_numbers", "customer", ["phone_numbers"], unique=False, postgresql_using="gin"
    )
    op.add_column("dealer", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False))
    op.add_column(
        "dealer",
        sa.Column("phone_numbers", sa.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
    )
    op.create_index(op.f("ix_dealer_name_sort"), "dealer", ["name_sort"], unique=False)
    op.create_index(
        "ix_dealer_phone_numbers", "dealer", ["phone_numbers"], unique=False, postgresql_using="gin"
    )
    op.add_column(
        "department", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False)
    )
    op.create_index(op.f("ix_department_name_sort"), "department", ["name_sort"], unique=False)
    op.add_column("part", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False))
    op.create_index(op.f("ix_part_name_sort"), "part", ["name_sort"], unique=False)
    op.add_column(
        "position", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False)
    )
    op.create_index(op.f("ix_position_name_sort"), "position", ["name_sort"], unique=False)
    op.add_column("region", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False))
    op.create_index(op.f("ix_region_name_sort"), "region", ["name_sort"], unique=False)
    op.add_column("staff", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False))
    op.add_column(
        "staff",
        sa.Column("phone_numbers", sa.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
    )
    op.create_index(op.f("ix_staff_name_sort"), "staff", ["name_sort"], unique=False)
    op.create_index(
        "ix_staff_phone_numbers", "staff", ["phone_numbers"], unique=False, postgresql_using="gin"
    )
    op.add_column(
        "subject", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False)
    )
    op.create_index(op.f("ix_subject_name_sort"), "subject", ["name_sort"], unique=False)
    op.add_column(
        "supplier", sa.Column("name_sort", sa.Text(collation="C"), server_default="", nullable=False)
    )
    op.add_column(
        "supplier",
        sa.Column("phone_numbers", sa.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
    )
    op.create_index(op.f("ix_supplier_name_sort"), "supplier", ["name_sort"], unique=False)
    op.create_index(
        "ix_supplier_phone_numbers", "supplier", ["phone_numbers"], unique=False, postgresql_using="gin"
    )
    # The audit leaves out what only follows from another column.
    op.execute(AUDIT_FUNCTION)
    for table in (
        "holiday",
        "product_model",
        "parts_shipment",
        "service_receipt",
        "letter",
        "warranty_claim",
        "note",
        "attachment",
    ):
        op.execute(audit_trigger(table))
    op.execute(audit_trigger("supplier_alias", key="supplier_id"))
    move_models_of_vehicles()
    for table in NAMED:
        fill(table, "name", "name_sort", "text", pinyin_key)
    for table in WITH_PHONES:
        fill(table, "phone", "phone_numbers", "varchar[]", phone_numbers_in)


def move_models_of_vehicles() -> None:
    """Make a product model of each text that stands with vehicles, and let them refer to it."""
    op.add_column("vehicle", sa.Column("product_model_id", sa.BigInteger(), nullable=True))
    op.add_column("vehicle", sa.Column("next_maintenance_on", sa.Date(), nullable=True))
    op.add_column("vehicle", sa.Column("maintenance_interval_months", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_vehicle_maintenance_interval_months"),
        "vehicle",
        "maintenance_interval_months BETWEEN 1 AND 120",
    )
    # How they are sold is not known from a text: warranty and interval stay open, days already set stay.
    op.execute(
        "INSERT INTO product_model (code, name, kind)"
        " SELECT text, text, mode() WITHIN GROUP (ORDER BY kind) FROM"
        " (SELECT coalesce(nullif(btrim(model), ''), '-') AS text, kind FROM vehicle) AS vehicles GROUP BY text"
    )
    with without_audit("vehicle"):
        op.execute(
            "UPDATE vehicle SET product_model_id = product_model.id FROM product_model"
            " WHERE product_model.code = coalesce(nullif(btrim(vehicle.model), ''), '-')"
        )
    op.alter_column("vehicle", "product_model_id", nullable=False)
    op.drop_index(op.f("ix_vehicle_model"), table_name="vehicle")
    op.drop_column("vehicle", "model")
    op.create_index(op.f("ix_vehicle_next_maintenance_on"), "vehicle", ["next_maintenance_on"], unique=False)
    op.create_index(op.f("ix_vehicle_product_model_id"), "vehicle", ["product_model_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_vehicle_product_model_id"), "vehicle", "product_model", ["product_model_id"], ["id"]
    )


def fill(table: str, source: str, target: str, kind: str, derive: Callable[[str], object]) -> None:
    """Fill the column `target` with what `derive` makes of `source`, chunk by chunk."""
    connection = op.get_bind()
    last = 0
    with without_audit(table):
        while True:
            read = sa.text(
                f"SELECT id, {source} FROM {table} WHERE id > :last AND {source} IS NOT NULL ORDER BY id LIMIT {CHUNK}"  # noqa: S608 - names of this file
            )
            rows = connection.execute(read, {"last": last}).all()
            if not rows:
                return
            last = rows[-1].id
            change = sa.text(f"UPDATE {table} SET {target} = CAST(:value AS {kind}) WHERE id = :id")  # noqa: S608 - names of this file
            connection.execute(change, [{"id": key, "value": derive(text)} for key, text in rows])


@contextmanager
def without_audit(table: str) -> Iterator[None]:
    """Write no audit entry inside the block: nobody changed anything, it is only kept otherwise."""
    op.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit")
    yield
    op.execute(f"ALTER TABLE {table} ENABLE TRIGGER audit")


def downgrade() -> None:
    """Bring the database back: texts of models that were merged into records have no way back."""
    raise NotImplementedError("restore a backup instead")
