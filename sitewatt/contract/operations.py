"""The contract compiled: each operation knows its parameters, its body, its answers and its scopes.

Nothing here knows Connexion or ASGI: text and bytes go in, values or exceptions come out.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from sitewatt.contract import strict_json
from sitewatt.contract.faults import Fault
from sitewatt.contract.media_types import MediaTypeNotTaken, NotAcceptable, essence, preferred
from sitewatt.contract.parameters import Parameters
from sitewatt.contract.rights import Rights
from sitewatt.contract.routes import Routes
from sitewatt.contract.schema import ContractError, Schema, Unfit, compiled, resolved
from sitewatt.contract.vocabulary import UNTIMED, Request

METHODS = ("get", "put", "post", "delete", "patch")
"""Those that an operation may have. HEAD is what GET does, and OPTIONS what a path allows."""

_OTHER_METHODS = ("head", "options", "trace")


class InvalidBody(Exception):
    """The body is JSON and breaks the contract; `more` when there are further faults."""

    def __init__(self, faults: list[Fault], more: bool) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults
        self.more = more


class BrokenReply(Exception):
    """A handler's reply breaks the contract: a bug of ours, never the client's."""


class Body:
    """The request body of an operation."""

    def __init__(self, method: str, declared: Mapping[str, Any], limits: Mapping[str, int]) -> None:
        self._method = method
        self.media_types = tuple(declared["content"])
        schemas = [content["schema"] for content in declared["content"].values()]
        if any(schema != schemas[0] for schema in schemas):
            raise ContractError("a body has one schema for all its media types")
        self.schema: Mapping[str, Any] = schemas[0]
        self._schema = Schema(schemas[0])
        self._limits = limits

    def admit(self, content_type: str | None) -> str:
        """Return the body's media type as the contract spells it; raises MediaTypeNotTaken."""
        media_type = essence(content_type)
        if media_type is None or media_type not in self.media_types:
            raise MediaTypeNotTaken(self._method, self.media_types)
        return media_type

    def read(self, raw: bytes, request: Request) -> Any:
        """Return what the body means, as handlers get it; raises NotJson or InvalidBody."""
        value = strict_json.parse(raw)
        schema = self._schema.meant(value)
        try:
            read = schema.read(value, request)
        except Unfit:
            strict_json.check(raw, value, depth=self._limits["body_depth"])
            raise self._invalid(schema, value, request) from None
        # No schema of the contract is as deep as the limit: what is accepted is not too deep.
        strict_json.check_names(raw, schema.strings(value))
        return read

    def _invalid(self, schema: Schema, value: Any, request: Request) -> InvalidBody:
        most = self._limits["faults"]
        faults = schema.faults(value, request, most=most + 1)
        return InvalidBody(faults[:most], more=len(faults) > most)


class Operation:
    """One operation of the contract, compiled."""

    def __init__(
        self, method: str, path: str, declared: Mapping[str, Any], limits: Mapping[str, int]
    ) -> None:
        self.id: str = declared["operationId"]
        self.method = method.upper()
        self.path = path
        self.parameters = Parameters(declared["parameters"])
        self.always_admitted: bool = declared.get("x-always-admitted", False)
        body = declared.get("requestBody")
        self.body = None if body is None else Body(self.method, body, limits)
        self.rights = Rights(declared, None if self.body is None else self.body.schema)
        self.scopes = self.rights.scopes
        self._offered = _offered(declared["responses"])
        if strange := self.parameters.media_types - {*self._offered}:
            named = ", ".join(sorted(strange))
            raise ContractError(f"{self.id} has parameters for answers in {named}")
        self.negotiates = len(self._offered) > 1
        self._replies = {
            int(status): Reply(response) for status, response in declared["responses"].items()
        }

    @property
    def arguments(self) -> list[str]:
        """The names of what a handler gets: the parameters', `body` where there is one.

        And `media_type`, that of the answer, where it has several to choose from, and what the
        rights tell of the key.
        """
        media_type = ["media_type"] if self.negotiates else []
        body = ["body"] if self.body else []
        return [*self.parameters.arguments, *media_type, *body, *self.rights.arguments]

    @property
    def statuses(self) -> list[int]:
        """The statuses that the operation may answer."""
        return [*self._replies]

    def admit_accept(self, accept: str | None) -> str | None:
        """Return the media type that the client likes best for an answer of success.

        It is spelt as in the contract; without a wish it is the first one there, and None where
        such answers have no content. Raises NotAcceptable.
        """
        if accept is None or not self._offered:
            return self._offered[0] if self._offered else None
        media_type = preferred(accept, self._offered)
        if media_type is None:
            raise NotAcceptable(self._offered)
        return media_type

    def read_parameters(
        self,
        path: Mapping[str, str],
        query: bytes,
        headers: Mapping[str, str],
        media_type: str | None,
    ) -> dict[str, Any]:
        """Return what the handler gets beside a body; raises BadParameters."""
        arguments = self.parameters.read(path, query, headers, media_type)
        if self.negotiates:
            arguments["media_type"] = media_type
        return arguments

    def check_reply(self, status: int, headers: Mapping[str, str], content: bytes | None) -> None:
        """Promise that a reply keeps the contract; raises BrokenReply.

        A content that comes in pieces is None, and is not looked at.
        """
        if status not in self._replies:
            raise BrokenReply(f"{self.id} answers an undeclared {status}")
        reply = self._replies[status]
        try:
            if content is None:
                reply.check_stream(headers)
            else:
                reply.check(headers, content)
        except BrokenReply as error:
            raise BrokenReply(f"{self.id} answers {status} {error}") from None


