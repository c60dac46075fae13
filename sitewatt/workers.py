"""Worker processes: none outlives the one that started it, and garbage is collected seldom."""

import gc
import multiprocessing
import os
import signal
import threading

_GARBAGE = 50_000
"""So many more objects than before make a look for cycles worth its while.

256 pushes that wait for the database hold about 25,000. With Python's own 700 they were looked
through again and again, a fifth of all CPU time, and every one that lived on led to a look through
the whole program, 50 ms: decision 35.
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
