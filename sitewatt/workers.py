"""Worker processes: none outlives the one that started it, and garbage is collected seldom.

One that dies is replaced. One that cannot start ends them all: the next would fare no better.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

_GARBAGE = 50_000
"""So many more objects than before make a look for cycles worth its while.

256 pushes that wait for the database hold about 25,000. With Python's own 700 they were looked
through again and again, a fifth of all CPU time, and every one that lived on led to a look through
the whole program, 50 ms: decision 35.
"""

HEALTHCHECK_SECONDS = 60
"""A worker that does not answer its supervisor for so long is replaced.

A new one does not answer before all modules are there. With uvicorn's own 5 s, on a machine that
takes longer for them, each was killed before it had started, without end.
"""


def collect_rarely() -> None:
    """Exempt all that is there by now from garbage collection, and let it come seldom for the rest.

    To be called once the application has been made, which stays until the process ends.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


def end_with_parent() -> None:
    """Promise that this process ends, as on SIGTERM, when the one that spawned it is gone.

    Without it a killed `sitewatt serve --workers 2` would leave workers that keep the port.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, name="follow-parent", daemon=True).start()


class WorkerFailed(Exception):
    """A worker could not start; what kept it has been told."""


def require_started(supervisor: Multiprocess) -> None:
    """Return when no worker has ended because it could not start; else WorkerFailed."""
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise WorkerFailed("a worker could not start, so that all were ended")


@contextmanager
def ending_with_a_sentence(*expected: type[Exception]) -> Generator[None]:
    """End this process, if it is a worker, with a sentence instead of one of these errors.

    Its status is the one by which uvicorn knows that another worker would not start either.
    """
    try:
        yield
    except expected as error:
        if multiprocessing.parent_process() is None:
            raise
        sys.stderr.write(f"sitewatt: {error}\n")
        sys.exit(STARTUP_FAILURE)
