"""What a call may raise.

SitewattError
├── Unreachable         no answer, as long as it was tried
├── UnexpectedAnswer    an answer that the contract does not know, as of a proxy
├── BufferFull          the file of a Buffer holds as much as it may
├── BufferInUse         the file of a Buffer is another one's
├── BufferClosed        the Buffer is closed already
└── Problem             the service refuses, and says why (RFC 9457); one class for each status
    ├── BadRequest 400, Unauthenticated 401, Forbidden 403, NotFound 404, MethodNotAllowed 405
    ├── NotAcceptable 406, Conflict 409, PreconditionFailed 412, TooLarge 413
    ├── UnsupportedMediaType 415, InvalidBody 422, PreconditionRequired 428
    └── TooManyRequests 429, InternalError 500, Unavailable 503
"""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from sitewatt_client.generated import models
from sitewatt_client.shapes import check_of

is_problem = check_of(models.Problem)
SHOWN = 5
"""How many faults or conflicts the text of a problem shows."""


class SitewattError(Exception):
    """What this package raises of its own."""


class Unreachable(SitewattError):
    """There was no answer: no connection, a broken one, or none in time.

    `may_have_happened` says whether the request may have reached the service: then nobody knows
    whether it was done.
    """

    def __init__(self, text: str, *, may_have_happened: bool) -> None:
        super().__init__(text)
        self.may_have_happened = may_have_happened


class UnexpectedAnswer(SitewattError):
    """An answer that the contract does not know; most likely not the service's.

    A redirect, a page where a document was asked for, JSON that is broken or another document than
    the operation answers with, or an error status without a problem document: as of a proxy or a
    captive portal.
    """

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}: {body[:200].decode(errors='replace')}")
        self.status = status


class BufferFull(SitewattError):
    """The buffer holds as many readings as it may; none of these was kept."""


class BufferInUse(SitewattError):
    """Another Buffer has the file, in this process or in another: each needs a file of its own."""


class BufferClosed(SitewattError):
    """The buffer is closed: nothing is kept or sent by it any more."""


class Problem(SitewattError):
    """The service refuses the request. Its text shows the first faults, with pointer and hint.

    `document` is the whole problem document, `kind` the last word of its type, as `unknown-site`.
    """

    status: ClassVar[int]
    of_status: ClassVar[dict[int, type["Problem"]]] = {}

    def __init__(self, document: models.Problem, headers: Mapping[str, str]) -> None:
        super().__init__(_text(document))
        self.document = document
        self.headers = headers

    def __init_subclass__(cls) -> None:
        cls.of_status[cls.status] = cls

    @property
    def kind(self) -> str:
        """The kind of problem; programs may rely on it."""
        return self.document["type"].rpartition("/")[2]

    @property
    def detail(self) -> str:
        """What is wrong with this request."""
        return self.document["detail"]

    @property
    def request_id(self) -> str:
        """The request's name in the log of the service."""
        return self.document["request_id"]

    @property
    def faults(self) -> list[models.Fault]:
        """The faults of the request, the first 100 of them."""
        return self.document.get("errors", [])

    @property
    def conflicts(self) -> list[models.Conflict]:
        """The readings that have other values stored, the first 100 of them."""
        return self.document.get("conflicts", [])


class BadRequest(Problem):
    """Not JSON, or a bad parameter."""

    status = 400


class Unauthenticated(Problem):
    """No valid key."""

    status = 401


class Forbidden(Problem):
    """The key lacks a scope."""

    status = 403


class NotFound(Problem):
    """There is no such thing, or the key may not see it."""

    status = 404


class MethodNotAllowed(Problem):
    """The address has no such method."""

    status = 405


class NotAcceptable(Problem):
    """The operation has no such media type."""

    status = 406


class Conflict(Problem):
    """Something else is there already."""

    status = 409


class PreconditionFailed(Problem):
    """The state has changed; `document["current"]` is what it is now."""

    status = 412


class TooLarge(Problem):
    """The body is too large."""

    status = 413


class UnsupportedMediaType(Problem):
    """The body is of no media type that is taken."""

    status = 415


class InvalidBody(Problem):
    """The body breaks the contract. Nothing of it is stored."""

    status = 422


class PreconditionRequired(Problem):
    """If-Match is missing."""

    status = 428


class TooManyRequests(Problem):
    """Too many requests in too short a time; nothing was done."""

    status = 429


class InternalError(Problem):
    """The server made a mistake."""

    status = 500


class Unavailable(Problem):
    """The service cannot work now. Nobody knows whether a write has happened."""

    status = 503


def error_of(status: int, headers: Mapping[str, str], document: Any, body: bytes) -> SitewattError:
    """Return what an answer with an error status is raised as."""
    of_status = Problem.of_status.get(status)
    whole = _whole(document, status) if isinstance(document, dict) else None
    if of_status is None or not is_problem(whole):
        return UnexpectedAnswer(status, body)
    return of_status(cast(models.Problem, whole), headers)


def _whole(document: dict[str, Any], status: int) -> dict[str, Any]:
    """Return a problem with the members that a proxy's leaves out."""
    return {"status": status, "request_id": "-", **document}


def _text(document: models.Problem) -> str:
    lines = [f"{document['status']} {document['title']}: {document['detail']}"]
    faults = [_fault(fault) for fault in document.get("errors", [])]
    faults += [_conflict(conflict) for conflict in document.get("conflicts", [])]
    lines += [f"  {line}" for line in faults[:SHOWN]]
    if len(faults) > SHOWN or document.get("more"):
        lines.append("  ... and more")
    return "\n".join(lines)


def _fault(fault: models.Fault) -> str:
    where = fault.get("pointer", fault.get("name", ""))
    hint = f" ({fault['hint']})" if "hint" in fault else ""
    return f"{fault['in']} {where or 'as a whole'}: {fault['detail']}{hint}"


def _conflict(conflict: models.Conflict) -> str:
    site = f"site {conflict['id']} " if "id" in conflict else ""
    return f"{site}{conflict['dt-stamp']}: other values stored in {', '.join(conflict['columns'])}"
