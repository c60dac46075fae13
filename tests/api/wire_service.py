"""The service behind real sockets: uvicorn as the program sets it up, on a watched store."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import uvicorn
from api_service import BUNDLE, CONTRACT, PATHS, SCHEMAS, example, locked
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from starlette.types import ASGIApp
from wire import Answer, Connection

from sitewatt.app import create_app
from sitewatt.auth import Authority, OpenToThisMachine
from sitewatt.contract import MethodNotAllowed, UnknownPath
from sitewatt.running import HTTP
from sitewatt.serving import on_terms
from sitewatt.web.terms import Terms
from storage import Store, connect

START_SECONDS = 30.0


class Errors(logging.Handler):
    """Keeps what is logged as an error: a bug, or a task or a protocol that broke."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(self.format(record))


class WireService:
    """One service with a key and one without, on the same store, at a port each."""

    def __init__(
        self, path: str, open_port: int, locked_port: int, database: Any, errors: Errors
    ) -> None:
        self.path, self.open_port, self.locked_port = path, open_port, locked_port
        self._database = database
        self._errors = errors

    def seed(self) -> None:
        """Store the brief's documents, by the front door."""
        for target, name in SEEDS:
            self.post(target, example(name))

    def post(self, target: str, document: Any) -> None:
        """Store a document, by the front door."""
        body = json.dumps(document).encode()
        head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        with Connection(self.open_port) as connection:
            connection.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = connection.answer()
            assert answer is not None
            assert answer.status == 201, answer.body

    def stored(self) -> dict[str, list[bytes]]:
        """Every document of every collection, byte by byte, but the leases of the upkeep."""
        names = sorted({*self._database.list_collection_names()} - {"leases"})
        return {name: [d.raw for d in self._database[name].find().sort("_id")] for name in names}

    def restore(self, stored: dict[str, list[bytes]]) -> None:
        """Make the store again what `stored` once told."""
        for name in {*self._database.list_collection_names()} - {"leases"}:
            self._database[name].delete_many({})
            if documents := [RawBSONDocument(raw) for raw in stored.get(name, ())]:
                self._database[name].insert_many(documents)

    def errors(self) -> list[str]:
        """What has been logged as an error since it was asked for last."""
        told, self._errors.told = self._errors.told, []
        return told


SEEDS = (
    ("/v1/sites", "brief_sites"),
    ("/v1/sites/1/configuration", "brief_configuration"),
    ("/v1/sites/1/live", "brief_live"),
)


@contextmanager
def wire_service(
    uri: str,
    *,
    path: str,
    name: str,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    terms: Terms | None = None,
) -> Iterator[WireService]:
    """Give the services on a database of that name, seeded; `path` is one of PATHS."""
    terms = terms or Terms()
    with ExitStack() as stack:
        errors = stack.enter_context(told_errors())
        database = stack.enter_context(raw_database(uri, name))
        ports = [
            stack.enter_context(serving(around(served(uri, name, path, terms, has_key=has_key))))
            for has_key in (False, True)
        ]
        service = WireService(path, *ports, database, errors)
        for port in ports:
            eventually(lambda port=port: is_ready(port))
        service.seed()
        yield service


def served(uri: str, name: str, path: str, terms: Terms, *, has_key: bool) -> ASGIApp:
    store = store_of(uri, name)
    who: Authority = locked(store.keys) if has_key else OpenToThisMachine()
    app = create_app(store, who, serve=PATHS[path], terms=terms)
    return on_terms(app, terms)


def store_of(uri: str, name: str) -> Store:
    return Store(connect(uri, timeout=10)[name], schemas=SCHEMAS)


@contextmanager
def raw_database(uri: str, name: str) -> Iterator[Any]:
    with MongoClient[Any](uri) as client:
        yield client.get_database(name, CodecOptions(document_class=RawBSONDocument))


@contextmanager
def told_errors() -> Iterator[Errors]:
    errors = Errors()
    logging.getLogger().addHandler(errors)
    yield errors
    logging.getLogger().removeHandler(errors)


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """Serve the application as the program does, in a thread; give its port."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, timeout_graceful_shutdown=5, **HTTP)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started or not thread.is_alive())
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def is_ready(port: int) -> bool:
    with Connection(port) as connection:
        connection.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = connection.answer()
        return answer is not None and answer.status == 200


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def keeps_the_contract(answer: Answer, method: str, path: str) -> None:
    """Refuse an answer of the service that the contract does not declare, and any bug's."""
    assert answer.headers["x-request-id"]
    assert answer.status != 500, answer.body
    if answer.status >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
        problem = json.loads(answer.body)
        assert BUNDLE["x-problem-types"][slug(answer)]["status"] == answer.status
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert len(answer.body) <= BUNDLE["x-limits"]["problem_bytes"]
    if method in ("HEAD", "OPTIONS"):
        return
    try:
        operation = CONTRACT.routes.match(method, path).operation
    except (UnknownPath, MethodNotAllowed):
        return
    operation.check_reply(answer.status, httpx.Headers(answer.headers), answer.body)


def slug(answer: Answer) -> str:
    """The type of a problem document."""
    type_: str = json.loads(answer.body)["type"]
    return type_.removeprefix("/problems/")
