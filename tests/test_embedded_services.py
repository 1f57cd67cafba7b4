"""The embedded servers: what a first start makes, and what holds when something is killed or in the way."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import errors

import unprivileged
from embedded_services import Postgres, postgres, valkey, valkey_server
from processes import is_gone, wait_until
from server_process import EngineError

BIN = Path(__file__).parent.parent / "bin"
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="the ways around root are for root")
MAY_UNSHARE = unprivileged.can_unshare()

# Runs both servers until killed; says on stdout when they answer, and their process ids.
OWNER_PROGRAM = """
import sys, time
from embedded_services import postgres, valkey_server
with postgres(sys.argv[1]) as database, valkey_server(sys.argv[1]) as queue:
    print(database.server.pid, queue.server.pid, database.owner_url, flush=True)
    time.sleep(600)
"""


def connect(url: str) -> psycopg.Connection:
    """Connect with a SQLAlchemy URL, each statement its own transaction."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@contextlib.contextmanager
def owner_process(folder: Path, **environ: str) -> Iterator[tuple[subprocess.Popen[str], int, int, str]]:
    command = [sys.executable, "-c", OWNER_PROGRAM, str(folder)]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(BIN), **environ}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            database_pid, queue_pid, url = process.stdout.readline().split()
            yield process, int(database_pid), int(queue_pid), url
        finally:
            process.kill()


@pytest.fixture(scope="module")
def cluster_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "with space 与中文 'quoted'"


@pytest.fixture(scope="module")
def database(cluster_folder: Path) -> Iterator[Postgres]:
    with postgres(cluster_folder, durable=False, max_connections=33, settings={"work_mem": "7MB"}) as running:
        yield running


def test_the_application_role_owns_nothing_and_makes_nothing(database: Postgres) -> None:
    with connect(database.app_url) as application:
        owned = application.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole UNION ALL "
            "SELECT count(*) FROM pg_database WHERE datdba = current_user::regrole"
        ).fetchall()
        assert owned == [(0,), (0,)]
        for statement in ("CREATE TABLE t (i int)", "CREATE TEMP TABLE t (i int)", "CREATE SCHEMA s"):
            with pytest.raises(errors.InsufficientPrivilege):
                application.execute(statement)


def test_neither_role_is_more_than_a_login_but_that_the_owner_may_try_a_backup(database: Postgres) -> None:
    with connect(database.superuser_url) as superuser:
        rows = superuser.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication "
            "FROM pg_roles WHERE rolname LIKE 'huisheng%' ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("huisheng_app", False, False, False, False, False),
        ("huisheng_owner", False, True, False, False, False),
    ]


def test_the_owner_makes_tables_that_the_application_sees_only_when_granted(database: Postgres) -> None:
    with connect(database.owner_url) as owner, connect(database.app_url) as application:
        owner.execute("CREATE TABLE granted (i int)")
        with pytest.raises(errors.InsufficientPrivilege):
            application.execute("SELECT * FROM granted")
        owner.execute("GRANT SELECT ON granted TO huisheng_app")
        assert application.execute("SELECT * FROM granted").fetchall() == []
        owner.execute("DROP TABLE granted")


def test_the_application_can_connect_to_no_other_database_with_a_wrong_password(database: Postgres) -> None:
    wrong = database.app_url.replace("huisheng_app:", "huisheng_app:x")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(wrong)


def test_the_database_is_utf8_in_utc_with_the_settings_asked_for(database: Postgres) -> None:
    with connect(database.app_url) as application:
        shown = [
            application.execute(f"SHOW {name}").fetchone()
            for name in ("server_encoding", "timezone", "max_connections", "work_mem", "fsync")
        ]
    assert shown == [("UTF8",), ("UTC",), ("33",), ("7MB",), ("off",)]


