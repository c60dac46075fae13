"""The envelope of every answer: its coding, a request id, safe headers, a line in the log."""

import logging
import random
import re
from asyncio import CancelledError
from collections.abc import Mapping
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sitewatt.admission import Admission, Visit
from sitewatt.auth import IDENTITY, Authority
from sitewatt.metrics.requests import Requests
from sitewatt.observability import OPERATION, access, request_id
from sitewatt.web.codings import Gzip, coded, of_states, streamed
from sitewatt.web.headers import headers_of
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.responses import starlette_response
from sitewatt.web.streams import BrokenOff
from storage import without_secrets

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_POLICY = (
    b"default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self';"
    b" img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SAFE_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", _POLICY),
    (b"cache-control", b"no-cache"),
)
"""No answer has these of its own."""

_LINK = (b"link", b'</openapi.json>; rel="service-desc", </docs/>; rel="service-doc"')
"""Where the service is described (RFC 8631). A link to the next page has a line of its own."""

_ON_EVERY_ANSWER = (_LINK, *_SAFE_HEADERS)


class Envelope:
    """Wraps the application: lets in whom the authority admits, signs and counts what goes out."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        authority: Authority,
        admission: Admission,
        problems: ProblemDocuments,
        requests: Requests,
        least_coded_bytes: int,
    ) -> None:
        self._app = app
        self._requests = requests
        self._authority = authority
        self._admission = admission
        self._problems = problems
        self._least = least_coded_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        requests = self._requests
        requests.begun += 1
        headers = headers_of(scope)
        identity = _request_id(headers.get("x-request-id"))
        token = request_id.set(identity)
        visit, entered = self._admission.enter(scope, headers)
        signed = _Signed(send, identity, visit, headers, self._least)
        passed = scope
        try:
            await self._authority.admit(headers)
            self._admission.admit(visit, scope)
            passed = of_states(scope, headers)
            await self._app(passed, receive, signed)
        except BrokenOff:
            requests.broken_off += 1
            raise
        # Whatever it is: a client gets a problem document, and the log what happened. The server
        # cancels what has no answer when the time is over in which it is to end.
        except (Exception, CancelledError) as error:
            if signed.status:
                raise
            response = self._problems.answer(error, identity)
            await starlette_response(response)(scope, receive, signed)
        finally:
            if passed is not scope:
                for told in (OPERATION, IDENTITY):
                    scope[told] = passed.get(told)
            seconds = perf_counter() - signed.began
            requests.add(scope.get(OPERATION), signed.status, seconds)
            signed.log(scope, seconds)
            self._admission.leave(visit, entered)
            request_id.reset(token)


class _Signed:
    """A send channel that codes and signs an answer, and remembers what the log line says.

    The start of an answer waits for its content, which is coded from `least` bytes on, and however
    long it is when it comes in several messages.
    """

    def __init__(
        self, send: Send, identity: str, visit: Visit, headers: Mapping[str, str], least: int
    ) -> None:
        self._identity = identity.encode()
        self._quotas = visit.quotas
        self._send = send
        self._headers = headers
        self._least = least
        self._start: Message | None = None
        self._gzip: Gzip | None = None
        self.began = perf_counter()
        self.status = 0
        """That of the answer; 0 until it has begun, after which no other can be given."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            if message.get("more_body"):
                self._gzip = streamed(start, self._headers)
            elif start["status"] == 304 or len(message.get("body", b"")) >= self._least:
                message = await coded(start, message, self._headers)
            self.status = start["status"]
            signature = (b"x-request-id", self._identity)
            start["headers"] = [*start["headers"], signature, *self._quotas, *_ON_EVERY_ANSWER]
            await self._send(start)
        if self._gzip is not None:
            message = await self._gzip.compressed(message)
        await self._send(message)

    def log(self, scope: Scope, seconds: float) -> None:
        """Write the line of this request; a path is repeated, a query or a body never."""
        if not access.isEnabledFor(logging.INFO):
            return
        path = without_secrets(scope["path"][:200])
        line = f"{scope['method']} {path!a} {self.status or 'no answer'}"
        said = {"status": self.status, "milliseconds": round(seconds * 1000, 1)}
        access.info(line, extra=said)


def _request_id(given: str | None) -> str:
    """Return the client's own id for the request when it is one, and no key, else a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given) and given == without_secrets(given):
        return given
    return f"{_numbers.getrandbits(64):016x}"


_numbers = random.Random()  # noqa: S311  # an id is no secret, and asks nothing of the system
