"""first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import AUDIT_FUNCTION, NUMBER_FUNCTION, audit_trigger

RECORD_TABLES = (
    "complaint",
    "customer",
    "dealer",
    "department",
    "digest_recipient",
    "part",
    "parts_quality_record",
    "position",
    "region",
    "staff",
    "subject",
    "supplier",
    "vehicle",
)
# Every record's keys to staff, department and region: added last, because these tables point at each other.
RECORD_KEYS = {
    "created_by_id": "staff",
    "responsible_id": "staff",
    "department_id": "department",
    "region_id": "region",
}
SECRET_COLUMNS = {"staff": ("password", "fs_uniquifier")}

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database forward."""
    op.execute(NUMBER_FUNCTION)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "insert",
                "update",
                "delete",
                name="auditaction",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("on_behalf_of_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor_id", "id"], unique=False)
    op.create_index("ix_audit_entry_row", "audit_entry", ["table_name", "row_id", "id"], unique=False)
    op.create_table(
        "dealer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("principal", sa.String(length=80), nullable=True),
        sa.Column("contact_person", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=160), nullable=True),
        sa.Column("province", sa.String(length=40), nullable=True),
        sa.Column("city", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("contract_number", sa.String(length=60), nullable=True),
        sa.Column("contract_from", sa.Date(), nullable=True),
        sa.Column("contract_until", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column(
            "grade",
            sa.Enum("A", "B", "C", name="grade", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("has_own_workshop", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("vehicles_per_year", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("code ~ '[^[:space:]]'", name=op.f("ck_dealer_code_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_dealer_name_not_blank")),
        sa.CheckConstraint("vehicles_per_year >= 0", name=op.f("ck_dealer_vehicles_per_year")),
        sa.CheckConstraint("contract_from <= contract_until", name=op.f("ck_dealer_contract_term")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dealer")),
    )
    op.create_index(op.f("ix_dealer_created_by_id"), "dealer", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_dealer_department_id"), "dealer", ["department_id"], unique=False)
    op.create_index(op.f("ix_dealer_name"), "dealer", ["name"], unique=False)
    op.create_index(op.f("ix_dealer_region_id"), "dealer", ["region_id"], unique=False)
    op.create_index(op.f("ix_dealer_responsible_id"), "dealer", ["responsible_id"], unique=False)
    op.create_index(
        "uq_dealer_code", "dealer", ["code"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "department",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=True),
        sa.Column("gets_digest", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("gets_all_subjects", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("gets_parts_quality", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "digest_weekday",
            sa.Enum(
                "1",
                "2",
                "3",
                "4",
                "5",
                "6",
                "7",
                name="weekday",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="1",
            nullable=False,
        ),
        sa.Column("digest_hour", sa.Integer(), server_default="8", nullable=False),
        sa.Column("skips_empty_digest", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_department_name_not_blank")),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name=op.f("ck_department_digest_hour")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
    )
    op.create_index(op.f("ix_department_created_by_id"), "department", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_department_department_id"), "department", ["department_id"], unique=False)
    op.create_index(op.f("ix_department_region_id"), "department", ["region_id"], unique=False)
    op.create_index(op.f("ix_department_responsible_id"), "department", ["responsible_id"], unique=False)
    op.create_index(
        "uq_department_code",
        "department",
        ["code"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_department_name",
        "department",
        ["name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "digest_recipient",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column(
            "locale",
            sa.Enum("zh_Hans_CN", "en", name="locale", native_enum=False, create_constraint=True, length=40),
            server_default="zh_Hans_CN",
            nullable=False,
        ),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_digest_recipient_name_not_blank")),
        sa.CheckConstraint("department_id IS NOT NULL", name=op.f("ck_digest_recipient_department")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_digest_recipient_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_recipient")),
    )
    op.create_index(
        op.f("ix_digest_recipient_created_by_id"), "digest_recipient", ["created_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_digest_recipient_department_id"), "digest_recipient", ["department_id"], unique=False
    )
    op.create_index(op.f("ix_digest_recipient_region_id"), "digest_recipient", ["region_id"], unique=False)
    op.create_index(
        op.f("ix_digest_recipient_responsible_id"), "digest_recipient", ["responsible_id"], unique=False
    )
    op.create_index(
        "uq_digest_recipient_department_id_email",
        "digest_recipient",
        ["department_id", "email"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "position",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_position_name_not_blank")),
        sa.CheckConstraint("id <> parent_id", name=op.f("ck_position_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["position.id"], name=op.f("fk_position_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position")),
    )
    op.create_index(op.f("ix_position_created_by_id"), "position", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_position_department_id"), "position", ["department_id"], unique=False)
    op.create_index(op.f("ix_position_parent_id"), "position", ["parent_id"], unique=False)
    op.create_index(op.f("ix_position_region_id"), "position", ["region_id"], unique=False)
    op.create_index(op.f("ix_position_responsible_id"), "position", ["responsible_id"], unique=False)
    op.create_index(
        "uq_position_name", "position", ["name"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "region",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_region_name_not_blank")),
        sa.CheckConstraint("id <> parent_id", name=op.f("ck_region_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["region.id"], name=op.f("fk_region_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
    )
    op.create_index(op.f("ix_region_created_by_id"), "region", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_region_department_id"), "region", ["department_id"], unique=False)
    op.create_index(op.f("ix_region_parent_id"), "region", ["parent_id"], unique=False)
    op.create_index(op.f("ix_region_region_id"), "region", ["region_id"], unique=False)
    op.create_index(op.f("ix_region_responsible_id"), "region", ["responsible_id"], unique=False)
    op.create_index(
        "uq_region_name", "region", ["name"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "subject",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_subject_name_not_blank")),
        sa.CheckConstraint("id <> parent_id", name=op.f("ck_subject_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["subject.id"], name=op.f("fk_subject_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
    )
    op.create_index(op.f("ix_subject_created_by_id"), "subject", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_subject_department_id"), "subject", ["department_id"], unique=False)
    op.create_index(op.f("ix_subject_name"), "subject", ["name"], unique=False)
    op.create_index(op.f("ix_subject_parent_id"), "subject", ["parent_id"], unique=False)
    op.create_index(op.f("ix_subject_region_id"), "subject", ["region_id"], unique=False)
    op.create_index(op.f("ix_subject_responsible_id"), "subject", ["responsible_id"], unique=False)
    op.create_index(
        "uq_subject_code", "subject", ["code"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "supplier",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("contact_person", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=160), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_supplier_name_not_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier")),
    )
    op.create_index(op.f("ix_supplier_code"), "supplier", ["code"], unique=False)
    op.create_index(op.f("ix_supplier_created_by_id"), "supplier", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_supplier_department_id"), "supplier", ["department_id"], unique=False)
    op.create_index(op.f("ix_supplier_region_id"), "supplier", ["region_id"], unique=False)
    op.create_index(op.f("ix_supplier_responsible_id"), "supplier", ["responsible_id"], unique=False)
    op.create_index(
        "uq_supplier_name", "supplier", ["name"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('KH')"), nullable=False
        ),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "owner",
                "company",
                "dealer_customer",
                name="customerkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="owner",
            nullable=False,
        ),
        sa.Column("contact_person", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=160), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column(
            "level",
            sa.Enum("A", "B", "C", name="grade", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("dealer_id", sa.BigInteger(), nullable=True),
        sa.Column("wished_service", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("first_contact_on", sa.Date(), nullable=True),
        sa.Column("sale_promises", sa.Text(), nullable=True),
        sa.Column("are_promises_kept", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_customer_name_not_blank")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_customer_dealer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_number")),
    )
    op.create_index(op.f("ix_customer_created_by_id"), "customer", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_customer_dealer_id"), "customer", ["dealer_id"], unique=False)
    op.create_index(op.f("ix_customer_department_id"), "customer", ["department_id"], unique=False)
    op.create_index(op.f("ix_customer_first_contact_on"), "customer", ["first_contact_on"], unique=False)
    op.create_index(op.f("ix_customer_name"), "customer", ["name"], unique=False)
    op.create_index(op.f("ix_customer_phone"), "customer", ["phone"], unique=False)
    op.create_index(op.f("ix_customer_region_id"), "customer", ["region_id"], unique=False)
    op.create_index(op.f("ix_customer_responsible_id"), "customer", ["responsible_id"], unique=False)
    op.create_table(
        "part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("is_key_part", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("code ~ '[^[:space:]]'", name=op.f("ck_part_code_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_part_name_not_blank")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_part_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
    )
    op.create_index(op.f("ix_part_created_by_id"), "part", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_part_department_id"), "part", ["department_id"], unique=False)
    op.create_index(op.f("ix_part_name"), "part", ["name"], unique=False)
    op.create_index(op.f("ix_part_region_id"), "part", ["region_id"], unique=False)
    op.create_index(op.f("ix_part_responsible_id"), "part", ["responsible_id"], unique=False)
    op.create_index(op.f("ix_part_supplier_id"), "part", ["supplier_id"], unique=False)
    op.create_index(
        "uq_part_code", "part", ["code"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=80), nullable=True),
        sa.Column("position_id", sa.BigInteger(), nullable=True),
        sa.Column("roles", sa.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
        sa.Column(
            "locale",
            sa.Enum("zh_Hans_CN", "en", name="locale", native_enum=False, create_constraint=True, length=40),
            server_default="zh_Hans_CN",
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_staff_name_not_blank")),
        sa.CheckConstraint(
            "roles <@ ARRAY['clerk', 'follow_up_agent', 'touring_engineer', 'quality_engineer', 'warehouse_keeper', 'supervisor', 'auditor', 'administrator']::varchar[]",
            name=op.f("ck_staff_roles_known"),
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_email_lower")),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_staff_position_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_staff_fs_uniquifier")),
    )
    op.create_index(op.f("ix_staff_created_by_id"), "staff", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_staff_department_id"), "staff", ["department_id"], unique=False)
    op.create_index(op.f("ix_staff_name"), "staff", ["name"], unique=False)
    op.create_index(op.f("ix_staff_position_id"), "staff", ["position_id"], unique=False)
    op.create_index(op.f("ix_staff_region_id"), "staff", ["region_id"], unique=False)
    op.create_index(op.f("ix_staff_responsible_id"), "staff", ["responsible_id"], unique=False)
    op.create_index(
        "uq_staff_email", "staff", ["email"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "subject_department",
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_subject_department_department_id")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.id"], name=op.f("fk_subject_department_subject_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subject_id", "department_id", name=op.f("pk_subject_department")),
    )
    op.create_index(
        op.f("ix_subject_department_department_id"), "subject_department", ["department_id"], unique=False
    )
    op.create_table(
        "digest",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.Column("iso_year", sa.Integer(), nullable=False),
        sa.Column("iso_week", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("iso_week BETWEEN 1 AND 53", name=op.f("ck_digest_iso_week")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_digest_department_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["staff.id"], name=op.f("fk_digest_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint(
            "department_id", "iso_year", "iso_week", name=op.f("uq_digest_department_id_iso_year_iso_week")
        ),
    )
    op.create_index("ix_digest_iso_year_iso_week", "digest", ["iso_year", "iso_week"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mapping", sa.String(length=60), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("rows_new", sa.Integer(), nullable=False),
        sa.Column("rows_changed", sa.Integer(), nullable=False),
        sa.Column("rows_unchanged", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_import_run_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_file_sha256"), "import_run", ["file_sha256"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remote_address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_login_session_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    op.create_index(
        "ix_login_session_staff_id_open",
        "login_session",
        ["staff_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "vehicle",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("frame_number", sa.String(length=40), nullable=False),
        sa.Column("plate_number", sa.String(length=20), nullable=True),
        sa.Column("model", sa.String(length=80), nullable=False),
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
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("dealer_id", sa.BigInteger(), nullable=True),
        sa.Column("production_on", sa.Date(), nullable=True),
        sa.Column("production_batch", sa.String(length=60), nullable=True),
        sa.Column("sold_on", sa.Date(), nullable=True),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.Column("mileage_km", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("frame_number ~ '[^[:space:]]'", name=op.f("ck_vehicle_frame_number_not_blank")),
        sa.CheckConstraint("mileage_km >= 0", name=op.f("ck_vehicle_mileage_km")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_vehicle_customer_id")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_vehicle_dealer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
    )
    op.create_index(op.f("ix_vehicle_created_by_id"), "vehicle", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_vehicle_customer_id"), "vehicle", ["customer_id"], unique=False)
    op.create_index(op.f("ix_vehicle_dealer_id"), "vehicle", ["dealer_id"], unique=False)
    op.create_index(op.f("ix_vehicle_department_id"), "vehicle", ["department_id"], unique=False)
    op.create_index(op.f("ix_vehicle_model"), "vehicle", ["model"], unique=False)
    op.create_index(op.f("ix_vehicle_plate_number"), "vehicle", ["plate_number"], unique=False)
    op.create_index(op.f("ix_vehicle_production_batch"), "vehicle", ["production_batch"], unique=False)
    op.create_index(op.f("ix_vehicle_region_id"), "vehicle", ["region_id"], unique=False)
    op.create_index(op.f("ix_vehicle_responsible_id"), "vehicle", ["responsible_id"], unique=False)
    op.create_index(op.f("ix_vehicle_sold_on"), "vehicle", ["sold_on"], unique=False)
    op.create_index(
        "uq_vehicle_frame_number",
        "vehicle",
        ["frame_number"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "complaint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('TS')"), nullable=False
        ),
        sa.Column(
            "step",
            sa.Enum(
                "registered",
                "verified",
                "analysed",
                "proposed",
                "agreed",
                "carried_out",
                "confirmed",
                name="step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="registered",
            nullable=False,
        ),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_name", sa.String(length=160), nullable=False),
        sa.Column("phone", sa.String(length=160), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=True),
        sa.Column("dealer_id", sa.BigInteger(), nullable=True),
        sa.Column("part_id", sa.BigInteger(), nullable=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("demand", sa.Text(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "phone",
                "letter",
                "visit",
                "follow_up",
                "dealer",
                "website",
                "other",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="phone",
            nullable=False,
        ),
        sa.Column(
            "severity",
            sa.Enum(
                "minor",
                "normal",
                "severe",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="normal",
            nullable=False,
        ),
        sa.Column("is_safety_relevant", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "verified_by",
            sa.Enum(
                "phone",
                "letter",
                "visit",
                name="verifiedby",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("is_confirmed_with_customer", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("needs_investigation", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("specification", sa.String(length=160), nullable=True),
        sa.Column("production_on", sa.Date(), nullable=True),
        sa.Column("production_batch", sa.String(length=60), nullable=True),
        sa.Column("in_use_since", sa.Date(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("brand_before", sa.String(length=80), nullable=True),
        sa.Column("recent_condition", sa.Text(), nullable=True),
        sa.Column("analysed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "cause",
            sa.Enum(
                "poor_quality",
                "wrong_use",
                "poor_service",
                "oversold",
                "transport",
                "other",
                name="cause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "fault_degree",
            sa.Enum(
                "none",
                "partly",
                "fully",
                name="faultdegree",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("is_demand_reasonable", sa.Boolean(), nullable=True),
        sa.Column("has_long_relation", sa.Boolean(), nullable=True),
        sa.Column("will_buy_again", sa.Boolean(), nullable=True),
        sa.Column("word_of_mouth", sa.Text(), nullable=True),
        sa.Column("analysis", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "customer_name ~ '[^[:space:]]'", name=op.f("ck_complaint_customer_name_not_blank")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_complaint_customer_id")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_complaint_dealer_id")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_complaint_part_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], name=op.f("fk_complaint_subject_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_complaint_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("number", name=op.f("uq_complaint_number")),
    )
    op.create_index(op.f("ix_complaint_created_by_id"), "complaint", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_complaint_customer_id"), "complaint", ["customer_id"], unique=False)
    op.create_index(op.f("ix_complaint_dealer_id"), "complaint", ["dealer_id"], unique=False)
    op.create_index(op.f("ix_complaint_department_id"), "complaint", ["department_id"], unique=False)
    op.create_index(op.f("ix_complaint_part_id"), "complaint", ["part_id"], unique=False)
    op.create_index(op.f("ix_complaint_region_id"), "complaint", ["region_id"], unique=False)
    op.create_index("ix_complaint_registered_at", "complaint", ["registered_at", "id"], unique=False)
    op.create_index(op.f("ix_complaint_responsible_id"), "complaint", ["responsible_id"], unique=False)
    op.create_index(
        "ix_complaint_severity_registered_at", "complaint", ["severity", "registered_at"], unique=False
    )
    op.create_index("ix_complaint_step_registered_at", "complaint", ["step", "registered_at"], unique=False)
    op.create_index(
        "ix_complaint_subject_id_registered_at", "complaint", ["subject_id", "registered_at"], unique=False
    )
    op.create_index(op.f("ix_complaint_vehicle_id"), "complaint", ["vehicle_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "digest", "account", name="deliverykind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("digest_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("recipient_name", sa.String(length=160), nullable=False),
        sa.Column(
            "locale",
            sa.Enum("zh_Hans_CN", "en", name="locale", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("copy_number", sa.Integer(), server_default="1", nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=400), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "sending",
                "sent",
                "kept",
                "failed",
                "unknown",
                name="deliverystate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'digest') = (digest_id IS NOT NULL)", name=op.f("ck_delivery_digest_of_kind")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_delivery_created_by_id")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_delivery_digest_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["staff.id"], name=op.f("fk_delivery_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "digest_id", "recipient", "copy_number", name=op.f("uq_delivery_digest_id_recipient_copy_number")
        ),
        sa.UniqueConstraint("message_id", name=op.f("uq_delivery_message_id")),
    )
    op.create_index(
        "ix_delivery_claimed_at",
        "delivery",
        ["claimed_at"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(op.f("ix_delivery_created_at"), "delivery", ["created_at"], unique=False)
    op.create_index(op.f("ix_delivery_digest_id"), "delivery", ["digest_id"], unique=False)
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "import_origin",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("external_key", sa.String(length=200), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_origin_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_origin")),
        sa.UniqueConstraint(
            "source",
            "table_name",
            "external_key",
            name=op.f("uq_import_origin_source_table_name_external_key"),
        ),
    )
    op.create_index("ix_import_origin_row", "import_origin", ["table_name", "row_id"], unique=False)
    op.create_table(
        "parts_quality_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('PZ')"), nullable=False
        ),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("production_batch", sa.String(length=60), nullable=True),
        sa.Column("production_on", sa.Date(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column(
            "found_by",
            sa.Enum(
                "dealer",
                "customer",
                "warehouse",
                "factory",
                name="foundby",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="warehouse",
            nullable=False,
        ),
        sa.Column("dealer_id", sa.BigInteger(), nullable=True),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=True),
        sa.Column("mileage_km", sa.Integer(), nullable=True),
        sa.Column("months_in_use", sa.Integer(), nullable=True),
        sa.Column(
            "disposition",
            sa.Enum(
                "replace",
                "return_to_supplier",
                "scrap",
                "repair",
                name="disposition",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("complaint_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("fault ~ '[^[:space:]]'", name=op.f("ck_parts_quality_record_fault_not_blank")),
        sa.CheckConstraint("mileage_km >= 0", name=op.f("ck_parts_quality_record_mileage_km")),
        sa.CheckConstraint("months_in_use >= 0", name=op.f("ck_parts_quality_record_months_in_use")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parts_quality_record_quantity")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_parts_quality_record_complaint_id")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_quality_record_dealer_id")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_parts_quality_record_part_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["supplier.id"], name=op.f("fk_parts_quality_record_supplier_id")
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicle.id"], name=op.f("fk_parts_quality_record_vehicle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_quality_record")),
        sa.UniqueConstraint("number", name=op.f("uq_parts_quality_record_number")),
    )
    op.create_index(
        op.f("ix_parts_quality_record_complaint_id"), "parts_quality_record", ["complaint_id"], unique=False
    )
    op.create_index(
        op.f("ix_parts_quality_record_created_by_id"), "parts_quality_record", ["created_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_parts_quality_record_dealer_id"), "parts_quality_record", ["dealer_id"], unique=False
    )
    op.create_index(
        op.f("ix_parts_quality_record_department_id"), "parts_quality_record", ["department_id"], unique=False
    )
    op.create_index(
        "ix_parts_quality_record_found_on", "parts_quality_record", ["found_on", "id"], unique=False
    )
    op.create_index(
        "ix_parts_quality_record_part_id_found_on",
        "parts_quality_record",
        ["part_id", "found_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_parts_quality_record_production_batch"),
        "parts_quality_record",
        ["production_batch"],
        unique=False,
    )
    op.create_index(
        op.f("ix_parts_quality_record_region_id"), "parts_quality_record", ["region_id"], unique=False
    )
    op.create_index(
        op.f("ix_parts_quality_record_responsible_id"),
        "parts_quality_record",
        ["responsible_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_parts_quality_record_supplier_id"), "parts_quality_record", ["supplier_id"], unique=False
    )
    op.create_index(
        op.f("ix_parts_quality_record_vehicle_id"), "parts_quality_record", ["vehicle_id"], unique=False
    )
    for table in RECORD_TABLES:
        for column, target in RECORD_KEYS.items():
            op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, target, [column], ["id"])
    op.execute(AUDIT_FUNCTION)
    for table in RECORD_TABLES:
        op.execute(audit_trigger(table, secret_columns=SECRET_COLUMNS.get(table, ())))
    op.execute(audit_trigger("subject_department", key="subject_id"))


def downgrade() -> None:
    """Bring the database back: there is nothing before the first tables."""
    raise NotImplementedError("restore a backup instead")
