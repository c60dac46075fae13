"""Measure what counting and scraping cost a request; see README.md in this directory."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from statistics import median
from typing import NamedTuple

from bench.common import client
from bench.common.key import KEY
from bench.common.messages import message
from bench.common.servers import BASE, TICK, NotStarted, Server, cores, running, uvicorn
from bench.common.tables import table
from bench.http.corpus import measured
from bench.metrics.in_process import Added, added
from bench.stored.check import create_sites
from bench.stored.mongod import Stores, running_mongod
from bench.stored.pushes import Singles

MODES = {"counted": "1", "uncounted": "0"}
SCRAPE = message("GET", "/metrics")
SCRAPES = 40
WITH_STORAGE = "one reading in, MongoDB, 64 connections"
SITES = 10_000
HTTP = "sitewatt.web.protocol:Connection"


class Kind(NamedTuple):
    """A kind of request: who is asked, by how many connections, with what, and for what."""

    name: str
    servers: dict[str, Server]
    connections: int
    status: int
    messages: Callable[[str], Iterator[bytes]]


def main() -> int:
    """Let both take turns under each kind of request, and print what that was like."""
    given = _arguments()
    core, other = cores()
    os.sched_setaffinity(0, {other})
    try:
        with _on_nothing(core) as plain, running_mongod(None) as stores, _on(stores, core) as full:
            for server in full.values():
                create_sites(server, SITES)
            kinds = [*_kinds_of_nothing(plain), _singles(full)]
            rows = [_row(kind, given.rounds, given.seconds) for kind in kinds]
            page = _scrape(plain["counted"])
        counting = _counting(added(WITH_STORAGE), {row[0]: float(row[1]) for row in rows})
    except (NotStarted, client.UnexpectedAnswer) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    head = ["server CPU us a request", "uncounted", "counted and scraped", "ratio", "its range"]
    sys.stdout.write(f"{counting}\n\n{table(head, rows)}\n\n{page}\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="how often both take turns (9)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn (5)")
    return parser.parse_args()


def _counting(each: list[Added], whole: dict[str, float]) -> str:
    """Return what counting adds, beside what the whole request costs over a connection."""
    rows = [
        [a.name, f"{a.without:.1f}", f"{a.added:.2f}", f"**{a.added / whole[a.name]:.2%}**"]
        for a in each
    ]
    return table(["us of CPU, in process", "uncounted", "added", "of all of a request"], rows)


@contextmanager
def _on_nothing(core: int) -> Iterator[dict[str, Server]]:
    """Give both, on a store that keeps nothing."""

    def start(mode: str) -> Server:
        return _server(mode, "bench.metrics.on_nothing:app", core, {})

    with running([*MODES], start) as servers:
        yield servers


@contextmanager
def _on(stores: Stores, core: int) -> Iterator[dict[str, Server]]:
    """Give both, each on a database of its own."""
    with tempfile.NamedTemporaryFile("w", prefix="benchkey") as key_file:
        key_file.write(KEY)
        key_file.flush()

        def start(mode: str) -> Server:
            environment = {
                "SITEWATT_MONGODB_URI": stores.uri(mode),
                "SITEWATT_ADMIN_KEY_FILE": key_file.name,
                "SITEWATT_LOG_LEVEL": "warning",
            }
            return _server(mode, "bench.metrics.on_store:app", core, environment)

        with running([*MODES], start) as servers:
            for server in servers.values():
                while client.exchange(server.port, message("GET", "/readyz")).status != 200:
                    time.sleep(0.05)
            yield servers


def _server(mode: str, app: str, core: int, environment: dict[str, str]) -> Server:
    counted = {"BENCH_COUNTED": MODES[mode]}
    command = partial(uvicorn, app, http=HTTP)
    return Server(f"{BASE}-{mode}", command, core=core, environment={**environment, **counted})


def _kinds_of_nothing(servers: dict[str, Server]) -> Iterator[Kind]:
    for request in measured():
        forever = cycle(request.messages)
        yield Kind(request.name, servers, 8, request.status, lambda mode, on=forever: on)


def _singles(servers: dict[str, Server]) -> Kind:
    singles = Singles(range(1, SITES + 1))
    return Kind(WITH_STORAGE, servers, 64, 201, singles.new)


def _row(kind: Kind, rounds: int, seconds: float) -> list[str]:
    """Return medians of the turns, and the ratio of each pair of them."""
    for mode in MODES:
        _turn(kind, mode, 1.0)
    pairs: list[dict[str, float]] = []
    for number in range(rounds):
        order = [*MODES] if number % 2 else [*reversed(MODES)]
        pairs.append({mode: _turn(kind, mode, seconds) for mode in order})
        sys.stderr.write(f"{kind.name}: round {number + 1} of {rounds}\n")
    ratios = sorted(pair["counted"] / pair["uncounted"] for pair in pairs)
    figures = [median(pair[mode] for pair in pairs) for mode in ("uncounted", "counted")]
    spread = f"{ratios[0]:.3f} to {ratios[-1]:.3f}"
    return [kind.name, *(f"{us:.1f}" for us in figures), f"**{median(ratios):.3f}**", spread]


def _turn(kind: Kind, mode: str, seconds: float) -> float:
    """Return the CPU time of a request in us; who counts is scraped once in the turn."""
    server = kind.servers[mode]
    before = server.ticks()
    seen = client.load(
        server.port,
        kind.messages(mode),
        kind.status,
        connections=kind.connections,
        seconds=seconds,
    )
    if mode == "counted":
        client.exchange(server.port, SCRAPE)
    return (server.ticks() - before) * TICK / seen.requests * 1e6


def _scrape(server: Server) -> str:
    """Return what a scrape costs, of a service that has been asked for everything above."""
    before = server.ticks()
    for _ in range(SCRAPES):
        answer = client.exchange(server.port, SCRAPE)
    took = (server.ticks() - before) * TICK / SCRAPES * 1e3
    return f"A scrape: {took:.1f} ms of CPU, {len(answer.body) / 1e3:.0f} KB without gzip."


if __name__ == "__main__":
    sys.exit(main())
