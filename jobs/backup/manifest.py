"""What a database held at one moment: rows and checksum of each table, for a copy to be held against."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from jobs.backup.programs import BackupError

FORMAT = 1
# Under which the checksum of columns, indexes, constraints, triggers and functions stands among the tables.
STRUCTURE = "(structure)"

# A row's text must not depend on how a server or a role was set up.
_AS_TEXT = """
SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL search_path = '';
"""
# The sum of the rows' hashes: the same in whatever order a table is read, another when a row is there twice.
# SHA-256 and not hashtext: that one may change with a version of PostgreSQL.
_HASH = "('x' || left(encode(sha256(convert_to({}, 'UTF8')), 'hex'), 16))::bit(64)::bigint"
_SUM = f"coalesce(sum({_HASH}), 0)::text"
_OURS = (
    "relnamespace = 'public'::regnamespace AND NOT EXISTS"
    " (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')"
)
_TABLES = f"SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND {_OURS} ORDER BY relname"  # noqa: S608 - constants
_SEQUENCES = (
    "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
)
_STRUCTURE = f"""
WITH ours AS (SELECT oid, relname, relkind FROM pg_class WHERE {_OURS}),
objects (name) AS (
    SELECT concat_ws(' ', 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull,
                     attidentity, attgenerated)
    FROM pg_attribute JOIN ours ON ours.oid = attrelid
    WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT concat_ws(' ', 'index', relname, indisunique, indisvalid)
    FROM pg_index JOIN ours ON ours.oid = indexrelid
    UNION ALL SELECT concat_ws(' ', 'constraint', relname, conname, contype, convalidated)
    FROM pg_constraint JOIN ours ON ours.oid = conrelid WHERE contype <> 'n'
    UNION ALL SELECT concat_ws(' ', 'trigger', relname, tgname, tgenabled)
    FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', 'function', proname, prosecdef, prosrc, proconfig::text)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS
        (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
)
SELECT count(*), {_SUM.format("name")} FROM objects
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Content:
    """Number of rows and the sum of their hashes."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Measure:
    """What a database holds; `sequences` are the last numbers drawn."""

    tables: dict[str, Content]
    sequences: dict[str, int]
    revision: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Say of a backup when it was taken, of what, by what, and what it must hold."""

    taken_at: str
    panel: str
    server: str
    program: str
    size: int
    sha256: str
    measure: Measure
    format: int = field(default=FORMAT)

    @property
    def program_major(self) -> int:
        """Return the version of pg_dump, whose archives older programs can't read."""
        return int(self.program.split(".")[0])


def measure(connection: Connection[Any]) -> Measure:
    """Return what the database holds, as the connection's open transaction sees it."""
    connection.execute(_AS_TEXT)
    # First: what is drawn while the rows are read may be in the copy, and less may not.
    sequences = dict(connection.execute(_SEQUENCES).fetchall())
    names = [name for (name,) in connection.execute(_TABLES)]
    tables = {name: _content(connection, name) for name in names}
    tables[STRUCTURE] = Content(*_one(connection, _STRUCTURE))
    if "alembic_version" not in names:
        raise BackupError("The database holds nothing of this panel.")
    revision = _one(connection, "SELECT version_num FROM public.alembic_version")
    return Measure(tables, sequences, str(revision[0]))


def _content(connection: Connection[Any], table: str) -> Content:
    columns = sql.SQL(_SUM.format("row_of_it::text"))
    query = sql.SQL("SELECT count(*), {} FROM {} AS row_of_it")
    return Content(*_one(connection, query.format(columns, sql.Identifier("public", table))))


def _one(connection: Connection[Any], query: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = connection.execute(query).fetchone()
    if found is None:
        raise BackupError("The database was not made by this panel: it has no revision.")
    return found


def differences(expected: Measure, found: Measure) -> Iterator[str]:
    """Yield a line for each table and sequence in which a copy is not what it was taken of."""
    for name in sorted(expected.tables.keys() | found.tables.keys()):
        before, after = expected.tables.get(name), found.tables.get(name)
        if before is None or after is None:
            yield f"{name}: {'not in the backup’s list' if before is None else 'missing'}"
        elif before.rows != after.rows:
            yield f"{name}: {after.rows} rows instead of {before.rows}"
        elif before.checksum != after.checksum:
            yield f"{name}: {after.rows} rows, with other content"
    for name, last in expected.sequences.items():
        # Numbers go on being drawn while a backup is made: the copy may be ahead, never behind.
        if found.sequences.get(name, -1) < last:
            yield f"{name}: at {found.sequences.get(name)}, before {last}"


def manifest_path(backup: Path) -> Path:
    """Return where the manifest of a backup stands: beside it."""
    return backup.with_name(backup.name + ".json")


def write_manifest(backup: Path, manifest: Manifest) -> None:
    """Write the manifest beside its backup."""
    text = json.dumps(asdict(manifest), indent=1, ensure_ascii=False) + "\n"
    manifest_path(backup).write_text(text, encoding="utf-8")


def read_manifest(backup: Path) -> Manifest | None:
    """Return the manifest beside a backup, None where there is none.

    Raises:
        BackupError: when it can't be read, or the backup is not the file that it was written for.
    """
    path = manifest_path(backup)
    if not path.exists():
        return None
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        parts = raw.pop("measure")
        tables = {name: Content(**content) for name, content in parts["tables"].items()}
        manifest = Manifest(**raw, measure=Measure(tables, parts["sequences"], parts["revision"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{path} can't be read: {error}.") from error
    if manifest.format != FORMAT:
        raise BackupError(f"{path} was written by a newer panel: restore it with that one.")
    if (manifest.size, manifest.sha256) != fingerprint(backup):
        raise BackupError(
            f"{backup} is not the file that {path.name} was written for: it is cut or was changed."
        )
    return manifest


def fingerprint(file: Path) -> tuple[int, str]:
    """Return size in bytes and SHA-256 of a file, read in pieces."""
    with file.open("rb") as opened:
        return file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest()
