"""What goes to the service and what comes back, as values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar, cast
from urllib.parse import parse_qsl, quote

T = TypeVar("T")
PROBLEM = "application/problem+json"
NEXT = re.compile(r'<([^<>]*)>[^<]*;\s*rel="?next"?')


@dataclass(frozen=True)
class Request(Generic[T]):
    """A call of an operation of the contract, whose answer is a T. Nothing is sent by making one.

    `path`, `query` and `headers` have the values of parameters by the contract's names; None is
    left out. `accept` is what the operation answers with; the first is asked for.
    """

    operation: str
    method: str
    template: str
    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    accept: tuple[str, ...] = ("application/json",)
    content_type: str | None = None
    body: Any = None

    @property
    def url(self) -> str:
        """The path on the server, with its parameters filled in."""
        words = {name: quote(str(value), safe="") for name, value in self.path.items()}
        return self.template.format(**words)

    @property
    def parameters(self) -> dict[str, str]:
        """The query, as the contract writes lists and booleans."""
        return {name: _word(value) for name, value in self.query.items() if value is not None}

    def header_lines(self) -> dict[str, str]:
        """Return the headers that the contract asks for."""
        lines = {name: value for name, value in self.headers.items() if value is not None}
        if self.content_type is not None:
            lines["Content-Type"] = self.content_type
        return {"Accept": self.accept[0], **lines}

    def accepting(self, media_type: str) -> "Request[T]":
        """Return the same request, for another of the media types that the operation has."""
        if media_type not in self.accept:
            raise ValueError(f"{self.operation} does not answer with {media_type}")
        return replace(self, accept=(media_type,))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)


def expects(request: Request[Any], status: int, headers: Mapping[str, str]) -> bool:
    """Return whether an answer of this status and media type is one that the contract declares."""
    if status == 304:
        return request.headers.get("If-None-Match") is not None
    media_types = [media_type for media_type in request.accept if media_type != PROBLEM]
    if not media_types:
        return status == 204
    media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return 200 <= status < 300 and media_type in media_types


@dataclass(frozen=True)
class Answer(Generic[T]):
    """The answer to a request: its status, its headers and its body."""

    request: Request[T]
    status: int
    headers: Mapping[str, str]
    body: bytes
    links: str = ""
    """The headers `Link`, joined: the service sends two, and a proxy may put its own first."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @cached_property
    def document(self) -> T:
        """The body as the contract says it is: a document, a text, or None where there is none."""
        if not self.body:
            return cast(T, None)
        if "json" in self.headers.get("Content-Type", ""):
            return cast(T, json.loads(self.body))
        return cast(T, self.text)

    def is_readable(self) -> bool:
        """Return whether the body is what its media type says; of JSON, an object."""
        is_json = bool(self.body) and "json" in self.headers.get("Content-Type", "")
        try:
            return isinstance(self.document, dict) or not is_json
        except (ValueError, RecursionError):
            return False

    @property
    def etag(self) -> str | None:
        """The tag of the state that was read, for If-Match and If-None-Match."""
        return self.headers.get("ETag")

    @property
    def following(self) -> Request[T] | None:
        """The request of the next page; None when this is the last."""
        found = NEXT.search(self.links)
        if found is None:
            return None
        query = dict(parse_qsl(found[1].partition("?")[2]))
        return replace(self.request, query={**self.request.query, **query})
