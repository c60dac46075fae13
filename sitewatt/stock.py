"""The stock path: Connexion routes, our compiled contract judges, and handlers get what it read.

Connexion calls the validators named in its `validator_map`; ours leave what they have read in the
request's Call, and the bound handler takes it from there. Parameters in headers, which Connexion
does not hand to handlers, reach them in the same way.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from inspect import Signature
from time import monotonic
from typing import Any, cast

import connexion
from connexion.context import scope as current_scope
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware import MiddlewarePosition
from connexion.options import SwaggerUIOptions
from starlette.exceptions import HTTPException
from starlette.responses import Response as StarletteResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from handlers import Handler
from handlers.ports import Clock
from sitewatt.auth import ANYONE, IDENTITY, Authority, admit_still
from sitewatt.binding import bound
from sitewatt.contract import Contract, Operation, Request
from sitewatt.contract.operations import Body
from sitewatt.loading import load
from sitewatt.observability import OPERATION, request_id
from sitewatt.web.bodies import admit_encoding, admit_length, read_body, skip_body
from sitewatt.web.headers import headers_of, joined
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.responses import checked, starlette_response
from sitewatt.web.streams import while_admitted

_CALL = "sitewatt.call"


@dataclass
class Call:
    """One call of an operation, filled on its way to the handler."""

    operation: Operation
    path: Mapping[str, str]
    since: float = field(default_factory=monotonic)
    refusal: Exception | None = None
    in_gzip: bool = False
    media_type: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, scope: Scope) -> "Call":
        """Return the call that the request of this scope is."""
        call: Call = scope["extensions"][_CALL]
        return call


def connexion_app(
    contract: Contract,
    handlers: Mapping[str, Handler],
    services: Mapping[str, Any],
    *,
    authority: Authority,
    problems: ProblemDocuments,
    clock: Clock,
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]],
) -> ASGIApp:
    """Return the contract's operations as an ASGI application on Connexion's stack."""
    app: Any = connexion.AsyncApp(
        __name__,
        lifespan=lifespan,
        # It would serve a copy without references, which ruins generated clients.
        swagger_ui_options=SwaggerUIOptions(swagger_ui=False, serve_spec=False),
    )
    app.add_middleware(Admission, position=MiddlewarePosition.BEFORE_ROUTING, contract=contract)
    for kind in (Exception, HTTPException, ProblemException):
        app.add_error_handler(kind, partial(_problem_response, problems))
    functions = {
        name: _as_connexion_calls(bound(handler, services), authority)
        for name, handler in handlers.items()
    }
    load(
        app,
        contract,
        functions,
        validator_map=_validator_map(contract, authority, clock),
        security_map=dict.fromkeys(("bearer", "apiKey"), partial(KeyScheme, authority)),
    )
    return _telling(app)


def _telling(app: ASGIApp) -> ASGIApp:
    """Return the application such that the scope tells operation and identity, of a copy."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = scope["extensions"] = {**scope.get("extensions", {})}
        try:
            await app(scope, receive, send)
        finally:
            for told in (OPERATION, IDENTITY):
                scope[told] = extensions.get(told)

    return application


async def _problem_response(
    problems: ProblemDocuments, request: ConnexionRequest, error: Exception
) -> ConnexionResponse:
    response = problems.answer(error, request_id.get() or "")
    return ConnexionResponse(response.status, body=response.content, headers=dict(response.headers))


class Admission:
    """Decides method, size, media type and acceptability before anything else is looked at."""

    def __init__(self, app: ASGIApp, contract: Contract) -> None:
        self._app = app
        self._contract = contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request that names an operation, with its Call in the scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            allowed = ", ".join(self._contract.routes.allowed(scope["path"]))
            options = StarletteResponse(status_code=204, headers={"Allow": allowed})
            await options(scope, receive, send)
            return
        match = self._contract.routes.match(scope["method"], scope["path"])
        call = Call(match.operation, match.path)
        scope["extensions"] |= {_CALL: call, OPERATION: match.operation.id}
        admitted = self._admitted(scope, call)
        if call.operation.body is None and call.operation.method != "GET":
            await skip_body(receive, self._contract.limits["body_bytes"])
        await self._app(admitted, receive, send)

    def _admitted(self, scope: Scope, call: Call) -> Scope:
        """Return the scope with the media type as Connexion knows it, and none without a body."""
        headers, body = headers_of(scope), call.operation.body
        kept = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
        if call.operation.method != "GET":
            admit_length(headers.get("content-length"), self._contract.limits["body_bytes"])
        if body is not None:
            call.in_gzip = admit_encoding(headers.get("content-encoding"))
            kept.append((b"content-type", body.admit(headers.get("content-type")).encode()))
        call.media_type = call.operation.admit_accept(headers.get("accept"))
        return {**scope, "headers": kept}


