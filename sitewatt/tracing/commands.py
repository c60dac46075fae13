"""Spans of the database's commands, within whatever span is under way; alone there is none.

A span names the command, its collection and how many documents it sends, never what is in them: an
error's message may hold values, so its code's name stands for it.
"""

from collections.abc import Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

MOST_OPEN = 1_000
"""Of a command whose caller was cancelled no end is told; beyond so many the oldest go."""

_BATCHES = ("documents", "updates", "deletes")

Key = tuple[Any, int]


class Commands(CommandListener):
    """Hears of every command of a client."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: dict[Key, Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Begin a span."""
        if not trace.get_current_span().is_recording():
            return
        command: Mapping[str, Any] = event.command
        collection = command.get("collection", command.get(event.command_name))
        on = f" {collection}" if isinstance(collection, str) else ""
        said: dict[str, Any] = {
            "db.system.name": "mongodb",
            "db.namespace": event.database_name,
            "db.operation.name": event.command_name,
            **({"db.collection.name": collection} if on else {}),
        }
        for batch in _BATCHES:
            if batch in command:
                said["db.operation.batch.size"] = len(command[batch])
        name = f"{event.command_name}{on}"
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=said)
        if len(self._open) >= MOST_OPEN:
            del self._open[next(iter(self._open))]
        self._open[event.connection_id, event.request_id] = span

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """End its span."""
        self._end((event.connection_id, event.request_id))

    def failed(self, event: CommandFailedEvent) -> None:
        """End its span as failed."""
        failure: Mapping[str, Any] = event.failure
        kind = failure.get("codeName") or failure.get("errtype") or "other"
        self._end((event.connection_id, event.request_id), str(kind))

    def _end(self, key: Key, failure: str | None = None) -> None:
        span = self._open.pop(key, None)
        if span is None:
            return
        if failure is not None:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", failure)
        span.end()
