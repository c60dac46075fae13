"""Faults of the service itself."""

import asyncio
import signal

from tests.faults.scene import BROKEN_OFF, REFUSED, Fault, Scene


async def kill_service(scene: Scene) -> None:
    """The service is ended by kill -9 and started again, twice."""
    for _ in range(scene.pace.times):
        scene.service.kill()
        await scene.start_service()
        await scene.await_writes(30)


async def term_service(scene: Scene) -> None:
    """The service is ended by SIGTERM and started again, twice."""
    for _ in range(scene.pace.times):
        scene.service.process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(scene.service.process.wait, 30)
        assert status == 0, scene.service.log[-2000:]
        await scene.start_service()
        await scene.await_writes(30)


FAULTS = [
    Fault("kill-service", kill_service, broken=BROKEN_OFF),
    Fault("term-service", term_service, broken=REFUSED),
    Fault("retry-everything", kill_service, broken=BROKEN_OFF, again=0.9),
]
