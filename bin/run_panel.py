"""Start the panel on this machine: database, queue, and the processes of the Procfile. bin/run ends here."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from embedded_services import postgres, valkey_server
from server_process import EngineError, InUseError, Server
from supervisor import Supervisor, read_procfile
from tied_process import die_with

ROOT = Path(__file__).resolve().parent.parent
SECRETS = ("SECRET_KEY", "PASSWORD_SECRET", "SECOND_FACTOR_SECRET")
PORTS = range(8000, 8100)
SHARED = (*SECRETS, "DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "PORT", "PATH")
PAUSE = 1.0  # seconds between the starts of web, worker and clock
RELEASE = "release"  # the Procfile's process that runs once, before the others


def main(arguments: Sequence[str]) -> int:
    """Run the panel until Ctrl-C or SIGTERM, or the given command to its end; return the exit status."""
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
    try:
        with contextlib.ExitStack() as engines:
            if arguments:
                return run_command(engines, arguments)
            start = prepare(engines)
            choose_port(start.environ)
            return Panel(start).run()
    except EngineError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def leave(number: int, _frame: FrameType | None) -> NoReturn:
    """End in order at a signal: the servers stop on the way out."""
    raise SystemExit(128 + number)


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def run_command(engines: contextlib.ExitStack, arguments: Sequence[str]) -> int:
    """Run a command as the panel's processes are run: beside those that run now, or else on its own."""
    try:
        environ = prepare(engines).environ
    except InUseError:
        say("  The panel runs, and this is done in its database.")
        kept = local_folder(os.environ) / "environment.json"
        environ = dict(os.environ) | json.loads(kept.read_text())
    environ["PYTHONPATH"] = str(ROOT)
    # Where the person stands, so that names of files mean what they mean there.
    folder = environ.get("CALLED_FROM", str(ROOT))
    return run_once(shlex.join(arguments), environ, Path(folder), is_asking=True)


def local_folder(environ: Mapping[str, str]) -> Path:
    """Return where the engines' data and the secrets are kept."""
    return ROOT / (environ.get("LOCAL_DIR", "").strip() or ".local")


@dataclass
class Start:
    """Hold what the panel's processes are started with: their environment, and the servers run for them."""

    environ: dict[str, str]
    servers: list[Server] = field(default_factory=list)
    began_at: float = field(default_factory=time.monotonic)


def prepare(engines: contextlib.ExitStack) -> Start:
    """Start what the environment does not name, and return the environment that names everything."""
    environ = dict(os.environ)
    environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environ.get("PATH", "/usr/bin:/bin")]
    )
    # Each process then ends when its parent is killed, and shows what it says at once.
    environ |= {"HUISHENG_SUPERVISED": "1", "PYTHONUNBUFFERED": "1"}
    environ.setdefault("ENVIRONMENT", "local")
    folder = local_folder(environ)
    environ["LOCAL_DIR"] = str(folder)
    start = Start(environ)
    if not environ.get("DATABASE_URL"):
        with told_when_slow(f"Starting PostgreSQL on {folder}"):
            database = engines.enter_context(postgres(folder))
        environ |= {"DATABASE_URL": database.app_url, "MIGRATION_DATABASE_URL": database.owner_url}
        start.servers.append(database.server)
    if not environ.get("REDIS_URL"):
        with told_when_slow(f"Starting Valkey on {folder}"):
            queue = engines.enter_context(valkey_server(folder))
        environ["REDIS_URL"] = queue.url
        start.servers.append(queue.server)
    add_secrets(environ, folder)
    return start


@contextlib.contextmanager
def told_when_slow(what: str) -> Iterator[None]:
    """Say what begins, and how long it took when that was more than a second."""
    say(what)
    began = time.monotonic()
    yield
    if (took := time.monotonic() - began) > 1:
        say(f"  done in {took:.1f} s")


def choose_port(environ: dict[str, str]) -> None:
    """Set PORT to the one given, or else to the first free one; EngineError when there is none."""
    given = environ.get("PORT", "").strip()
    if given:
        if not given.isdecimal() or not 1 <= int(given) <= 65535:
            raise EngineError("PORT is wrong: give a port from 1 to 65535.")
        if not is_free(int(given)):
            raise EngineError(
                f"PORT {given} is in use by another program. Set PORT to another one, or to none."
            )
        return
    port = next((port for port in PORTS if is_free(port)), None)
    if port is None:
        raise EngineError(f"No port from {PORTS[0]} to {PORTS[-1]} is free. Set PORT to one that is.")
    if port != PORTS[0]:
        say(f"Port {PORTS[0]} is in use by another program; this is {port}.")
    environ["PORT"] = str(port)


