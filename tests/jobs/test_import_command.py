"""The import command: what it prints, what a kill of its process leaves, and the real files."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from conftest import environ_of
from jobs.import_rejected import save_rejected
from models import Complaint, Deadline, ImportOrigin, ImportRun, acting_as, db, system_actor
from models.complaint import Step
from models.essentials import seed_essentials

ROOT = Path(__file__).parents[2]
HEADER = "id,brand,car_model,type,desc,problem,datetime,status"
# Enough for a second or more, so that a process can be met in the middle of it.
MANY = 2000


@pytest.fixture
def seeded(fresh_app: Flask) -> Iterator[Flask]:
    with fresh_app.app_context(), acting_as(system_actor("test")):
        seed_essentials()
        db.session.commit()
        yield fresh_app


def command(
    settings: Settings, file: Path, mapping: str | None, stderr: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    flask = [sys.executable, "-m", "flask", "--app", str(ROOT / "app")]
    return subprocess.Popen(
        [*flask, "import", "complaints", file, *(["--map", mapping] if mapping else [])],
        cwd=file.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environ_of(settings),
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        encoding="utf-8",
    )


def counts_in(output: str) -> list[int]:
    """Return new, changed, unchanged, rejected out of what the command printed."""
    return [int(number) for number in re.findall(r"\d+", output.splitlines()[0])]


def start(app: Flask, file: Path, mapping: str | None) -> Result:
    """Run the command in this process: a start of Python and of the panel takes seconds."""
    arguments = ["import", "complaints", str(file), *(["--map", mapping] if mapping else [])]
    return app.test_cli_runner().invoke(args=arguments)


def finish(app: Flask, file: Path, mapping: str | None) -> tuple[list[int], str]:
    """Run the command and return its counts, and all that it printed."""
    result = start(app, file, mapping)
    assert result.exit_code == 0, result.output
    return counts_in(result.stdout), result.stdout


def rows_left() -> tuple[int | None, ...]:
    db.session.rollback()
    return tuple(
        db.session.scalar(select(func.count()).select_from(model))
        for model in (Complaint, ImportOrigin, ImportRun)
    )


def test_the_command_says_what_became_of_the_file(
    seeded: Flask, fresh_settings: Settings, data_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "投诉 2024.csv"
    shutil.copy(data_dir / "complaints_2024.csv", file)
    before = file.read_bytes()
    process = command(fresh_settings, file, "cn-2024")
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert counts_in(output) == [9, 0, 1, 5]
    assert output.splitlines()[0] == "新增 9 条，更新 0 条，未变 1 条，拒收 5 条。"
    assert "UTF-8 (BOM)" in output
    rejected = tmp_path / "投诉 2024-rejected.csv"
    assert str(rejected) in output
    lines = rejected.read_text("utf-8-sig").splitlines()
    assert lines[0].endswith(",原因")
    assert "飞行器" in lines[3]
    assert file.read_bytes() == before
    assert finish(seeded, file, "cn-2024")[0] == [0, 0, 10, 5]
    assert (tmp_path / "投诉 2024-rejected-2.csv").read_bytes() == rejected.read_bytes()


def test_rejected_rows_keep_the_encoding_and_a_mended_file_goes_in(
    seeded: Flask, fresh_settings: Settings, data_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "second.csv"
    given = (data_dir / "complaints_12365_second.csv").read_bytes()
    file.write_bytes(given.replace("厂家受理".encode("gb18030"), "厂家已阅".encode("gb18030"), 1))
    counts, _output = finish(seeded, file, "cn-12365")
    assert counts == [5, 0, 0, 1]
    rejected = tmp_path / "second-rejected.csv"
    text = rejected.read_bytes().decode("gb18030")
    assert text.splitlines()[0] == ",id,投诉品牌,投诉车系,投诉车型,问题简述,典型问题,投诉时间,投诉状态,原因"
    rejected.write_bytes(text.replace("厂家已阅", "厂家受理", 1).encode("gb18030"))
    counts, _output = finish(seeded, rejected, "cn-12365")
    assert counts == [1, 0, 0, 0]


def test_a_file_that_does_not_fit_is_answered_with_one_sentence(
    seeded: Flask, fresh_settings: Settings, data_dir: Path
) -> None:
    result = start(seeded, data_dir / "complaints_2024.csv", "cn-12365")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.strip() == (
        "Error: 文件与对应表“cn-12365”不符，缺少列：“desc”、“problem”、“datetime”、“status”。"
    )


def test_a_terminal_shows_a_bar(
    seeded: Flask, fresh_settings: Settings, data_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "first.csv"
    shutil.copy(data_dir / "complaints_12365_first.csv", file)
    screen, terminal = os.openpty()
    process = command(fresh_settings, file, "cn-12365", stderr=terminal)
    output, _nothing = process.communicate(timeout=60)
    os.close(terminal)
    with open(screen, "rb") as shown:  # noqa: PTH123 - a descriptor
        assert "100%" in shown.read1(10_000).decode()
    assert "新增 6 条" in output


def test_rejected_rows_go_where_one_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Nobody, root included, can make a file in /proc.
    path = save_rejected(io.BytesIO(b"rows"), Path("/proc/version.csv"))
    assert path == tmp_path / "version-rejected.csv"
    assert path.read_bytes() == b"rows"


def test_two_imports_from_one_source_do_not_run_at_once(
    seeded: Flask, fresh_settings: Settings, data_dir: Path, tmp_path: Path
) -> None:
    many = tmp_path / "many.csv"
    write_many(many)
    first = command(fresh_settings, many, "cn-12365")
    assert first.stderr
    first.stderr.readline()
    second = start(seeded, data_dir / "complaints_12365_first.csv", "cn-12365")
    assert second.exit_code == 1
    assert "同一来源的另一个导入正在进行" in second.stderr
    first.communicate(timeout=60)
    assert rows_left() == (MANY, MANY, 1)


def write_many(path: Path) -> None:
    rows = (f'{key},启程,货运150,加长版,电机异响,"A9,",2021-01-30,信息审核' for key in range(1, MANY + 1))
    path.write_text("\n".join([HEADER, *rows]), "utf-8")


def kill_during(settings: Settings, file: Path, seconds: float | None) -> None:
    """Kill an import after so many seconds, or, with None, once it reports progress."""
    process = command(settings, file, "cn-12365")
    assert process.stderr
    if seconds is None:
        assert re.search(r"\d+", process.stderr.readline())
    else:
        time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def test_an_import_killed_half_way_leaves_nothing_and_can_be_repeated(
    seeded: Flask, fresh_settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    write_many(file)
    kill_during(fresh_settings, file, None)
    assert rows_left() == (0, 0, 0)
    assert not list(tmp_path.glob("*-rejected*"))
    assert finish(seeded, file, "cn-12365")[0] == [MANY, 0, 0, 0]
    assert rows_left() == (MANY, MANY, 1)


@pytest.mark.faults
def test_an_import_killed_at_any_point_leaves_all_or_nothing(
    seeded: Flask, fresh_settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    write_many(file)
    for round_number in range(50):
        kill_during(fresh_settings, file, 0.5 + 0.08 * round_number)
        complaints, origins, runs = rows_left()
        assert (complaints, origins) in ((0, 0), (MANY, MANY))
        assert bool(runs) == bool(complaints)
    finish(seeded, file, "cn-12365")
    assert rows_left()[:2] == (MANY, MANY)


@pytest.mark.real_data
def test_the_real_complaints_of_2024_twice(
    seeded: Flask, fresh_settings: Settings, real_data: Path, tmp_path: Path
) -> None:
    file = real_data / "cn_complaints_2024.csv"
    assert finish(seeded, file, "cn-2024")[0] == [1752, 0, 0, 0]
    assert finish(seeded, file, "cn-2024")[0] == [0, 0, 1752, 0]
    assert rows_left() == (1752, 1752, 2)
    empty = select(func.count()).select_from(Complaint).where(Complaint.description.is_(None))
    assert db.session.scalar(empty) == 12


# The two small files of tests/data go the same way in each run.
@pytest.mark.faults
@pytest.mark.real_data
def test_the_real_files_of_12365_one_after_the_other_and_again(
    seeded: Flask, fresh_settings: Settings, real_data: Path, tmp_path: Path
) -> None:
    first, second = (real_data / "cn_12365_raw" / f"scrape_2021_{day}.csv" for day in ("01_30", "02_04"))
    assert finish(seeded, first, "cn-12365")[0] == [600, 0, 0, 0]
    assert finish(seeded, first, "cn-12365")[0] == [0, 0, 600, 0]
    before = steps()
    # 226 complaints stand in both; the status of 106 moved on, and one got another fault code.
    assert finish(seeded, second, "cn-12365")[0] == [674, 107, 119, 0]
    after = steps()
    assert sum(after[key] != step for key, step in before.items()) == 106
    assert finish(seeded, second, "cn-12365")[0] == [0, 0, 900, 0]
    assert steps() == after
    # The older file once more: no complaint goes back a step.
    assert finish(seeded, first, "cn-12365")[0] == [0, 1, 599, 0]
    assert steps() == after


def steps() -> dict[int, Step]:
    db.session.rollback()
    return {key: step for key, step in db.session.execute(select(Complaint.id, Complaint.step))}  # noqa: C416 - rows


@pytest.mark.real_data
def test_a_real_workbook_with_shifted_columns_is_recognised(
    seeded: Flask, fresh_settings: Settings, real_data: Path, tmp_path: Path
) -> None:
    file = real_data / "cn_12365_raw" / "shifted_columns.xlsx"
    found, output = finish(seeded, file, None)
    assert found == [300, 0, 30, 0]
    assert "Excel" in output


@pytest.mark.real_data
def test_a_real_file_with_shifted_columns_is_refused_by_another_mapping(
    seeded: Flask, fresh_settings: Settings, real_data: Path, tmp_path: Path
) -> None:
    file = real_data / "cn_12365_raw" / "shifted_columns_utf8bom.csv"
    result = start(seeded, file, "cn-12365")
    assert result.exit_code == 1
    assert "car_model" in result.stderr
    assert rows_left() == (0, 0, 0)


@pytest.mark.parametrize(("answer", "deadlines"), [("\n", 0), ("n\n", 2)])
def test_a_terminal_is_asked_about_complaints_that_would_be_late_at_once(
    seeded: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, deadlines: int
) -> None:
    monkeypatch.setattr("jobs.import_command.can_ask", lambda: True)
    file = tmp_path / "old.csv"
    file.write_text(f"{HEADER}\n1,a,b,c,d,,2021-01-30,信息审核\n", "utf-8")
    result = seeded.test_cli_runner().invoke(args=["import", "complaints", str(file)], input=answer)
    assert result.exit_code == 0, result.output
    assert "1 条未结投诉中有 1 条登记已超过 30 天" in result.output
    assert db.session.scalar(select(func.count()).select_from(Deadline)) == deadlines


def test_a_script_says_up_to_which_day_complaints_are_history(seeded: Flask, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text(f"{HEADER}\n1,a,b,c,d,,2021-01-30,信息审核\n", "utf-8")
    arguments = ["import", "complaints", str(file), "--history-until", "2021-01-30"]
    result = seeded.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output
    assert db.session.scalar(select(func.count()).select_from(Deadline)) == 0
