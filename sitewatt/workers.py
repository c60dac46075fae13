"""Worker processes: none outlives the process that started it."""

import multiprocessing
import os
import signal
import threading


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
