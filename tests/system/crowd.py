"""A crowd of clients with large bodies, and the memory of the service while they are there.

`python tests/system/crowd.py` is the long form.
"""

import asyncio
import gzip
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import orjson
from program import Service, data_directory, example

LIMIT = 2 * 1024 * 1024
MB = 1024 * 1024


def batch(rows: int = 10_000) -> bytes:
    """Columns of so many readings of 2023, as many as a push may have."""
    stamps = [
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_672_531_200 + 600 * row))
        for row in range(rows)
    ]
    columns = {name: [row * 0.37 for row in range(rows)] for name in ("load_kwh", "net_load_kwh")}
    columns |= {"soc": [row % 101 for row in range(rows)]}
    notes = {f"{kind}_notification": [True] * rows for kind in ("pv", "bio", "cro")}
    return orjson.dumps({"dt-stamp": stamps, **columns, **notes})


BODIES: dict[str, tuple[bytes, bool]] = {
    "10,000 rows": (batch(), False),
    "10,000 rows in gzip": (gzip.compress(batch(), 1), True),
    "2 MiB of spaces": (b" " * LIMIT, False),
    "700,000 empty objects": (b"[" + b",".join([b"{}"] * 690_000) + b"]", False),
    "a bomb in gzip": (gzip.compress(b" " * 300 * MB, 9), True),
}


class Memory(threading.Thread):
    """Reads the resident memory of a process until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self._stopping = threading.Event()
        self.most = self.now()

    def now(self) -> float:
        """In MB."""
        line = next(x for x in self._status.read_text().splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def run(self) -> None:
        while not self._stopping.wait(0.02):
            self.most = max(self.most, self.now())

    def stop(self) -> float:
        self._stopping.set()
        self.join()
        return self.most


async def push(client: httpx.AsyncClient, content: bytes, in_gzip: bool) -> int:
    headers = {"Content-Type": "application/json"}
    if in_gzip:
        headers["Content-Encoding"] = "gzip"
    try:
        answer = await client.post("/v1/sites/1/live", content=content, headers=headers)
    except httpx.TransportError:
        return 0
    return answer.status_code


async def crowd(url: str, content: bytes, in_gzip: bool, *, clients: int) -> Counter[int]:
    """The statuses of so many pushes at once, each on a connection of its own."""
    async with httpx.AsyncClient(
        base_url=url,
        timeout=120,
        trust_env=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    ) as client:
        pushes = [push(client, content, in_gzip) for _ in range(clients)]
        return Counter(await asyncio.gather(*pushes))


def survive(clients: int, tell: Callable[[str], None]) -> dict[str, tuple[Counter[int], float]]:
    """The statuses of each crowd, and the most memory that the service had meanwhile, in MB."""
    seen = {}
    with data_directory() as data, Service("--data-dir", data) as service:
        service.client.post("/v1/sites", json=example("brief_sites"))
        worker = Memory(service.process.pid)
        tell(f"at first {worker.now():.0f} MB")
        for name, (content, in_gzip) in BODIES.items():
            memory = Memory(service.process.pid)
            memory.start()
            statuses = asyncio.run(crowd(service.url, content, in_gzip, clients=clients))
            seen[name] = statuses, memory.stop()
            alive = service.client.get("/livez").status_code
            tell(f"{clients} of {name}: {dict(statuses)}, {seen[name][1]:.0f} MB, then {alive}")
    return seen


if __name__ == "__main__":
    sys.exit(not survive(int(os.environ.get("CLIENTS", "400")), print))
