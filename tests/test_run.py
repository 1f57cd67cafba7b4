"""bin/run as a person uses it: on a copy of the checkout, with nothing in the environment."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import environment
import run_panel
from embedded_services import postgres
from processes import descendants, is_gone, wait_until
from server_process import EngineError, free_port

ROOT = Path(__file__).parent.parent
# What Python has compiled already comes along: a dozen processes would each do it anew.
NOT_COPIED = shutil.ignore_patterns(".venv", ".local", ".git", ".*_cache", ".hypothesis")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the checkout at a path with a space and Chinese in it."""
    return Path(shutil.copytree(ROOT, tmp_path / "a copy 副本", ignore=NOT_COPIED))


@contextlib.contextmanager
def running(checkout: Path, **environ: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the panel, and yield it with what it said until it was ready."""
    least = {"PATH": "/usr/bin:/bin", "HOME": str(checkout), "PORT": str(free_port()), "DEMO_SIZE": "2"}
    with subprocess.Popen(
        # What bin/run ends in; making .venv is tried apart, it takes long.
        [sys.executable, str(checkout / "bin" / "run_panel.py")],
        env=least | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process, read_until(process, "Ctrl-C")
        finally:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=30)


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if words in line:
            return lines
    raise AssertionError("\n".join(lines))


def address_in(lines: list[str]) -> str:
    (address,) = re.findall(r"is ready: +(http://\S+)", "\n".join(lines))
    return str(address)


def first_page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


@ON_LINUX
def test_kill_9_leaves_no_process_a_second_start_has_the_data_and_ctrl_c_ends_all(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Start twice, each start being half a minute of work, and run a command beside the panel and without."""
    seconds, said = [], []

    def look(lines: list[str]) -> None:
        assert 'type="password"' in first_page(address_in(lines))
        assert "Mail: kept in the panel" in "\n".join(lines)
        seconds.extend(re.findall(r"The web answers after (\S+) s", "\n".join(lines)))
        said.append(people_in(lines))

    with running(checkout) as (process, lines):
        look(lines)
        started = descendants(process.pid)
        assert len(started) > 10  # the servers with their own, two web processes, worker and clock
        process.kill()
        assert wait_until(lambda: all(map(is_gone, started)))
    with running(checkout) as (process, lines):
        look(lines)
        beside = demo_users(checkout, tmp_path)
        started = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert all(map(is_gone, started))
    assert not (checkout / ".local" / "pg18" / "postmaster.pid").exists()
    assert len(said[0]) >= 8
    assert said[0] == said[1]
    assert "The panel runs" in "\n".join(beside)
    assert "Port" not in "\n".join(beside)
    assert len(people_in(beside)) >= 8
    assert people_in(demo_users(checkout, tmp_path)) == people_in(beside)
    with capsys.disabled():
        print(f" [first start {seconds[0]} s, second {seconds[1]} s]", end="")  # noqa: T201  # for the record, not asserted
    with (
        postgres(checkout / ".local") as database,
        psycopg.connect(database.owner_url.replace("+psycopg", "")) as owner,
    ):
        known = "SELECT count(*) FROM staff WHERE password IS NOT NULL"
        (count,) = owner.execute(known).fetchone() or (0,)
    assert count == len(said[0])


def people_in(lines: list[str]) -> list[str]:
    return [line for line in lines if "@" in line]


def demo_users(checkout: Path, folder: Path) -> list[str]:
    """Run a command of the panel from another folder, and return what it printed."""
    done = subprocess.run(
        [sys.executable, str(checkout / "bin" / "run_panel.py"), "flask", "--app", "app", "demo-users"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(checkout), "CALLED_FROM": str(folder)},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(("asks", "heard"), [("True", "y\n"), ("False", "")])
def test_a_command_hears_what_the_person_answers(asks: str, heard: str) -> None:
    program = f"import os, run_panel; run_panel.run_once('cat', os.environ, is_asking={asks})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input="y\n",
        capture_output=True,
        text=True,
        cwd=ROOT / "bin",
        check=True,
        timeout=30,
    )
    assert done.stdout == heard


def test_a_release_that_fails_starts_nothing(checkout: Path) -> None:
    with (
        pytest.raises(AssertionError, match="The release ended with status"),
        running(checkout, TIMEZONE="Mars/Olympus"),
    ):
        pass


def test_a_given_port_in_use_is_refused_and_a_free_one_is_found_otherwise() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EngineError, match=f"PORT {port} is in use"):
            run_panel.choose_port({"PORT": str(port)})
        assert not run_panel.is_free(port)
    environ: dict[str, str] = {}
    run_panel.choose_port(environ)
    assert int(environ["PORT"]) in run_panel.PORTS


