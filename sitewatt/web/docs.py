"""The API in a browser: Swagger UI from the installed package, showing our own contract."""

from importlib.resources import files

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from sitewatt.contract import UnknownPath
from sitewatt.observability import request_id
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.responses import starlette_response

_OURS = files("sitewatt.web")


async def _page(request: Request) -> Response:
    return Response(_OURS.joinpath("docs.html").read_bytes(), media_type="text/html")


async def _start(request: Request) -> Response:
    return Response(_OURS.joinpath("docs.js").read_bytes(), media_type="text/javascript")


async def _to_docs(request: Request) -> Response:
    return RedirectResponse("/docs/")


def docs_app(problems: ProblemDocuments) -> Starlette:
    """Return the pages below /docs, and the way there from / and /docs."""

    async def unknown(request: Request, error: Exception) -> Response:
        return starlette_response(problems.answer(UnknownPath(), request_id.get() or ""))

    return Starlette(
        routes=[
            Route("/", _to_docs),
            Route("/docs", _to_docs),
            Route("/docs/", _page),
            Route("/docs/start.js", _start),
            Mount("/docs", StaticFiles(directory=str(swagger_ui_path))),
        ],
        exception_handlers={404: unknown},
    )
