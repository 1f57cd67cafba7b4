"""End this process and those it forks when their parent is killed, so that none is left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to kill this process, and each process forked from it later, when its parent dies.

    A worker's job runs in a fork, as do gunicorn's workers; the kernel forgets the wish at each fork. What
    `subprocess` or multiprocessing's "spawn" start are no such forks. Linux only, elsewhere nothing is done.
    Call it once, from the main thread: the kernel means the thread that forked, not its process.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arm() -> None:
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    def arm_fork() -> None:
        nonlocal parent
        arm()
        if os.getppid() != parent:  # it died between the fork and now, so no signal will come
            os._exit(1)
        parent = os.getpid()

    arm()
    os.register_at_fork(after_in_child=arm_fork)
