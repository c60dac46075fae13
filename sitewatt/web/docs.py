"""The API in a browser: Swagger UI from the installed package, showing our own contract."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from swagger_ui_bundle import swagger_ui_path

from handlers import replies
from sitewatt.contract import MethodNotAllowed, UnknownPath
from sitewatt.observability import request_id
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.responses import starlette_response

_OURS = files("sitewatt.web")
_METHODS = ("GET", "HEAD", "OPTIONS")
_TEXT = "text/{}; charset=utf-8"
_ASSETS = {
    "swagger-ui.css": _TEXT.format("css"),
    "swagger-ui-bundle.js": _TEXT.format("javascript"),
    "favicon-32x32.png": "image/png",
}
"""What our page needs of the package; its own page and template are not served."""


async def _page(request: Request) -> Response:
    return _served(request, _OURS.joinpath("docs.html").read_bytes(), _TEXT.format("html"))


async def _start(request: Request) -> Response:
    return _served(request, _OURS.joinpath("docs.js").read_bytes(), _TEXT.format("javascript"))


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        raise HTTPException(404)
    return _served(request, _content(name), _ASSETS[name])


@cache
def _content(name: str) -> bytes:
    return (Path(str(swagger_ui_path)) / name).read_bytes()


def _served(request: Request, content: bytes, media_type: str) -> Response:
    known = request.headers.get("if-none-match")
    return starlette_response(replies.document(content, media_type, known))


async def _to_docs(request: Request) -> Response:
    return RedirectResponse("/docs/")


def docs_app(problems: ProblemDocuments) -> Starlette:
    """Return the pages below /docs, and the way there from / and /docs."""

    async def unknown(request: Request, error: Exception) -> Response:
        return starlette_response(problems.answer(UnknownPath(), request_id.get() or ""))

    async def other_method(request: Request, error: Exception) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(_METHODS)})
        refusal = MethodNotAllowed(_METHODS)
        return starlette_response(problems.answer(refusal, request_id.get() or ""))

    app = Starlette(
        routes=[
            Route("/", _to_docs),
            Route("/docs", _to_docs),
            Route("/docs/", _page),
            Route("/docs/start.js", _start),
            Route("/docs/{name}", _asset),
        ],
        exception_handlers={404: unknown, 405: other_method},
    )
    # It would lead to the Host of the request, whatever that is.
    app.router.redirect_slashes = False
    return app
