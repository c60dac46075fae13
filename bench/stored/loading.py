"""Stores are filled through the API of their server, as an import would fill them."""

from collections.abc import Iterator, Mapping

from bench.common.client import exchange
from bench.common.messages import live, message
from bench.common.servers import Server
from bench.stored.mongod import Stores
from bench.stored.walk import SLOT_SECONDS, TEN_WH, Meter, body, walk

BATCH = 10_000


def histories(
    sites: Mapping[int, range], meter: Meter = TEN_WH, batch: int = BATCH
) -> Iterator[tuple[int, int, bytes]]:
    """Yield a site, a number of readings, and their text, until all sites have theirs.

    `sites` maps a site to the instants of its readings, UTC seconds, in steps of SLOT_SECONDS.
    """
    for site, instants in sites.items():
        for start in range(0, len(instants), batch):
            part = instants[start : start + batch]
            yield site, len(part), body(walk(site, part[0], len(part), meter))


def store(server: Server, site: int, text: bytes) -> None:
    """Promise that the readings, all of them new, are stored."""
    answer = exchange(server.port, message("POST", live(site), text), timeout=300)
    if answer.status != 201:
        raise SystemExit(f"{server.name}, site {site}: {answer.status} {answer.body[:300]!r}")


def slots(first: int, end: int) -> range:
    """Return the instants of the readings from `first` on and before `end`."""
    return range(first, end, SLOT_SECONDS)


def checkpoint(stores: Stores) -> None:
    """Promise that all that is stored is in the files of the collections, not in a log only."""
    stores.client.admin.command("fsync")
