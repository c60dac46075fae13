"""Spans: one for each request, one for each command of the database that a request waits for.

Where requests share a call of the database, that call has a span too. It is a child of the first of
them that is sampled, and has a link to each that it was for. What the upkeep does has no spans.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sitewatt.contract import Contract
from sitewatt.observability import OPERATION, trace_id
from sitewatt.tracing.commands import Commands
from sitewatt.web.headers import headers_of
from storage import Store, without_secrets

END_SECONDS = 3.0
"""How long the end of the service waits for spans to be sent."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

_CALLS = {
    "Commits": "group commit",
    "Deletions": "count of deletions",
    "KeyLooks": "look for keys",
    "KeyStates": "state of the keys",
    "Looks": "look for sites",
    "Newest": "latest readings",
}


class Spans:
    """Makes the spans of a service by a tracer; `shutdown` sends those that are left."""

    def __init__(self, tracer: Tracer, shutdown: Callable[[], None]) -> None:
        self._tracer = tracer
        self._shutdown = shutdown
        self.listeners = (Commands(tracer),)

    def around(self, app: ASGIApp, contract: Contract, store: Store) -> ASGIApp:
        """Return the application with a span for each request, and watch what the store shares."""
        store.watch(SharedCalls(self._tracer))
        routes = {operation.id: operation.path for operation in contract.operations.values()}
        return Traced(app, self._tracer, routes, self._end)

    async def _end(self) -> None:
        """Send what is left, for a few seconds at most; a collector may be away."""
        ended, loop = asyncio.Event(), asyncio.get_running_loop()

        def end() -> None:
            self._shutdown()
            with suppress(RuntimeError):  # Nobody waits any more.
                loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=end, name="end-of-traces", daemon=True).start()
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), END_SECONDS)


class Traced:
    """An application with a span for each request."""

    def __init__(
        self,
        app: ASGIApp,
        tracer: Tracer,
        routes: Mapping[str, str],
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self._app = app
        self._tracer = tracer
        self._routes = routes
        self._end = end
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, within its span."""
        if scope["type"] != "http":
            await self._app(scope, receive, self._at_the_end(send))
            return
        context = self._propagator.extract(headers_of(scope))
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        said = {
            "http.request.method": method,
            "url.path": without_secrets(scope["path"]),
            "url.scheme": scope["scheme"],
            "network.protocol.version": scope["http_version"],
        }
        span = self._tracer.start_span(method, context, SpanKind.SERVER, said)
        answer = _Answer(send)
        token = trace_id.set(trace.format_trace_id(span.get_span_context().trace_id))
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                await self._app(scope, receive, answer)
        finally:
            trace_id.reset(token)
            self._describe(span, method, scope.get(OPERATION), answer)
            span.end()

    def _describe(self, span: Span, method: str, operation: str | None, answer: "_Answer") -> None:
        """Say in a span what is known when the request has been answered."""
        if operation is not None:
            span.set_attribute("sitewatt.operation", operation)
            if route := self._routes.get(operation):
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
        span.set_attribute("sitewatt.request_id", answer.request_id)
        if answer.status:
            span.set_attribute("http.response.status_code", answer.status)
        if answer.status >= 500 or not answer.is_whole:
            span.set_status(StatusCode.ERROR)
            broken = "broken_off" if answer.status else "no_answer"
            span.set_attribute("error.type", broken if not answer.is_whole else str(answer.status))

    def _at_the_end(self, send: Send) -> Send:
        async def forward(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                await self._end()
            await send(message)

        return forward


class _Answer:
    """A send channel that remembers what a span says of the answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.request_id = ""
        self.is_whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.request_id = dict(message["headers"]).get(b"x-request-id", b"").decode()
        await self._send(message)
        self.is_whole = not message.get("more_body", message["type"] == "http.response.start")


class SharedCalls:
    """Watches the calls that requests share: a storage.Watch."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def caller(self) -> SpanContext:
        """Return the span of who calls."""
        return trace.get_current_span().get_span_context()

    def call(self, name: str, callers: Sequence[SpanContext]) -> AbstractContextManager[object]:
        """Give the call a span with a link to each caller, if one of them is sampled."""
        first = next((caller for caller in callers if caller.trace_flags.sampled), None)
        return (
            nullcontext() if first is None else self._span(_CALLS.get(name, name), first, callers)
        )

    @contextmanager
    def _span(
        self, name: str, first: SpanContext, callers: Sequence[SpanContext]
    ) -> Generator[None]:
        parent = trace.set_span_in_context(trace.NonRecordingSpan(first))
        links = [Link(caller) for caller in callers]
        span = self._tracer.start_span(name, parent, links=links)
        span.set_attribute("sitewatt.callers", len(callers))
        # What is raised may hold values, so that of an error a span has no more than its name.
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                yield
        except Exception as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            span.end()
