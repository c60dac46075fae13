"""sitewatt without its counters: what it was before it had any."""

from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from starlette.types import Receive, Scope, Send

from sitewatt import app
from sitewatt.observability import request_id
from sitewatt.web.codings import of_states
from sitewatt.web.envelope import Envelope, _request_id, _Signed
from sitewatt.web.headers import headers_of
from sitewatt.web.responses import starlette_response
from storage import Distribution, Measures


class Uncounted(Envelope):
    """The envelope without what counts and measures."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        identity = _request_id(headers.get("x-request-id"))
        token = request_id.set(identity)
        signed = _Signed(send, identity, headers, self._least)
        try:
            self._authority.admit(headers)
            await self._app(of_states(scope, headers), receive, signed)
        except Exception as error:
            if signed.status:
                raise
            response = self._problems.answer(error, identity)
            await starlette_response(response)(scope, receive, signed)
        finally:
            signed.log(scope, 0.0)
            request_id.reset(token)


@contextmanager
def uncounted_requests() -> Generator[None]:
    """Make applications that do not count requests, for as long as this lasts."""
    with patch.object(app, "Envelope", Uncounted):
        yield


def without_counters() -> None:
    """Take the counters out of every application that is made from now on in this process.

    What stays is the call of what counts nothing, some 50 ns for each of three a push, and the
    operation's name in the scope.
    """
    patch.object(app, "Envelope", Uncounted).start()
    patch.object(Distribution, "add", lambda self, value: None).start()
    patch.object(Measures, "add_receipt", lambda self, receipt: None).start()
