"""Run the processes of a Procfile side by side, as a PaaS does: one that ends is started again soon.

Every process is started with PR_SET_PDEATHSIG, so that a kill -9 of this one leaves none behind (Linux); what
they fork themselves they have to tie, see jobs/parent_death.py.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from honcho.environ import parse_procfile

from tied_process import die_with

STOP_GRACE = 10.0  # seconds between asking to end and killing
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a process that ended is started again
STEADY_AFTER = 10.0  # seconds: one that ran this long starts with a short pause again
HOPELESS_AFTER = 5  # short lives in a row
TICK = 0.1  # seconds
COLOURS = (36, 33, 32, 35)


def read_procfile(path: Path) -> dict[str, str]:
    """Return the commands of a Procfile by name, in its order."""
    return dict(parse_procfile(path.read_text(encoding="utf-8")).processes)


@dataclass
class Child:
    """Hold one process of the Procfile, what it said of a line not yet ended, and its history."""

    name: str
    command: str
    process: subprocess.Popen[bytes] | None = None
    unfinished: bytes = b""
    started_at: float = 0.0
    start_at: float = 0.0
    short_lives: int = 0

    def start(self, environ: Mapping[str, str], folder: Path) -> BinaryIO:
        """Start the process and return its output."""
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {self.command}"],  # a Procfile's line is a shell's, as on a PaaS
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,  # Ctrl-C at the terminal reaches us alone; we then stop it in order
            preexec_fn=die_with(os.getpid()),
        )
        self.started_at = time.monotonic()
        assert self.process.stdout is not None
        return self.process.stdout  # type: ignore[return-value]  # unbuffered, so a raw file

    def has_ended(self) -> bool:
        """Tell whether the process was started and is over."""
        return self.process is not None and self.process.poll() is not None

    def send(self, what: signal.Signals) -> None:
        """Signal the process and all of its group that still live."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, what)

    def plan_next_start(self) -> float:
        """Return after how many seconds to start again: doubling while it keeps ending soon."""
        lived = time.monotonic() - self.started_at
        self.short_lives = 1 if lived > STEADY_AFTER else self.short_lives + 1
        pause: float = min(FIRST_PAUSE * 2 ** (self.short_lives - 1), LONGEST_PAUSE)
        self.start_at = time.monotonic() + pause
        return pause


@dataclass
class Supervisor:
    """Run commands by name until a signal asks to end or one of them can't be kept alive."""

    commands: Mapping[str, str]
    environ: Mapping[str, str]
    folder: Path
    say: Callable[[str], None]
    pause: float = 0.0  # seconds between the first starts, so that the first process is up soon
    children: list[Child] = field(init=False)
    _selector: selectors.BaseSelector = field(init=False, default_factory=selectors.DefaultSelector)
    _stop_signals: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        now = time.monotonic()
        self.children = [
            Child(name, command, start_at=now + place * self.pause)
            for place, (name, command) in enumerate(self.commands.items())
        ]

    def run(self, on_tick: Callable[[], None] = lambda: None) -> int:
        """Run until asked to end; return the exit status. `on_tick` is called about ten times a second."""
        with self._signals_counted():
            try:
                while not self._stop_signals:
                    self._start_due()
                    self._pass_on_output(TICK)
                    on_tick()
                    if hopeless := self._note_ends():
                        self.say(f"{hopeless.name} ends each time soon after its start: giving up.")
                        return 1
                return 0
            finally:
                self._stop_all()

    @contextlib.contextmanager
    def _signals_counted(self) -> Iterator[None]:
        """Count the signals that ask to end, so that each loop ends where it is safe."""

        def count(_number: int, _frame: FrameType | None) -> None:
            self._stop_signals += 1

        before = {
            number: signal.signal(number, count) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start_due(self) -> None:
        for child in self.children:
            if child.process is None and child.start_at <= time.monotonic():
                output = child.start(self.environ, self.folder)
                os.set_blocking(output.fileno(), False)
                self._selector.register(output, selectors.EVENT_READ, child)

    def _note_ends(self) -> Child | None:
        """Plan the next start of each process that ended; return one for which there is no hope."""
        for child in self.children:
            if child.has_ended() and child.process is not None:
                status = child.process.returncode
                child.send(signal.SIGKILL)  # what it left of its group
                child.process = None
                pause = child.plan_next_start()
                if child.short_lives >= HOPELESS_AFTER:
                    return child
                self.say(f"{child.name} ended ({_describe(status)}); it starts again in {pause:.0f} s.")
        return None

    def _pass_on_output(self, timeout: float) -> None:
        """Print what the processes said, line by line, each with the name of its process."""
        if not self._selector.get_map():
            time.sleep(timeout)
            return
        for key, _ in self._selector.select(timeout):
            child: Child = key.data
            received = os.read(key.fd, 65536)
            if not received:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]  # always the file that start() returned
            *lines, child.unfinished = (child.unfinished + received).split(b"\n")
            for line in lines:
                self._print(child, line)

    def _print(self, child: Child, line: bytes) -> None:
        width = max(len(name) for name in self.commands)
        label = f"{child.name:<{width}} |"
        if sys.stdout.isatty():
            label = f"\033[{COLOURS[self.children.index(child) % len(COLOURS)]}m{label}\033[0m"
        print(label, line.decode(errors="replace").rstrip("\r"), flush=True)

    def _stop_all(self) -> None:
        """Ask all to end and kill what has not ended after STOP_GRACE seconds, or at a second signal."""
        asked = self._stop_signals
        self.say(f"Stopping; what is under way gets {STOP_GRACE:.0f} s to end.")
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.terminate()  # not the group: gunicorn ends its workers itself, in order
        end = time.monotonic() + STOP_GRACE
        while time.monotonic() < end and self._stop_signals == asked and self._any_lives():
            self._pass_on_output(TICK)  # one that waits for room in its pipe never ends
        for child in self.children:
            child.send(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
        self._pass_on_output(0)

    def _any_lives(self) -> bool:
        return any(child.process is not None and child.process.poll() is None for child in self.children)


def _describe(status: int) -> str:
    if status < 0:
        return signal.Signals(-status).name
    return f"exit status {status}"
