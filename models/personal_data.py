"""Which columns hold something about a person, and what an erasure makes of each: the one declaration.

The functions of the database that erase (models/migrations/functions) are made from it at each release. A
test asks for every column that can hold words, so that a new one can't be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY

from models.base import Base

# What stands in the history, and in mails, in place of what was erased.
ERASED = "***erased***"
# What stands in place of the name, before the number: in the data itself, so for readers of both languages.
LABELS = {"customer": "已删除个人信息 Erased #", "staff": "离职员工 Former staff #"}


class Handling(StrEnum):
    """What a column says of a person, and so what becomes of it when that person is erased."""

    # The name itself: gives way to a label by which the record can still be spoken of.
    NAME = "name"
    # Who speaks for the person, where he or she lives: emptied, and looked for in texts word for word.
    WORDS = "words"
    # Phones, several in a cell: emptied, and looked for however they are grouped.
    PHONE = "phone"
    # Phones as digits, beside the cell.
    NUMBERS = "numbers"
    # Plates: emptied, and looked for whatever blanks and dots stand between.
    SIGNS = "signs"
    # Must stand and be unique, such as a frame number or the address of a login: gives way to a mere sign.
    KEY = "key"
    # Follows the name; made anew from its label.
    SORT_KEY = "sort_key"
    # What people write freely: stays, without what names the person.
    TEXT = "text"
    # Opens a login: emptied.
    SECRET = "secret"  # noqa: S105 - says what a column is
    # Of firms and of those who speak for them, or of who gets digests: kept while one works with them.
    BUSINESS = "business"
    # Goes or is searched by a rule of its own, which stands in the function.
    OWN_RULE = "own_rule"
    # Says nothing of a person.
    NONE = "none"


_H = Handling

COLUMNS: Mapping[str, Mapping[str, Handling]] = {
    "customer": {
        "number": _H.NONE,
        "name": _H.NAME,
        "contact_person": _H.WORDS,
        "phone": _H.PHONE,
        "phone_numbers": _H.NUMBERS,
        "email": _H.WORDS,
        "address": _H.WORDS,
        "name_sort": _H.SORT_KEY,
        "wished_service": _H.TEXT,
        "source": _H.TEXT,
        "sale_promises": _H.TEXT,
    },
    "vehicle": {"frame_number": _H.KEY, "plate_number": _H.SIGNS, "production_batch": _H.NONE},
    "complaint": {
        "number": _H.NONE,
        "customer_name": _H.NAME,
        "phone": _H.PHONE,
        "phone_numbers": _H.NUMBERS,
        "address": _H.WORDS,
        "description": _H.TEXT,
        "demand": _H.TEXT,
        "product": _H.TEXT,
        "specification": _H.TEXT,
        "production_batch": _H.NONE,
        "fault": _H.TEXT,
        "brand_before": _H.TEXT,
        "recent_condition": _H.TEXT,
        "word_of_mouth": _H.TEXT,
        "analysis": _H.TEXT,
        "spot_answer": _H.TEXT,
        "confirmation": _H.TEXT,
    },
    "step_taken": {"number": _H.NONE, "remark": _H.TEXT},
    "proposal": {
        "number": _H.NONE,
        "remedies": _H.NONE,
        "details": _H.TEXT,
        "decision_reason": _H.TEXT,
        "reply": _H.TEXT,
        "no_agreement_because": _H.TEXT,
    },
    # Those told may be staff: the function that ends their logins knows their notices.
    "notice": {
        "number": _H.NONE,
        "name": _H.OWN_RULE,
        "email": _H.OWN_RULE,
        "answer": _H.TEXT,
        "answered_by": _H.BUSINESS,
        "measure_owner": _H.BUSINESS,
    },
    "department_task": {"number": _H.NONE, "what": _H.TEXT, "done_by": _H.BUSINESS, "report": _H.TEXT},
    # Of departments and their people; customers are not spoken of.
    "measure": dict.fromkeys(
        (
            "number",
            "what",
            "production_batch",
            "point_key",
            "point_text",
            "meeting_week",
            "report",
            "verification",
            "otherwise_because",
            "dropped_because",
        ),
        _H.NONE,
    )
    | dict.fromkeys(("owner_name", "decided_by", "done_by"), _H.BUSINESS),
    "call_record": {
        "number": _H.NONE,
        "spoke_with": _H.WORDS,
        "phone": _H.PHONE,
        "phone_numbers": _H.NUMBERS,
        "topics": _H.NONE,
        "points": _H.TEXT,
        "wishes": _H.TEXT,
        "praise": _H.TEXT,
        "dissatisfaction": _H.TEXT,
        "promise": _H.TEXT,
    },
    "service_receipt": {
        "number": _H.NONE,
        "fault": _H.TEXT,
        "work_done": _H.TEXT,
        "parts_replaced": _H.TEXT,
        "result": _H.TEXT,
    },
    "letter": {
        "number": _H.NONE,
        "address": _H.WORDS,
        "regarding": _H.TEXT,
        "content": _H.TEXT,
        "reply": _H.TEXT,
    },
    "warranty_claim": {
        "number": _H.NONE,
        "production_batch": _H.NONE,
        "fault": _H.TEXT,
        "decision_reason": _H.TEXT,
    },
    "parts_quality_record": {
        "number": _H.NONE,
        "production_batch": _H.NONE,
        "fault": _H.TEXT,
        "cause": _H.TEXT,
    },
    "staff": {
        "name": _H.NAME,
        "email": _H.KEY,
        "phone": _H.PHONE,
        "phone_numbers": _H.NUMBERS,
        "name_sort": _H.SORT_KEY,
        "roles": _H.OWN_RULE,
        "password": _H.SECRET,
        "fs_uniquifier": _H.KEY,
    },
    # Whose address is that of a member of staff goes with the member.
    "digest_recipient": {"name": _H.NAME, "email": _H.KEY},
    # Of a group; a sealed address says nothing of anybody.
    "chat_group": dict.fromkeys(("name", "robot", "webhook", "signing_secret"), _H.NONE),
    "dealer": {
        "code": _H.NONE,
        "name": _H.BUSINESS,
        "principal": _H.BUSINESS,
        "contact_person": _H.BUSINESS,
        "phone": _H.BUSINESS,
        "phone_numbers": _H.BUSINESS,
        "province": _H.NONE,
        "city": _H.NONE,
        "address": _H.BUSINESS,
        "contract_number": _H.NONE,
        "name_sort": _H.BUSINESS,
    },
    "supplier": {
        "code": _H.NONE,
        "name": _H.BUSINESS,
        "contact_person": _H.BUSINESS,
        "phone": _H.BUSINESS,
        "phone_numbers": _H.BUSINESS,
        "email": _H.BUSINESS,
        "address": _H.BUSINESS,
        "name_sort": _H.BUSINESS,
    },
    "supplier_alias": {"name": _H.BUSINESS},
    "note": {"table_name": _H.NONE, "body": _H.OWN_RULE},
    "attachment": {"file_name": _H.OWN_RULE, "media_type": _H.NONE, "sha256": _H.OWN_RULE},
    "attachment_content": {"content": _H.OWN_RULE, "thumbnail": _H.OWN_RULE, "preview": _H.OWN_RULE},
    "import_origin": {
        "source": _H.NONE,
        "table_name": _H.NONE,
        "external_key": _H.OWN_RULE,
        "values": _H.OWN_RULE,
    },
    "import_run": {
        "mapping": _H.NONE,
        "file_name": _H.OWN_RULE,
        "file_sha256": _H.NONE,
        "problem": _H.OWN_RULE,
        "preview": _H.OWN_RULE,
        "content": _H.OWN_RULE,
        "rejected": _H.OWN_RULE,
    },
    # Files go whole when anybody is erased: at most a week old, they are soon made anew.
    "export_run": {"table_name": _H.NONE, "args": _H.OWN_RULE, "scope": _H.NONE},
    "export_chunk": {"content": _H.OWN_RULE},
    "delivery": {
        "recipient": _H.OWN_RULE,
        "recipient_name": _H.OWN_RULE,
        "message_id": _H.NONE,
        "subject": _H.OWN_RULE,
        "message": _H.OWN_RULE,
        "answer": _H.OWN_RULE,
    },
    # Who answers a mail may be anybody, and name anybody.
    "incoming_mail": {
        "fingerprint": _H.NONE,
        "sender_name": _H.OWN_RULE,
        "sender": _H.OWN_RULE,
        "subject": _H.OWN_RULE,
        "body": _H.OWN_RULE,
        "file_names": _H.OWN_RULE,
        "said": _H.OWN_RULE,
    },
    "bad_address": {"address": _H.OWN_RULE, "reason": _H.OWN_RULE},
    "mailbox": {"name": _H.NONE, "said": _H.NONE},
    # Quotations are masked when a digest is made; what slipped through goes with the complaint's person.
    "digest": {"payload": _H.OWN_RULE, "rows": _H.OWN_RULE},
    "centre": {
        "figure_targets": _H.NONE,
        "name": _H.NONE,
        "name_en": _H.NONE,
        "timezone": _H.NONE,
        "steps": _H.NONE,
        "retention": _H.NONE,
        "working_hours": _H.NONE,
        "hotline": _H.NONE,
        "drafts": _H.OWN_RULE,
    },
    "audit_entry": {"table_name": _H.NONE, "source": _H.NONE, "changes": _H.OWN_RULE},
    # Who came in from where must be kept for a while; afterwards the retention period takes it.
    "access_entry": {"table_name": _H.NONE, "remote_address": _H.NONE, "detail": _H.NONE},
    "login_session": {"token_hash": _H.NONE, "remote_address": _H.OWN_RULE, "user_agent": _H.OWN_RULE},
    "login_attempt": {"key_hash": _H.NONE},
    "second_factor": {"secret": _H.OWN_RULE},
    "recovery_code": {"code_hash": _H.OWN_RULE},
    "sent_form": {"content_hash": _H.NONE},
    "told_once": {"told_of": _H.NONE},
    # Kinds and places of exceptions, never what they say; arguments are keys of rows.
    "failed_job": dict.fromkeys(("key", "function", "arguments", "error", "detail"), _H.NONE),
    "own_right": dict.fromkeys(("table_name", "creator", "responsible"), _H.NONE),
    "demo_record": {"table_name": _H.NONE},
    "department": dict.fromkeys(("code", "name", "name_en", "name_sort", "digest_figures"), _H.NONE),
    "region": dict.fromkeys(("name", "name_sort"), _H.NONE),
    "position": dict.fromkeys(("name", "name_sort"), _H.NONE),
    "subject": dict.fromkeys(("code", "name", "name_en", "also_called", "name_sort"), _H.NONE),
    "part": dict.fromkeys(("code", "name", "name_en", "name_sort"), _H.NONE),
    "product_model": dict.fromkeys(("code", "name", "name_sort"), _H.NONE),
    "parts_shipment": dict.fromkeys(("number", "production_batch", "wrong_because"), _H.NONE),
    "deadline_rule": {"reason": _H.NONE},
    "holiday": {"name": _H.NONE},
    "compensation_rule": {"remedies": _H.NONE},
    # Days say what was done for whom; figures are numbers alone.
    "summary": {
        "figures": _H.OWN_RULE,
        **dict.fromkeys(("achieved", "problems", "plans", "suggestions", "market"), _H.OWN_RULE),
    },
    "daily_close": {"figures": _H.NONE, "completed": _H.OWN_RULE, "open_points": _H.OWN_RULE},
}

# Columns that the functions of the database leave alone, or know by themselves.
_NOT_DRIVEN = frozenset({_H.NONE, _H.BUSINESS, _H.OWN_RULE})
# Tables whose rows person_rows() returns.
OF_CUSTOMER = (
    "customer",
    "vehicle",
    "complaint",
    "step_taken",
    "proposal",
    "department_task",
    "notice",
    "call_record",
    "service_receipt",
    "letter",
    "warranty_claim",
    "parts_quality_record",
)
OF_STAFF = ("staff", "digest_recipient")
# Emptied by a rule of their own, but their old values stand in the audit log like any others.
PAPERS = ("note", "attachment")


def erased_columns() -> dict[str, dict[str, dict[str, Any]]]:
    """Return, by table and column, how it is erased and how long it may be (None: any length)."""
    tables = Base.metadata.tables
    return {
        table: {
            column: {"is": handling.value, "most": _length(tables[table].c[column].type)}
            for column, handling in COLUMNS[table].items()
            if handling not in _NOT_DRIVEN or (table in PAPERS and handling is Handling.OWN_RULE)
        }
        for table in (*OF_CUSTOMER, *OF_STAFF, *PAPERS)
    }


def _length(kind: Any) -> int | None:
    return None if isinstance(kind, ARRAY) else getattr(kind, "length", None)
