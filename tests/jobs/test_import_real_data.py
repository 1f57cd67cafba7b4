"""Every real file twice: exact counts, and each reason for which a row was rejected."""

from __future__ import annotations

import csv
import io
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


# File, mapping, what the first import does to an empty panel, and why rows are rejected, each with its count.
ALONE: list[tuple[str, str, Counts, dict[str, int]]] = [
    ("cn_complaints_2024.csv", "cn-2024", (1752, 0, 0, 0), {}),
    # 304 rows without a fault code are about "other"; one with letters alone is about the first.
    ("cn_12365_2020.csv", "cn-12365", (3034, 0, 0, 0), {}),
    (f"{RAW}/gb18030_a.csv", "cn-12365", (600, 0, 0, 0), {}),
    (f"{RAW}/gb18030_b.csv", "cn-12365", (300, 0, 330, 0), {}),
    (f"{RAW}/scrape_2020_06_08.csv", "cn-12365", (600, 0, 0, 0), {}),
    (f"{RAW}/scrape_2020_08_29.csv", "cn-12365", (600, 0, 0, 0), {}),
    (f"{RAW}/scrape_2021_01_30.csv", "cn-12365", (600, 0, 0, 0), {}),
    (f"{RAW}/scrape_2021_02_04.csv", "cn-12365", (900, 0, 0, 0), {}),
    # Two of its 62 lines are blank.
    (f"{RAW}/small_sheet.xlsx", "cn-12365", (60, 0, 0, 0), {}),
    (f"{RAW}/shifted_columns.xlsx", "cn-12365-shifted", (300, 0, 30, 0), {}),
    (f"{RAW}/shifted_columns_utf8bom.csv", "cn-12365-shifted", (300, 0, 30, 0), {}),
    (
        "cn_dealers.csv",
        "cn-dealers",
        (572, 0, 0, 1),
        {"A08752 stands in this file twice, with different content.": 1},
    ),
    (
        "nhtsa_porsche_complaints.csv",
        "nhtsa-complaints",
        (1160, 0, 0, 1),
        {"“date” holds “01/01/1901”, which lies before 1990-01-01 and can't be true.": 1},
    ),
    # 34 suppliers; 9 more rows add a spelling to one of them, 2 repeat its name, and 2 stand for nothing.
    ("nhtsa_supplier_alias.csv", "nhtsa-suppliers", (34, 9, 2, 2), {"“canonical_name” is empty.": 2}),
    ("nhtsa_part573_parts.csv", "nhtsa-parts", (193, 0, 0, 5), {"“part_number” is empty.": 5}),
]


# Of the scrapes, which are of one form, the last one; two more are read below, and all in the long run.
LONG = {f"{RAW}/scrape_{day}.csv" for day in ("2020_06_08", "2020_08_29", "2021_01_30")}


@pytest.mark.parametrize(
    ("file", "mapping", "counts", "reasons"),
    [pytest.param(*each, id=each[0], marks=pytest.mark.faults if each[0] in LONG else ()) for each in ALONE],
)
def test_a_real_file_twice(
    file: str, mapping: str, counts: Counts, reasons: dict[str, int], real_data: Path
) -> None:
    with (real_data / file).open("rb") as source, open_table(source) as table:
        assert recognise_mapping(table.rows.header, mapping_names()).name == mapping
        rows = sum(1 for _row in table.rows)
    found, why, _result = bring_in(real_data / file, mapping)
    assert (found, Counter(why)) == (counts, reasons)
    # Nothing is lost silently.
    assert sum(found) == rows
    found, why, _result = bring_in(real_data / file, mapping)
    assert (found, Counter(why)) == ((0, 0, rows - counts[3], counts[3]), reasons)


def test_the_files_of_12365_name_the_same_complaints(real_data: Path) -> None:
    assert bring_in(real_data / "cn_12365_2020.csv", "cn-12365")[0] == (3034, 0, 0, 0)
    for name, mapping in (
        ("gb18030_a.csv", "cn-12365"),
        ("gb18030_b.csv", "cn-12365"),
        ("scrape_2020_06_08.csv", "cn-12365"),
        ("scrape_2020_08_29.csv", "cn-12365"),
        ("shifted_columns.xlsx", "cn-12365-shifted"),
        ("shifted_columns_utf8bom.csv", "cn-12365-shifted"),
    ):
        new, changed, _unchanged, rejected = bring_in(real_data / RAW / name, mapping)[0]
        assert (new, changed, rejected) == (0, 0, 0), name
    other = select(func.count()).select_from(Complaint).join(Subject).where(Subject.code == "other")
    assert db.session.scalar(other.where(Complaint.fault.is_(None))) == 304


def test_what_the_real_rows_became(real_data: Path) -> None:
    bring_in(real_data / "cn_dealers.csv", "cn-dealers")
    assert count(Region) == 6
    dealer = record_of(Dealer, "A02185")
    assert isinstance(dealer, Dealer)
    assert dealer.phone == "021-66208666; 021-66228621"
    assert not db.session.scalars(select(Dealer.id).where(Dealer.name != func.trim(Dealer.name))).all()

    bring_in(real_data / RAW / "shifted_columns.xlsx", "cn-12365-shifted")
    complaint = record_of(Complaint, "512691")
    assert isinstance(complaint, Complaint)
    assert (complaint.step, complaint.fault) == (Step.REGISTERED, None)

    bring_in(real_data / "nhtsa_supplier_alias.csv", "nhtsa-suppliers")
    assert count(Supplier) == 34
    bring_in(real_data / "nhtsa_part573_parts.csv", "nhtsa-parts")
    # Every spelling found its supplier: no supplier was made.
    assert (count(Supplier), count(PartsQualityRecord)) == (34, 193)
    mobis = select(Supplier.id).join(SupplierAlias).where(SupplierAlias.name == "MOBIS")
    assert db.session.scalar(mobis.where(Supplier.name == "Hyundai Mobis"))
    assert count(Part) == 7 + 180  # the key parts that every panel has, and those of the file
