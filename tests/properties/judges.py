"""The judges: the path that serves, the same contract on Connexion's stack, and Connexion alone."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import connexion
from connexion.lifecycle import ConnexionResponse
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from corpus import Ask
from fitting import BUNDLE
from jsonschema import Draft4Validator
from running import KEY
from starlette.types import ASGIApp, Message

import openapi
from sitewatt.contract.formats import FORMATS
from sitewatt.contract.operations import server_path


class Answer(NamedTuple):
    """What came of a request: status, headers as they were sent, body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def problem(self) -> Mapping[str, Any]:
        """The problem document that the answer is, else nothing."""
        is_problem = (b"content-type", b"application/problem+json") in self.headers
        document: Mapping[str, Any] = json.loads(self.body) if is_problem and self.body else {}
        return document


async def answer(app: ASGIApp, ask: Ask) -> Answer:
    """Return the application's answer to a request, as uvicorn would put it to it."""
    path, _, query = ask.target.partition("?")
    given = {name for name, _ in ask.headers}
    usual = (("host", "localhost"), ("x-request-id", "same"))
    length = (("content-length", str(len(ask.body))),) if ask.body or ask.method == "POST" else ()
    headers = [*(h for h in (*usual, *length) if h[0] not in given), *ask.headers]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "method": ask.method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "state": {},
    }
    sent: list[Message] = []
    coming = [{"type": "http.request", "body": ask.body, "more_body": False}]

    async def receive() -> Message:
        if not coming:  # A client that stays has nothing more to say.
            await asyncio.Event().wait()
        return coming.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(start["status"], tuple(sorted(map(tuple, start["headers"]))), body)


class Verdict(NamedTuple):
    """What a judge says of a request: accepted, or where it failed; and by which rules, if told."""

    word: str
    rules: frozenset[str] = frozenset()


_WORDS = {406: "reply", 401: "key", 404: "path", 405: "method", 413: "size", 415: "media type"}

_OF_THE_STORE = {
    *(
        "unknown-site",
        "unknown-sites",
        "no-configuration",
        "unknown-revision",
        "no-readings",
        "unknown-schema",
        "unknown-key",
    ),
    *("unknown-problem", "sites-exist", "site-being-deleted", "readings-conflict"),
    "unknown-time-zone",
    *("too-many-revisions", "precondition-failed", "precondition-required"),
}
"""The problems of a request that keeps the contract."""


def verdict_of_ours(answer: Answer) -> Verdict:
    """Return what our path says of the request."""
    slug = str(answer.problem.get("type", "")).removeprefix("/problems/")
    if answer.status < 400 or slug in _OF_THE_STORE:
        return Verdict("accepted")
    assert answer.status < 500, answer
    rules = {f"{fault['in']} {fault['keyword']}" for fault in answer.problem.get("errors", ())}
    return Verdict(_WORDS.get(answer.status, "contract"), frozenset(rules))


def verdict_of_connexion(answer: Answer) -> Verdict:
    """Return what Connexion alone says of the request."""
    if answer.status < 400:
        return Verdict("accepted")
    return Verdict("crash" if answer.status >= 500 else _WORDS.get(answer.status, "contract"))


def connexion_alone() -> ASGIApp:
    """Return Connexion with our contract, its own router, validators and security.

    Of ours it has the two formats, which it lets its users register. Its handlers do nothing.
    """
    for name, reason in FORMATS.items():
        Draft4Validator.FORMAT_CHECKER.checks(name)(
            lambda value, reason=reason: not isinstance(value, str) or reason(value) is None
        )
    app: Any = connexion.AsyncApp(
        __name__,
        strict_validation=True,
        swagger_ui_options=SwaggerUIOptions(swagger_ui=False, serve_spec=False),
    )
    for base in sorted({server_path(item, BUNDLE) for item in BUNDLE["paths"].values()}):
        app.add_api(_served_at(base), base_path=base, resolver=Resolver(lambda name: nothing))
    return app  # type: ignore[no-any-return]


async def nothing(**_: Any) -> ConnexionResponse:
    """Stand where a handler would be."""
    return ConnexionResponse(200)


def known_key(key: str, required_scopes: Any = None) -> dict[str, Any] | None:
    """Return who the key is of, None for nobody."""
    return {"sub": "admin"} if key == KEY else None


def _served_at(base: str) -> dict[str, Any]:
    bundle = openapi.bundle()
    schemes = bundle["components"]["securitySchemes"]
    schemes["api_key"]["x-apikeyInfoFunc"] = "judges.known_key"
    schemes["bearer"]["x-bearerInfoFunc"] = "judges.known_key"
    paths = {
        path: {key: value for key, value in item.items() if key != "servers"}
        for path, item in bundle["paths"].items()
        if server_path(item, bundle) == base
    }
    return {**bundle, "servers": [{"url": base or "/"}], "paths": paths}
