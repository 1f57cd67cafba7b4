"""The supervisor of the Procfile's processes, run as a process that can be signalled and killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from processes import descendants, is_gone, wait_until
from supervisor import read_procfile

ROOT = Path(__file__).parent.parent
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")

PROGRAM = """
import json, os, pathlib, sys
import supervisor
supervisor.STOP_GRACE = 2.0
supervisor.FIRST_PAUSE = 0.1
say = lambda line: print(line, flush=True)
sys.exit(supervisor.Supervisor(json.loads(sys.argv[1]), dict(os.environ), pathlib.Path.cwd(), say).run())
"""
# A server that forks workers, as gunicorn and RQ do, after asking that none outlives it.
FORKING = """
import os, time
from jobs.parent_death import die_with_parent
die_with_parent()
if os.fork() == 0:
    os.setpgrp()  # as RQ's job processes do: a signal to the group does not reach them
    if os.fork() == 0:
        print("grandchild", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def supervised(folder: Path, commands: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run the supervisor on the commands; its output is the process's stdout."""
    path = os.pathsep.join([str(ROOT / "bin"), str(ROOT)])
    command = [sys.executable, "-c", PROGRAM, json.dumps(commands)]
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    """Return the lines of output up to the first with these words."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if words in line:
            return lines
    raise AssertionError(f"{words!r} is not in {lines}")


def python(folder: Path, name: str, source: str) -> str:
    """Write a program and return the command that runs it."""
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return f"'{sys.executable}' {name}.py"


def test_the_procfile_names_what_a_service_runs() -> None:
    commands = read_procfile(ROOT / "Procfile")
    assert list(commands) == ["release", "web", "worker", "clock"]
    assert commands["web"].startswith("gunicorn 'app:create_shared_app()'")


def test_each_line_stands_behind_the_name_of_its_process(tmp_path: Path) -> None:
    commands = {"a": "printf '回声 one\\ntwo\\n'; exec sleep 600", "longer": "echo three; exec sleep 600"}
    with supervised(tmp_path, {name: f'sh -c "{command}"' for name, command in commands.items()}) as process:
        lines = set(read_until(process, "|") + read_until(process, "|") + read_until(process, "|"))
    assert lines == {"a      | 回声 one", "a      | two", "longer | three"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_in_order(tmp_path: Path, number: signal.Signals) -> None:
    source = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("goodbye", flush=True), sys.exit(0)))
print("hello", flush=True)
time.sleep(600)
"""
    with supervised(tmp_path, {"web": python(tmp_path, "polite", source)}) as process:
        read_until(process, "hello")
        process.send_signal(number)
        read_until(process, "goodbye")
        assert process.wait(10) == 0


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    source = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('hello')\ntime.sleep(600)"
    )
    with supervised(tmp_path, {"stubborn": python(tmp_path, "stubborn", source)}) as process:
        read_until(process, "hello")
        started = descendants(process.pid)
        process.terminate()
        assert process.wait(10) == 0
        assert started
        assert all(is_gone(pid) for pid in started)


def test_one_that_floods_its_output_ends_when_asked(tmp_path: Path) -> None:
    source = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True: print("x" * 10_000)
"""
    with supervised(tmp_path, {"loud": python(tmp_path, "loud", source)}) as process:
        read_until(process, "xxx")
        process.terminate()
        assert process.stdout is not None
        process.stdout.read()
        assert process.wait(10) == 0


def test_one_that_dies_starts_again_and_the_others_stay(tmp_path: Path) -> None:
    source = "import os, time\nprint('pid', os.getpid())\ntime.sleep(600)"
    command = python(tmp_path, "steady", source)
    with supervised(tmp_path, {"one": command}) as process:
        first = int(read_until(process, "pid")[-1].split()[-1])
        os.kill(first, signal.SIGKILL)
        lines = read_until(process, "pid")
        assert "one ended (SIGKILL); it starts again in 0 s." in lines
        assert int(lines[-1].split()[-1]) != first


def test_one_that_never_stays_alive_ends_everything(tmp_path: Path) -> None:
    with supervised(tmp_path, {"broken": "sh -c 'echo wrong; exit 3'", "other": "sleep 600"}) as process:
        lines = read_until(process, "giving up")
        assert sum("exit status 3" in line for line in lines) == 4
        assert process.wait(10) == 1


@ON_LINUX
def test_kill_9_leaves_no_process_forks_included(tmp_path: Path) -> None:
    with supervised(tmp_path, {"web": python(tmp_path, "forking", FORKING)}) as process:
        read_until(process, "grandchild")
        started = descendants(process.pid)
        assert len(started) == 3
        process.kill()
        assert wait_until(lambda: all(is_gone(pid) for pid in started))


@ON_LINUX
def test_kill_9_of_a_process_takes_its_forks_along(tmp_path: Path) -> None:
    with supervised(tmp_path, {"web": python(tmp_path, "forking", FORKING)}) as process:
        read_until(process, "grandchild")
        (child, *forks) = sorted(descendants(process.pid))
        os.kill(child, signal.SIGKILL)
        assert wait_until(lambda: all(is_gone(pid) for pid in forks))
        read_until(process, "grandchild")  # started again
