"""Run every check and test, all of them even when one fails, and sum up. bin/test ends here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit_packages import NOT_DONE
from tied_process import die_with

TYPED = ("app.py", "config.py", "models", "views", "jobs", "bin")
TEMPLATES = "views/templates"
FAULTS = "--faults"
# Each process has engines of its own, and waits a third of its time: so one more than there are processors.
# Which tests stay together is said in tests/conftest.py; those with a browser begin: they take longest.
IN_PARALLEL = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "loadscope", "--no-loadscope-reorder")

# These are done in a second, and say at once what is wrong. Without a cache: it keeps a file's imports as
# they were sorted even when the module that one of them names has moved since.
QUICK: dict[str, tuple[str, ...]] = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "--no-cache", "."),
}
# These take half a minute of one processor, or wait for an answer: the tests run meanwhile.
BESIDE: dict[str, tuple[str, ...]] = {
    "types": ("mypy", *TYPED),
    "imports": ("lint-imports", "--no-logo"),
    # Not their format: djlint's own breaks lines inside attributes and fights Jinja's whitespace control.
    "templates": ("djlint", "--lint", "--quiet", TEMPLATES),
    "audit": ("python", "bin/audit_packages.py"),
}


@dataclass(frozen=True)
class Result:
    """Hold how one check ended."""

    name: str
    status: int
    seconds: float

    @property
    def in_words(self) -> str:
        """Return what the summary says of it; a check that could not be made has not passed."""
        return {0: "passed", NOT_DONE: "NOT DONE"}.get(self.status, "FAILED")


def main(arguments: Sequence[str]) -> int:
    """Run the checks and the tests; return 0 when all passed."""
    programs = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "/usr/bin:/bin")])
    # Tests start many processes: each would compile the whole panel anew where Python may not keep that.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    results = [run(name, command) for name, command in QUICK.items()]
    results += run_tests_and(BESIDE, test_command(arguments))
    print()
    for result in results:
        print(f"{result.in_words:<8}  {result.name:<16} {result.seconds:6.1f} s")
    for result in results:
        if result.status == NOT_DONE:
            print(f"{result.name}: not made, what it asks could not be reached. Its words stand above.")
    return 1 if any(result.in_words == "FAILED" for result in results) else 0


def test_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return pytest's command: everything but the long faults, or those alone, one by one, with --faults."""
    others = [argument for argument in arguments if argument != FAULTS]
    chosen = ("-m", "faults") if FAULTS in arguments else IN_PARALLEL
    return ("pytest", *chosen, *others)


def run(name: str, command: Sequence[str]) -> Result:
    """Run one check, its output going to the terminal as it comes."""
    announce(name, command)
    began = time.monotonic()
    status = subprocess.run(command, check=False, preexec_fn=die_with(os.getpid())).returncode
    return Result(name, status, time.monotonic() - began)


def run_tests_and(checks: Mapping[str, Sequence[str]], tests: Sequence[str]) -> list[Result]:
    """Run the tests and, one by one beside them, the checks, whose output follows that of the tests."""
    announce("tests", tests)
    began, results, said = time.monotonic(), [], []
    with subprocess.Popen(tests, preexec_fn=die_with(os.getpid())) as running:
        for name, command in checks.items():
            begun = time.monotonic()
            done = subprocess.run(
                command,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with(os.getpid()),
            )
            results.append(Result(name, done.returncode, time.monotonic() - begun))
            said.append(done.stdout.decode(errors="replace"))
        status = running.wait()
    results.append(Result("tests", status, time.monotonic() - began))
    for (name, command), words in zip(checks.items(), said, strict=True):
        announce(name, command)
        print(words, end="", flush=True)
    return results


def announce(name: str, command: Sequence[str]) -> None:
    """Print what runs, or whose output follows."""
    print(f"== {name}: {' '.join(command)}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
