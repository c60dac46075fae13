"""Faults of the way between the service and its database."""

import asyncio

from tests.faults.proxy import Mode
from tests.faults.scene import Fault, Scene

SLOW_SECONDS = 6.0
CUTS = 6
HOLE_SECONDS = 9.0
"""Longer than the service waits, so that it has to refuse."""
IMPATIENT = {"mongodb_timeout": 3}


async def slow_way(scene: Scene) -> None:
    """Everything arrives a quarter of a second later, in both directions."""
    await _through(scene, "slow", SLOW_SECONDS)


async def cut_way(scene: Scene) -> None:
    """All connections to the database break, again and again."""
    for _ in range(CUTS * scene.pace.times):
        scene.proxies[0].cut()
        await asyncio.sleep(0.4)


async def shut_way(scene: Scene) -> None:
    """All connections to the database break, and for a while no new one can be made."""
    scene.proxies[0].become("shut")
    scene.proxies[0].cut()
    await asyncio.sleep(HOLE_SECONDS / 2)
    scene.proxies[0].become("open")


async def black_hole(scene: Scene) -> None:
    """Nothing arrives any more, and no connection ends; what was sent arrives in the end."""
    await _through(scene, "hole", HOLE_SECONDS)


async def cut_off_primary(scene: Scene) -> None:
    """Nobody reaches the primary any more, neither the service nor the other members."""
    primary = await scene.set.primary()
    proxy = scene.proxies[scene.set.members.index(primary)]
    proxy.become("hole")
    try:
        await asyncio.sleep(2 * scene.pace.election)
    finally:
        proxy.become("open")


async def _through(scene: Scene, mode: Mode, seconds: float) -> None:
    proxy = scene.proxies[0]
    proxy.become(mode)
    await asyncio.sleep(seconds)
    proxy.become("open")


FAULTS = [
    Fault("slow-way", slow_way, proxied=True),
    Fault("cut-way", cut_way, proxied=True),
    Fault("shut-way", shut_way, proxied=True, settings=IMPATIENT),
    Fault("black-hole", black_hole, proxied=True, settings=IMPATIENT),
    Fault("cut-off-primary", cut_off_primary, members=3, proxied=True, bounded=True),
]
