"""Imports of made-up files with the quirks of real ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from jobs.import_mapping import MAPPINGS
from jobs.import_reader import ImportRefusedError
from jobs.imports import CHUNK, ImportResult, run_import
from models import (
    AuditEntry,
    Complaint,
    ImportOrigin,
    ImportRun,
    Staff,
    Subject,
    acting_as,
    db,
    system_actor,
)
from models.base import now
from models.complaint import Channel, Step
from models.essentials import seed_essentials

# Files of rejected rows, closed when the test has ended.
_rejected: list[IO[bytes]] = []
HEADER = "id,brand,car_model,type,desc,problem,datetime,status"


@pytest.fixture(autouse=True)
def _seeded(in_app: Flask) -> Iterator[None]:
    with force_locale("en"), acting_as(system_actor("import")):
        seed_essentials()
        db.session.commit()
        yield
    while _rejected:
        _rejected.pop().close()


def import_file(path: Path, mapping: str) -> ImportResult:
    with path.open("rb") as source:
        return kept(run_import(source, path.name, mapping))


def kept(result: ImportResult) -> ImportResult:
    if result.rejected_file:
        _rejected.append(result.rejected_file)
    return result


def import_rows(*rows: str, header: str = HEADER) -> ImportResult:
    content = "\n".join([header, *rows]).encode()
    return kept(run_import(io.BytesIO(content), "rows.csv", "cn-12365"))


def row(key: int, status: str = "信息审核", text: str = "电机异响", codes: str = "A9,") -> str:
    return f'{key},启程,货运150,加长版,{text},"{codes}",2021-01-30,{status}'


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.new, result.changed, result.unchanged, result.rejected


def complaint(key: str) -> Complaint:
    origin = db.session.scalars(select(ImportOrigin).where(ImportOrigin.external_key == key)).one()
    return db.session.get_one(Complaint, origin.row_id)


def count(model: type[Complaint | ImportOrigin | ImportRun]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def rejected_rows(result: ImportResult, codec: str = "utf-8-sig") -> list[list[str]]:
    assert result.rejected_file is not None
    with io.TextIOWrapper(result.rejected_file, codec, newline="") as text:
        return list(csv.reader(text))


def test_a_file_with_every_quirk(data_dir: Path) -> None:
    result = import_file(data_dir / "complaints_2024.csv", "cn-2024")
    assert counts(result) == (9, 0, 1, 5)
    assert result.repeated == 1
    assert result.encoding == "UTF-8 (BOM)"
    first = complaint("20240310233549544851")
    assert first.description == '车子开了两个月，电机"嗡嗡"响，上坡没劲，经销商说正常。'
    assert first.registered_at == datetime(2024, 3, 9, 16, tzinfo=UTC)
    assert (first.product, first.specification, first.fault) == ("启程 货运150", "2023款 加长版 72V", "异响")
    assert (first.channel, first.step, first.customer_name) == (Channel.WEBSITE, Step.REGISTERED, "网站用户")
    assert db.session.get_one(Subject, first.subject_id).code == "motor"
    assert complaint("20240310221200010002").description == "1、后桥漏油；\n2、维修点没有配件，等了半个月。"
    assert complaint("20240309180000000312").description is None
    assert complaint("20240309111111222333").registered_at == datetime(2024, 3, 8, 16, tzinfo=UTC)
    assert complaint("20240308093000123456").product == "安途 平板130"


def test_rejected_rows_come_back_in_the_inputs_layout_with_the_reason(data_dir: Path) -> None:
    result = import_file(data_dir / "complaints_2024.csv", "cn-2024")
    header, *rows = rejected_rows(result)
    given = (data_dir / "complaints_2024.csv").read_text("utf-8-sig").splitlines()
    assert header == [*given[0].split(","), "reason"]
    assert [(cells[0], cells[-1]) for cells in rows] == [
        (
            "2.02403E+19",
            "“投诉编号” holds “2.02403E+19”: Excel has cut the number. Format the column as text.",
        ),
        ("20240305070000000009", "“投诉日期” holds “2024-13-05”, which is not a date such as 2024-03-10."),
        ("20240305070000000010", "“投诉问题” holds “飞行器”, which this import does not know."),
        ("20240305070000000011", "The quotation marks in this row don't match."),
        ("20240306070000000001", "20240306070000000001 stands in this file twice, with different content."),
    ]
    assert {len(cells) for cells in rows} == {len(header)}


def test_the_same_file_again_adds_and_changes_nothing(data_dir: Path) -> None:
    import_file(data_dir / "complaints_2024.csv", "cn-2024")
    versions = db.session.scalars(select(Complaint.version)).all()
    assert counts(import_file(data_dir / "complaints_2024.csv", "cn-2024")) == (0, 0, 10, 5)
    assert db.session.scalars(select(Complaint.version)).all() == versions == [1] * 9
    runs = db.session.scalars(select(ImportRun).order_by(ImportRun.id)).all()
    assert [(run.rows_new, run.rows_unchanged, run.rows_rejected) for run in runs] == [(9, 1, 5), (0, 10, 5)]
    assert runs[0].file_sha256 == runs[1].file_sha256
    assert all(run.finished_at for run in runs)


def test_a_newer_state_in_another_layout_and_encoding_updates(data_dir: Path) -> None:
    assert counts(import_file(data_dir / "complaints_12365_first.csv", "cn-12365")) == (6, 0, 0, 0)
    result = import_file(data_dir / "complaints_12365_second.csv", "cn-12365")
    assert counts(result) == (2, 3, 1, 0)
    assert result.encoding == "GB18030"
    steps = {key: complaint(key).step for key in ("900001", "900002", "900003", "900005")}
    assert steps == {
        "900001": Step.PROPOSED,
        "900002": Step.VERIFIED,
        "900003": Step.VERIFIED,
        "900005": Step.CONFIRMED,
    }
    assert complaint("900003").fault == "前后桥异响；G160"
    assert complaint("900001").version == 2


def test_an_older_file_never_moves_a_complaint_back(data_dir: Path) -> None:
    import_file(data_dir / "complaints_12365_second.csv", "cn-12365")
    import_file(data_dir / "complaints_12365_first.csv", "cn-12365")
    assert complaint("900001").step is Step.PROPOSED
    assert counts(import_file(data_dir / "complaints_12365_second.csv", "cn-12365"))[0] == 0
    assert complaint("900001").version == 1


def test_what_staff_wrote_survives_a_newer_state() -> None:
    import_rows(row(1))
    mine = complaint("1")
    mine.description, mine.customer_name, mine.step = "核实过：电机进水", "张三", Step.ANALYSED
    db.session.commit()
    assert counts(import_rows(row(1, status="厂家受理"))) == (0, 0, 1, 0)
    assert counts(import_rows(row(1, status="用户评分"))) == (0, 1, 0, 0)
    db.session.refresh(mine)
    assert (mine.description, mine.customer_name, mine.step) == ("核实过：电机进水", "张三", Step.CONFIRMED)


def test_a_change_at_the_source_leaves_an_audit_entry_of_what_changed() -> None:
    import_rows(row(1))
    import_rows(row(1, status="厂家受理"))
    entries = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.table_name == "complaint", AuditEntry.row_id == complaint("1").id)
        .order_by(AuditEntry.id)
    ).all()
    assert [entry.source for entry in entries] == ["import", "import"]
    assert entries[1].changes["step"] == ["registered", "verified"]
    assert "description" not in entries[1].changes


def test_a_record_that_staff_deleted_stays_deleted() -> None:
    import_rows(row(1))
    complaint("1").deleted_at = now()
    db.session.commit()
    assert counts(import_rows(row(1, status="用户评分"))) == (0, 0, 1, 0)
    assert count(Complaint) == 0


def test_a_rejected_file_that_was_mended_is_imported_without_the_reason(tmp_path: Path) -> None:
    result = import_rows(row(1), row(2, status="没有这种"), row(3, codes="?"))
    text = io.TextIOWrapper(result.rejected_file or io.BytesIO(), "utf-8", newline="").read()
    again = run_import(
        io.BytesIO(text.replace("没有这种", "厂家受理").encode()), "rows-rejected.csv", "cn-12365"
    )
    assert counts(again) == (1, 0, 0, 1)
    header, *rows = rejected_rows(again)
    assert header == [*HEADER.split(","), "reason"]
    assert [cells[0] for cells in rows] == ["3"]


def test_a_row_that_only_the_database_refuses_never_stops_its_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = (MAPPINGS / "cn-12365.toml").read_text("utf-8")
    changed = given.replace(
        'customer_name = { default = "网站用户" }', 'customer_name = { columns = ["text"] }'
    )
    assert changed != given
    (tmp_path / "cn-12365.toml").write_text(changed, "utf-8")
    monkeypatch.setattr("jobs.import_mapping.MAPPINGS", tmp_path)
    result = import_rows(*(row(key) for key in range(1, 100)), row(100, text=""), row(101))
    assert counts(result) == (100, 0, 0, 1)
    assert rejected_rows(result)[1][-1] == "Customer's name must not be empty."
    assert count(ImportOrigin) == 100


def test_rows_of_an_unknown_subject_are_rejected_with_what_is_missing() -> None:
    engine = db.session.scalars(select(Subject).where(Subject.code == "engine")).one()
    engine.deleted_at = now()
    db.session.commit()
    result = import_rows(row(1), row(2, codes="H15,"))
    assert counts(result) == (1, 0, 0, 1)
    assert rejected_rows(result)[1][-1] == "Subject: there is no entry with the code “engine” in this panel."


def test_duplicates_across_chunks_are_said() -> None:
    filler = [row(key) for key in range(10, 10 + CHUNK)]
    result = import_rows(row(1), row(2), *filler, row(1), row(2, text="别的"), row(2))
    assert counts(result) == (CHUNK + 2, 0, 2, 1)
    assert result.repeated == 2


def test_a_header_that_does_not_fit_leaves_nothing_behind() -> None:
    with pytest.raises(ImportRefusedError, match="it has no column “type”"):
        import_rows("1", header="id,brand,car_model,desc,problem,datetime,status")
    assert count(ImportRun) == 0


def test_an_error_half_way_leaves_nothing_behind() -> None:
    def fail(rows: int, share: float) -> None:
        if rows > CHUNK:
            raise KeyboardInterrupt

    content = "\n".join([HEADER, *(row(key) for key in range(1, CHUNK + 10))]).encode()
    with pytest.raises(KeyboardInterrupt):
        run_import(io.BytesIO(content), "rows.csv", "cn-12365", fail)
    assert (count(Complaint), count(ImportOrigin), count(ImportRun)) == (0, 0, 0)


def test_progress_reaches_the_end_of_the_file() -> None:
    heard: list[tuple[int, float]] = []
    content = "\n".join([HEADER, *(row(key) for key in range(1, CHUNK + 10))]).encode()
    run_import(io.BytesIO(content), "rows.csv", "cn-12365", lambda rows, share: heard.append((rows, share)))
    assert [rows for rows, _share in heard] == [CHUNK, CHUNK + 9]
    assert heard[-1][1] == 1


def test_a_person_who_imports_stands_in_the_run_and_in_the_records() -> None:
    person = Staff(name="李倩", email="li@example.com", fs_uniquifier="li")
    db.session.add(person)
    db.session.commit()
    with acting_as(system_actor("import", person.id)):
        import_rows(row(1))
    assert complaint("1").created_by_id == person.id
    assert db.session.scalars(select(ImportRun.staff_id)).all() == [person.id]
