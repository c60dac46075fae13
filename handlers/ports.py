"""What the composition root hands to handlers beside the store."""

from collections.abc import Mapping
from typing import Any, Protocol


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> int:
        """Return the present instant in UTC seconds."""
        ...


class UrlFor(Protocol):
    """Knows the paths of the contract."""

    def __call__(self, operation_id: str, **path: Any) -> str:
        """Return the path of an operation with its path parameters filled in."""
        ...


class Readiness(Protocol):
    """Knows whether the service can do its work."""

    async def check(self) -> None:
        """Promise that it can, and that it is not about to end; raises what stands against it."""
        ...


class Metrics(Protocol):
    """What the service counts of itself."""

    async def page(self, media_type: str) -> tuple[bytes, str]:
        """Return all of it as text, and the media type of that with its parameters."""
        ...


class Documents(Protocol):
    """The contract and what is made of it, ready to be served."""

    version: Mapping[str, str]
    openapi_json: bytes
    openapi_yaml: bytes

    def schema(self, name: str) -> bytes:
        """Return the named schema on its own; raises UnknownSchema."""
        ...

    def problem_page(self, slug: str) -> bytes:
        """Return the page of a problem type; raises UnknownProblem."""
        ...
