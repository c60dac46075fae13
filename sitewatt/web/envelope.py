"""The envelope of every answer: its coding, a request id, safe headers, a line in the log."""

import logging
import re
import secrets
import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sitewatt.auth import Authority
from sitewatt.observability import access, request_id
from sitewatt.web.codings import coded, of_states
from sitewatt.web.headers import joined
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.responses import starlette_response

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
    """Wraps the application: lets in whom the authority admits, and signs what goes out."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        authority: Authority,
        problems: ProblemDocuments,
        least_coded_bytes: int,
    ) -> None:
        self._app = app
        self._authority = authority
        self._problems = problems
        self._least = least_coded_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = joined(scope["headers"])
        identity = _request_id(headers.get("x-request-id"))
        token = request_id.set(identity)
        signed = _Signed(send, identity, headers, self._least)
        try:
            await self._admitted(scope, headers, receive, signed)
        finally:
            signed.log(scope)
            request_id.reset(token)

    async def _admitted(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, send: "_Signed"
    ) -> None:
        try:
            self._authority.admit(headers)
            await self._app(of_states(scope, headers), receive, send)
        # Whatever it is: a client gets a problem document, and the log what happened.
        except Exception as error:
            if send.started:
                raise
            response = self._problems.answer(error, send.identity)
            await starlette_response(response)(scope, receive, send)


class _Signed:
    """A send channel that codes and signs an answer, and remembers what the log line says.

    The start of an answer waits for its content, which is coded from `least` bytes on.
    """

    def __init__(self, send: Send, identity: str, headers: Mapping[str, str], least: int) -> None:
        self.identity = identity
        self._send = send
        self._headers = headers
        self._least = least
        self._start: Message | None = None
        self._started = time.perf_counter()
        self._status = 0

    @property
    def started(self) -> bool:
        """Whether the answer has begun, so that no other can be given."""
        return self._status > 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            if start["status"] == 304 or len(message.get("body", b"")) >= self._least:
                message = await coded(start, message, self._headers)
            self._status = start["status"]
            signature = (b"x-request-id", self.identity.encode())
            start["headers"] = [*start["headers"], signature, *_ON_EVERY_ANSWER]
            await self._send(start)
        await self._send(message)

    def log(self, scope: Scope) -> None:
        """Write the line of this request; a path is repeated, a query or a body never."""
        if not access.isEnabledFor(logging.INFO):
            return
        took = round((time.perf_counter() - self._started) * 1000, 1)
        line = f"{scope['method']} {scope['path'][:200]!a} {self._status or 'no answer'}"
        access.info(line, extra={"status": self._status, "milliseconds": took})


def _request_id(given: str | None) -> str:
    """Return the client's own id for the request when it is one, else a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    return secrets.token_hex(8)
