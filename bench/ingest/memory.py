"""How much memory a server has while 256 connections push for minutes."""

import threading
from collections.abc import Mapping

from bench.common.servers import Server, resident_mb
from bench.common.tables import table
from bench.stored.mongod import Stores
from bench.stored.report import ALL_NAMES
from bench.stored.turns import Kind, say, slice_of

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


class _Gauge(threading.Thread):
    """Reads a process's memory ten times a second until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._stopping = threading.Event()
        self.readings: list[float] = []

    def run(self) -> None:
        while not self._stopping.wait(0.1):
            self.readings.append(resident_mb(self._pid))

    def stop(self) -> list[float]:
        """Return what was read, in MB."""
        self._stopping.set()
        self.join()
        return self.readings


def memory(servers: Mapping[str, Server], kind: Kind, stores: Stores, *, seconds: float) -> str:
    """Return the table of the servers' memory through so many seconds each."""
    rows: list[list[str]] = []
    for name, server in servers.items():
        before = resident_mb(server.pid)
        gauge = _Gauge(server.pid)
        gauge.start()
        slice_ = slice_of(server, kind, stores, seconds=seconds)
        seen = gauge.stop()
        at = [seen[min(int(share * len(seen)), len(seen) - 1)] for share in SHARES]
        figures = [f"{figure:,.0f}" for figure in (before, *at, max(seen))]
        rows.append([ALL_NAMES[name], *figures, f"{slice_.load.requests:,}"])
        say(f"{name}: memory seen for {seconds:g} s")
    shares = [f"after {share:.0%}" for share in SHARES]
    head = f"MB, {kind.connections} connections, {seconds:g} s"
    return table([head, "before", *shares, "most", "readings"], rows)
