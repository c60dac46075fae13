"""`sitewatt simulate`: the fleet posts to a service, by a clock that may run faster."""

import argparse
import asyncio
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, cast

from handlers.instants import format_instant, parse
from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.kinds import most_sites
from sitewatt.exchange.service import Address, connected
from sitewatt.exchange.settling import receipt_of
from sitewatt.exchange.telling import say
from sitewatt.simulation.gateways import Post, posts
from sitewatt.simulation.physics import TICK
from sitewatt.simulation.plants import plant
from sitewatt_client import Client, models, operations
from sitewatt_client.errors import Conflict, NotFound

IN_FLIGHT = 16
UNITS = {"m": 60, "h": 3_600, "d": 86_400}


class Simulation(NamedTuple):
    """What to simulate: whose posts, from when, for how many ticks."""

    seed: int
    sites: Sequence[int]
    start: int
    ticks: int
    speed: float

    def posts(self) -> Iterator[Post]:
        """Yield all posts, tick by tick."""
        return posts(self.seed, self.sites, self.start, self.ticks)


def run(given: argparse.Namespace, to: Address) -> int:
    """Simulate as the words ask for; 1 when the sites had other readings already."""
    simulation = planned(given, int(time.time()))
    if given.dry_run:
        for post in simulation.posts():
            sys.stdout.buffer.write(post.line())
        return 0
    return asyncio.run(_run(simulation, to))


def planned(given: argparse.Namespace, now: int) -> Simulation:
    """Return what was asked for; raises ExchangeError for what cannot be."""
    length = re.fullmatch(r"([0-9]{1,6})([mhd])", given.duration)
    ticks = int(length[1]) * UNITS[length[2]] // TICK if length else 0
    if not ticks:
        raise ExchangeError("--duration must be a number of minutes, hours or days: 90m, 12h, 7d")
    if not 0 <= given.speed <= 1_000_000:
        raise ExchangeError("--speed must be a number from 0 to 1,000,000")
    try:
        start = now - ticks * TICK if given.start is None else parse(given.start)
    except ValueError as error:
        raise ExchangeError(f"--start {error}") from None
    sites = range(given.first_site, given.first_site + given.sites)
    return Simulation(given.seed, sites, start - start % TICK, ticks, given.speed)


async def _run(simulation: Simulation, to: Address) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopping.set)
    async with connected(to) as client:
        await _create(client, simulation)
        return await _post_all(client, simulation, stopping)


async def _create(client: Client, simulation: Simulation) -> None:
    """Create what is missing of sites and configurations; raises ExchangeError."""
    plants = [plant(simulation.seed, site) for site in simulation.sites]
    try:
        for first in range(0, len(plants), most_sites()):
            await client.create_many([one.site() for one in plants[first : first + most_sites()]])
    except Conflict as conflict:
        ids = conflict.document.get("site_ids", [])
        raise ExchangeError(
            f"site {ids[0] if ids else '?'} is there and not of this simulation:"
            " choose another --first-site or --seed"
        ) from None
    for one in plants:
        try:
            await client.configuration(one.id)
        except NotFound:
            await client.push_configuration(one.id, one.configuration())
    say(f"sites {plants[0].id} to {plants[-1].id} are there")


async def _post_all(client: Client, simulation: Simulation, stopping: asyncio.Event) -> int:
    """Post tick by tick until the end or until told to stop, each tick when its time has come."""
    began, whole = time.monotonic(), Counter[str]()
    for tick, due in groupby(simulation.posts(), lambda post: post.tick):
        if simulation.speed:
            await _wait(stopping, began + tick * TICK / simulation.speed)
        if stopping.is_set():
            break
        counts = await _post(client, [*due])
        whole += counts
        say(f"{format_instant(simulation.start + TICK * tick)}  {_told(counts)}")
    say(f"{'stopped' if stopping.is_set() else 'done'}: {_told(whole)}")
    return 1 if whole["conflicts"] else 0


async def _wait(stopping: asyncio.Event, until: float) -> None:
    """Return at a moment of the monotonic clock, or when told to stop."""
    try:
        await asyncio.wait_for(stopping.wait(), max(0.0, until - time.monotonic()))
    except TimeoutError:
        return


async def _post(client: Client, due: Sequence[Post]) -> Counter[str]:
    """Post what is due, and return how much of it there was and how it arrived.

    A gateway's posts go one after the other; the gateways do not wait for each other.
    """
    free = asyncio.Semaphore(IN_FLIGHT)

    async def of_one(mine: Sequence[Post]) -> Counter[str]:
        async with free:
            counts = Counter[str]()
            for post in mine:
                counts += await _send(client, post)
            return counts

    by_site = [[*mine] for _, mine in groupby(due, lambda post: post.site)]
    return sum(await asyncio.gather(*map(of_one, by_site)), Counter[str]())


async def _send(client: Client, post: Post) -> Counter[str]:
    body = cast(models.ReadingOrColumns, post.document)
    counts = Counter(posts=1, readings=post.rows)
    if post.way != "now":
        counts[post.way] = post.rows
    try:
        receipt = (await client.send(operations.push_live(post.site, body))).document
    except Conflict as conflict:
        receipt = receipt_of(conflict)
    counts["stored"] += receipt["stored"]
    counts["conflicts"] += receipt["conflicts"]
    return counts


def _told(counts: Counter[str]) -> str:
    """Return counts as a sentence, those that are 0 left out but for the first three."""
    first = ("posts", "readings", "stored")
    rest = [name for name in ("late", "again", "after a cut", "conflicts") if counts[name]]
    return ", ".join(f"{counts[name]:,} {name}" for name in (*first, *rest))