def is_free(port: int) -> bool:
    """Tell whether this machine's port can be listened on, past connections not counted."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def add_secrets(environ: dict[str, str], folder: Path) -> None:
    """Set each secret that the environment lacks: made once, kept in the folder for its owner alone."""
    missing = [name for name in SECRETS if not environ.get(name)]
    if not missing:
        return
    path = folder / "secrets.json"
    try:
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        made = {name: secrets.token_urlsafe(48) for name in missing if name not in kept}
        if made:
            say(f"Making {', '.join(made)}, kept in {path}")
            keep_secrets(path, kept | made)
    except (OSError, ValueError) as error:
        raise EngineError(f"The secrets in {path} can't be used: {error}.") from error
    environ |= {name: (kept | made)[name] for name in missing}


def keep_secrets(path: Path, values: dict[str, str]) -> None:
    """Write the secrets so that a kill at any moment leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(values, indent=1))
    unfinished.rename(path)


@dataclass
class Panel:
    """Run the panel's processes and tell the person at the terminal how to reach it."""

    start: Start
    demo_users: subprocess.Popen[bytes] | None = None
    is_announced: bool = False
    next_try_at: float = 0.0

    def run(self) -> int:
        """Run the release, then the other processes until a signal; return the exit status."""
        environ = self.start.environ
        commands = read_procfile(ROOT / "Procfile")
        # What a command needs that is given to bin/run while this one runs.
        keep_secrets(
            local_folder(environ) / "environment.json",
            {name: environ[name] for name in SHARED if name in environ},
        )
        if (status := run_once(commands.pop(RELEASE), environ)) != 0:
            say(f"The release ended with status {status}, so nothing is started. What it said stands above.")
            return 1
        # Reachable from this machine alone: gunicorn's own default with PORT set is every network.
        environ.setdefault("GUNICORN_CMD_ARGS", f"--bind 127.0.0.1:{environ['PORT']}")
        say(f"Starting {', '.join(commands)}")
        return Supervisor(commands, environ, ROOT, say, pause=PAUSE).run(on_tick=self.watch)

    def watch(self) -> None:
        """Start a server again that ended, and announce the panel once the web answers."""
        for server in self.start.servers:
            if not server.is_running:
                say(f"{server.name} ended; starting it again.")
                server.restart()
        if self.demo_users is None and time.monotonic() >= self.next_try_at:
            self.next_try_at = time.monotonic() + 0.1
            if web_answers(int(self.start.environ["PORT"])):
                say(f"The web answers after {time.monotonic() - self.start.began_at:.1f} s")
                self.demo_users = begin_demo_users(self.start.environ)
        elif self.demo_users and self.demo_users.poll() is not None and not self.is_announced:
            self.is_announced = True
            self.announce(self.demo_users.communicate()[0])

    def announce(self, demo_users: bytes) -> None:
        """Print address, demo users and where the mail goes."""
        environ = self.start.environ
        lines = demo_users.decode(errors="replace").splitlines()
        rows = [line.split("\t") for line in lines if line.count("\t") == 2]
        say("")
        say(
            f"  Huisheng 回声 is ready:  {environ.get('PUBLIC_URL') or 'http://127.0.0.1:' + environ['PORT']}"
        )
        if rows:
            say("  Demo users (role, e-mail, password):")
        for role, email, password in rows:
            say(f"    {role:<20} {email:<36} {password}")
        say(f"  Mail: {where_mail_goes(environ)}")
        say("  Ctrl-C ends everything; the data stays.")
        say("")


def run_once(
    command: str, environ: Mapping[str, str], folder: Path = ROOT, *, is_asking: bool = False
) -> int:
    """Run a command to its end and return its exit status; one that may ask reads what the person answers."""
    arguments = ["/bin/sh", "-c", f"exec {command}"]
    return subprocess.run(
        arguments,
        check=False,
        env=environ,
        cwd=folder,
        stdin=None if is_asking else subprocess.DEVNULL,
        preexec_fn=die_with(os.getpid()),
    ).returncode


def begin_demo_users(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Ask for the demo users; not before the web is up, which would start the later for it."""
    return subprocess.Popen(
        ["flask", "--app", "app", "demo-users"],
        env=environ,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=die_with(os.getpid()),
    )


def web_answers(port: int) -> bool:
    """Tell whether the first page comes, or where it sends the visitor."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def where_mail_goes(environ: dict[str, str]) -> str:
    """Return in words what happens to the mails."""
    host = urlsplit(environ.get("SMTP_URL", "").strip()).hostname
    if host:
        return f"sent through {host}; every message can be read in the panel too."
    return "kept in the panel, none is sent (SMTP_URL is not set)."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
