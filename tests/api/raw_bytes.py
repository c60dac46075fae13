"""Fuzzing with raw bytes, over sockets, for a time or a number of connections.

    python tests/api/raw_bytes.py --seconds 600 --seed 7

Each connection gets the bytes that the seed and its number make. Whatever they are: no answer is a
500, none breaks the contract, the connection is answered or closed in time, nothing is logged as an
error, a refused request writes nothing, and what a request wrote is told to whoever sent it. The
first finding is printed with its bytes, and ends the run with 1.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from api_service import KEY, example
from mutations import OTHER_SITES, mutated, requests
from pymongo import monitoring
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from test_hostile import ROWS
from wire import SERVED, Answer, Connection, CutShort, Hangs
from wire_service import SEEDS, WireService, keeps_the_contract, wire_service

from sitewatt.mongod import Mongod

CLIENTS = 8
BATCH = 1_000
"""Connections after which the store is made again what it was."""

IDLE_SECONDS = 0.02
"""When nothing comes for so long and no request is worked on, the server waits for the client."""

LONGEST = 100_000
"""Hostile rows of more bytes are for the table alone; here they would only take time."""

LAST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass
class Seen:
    """A request as the service saw it; `in_time` if it was done before the client hung up."""

    method: str
    path: str
    status: int = 0
    writes: list[str] = field(default_factory=list)
    waits: bool = False
    done: bool = False
    in_time: bool = False


current: ContextVar[Seen | None] = ContextVar("current", default=None)


class Watch(monitoring.CommandListener):
    """Knows the requests of each connection, and which of them sent writes to the database."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], list[Seen]] = {}

    def begin(self, ports: tuple[int, int]) -> list[Seen]:
        """The requests to come between the ports of a client and a server, in their order."""
        self._seen[ports] = []
        return self._seen[ports]

    def around(self, app: ASGIApp) -> ASGIApp:
        """The application, watched."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            seen = Seen(scope["method"], scope["path"])
            ports = scope["client"][1], scope["server"][1]
            self._seen.setdefault(ports, []).append(seen)
            current.set(seen)
            await app(scope, _waiting(receive, seen), _telling(send, seen))
            seen.done = True

        return watched

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """What comes of it is what counts."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        seen = current.get()
        if seen is not None and has_written(event.command_name, event.reply):
            seen.writes.append(event.command_name)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing more to know."""


def has_written(command: str, reply: Any) -> bool:
    """Whether a command of MongoDB has changed a document, as its reply tells."""
    if command in ("insert", "delete"):
        return bool(reply["n"])
    if command == "update":
        return bool(reply["nModified"] or reply.get("upserted"))
    return command == "findAndModify" and bool(reply["lastErrorObject"]["n"])


def _waiting(receive: Receive, seen: Seen) -> Receive:
    async def watched() -> Message:
        seen.waits = True
        message = await receive()
        seen.waits = False
        return message

    return watched


def _telling(send: Send, seen: Seen) -> Send:
    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.status = message["status"]
        await send(message)

    return watched


@dataclass
class Talk:
    """What came of one connection: its answers, and its requests."""

    answers: list[Answer] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def talk(port: int, pieces: list[bytes], watch: Watch) -> Talk:
    """Send the pieces, take the answers until there are no more, and hang up. Raises Hangs."""
    with Connection(port) as connection:
        came = Talk(seen=watch.begin(connection.ports))
        seen = came.seen
        connection.send(*pieces)
        while _answer(connection, seen, came):
            pass
        for request in seen:
            request.in_time = request.done
        connection.half_close()
        # To a client that hangs up the server owes no whole answer, only the end.
        with suppress(CutShort):
            while _next(connection, seen, came) is not None:
                pass
        return came


def _answer(connection: Connection, seen: list[Seen], came: Talk) -> bool:
    """Take one more answer; False when the server waits or has closed."""
    until = time.monotonic() + 10
    while not connection.has_answer(IDLE_SECONDS):
        if all(request.done or request.waits for request in seen):
            return False
        if time.monotonic() > until:
            raise Hangs([request for request in seen if not request.done])
    return _next(connection, seen, came) is not None


def _next(connection: Connection, seen: list[Seen], came: Talk) -> Answer | None:
    served = sum(SERVED in answer.headers for answer in came.answers)
    answer = connection.answer(to_head=lambda: seen[served].method == "HEAD")
    if answer is not None:
        came.answers.append(answer)
    return answer


def judge(came: Talk) -> None:
    """Refuse an exchange that is not as it must be; raises AssertionError."""
    served = [answer for answer in came.answers if SERVED in answer.headers]
    for answer in came.answers:
        assert answer.status != 500, answer
        assert SERVED in answer.headers or answer.status == 400, answer
    for answer, request in zip(served, came.seen, strict=False):
        assert answer.status == request.status, (answer, request)
        keeps_the_contract(answer, request.method, request.path)
    for request in came.seen:
        refused = request.status >= 400 and request.status != 409
        assert not (refused and request.writes), f"refused, and yet it wrote: {request}"
    for request in came.seen[len(served) :]:
        assert not (request.in_time and request.writes), f"it wrote, and nobody was told: {request}"


class Fuzzing:
    """A run: its seed, its service and what it counted."""

    def __init__(self, service: WireService, watch: Watch, seed: int) -> None:
        self._service, self._watch, self._seed = service, watch, seed
        self._corpus = requests()
        rows = (row.sent if isinstance(row.sent, tuple) else (row.sent,) for row in ROWS)
        self._hostile = [b"".join(sent) for sent in rows if sum(map(len, sent)) <= LONGEST]
        for site_id in OTHER_SITES:
            service.post("/v1/sites", {"id": site_id, "name": "Site", "location": "north"})
            for target, name in SEEDS[1:]:
                body = example(name) | ({"id": site_id} if "battery" in example(name) else {})
                service.post(target.replace("/1/", f"/{site_id}/"), body)
        self._stored = service.stored()
        self.statuses: Counter[str] = Counter()
        self.requests = 0
        self.writing = 0

    def batch(self, numbers: range) -> str | None:
        """Make the connections of these numbers, and return what was found first, or None."""
        with ThreadPoolExecutor(CLIENTS) as clients:
            for number, found in zip(numbers, clients.map(self.one, numbers), strict=True):
                if found is not None:
                    return f"number {number} of seed {self._seed}: {found}"
        self._service.restore(self._stored)
        return None

    def one(self, number: int) -> str | None:
        """Make one connection, and return what was found, or None."""
        random = Random(f"{self._seed}:{number}")
        port, pieces = self.case(random)
        try:
            came = talk(port, pieces, self._watch)
            judge(came)
        # Whatever it is, the bytes that led to it are wanted.
        except Exception as error:  # noqa: BLE001
            return f"{type(error).__name__}: {error}\n{pieces!r}"
        if errors := self._service.errors():
            return f"logged: {errors[0]}\n{pieces!r} (or another at that moment)"
        self._count(came)
        return None

    def case(self, random: Random) -> tuple[int, list[bytes]]:
        """The port and the pieces of a connection."""
        sent = mutated(random, self._corpus, self._hostile)
        port = self._service.open_port
        if random.random() < 0.1:
            port = self._service.locked_port
            key = b"\r\nX-API-Key: " + KEY.encode() + b"\r\n"
            sent = sent.replace(b"\r\n", key, 1) if random.random() < 0.7 else sent
        pieces = [sent]
        if random.random() < 0.1:
            cut = random.randrange(len(sent) + 1)
            pieces = [sent[:cut], sent[cut:]]
        return port, [*pieces[:-1], pieces[-1] + (LAST if random.random() < 0.8 else b"")]

    def _count(self, came: Talk) -> None:
        self.requests += len(came.seen)
        self.writing += sum(bool(request.writes) for request in came.seen)
        for answer in came.answers:
            who = "" if SERVED in answer.headers else " by the HTTP server"
            self.statuses[f"{answer.status}{who}"] += 1
        if not came.answers:
            self.statuses["closed without an answer"] += 1

    def __str__(self) -> str:
        counted = ", ".join(f"{name}: {number}" for name, number in sorted(self.statuses.items()))
        return f"{self.requests} requests ({self.writing} wrote); answers {counted}"


@contextmanager
def fuzzing(path: str, seed: int) -> Iterator[Fuzzing]:
    """Give a run on a service and a database of its own."""
    watch = Watch()
    monitoring.register(watch)
    with tempfile.TemporaryDirectory(prefix="sw-", dir="/tmp") as place:
        around: dict[str, Any] = {"path": path, "name": "fuzz", "around": watch.around}
        with Mongod(Path(place) / "data") as mongod, wire_service(mongod.uri, **around) as service:
            yield Fuzzing(service, watch, seed)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--connections", type=int, default=sys.maxsize)
    parser.add_argument("--first", type=int, default=0, help="the number of the first connection")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--path", choices=("compiled", "stock"), default="compiled")
    given = parser.parse_args(arguments)
    print(f"seed {given.seed}, path {given.path}", flush=True)
    with fuzzing(given.path, given.seed) as run:
        begun, number, end = time.monotonic(), given.first, given.first + given.connections
        while number < end and time.monotonic() - begun < given.seconds:
            upto = min(number + BATCH, end)
            found = run.batch(range(number, upto))
            number = upto
            spent = time.monotonic() - begun
            print(f"{number - given.first} connections in {spent:.0f} s: {run}", flush=True)
            if found is not None:
                print(found)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
