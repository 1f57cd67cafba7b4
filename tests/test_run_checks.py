"""The one command of all checks: it goes on after a failure, and its exit status tells."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import run_checks
import supervisor
from run_checks import BESIDE, QUICK, TYPED, main
from supervisor import Child

PASSING = (sys.executable, "-c", "pass")
FAILING = (sys.executable, "-c", "raise SystemExit(3)")


@pytest.mark.parametrize(
    ("quick", "beside", "tests", "status"),
    [
        ({"one": PASSING}, {"two": PASSING}, PASSING, 0),
        ({"one": FAILING}, {"two": PASSING}, PASSING, 1),
        ({"one": PASSING}, {"two": FAILING, "three": PASSING}, PASSING, 1),
        ({"one": PASSING}, {"two": PASSING}, FAILING, 1),
    ],
)
def test_all_run_even_when_one_fails(
    quick: dict[str, tuple[str, ...]],
    beside: dict[str, tuple[str, ...]],
    tests: tuple[str, ...],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(run_checks, "QUICK", quick)
    monkeypatch.setattr(run_checks, "BESIDE", beside)
    monkeypatch.setattr(run_checks, "test_command", lambda _arguments: tests)
    monkeypatch.setenv("PATH", "/usr/bin")
    assert main([]) == status
    told = capsys.readouterr().out.splitlines()
    summed_up = {line.split()[1]: line.split()[0] for line in told if line.endswith(" s")}
    expected = quick | beside | {"tests": tests}
    assert summed_up == {name: "passed" if each is PASSING else "FAILED" for name, each in expected.items()}


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], ("pytest", *run_checks.IN_PARALLEL)),
        (["-k", "digest"], ("pytest", *run_checks.IN_PARALLEL, "-k", "digest")),
        (["--faults"], ("pytest", "-m", "faults")),
        (["-x", "--faults"], ("pytest", "-m", "faults", "-x")),
    ],
)
def test_arguments_go_to_the_tests(arguments: list[str], command: tuple[str, ...]) -> None:
    assert run_checks.test_command(arguments) == command


def test_every_package_is_typed_and_linted() -> None:
    assert {"app.py", "config.py", "models", "views", "jobs", "bin"} == set(TYPED)
    assert {"format", "lint", "types", "imports", "templates", "audit"} == {*QUICK, *BESIDE}


def test_a_check_that_could_not_be_made_fails_nothing_and_is_not_called_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    undone = (sys.executable, "-c", f"raise SystemExit({run_checks.NOT_DONE})")
    monkeypatch.setattr(run_checks, "QUICK", {})
    monkeypatch.setattr(run_checks, "BESIDE", {"audit": undone})
    monkeypatch.setattr(run_checks, "test_command", lambda _arguments: PASSING)
    monkeypatch.setenv("PATH", "/usr/bin")
    assert main([]) == 0
    told = capsys.readouterr().out
    assert "NOT DONE  audit" in told
    assert "audit: not made" in told
    assert "passed    audit" not in told


def test_the_tests_run_meanwhile_and_what_a_check_says_comes_after_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Let each wait for the other's file: one after the other, neither would end."""
    program = (
        "import pathlib, sys, time; own, other, words = sys.argv[1:]; pathlib.Path(own).touch()\n"
        "while not pathlib.Path(other).exists(): time.sleep(0.01)\n"
        "print(words)"
    )
    first, second = str(tmp_path / "tests"), str(tmp_path / "check")
    monkeypatch.setattr(run_checks, "QUICK", {})
    monkeypatch.setattr(
        run_checks, "BESIDE", {"types": (sys.executable, "-c", program, second, first, "a fault")}
    )
    monkeypatch.setattr(
        run_checks, "test_command", lambda _given: (sys.executable, "-c", program, first, second, "a test")
    )
    monkeypatch.setenv("PATH", "/usr/bin")
    assert main([]) == 0
    told = capfd.readouterr().out
    assert told.index("\na test\n") < told.index("== types") < told.index("\na fault\n")


def test_a_process_that_keeps_ending_soon_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: clock[0])
    child, pauses = Child("web", "false"), []
    for _ in range(7):
        child.started_at = clock[0]
        clock[0] += 0.5
        pauses.append(child.plan_next_start())
        assert child.start_at == clock[0] + pauses[-1]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@pytest.mark.parametrize(("lived", "pause", "short_lives"), [(10.0, 8.0, 4), (10.1, 1.0, 1)])
def test_a_process_that_ran_for_a_while_starts_soon_again(
    monkeypatch: pytest.MonkeyPatch, lived: float, pause: float, short_lives: int
) -> None:
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: 1000.0 + lived)
    child = Child("web", "false", started_at=1000.0, short_lives=3)
    assert child.plan_next_start() == pause
    assert child.short_lives == short_lives


def test_a_process_that_was_never_started_has_not_ended() -> None:
    assert not Child("web", "false").has_ended()


@pytest.mark.parametrize(("status", "words"), [(0, "exit status 0"), (3, "exit status 3"), (-9, "SIGKILL")])
def test_how_a_process_ended_is_told_in_words(status: int, words: str) -> None:
    assert supervisor._describe(status) == words
