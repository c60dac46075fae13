"""Faults of a database that somebody ends, hangs or takes out of its office."""

import asyncio
import signal
import time

from tests.faults.members import Member, ReplicaSet
from tests.faults.scene import Fault, Scene

LAG_SECONDS = 5.0
ALONE_SECONDS = 17.0
"""A primary that gets SIGTERM waits 15 s for another one to catch up, unless told otherwise."""
HUNG_SECONDS = 30.0
"""For how long a process is stopped, and two of three are away."""


async def kill_mongod(scene: Scene) -> None:
    """The only mongod is ended by kill -9 and started again, twice."""
    for _ in range(scene.pace.times):
        scene.set.members[0].kill()
        scene.set.members[0].start()
        await scene.await_writes(30)


async def step_down(scene: Scene) -> None:
    """The primary is told to step down."""
    primary = await scene.set.primary()
    assert await primary.ask({"replSetStepDown": 30, "secondaryCatchUpPeriodSecs": 10})


async def kill_primary(scene: Scene) -> None:
    """The primary is ended by kill -9, and started again when there is another one."""
    primary = await scene.set.primary()
    primary.kill()
    await scene.await_writes(30)
    primary.start()


async def term_primary(scene: Scene) -> None:
    """The primary is ended by SIGTERM, and started again when there is another one."""
    primary = await scene.set.primary()
    began = time.monotonic()
    primary.send(signal.SIGTERM)
    await primary.await_end()
    scene.notes.append(f"it ended after {time.monotonic() - began:.1f} s")
    await scene.await_writes(30)
    primary.start()


async def term_lagging(scene: Scene) -> None:
    """The primary is ended by SIGTERM while the others hang, for less than it waits for them."""
    await _term_before(scene, LAG_SECONDS)


async def term_alone(scene: Scene) -> None:
    """The primary is ended by SIGTERM while the others hang, for longer than it waits for them."""
    await _term_before(scene, ALONE_SECONDS)


async def term_mongod(scene: Scene) -> None:
    """The only mongod is ended by SIGTERM and started again."""
    member = scene.set.members[0]
    began = time.monotonic()
    member.send(signal.SIGTERM)
    await member.await_end()
    scene.notes.append(f"it ended after {time.monotonic() - began:.1f} s")
    member.start()


async def stop_primary(scene: Scene) -> None:
    """The primary is stopped by SIGSTOP for a while, and goes on believing that it is one."""
    primary, others = await scene.set.primary(), await scene.set.secondaries()

    async def elect() -> None:
        began = time.monotonic()
        await ReplicaSet(others).primary()
        scene.notes.append(f"another one was elected after {time.monotonic() - began:.1f} s")

    await asyncio.gather(elect(), _hang(scene, primary))


async def stop_secondary(scene: Scene) -> None:
    """A secondary is stopped by SIGSTOP for a while."""
    await _hang(scene, (await scene.set.secondaries())[0])


async def lose_majority(scene: Scene) -> None:
    """Two of three members are ended by kill -9, and are away for a while."""
    away = await scene.set.secondaries()
    for member in away:
        member.kill()
    await asyncio.sleep(min(HUNG_SECONDS, 3 * scene.pace.election))
    for member in away:
        member.start()


async def kill_all(scene: Scene) -> None:
    """All members are ended by kill -9 at once, and started again."""
    for member in scene.set.members:
        member.send(signal.SIGKILL)
    for member in scene.set.members:
        member.kill()
        member.start()


async def kill_ahead(scene: Scene) -> None:
    """All members are ended by kill -9 while two lag, and the one ahead is started last."""
    primary, others = await scene.set.primary(), await scene.set.secondaries()
    for member in others:
        member.send(signal.SIGSTOP)
    await asyncio.sleep(scene.pace.election / 3)
    # A member that went on would find in its sockets what was sent to it meanwhile.
    for member in [*others, primary]:
        member.kill()
    for member in others:
        member.start()
    await scene.await_writes(30)
    primary.start()


async def _term_before(scene: Scene, seconds: float) -> None:
    """End the primary so long before the others go on, and note when there are writes again."""
    primary, others = await scene.set.primary(), await scene.set.secondaries()
    for member in others:
        member.send(signal.SIGSTOP)
    await asyncio.sleep(0.5)
    primary.send(signal.SIGTERM)
    await asyncio.sleep(seconds)
    for member in others:
        member.send(signal.SIGCONT)
    began, before = time.monotonic(), len(scene.ledger.writes)
    while len(scene.ledger.writes) == before:
        await asyncio.sleep(0.05)
    scene.notes.append(f"the first write {time.monotonic() - began:.1f} s after they went on")
    await primary.await_end()
    primary.start()


async def _hang(scene: Scene, member: Member) -> None:
    member.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(min(HUNG_SECONDS, 3 * scene.pace.election))
    finally:
        member.send(signal.SIGCONT)


FAULTS = [
    Fault("kill-mongod", kill_mongod),
    Fault("term-mongod", term_mongod),
    Fault("stepdown", step_down, members=3, bounded=True),
    Fault("kill-primary", kill_primary, members=3, bounded=True),
    Fault("term-primary", term_primary, members=3, bounded=True),
    Fault("term-lagging", term_lagging, members=3),
    Fault("term-alone", term_alone, members=3),
    Fault("stop-primary", stop_primary, members=3, bounded=True),
    Fault("stop-secondary", stop_secondary, members=3),
    Fault("lose-majority", lose_majority, members=3),
    Fault("kill-all", kill_all, members=3),
    Fault("kill-ahead", kill_ahead, members=3),
]