@pytest.mark.parametrize("port", ["0", "65536", "80a", "-1"])
def test_a_wrong_port_is_refused_in_a_sentence(port: str) -> None:
    with pytest.raises(EngineError, match="PORT is wrong: give a port from 1 to 65535"):
        run_panel.choose_port({"PORT": port})


def test_secrets_are_made_once_for_their_owner_alone_and_given_ones_are_kept_out(tmp_path: Path) -> None:
    first, second = {"SECRET_KEY": "given"}, dict[str, str]()
    run_panel.add_secrets(first, tmp_path)
    run_panel.add_secrets(second, tmp_path)
    assert first["SECRET_KEY"] == "given"
    assert second["SECRET_KEY"] not in ("given", second["PASSWORD_SECRET"])
    assert first["PASSWORD_SECRET"] == second["PASSWORD_SECRET"]
    assert len(second["SECOND_FACTOR_SECRET"]) >= 32
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_broken_secrets_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(EngineError, match=r"secrets\.json can't be used"):
        run_panel.add_secrets({}, tmp_path)


@pytest.mark.parametrize(
    ("smtp_url", "words"),
    [("", "none is sent"), ("smtp://me:secret@mail.example.com:587", "through mail.example.com;")],
)
def test_it_says_where_the_mail_goes_without_the_password(smtp_url: str, words: str) -> None:
    said = run_panel.where_mail_goes({"SMTP_URL": smtp_url})
    assert words in said
    assert "secret" not in said


@pytest.fixture
def small_checkout(tmp_path: Path) -> Path:
    """Return a checkout that installs nothing and whose program says in which Python it runs."""
    folder = tmp_path / "small 小"
    shutil.copytree(ROOT / "bin", folder / "bin", ignore=NOT_COPIED)
    (folder / "requirements.txt").write_text("")
    (folder / "bin" / "requirements.txt").write_text("")
    (folder / "bin" / "run_panel.py").write_text(
        "import os, sys; print(os.getcwd(), sys.prefix, sys.argv[1:])"
    )
    return folder


def start(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, **environ}
    command = [str(folder / "bin" / "run"), *arguments]
    return subprocess.run(command, check=False, env=environ, cwd="/", capture_output=True, text=True)


def test_the_environment_is_made_once_and_anew_where_the_checkout_has_moved(small_checkout: Path) -> None:
    last = f"{small_checkout} {small_checkout / '.venv'} ['--word', 'two words']"
    first = start(small_checkout, "--word", "two words")
    assert first.stdout.splitlines()[0].startswith(f"Making {small_checkout / '.venv'} with Python")
    assert first.stdout.splitlines()[-1] == last
    assert start(small_checkout, "--word", "two words").stdout.splitlines() == [last]
    moved = small_checkout.rename(small_checkout.with_name("moved"))
    assert start(moved).stdout.splitlines()[0].startswith(f"Making {moved / '.venv'}")


def test_changed_requirements_are_installed_and_no_network_is_told(small_checkout: Path) -> None:
    start(small_checkout)
    lock = "no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n"
    (small_checkout / "requirements.txt").write_text(lock)
    index = f"http://127.0.0.1:{free_port()}/simple"
    done = start(small_checkout, PIP_INDEX_URL=index, PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 1
    assert "Installing 1 packages" in done.stdout
    assert "is there a network" in done.stderr


def test_an_old_python_is_told_with_what_was_found(small_checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "dirname").symlink_to(shutil.which("dirname") or "")
    (programs / "python3").write_text("#!/bin/sh\necho 3.9\n")
    (programs / "python3").chmod(0o755)
    done = start(small_checkout, PATH=str(programs), PYTHON="")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed. Found: python3 (3.9)." in done.stderr


def test_a_venv_that_a_link_leads_to_is_not_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, link = tmp_path / "other", tmp_path / ".venv"
    other.mkdir()
    (other / "kept").touch()
    link.symlink_to(other)
    made: list[list[str]] = []

    def run(command: list[str], **_how: object) -> subprocess.CompletedProcess[str]:
        made.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(environment, "VENV", link)
    monkeypatch.setattr(environment.subprocess, "run", run)
    environment.make_venv()
    assert [command[-1] for command in made] == [str(link)]
    assert (other / "kept").exists()
    assert not link.is_symlink()


def test_a_python_without_venv_is_told(
    small_checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find: Callable[..., object] = environment.importlib.util.find_spec
    lacking = {"ensurepip": None}
    monkeypatch.setattr(environment, "VENV", small_checkout / ".venv")
    monkeypatch.setattr(
        environment.importlib.util, "find_spec", lambda name: lacking[name] if name in lacking else find(name)
    )
    with pytest.raises(SystemExit) as end:
        environment.make_venv()
    assert "lacks its venv module" in str(end.value)
