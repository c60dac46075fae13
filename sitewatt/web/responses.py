"""Our replies as ASGI and Starlette send them."""

from starlette.responses import Response as StarletteResponse
from starlette.types import Receive, Scope, Send

from handlers.replies import Response, Stream
from sitewatt.contract import Operation
from sitewatt.web.streams import send_stream


def checked(operation: Operation, reply: Response | Stream) -> Response | Stream:
    """Return the reply as it goes out; raises BrokenReply for one that breaks the contract.

    Where the operation has several media types, it says that Accept has chosen (RFC 9110, 12.5.5).
    """
    content = None if isinstance(reply, Stream) else reply.content
    operation.check_reply(reply.status, reply.headers, content)
    if operation.negotiates:
        return reply._replace(headers={**reply.headers, "Vary": "Accept"})
    return reply


async def send_reply(reply: Response | Stream, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the reply as ASGI messages."""
    if isinstance(reply, Stream):
        await send_stream(reply, scope, receive, send)
    else:
        await send_response(reply, send)


async def send_response(response: Response, send: Send) -> None:
    """Send the reply as ASGI messages."""
    headers = [(k.lower().encode(), v.encode()) for k, v in response.headers.items()]
    if response.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(response.content)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


def starlette_response(reply: Response | Stream) -> StarletteResponse:
    """Return the reply as an ASGI application."""
    if isinstance(reply, Stream):
        return _Streamed(reply)
    return StarletteResponse(reply.content, reply.status, dict(reply.headers))


class _Streamed(StarletteResponse):
    """A reply in pieces; Starlette's own reads on for a client that has gone between two pieces."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(None, stream.status)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_stream(self._stream, scope, receive, send)
