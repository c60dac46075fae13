"""Traces: a span for each request and each command, and what leaves when requests share one."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import httpx
import orjson
import pytest
from api_service import KEY, PATHS, SCHEMAS, Clock, client_of, example, locked
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id
from pymongo.errors import AutoReconnect, OperationFailure
from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent

from handlers.instants import format_instant
from sitewatt.app import create_app
from sitewatt.auth import OpenToThisMachine
from sitewatt.mongod import Mongod
from sitewatt.observability import OPERATION, JsonFormatter, trace_id
from sitewatt.tracing import TracingError, exporter_of
from sitewatt.tracing.commands import MOST_OPEN, Commands
from sitewatt.tracing.spans import Spans, Traced
from sitewatt.web.streams import BrokenOff
from storage import Store, connect

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
NOT_SAMPLED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}


class Traces:
    """A tracing whose spans are kept, on a store whose client tells of its commands."""

    def __init__(self, share: float = 1.0) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(share)))
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer = provider.get_tracer("test")
        self.spans = Spans(self.tracer, provider.shutdown)

    def take(self) -> list[ReadableSpan]:
        """Return the spans that have ended since they were taken last."""
        taken = [*self._kept.get_finished_spans()]
        self._kept.clear()
        return taken

    def one(self, name: str) -> ReadableSpan:
        """Return the only span of the name among those that have ended."""
        (found,) = [span for span in self._kept.get_finished_spans() if span.name == name]
        return found


@pytest.fixture
def traces() -> Traces:
    return Traces()


@pytest.fixture
async def traced_store(mongod: Mongod, traces: Traces) -> AsyncIterator[Store]:
    client = connect(mongod.uri, timeout=10, listeners=traces.spans.listeners)
    store = Store(client["traced"], schemas=SCHEMAS)
    await store.prepare()
    yield store
    await client.drop_database("traced")
    await store.disconnect()


@pytest.fixture
async def client(
    path: str, traced_store: Store, traces: Traces, clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        traced_store, OpenToThisMachine(), clock=clock, serve=PATHS[path], tracing=traces.spans
    )
    async with client_of(app) as client:
        await client.post("/v1/sites", json=example("brief_sites"))
        traces.take()
        yield client


async def test_a_request_has_a_span_that_says_what_it_was(
    client: httpx.AsyncClient, traces: Traces
) -> None:
    answer = await client.get("/v1/sites/1?")
    span = traces.one("GET /v1/sites/{site_id}")
    assert span.kind is SpanKind.SERVER
    assert span.parent is None
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/v1/sites/{site_id}",
        "network.protocol.version": "1.1",
        "sitewatt.operation": "get_site",
        "sitewatt.request_id": answer.headers["x-request-id"],
        "url.path": "/v1/sites/1",
        "url.scheme": "http",
    }


async def test_a_request_goes_on_with_the_trace_that_it_brings(
    client: httpx.AsyncClient, traces: Traces
) -> None:
    await client.get("/v1/sites/1", headers=PARENT)
    spans = traces.take()
    assert {format_trace_id(span.context.trace_id) for span in spans} == {TRACE}
    server = next(span for span in spans if span.kind is SpanKind.SERVER)
    assert server.parent is not None
    assert server.parent.span_id == 0x00F067AA0BA902B7


@pytest.mark.parametrize("given", ["nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", ""])
async def test_what_is_no_traceparent_begins_a_trace(
    client: httpx.AsyncClient, traces: Traces, given: str
) -> None:
    assert (await client.get("/livez", headers={"traceparent": given})).status_code == 200
    assert traces.one("GET /livez").parent is None


async def test_who_says_that_it_is_not_sampled_leaves_no_span(
    client: httpx.AsyncClient, traces: Traces
) -> None:
    await client.post("/v1/sites/1/live", json=example("brief_live"), headers=NOT_SAMPLED)
    assert traces.take() == []


async def test_nothing_of_a_query_a_body_or_a_key_is_in_a_span(
    client: httpx.AsyncClient, traces: Traces
) -> None:
    headers = {"X-API-Key": "secret" * 8, "Authorization": "Bearer secretsecret"}
    await client.get("/v1/sites?name=secret", headers=headers)
    site = {"id": 7, "name": "secret", "location": "secret"}
    await client.post("/v1/sites", json=site)
    assert (await client.post("/v1/sites", json={**site, "name": "other"})).status_code == 409
    spans = traces.take()
    assert len(spans) > 3
    assert "secret" not in "".join(span.to_json() for span in spans)


async def test_a_request_that_names_no_operation_has_a_span_without_a_route(
    client: httpx.AsyncClient, traces: Traces
) -> None:
    await client.request("BREW", "/v1/sites/1/tea")
    span = traces.one("_OTHER")
    assert (span.attributes or {})["http.response.status_code"] == 404
    assert "http.route" not in (span.attributes or {})
    assert span.status.status_code is StatusCode.UNSET


async def test_a_bug_is_an_error_of_its_span(
    path: str, traced_store: Store, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("with a value in it")

    monkeypatch.setattr(traced_store.sites, "get", broken)
    app = create_app(
        traced_store, locked(traced_store.keys), serve=PATHS[path], tracing=traces.spans
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/v1/sites/1", headers={"X-API-Key": KEY, **PARENT})
    assert (answer.status_code, answer.json()["trace_id"]) == (500, TRACE)
    span = traces.one("GET /v1/sites/{site_id}")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "500"
    assert "with a value" not in span.to_json()


async def test_a_command_of_the_database_is_a_child_of_its_request(
    client: httpx.AsyncClient, traces: Traces
) -> None:
    await client.get("/v1/sites/1", headers=PARENT)
    spans = traces.take()
    server = next(span for span in spans if span.kind is SpanKind.SERVER)
    find = next(span for span in spans if span.name == "find sites")
    assert find.kind is SpanKind.CLIENT
    assert find.parent is not None
    assert find.parent.span_id == server.context.span_id
    assert dict(find.attributes or {}) == {
        "db.system.name": "mongodb",
        "db.namespace": "traced",
        "db.operation.name": "find",
        "db.collection.name": "sites",
    }


async def test_a_command_that_fails_is_an_error_of_its_span(
    traced_store: Store, traces: Traces
) -> None:
    with traces.tracer.start_as_current_span("request"), pytest.raises(OperationFailure):
        await traced_store.database.raw.command({"nonesuch": "any"})
    span = traces.one("nonesuch any")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "CommandNotFound"


async def test_the_upkeep_has_no_spans(traced_store: Store, traces: Traces) -> None:
    await traced_store.seal()
    await traced_store.staleness.count()
    assert traces.take() == []


async def test_a_bulk_has_a_link_to_each_push_that_it_is_for(
    client: httpx.AsyncClient, traced_store: Store, traces: Traces, clock: Clock
) -> None:
    clock.now = await traced_store.database.clock()
    instants = [clock.now - 60 * n for n in range(5)]
    readings = [
        {**example("new_reading"), "dt-stamp": format_instant(instant)} for instant in instants
    ]
    await client.post("/v1/sites/1/live", json=readings[0])  # It knows the site from now on.
    traces.take()
    answers = await asyncio.gather(
        *(client.post("/v1/sites/1/live", json=reading) for reading in readings[1:])
    )
    assert {answer.status_code for answer in answers} == {201}
    spans = traces.take()
    pushes = {s.context.span_id: s for s in spans if s.kind is SpanKind.SERVER}
    bulks = [span for span in spans if span.name == "group commit"]
    linked = [link.context.span_id for bulk in bulks for link in bulk.links]
    assert sorted(linked) == sorted(pushes)
    assert sum((bulk.attributes or {})["sitewatt.callers"] for bulk in bulks) == 4  # type: ignore[misc]
    for bulk in bulks:
        assert bulk.parent is not None
        assert bulk.parent.span_id in pushes
    inserts = [span for span in spans if span.name == "insert live"]
    assert {span.parent.span_id for span in inserts if span.parent} == {
        bulk.context.span_id for bulk in bulks
    }
    batch = [(span.attributes or {})["db.operation.batch.size"] for span in inserts]
    assert sum(batch) == 4  # type: ignore[arg-type]


async def test_a_bulk_that_fails_tells_no_value(
    client: httpx.AsyncClient,
    traced_store: Store,
    traces: Traces,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def failing(_: Any) -> None:
        raise AutoReconnect("with a value in it")

    monkeypatch.setattr(traced_store.live._commits, "_write", failing)
    clock.now = await traced_store.database.clock()
    reading = {**example("new_reading"), "dt-stamp": format_instant(clock.now)}
    assert (await client.post("/v1/sites/1/live", json=reading)).status_code == 503
    bulk = traces.one("group commit")
    assert bulk.status.status_code is StatusCode.ERROR
    assert (bulk.attributes or {})["error.type"] == "AutoReconnect"
    assert len(bulk.links) == 1
    assert "with a value" not in "".join(span.to_json() for span in traces.take())


async def test_who_is_not_sampled_is_linked_all_the_same_and_begins_no_bulks_span(
    client: httpx.AsyncClient, traced_store: Store, traces: Traces, clock: Clock
) -> None:
    clock.now = await traced_store.database.clock()
    for seconds, headers in enumerate((NOT_SAMPLED, PARENT)):
        stamp = format_instant(clock.now - seconds)
        reading = {**example("new_reading"), "dt-stamp": stamp}
        await client.post("/v1/sites/1/live", json=reading, headers=headers)
    (bulk,) = [span for span in traces.take() if span.name == "group commit"]
    assert format_trace_id(bulk.context.trace_id) == TRACE


async def test_the_log_and_a_problem_tell_the_trace(
    client: httpx.AsyncClient, traces: Traces, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(orjson.loads(JsonFormatter().format(record)))

    log, handler = logging.getLogger("sitewatt.access"), Kept()
    caplog.set_level(logging.INFO, logger="sitewatt.access")
    log.addHandler(handler)
    try:
        answer = await client.get("/v1/sites/99", headers=PARENT)
    finally:
        log.removeHandler(handler)
    assert answer.json()["trace_id"] == TRACE
    assert [line["trace_id"] for line in lines] == [TRACE]
    assert lines[0]["request_id"] == answer.json()["request_id"]


async def test_an_answer_that_breaks_off_is_an_error_of_its_span(
    client: httpx.AsyncClient, traced_store: Store, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post("/v1/sites/1/live", json=example("brief_live"))
    ask, pages = traced_store.live.list, 0

    async def breaking(*args: Any, **kwargs: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages > 1:
            raise ZeroDivisionError
        page = await ask(*args, **kwargs)
        return page._replace(next=kwargs["start"])

    monkeypatch.setattr(traced_store.live, "list", breaking)
    with pytest.raises(BrokenOff):
        await client.get("/v1/sites/1/live", headers={"Accept": "text/csv"})
    span = traces.one("GET /v1/sites/{site_id}/live")
    assert (span.attributes or {})["error.type"] == "broken_off"
    metrics = (await client.get("/metrics")).text
    assert "sitewatt_http_answers_broken_off_total 1.0" in metrics


async def test_an_answer_that_never_begins_is_an_error_of_its_span_and_an_unknown_route_none(
    traces: Traces,
) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        scope[OPERATION] = "of_another_contract"

    async def end() -> None:
        """Nothing is left to send."""

    app = Traced(silent, traces.tracer, {"get_site": "/v1/sites/{site_id}"}, end)
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": []}
    channel: Any = None
    before = trace_id.get()
    await app({**scope, "http_version": "1.1"}, channel, channel)
    assert trace_id.get() == before
    span = traces.one("GET")
    said = span.attributes or {}
    assert (said["error.type"], said["sitewatt.operation"]) == ("no_answer", "of_another_contract")
    assert {"http.route", "http.response.status_code"}.isdisjoint(said)
    assert span.status.status_code is StatusCode.ERROR


def test_of_commands_whose_end_is_never_told_the_oldest_are_forgotten(traces: Traces) -> None:
    commands = Commands(traces.tracer)
    with traces.tracer.start_as_current_span("request"):
        for number in range(MOST_OPEN + 1):
            commands.started(command_event(CommandStartedEvent, number))
    for number in (0, 1, MOST_OPEN):
        commands.succeeded(command_event(CommandSucceededEvent, number))
    assert [span.name for span in traces.take()] == ["request", "ping", "ping"]


ADDRESS = ("127.0.0.1", 27_017)


@pytest.mark.parametrize(
    ("command", "name", "collection", "size"),
    [
        ({"insert": "live", "documents": [{}, {}]}, "insert live", "live", 2),
        ({"update": "days", "updates": [{}, {}, {}]}, "update days", "days", 3),
        ({"delete": "days", "deletes": [{}]}, "delete days", "days", 1),
        ({"getMore": 4711, "collection": "sites"}, "getMore sites", "sites", None),
        ({"hello": 1}, "hello", None, None),
    ],
)
def test_a_command_names_its_collection_and_how_many_documents_it_sends(
    traces: Traces, command: dict[str, Any], name: str, collection: str | None, size: int | None
) -> None:
    commands = Commands(traces.tracer)
    with traces.tracer.start_as_current_span("request"):
        commands.started(CommandStartedEvent(command, "db", 1, ADDRESS, 1))
        commands.succeeded(command_event(CommandSucceededEvent, 1))
    said = traces.one(name).attributes or {}
    assert said.get("db.collection.name") == collection
    assert said.get("db.operation.batch.size") == size


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ({"codeName": "Unauthorized", "errtype": "x", "errmsg": "of secret"}, "Unauthorized"),
        ({"errtype": "AutoReconnect", "errmsg": "of secret"}, "AutoReconnect"),
        ({"errmsg": "of secret"}, "other"),
    ],
)
def test_of_a_command_that_fails_no_more_is_told_than_what_its_error_is_called(
    traces: Traces, failure: dict[str, str], kind: str
) -> None:
    commands = Commands(traces.tracer)
    with traces.tracer.start_as_current_span("request"):
        commands.started(command_event(CommandStartedEvent, 1))
        commands.failed(CommandFailedEvent(timedelta(), failure, "ping", 1, ADDRESS, 1))
    span = traces.one("ping")
    assert (span.attributes or {})["error.type"] == kind
    assert span.status.status_code is StatusCode.ERROR
    assert "secret" not in span.to_json()


def command_event(kind: type, number: int) -> Any:
    """What the client of the database tells of a command that has this number."""
    if kind is CommandStartedEvent:
        return CommandStartedEvent({"ping": 1}, "admin", number, ADDRESS, number)
    return CommandSucceededEvent(timedelta(), {}, "ping", number, ADDRESS, number)


SOMEWHERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("variables", "exporter"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
        (SOMEWHERE, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({**SOMEWHERE, "OTEL_TRACES_EXPORTER": "none"}, None),
        ({**SOMEWHERE, "OTEL_TRACES_EXPORTER": ""}, "otlp"),
        ({**SOMEWHERE, "OTEL_SDK_DISABLED": "TRUE"}, None),
        ({**SOMEWHERE, "OTEL_SDK_DISABLED": "false"}, "otlp"),
        ({**SOMEWHERE, "OTEL_EXPORTER_OTLP_PROTOCOL": ""}, "otlp"),
        ({**SOMEWHERE, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, None),
    ],
)
def test_traces_are_made_for_who_asks_for_them_by_the_variables_of_opentelemetry(
    variables: dict[str, str], exporter: str | None
) -> None:
    assert exporter_of(variables) == exporter


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("OTEL_TRACES_EXPORTER", "otlp,console"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
    ],
)
def test_a_variable_that_asks_for_what_is_not_there_is_named(name: str, text: str) -> None:
    with pytest.raises(TracingError, match=f"{name} must be "):
        exporter_of({**SOMEWHERE, name: text})


def test_spans_are_written_to_the_terminal_where_that_is_asked_for() -> None:
    program = (
        "from sitewatt.tracing.provider import exporting;"
        "exporting('console')._tracer.start_span('a request').end()"
    )
    words = [sys.executable, "-c", program]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    span = orjson.loads(told)
    assert span["name"] == "a request"
    assert span["resource"]["attributes"]["service.name"] == "sitewatt"
    assert span["resource"]["attributes"]["service.version"] == version("sitewatt")


def test_a_line_of_the_log_has_the_traceback_of_what_was_raised() -> None:
    try:
        raise ZeroDivisionError("of nothing")
    except ZeroDivisionError:
        raised = sys.exc_info()
    record = logging.LogRecord("a", logging.ERROR, __file__, 1, "it failed", (), raised)
    line = orjson.loads(JsonFormatter().format(record))
    assert (line["message"], line["level"]) == ("it failed", "error")
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("\nZeroDivisionError: of nothing")
