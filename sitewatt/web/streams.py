"""Replies in pieces, sent as they come, for as long as there is somebody to read them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from handlers.replies import Response, Stream
from sitewatt.auth import Authority, Unauthenticated
from sitewatt.observability import request_id

logger = logging.getLogger(__name__)


class BrokenOff(BaseException):
    """An answer has begun and cannot be finished; why has been logged.

    It is no error that could be answered, so what answers errors lets it pass. The server must end
    the connection in a way that nobody takes for the end of the answer.
    """


def while_admitted(
    reply: Response | Stream,
    authority: Authority,
    headers: Mapping[str, str],
    scopes: Iterable[str] | None,
) -> Response | Stream:
    """Return the reply; one in pieces asks before each but the first whether the key still may.

    What `authorize` raises breaks the answer off: whose key has ended gets no more of it.
    """
    if scopes is None or not isinstance(reply, Stream):
        return reply
    admit = partial(authority.authorize, headers, scopes)
    return reply._replace(chunks=_admitted(reply.chunks, admit))


async def _admitted(
    chunks: AsyncIterator[bytes], admit: Callable[[], Awaitable[object]]
) -> AsyncIterator[bytes]:
    begun = False
    try:
        async for chunk in chunks:
            if begun:
                await admit()
            begun = True
            yield chunk
    finally:
        await _close(chunks)


async def send_stream(stream: Stream, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the reply as ASGI messages, its body a piece at a time; of HEAD nothing of the body.

    The start waits for the first piece, so that an error until then is raised as it is and can be
    answered. Raises BrokenOff for a later one. When the client goes away, reading stops.
    """
    sending = asyncio.create_task(_send_pieces(stream, scope["method"] == "HEAD", send))
    gone = asyncio.create_task(_until_gone(receive))
    try:
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        gone.cancel()
        await asyncio.wait((sending, gone))
    for task in (sending, gone):
        if not task.cancelled():
            task.result()


async def _until_gone(receive: Receive) -> None:
    """Return when the client has gone away, or has its answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_pieces(stream: Stream, to_head: bool, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in stream.headers.items()]
    start = {"type": "http.response.start", "status": stream.status, "headers": headers}
    begun = False
    try:
        async for chunk in stream.chunks:
            if not begun:
                await send(start)
                begun = True
            await send(_piece(b"" if to_head else chunk, more=True))
            if to_head:
                break
            # Others have their turn, and a client that has gone is noticed: what is sent to it is
            # dropped without a wait.
            await asyncio.sleep(0)
    except Exception as error:
        if not begun:
            raise
        if isinstance(error, Unauthenticated):
            logger.info("the answer to request %s broke off: its key has ended", request_id.get())
            raise BrokenOff from error
        logger.exception("the answer to request %s broke off", request_id.get())
        raise BrokenOff from error
    finally:
        await _close(stream.chunks)
    if not begun:
        await send(start)
    await send(_piece(b"", more=False))


def _piece(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def _close(chunks: AsyncIterator[bytes]) -> None:
    """Let the chunks clean up now, and not when they are collected as garbage."""
    close: Any = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
