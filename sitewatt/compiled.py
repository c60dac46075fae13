"""The compiled path: each operation of the contract is a plan, made once, and served by it.

Connexion loads the specification and resolves the handlers. This one SpecMiddleware takes the place
of its routing, security, validation, response and exception layers: what is raised here becomes an
answer in the envelope. What is checked, and in which order:

    method, size, media type, acceptability, key, parameters, syntax, contract; then the handler;
    then its reply
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from time import monotonic
from typing import Any, cast

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.abstract import SpecMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from handlers import Handler
from handlers.ports import Clock
from handlers.replies import Response, Stream
from sitewatt.auth import ANYONE, IDENTITY, Authority, admit_still
from sitewatt.binding import bound
from sitewatt.contract import Contract, ContractError, Operation, Request
from sitewatt.contract.operations import METHODS
from sitewatt.loading import load
from sitewatt.observability import OPERATION
from sitewatt.web.bodies import admit_encoding, admit_length, read_body, skip_body
from sitewatt.web.headers import headers_of
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.responses import checked, send_reply, send_response
from sitewatt.web.streams import while_admitted


def compiled_app(
    contract: Contract,
    handlers: Mapping[str, Handler],
    services: Mapping[str, Any],
    *,
    authority: Authority,
    problems: ProblemDocuments,
    clock: Clock,
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]],
) -> ASGIApp:
    """Return the contract's operations as an ASGI application on the compiled path."""
    operations = partial(CompiledOperations, contract=contract, authority=authority, clock=clock)
    layers: list[Any] = [operations, LifespanMiddleware]
    app = ConnexionMiddleware(nowhere, lifespan=lifespan, middlewares=layers)
    functions = {name: bound(handler, services) for name, handler in handlers.items()}
    load(app, contract, functions)
    return cast("ASGIApp", app)


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand where Connexion wants an application; every request ends before it."""


class CompiledOperations(SpecMiddleware):  # type: ignore[misc]  # connexion is untyped
    """Serves the operations of every specification that Connexion gives it."""

    def __init__(
        self, app: ASGIApp, *, contract: Contract, authority: Authority, clock: Clock
    ) -> None:
        self._app = app
        self._contract = contract
        self._authority = authority
        self._clock = clock
        self._plans: dict[str, Plan] = {}

    def add_api(self, specification: Specification, *, resolver: Resolver, **_: Any) -> None:
        """Make a plan for each operation; raises ContractError for one that has been left out."""
        for path, item in specification["paths"].items():
            for method in METHODS:
                if method in item:
                    resolved: Any = specification.operation_cls.from_spec(
                        specification, path=path, method=method, resolver=resolver
                    )
                    self._add(resolved.operation_id, resolved.function)

    def _add(self, operation_id: str, handler: Handler) -> None:
        operation = self._contract.operations.get(operation_id)
        if operation is None:
            raise ContractError(f"{operation_id} has not been compiled")
        limit = self._contract.limits["body_bytes"]
        self._plans[operation_id] = Plan(operation, handler, self._authority, self._clock, limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request by its plan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if method == "OPTIONS":
            allowed = ", ".join(self._contract.routes.allowed(path))
            await send_response(Response(204, b"", {"Allow": allowed}), send)
            return
        match = self._contract.routes.match(method, path)
        scope[OPERATION] = operation_id = match.operation.id
        plan = self._plans[operation_id]
        reply = await plan.answer(match.path, scope, receive)
        await send_reply(reply, scope, receive, send)


class Plan:
    """One operation, ready to be performed."""

    def __init__(
        self, operation: Operation, handler: Handler, authority: Authority, clock: Clock, limit: int
    ) -> None:
        self._operation = operation
        self._handler = handler
        self._authority = authority
        self._clock = clock
        self._limit = limit

    async def answer(
        self, path: Mapping[str, str], scope: Scope, receive: Receive
    ) -> Response | Stream:
        """Return the handler's reply to a request that keeps the contract, checked against it."""
        operation, headers, in_gzip = self._operation, headers_of(scope), False
        identity, since = ANYONE, monotonic()
        if operation.method != "GET":
            admit_length(headers.get("content-length"), self._limit)
        if operation.body is not None:
            in_gzip = admit_encoding(headers.get("content-encoding"))
            operation.body.admit(headers.get("content-type"))
        media_type = operation.admit_accept(headers.get("accept"))
        if operation.scopes is not None:
            identity = await self._authority.authorize(headers, operation.scopes)
            scope[IDENTITY] = identity
            operation.rights.admit(identity)
        query = scope["query_string"]
        arguments = operation.read_parameters(path, query, headers, media_type)
        if operation.body is not None:
            raw = await read_body(receive, self._limit, in_gzip=in_gzip)
            arguments["body"] = operation.body.read(raw, Request(self._clock(), arguments))
        elif operation.method != "GET":
            await skip_body(receive, self._limit)
        await admit_still(self._authority, headers, operation.scopes, since)
        operation.rights.narrow(identity, arguments)
        reply = checked(operation, await self._handler(**arguments))
        return while_admitted(reply, self._authority, headers, operation.scopes)
