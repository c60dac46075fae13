"""SIGTERM under load: clients that know what an answer has promised them, and what broke."""

import http.client
import json
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

from ledger import as_columns, as_reading, create_sites, row, stored
from program import Service, eventually

PUSHERS, KNOCKERS = 8, 4
ROWS = 8_000
SLOW_ROWS = dict(map(row, range(700_000_000, 700_000_050)))


class Client(threading.Thread):
    """Pushes on one connection for as long as the answers do not say `Connection: close`.

    `broken` is what a client could not know about: a request that was sent on a connection that was
    open as far as anyone had said, and got no answer, or half of one.
    """

    def __init__(self, place: str, first: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: dict[str, tuple[Any, ...]] = {}
        self.statuses: Counter[int] = Counter()
        self.broken: list[str] = []
        self.farewells = 0
        self._place = place
        self._number = first

    def run(self) -> None:
        while self._connect_and_push():
            pass

    def _connect_and_push(self) -> bool:
        """Use one connection until it is said to end; return whether another can be made."""
        connection = http.client.HTTPConnection(self._place, timeout=60)
        try:
            connection.connect()
        except OSError:
            return False
        with connection.sock, ExitStack() as closing:
            closing.callback(connection.close)
            while True:
                try:
                    if self._push(connection):
                        return True
                except (OSError, http.client.HTTPException) as error:
                    self.broken.append(repr(error))
                    return False

    def _push(self, connection: http.client.HTTPConnection) -> bool:
        """Push one reading; return whether the answer was the last on its connection."""
        self._number += 1
        rows = dict([row(self._number)])
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/sites/1/live", json.dumps(as_reading(rows)), headers)
        answer = connection.getresponse()
        answer.read()
        self.statuses[answer.status] += 1
        if answer.status in (200, 201):
            self.acknowledged |= rows
        last = answer.will_close
        self.farewells += last
        return last


class Rounds:
    """One SIGTERM after the other; `play` fails when a request in flight was broken."""

    def __init__(self, uri: str, workers: int) -> None:
        self._words = ("--mongodb-uri", uri, "--workers", workers, "--log-format", "json")
        self._workers = workers
        self._acknowledged: dict[str, tuple[Any, ...]] = {}
        self.answers: Counter[int] = Counter()
        self.rounds = self.farewells = 0
        self.slowest = 0.0

    def told(self) -> str:
        """What all rounds came to."""
        return (
            f"{self.rounds} SIGTERMs, {sum(self.answers.values())} answers {dict(self.answers)},"
            f" {self.farewells} of them the last of their connection; none broken;"
            f" the slowest end took {self.slowest:.1f} s"
        )

    def play(self) -> None:
        """Start it, look for what was promised in the rounds before, load it, and end it."""
        with Service(*self._words) as service:
            if not self.rounds:
                create_sites(service)
                columns = as_columns(dict(map(row, range(ROWS))))
                assert service.client.post("/v1/sites/2/live", json=columns).status_code == 201
            assert eventually(lambda: self._all_ready(service), within=60)
            self.check(service)
            clients = self._end_under_load(service)
            errors = [line for line in service.lines if line["level"] == "error"]
            assert not errors, errors
        for client in clients:
            self._acknowledged |= client.acknowledged
        self._acknowledged |= SLOW_ROWS
        self.rounds += 1

    def _all_ready(self, service: Service) -> bool:
        """Whether each worker has prepared its store; a new connection may meet any of them."""
        started = service.log.count("Started server process")
        ready = [service.client.get("/readyz").status_code for _ in range(20)]
        return started >= self._workers and {*ready} == {200}

    def end(self) -> None:
        """Look for what was promised in all rounds."""
        with Service(*self._words) as service:
            assert eventually(lambda: self._all_ready(service), within=60)
            self.check(service)

    def check(self, service: Service) -> None:
        """Promise that all that was acknowledged is there."""
        assert self._acknowledged.items() <= stored(service, 1).items()

    def _end_under_load(self, service: Service) -> Sequence[Client]:
        place = urlsplit(service.url).netloc
        first = 1_000_000 * self.rounds
        clients = [Client(place, first + 100_000 * n) for n in range(1, PUSHERS + 1)]
        streams = [Stream(place) for _ in range(2)]
        knockers = [Knocker(place) for _ in range(KNOCKERS)]
        for thread in (*clients, *knockers):
            thread.start()
        assert eventually(lambda: sum(c.statuses.total() for c in clients) > 100, within=60)
        slow = SlowPush(place)
        for thread in (*streams, slow):
            thread.start()
        assert slow.begun.wait(30)
        assert all(stream.begun.wait(30) for stream in streams)
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0, service.log
        self.slowest = max(self.slowest, time.monotonic() - began)
        for thread in (*clients, *knockers, *streams, slow):
            thread.join(60)
        broken = [error for client in (*clients, *knockers) for error in client.broken]
        assert not broken, broken
        assert slow.status in (200, 201), slow.status
        assert [stream.lines for stream in streams] == [ROWS, ROWS], [s.error for s in streams]
        self.answers += sum((client.statuses for client in clients), Counter())
        self.farewells += sum(client.farewells for client in clients)
        return clients


class Knocker(threading.Thread):
    """Makes a connection for each request, until none is taken; one that was has its answer."""

    def __init__(self, place: str) -> None:
        super().__init__(daemon=True)
        self.answers = 0
        self.broken: list[str] = []
        self._place = place

    def run(self) -> None:
        while True:
            connection = http.client.HTTPConnection(self._place, timeout=60)
            try:
                connection.connect()
            except OSError:
                return
            try:
                connection.request("GET", "/livez", headers={"Connection": "close"})
                self.answers += connection.getresponse().status == 200
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(f"knocked: {error!r}")
            finally:
                connection.close()


class SlowPush(threading.Thread):
    """A push to site 1 whose body takes two seconds."""

    def __init__(self, place: str) -> None:
        super().__init__(daemon=True)
        self.begun = threading.Event()
        self.status: int | str = "nothing"
        self._place = place

    def run(self) -> None:
        body = json.dumps(as_columns(SLOW_ROWS)).encode()
        connection = http.client.HTTPConnection(self._place, timeout=60)
        try:
            connection.putrequest("POST", "/v1/sites/1/live")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body[:100])
            self.begun.set()
            for part in range(10):
                time.sleep(0.2)
                at = 100 + part * (len(body) // 10)
                connection.send(body[at : 100 + (part + 1) * (len(body) // 10)])
            connection.send(body[100 + 10 * (len(body) // 10) :])
            self.status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            self.status = repr(error)
        finally:
            connection.close()


class Stream(threading.Thread):
    """A range of 8,000 readings as lines, read slowly at first."""

    REQUEST = (
        b"GET /v1/sites/2/live HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n"
    )

    def __init__(self, place: str) -> None:
        super().__init__(daemon=True)
        self.begun = threading.Event()
        self.lines: int | None = None
        self.error = ""
        host, _, port = place.rpartition(":")
        self._address = host, int(port)

    def run(self) -> None:
        try:
            with socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.settimeout(60)
                connection.connect(self._address)
                connection.sendall(self.REQUEST)
                self.lines = self._read(connection)
        except (OSError, http.client.HTTPException) as error:
            self.error = repr(error)

    def _read(self, connection: socket.socket) -> int:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        self.begun.set()
        lines = answer.read(1_000).count(b"\n")
        time.sleep(1)
        with suppress(ValueError):
            while part := answer.read(20_000):
                lines += part.count(b"\n")
        return lines
