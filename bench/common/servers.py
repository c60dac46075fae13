"""The servers' processes: how each starts, on a core of its own, and what it has cost so far."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.common.key import KEY

BENCH = Path(__file__).parents[1]
ROOT = BENCH.parent
BASE = "sitewatt"
TICK = 1 / os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0

Command = Callable[[int], Sequence[str]]
"""Port to the command of a server that listens on it."""


class NotStarted(Exception):
    """A server did not start; the text says why."""


class Server:
    """A server process that listens on 127.0.0.1."""

    def __init__(
        self, name: str, command: Command, *, core: int, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.port = free_port()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the server
        ours = {"PYTHONPATH": str(ROOT), "NODE_ENV": "production", "BENCH_KEY": KEY}
        with _pinned(core):  # A child begins on its parent's core, with all of its threads.
            self._process = subprocess.Popen(
                command(self.port),
                cwd=ROOT,
                env={**os.environ, **ours, "BENCH_PORT": str(self.port), **environment},
                stdout=self._log,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid

    def wait(self) -> None:
        """Promise that the server listens; raises NotStarted."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise NotStarted(f"{self.name} did not start:\n{self.log()[-2000:]}")

    def ticks(self) -> int:
        """Return the processor time that the process has used, in ticks."""
        return ticks(self.pid)

    def log(self) -> str:
        """Return what the server has written."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextmanager
def running(names: Sequence[str], start: Callable[[str], Server]) -> Iterator[dict[str, Server]]:
    """Give the named servers, listening; they end with the context."""
    servers: dict[str, Server] = {}
    try:
        for name in names:
            servers[name] = start(name)
        for server in servers.values():
            server.wait()
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def ticks(pid: int) -> int:
    """Return the processor time of a process, user's and system's, all threads, in ticks."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    # The name, in parentheses, may hold spaces; utime and stime are fields 14 and 15.
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def resident_mb(pid: int) -> float:
    """Return the memory of a process that is not swapped out, in MB of 1,000,000 bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def cores() -> tuple[int, int]:
    """Return the core of the servers and that of the client; they are one where there is one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def uvicorn(app: str, port: int, *, http: str = "httptools") -> list[str]:
    """Return the command of a Python server, with the same options for all."""
    options = f"--host 127.0.0.1 --port {port} --loop uvloop --http {http} --no-access-log"
    return [sys.executable, "-m", "uvicorn", app, *options.split(), *_QUIET]


# As `sitewatt serve` has it.
_QUIET = ["--log-level", "warning", "--no-server-header", "--no-proxy-headers"]


def node(program: Path, *options: str) -> list[str]:
    """Return the command of a server that runs on Node.js with these options; raises NotStarted."""
    found = shutil.which("node")
    if found is None or not (BENCH / "node_modules" / "fastify").is_dir():
        raise NotStarted("fastify needs Node.js and: npm ci --prefix bench")
    return [found, *options, str(program)]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    yield
    os.sched_setaffinity(0, before)
