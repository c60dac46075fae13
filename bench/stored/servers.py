"""The servers with a store: names, and the command of each."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.common import servers
from bench.common.client import exchange
from bench.common.key import KEY
from bench.common.messages import message
from bench.common.servers import BASE, START_SECONDS, NotStarted, Server, running
from bench.stored.mongod import Stores

HERE = Path(__file__).parent
LIMIT = "nothing"
NAMES = {
    BASE: "sitewatt",
    "fastapi": "FastAPI, PyMongo",
    "fastify": "Fastify, mongodb",
}
LIMITS = {LIMIT: "nothing (the client's limit)"}


@contextmanager
def running_on(
    stores: Stores, names: list[str], *, core: int, database: Callable[[str], str] = str
) -> Iterator[dict[str, Server]]:
    """Give the named servers, listening, each on its database; they end with the context.

    `database` makes a database's name of a server's name. A name may go on behind a hyphen, so
    that a server can run more than once.
    """
    with tempfile.NamedTemporaryFile("w", prefix="benchkey") as key_file:
        key_file.write(KEY)
        key_file.flush()

        def start(name: str) -> Server:
            kind = name.partition("-")[0]
            environment = {"BENCH_MONGODB_URI": stores.uri(database(name))}
            if kind == BASE:
                environment = {
                    "SITEWATT_MONGODB_URI": stores.uri(database(name)),
                    "SITEWATT_ADMIN_KEY_FILE": key_file.name,
                    "SITEWATT_LOG_LEVEL": "warning",
                }
            return Server(name, partial(_command, kind), core=core, environment=environment)

        with running(names, start) as started:
            for name, server in started.items():
                if name.startswith(BASE):
                    _await_ready(server)
            yield started


def _await_ready(server: Server) -> None:
    """Return when sitewatt has prepared its collections; raises NotStarted."""
    until = time.monotonic() + START_SECONDS
    while exchange(server.port, message("GET", "/readyz")).status != 200:
        if time.monotonic() > until:
            raise NotStarted(f"{server.name} is not ready:\n{server.log()[-2000:]}")
        time.sleep(0.05)


def _command(kind: str, port: int) -> list[str]:
    if kind == BASE:
        program = Path(sys.executable).with_name("sitewatt")
        return [str(program), "serve", "--port", str(port), "--workers", "1"]
    if kind == "fastify":
        # The driver makes many short-lived objects: 30 days cost a quarter less than with 16 MB.
        return servers.node(HERE / "on_fastify.mjs", "--max-semi-space-size=64")
    if kind == LIMIT:
        return [sys.executable, "-m", "bench.stored.on_nothing"]
    return servers.uvicorn("bench.stored.on_fastapi:app", port)
