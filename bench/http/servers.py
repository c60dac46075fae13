"""The servers of this benchmark: names, and the command of each."""

from functools import partial
from pathlib import Path

from bench.common import servers
from bench.common.servers import BASE, Server

HERE = Path(__file__).parent
NAMES = {
    "sitewatt": "sitewatt",
    "connexion": "Connexion, stock",
    "fastapi": "FastAPI, Pydantic",
    "litestar": "Litestar, msgspec",
    "fastify": "Fastify, ajv",
}


def start(name: str, *, core: int, broken: bool = False) -> Server:
    """Start a server on a core; a broken one's store gives answers that break the contract."""
    environment = {"BENCH_BROKEN": "1" if broken else "0"}
    return Server(name, partial(_command, name), core=core, environment=environment)


def _command(name: str, port: int) -> list[str]:
    if name == "fastify":
        return servers.node(HERE / "on_fastify.mjs")
    http = "sitewatt.web.protocol:Connection" if name == BASE else "httptools"
    return servers.uvicorn(f"bench.http.on_{name}:app", port, http=http)
