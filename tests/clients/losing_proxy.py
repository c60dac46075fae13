"""A proxy in front of the real program that does to requests what a test tells it to.

Each word of its script is for one request: "pass" hands it on; "lose" hands it on and breaks the
connection in the place of the answer; "cut" hands on half of the answer; a status with headers is
answered by the proxy itself; so is a mapping, which has the words of an aiohttp response.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

Answer = tuple[int, dict[str, str]]
HOP_BY_HOP = {"content-length", "transfer-encoding", "content-encoding", "connection", "host"}


class LosingProxy:
    """Where it listens, and the methods and headers of the requests that it saw."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self.script: list[str | Answer | dict[str, Any]] = []
        self.seen: list[tuple[str, str | None]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.headers.get("Authorization")))
        word = self.script.pop(0) if self.script else "pass"
        if isinstance(word, tuple):
            status, headers = word
            return web.Response(status=status, headers=headers, body=problem(status))
        if isinstance(word, dict):
            return web.Response(**word)
        answer = await self.passed_on(request)
        if word == "lose":
            assert request.transport is not None
            request.transport.abort()
        if word == "cut":
            half = web.StreamResponse(headers=answer.headers)
            half.content_length = len(answer.body)
            await half.prepare(request)
            await half.write(answer.body[: len(answer.body) // 2])
            assert request.transport is not None
            request.transport.close()
            return half
        return answer

    async def passed_on(self, request: web.Request) -> web.Response:
        headers = {n: v for n, v in request.headers.items() if n.lower() not in HOP_BY_HOP}
        headers["Accept-Encoding"] = "identity"
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method,
                self.target + request.path_qs,
                headers=headers,
                data=await request.read(),
            ) as answer,
        ):
            kept = {n: v for n, v in answer.headers.items() if n.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


def problem(status: int) -> bytes:
    if status == 502:
        return b"<html>Bad gateway</html>"
    return b'{"type": "/problems/busy", "title": "Busy", "detail": "later", "status": %d}' % status


@asynccontextmanager
async def losing_proxy(target: str) -> AsyncIterator[LosingProxy]:
    proxy = LosingProxy(target)
    app = web.Application(client_max_size=4 << 20)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        place = web.TCPSite(runner, "127.0.0.1", 0)
        await place.start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield proxy
    finally:
        await runner.cleanup()
