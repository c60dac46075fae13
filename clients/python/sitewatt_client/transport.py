"""Requests over HTTP, by aiohttp: sent, sent again where that is right, and answered."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp

from sitewatt_client.errors import SitewattError, UnexpectedAnswer, Unreachable, error_of
from sitewatt_client.request import Answer, Request, expects
from sitewatt_client.retries import counts_once, may_repeat, pause
from sitewatt_client.rows import plain
from sitewatt_client.shapes import is_answer

T = TypeVar("T")

BROKEN = (aiohttp.ClientError, TimeoutError, OSError)
NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class BrokenConnection(aiohttp.ClientError):
    """The connection broke after the request had begun."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending by itself again what broke on a kept connection, a DELETE too."""
    try:
        return await handler(request)
    except NEVER_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as broken:
        raise BrokenConnection(str(broken)) from broken


class Transport:
    """Sends requests to one server. Its connections are opened when needed and kept.

    `timeout` is the seconds one attempt may take, `patience` the seconds in which a request is
    sent again; a pause that would last longer is not begun.
    """

    def __init__(self, url: str, key: str | None, *, timeout: float, patience: float) -> None:
        self.url = _address(url)
        self.key = key
        self.timeout = timeout
        self.patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request[T]) -> Answer[T]:
        """Return the answer. Raises Problem, UnexpectedAnswer or Unreachable."""
        data = None if request.body is None else json.dumps(request.body, default=plain).encode()
        until = monotonic() + self.patience
        attempt = 0
        while True:
            error: SitewattError
            headers: Mapping[str, str] = {}
            cause: Exception | None = None
            try:
                answer = await self._attempt(request, data)
            except BROKEN as broken:
                cause, error = broken, _unreachable(request, broken)
                again = counts_once(request) or isinstance(broken, NEVER_SENT)
            else:
                if answer.status < 400:
                    return _as_declared(answer)
                headers = answer.headers
                error = error_of(answer.status, headers, _document(answer.body), answer.body)
                again = may_repeat(request, answer.status, error)
            seconds = pause(attempt, headers)
            if not again or monotonic() + seconds > until:
                raise error from cause
            await asyncio.sleep(seconds)
            attempt += 1

    @asynccontextmanager
    async def stream(self, request: Request[Any]) -> AsyncGenerator[aiohttp.StreamReader]:
        """Give the body of an answer as it comes. It is tried once; no time is set for its end.

        Raises Problem, UnexpectedAnswer or Unreachable, the last one also in the middle.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_read=self.timeout)
        try:
            async with self._asked(request, timeout) as response:
                if response.status >= 400:
                    body = await response.read()
                    raise error_of(response.status, response.headers, _document(body), body)
                if not expects(request, response.status, response.headers):
                    raise UnexpectedAnswer(response.status, await response.content.read(200))
                yield response.content
        except BROKEN as broken:
            raise _unreachable(request, broken) from broken

    async def close(self) -> None:
        """Close the connections. What is sent afterwards opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Authorization": f"Bearer {self.key}"} if self.key is not None else {}
            self._session = aiohttp.ClientSession(headers=headers, middlewares=(_once,))
        return self._session

    def _asked(
        self, request: Request[Any], timeout: aiohttp.ClientTimeout, data: bytes | None = None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Give the answer to a request that is sent once."""
        return self._open().request(
            request.method,
            self.url + request.url,
            params=request.parameters,
            headers=request.header_lines(),
            data=data,
            timeout=timeout,
            allow_redirects=False,
        )

    async def _attempt(self, request: Request[T], data: bytes | None) -> Answer[T]:
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        async with self._asked(request, timeout, data) as response:
            links = ", ".join(response.headers.getall("Link", []))
            body = await response.read()
            return Answer(request, response.status, response.headers, body, links)


def _address(url: str) -> str:
    """Return where the service is. Raises ValueError for what is no address of the web."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ValueError(f"the address is not as http://host:port: {url!r}")
    return url.rstrip("/")


def _unreachable(request: Request[Any], broken: Exception) -> Unreachable:
    text = f"{request.method} {request.url}: {str(broken) or type(broken).__name__}"
    return Unreachable(text, may_have_happened=not isinstance(broken, NEVER_SENT))


def _as_declared(answer: Answer[T]) -> Answer[T]:
    """Return an answer that the contract declares. Raises UnexpectedAnswer for a portal's page."""
    if not (expects(answer.request, answer.status, answer.headers) and answer.is_readable()):
        raise UnexpectedAnswer(answer.status, answer.body)
    document = answer.document
    if isinstance(document, dict) and not is_answer(answer.request.operation, document):
        raise UnexpectedAnswer(answer.status, answer.body)
    return answer


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
