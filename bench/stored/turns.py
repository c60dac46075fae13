"""The servers take turns: every kind of request, every server, then the next round."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import NamedTuple

from bench.common import client
from bench.common.client import Load
from bench.common.servers import TICK, Server
from bench.stored.mongod import Stores

ENOUGH_TICKS = 60
PACED_REQUESTS = 100


@dataclass(frozen=True)
class Kind:
    """A kind of request: how it is asked, and what a good answer is.

    `rows` is how many readings one carries. `messages` gives a server's next requests by the
    server's name. With a `pause` (seconds) one client waits that long before each request.
    """

    name: str
    messages: Callable[[str], Iterator[bytes]]
    connections: int
    status: int = 201
    rows: int = 1
    pause: float = 0


def asking(
    name: str, requests: Sequence[bytes] | Mapping[str, Sequence[bytes]], connections: int
) -> Kind:
    """Return the kind of requests that only read: of all servers the same, or by server.

    A turn goes on where the last one ended, so that not always the same is asked for.
    """
    going: dict[str, Iterator[bytes]] = {}

    def messages(server: str) -> Iterator[bytes]:
        own = requests[server] if isinstance(requests, Mapping) else requests
        return going.setdefault(server, cycle(own))

    return Kind(name, messages, connections, status=200)


class Slice(NamedTuple):
    """One server under one kind of request in one round."""

    load: Load
    kind: Kind
    server_seconds: float
    mongod_seconds: float
    client_seconds: float

    @property
    def rows(self) -> int:
        """The readings that all requests carried."""
        return self.load.requests * self.kind.rows

    @property
    def rate(self) -> float:
        """The readings a second, all of the turn."""
        return self.rows / self.load.seconds

    @property
    def median_rate(self) -> float:
        """The readings a second if every request took what the median one took."""
        return self.kind.connections * self.kind.rows / (self.latency(0.5) / 1000)

    @property
    def server_cpu(self) -> float:
        """The server's processor time for a reading, in microseconds."""
        return self.server_seconds / self.rows * 1e6

    @property
    def mongod_cpu(self) -> float:
        """The processor time of mongod for a reading, in microseconds."""
        return self.mongod_seconds / self.rows * 1e6

    @property
    def client_cpu(self) -> float:
        """The processor time of the client for a request, in microseconds."""
        return self.client_seconds / self.load.requests * 1e6

    @property
    def server_core(self) -> float:
        """How busy the server kept its core, in percent."""
        return 100 * self.server_seconds / self.load.seconds

    @property
    def other_core(self) -> float:
        """How busy mongod and the client kept theirs, in percent."""
        return 100 * (self.mongod_seconds + self.client_seconds) / self.load.seconds

    def latency(self, share: float) -> float:
        """Return the milliseconds within which the share of the answers came."""
        ordered = sorted(self.load.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000


Results = Mapping[tuple[str, str], Sequence[Slice]]
"""By server and kind of request, a slice for each round."""


def take_turns(
    servers: Mapping[str, Server],
    kinds: Sequence[Kind],
    stores: Stores,
    *,
    rounds: int,
    seconds: float,
) -> Results:
    """Return a slice of every server under every kind in every round, after a warm-up."""
    for kind in kinds:
        for server in servers.values():
            slice_of(server, kind, stores, seconds=min(seconds, 0.5))
    results: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    for number in range(rounds):
        started = time.monotonic()
        for kind in kinds:
            for name, server in _rotated(servers, number):
                results[name, kind.name].append(slice_of(server, kind, stores, seconds=seconds))
        say(f"round {number + 1} of {rounds}: {time.monotonic() - started:.0f} s")
    return results


def slice_of(server: Server, kind: Kind, stores: Stores, *, seconds: float) -> Slice:
    """Return what one turn of a server was like."""
    messages = kind.messages(server.name)
    server_ticks, mongod_ticks = server.ticks(), stores.ticks()
    own = time.process_time()
    try:
        seen = _load(server, kind, messages, seconds)
    except client.UnexpectedAnswer as error:
        raise client.UnexpectedAnswer(f"{server.name}, {kind.name}: {error}") from None
    return Slice(
        load=seen,
        kind=kind,
        server_seconds=(server.ticks() - server_ticks) * TICK,
        mongod_seconds=(stores.ticks() - mongod_ticks) * TICK,
        client_seconds=time.process_time() - own,
    )


def _load(server: Server, kind: Kind, messages: Iterator[bytes], seconds: float) -> Load:
    if kind.pause:
        return client.paced(
            server.port, messages, kind.status, number=PACED_REQUESTS, pause=kind.pause
        )
    before = server.ticks()
    return client.load(
        server.port,
        messages,
        kind.status,
        connections=kind.connections,
        seconds=seconds,
        enough=lambda: server.ticks() - before >= ENOUGH_TICKS,
    )


def say(text: str) -> None:
    """Tell how far it is, apart from the tables."""
    sys.stderr.write(f"{text}\n")


def _rotated(servers: Mapping[str, Server], by: int) -> list[tuple[str, Server]]:
    """Return the servers beginning with another one each round.

    What one leaves behind for the next, a checkpoint of mongod, is not always for the same one.
    """
    items = list(servers.items())
    by %= len(items)
    return items[by:] + items[:by]
