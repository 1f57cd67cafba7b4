"""Make .venv with what a program of bin/ needs, when that has changed, and go on in its Python.

This file runs in the machine's own Python: it needs nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from tied_process import die_with

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PROGRAMS = {
    "run": ("run_panel.py", ("requirements.txt", "bin/requirements.txt")),
    "bench": ("run_bench.py", ("requirements.txt", "bin/requirements.txt")),
    "test": ("run_checks.py", ("requirements.txt", "bin/requirements.txt", "tests/requirements.txt")),
}
# These come as pure Python source alone; anything else without a wheel would want a compiler.
PIP = (
    "-m",
    "pip",
    "install",
    "--require-hashes",
    "--only-binary=:all:",
    "--no-binary=flask-principal,dkimpy",
)
PIP_OPTIONS = ("--disable-pip-version-check", "--no-input", "--retries=2", "--progress-bar=off")
NO_NETWORK = re.compile(
    "NewConnectionError|name resolution|Network is unreachable|Connection refused|ConnectTimeout|ProxyError"
)


def main(program: str, arguments: Sequence[str]) -> None:
    """Become the program, in .venv's Python, with the root of the checkout as working directory."""
    os.environ["CALLED_FROM"] = str(Path.cwd())
    os.chdir(ROOT)
    file, requirements = PROGRAMS[program]
    try:
        install(program, requirements)
    except OSError as error:
        sys.exit(f"{VENV} can't be made: {error}.")
    except KeyboardInterrupt:
        sys.exit(130)
    os.execv(PYTHON, [str(PYTHON), str(ROOT / "bin" / file), *arguments])


def install(program: str, requirements: Sequence[str]) -> None:
    """Make .venv and install the locked requirements, unless just that was done before."""
    wanted = fingerprint(requirements)
    stamp = VENV / f"installed-for-{program}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    make_venv()
    install_packages(requirements)
    stamp.write_text(wanted)


def fingerprint(requirements: Sequence[str]) -> str:
    """Return a hash of what the installed packages depend on: the locks, the Python, the place of .venv."""
    parts = [sys.version, sys.executable, str(VENV), *((ROOT / name).read_text() for name in requirements)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def make_venv() -> None:
    """Make .venv unless one of the same Python stands at this place, which a moved or copied one does not."""
    if venv_fits():
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"Python {version} at {sys.executable} lacks its venv module.\n"
            f"Install it (Debian, Ubuntu: apt-get install python{version}-venv) and start again."
        )
    if VENV.is_symlink():
        # To clear it would empty the folder of somebody else that it leads to.
        VENV.unlink()
    say(f"Making {VENV} with Python {sys.version.split()[0]}")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with(os.getpid()),
    )
    if made.returncode != 0:
        sys.exit(f"{VENV} can't be made:\n{made.stdout}")


def venv_fits() -> bool:
    """Tell whether .venv is one of this Python, made at this place: its scripts name both."""
    script = VENV / "bin" / "pip"
    try:
        if os.fsencode(VENV) not in script.read_bytes():
            return False
        asked = subprocess.run(
            [PYTHON, "-c", "import pip, sys; print(sys.version)"], check=False, capture_output=True
        )
    except OSError:
        return False
    return asked.stdout.decode().strip() == sys.version.strip()


def install_packages(requirements: Sequence[str]) -> None:
    """Install the locked packages and show how far it is; leave with a sentence when it fails."""
    total = len({line.split("==")[0] for name in requirements for line in locked(name)})
    say(f"Installing {total} packages")
    options = [option for name in requirements for option in ("-r", name)]
    started, seen, tail = time.monotonic(), 0, deque[str](maxlen=15)
    process = subprocess.Popen(
        [PYTHON, *PIP, *PIP_OPTIONS, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=die_with(os.getpid()),
    )
    assert process.stdout is not None
    for line in process.stdout:
        tail.append(line)
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            seen += 1
            show_progress(
                f"  {seen}: {re.split('[=<> ]', line.split(': ')[-1].removeprefix('Collecting '))[0]}"
            )
        elif line.startswith("Installing collected"):
            show_progress("  all fetched, unpacking")
    if process.wait() != 0:
        leave_after_failure("".join(tail))
    show_progress(f"  done in {time.monotonic() - started:.0f} s")
    end_progress()


def locked(name: str) -> list[str]:
    """Return the lines of a lock file that name a package."""
    return [line for line in (ROOT / name).read_text().splitlines() if re.match(r"[a-z0-9]", line)]


def leave_after_failure(said: str) -> None:
    """End with pip's last words and what they mean."""
    end_progress()
    print(said, file=sys.stderr)
    if NO_NETWORK.search(said):
        sys.exit("The packages can't be fetched: is there a network, or a package index in pip's settings?")
    if "No matching distribution" in said:
        sys.exit(
            f"A package above can't be fetched, or has no wheel for Python {sys.version.split()[0]} here."
        )
    sys.exit("The packages could not be installed; pip's last words stand above.")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def show_progress(text: str) -> None:
    """Print a line of progress: over the last one on a terminal, into a file every tenth."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)
    elif not re.match(r"  \d*[1-9]: ", text):
        say(text)


def end_progress() -> None:
    """Leave the line of progress on a terminal."""
    if sys.stdout.isatty():
        print(flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
