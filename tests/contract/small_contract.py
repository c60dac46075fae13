"""A small contract: one path with two operations, and one beside it with another server."""

from typing import Any

from sitewatt.contract import Contract, Operation, Request

REQUEST = Request(now=0, parameters={})
JSON, PROBLEM, CSV, PATCH = (
    *("application/json", "application/problem+json"),
    *("text/csv", "application/merge-patch+json"),
)
NAME = {"type": "string", "minLength": 1, "maxLength": 5}
PAINT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["colour"],
    "properties": {"colour": NAME},
}
SITE = {"name": "site_id", "in": "path", "required": True, "schema": {"type": "integer"}}


def content(schema: Any, *media_types: str) -> dict[str, Any]:
    return {media_type: {"schema": schema} for media_type in media_types}


def header(*, required: bool) -> dict[str, Any]:
    return {"required": required, "schema": {"type": "string"}}


HEADERS = {
    "ETag": header(required=True),
    "Age": header(required=False),
    "X-Request-Id": header(required=True),
    "Location": header(required=True),
}
GET: dict[str, Any] = {
    "operationId": "get_paint",
    "parameters": [{**SITE, "x-names-site": True}],
    "responses": {
        "200": {"content": content(PAINT, JSON) | content({"type": "string"}, CSV)},
        "201": {"content": content(PAINT, JSON), "headers": HEADERS},
        "204": {"headers": {}},
        "404": {"content": content(PAINT, PROBLEM)},
    },
}
PATCHED: dict[str, Any] = {
    "operationId": "paint_site",
    "x-always-admitted": True,
    "x-bound-keys": "filtered",
    "security": [{"bearer": ["admin"]}],
    "requestBody": {"content": content({"$ref": "#/components/schemas/Paint"}, PATCH, JSON)},
    "responses": {"204": {}},
}


def bundle(**operations: Any) -> dict[str, Any]:
    """A contract of these operations on /sites/{site_id}/paint, beside which there is /paint."""
    return {
        "servers": [{"url": "/v9/"}],
        "security": [{"bearer": ["read"]}, {"api_key": ["read"]}],
        "x-limits": {"faults": 2, "body_depth": 3},
        "x-problem-types": {"internal": {"status": 500}},
        "components": {"schemas": {"Paint": PAINT}, "parameters": {"site": SITE}},
        "paths": {
            "/sites/{site_id}/paint": operations,
            "/paint": {
                "servers": [{"url": ""}],
                "get": {
                    "operationId": "get_all_paint",
                    "security": [],
                    "responses": {"200": {"content": content(PAINT, JSON)}},
                },
            },
        },
    }


def contract() -> Contract:
    """The small contract, compiled anew for each test: what is compiled is what is tested."""
    return Contract(bundle(get=GET, patch={**PATCHED, "parameters": [SITE]}))


def painted() -> Operation:
    return contract().operations["get_paint"]


def painting() -> Operation:
    return contract().operations["paint_site"]
