"""What was acknowledged survives the end of every process, however it comes."""

import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ledger import Ledger, as_columns, create_sites, row, stored
from program import Service, data_directory, eventually, is_running, mongod_pid, workers

DATABASE_SECONDS = 4
IN_FLIGHT = dict([row(700_000_000), row(700_000_001)])


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


def test_what_was_acknowledged_survives_kill_9_of_the_service(data: Path) -> None:
    ledger = Ledger()
    for life in range(2):
        with Service("--data-dir", data) as service:
            if life == 0:
                create_sites(service)
            mongod = mongod_pid(data)
            with ledger.pushing(service):
                ledger.await_more(300)
                service.kill()
        assert ends(mongod), "an orphan mongod is left"
    with Service("--data-dir", data) as service:
        ledger.check(service)
    print(f"\n{ledger.rows} acknowledged readings survived two kills of the service")


def test_a_start_right_after_kill_9_waits_for_the_mongod_that_was_left(data: Path) -> None:
    with Service("--data-dir", data) as killed:
        killed.post_brief()
        mongod = mongod_pid(data)
        killed.kill()
        with Service("--data-dir", data) as service:
            assert not is_running(mongod)
            assert service.client.get("/v1/sites/1/live/latest").json()["soc"] == 20


def test_kill_9_of_mongod_is_a_pause_and_loses_nothing(data: Path) -> None:
    ledger = Ledger()
    with Service("--data-dir", data, "--mongodb-timeout", DATABASE_SECONDS) as service:
        create_sites(service)
        with ledger.pushing(service):
            for _ in range(2):
                ledger.await_more(150)
                killed = mongod_pid(data)
                os.kill(killed, signal.SIGKILL)
                assert another_mongod(data, killed)
            ledger.await_more(150)
        refusals = [answer for answer in ledger.answers if answer.outcome == 503]
        assert {answer.outcome for answer in ledger.answers} <= {200, 201, 503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refusals)
        slowest = max(answer.seconds for answer in ledger.answers)
        assert slowest < DATABASE_SECONDS + 6
        ledger.check(service)
        for number in range(8):
            create_sites(service, 10 + number, 20 + number)
    print(
        f"\n{ledger.rows} acknowledged readings survived two kills of mongod;"
        f" {len(refusals)} answers were 503, the slowest answer took {slowest:.1f} s"
    )


def test_sigterm_under_load_answers_what_is_in_flight_and_ends_with_0(data: Path) -> None:
    ledger = Ledger()
    with Service("--data-dir", data) as service:
        create_sites(service)
        mongod = mongod_pid(data)
        with ledger.pushing(service), half_sent_push(service) as finish:
            ledger.await_more(100)
            service.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert finish() == 201
            assert service.process.wait(30) == 0
        # Whoever comes too late finds a closed door; nobody who was let in is sent away.
        assert {answer.outcome for answer in ledger.answers} <= {200, 201, "ConnectError"}
        assert not is_running(mongod)
        assert not [line for line in service.lines if line["level"] == "error"]
    with Service("--data-dir", data) as service:
        assert stored(service, 2).items() >= IN_FLIGHT.items()
        ledger.check(service, besides=IN_FLIGHT)


def ends(*pids: int) -> bool:
    """Whether all of them end within some seconds."""
    return eventually(lambda: not [pid for pid in pids if is_running(pid)])


def another_mongod(data: Path, killed: int) -> bool:
    """Whether one is started in the place of the one that was killed."""
    return eventually(lambda: mongod_pid(data) not in (0, killed))


@contextmanager
def half_sent_push(service: Service) -> Iterator[Callable[[], int]]:
    """A push to site 2, half sent; the call sends the rest and returns the status."""
    body = json.dumps(as_columns(IN_FLIGHT)).encode()
    with closing(http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)) as wire:
        wire.putrequest("POST", "/v1/sites/2/live")
        wire.putheader("Content-Type", "application/json")
        wire.putheader("Content-Length", str(len(body)))
        wire.endheaders(body[:50])

        def finish() -> int:
            wire.send(body[50:])
            return wire.getresponse().status

        yield finish


def test_workers_serve_side_by_side_and_end_together(data: Path) -> None:
    with Service("--data-dir", data, "--workers", "2") as service:
        assert eventually(lambda: len(workers(service)) == 2)
        service.post_brief()
        first, second = workers(service)
        for stopped in (first, second):
            os.kill(stopped, signal.SIGSTOP)
            try:
                assert service.client.get("/v1/sites/1/live/latest").json()["soc"] == 20
            finally:
                os.kill(stopped, signal.SIGCONT)
        processes = [first, second, mongod_pid(data)]
        assert service.stop() == 0
        assert ends(*processes)


def test_workers_end_with_the_process_that_started_them(data: Path) -> None:
    with Service("--data-dir", data, "--workers", "2") as service:
        assert eventually(lambda: len(workers(service)) == 2)
        processes = [*workers(service), mongod_pid(data)]
        service.kill()
        try:
            assert ends(*processes)
        finally:
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
