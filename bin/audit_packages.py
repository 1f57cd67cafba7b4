"""Ask the advisory services whether what the lock files name has known holes; installs nothing.

Exit status: 0 when none is known, 1 when some are, 75 when no service could be asked, which is no pass:
bin/test says so in its summary. With REQUIRE_AUDIT=1 that is a failure too, for a server with a network.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What production runs, and what bin/run adds to it.
LOCKED = ("requirements.txt", "bin/requirements.txt")
# The first that can be asked about all packages decides. A package mirror often has no advisories to give.
SERVICES = ("osv", "pypi")
NOT_DONE = 75  # EX_TEMPFAIL
# Advisory, and why it does not concern the panel.
IGNORED: dict[str, str] = {}


def main() -> int:
    """Audit the lock files and return the exit status."""
    for service in SERVICES:
        packages = ask(service)
        if packages is not None:
            return tell(service, packages)
    print(f"Not audited: no advisory service reachable (tried {' and '.join(SERVICES)}).")
    return 1 if os.environ.get("REQUIRE_AUDIT") else NOT_DONE


def ask(service: str) -> list[Mapping[str, Any]] | None:
    """Return what a service says of each package; None when it can't be asked about all of them."""
    program = str(Path(sys.executable).parent / "pip-audit")
    command = [program, "--disable-pip", "--require-hashes", "--progress-spinner=off", "--timeout=10"]
    command += ["--format=json", f"--vulnerability-service={service}"]
    command += [option for name in LOCKED for option in ("--requirement", name)]
    command += [option for advisory in IGNORED for option in ("--ignore-vuln", advisory)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    try:
        packages: list[Mapping[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"{service}: {(done.stderr.strip().splitlines() or ['no answer'])[-1][:300]}")
        return None
    # What a service does not know pip-audit only skips, and calls the rest clean.
    skipped = [package for package in packages if "skip_reason" in package]
    if skipped or not packages:
        print(f"{service}: knows nothing of {len(skipped)} of {len(packages)} packages")
        return None
    return packages


def tell(service: str, packages: list[Mapping[str, Any]]) -> int:
    """Print each known hole and how to close it; return 1 when there is any."""
    holes = [(package, hole) for package in packages for hole in package["vulns"]]
    for package, hole in holes:
        names = ", ".join([hole["id"], *hole["aliases"]])
        fixed = ", ".join(hole["fix_versions"]) or "no version yet"
        print(
            f"{package['name']} {package['version']}: {names}; fixed in {fixed}. {hole['description'][:200]}"
        )
    print(f"{service}: {len(packages)} packages, {len(holes)} known holes")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
