"""The envelope of every answer: a request id, safe headers, a line in the log."""

import re
import secrets
import time
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sitewatt.auth import Authority
from sitewatt.observability import access, request_id
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.responses import starlette_response

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_SAFE_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self';"
        " img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}


class Envelope:
    """Wraps the application: lets in whom the authority admits, and signs what goes out."""

    def __init__(self, app: ASGIApp, *, authority: Authority, problems: ProblemDocuments) -> None:
        self._app = app
        self._authority = authority
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        identity = _request_id(headers.get("x-request-id"))
        token = request_id.set(identity)
        signed = _Signed(send, identity)
        try:
            await self._admitted(scope, headers, receive, signed)
        finally:
            signed.log(scope)
            request_id.reset(token)

    async def _admitted(
        self, scope: Scope, headers: Headers, receive: Receive, send: "_Signed"
    ) -> None:
        try:
            self._authority.admit(headers)
            await self._app(scope, receive, send)
        # Whatever it is: a client gets a problem document, and the log what happened.
        except Exception as error:
            if send.started:
                raise
            response = self._problems.answer(error, send.identity)
            await starlette_response(response)(scope, receive, send)


class _Signed:
    """A send channel that adds the headers and remembers what the log line says."""

    def __init__(self, send: Send, identity: str) -> None:
        self.identity = identity
        self._send = send
        self._started = time.perf_counter()
        self._status = 0

    @property
    def started(self) -> bool:
        """Whether the answer has begun, so that no other can be given."""
        return self._status > 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.identity
            for name, value in _SAFE_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def log(self, scope: Scope) -> None:
        """Write the line of this request; a path is repeated, a query or a body never."""
        took = round((time.perf_counter() - self._started) * 1000, 1)
        line = f"{scope['method']} {scope['path'][:200]!a} {self._status or 'no answer'}"
        access.info(line, extra={"status": self._status, "milliseconds": took})


def _request_id(given: str | None) -> str:
    """Return the client's own id for the request when it is one, else a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    return secrets.token_hex(8)
