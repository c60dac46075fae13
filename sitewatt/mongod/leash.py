"""A program that becomes the command it is given, tied to the process that asked for it.

Run as `python leash.py OWNER_PID COMMAND...`. On Linux the kernel then sends the command SIGTERM
when the thread that started it ends, even by kill -9. This is done here, between fork and the
command, and not in a `preexec_fn`, which is not safe in a process that has threads.
Elsewhere there is no such signal: the command outlives a killed owner until the next start on
the same data directory ends it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main(owner: int, command: list[str]) -> None:
    """Never returns: this process is the command, or has ended."""
    if sys.platform == "linux":  # pragma: no branch  # the tests run on Linux
        libc = ctypes.CDLL(None, use_errno=True)
        # No test can make a kernel since 2.1.57 refuse it.
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:  # pragma: no cover
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # The owner may have ended before the kernel was asked to watch it.
    if os.getppid() != owner:
        sys.exit("the owner of this mongod has ended")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