def test_passwords_are_for_the_owner_of_the_folder_alone(database: Postgres, cluster_folder: Path) -> None:
    assert (cluster_folder / "pg.passwords").stat().st_mode & 0o777 == 0o600
    assert (cluster_folder / "pg18").stat().st_mode & 0o777 == 0o700


def test_a_folder_in_use_is_refused_in_a_sentence(database: Postgres, cluster_folder: Path) -> None:
    with pytest.raises(EngineError, match="in use by another running copy"), postgres(cluster_folder):
        pass


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for engine in (postgres, valkey):
        with (
            pytest.raises(EngineError, match="can't be used for the embedded servers"),
            engine(tmp_path / "file" / "x"),
        ):
            pass


def test_a_platform_without_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "mips")
    with pytest.raises(EngineError, match="no embedded valkey-server for .* on mips"), valkey(tmp_path):
        pass


def test_data_and_passwords_stay_over_a_restart_in_any_locale(tmp_path: Path) -> None:
    with owner_process(tmp_path, LC_ALL="C") as (process, _, _, url):
        with connect(url) as owner:
            owner.execute("CREATE TABLE kept (word text)")
            owner.execute("INSERT INTO kept VALUES ('回声')")
        process.send_signal(signal.SIGINT)
        process.wait(60)
    with postgres(tmp_path) as again, connect(again.owner_url) as owner:
        assert owner.execute("SELECT word FROM kept").fetchall() == [("回声",)]


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pg18.unfinished").mkdir()
    (tmp_path / "pg18.unfinished" / "PG_VERSION").write_text("18")
    with postgres(tmp_path, durable=False) as running, connect(running.app_url) as application:
        assert application.execute("SELECT 1").fetchone() == (1,)


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(tmp_path: Path) -> None:
    with postgres(tmp_path, durable=False) as running:
        lines = (tmp_path / "pg18" / "postmaster.pid").read_text().splitlines()
    (tmp_path / "pg18" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    with postgres(tmp_path, durable=False) as running, connect(running.app_url) as application:
        assert application.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_database_starts_again_with_what_it_acknowledged(tmp_path: Path) -> None:
    with postgres(tmp_path) as running:
        with connect(running.owner_url) as owner:
            owner.execute("CREATE TABLE kept (i int)")
            with owner.transaction():
                owner.execute("CREATE SEQUENCE drawn")
                owner.execute("INSERT INTO kept SELECT nextval('drawn')")
            owner.execute("INSERT INTO kept SELECT nextval('drawn')")
            os.kill(running.server.pid, signal.SIGKILL)
            assert wait_until(lambda: not running.server.is_running)
        running.server.restart()
        with connect(running.owner_url) as owner:
            assert owner.execute("SELECT i FROM kept").fetchall() == [(1,), (2,)]
            (following,) = owner.execute("SELECT nextval('drawn')").fetchone() or (0,)
        assert following > 2


@ON_LINUX
def test_kill_9_of_the_owner_leaves_no_server_and_loses_no_data(tmp_path: Path) -> None:
    with owner_process(tmp_path) as (process, database_pid, queue_pid, url):
        with connect(url) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 7 AS i")
        process.kill()
        assert wait_until(lambda: is_gone(database_pid) and is_gone(queue_pid))
    with postgres(tmp_path) as again, connect(again.owner_url) as owner:
        assert owner.execute("SELECT i FROM kept").fetchall() == [(7,)]


@ON_LINUX
def test_a_start_right_after_kill_9_waits_for_the_old_server(tmp_path: Path) -> None:
    with owner_process(tmp_path) as (process, database_pid, _, _):
        process.kill()
        process.wait()
        with postgres(tmp_path) as again, connect(again.app_url) as application:
            assert is_gone(database_pid)
            assert application.execute("SELECT 1").fetchone() == (1,)


def test_valkey_asks_for_its_password_and_keeps_data_when_durable(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as running:
        with redis.Redis.from_url(running.url) as client:
            client.set("回声", "kept")
        port = running.url.rpartition(":")[2].partition("/")[0]
        with redis.Redis(port=int(port)) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    with valkey(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("回声") == b"kept"


def test_valkey_keeps_nothing_when_not_durable(tmp_path: Path) -> None:
    with valkey(tmp_path, durable=False) as url, redis.Redis.from_url(url) as client:
        client.set("word", "lost")
    with valkey(tmp_path, durable=False) as url, redis.Redis.from_url(url) as client:
        assert client.get("word") is None


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Act as a container that forbids namespaces; yield a folder that every user can reach."""
    reachable = Path(tempfile.mkdtemp(prefix="huisheng-test-"))
    reachable.chmod(0o755)
    monkeypatch.setattr(unprivileged, "can_unshare", lambda: False)
    monkeypatch.setattr(unprivileged, "REACHABLE_HOME", reachable / "home")
    yield reachable
    shutil.rmtree(reachable)


def user_of(pid: int) -> str:
    return pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name


@AS_ROOT
def test_root_without_namespaces_runs_the_server_as_nobody(no_namespaces: Path) -> None:
    with postgres(no_namespaces / "base", durable=False) as running, connect(running.app_url) as application:
        assert user_of(running.server.pid) == "nobody"
        assert application.execute("SELECT 1").fetchone() == (1,)
        with psycopg.connect(running.superuser_url.replace("+psycopg", "")) as superuser:
            superuser.execute("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'")  # all its parts are found


@AS_ROOT
def test_root_without_namespaces_keeps_a_closed_folder_closed(
    no_namespaces: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    closed = no_namespaces / "closed"
    closed.mkdir(mode=0o700)
    for word in ("CREATE TABLE kept AS SELECT 7 AS i", "INSERT INTO kept VALUES (8)"):
        with postgres(closed / "base", durable=False) as running, connect(running.owner_url) as owner:
            owner.execute(word)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / "base" / "pg18").resolve().is_relative_to(unprivileged.REACHABLE_HOME)
    assert capfd.readouterr().err.count("Its data is kept in") == 1
    closed.rename(no_namespaces / "renamed")
    renamed = no_namespaces / "renamed" / "base"
    with postgres(renamed, durable=False) as running, connect(running.owner_url) as owner:
        assert owner.execute("SELECT i FROM kept ORDER BY i").fetchall() == [(7,), (8,)]


@AS_ROOT
@pytest.mark.parametrize("is_closed", [True, False])
def test_a_cluster_moves_between_machines_with_and_without_namespaces(
    no_namespaces: Path, monkeypatch: pytest.MonkeyPatch, is_closed: bool
) -> None:
    folder = no_namespaces / "folder"
    folder.mkdir(mode=0o700 if is_closed else 0o755)
    folder.chmod(0o700 if is_closed else 0o755)
    if not MAY_UNSHARE:
        pytest.skip("namespaces are really forbidden here")
    for turn, allowed in enumerate((True, False, True, False)):
        monkeypatch.setattr(unprivileged, "can_unshare", lambda allowed=allowed: allowed)
        with postgres(folder / "base", durable=False) as running, connect(running.owner_url) as owner:
            owner.execute("CREATE TABLE IF NOT EXISTS kept (i int)")
            owner.execute("INSERT INTO kept VALUES (%s)", [turn])
            assert user_of(running.server.pid) == ("root" if allowed else "nobody")
            assert owner.execute("SELECT count(*) FROM kept").fetchone() == (turn + 1,)


@AS_ROOT
@ON_LINUX
def test_kill_9_of_root_without_namespaces_leaves_no_server(no_namespaces: Path) -> None:
    program = f"import unprivileged\nunprivileged.can_unshare = lambda: False\n{OWNER_PROGRAM}"
    command = [sys.executable, "-c", program, str(no_namespaces / "base")]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(BIN)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()[:2]]
        assert user_of(pids[0]) == "nobody"
        process.kill()
        assert wait_until(lambda: all(is_gone(pid) for pid in pids))
