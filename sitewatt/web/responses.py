"""Our replies as Starlette sends them."""

from starlette.responses import Response as StarletteResponse
from starlette.types import Send

from handlers.replies import Response


async def send_response(response: Response, send: Send) -> None:
    """Send the reply as ASGI messages."""
    headers = [(k.lower().encode(), v.encode()) for k, v in response.headers.items()]
    if response.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(response.content)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


def starlette_response(response: Response) -> StarletteResponse:
    """Return the reply as an ASGI application."""
    return StarletteResponse(response.content, response.status, dict(response.headers))
