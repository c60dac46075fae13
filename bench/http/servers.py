"""The servers: how each is started, on a core of its own, and what it has cost so far."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from key import KEY

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE = "sitewatt"
NAMES = {
    "sitewatt": "sitewatt",
    "connexion": "Connexion, stock",
    "fastapi": "FastAPI, Pydantic",
    "litestar": "Litestar, msgspec",
    "fastify": "Fastify, ajv",
}
TICK = 1 / os.sysconf("SC_CLK_TCK")
START_SECONDS = 30.0


class NotStarted(Exception):
    """A server did not start; the text says why."""


class Server:
    """A server process that listens on 127.0.0.1."""

    def __init__(self, name: str, *, core: int, broken: bool = False) -> None:
        self.name = name
        self.port = _free_port()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the server
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "NODE_ENV": "production",
            "BENCH_KEY": KEY,
            "BENCH_PORT": str(self.port),
            "BENCH_BROKEN": "1" if broken else "0",
        }
        with _pinned(core):  # A child begins on its parent's core, with all of its threads.
            self._process = subprocess.Popen(
                _command(name, self.port),
                cwd=HERE,
                env=environment,
                stdout=self._log,
                stderr=subprocess.STDOUT,
            )

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
        """Return the processor time that the process has used, user's and system's, in ticks."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        # The name, in parentheses, may hold spaces; utime and stime are fields 14 and 15.
        fields = stat.rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def log(self) -> str:
        """Return what the server has written."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextmanager
def running(names: list[str], *, core: int, broken: bool = False) -> Iterator[dict[str, Server]]:
    """Give the named servers, listening; they end with the context."""
    servers: dict[str, Server] = {}
    try:
        for name in names:
            servers[name] = Server(name, core=core, broken=broken)
        for server in servers.values():
            server.wait()
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def cores() -> tuple[int, int]:
    """Return the core of the servers and that of the client; they are one where there is one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    yield
    os.sched_setaffinity(0, before)


def _command(name: str, port: int) -> list[str]:
    if name == "fastify":
        node = shutil.which("node")
        if node is None or not (HERE / "node_modules" / "fastify").is_dir():
            raise NotStarted("fastify needs Node.js and: npm ci --prefix bench/http")
        return [node, "on_fastify.mjs"]
    http = "sitewatt.web.protocol:Connection" if name == BASE else "httptools"
    options = f"--host 127.0.0.1 --port {port} --loop uvloop --http {http} --no-access-log"
    return [sys.executable, "-m", "uvicorn", f"on_{name}:app", *options.split(), *_QUIET]


# As `sitewatt serve` has it.
_QUIET = ["--log-level", "warning", "--no-server-header", "--no-proxy-headers"]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
