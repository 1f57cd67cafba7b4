"""Start, watch and end one server program as our child, on a folder that only one process may use."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tied_process import die_with

START_TIMEOUT = 60.0  # seconds: recovery after a crash can take long on a slow disk
STOP_TIMEOUT = 15.0
LOG_LIMIT = 10_000_000  # bytes: a log larger than this starts anew
# Reasons that pass by themselves: a port taken in between, backends of a killed server.
PASSING_TROUBLE = ("Address already in use", "still in use", "could not bind")


class EngineError(Exception):
    """Say in one sentence why an embedded server can't run here."""


class InUseError(EngineError):
    """Say that another running copy has the folder."""


@dataclass
class Server:
    """Hold one running server and the way to start it again."""

    name: str
    log: Path
    launch: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def pid(self) -> int:
        """Return the process id of the server's first process."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Tell whether the server's first process lives."""
        return self.process.poll() is None

    def start(self) -> None:
        """Start the server and return when it answers; EngineError says why it does not."""
        end = time.monotonic() + START_TIMEOUT
        while True:
            log_end = self.log.stat().st_size if self.log.exists() else 0
            self.process = self.launch()
            if self._answers_before(end):
                return
            self.stop()
            said = self.log.read_bytes()[log_end:].decode(errors="replace")
            if time.monotonic() > end or not any(words in said for words in PASSING_TROUBLE):
                raise EngineError(f"{self.name} did not start. Its log, {self.log}, ends:\n{said[-2000:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End the server in an orderly way, with force after STOP_TIMEOUT seconds."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """End the server if it still runs and start it again, with the same address and data."""
        self.stop()
        self.start()

    def _answers_before(self, end: float) -> bool:
        while time.monotonic() < end and self.process.poll() is None:
            if self.is_ready():
                return True
            time.sleep(0.02)
        return False


@contextlib.contextmanager
def running(server: Server) -> Iterator[None]:
    """Start the server and stop it at the end, whatever happens in between."""
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def told_plainly(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence that names the folder."""
    try:
        yield
    except OSError as error:
        raise EngineError(f"The folder {folder} can't be used for the embedded servers: {error}.") from error


@contextlib.contextmanager
def owned_folder(base: str | Path, lock_name: str) -> Iterator[Path]:
    """Make the folder and hold its lock, which the kernel releases however this process ends."""
    folder = Path(base).resolve()
    with told_plainly(folder):
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o700)
        lock = (folder / lock_name).open("a+")  # held below, outside this handler
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(
                f"The folder {folder} is in use by another running copy. Stop that one, or set LOCAL_DIR to "
                "another folder."
            ) from None
        yield folder


def spawn(
    command: Sequence[str | Path], log: Path, death_signal: signal.Signals, **popen: Any
) -> subprocess.Popen[bytes]:
    """Start a server that the kernel signals when this thread ends (Linux), its output going to the log."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.unlink()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C at the terminal reaches us alone; we then stop it in order
            preexec_fn=die_with(os.getpid(), death_signal),
            **popen,
        )


def package_folder(name: str, requirements: str) -> Path:
    """Return the folder of an installed wheel without importing it: that would run its own start-up code."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EngineError(f"The package {name} is not installed: pip install -r {requirements}.")
    return Path(found.submodule_search_locations[0]).resolve()


def require_program(program: Path) -> Path:
    """Return the program; EngineError when the wheel for this platform has none."""
    if not program.exists():
        raise EngineError(
            f"There is no embedded {program.name} for {platform.system()} on {platform.machine()}. Set "
            "DATABASE_URL and REDIS_URL to servers of your own."
        )
    return program


def environment() -> dict[str, str]:
    """Return a small environment of our own: the caller's PG* variables would change what the server does."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def free_port() -> int:
    """Return a port that nothing listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
