"""SIGTERM breaks nothing that is under way; its long form is `python tests/abuse.py drain`."""

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from draining import Rounds
from ledger import create_sites
from program import Service, data_directory, eventually, example
from uvicorn.supervisors import Multiprocess

from sitewatt import serving
from sitewatt.mongod import Mongod
from sitewatt.serving import Ending, Workers
from sitewatt.web.terms import Terms


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    with data_directory() as directory, Mongod(directory) as mongod:
        yield mongod


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_breaks_no_request_in_flight(workers: int, mongod: Mongod) -> None:
    rounds = Rounds(mongod.uri.replace("?", f"of_{workers}?", 1), workers)
    rounds.play()
    if workers > 1:
        rounds.end()
    print(f"\n{rounds.told()}")


def test_before_the_door_is_closed_readiness_ends_and_every_answer_is_the_last(
    mongod: Mongod,
) -> None:
    with Service("--mongodb-uri", mongod.uri, "--drain-time", 3) as service:
        service.post_brief()
        assert service.client.get("/readyz").status_code == 200
        kept = http.client.HTTPConnection(*address(service), timeout=30)
        kept.request("GET", "/livez")
        assert kept.getresponse().read()
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: service.client.get("/readyz").status_code == 503)
        refused = service.client.get("/readyz")
        assert refused.json()["type"] == "/problems/unavailable"
        assert int(refused.headers["retry-after"]) > 0
        # Who has not heard of it yet is still served, and told by the answer.
        kept.request("GET", "/v1/sites/1/live/latest")
        answer = kept.getresponse()
        assert (answer.status, answer.getheader("connection")) == (200, "close")
        answer.read()
        assert service.client.get("/livez").status_code == 200
        assert service.process.wait(30) == 0
        assert time.monotonic() - began >= 3


async def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        terms = Terms()
        Ending(terms, 0).watch()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        signal.raise_signal(signal.SIGTERM)
        assert not terms.ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_door_of_several_workers_is_open_while_they_end_but_no_longer_than_the_time_of_draining(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    place, now, waited = listener.getsockname(), 0.0, list[float]()

    def join(seconds: float) -> None:
        nonlocal now
        socket.create_connection(place, timeout=30).close()
        waited.append(seconds)
        now += 2

    workers = Workers.__new__(Workers)
    workers.sockets, workers._drain_time = [listener], 3
    workers.processes = [SimpleNamespace(process=SimpleNamespace(join=join))] * 3
    monkeypatch.setattr(Multiprocess, "terminate_all", lambda _: waited.append(-1))
    monkeypatch.setattr(serving, "time", SimpleNamespace(monotonic=lambda: now))
    workers.terminate_all()
    assert waited == [-1, 3, 1, 0]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=30)


async def test_who_waits_at_the_door_when_it_is_shut_is_still_let_in_before_the_server_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[tuple[float, str]] = []
    monkeypatch.setattr(serving.door, "shut", lambda _: steps.append((0, "shut")))
    ending = Ending(Terms(), 3)
    ending._handlers[signal.SIGTERM] = lambda *_: steps.append((0, "told"))

    def call_later(seconds: float, call: Callable[..., Any], *given: Any) -> None:
        call(*given)
        steps[-1] = (seconds, steps[-1][1])

    monkeypatch.setattr(ending, "_loop", SimpleNamespace(call_later=call_later))
    ending._drain(signal.SIGTERM)
    assert steps == [(3, "shut"), (3 + serving.door.SECONDS, "told")]
    assert serving.door.SECONDS > 0


def test_a_second_signal_does_not_wait_for_the_time_of_draining(
    mongod: Mongod,
) -> None:
    with Service("--mongodb-uri", mongod.uri, "--drain-time", 600) as service:
        service.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: service.client.get("/readyz").status_code == 503)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(30) == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_still_breaks_no_request_in_flight(
    first: signal.Signals, mongod: Mongod
) -> None:
    # uvicorn would leave every request at a second SIGINT, and the first one is handed on late.
    with Service("--mongodb-uri", mongod.uri, "--drain-time", 1) as service:
        service.post_brief()
        push = http.client.HTTPConnection(*address(service), timeout=30)
        body = json.dumps(example("brief_live")).encode()
        push.putrequest("POST", "/v1/sites/1/live")
        push.putheader("Content-Type", "application/json")
        push.putheader("Content-Length", str(len(body)))
        push.endheaders(body[:5])
        assert service.client.get("/livez").status_code == 200
        service.process.send_signal(first)
        assert eventually(lambda: service.client.get("/readyz").status_code == 503)
        service.process.send_signal(signal.SIGINT)
        time.sleep(2)
        push.send(body[5:])
        assert push.getresponse().status == 200
        assert service.process.wait(30) == 0


UNDER_WAY = [
    ("GET", "/v1/sites", None),
    ("GET", "/v1/sites/1/live", None),
    ("GET", "/v1/sites/1/live/latest", None),
    ("POST", "/v1/sites", example("brief_sites")),
    ("POST", "/v1/sites/1/configuration", example("brief_configuration")),
    ("POST", "/v1/sites/1/live", example("brief_live")),
    ("POST", "/v1/sites/2/live", example("new_reading")),
    ("POST", "/v1/live", example("fleet_readings")),
    ("DELETE", "/v1/sites/2", None),
]


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_while_the_database_hangs_answers_every_request_in_flight(workers: int) -> None:
    words = ("--shutdown-timeout", 2, "--workers", workers, "--log-format", "json")
    with (
        data_directory() as directory,
        Mongod(directory) as mongod,
        Service("--mongodb-uri", mongod.uri, *words) as service,
        ExitStack() as connections,
    ):
        create_sites(service)
        assert mongod.pid
        os.kill(mongod.pid, signal.SIGSTOP)
        try:
            asked = [connections.enter_context(asking(service, *each)) for each in UNDER_WAY]
            assert service.client.get("/livez").status_code == 200
            service.process.send_signal(signal.SIGTERM)
            for answer in (connection.getresponse() for connection in asked):
                assert (answer.status, answer.getheader("connection")) == (503, "close")
                assert int(answer.headers["retry-after"]) > 0
                assert json.load(answer)["type"] == "/problems/unavailable"
            assert service.process.wait(30) == 0
        finally:
            os.kill(mongod.pid, signal.SIGCONT)
        errors = [line["message"] for line in service.lines if line["level"] == "error"]
        assert [each for each in errors if "timeout graceful shutdown exceeded" not in each] == []


@contextmanager
def asking(
    service: Service, method: str, path: str, document: object
) -> Iterator[http.client.HTTPConnection]:
    """A connection on which a request has been sent."""
    with closing(http.client.HTTPConnection(*address(service), timeout=30)) as connection:
        body = None if document is None else json.dumps(document)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        yield connection


def address(service: Service) -> tuple[str, int]:
    port = service.client.base_url.port
    assert port is not None
    return "127.0.0.1", port


def test_a_client_that_never_finishes_does_not_hold_the_end_up(
    mongod: Mongod,
) -> None:
    with Service("--mongodb-uri", mongod.uri) as service:
        half = [http.client.HTTPConnection(*address(service), timeout=30) for _ in range(20)]
        for connection in half:
            connection.putrequest("GET", "/livez")
            connection.connect()
            connection.send(b"GET /livez HTTP/1.1\r\n")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(30) == 0
        assert not [line for line in service.lines if line["level"] == "error"]
        for connection in half:
            connection.close()
