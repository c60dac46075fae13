"""Our replies as Starlette sends them."""

from starlette.responses import Response as StarletteResponse

from handlers.replies import Response


def starlette_response(response: Response) -> StarletteResponse:
    """Return the reply as an ASGI application."""
    return StarletteResponse(response.content, response.status, dict(response.headers))