class ParameterValidator:
    """Reads the parameters of a call; takes the place of Connexion's own validator."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what Connexion gives, which is not needed: the operation has been compiled."""

    def validate(self, scope: Scope) -> None:
        """Leave every parameter's value in the call; raises BadParameters."""
        call, headers = Call.of(scope), joined(scope["headers"])
        query, media_type = scope["query_string"], call.media_type
        read = call.operation.read_parameters(call.path, query, headers, media_type)
        call.arguments.update(read)


class BodyValidator:
    """Reads the body of a call; takes the place of Connexion's own validator."""

    def __init__(
        self, contract: Contract, authority: Authority, clock: Clock, **kwargs: Any
    ) -> None:
        self._limit = contract.limits["body_bytes"]
        self._authority = authority
        self._clock = clock

    async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
        """Leave the body's value in the call; raises BodyTooLarge, NotJson or InvalidBody."""
        call = Call.of(scope)
        raw = await read_body(receive, self._limit, in_gzip=call.in_gzip)
        # Connexion asks for it where an operation takes a body, and nowhere else.
        body = cast(Body, call.operation.body)
        call.arguments["body"] = body.read(raw, Request(self._clock(), call.arguments))
        headers = joined(scope["headers"])
        await admit_still(self._authority, headers, call.operation.scopes, call.since)
        return receive, scope


class KeyScheme:
    """Enforces the scopes of an operation; one for both ways in which a key can come."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def get_fn(
        self, scheme: Mapping[str, Any], scopes: list[str]
    ) -> Callable[[ConnexionRequest], Awaitable[dict[str, Any]]]:
        """Return the function that Connexion asks to verify a request."""

        async def verify(request: ConnexionRequest) -> dict[str, Any]:
            scope = cast(Any, request).scope
            call = Call.of(scope)
            # Connexion asks for each of the two ways until one lets in.
            if call.refusal is not None:
                raise call.refusal
            try:
                headers = joined(cast(Any, request.headers).raw)
                identity = await self._authority.authorize(headers, scopes)
            except Exception as error:
                call.refusal = error
                raise
            scope["extensions"][IDENTITY] = identity
            call.operation.rights.admit(identity)
            return {}

        return verify


def _as_connexion_calls(
    handler: Handler, authority: Authority
) -> Callable[..., Awaitable[StarletteResponse]]:
    """Return the handler as Connexion calls it: its arguments from the Call, its reply checked."""

    async def respond(**_: object) -> StarletteResponse:
        scope = cast("Scope", current_scope)
        call = Call.of(scope)
        identity = scope["extensions"].get(IDENTITY, ANYONE)
        call.operation.rights.narrow(identity, call.arguments)
        reply = checked(call.operation, await handler(**call.arguments))
        scopes = call.operation.scopes
        return starlette_response(while_admitted(reply, authority, headers_of(scope), scopes))

    # Connexion gives every function the path's parameters, and reads the body a second time for
    # one whose signature takes any keyword.
    vars(respond)["__signature__"] = Signature()
    return respond


def _validator_map(contract: Contract, authority: Authority, clock: Clock) -> dict[str, Any]:
    bodies = [operation.body for operation in contract.operations.values() if operation.body]
    media_types = {media_type for body in bodies for media_type in body.media_types}
    validator = partial(BodyValidator, contract, authority, clock)
    return {"parameter": ParameterValidator, "body": dict.fromkeys(media_types, validator)}
