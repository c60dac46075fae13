"""Stock Connexion: an AsyncApp with sitewatt's contract, its own validators, replies validated.

Its validators know neither the format `instant` nor the x- keywords: the handler does those.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import connexion
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionResponse
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver

import openapi
from bench.common import asgi
from bench.http.store import NoStore
from storage import COLUMNS

STORE = NoStore()


async def push_live(
    site_id: int, body: dict[str, Any], on_conflict: str = "reject", dry_run: bool = False
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Store one reading or the rows of columns."""
    try:
        readings = rows(body)
    except ValueError as error:
        raise ProblemException(status=422, title="Invalid body", detail=str(error)) from None
    overwrite = on_conflict == "replace"
    receipt = await STORE.live.push(site_id, readings, overwrite=overwrite, dry_run=dry_run)
    members = {name: value for name, value in receipt._asdict().items() if value is not None}
    stamps = {name: asgi.written(members[name]) for name in ("first", "last") if name in members}
    return {**members, **stamps}, 201 if receipt.stored else 200, JSON


async def get_latest_reading(site_id: int) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Return the newest reading."""
    instant, values = await STORE.live.latest(site_id)
    stamp = asgi.written(instant)
    return {"dt-stamp": stamp, **dict(zip(COLUMNS, values, strict=True))}, 200, JSON


JSON = {"Content-Type": "application/json"}
"""Connexion cannot choose: the operations also declare application/problem+json."""


def rows(body: dict[str, Any]) -> dict[int, Any]:
    """Return the rows of a body by instant; raises ValueError for what the schema cannot say."""
    columns = [body[name] for name in COLUMNS]
    if isinstance(body["dt-stamp"], str):
        return dict.fromkeys(asgi.parsed([body["dt-stamp"]]), tuple(columns))
    values = list(zip(*columns, strict=True))
    return dict(zip(asgi.parsed(body["dt-stamp"]), values, strict=True))


async def unused(**_: Any) -> ConnexionResponse:
    """Stand where the contract has operations that are not measured."""
    return ConnexionResponse(501)


def known_key(key: str, required_scopes: Any = None) -> dict[str, Any] | None:
    """Return who the key is of, None for nobody."""
    return {"sub": "admin"} if asgi.is_known(key) else None


OPERATIONS: dict[str, Callable[..., Awaitable[Any]]] = {
    "push_live": push_live,
    "get_latest_reading": get_latest_reading,
}


def _specification() -> dict[str, Any]:
    bundle = openapi.bundle()
    paths = {path: item for path, item in bundle["paths"].items() if "servers" not in item}
    schemes = bundle["components"]["securitySchemes"]
    schemes["api_key"]["x-apikeyInfoFunc"] = "bench.http.on_connexion.known_key"
    schemes["bearer"]["x-bearerInfoFunc"] = "bench.http.on_connexion.known_key"
    return {**bundle, "paths": paths}


def _app() -> Any:
    app = connexion.AsyncApp(
        __name__,
        validate_responses=True,
        strict_validation=True,
        swagger_ui_options=SwaggerUIOptions(swagger_ui=False, serve_spec=False),
    )
    app.add_api(
        _specification(),
        resolver=Resolver(lambda name: OPERATIONS.get(name, unused)),
    )
    return app


app = asgi.RequestIds(asgi.BodyLimit(_app()))
