"""Tie a child process to the life of the one that starts it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with(parent: int, death_signal: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """Return what a child calls before exec so that it gets `death_signal` when the process `parent` dies.

    It has to come after a change of user, which clears the wish. The kernel means the thread that starts the
    child, not its process: start children from the main thread. Elsewhere than on Linux it does nothing.
    """
    libc = ctypes.CDLL(None)

    def arm() -> None:
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return arm
