"""A small service whose one operation streams what a test wants, on both paths."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from api_service import PATHS
from starlette.types import ASGIApp

import openapi
from handlers import Handler, handlers, replies
from handlers.replies import Response, Stream
from sitewatt.admission import Admission, Limits
from sitewatt.app import check_one_to_one
from sitewatt.auth import OpenToThisMachine
from sitewatt.contract import Contract
from sitewatt.metrics.requests import Requests
from sitewatt.web.envelope import Envelope
from sitewatt.web.problem_documents import ProblemDocuments

TEXT = {"type": "string", "minLength": 0, "maxLength": 1_000_000}
ANSWER = {"type": "object", "additionalProperties": False, "properties": {"limit": {
    "type": "integer", "minimum": 1, "maximum": 9}}}  # fmt: skip

FEED: dict[str, Any] = {
    "get": {
        "operationId": "get_feed",
        "security": [],
        "parameters": [
            {
                "name": "limit",
                "in": "query",
                "x-media-type": "application/json",
                "schema": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5},
            },
            {"name": "word", "in": "query", "schema": TEXT},
        ],
        "responses": {
            "200": {
                "description": "What the test wants.",
                "headers": {"ETag": {"required": True, "schema": TEXT}},
                "content": {
                    "application/json": {"schema": ANSWER},
                    "text/csv": {"schema": TEXT},
                    "application/x-ndjson": {"schema": TEXT},
                },
            },
            "304": {"description": "Nothing new."},
        },
    }
}


class Feed:
    """What the handler is to send, and what became of it."""

    def __init__(self) -> None:
        self.pieces: Callable[[], AsyncIterator[bytes]] = self.short
        self.headers: dict[str, str] = {}
        self.status = 200
        self.known: str | None = None
        """The tag of what the client has, if the answer is JSON."""
        self.given: dict[str, Any] = {}
        self.produced = 0
        """The pieces that have been made."""
        self.closed = threading.Event()
        """Set when the generator has ended, however."""

    async def get(self, media_type: str, limit: int | None, word: str | None) -> Response | Stream:
        self.given = {"media_type": media_type, "limit": limit, "word": word}
        if media_type == "application/json":
            return replies.tagged({"limit": limit}, self.known)
        headers = {"Content-Type": media_type, **self.headers}
        return Stream(self.status, self._watched(self.pieces()), headers)

    async def _watched(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                self.produced += 1
                yield piece
        finally:
            self.closed.set()

    async def short(self) -> AsyncIterator[bytes]:
        yield b"time,soc\r\n"
        yield b"1,2\r\n"

    async def nothing(self) -> AsyncIterator[bytes]:
        for piece in ():
            yield piece

    async def endless(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)

    async def stalled(self) -> AsyncIterator[bytes]:
        yield b"time,soc\r\n"
        await asyncio.Event().wait()

    def failing(self, error: Exception, *before: bytes) -> Callable[[], AsyncIterator[bytes]]:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in before:
                yield piece
            raise error

        return pieces


def bundle() -> dict[str, Any]:
    """The contract with one more operation."""
    whole = openapi.bundle()
    return {**whole, "paths": {**whole["paths"], "/feed": FEED}}


class FeedService:
    """The service with that operation on one of PATHS, built once; each test has its own feed."""

    def __init__(self, path: str) -> None:
        self.feed = Feed()
        self.app = _app(self._get_feed, path)

    async def _get_feed(
        self, media_type: str, limit: int | None, word: str | None
    ) -> Response | Stream:
        return await self.feed.get(media_type, limit, word)


def _app(get_feed: Handler, path: str) -> ASGIApp:
    contract = Contract(bundle())
    functions = {**handlers(), "get_feed": get_feed}
    check_one_to_one(contract, functions)
    problems, authority = ProblemDocuments(contract), OpenToThisMachine()
    admission = Admission(contract, Limits())
    operations = PATHS[path](
        contract,
        functions,
        _Services(),
        authority=authority,
        problems=problems,
        clock=lambda: 0,
        lifespan=_lifespan,
    )
    return Envelope(
        operations,
        authority=authority,
        admission=admission,
        problems=problems,
        requests=Requests(contract),
        least_coded_bytes=1024,
    )


class _Services(Mapping[str, Any]):
    """Whatever a handler names; none but `get_feed` is called."""

    def __getitem__(self, name: str) -> None:
        return None

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


@asynccontextmanager
async def _lifespan(_: object) -> AsyncGenerator[None]:
    yield
