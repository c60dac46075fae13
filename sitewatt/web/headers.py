"""Request headers as the rest reads them: by their lower-case names."""

from collections.abc import Mapping, Sequence

from starlette.types import Scope

RawHeaders = Sequence[tuple[bytes, bytes]]

_JOINED = "sitewatt.headers"


def headers_of(scope: Scope) -> Mapping[str, str]:
    """Return the headers of a request, joined once for all who ask."""
    headers: Mapping[str, str] | None = scope.get(_JOINED)
    if headers is None:
        headers = scope[_JOINED] = joined(scope["headers"])
    return headers


def with_headers(scope: Scope, raw: RawHeaders) -> Scope:
    """Return the scope of the same request with other headers."""
    return {**scope, "headers": raw, _JOINED: joined(raw)}


def joined(raw: RawHeaders) -> dict[str, str]:
    """Return headers by their lower-case names; one that comes twice is a list (RFC 9110, 5.3)."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    return headers if len(headers) == len(raw) else _lists(raw)


def _lists(raw: RawHeaders) -> dict[str, str]:
    headers: dict[str, list[str]] = {}
    for name, value in raw:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: ", ".join(values) for name, values in headers.items()}
