"""Requests for several judges: the contract's examples, and what schemathesis generates."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fitting import BUNDLE, SITES
from running import KEY, contract, run

import openapi
from sitewatt.contract.operations import server_path
from sitewatt.contract.schema import resolved

COMPONENTS = BUNDLE["components"]
JSON = ("content-type", "application/json")
WITH_KEY = ("x-api-key", KEY)


class Ask(NamedTuple):
    """One request: `target` is its path and query as sent, `name` says where it is from."""

    name: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = (WITH_KEY,)
    body: bytes = b""


def posted(name: str, target: str, value: Any, *more: tuple[str, str], method: str = "POST") -> Ask:
    """Return the request that sends a value as JSON."""
    return Ask(name, method, target, (WITH_KEY, JSON, *more), json.dumps(value).encode())


def examples() -> Iterator[Ask]:
    """Yield each operation with its parameters' examples, and with each example of its body."""
    for path, item in BUNDLE["paths"].items():
        for method in item.keys() & {"get", "post", "patch", "delete"}:
            declared = resolved(item[method], COMPONENTS)
            parameters = [*resolved(item.get("parameters", []), COMPONENTS)]
            parameters += declared.get("parameters", [])
            full = server_path(item, BUNDLE) + path
            for target, headers in _with_parameters(full, parameters):
                yield from _with_bodies(declared, method.upper(), target, headers)
                for accept in _media_types(declared):
                    name, with_accept = f"example in {accept}", (WITH_KEY, accept, *headers)
                    yield Ask(name, method.upper(), target, with_accept)


Headers = tuple[tuple[str, str], ...]


def _with_parameters(path: str, parameters: list[Any]) -> Iterator[tuple[str, Headers]]:
    """Yield the path without what may be left out, with each such parameter, and with all."""
    given = {p["name"]: quote(str(p["example"]), safe="") for p in parameters if p["in"] == "path"}
    optional = [p for p in parameters if not p.get("required")]
    required = [p for p in parameters if p["in"] == "query" and p.get("required")]
    for chosen in ([], *([p] for p in optional), optional):
        query = {p["name"]: _text(p["example"]) for p in [*required, *chosen] if p["in"] == "query"}
        headers = tuple((p["name"].lower(), p["example"]) for p in chosen if p["in"] == "header")
        yield path.format(**given) + (f"?{urlencode(query)}" if query else ""), headers


def _media_types(declared: Any) -> list[tuple[str, str]]:
    """Return what a header Accept may choose from, nothing where there is no choice."""
    offered = [*declared["responses"].get("200", {}).get("content", ())]
    return [("accept", media_type) for media_type in offered] if len(offered) > 1 else []


def _text(example: Any) -> str:
    if isinstance(example, list):
        return ",".join(example)
    return json.dumps(example) if isinstance(example, bool) else str(example)


def _with_bodies(declared: Any, method: str, target: str, headers: Headers) -> Iterator[Ask]:
    name, contents = f"example of {declared['operationId']}", declared.get("requestBody")
    if contents is None:
        yield Ask(name, method, target, (WITH_KEY, *headers))
        return
    for media_type, content in contents["content"].items():
        for body in content["examples"].values():
            kind = ("content-type", media_type)
            raw = json.dumps(body["value"]).encode()
            yield Ask(name, method, target, (WITH_KEY, kind, *headers), raw)


def seeded() -> Iterator[Ask]:
    """Yield the requests that make the sites, each with a configuration and readings."""
    brief = {name: COMPONENTS["examples"][f"brief_{name}"]["value"] for name in _BRIEF}
    yield posted("seed", "/v1/sites", brief["sites"])
    for site_id in SITES:
        site = {"id": site_id, "name": f"Site {site_id}", "location": "north"}
        configuration = {**brief["configuration"], "id": site_id}
        if site_id > 1:
            yield posted("seed", "/v1/sites", site)
        yield posted("seed", f"/v1/sites/{site_id}/configuration", configuration)
        yield posted("seed", f"/v1/sites/{site_id}/live", brief["live"])


def states() -> Iterator[Ask]:
    """Yield requests that keep the contract, and that the state of the store refuses."""
    lonely = {"id": 4_001, "name": "lonely", "location": "north"}
    yield posted("state", "/v1/sites", lonely)
    for place in ("configuration", "live/latest", "configuration/revisions/1"):
        yield Ask("state", "GET", f"/v1/sites/4001/{place}")
    yield posted("state", "/v1/sites", {**lonely, "name": "another"})
    live = COMPONENTS["examples"]["brief_live"]["value"]
    yield posted("state", "/v1/sites/4001/live", live)
    yield posted("state", "/v1/sites/4001/live", {**live, "soc": [1, 2, 3]})
    yield posted("state", "/v1/sites/4001", {"name": "b"}, ("if-match", '"0"'), method="PATCH")
    yield Ask("state", "GET", "/v1/sites?name=" + "x" * 8_192)
    yield Ask("state", "DELETE", "/v1/sites/4001")
    yield Ask("state", "GET", "/v1/sites/4001")
    yield posted("state", "/v1/sites", lonely)


_BRIEF = ("sites", "configuration", "live")


def generated(seed: int, most: int) -> list[Ask]:
    """Return what schemathesis sends to all operations, right and wrong, by a seed."""
    asks: list[Ask] = []

    async def recorder(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        query = scope["query_string"].decode()
        target = quote(scope["path"], safe="/%") + (f"?{query}" if query else "")
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
        sent = tuple(entry for entry in headers if entry[0] not in _OF_THE_CLIENT)
        body = message.get("body", b"")
        asks.append(Ask(f"generated, seed {seed}", scope["method"], target, sent, body))
        start = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    schema = contract(openapi.bundle(), recorder)
    schema.config.checks.update(included_check_names=["not_a_server_error"])
    schema.config.generation.update(max_examples=most)
    schema.config.seed = seed
    for phase in ("coverage", "fuzzing"):
        run(schema, phase)
    return asks


_OF_THE_CLIENT = {
    "host",
    "user-agent",
    "accept-encoding",
    "connection",
    "x-schemathesis-testcaseid",
}