class Reply:
    """What an operation may answer under one status."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        contents = declared.get("content", {}).items()
        self._schemas = {
            media_type: (compiled(content["schema"]), media_type.endswith(("/json", "+json")))
            for media_type, content in contents
        }
        self._required = [
            name
            for name, header in declared.get("headers", {}).items()
            if header.get("required") and name not in _OF_THE_ENVELOPE
        ]

    def check(self, headers: Mapping[str, str], content: bytes) -> None:
        """Promise that headers and content are as declared; raises BrokenReply.

        The names of headers are spelt as the contract spells them.
        """
        for name in self._required:
            if name not in headers:
                raise BrokenReply(f"without {name}")
        if content or self._schemas:
            self._check_content(headers, content)

    def check_stream(self, headers: Mapping[str, str]) -> None:
        """Promise that a content in pieces may be so and is announced so; raises BrokenReply.

        It has neither length nor tag, for both are known only at its end. JSON is never sent so: it
        is held against its schema whole.
        """
        if missing := set(self._required) - {*headers, "ETag"}:
            raise BrokenReply(f"without {', '.join(sorted(missing))}")
        if said := {"ETag", "Content-Length"} & headers.keys():
            raise BrokenReply(f"in pieces, with {', '.join(sorted(said))}")
        _, is_json = self._declared(headers)
        if is_json:
            raise BrokenReply("JSON in pieces, which nobody can check")

    def _check_content(self, headers: Mapping[str, str], content: bytes) -> None:
        schema, is_json = self._declared(headers)
        value = orjson.loads(content) if is_json else content.decode()
        if not schema.accepts(value, UNTIMED):
            faults = schema.faults(value, UNTIMED, most=3)
            raise BrokenReply(f"with {[fault.members() for fault in faults]}")

    def _declared(self, headers: Mapping[str, str]) -> tuple[Schema, bool]:
        """Return the schema of the content that the headers announce, and whether it is JSON."""
        media_type = essence(headers.get("Content-Type"))
        if media_type not in self._schemas:
            raise BrokenReply(f"with an undeclared {media_type}")
        return self._schemas[media_type]


_OF_THE_ENVELOPE = ("X-Request-Id",)


def _offered(responses: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the media types of an operation's successes, each once; none without content."""
    successes = [response for status, response in responses.items() if status.startswith("2")]
    return tuple({media_type: None for one in successes for media_type in one.get("content", ())})


class Contract:
    """The bundle, compiled once at start; raises ContractError for what cannot be."""

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        if left := _not_compiled(bundle):
            raise ContractError(f"operations that are not compiled: {', '.join(left)}")
        self.bundle = bundle
        self.limits: Mapping[str, int] = bundle["x-limits"]
        self.problem_types: Mapping[str, Mapping[str, Any]] = bundle["x-problem-types"]
        self.operations = {operation.id: operation for operation in _operations(bundle)}
        self.routes = Routes(self.operations.values())

    def url_for(self, operation_id: str, **path: Any) -> str:
        """Return the path of an operation with its path parameters filled in."""
        words = {name: quote(str(value), safe="") for name, value in path.items()}
        return self.operations[operation_id].path.format(**words)


def _not_compiled(bundle: Mapping[str, Any]) -> list[str]:
    """Return the operations of the bundle for which there is no plan."""
    return [
        f"{method.upper()} {path}"
        for path, item in bundle["paths"].items()
        for method in _OTHER_METHODS
        if method in item
    ]


def _operations(bundle: Mapping[str, Any]) -> Iterator[Operation]:
    components = bundle["components"]
    for path, item in bundle["paths"].items():
        for method in METHODS:
            if method in item:
                declared = resolved(item[method], components)
                shared = resolved(item.get("parameters", []), components)
                declared["parameters"] = [*shared, *declared.get("parameters", [])]
                declared.setdefault("security", bundle.get("security", []))
                full = server_path(item, bundle) + path
                yield Operation(method, full, declared, bundle["x-limits"])


def server_path(item: Mapping[str, Any], bundle: Mapping[str, Any]) -> str:
    """Return the prefix of a path item: its own server's, else that of the document's."""
    url: str = item.get("servers", bundle["servers"])[0]["url"]
    return url.rstrip("/")
