"""Make an archive of a database, and bring one into a database, in one transaction that the caller ends.

`pg_restore` only turns the archive into SQL; the statements go through a connection of our own. So what was
restored can be compared before it is committed, a kill at any moment leaves the old database as it was, and
no password leaves this process.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import Connection, Cursor

from jobs.backup.programs import BackupError, Program, environment_for

# Bytes at once: memory stays flat whatever the size of the archive, or of one value in it.
PIECE = 1 << 16
# Somebody else's open transaction makes us wait for so long, not for ever.
LOCK_TIMEOUT = "10s"

# Commands that take away what stands in the schema, extensions apart; sequences of columns go with these.
_LEFTOVERS = """
SELECT format('DROP %s IF EXISTS public.%I CASCADE',
              CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                           ELSE 'TABLE' END, relname)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT EXISTS
    (SELECT FROM pg_depend
     WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'e', 'i'))
UNION ALL
SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS
    (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
"""


def write_archive(program: Program, url: str, snapshot: str, target: Path) -> None:
    """Write what stands in the schema at the moment of `snapshot`; BackupError says why it can't be."""
    target.touch(mode=0o600)
    command = [str(program.path), "--format=custom", "--schema=public", f"--snapshot={snapshot}"]
    command += ["--lock-wait-timeout=60000", "--no-password", "--no-subscriptions", f"--file={target}"]
    done = subprocess.run(
        command, check=False, env=environment_for(url), stdin=subprocess.DEVNULL, capture_output=True
    )
    if done.returncode != 0:
        raise BackupError(f"pg_dump failed: {done.stderr.decode(errors='replace').strip()[-2000:]}")


def leftovers(connection: Connection[Any]) -> list[str]:
    """Return the commands that would empty the schema; none where it is empty."""
    return [command for (command,) in connection.execute(_LEFTOVERS)]


def empty(connection: Connection[Any]) -> None:
    """Take away what stands in the schema, once nobody else uses it; BackupError when somebody does."""
    connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    try:
        for command in leftovers(connection):
            connection.execute(command)
    except psycopg.errors.LockNotAvailable as error:
        raise BackupError(
            "The database is in use. End web, worker and clock, and whoever else is connected, and try again."
        ) from error


def load_archive(program: Program, archive: Path, connection: Connection[Any]) -> None:
    """Bring an archive into an empty schema, in the connection's open transaction, which the caller ends.

    All of it belongs to the connection's role; what other roles may do is not restored.

    Raises:
        BackupError: when the archive can't be read to its end, or does not fit.
    """
    try:
        with connection.cursor() as cursor:
            _run_script(program, archive, "pre-data", cursor)
            with _section(program, archive, "data") as stream:
                while line := stream.readline(PIECE):
                    _take_data(line, stream, cursor)
            _run_script(program, archive, "post-data", cursor)
    except psycopg.Error as error:
        # What PostgreSQL tells of a row it refused would show names and phones.
        raise BackupError(f"The backup does not fit: {error.diag.message_primary or error}.") from error


def _run_script(program: Program, archive: Path, section: str, cursor: Cursor[Any]) -> None:
    with _section(program, archive, section) as stream:
        script = stream.read().decode()
    # The first is for psql; the second a server older than the program does not know.
    script = re.sub(r"(?m)^(\\(un)?restrict .*|SET transaction_timeout = 0;)$", "", script)
    cursor.execute(script)


def _take_data(line: bytes, stream: IO[bytes], cursor: Cursor[Any]) -> None:
    """Carry out one statement of the data: rows of a table, or where a sequence stands."""
    if line.startswith(b"COPY "):
        with cursor.copy(line.decode().rstrip("\n;")) as copy:
            is_start = True
            while piece := stream.readline(PIECE):
                if is_start and piece == b"\\.\n":
                    return
                copy.write(piece)
                is_start = piece.endswith(b"\n")
            raise BackupError("The backup ends in the middle of a table.")
    if line.startswith(b"SELECT pg_catalog.setval("):
        cursor.execute(line.decode())


@contextmanager
def _section(program: Program, archive: Path, name: str) -> Iterator[IO[bytes]]:
    """Yield one part of the archive as SQL; BackupError at its end when not all of it could be read."""
    command = [str(program.path), f"--section={name}", "--schema=public", "--no-owner", "--no-privileges"]
    command += ["--no-comments", "--no-tablespaces", "--no-security-labels", "--file=-", str(archive)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.stdout.close()
            status = process.wait()
        if status != 0:
            said.seek(0)
            words = said.read(2000).decode(errors="replace").strip()
            raise BackupError(f"{archive} can't be read: {words}")
