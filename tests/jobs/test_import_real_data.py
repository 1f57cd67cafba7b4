"""Every real file twice: exact counts, and each reason for which a row was rejected."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from jobs.import_mapping import mapping_names, recognise_mapping
from jobs.import_table import open_table
from jobs.imports import ImportResult, run_import
from models import (
    Complaint,
    Dealer,
    ImportOrigin,
    Part,
    PartsQualityRecord,
    Record,
    Region,
    Subject,
    Supplier,
    SupplierAlias,
    acting_as,
    db,
    system_actor,
)
from models.complaint import Step
from models.essentials import seed_essentials

pytestmark = pytest.mark.real_data
RAW = "cn_12365_raw"
Counts = tuple[int, int, int, int]


@pytest.fixture(autouse=True)
def _seeded(in_app: Flask) -> Iterator[None]:
    with force_locale("en"), acting_as(system_actor("import")):
        seed_essentials()
        db.session.commit()
        yield


@pytest.fixture
def real_data() -> Path:
    folder = os.environ.get("REAL_DATA")
    if not folder:
        pytest.skip("REAL_DATA names no folder")
    return Path(folder).resolve()


def bring_in(path: Path, mapping: str) -> tuple[Counts, list[str], ImportResult]:
    """Import a file and return the counts, and the reason for each rejected row."""
    with path.open("rb") as source:
        result = run_import(source, path.name, mapping)
    reasons: list[str] = []
    if result.rejected_file:
        with result.rejected_file as rejected:
            codec = "gb18030" if result.encoding == "GB18030" else "utf-8-sig"
            reasons = [row[-1] for row in csv.reader(io.StringIO(rejected.read().decode(codec)))][1:]
    return (result.new, result.changed, result.unchanged, result.rejected), reasons, result


def count(model: type[Record]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def record_of(model: type[Record], key: str) -> Record:
    origin = db.session.scalars(
        select(ImportOrigin).where(
            ImportOrigin.external_key == key, ImportOrigin.table_name == model.__tablename__
        )
    ).one()
    return db.session.get_one(model, origin.row_id)
