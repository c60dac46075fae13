"""Traces of the program as it is run: sent to a collector, asked for in vain, not asked for."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from program import ROOT, Service, data_directory, eventually, run

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OF_KEYS = {"find keys", "find counters", "state of the keys"}
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


class Collector:
    """Takes what is sent by OTLP over HTTP, on a port of this machine."""

    def __init__(self) -> None:
        self.received: list[ExportTraceServiceRequest] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == "/v1/traces":
                    collector.received.append(ExportTraceServiceRequest.FromString(body))
                collector.may_answer.wait()
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def services(self) -> set[str]:
        """The names of the services that have sent something."""
        return {
            attribute.value.string_value
            for request in self.received
            for resource in request.resource_spans
            for attribute in resource.resource.attributes
            if attribute.key == "service.name"
        }

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in self.received
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the machine's own variables of OpenTelemetry away."""
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_left_is_sent_at_the_end(
    data: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    with Service("--data-dir", data, "--workers", workers) as service:
        service.post_brief()
        service.client.get("/v1/sites/1", headers=PARENT).raise_for_status()
        assert service.stop() == 0
    assert collector.services == {"sitewatt"}
    names = {span.name for span in collector.spans if span.trace_id.hex() == TRACE}
    # A worker that has had no request yet looks whether there are keys.
    assert names - OF_KEYS == {"GET /v1/sites/{site_id}", "find sites"}
    assert "insert sites" in {span.name for span in collector.spans}


def test_a_collector_that_is_away_holds_up_neither_requests_nor_the_end(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with Service("--data-dir", data) as service:
        service.post_brief()
        began = time.monotonic()
        for _ in range(20):
            service.client.get("/v1/sites/1").raise_for_status()
        assert time.monotonic() - began < 5
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 10


def test_a_collector_that_never_answers_does_not_hold_up_the_end(
    data: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    collector.may_answer.clear()
    with Service("--data-dir", data) as service:
        service.post_brief()
        assert service.stop() == 0
        assert collector.received
        assert not [line for line in service.lines if line["level"] == "error"]


def test_the_name_of_the_service_is_the_operators(
    data: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{collector.endpoint}/v1/traces")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "north")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with Service("--data-dir", data) as service:
        service.client.get("/livez").raise_for_status()
        assert eventually(lambda: collector.services == {"north"})


def test_traces_can_be_switched_off_where_an_address_is_set(
    data: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with Service("--data-dir", data) as service:
        service.post_brief()
    assert collector.received == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER must be otlp, console or none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "must be http/protobuf"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "check"])
def test_what_cannot_be_sent_is_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch, command: str, name: str, text: str, said: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv(name, text)
    done = run(command)
    assert (done.returncode, said in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "check"])
def test_who_asks_for_traces_without_the_extra_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ImportError(name='opentelemetry')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    done = run(command)
    assert done.returncode == 1
    assert done.stderr.startswith("sitewatt: traces are asked for by OTEL_* variables, and")
    assert "opentelemetry is not installed" in done.stderr
    assert "pip install 'sitewatt[otel]'" in done.stderr


def test_who_does_not_ask_needs_no_extra_and_imports_nothing_of_it(tmp_path: Path) -> None:
    program = (
        "import os, sys, openapi\n"
        "os.environ['SITEWATT_MONGODB_URI'] = 'mongodb://127.0.0.1:9/x'\n"
        "from sitewatt.app import app_from_environment\n"
        "import sitewatt.cli\n"
        "app_from_environment()\n"
        "print([name for name in sys.modules if 'opentelemetry' in name])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[]\n", done.stderr
